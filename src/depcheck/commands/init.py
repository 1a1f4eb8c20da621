"""``depcheck init``: draft an image spec from what a project has."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from depcheck.drafting.base_images import knowledge
from depcheck.drafting.clues import Clues
from depcheck.drafting.guessing import draft
from depcheck.drafting.spec_text import spec_text
from depcheck.errors import DepcheckError, EnvironmentFailure, ExitCode, InputError, refusal
from depcheck.images.values import python_version
from depcheck.paths import is_there
from depcheck.replacing import put
from depcheck.tomlfile import BadValueError

if TYPE_CHECKING:
    from argparse import Namespace

    from depcheck.drafting.clues import Note
    from depcheck.drafting.guessing import Draft
    from depcheck.terminal import Console

_FOUND = ("Dockerfile", "pyproject.toml", "requirements.txt", "environment.yml")
"""What is looked for where no source is named."""


def run(options: Namespace, console: Console) -> ExitCode:
    """Read the sources, write the spec, and say what was guessed."""
    _check_python(options.python)
    sources = _sources(options)
    clues = Clues(base_image=options.base_image)
    for source in sources:
        clues += _read(source)
    labels = [str(source) for source in sources]
    if options.from_env is not None:
        from depcheck.drafting.environment import read_environment  # noqa: PLC0415 - one source

        clues += read_environment(Path(options.from_env) if options.from_env else None)
        labels.append(options.from_env or "this environment")
    name = _name(options, clues, sources)
    made = draft(clues, knowledge(), name=name, python=options.python)
    path = Path(options.output or f"{name}.toml")
    text = spec_text(made, labels, _last_recorded_day())
    failure = _trial(text, name)
    unknown = failure is not None and failure.exit_code != ExitCode.NO
    if unknown:
        text = spec_text(made, labels, None)
    _write(path, text, force=options.force)
    command = f"depcheck solve {_spelt(path)}" + (" --live" if unknown else "")
    if console.as_json:
        console.document(_document(path, made, failure.message if failure else None, command))
        return ExitCode.OK
    _tell(console, made, failure)
    console.result(f"{path}: {len(made.requirements)} requirements; next: `{command}`")
    return ExitCode.OK


def _check_python(stated: str | None) -> None:
    try:
        if stated is not None:
            python_version(stated)
    except BadValueError as error:
        raise InputError("usage", f"`--python`: {error.message}", hint=error.remedy) from error


def _sources(options: Namespace) -> list[Path]:
    if options.sources:
        return [Path(each) for each in options.sources]
    if options.from_env is not None:
        return []
    found = [Path(each) for each in _FOUND if Path(each).is_file()]
    if not found:
        raise InputError(
            "no-source",
            f"there is none of {', '.join(f'`{each}`' for each in _FOUND)} here",
            hint="name a Dockerfile, requirements files, a pyproject.toml or an environment.yml, "
            "or give `--from-env`",
        )
    if len(found) > 1 and found[0].name == "Dockerfile":
        # What it does not install is no part of the image.
        return found[:1]
    return found


def _read(path: Path) -> Clues:
    if path.name.lower().startswith("dockerfile") or path.suffix.lower() == ".dockerfile":
        from depcheck.drafting.dockerfile import read_dockerfile  # noqa: PLC0415 - one reader

        return read_dockerfile(path)
    if path.suffix == ".toml":
        from depcheck.drafting.project import read_project  # noqa: PLC0415

        return read_project(path)
    if path.suffix in {".yml", ".yaml"}:
        from depcheck.drafting.conda import read_conda  # noqa: PLC0415

        return read_conda(path, _is_recorded)
    from depcheck.drafting.requirements_files import read_file  # noqa: PLC0415

    return read_file(path)


def _name(options: Namespace, clues: Clues, sources: list[Path]) -> str:
    """Return the image's name: as stated, the file's, the project's, else that of the folder."""
    stated = options.name or (Path(options.output).stem if options.output else clues.name)
    folder = (sources[0].resolve().parent if sources else Path.cwd()).name
    return re.sub(r"[^a-z0-9]+", "_", (stated or folder).lower()).strip("_") or "image"


