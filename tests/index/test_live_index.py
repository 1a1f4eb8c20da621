"""A live index takes the best that a server offers, asks for nothing twice, says what it got."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from support.damage import flipped
from support.scripted import Reply, Scripted, ranged, scripted
from support.wheelhouse import make_sdist, make_wheel, metadata_text

from depcheck.index.live import http
from depcheck.index.live.answers import Answers
from depcheck.index.live.http import IndexUnreachableError
from depcheck.index.live.live_index import LiveIndex
from depcheck.index.model import CoreMetadata, Dependency, Dist, InvalidMetadataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from depcheck.index.project import Project

JSON_PAGE = "application/vnd.pypi.simple.v1+json"
NEEDS_B = CoreMetadata((Dependency("b", (), ">=1", None, None),), (), None)


@pytest.fixture
def script() -> Iterator[Scripted]:
    with scripted() as server:
        yield server


def patient() -> http.Http:
    """Return a session that retries at once: the tests count requests, not seconds."""
    return http.Http(sleep=lambda _: None)


def index(script: Scripted, folder: Path, fresh: float = 600) -> LiveIndex:
    return LiveIndex(f"{script.url}/simple", patient(), Answers(folder), fresh=fresh)


def json_page(*files: dict[str, Any], name: str = "a") -> Reply:
    page = {"meta": {"api-version": "1.1"}, "name": name, "files": list(files)}
    return Reply(headers={"Content-Type": JSON_PAGE}, body=json.dumps(page).encode())


def html_page(*links: str) -> Reply:
    body = "<!DOCTYPE html><html><body><h1>Links for a</h1>" + "".join(links) + "</body></html>"
    return Reply(headers={"Content-Type": "text/html"}, body=body.encode())


def json_file(content: bytes, filename: str, **more: object) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    stated = {"filename": filename, "url": f"/files/{filename}", "hashes": {"sha256": digest}}
    return {**stated, "size": len(content), "upload-time": "2024-05-01T12:00:00Z", **more}


def only(project: Project | None) -> Dist:
    assert project is not None
    (dist,) = project.dists(0)
    return dist


def serve_wheel(script: Scripted, folder: Path, **more: object) -> bytes:
    content = make_wheel(folder, "a", "1.0", requires=["b>=1"]).read_bytes()
    filename = "a-1.0-py3-none-any.whl"
    script.routes["/simple/a/"] = json_page(json_file(content, filename, **more))
    script.routes[f"/files/{filename}"] = ranged(content)
    return content


def read(live: LiveIndex) -> CoreMetadata | None:
    project = live.project("a")
    assert project is not None
    return live.core_metadata(project, only(project))


class TestPages:
    def test_json_page_states_everything(self, script: Scripted, tmp_path: Path) -> None:
        content = serve_wheel(script, tmp_path, yanked="broken", **{"requires-python": ">=3.9"})
        live = index(script, tmp_path)

        project = live.project("a")
        dist = only(project)

        assert project is not None
        assert (">=3.9", True, 1714564800) == (dist.requires_python, dist.yanked, dist.uploaded)
        record = live.file(project, dist)
        assert (
            len(content),
            hashlib.sha256(content).hexdigest(),
            "/files/a-1.0-py3-none-any.whl",
        ) == (
            record.size,
            record.sha256,
            record.location,
        )
        assert {"pages as json": 1} == live.quality

    def test_html_page_is_read_with_its_attributes(self, script: Scripted, tmp_path: Path) -> None:
        script.routes["/simple/a/"] = html_page(
            f'<a href="../../files/a-1.0.tar.gz#sha256={"0" * 64}" data-requires-python="&gt;=3.9" '
            'data-yanked="">a-1.0.tar.gz</a>'
        )
        live = index(script, tmp_path)

        project = live.project("a")
        dist = only(project)

        assert project is not None
        assert (">=3.9", True, None) == (dist.requires_python, dist.yanked, dist.uploaded)
        assert "/files/a-1.0.tar.gz" == live.file(project, dist).location
        assert {"pages as html": 1} == live.quality

    def test_project_json_fills_the_gaps_of_html(self, script: Scripted, tmp_path: Path) -> None:
        script.routes["/simple/a/"] = html_page(
            f'<a href="/files/a-1.0.tar.gz#sha256={"0" * 64}">a-1.0.tar.gz</a>'
        )
        details = {
            "filename": "a-1.0.tar.gz",
            "requires_python": ">=3.8",
            "yanked": True,
            "size": 7,
            "upload_time_iso_8601": "2024-05-01T12:00:00.123456Z",
        }
        script.routes["/pypi/a/json"] = Reply(
            body=json.dumps({"releases": {"1.0": [details]}}).encode()
        )
        live = index(script, tmp_path)

        project = live.project("a")
        dist = only(project)

        assert project is not None
        assert (">=3.8", True, 1714564800) == (dist.requires_python, dist.yanked, dist.uploaded)
        assert 7 == live.file(project, dist).size
        assert {"pages as html+project-json": 1} == live.quality

    def test_wheels_for_other_systems_only_show_that_a_version_is_there(
        self, script: Scripted, tmp_path: Path
    ) -> None:
        names = (
            *("a-1.0-cp311-cp311-macosx_11_0_arm64.whl", "a-1.0-cp311-cp311-win_amd64.whl"),
            *("a-2.0-cp311-cp311-manylinux_2_17_x86_64.whl", "a-2.0-cp311-cp311-win_amd64.whl"),
            *("a-2.0-cp311-cp311-musllinux_1_2_x86_64.whl", "a-2.0-py3-none-any.whl"),
        )
        script.routes["/simple/a/"] = json_page(*(json_file(b"", name) for name in names))

        project = index(script, tmp_path).project("a")

        assert project is not None
        assert [
            ["cp311-cp311-macosx_11_0_arm64"],
            ["cp311-cp311-manylinux_2_17_x86_64", "py3-none-any"],
        ] == [[dist.tags for dist in project.dists(rank)] for rank in range(2)]

    def test_project_that_is_not_there_is_absent(self, script: Scripted, tmp_path: Path) -> None:
        live = index(script, tmp_path)

        assert live.project("a") is None
        assert index(script, tmp_path).project("a") is None
        assert ["/simple/a/"] == script.requests

    def test_project_without_files_has_no_versions(self, script: Scripted, tmp_path: Path) -> None:
        script.routes["/simple/a/"] = html_page()

        project = index(script, tmp_path).project("a")

        assert project is not None
        assert [] == list(project.versions)

    def test_known_page_is_not_asked_for_again(self, script: Scripted, tmp_path: Path) -> None:
        serve_wheel(script, tmp_path)
        first = index(script, tmp_path)
        assert NEEDS_B == read(first)
        asked = list(script.requests)

        second = index(script, tmp_path)

        assert NEEDS_B == read(second)
        assert asked == script.requests
        assert {"pages from the cache": 1, "metadata from the cache": 1} == second.quality

    def test_old_page_is_asked_for_by_etag(self, script: Scripted, tmp_path: Path) -> None:
        page = json_page(json_file(b"", "a-1.0.tar.gz"))

        def answer(headers: Any) -> Reply:
            if headers.get("if-none-match") == '"1"':
                return Reply(status=304)
            return Reply(headers={**page.headers, "ETag": '"1"'}, body=page.body)

        script.routes["/simple/a/"] = answer
        index(script, tmp_path).project("a")

        again = index(script, tmp_path, fresh=0)
        project = again.project("a")

        assert project is not None
        assert ["1.0"] == list(project.versions)
        assert {"pages unchanged": 1} == again.quality

    def test_damaged_cache_entry_is_fetched_again(self, script: Scripted, tmp_path: Path) -> None:
        serve_wheel(script, tmp_path)
        read(index(script, tmp_path))
        (path,) = tmp_path.glob("*.sqlite")
        with closing(sqlite3.connect(path)) as connection:
            connection.create_function("damaged", 1, lambda entry: flipped(entry, 8 * 20))
            damage = connection.execute("update answer set entry = damaged(entry)")
            connection.commit()

        live = index(script, tmp_path)

        assert 2 == damage.rowcount
        assert NEEDS_B == read(live)
        assert {"pages as json", "metadata by range requests"} == set(live.quality)

    def test_cache_that_cannot_be_written_hinders_nobody(
        self, script: Scripted, tmp_path: Path
    ) -> None:
        serve_wheel(script, tmp_path)
        in_the_way = tmp_path / "file"
        in_the_way.write_text("")

        assert NEEDS_B == read(index(script, in_the_way))


class TestMetadata:
    def test_beside_the_wheel_where_the_page_says_so(
        self, script: Scripted, tmp_path: Path
    ) -> None:
        text = metadata_text("a", "1.0", ["b>=1"]).encode()
        digest = hashlib.sha256(text).hexdigest()
        serve_wheel(script, tmp_path, **{"core-metadata": {"sha256": digest}})
        script.routes["/files/a-1.0-py3-none-any.whl.metadata"] = Reply(body=text)
        live = index(script, tmp_path)

        assert NEEDS_B == read(live)
        assert ["/simple/a/", "/files/a-1.0-py3-none-any.whl.metadata"] == script.requests

    def test_wrong_hash_is_refused(self, script: Scripted, tmp_path: Path) -> None:
        serve_wheel(script, tmp_path, **{"core-metadata": {"sha256": "0" * 64}})
        text = metadata_text("a", "1.0").encode()
        script.routes["/files/a-1.0-py3-none-any.whl.metadata"] = Reply(body=text)

        with pytest.raises(IndexUnreachableError) as caught:
            read(index(script, tmp_path))

        assert "metadata-hash-mismatch" == caught.value.reference

    def test_beside_the_wheel_though_nobody_says_so(self, script: Scripted, tmp_path: Path) -> None:
        serve_wheel(script, tmp_path)
        text = metadata_text("a", "1.0", ["b>=1"]).encode()
        script.routes["/files/a-1.0-py3-none-any.whl.metadata"] = Reply(body=text)
        live = index(script, tmp_path)

        assert NEEDS_B == read(live)
        assert 1 == live.quality["metadata beside wheels"]

    def test_by_ranges_from_inside_the_wheel(self, script: Scripted, tmp_path: Path) -> None:
        padding = {"a.bin": "x" * 300_000}
        wheel = make_wheel(tmp_path, "a", "1.0", requires=["b>=1"], files=padding)
        content = wheel.read_bytes()
        script.routes["/simple/a/"] = json_page(json_file(content, wheel.name))
        script.routes[f"/files/{wheel.name}"] = ranged(content)
        live = index(script, tmp_path)

        assert NEEDS_B == read(live)
        assert 1 == script.requests.count(f"/files/{wheel.name}")

    def test_server_without_ranges_sends_the_wheel_whole(
        self, script: Scripted, tmp_path: Path
    ) -> None:
        content = serve_wheel(script, tmp_path)
        script.routes["/files/a-1.0-py3-none-any.whl"] = Reply(body=content)

        assert NEEDS_B == read(index(script, tmp_path))

    @pytest.mark.parametrize("stated", ["bytes 0-0/1", "bytes 1-5/4", "nonsense", ""])
    def test_wrong_range_is_refused(self, script: Scripted, tmp_path: Path, stated: str) -> None:
        serve_wheel(script, tmp_path)
        script.routes["/files/a-1.0-py3-none-any.whl"] = Reply(
            status=206, headers={"Content-Range": stated}, body=b"12345"
        )

        with pytest.raises(IndexUnreachableError) as caught:
            read(index(script, tmp_path))

        assert "wrong-range" == caught.value.reference

    def test_wheel_that_is_gone(self, script: Scripted, tmp_path: Path) -> None:
        serve_wheel(script, tmp_path)
        del script.routes["/files/a-1.0-py3-none-any.whl"]

        with pytest.raises(IndexUnreachableError) as caught:
            read(index(script, tmp_path))

        assert "file-gone" == caught.value.reference

    @pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x05\x06" + bytes(18)])
    def test_wheel_that_is_none_is_passed_over(
        self, script: Scripted, tmp_path: Path, content: bytes
    ) -> None:
        filename = "a-1.0-py3-none-any.whl"
        script.routes["/simple/a/"] = json_page(json_file(content, filename))
        script.routes[f"/files/{filename}"] = Reply(body=content)
        live = index(script, tmp_path)

        for _ in range(2):  # the verdict is kept
            with pytest.raises(InvalidMetadataError):
                read(live)

    def test_requirement_that_is_none_is_passed_over(
        self, script: Scripted, tmp_path: Path
    ) -> None:
        wheel = make_wheel(tmp_path, "a", "1.0", requires=["b (1.0"])
        content = wheel.read_bytes()
        script.routes["/simple/a/"] = json_page(json_file(content, wheel.name))
        script.routes[f"/files/{wheel.name}"] = ranged(content)

        with pytest.raises(InvalidMetadataError, match=r"`b \(1\.0` is no requirement"):
            read(index(script, tmp_path))

    def test_sdist_that_states_its_dependencies(self, script: Scripted, tmp_path: Path) -> None:
        content = make_sdist(tmp_path, "a", "1.0").read_bytes()
        script.routes["/simple/a/"] = json_page(json_file(content, "a-1.0.tar.gz"))
        script.routes["/files/a-1.0.tar.gz"] = Reply(body=content)

        assert CoreMetadata((), (), None) == read(index(script, tmp_path))

    @pytest.mark.parametrize(
        "text",
        [
            "Metadata-Version: 2.1\nName: a\nVersion: 1.0\nRequires-Dist: b\n",
            "Metadata-Version: 2.2\nName: a\nVersion: 1.0\nDynamic: Requires-Dist\n",
            "Metadata-Version: 2.4\nName: a\nVersion: 1.0\nDynamic: provides-extra\n",
        ],
    )
    def test_sdist_that_only_a_build_could_tell(
        self, script: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
    ) -> None:
        monkeypatch.setattr("support.wheelhouse.metadata_text", lambda *_: text)
        content = make_sdist(tmp_path, "a", "1.0").read_bytes()
        script.routes["/simple/a/"] = json_page(json_file(content, "a-1.0.tar.gz"))
        script.routes["/files/a-1.0.tar.gz"] = Reply(body=content)

        assert read(index(script, tmp_path)) is None

    @pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08 junk", b"plain"])
    def test_sdist_that_is_none_is_passed_over(
        self, script: Scripted, tmp_path: Path, content: bytes
    ) -> None:
        script.routes["/simple/a/"] = json_page(json_file(content, "a-1.0.tar.gz"))
        script.routes["/files/a-1.0.tar.gz"] = Reply(body=content)

        with pytest.raises(InvalidMetadataError):
            read(index(script, tmp_path))


FAULTS = [
    (Reply(status=401), "index-refused"),
    (Reply(status=403), "index-refused"),
    (Reply(status=400), "index-refused"),
    (Reply(status=429, headers={"Retry-After": "0"}), "index-refused"),
    (Reply(status=500), "index-refused"),
    (Reply(status=502), "index-refused"),
    (Reply(status=503), "index-refused"),
    (Reply(status=504), "index-refused"),
    (Reply(status=302, headers={"Location": "/simple/a/"}), "index-unreachable"),
    (Reply(reset=True), "index-unreachable"),
    (Reply(body=b"<a href='a-1.0.tar.gz'>", length=500), "index-unreachable"),
    (Reply(headers={"Content-Encoding": "gzip"}, body=b"junk"), "index-unreachable"),
    (
        Reply(headers={"Content-Type": "text/html"}, body=b"<h1>Please log in</h1>"),
        "index-nonsense",
    ),
    (
        Reply(headers={"Content-Type": "text/html"}, body=b"<a href='/login'>Log in</a>"),
        "index-nonsense",
    ),
    (Reply(headers={"Content-Type": "image/png"}, body=b"\x89PNG"), "index-nonsense"),
    (Reply(headers={"Content-Type": "application/json"}, body=b"{}"), "index-nonsense"),
    (Reply(headers={"Content-Type": JSON_PAGE}, body=b"{"), "index-nonsense"),
    (Reply(headers={"Content-Type": JSON_PAGE}, body=b"[]"), "index-nonsense"),
    (Reply(headers={"Content-Type": JSON_PAGE}, body=b"\xff\xfe\xff"), "index-nonsense"),
    (Reply(headers={"Content-Type": JSON_PAGE}, body=b'{"files": 3}'), "index-nonsense"),
    (
        Reply(
            headers={"Content-Type": JSON_PAGE},
            body=b'{"meta": {"api-version": "2.0"}, "name": "a", "files": []}',
        ),
        "index-nonsense",
    ),
    (Reply(status=304), "index-nonsense"),
]


class TestFaults:
    @pytest.mark.parametrize(("reply", "reference"), FAULTS)
    def test_fault_is_one_error_that_names_the_address(
        self, script: Scripted, tmp_path: Path, reply: Reply, reference: str
    ) -> None:
        script.routes["/simple/a/"] = reply

        with pytest.raises(IndexUnreachableError) as caught:
            index(script, tmp_path).project("a")

        assert reference == caught.value.reference
        assert f"`{script.url}/simple/a/`" in caught.value.message
        assert "\n" not in caught.value.message

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_passing_fault_is_overcome(self, script: Scripted, tmp_path: Path, status: int) -> None:
        answers = iter([Reply(status=status), Reply(status=status)])
        page = json_page(json_file(b"", "a-1.0.tar.gz"))
        script.routes["/simple/a/"] = lambda _: next(answers, page)

        project = index(script, tmp_path).project("a")

        assert project is not None
        assert 3 == len(script.requests)

    def test_nobody_listens(self, tmp_path: Path) -> None:
        live = LiveIndex("http://127.0.0.1:9/simple", patient(), Answers(tmp_path))

        with pytest.raises(IndexUnreachableError, match="Connection refused"):
            live.project("a")

    def test_host_that_has_no_address(self, tmp_path: Path) -> None:
        live = LiveIndex("http://nowhere.invalid/simple", patient(), Answers(tmp_path))

        with pytest.raises(IndexUnreachableError) as caught:
            live.project("a")

        assert "index-unreachable" == caught.value.reference

    def test_credentials_are_not_shown(self, script: Scripted, tmp_path: Path) -> None:
        script.routes["/simple/a/"] = Reply(status=403)
        address = script.url.replace("//", "//user:secret@")

        with pytest.raises(IndexUnreachableError) as caught:
            LiveIndex(f"{address}/simple", patient(), Answers(tmp_path)).project("a")

        assert "secret" not in caught.value.message

    def test_endless_answer_is_refused(
        self, script: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("depcheck.index.live.pages._LARGEST_PAGE", 1_000)
        script.routes["/simple/a/"] = Reply(body=b"x" * 100_000)

        with pytest.raises(IndexUnreachableError) as caught:
            index(script, tmp_path).project("a")

        assert "answer-too-large" == caught.value.reference

    def test_slow_answer_is_given_up(
        self, script: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "DEADLINE_SECONDS", -1)
        script.routes["/simple/a/"] = Reply(body=b"x" * 100_000)

        with pytest.raises(IndexUnreachableError, match="not read whole within -1 s"):
            index(script, tmp_path).project("a")

    def test_names_that_are_no_distribution_are_left_out(
        self, script: Scripted, tmp_path: Path
    ) -> None:
        script.routes["/simple/a/"] = json_page(
            json_file(b"", "a-1.0.tar.gz"),
            json_file(b"", "a-1.0.exe"),
            json_file(b"", "b-1.0.tar.gz"),
            json_file(b"", "a-not.a.version-py3-none-any.whl"),
        )

        project = index(script, tmp_path).project("a")

        assert project is not None
        assert ["1.0"] == list(project.versions)
