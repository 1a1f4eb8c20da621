"""Tell what the interpreter is and where it finds packages."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
import sysconfig
from pathlib import Path


def glibc() -> str:
    """Return the version of glibc, empty where the C library is another."""
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""
    return text.partition(" ")[2]


def missing(names: list[str]) -> list[str]:
    """Return the modules that cannot be found."""
    absent = []
    for name in names:
        try:
            found = importlib.util.find_spec(name) is not None
        except (ImportError, ValueError):
            found = False
        if not found:
            absent.append(name)
    return absent


def markers() -> dict[str, str]:
    """Return the environment that markers are evaluated in (PEP 508)."""
    release = sys.implementation.version
    implementation = f"{release.major}.{release.minor}.{release.micro}"
    if release.releaselevel != "final":
        implementation += release.releaselevel[0] + str(release.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": implementation,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": "{}.{}".format(*sys.version_info[:2]),
        "sys_platform": sys.platform,
    }


def main() -> None:
    """Write the answer to the descriptor that the parent named."""
    paths = sysconfig.get_paths()
    headers = [paths.get("include"), paths.get("platinclude")]
    answer = {
        "version": platform.python_version(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "path": [entry for entry in sys.path if entry],
        "own": [paths["purelib"], paths["platlib"]],
        "scripts": paths["scripts"],
        "headers": any((Path(folder) / "Python.h").exists() for folder in headers if folder),
        "include": paths.get("include") or "",
        "glibc": glibc(),
        "machine": platform.machine(),
        "markers": markers(),
        "missing": missing(sys.argv[1:]),
        "extensions": sysconfig.get_config_var("EXT_SUFFIX") or ".so",
    }
    with os.fdopen(int(os.environ["DEPCHECK_ANSWER"]), "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main()