def _write(path: Path, text: str, *, force: bool) -> None:
    if is_there(path) and not force:
        raise InputError(
            "spec-exists",
            f"`{path}` is there already",
            hint="name another file by `-o`, or overwrite it by `--force`",
        )
    try:
        put(text.encode(), path)
    except OSError as error:
        raise EnvironmentFailure(
            "spec-not-written",
            f"cannot write `{path}`: {refusal(error)}",
            hint="check the folder and its permissions, or name another file by `-o`",
        ) from error


def _is_recorded(name: str) -> bool:
    """Tell whether the recording in depcheck has a project on the default index."""
    from depcheck.index.default import DEFAULT  # noqa: PLC0415 - slow
    from depcheck.index.model import NotRecordedError  # noqa: PLC0415
    from depcheck.index.snapshot import open_snapshot  # noqa: PLC0415

    try:
        return open_snapshot().index(DEFAULT).project(name) is not None
    except NotRecordedError:
        return False


def _last_recorded_day() -> str | None:
    """Return the last day that the recording in depcheck knows of the default index."""
    from depcheck.index.default import DEFAULT  # noqa: PLC0415 - slow
    from depcheck.index.snapshot import open_snapshot  # noqa: PLC0415

    for info in open_snapshot().infos():
        if info.location == DEFAULT and info.horizon is not None:
            end = datetime.fromtimestamp(info.horizon, timezone.utc)
            return (end - timedelta(days=1)).date().isoformat()
    return None


def _trial(text: str, name: str) -> DepcheckError | None:
    """Solve the draft by the recording in depcheck; return why it cannot, None where it can.

    The answer no is an answer: the recording knew all that the search visited. Other errors say
    that it did not.
    """
    from depcheck.conflicts.loader import load_builtin_rules  # noqa: PLC0415 - slow
    from depcheck.images.loader import load_spec, select_variant  # noqa: PLC0415
    from depcheck.index.snapshot import open_snapshot  # noqa: PLC0415
    from depcheck.resolver.problem import build_problem  # noqa: PLC0415
    from depcheck.resolver.solve import solve  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        spec = load_spec(path)
    problem = build_problem(spec, select_variant(spec, None), load_builtin_rules())
    try:
        solve(problem, open_snapshot().index)
    except DepcheckError as error:
        return error
    return None


def _spelt(path: Path) -> str:
    text = str(path)
    return text if "/" in text else f"./{text}"


def _tell(console: Console, made: Draft, failure: DepcheckError | None) -> None:
    for guess in made.guesses:
        console.note(f"{guess.key} {guess.value}: {guess.why}")
    for index in made.indexes:
        console.note(f"index {index.name}: {', '.join(index.packages)} come from {index.url}")
    for line, why in made.left_out:
        console.warn(f"{line.origin}: `{line.text}` is left out: {why}")
    for note in made.notes:
        console.warn(_noted(note))
    if failure is not None:
        console.note(
            "it has no solution yet; `depcheck solve` says what would be one:"
            if failure.exit_code == ExitCode.NO
            else "by what depcheck has recorded it does not solve, so ask the indexes by `--live`:"
        )
        for part in failure.message.splitlines():
            console.note(f"  {part}")


def _noted(note: Note) -> str:
    return f"{note.origin}: {note.text}" if note.origin else note.text


def _document(path: Path, made: Draft, failure: str | None, command: str) -> dict[str, Any]:
    return {
        "spec": str(path),
        "name": made.name,
        "guesses": [
            {"key": each.key, "value": each.value, "why": each.why} for each in made.guesses
        ],
        "requirements": [
            {"requirement": each.text, "origin": each.origin} for each in made.requirements
        ],
        "left-out": [
            {"requirement": line.text, "origin": line.origin, "why": why}
            for line, why in made.left_out
        ],
        "indexes": [
            {"name": each.name, "url": each.url, "packages": list(each.packages)}
            for each in made.indexes
        ],
        "notes": [{"text": each.text, "origin": each.origin} for each in made.notes],
        "failure": failure,
        "next": command,
    }
