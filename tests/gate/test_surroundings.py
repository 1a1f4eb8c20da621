"""What goes with a lock set: options, settings, base packages, references, another depcheck."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.world import LOCKS, RULES, SPEC, World, make_world

from depcheck.lockfiles.record import digest_of

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
[[base-packages]]
name = "{name}"
version = "{version}"
path = "/usr/lib/python3/dist-packages"

[[stages]]
"""
WHEEL = f"tool @ https://x.example/tool-1.0-py3-none-any.whl#sha256={'a' * 64}"
TOOL = """\
[[metadata]]
name = "tool"
version = "1.0"
requires-dist = ["numpy"]
reason = "a wheel of our own"

[[stages]]
"""


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> World:
    return make_world(tmp_path, monkeypatch, capsys)


def found(world: World, *words: str) -> tuple[bool, list[tuple[str, str]]]:
    """Return whether everything was worked out again, and code and subject of each finding."""
    [judged] = json.loads(world.gate("--json", *words)[1])["lock-sets"]
    return judged["full"], [(each["code"], each["subject"]) for each in judged["findings"]]


def rewrite(world: World, **changes: Any) -> None:
    """Change what the record says, and seal it again."""
    path = world.folder / LOCKS / "gate.json"
    document = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({**document, "digest": digest_of(document)}))


def test_a_rule_that_the_solve_had_ignored_counts_where_the_gate_does_not_ignore_it(
    world: World,
) -> None:
    ignored = ("--ignore-rule", "numpy2-torch=we try it")
    world.solve("./demo.toml", *ignored)

    assert (False, []) == found(world, *ignored)
    assert (True, [("rules-drift", "numpy2-torch"), ("rule-violated", "numpy2-torch")]) == found(
        world
    )


def test_settings_count_as_they_were(world: World) -> None:
    world.solve("./demo.toml")
    more = RULES.split("\n\n")[0].replace("numpy2-torch", "numpy2-torch-too")
    (world.folder / "more.toml").write_text(more)
    settings = world.folder / "pyproject.toml"
    settings.write_text('[tool.depcheck]\nrules = ["more.toml"]\n')

    assert (
        True,
        [("files-unjudged", LOCKS), ("rules-drift", "numpy2-torch-too")],
    ) == found(world)

    world.solve("./demo.toml")

    assert (False, []) == found(world)

    (world.folder / "more.toml").write_text(f"# a remark\n{more}")

    assert (True, []) == found(world)


def test_a_record_of_another_form_is_none(world: World) -> None:
    world.solve("./demo.toml")
    rewrite(world, schema=0, depcheck="0.0.1")
    full, findings = found(world, "demo.toml")

    assert (True, ("record-missing", "gate.json")) == (full, findings[0])


def test_indexes_that_were_live_cannot_have_changed(world: World) -> None:
    world.solve("./demo.toml")
    rewrite(world, indexes={"default": None, "https://index.example/whl/cu121": None})
    (world.folder / "recorded.sqlite").unlink()

    assert (False, []) == found(world)


def test_a_variant_that_the_spec_has_no_more(world: World) -> None:
    world.solve("./demo.toml")
    world.spec.write_text(SPEC.replace("cu121", "cu118"))

    assert (True, [("spec-drift", "variants.cu121")]) == found(world)


def test_a_spec_that_was_named_and_is_not_there(world: World) -> None:
    world.solve("./demo.toml")
    code, out, _ = world.gate("--json", "gone.toml")

    assert (2, "toml-unreadable") == (code, json.loads(out)["error"]["reference"])


@pytest.mark.parametrize(("name", "version"), [("numpy", "1.26.4"), ("unheard-of", "1")])
def test_what_the_base_image_has_needs_no_index(world: World, name: str, version: str) -> None:
    world.spec.write_text(SPEC.replace("[[stages]]\n", BASE.format(name=name, version=version)))

    assert world.solve("./demo.toml")[0] == 0
    assert (True, []) == found(world, "--full")


def test_a_pin_that_the_base_image_has_by_now(world: World) -> None:
    world.solve("./demo.toml")
    world.spec.write_text(SPEC.replace("[[stages]]\n", BASE.format(name="numpy", version="1.26.4")))

    assert ("pin-unasked", "numpy==1.26.4") in found(world)[1]


def test_a_wheel_at_a_url_is_judged_by_what_the_spec_states(world: World) -> None:
    text = SPEC.replace('"numpy"]', f'"numpy", "{WHEEL}"]').replace("[[stages]]\n", TOOL)
    world.spec.write_text(text)
    world.solve("./demo.toml")

    assert (True, []) == found(world, "--full")

    world.spec.write_text(text.replace('version = "1.0"', 'version = "2.0"'))

    assert ("index-foreign", "tool==1.0") in found(world)[1]


def test_rules_of_another_depcheck_are_looked_at_again(world: World) -> None:
    world.solve("./demo.toml")
    record = json.loads((world.folder / LOCKS / "gate.json").read_text())
    known = next(name for name in record["rules"]["files"] if not name.startswith("--"))
    files = {**record["rules"]["files"], known: "0" * 64}
    rewrite(world, rules={**record["rules"], "files": files})

    assert (True, []) == found(world)


def test_a_name_that_only_toml_tells_is_found(world: World) -> None:
    world.spec.write_text(SPEC.replace('name = "demo"', '"name" = "demo"'))
    world.solve("./demo.toml")

    assert (False, []) == found(world, "./demo.toml")


def test_a_spec_that_is_broken_by_now_is_an_error_of_input(world: World) -> None:
    world.solve("./demo.toml")
    world.spec.write_text(f"{SPEC}\nbroken\n")
    code, out, _ = world.gate("--json", "./demo.toml")

    assert (2, "toml-syntax") == (code, json.loads(out)["error"]["reference"])
