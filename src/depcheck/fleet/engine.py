"""Run one function over many values in other processes: by Dask, where they are of one order."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from depcheck.errors import EnvironmentFailure, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Value = TypeVar("Value")
Result = TypeVar("Result")

_LOCAL = "dask"
_SCHEME = "dask://"


def run_all(
    where: str,
    work: Callable[[Value], Result],
    values: Sequence[Value],
    *,
    say: Callable[[str], None],
) -> list[Result]:
    """Return what the function makes of each value, in the order of the values.

    A worker that is lost costs time only: what it had is given to another one.

    Args:
        where: ``dask`` for worker processes on this machine, ``dask://HOST:PORT`` for a scheduler.
        work: A function of a module that each worker can import.
        values: Small: they are sent to the workers.
        say: Told of each value that is done.

    Raises:
        InputError: the engine is not installed, or not named in one of these forms.
        EnvironmentFailure: the scheduler does not answer, or workers die again and again.
    """
    address = _address(where)
    distributed = _engine()
    try:
        with _client(distributed, address) as client:
            futures = client.map(work, values, pure=False)
            for number, _ in enumerate(distributed.as_completed(futures), start=1):
                say(f"{number} of {len(futures)} done")
            found: list[Result] = client.gather(futures)
            return found
    except (OSError, distributed.KilledWorker) as error:
        raise EnvironmentFailure(
            "executor-failed",
            f"the executor `{where}` gave no result: {error}",
            hint="look at the log of its scheduler and workers, then try again",
        ) from error


def _address(where: str) -> str | None:
    """Return the scheduler's address; None for processes of our own."""
    if where == _LOCAL:
        return None
    host, _, port = where.removeprefix(_SCHEME).rpartition(":")
    if not where.startswith(_SCHEME) or not host or not port.isdecimal():
        raise InputError(
            "usage",
            f"`{where}` names no executor",
            hint="`dask` runs workers on this machine, `dask://HOST:PORT` asks a scheduler",
        )
    return f"tcp://{host}:{port}"


def _engine() -> Any:
    try:
        import distributed  # noqa: PLC0415 - an optional library
    except ModuleNotFoundError as error:
        raise InputError(
            "library-missing",
            "`--executor` needs the library distributed, which is part of Dask",
            hint="install it: `pip install 'depcheck-toolkit[dask]'`",
        ) from error
    return distributed


@contextmanager
def _client(distributed: Any, address: str | None) -> Iterator[Any]:
    if address is not None:
        with distributed.Client(address) as client:
            yield client
        return
    with (
        distributed.LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
