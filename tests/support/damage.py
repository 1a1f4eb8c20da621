"""Seeded damage: single bits, and the random changes that find faults in readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_WORDS = (
    *(
        b"\x00",
        b"\xff",
        b"\x1b[31m",
        "\u202e".encode(),
        b"\r\n",
        b"\\\n",
        b"${A}",
        b"#",
        b"'",
        b'"',
    ),
    *(b"[", b"]", b"{", b"}", b"[[", b"a = 1\n", b"-r ", b"@", b"==", b";", b"1" * 400, b"nan"),
    *(b"1e999", b"-1", b"null", b"true", b"{}", b"[]", b'""', b"9" * 5000, b"\xed\xa0\x80"),
)


def flipped(content: bytes, bit: int) -> bytes:
    """Return content with one bit changed."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def mutated(content: bytes, random: Random) -> bytes:
    """Return content with a few random changes."""
    data = bytearray(content)
    for _ in range(random.randint(1, 6)):
        start = random.randrange(len(data) + 1)
        end = min(len(data), start + random.choice((0, 1, 1, 2, 8, 40)))
        match random.randrange(5):
            case 0:
                del data[start:end]
            case 1:
                data[start:end] = random.choice(_WORDS)
            case 2:
                data[start:end] = random.randbytes(end - start)
            case 3:
                data[start:start] = data[start:end] * random.choice((1, 2, 50))
            case _:
                other = random.randrange(len(data) + 1)
                data[start:start] = data[other : other + random.randint(1, 60)]
    return bytes(data)
