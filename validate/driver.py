"""The NVIDIA driver as `libcuda.so.1` tells it, asked in a process of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from depcheck.validate.environment import Environment, run_source

_PATIENCE = 60.0


@dataclass(frozen=True)
class Device:
    """One GPU."""

    name: str
    capability: str
    """``8.9`` for sm_89."""
    memory: int
    """Bytes."""


@dataclass(frozen=True)
class Driver:
    """What there is of a driver."""

    absence: str = ""
    """Why there is none, empty where there is one."""
    failure: str = ""
    """What goes wrong when it is used, empty where nothing does."""
    api: tuple[int, int] = (0, 0)
    """Newest CUDA version that it serves."""
    version: str = ""
    """``550.54.14``; empty where it cannot be found out."""
    devices: tuple[Device, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether something can be computed with it."""
        return not self.absence and not self.failure and bool(self.devices)


def find_driver(environment: Environment, timeout: float) -> Driver:
    """Ask for the driver that programs of this environment would load."""
    patience = min(timeout, _PATIENCE)
    ended = run_source(environment, "driver", timeout=patience)
    answer = _answer(ended.answer)
    if ended.timed_out:
        return Driver(failure=f"the driver does not answer within {patience:g} s")
    if answer is None:
        how = ended.signal_name or f"exit status {ended.status}"
        told = ended.stderr.strip()
        return Driver(failure=f"asking the driver ended with {how}" + (f"\n{told}" if told else ""))
    return Driver(
        absence=answer["absence"],
        failure=answer["failure"],
        api=(answer["api"] // 1000, answer["api"] % 1000 // 10),
        version=answer["version"],
        devices=tuple(
            Device(each["name"], each["capability"], each["memory"]) for each in answer["devices"]
        ),
    )


def _answer(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
