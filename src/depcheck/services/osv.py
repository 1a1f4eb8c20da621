"""Ask an OSV service which advisories concern releases (https://google.github.io/osv.dev/api/).

The service does not tell a package that it has never heard of from one without advisories.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

import requests
from packaging.utils import canonicalize_name

from depcheck.errors import EnvironmentFailure
from depcheck.gate.vulnerabilities import Advisory
from depcheck.services import session as http
from depcheck.services.session import AT_ONCE, reason, session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from depcheck.gate.vulnerabilities import Release

_ECOSYSTEM = "PyPI"
_BATCH = 1000
"""Queries in one request, at most."""
_PAGES = 50
"""Pages of one answer, at most: a service that never ends is broken."""
_OK = 200


def advisories(service: str, releases: Iterable[Release]) -> dict[Release, tuple[Advisory, ...]]:
    """Return the living advisories of each release, sorted by id.

    Args:
        service: Root of the service: ``https://api.osv.dev``.
        releases: What to ask for.

    Raises:
        EnvironmentFailure: the service cannot be reached, or does not answer as documented.
    """
    asked = sorted(set(releases))
    with session() as opened:
        client = _Client(opened, service.rstrip("/"))
        ids: dict[Release, list[str]] = {}
        for start in range(0, len(asked), _BATCH):
            ids |= client.batch(asked[start : start + _BATCH])
        names = sorted({name for found in ids.values() for name in found})
        with ThreadPoolExecutor(AT_ONCE) as pool:
            known = dict(zip(names, pool.map(client.advisory, names), strict=True))
    return {
        release: tuple(known[name] for name in sorted(set(found)) if not known[name].withdrawn)
        for release, found in ids.items()
    }


class _Client:
    """One service, over one session."""

    def __init__(self, session: requests.Session, service: str) -> None:
        self._session = session
        self._service = service

    def batch(self, releases: Sequence[Release]) -> dict[Release, list[str]]:
        """Return the ids of the advisories of each release, all pages of them."""
        found: dict[Release, list[str]] = {release: [] for release in releases}
        waiting = [(release, "") for release in releases]
        for _ in range(_PAGES):
            if not waiting:
                break
            queries = [_query(release, token) for release, token in waiting]
            answer = self._ask("POST", "/v1/querybatch", {"queries": queries})
            try:
                pages = list(_pages(answer, len(queries)))
            except (KeyError, TypeError, ValueError, AttributeError):
                self._misunderstood("/v1/querybatch")
            following = []
            for (release, _), (names, token) in zip(waiting, pages, strict=True):
                found[release] += names
                if token:
                    following.append((release, token))
            waiting = following
        if waiting:
            self._misunderstood("/v1/querybatch")
        return found

    def advisory(self, name: str) -> Advisory:
        """Return what the service says of one vulnerability."""
        path = f"/v1/vulns/{quote(name, safe='')}"
        answer = self._ask("GET", path, None)
        try:
            return _advisory(answer)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._misunderstood(path)

    def _ask(self, method: str, path: str, content: Any) -> Any:
        try:
            response = self._session.request(
                method, self._service + path, json=content, timeout=http.TIMEOUT
            )
        except requests.RequestException as error:
            self._fail(path, reason(error))
        if response.status_code != _OK:
            self._fail(path, f"it answered with status {response.status_code}")
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            self._misunderstood(path)

    def _misunderstood(self, path: str) -> NoReturn:
        self._fail(path, "its answer is not of the documented form")

    def _fail(self, path: str, why: str) -> NoReturn:
        raise EnvironmentFailure(
            "vulnerability-service",
            f"nobody can say which vulnerabilities are known: `{self._service}{path}`: {why}",
            hint="try again, or gate without `--vulnerabilities`",
        )


def _query(release: Release, token: str) -> dict[str, Any]:
    name, version = release
    query: dict[str, Any] = {
        "package": {"name": name, "ecosystem": _ECOSYSTEM},
        "version": version,
    }
    return {**query, "page_token": token} if token else query


def _pages(answer: Any, count: int) -> Iterator[tuple[list[str], str]]:
    """Yield ids and the token of the next page, for each query in its order."""
    results = answer["results"]
    if len(results) != count:
        raise ValueError(count)
    for result in results:
        page = result or {}  # nothing is known of it
        names = [_text(each["id"]) for each in page.get("vulns", [])]
        yield names, _text(page.get("next_page_token") or "")


def _advisory(answer: Any) -> Advisory:
    stated = [_text(each["score"]) for each in answer.get("severity") or []]
    word = (answer.get("database_specific") or {}).get("severity")
    return Advisory(
        id=_text(answer["id"]),
        aliases=tuple(sorted(map(_text, answer.get("aliases") or []))),
        summary=_text(answer.get("summary") or answer.get("details") or "").partition("\n")[0],
        severities=(*([_text(word)] if word else []), *stated),
        fixed=_fixed(answer.get("affected") or []),
        withdrawn=bool(answer.get("withdrawn")),
    )


def _fixed(affected: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for each in affected:
        package = each.get("package") or {}
        if package.get("ecosystem") != _ECOSYSTEM:
            continue
        name = canonicalize_name(_text(package["name"]))
        for stated in each.get("ranges") or []:
            if stated.get("type") != "GIT":
                versions = [_text(e["fixed"]) for e in stated["events"] if "fixed" in e]
                found.setdefault(name, []).extend(versions)
    return {name: tuple(versions) for name, versions in found.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
