"""The default index is named by pip's constants alone, so that a mirror can take its place."""

from __future__ import annotations

from urllib.parse import urlsplit

from pip._internal.models.index import PyPI, TestPyPI
from support.tree import ROOT, repository_files

HOSTS = [
    host
    for index in (PyPI, TestPyPI)
    for host in (urlsplit(index.simple_url).netloc, index.file_storage_domain)
]
DOMAINS = {".".join(host.split(".")[-2:]).encode() for host in HOSTS}


def test_no_file_names_a_host_of_the_default_index() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), domain)
        for path in repository_files()
        for domain in DOMAINS
        if domain in path.read_bytes()
    ]

    assert [] == found


def test_the_hosts_are_known() -> None:
    assert 2 == len(DOMAINS)
