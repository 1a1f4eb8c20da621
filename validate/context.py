"""Everything that a check may look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from depcheck.validate.distributions import Installed, read_folders
from depcheck.validate.driver import Driver, find_driver

if TYPE_CHECKING:
    from depcheck.validate.environment import Environment
    from depcheck.validate.manifest import Manifest, Pin


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    stage: str | None = None
    """Judge this stage alone: what later stages install is neither missing nor too much."""
    full: bool = False
    """Hash every file."""
    fix: bool = False
    """Repair what can be repaired."""
    require_gpu: bool = False
    skip_cuda: bool = False
    timeout: float = 300.0
    """Seconds that one import or one kernel run may take."""
    jobs: int = 4


@dataclass(frozen=True)
class Context:
    """One validation: promise, environment and wishes."""

    manifest: Manifest
    environment: Environment
    options: Options

    @cached_property
    def installed(self) -> Installed:
        """What is installed, read once."""
        return read_folders(self.environment.search_path, self.environment.own)

    @cached_property
    def driver(self) -> Driver:
        """The NVIDIA driver, asked once."""
        return find_driver(self.environment, self.options.timeout)

    @property
    def without_driver(self) -> str:
        """Why nothing is asked of a driver here; empty where one must serve."""
        if self.options.require_gpu:
            return ""
        return "SKIP_CUDA_CHECK is set" if self.options.skip_cuda else self.driver.absence

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The pins that are judged."""
        if self.options.stage is None:
            return self.manifest.pins
        return tuple(pin for pin in self.manifest.pins if pin.stage == self.options.stage)
