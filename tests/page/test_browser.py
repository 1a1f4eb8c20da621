"""The page in a real browser: nothing to complain of, quick, and used from the keyboard.

Needs Chromium and the extra ``browser``; CONTRIBUTING, "Long checks", says how to run it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]
    Scheme = Literal["light", "dark"]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
MISSING = [
    what
    for what, there in (
        ("Chromium (`apt-get install chromium`, or its path in the variable CHROMIUM)", CHROMIUM),
        ("playwright (`pip install -e '.[browser]'`)", find_spec("playwright")),
        ("axe (`pip install -e '.[browser]'`)", find_spec("axe_playwright_python")),
    )
    if not there
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"there is no {', no '.join(MISSING)}")

IMAGE = "nexa_heavy"
WIDE, NARROW = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a large image, compared with another variant."""
    folder = tmp_path_factory.mktemp("page")
    for words in (
        ("solve", IMAGE, "--variant", "cu121"),
        ("solve", IMAGE, "--variant", "cu128"),
        ("report", IMAGE, "--variant", "cu121", "--against", "cu128", "-o", "page.html"),
    ):
        command = [sys.executable, "-m", "depcheck", *words]
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - may be absent

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM)
        yield found
        found.close()


@pytest.fixture
def complaints() -> list[str]:
    """Return what the browser had to say: of the console, of scripts and of the network."""
    return []


@pytest.fixture
def opened(browser: Browser, page_file: Path, complaints: list[str]) -> Iterator[Open]:
    """Return how to open the page; what it complains of fails the test in the end."""
    contexts = []

    def open_page(
        *, size: tuple[int, int] = WIDE, scheme: Scheme = "light", script: bool = True, at: str = ""
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=script,
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto(page_file.as_uri() + at)
        return page

    yield open_page
    for context in contexts:
        context.close()

    assert [] == complaints


def test_it_loads_itself_alone_and_is_small(opened: Open, page_file: Path) -> None:
    page = opened()
    loaded = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")

    assert [] == [name for name in loaded if not name.startswith("data:")]
    assert page_file.stat().st_size < 3_000_000


def test_it_can_be_used_within_a_second(opened: Open) -> None:
    """The best of three loads: the machine may have other things to do."""
    timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    pages = [opened() for _ in range(3)]

    assert ["yes"] * 3 == [
        page.evaluate("document.documentElement.dataset.ready") for page in pages
    ]
    assert min(page.evaluate(timing) for page in pages) < 1000


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened: Open, size: tuple[int, int], scheme: Scheme) -> None:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - may be absent

    page = opened(size=size, scheme=scheme)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    found: dict[str, Any] = Axe().run(page).response

    assert [] == [
        (each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]
    ]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(opened: Open, width: int) -> None:
    page = opened(size=(width, 800))

    assert width == page.evaluate("document.documentElement.scrollWidth")


def test_the_search_finds_a_package_and_says_why_it_is_there(opened: Open) -> None:
    page = opened()
    page.fill("#search", "huggingface")
    rows = page.locator("#pins tbody tr:visible th")
    narrowed = rows.all_inner_texts()
    page.press("#search", "Enter")

    assert ["huggingface-hub"] == narrowed
    assert page.locator("#focus h3").inner_text() == "Why huggingface-hub is here"
    assert page.evaluate("location.hash") == "#pin-huggingface-hub"
    assert page.evaluate("document.activeElement.id") == "focus"


def test_what_begins_with_the_text_is_found_first(opened: Open) -> None:
    page = opened()
    page.fill("#search", "transf")
    found = page.locator("#pins tbody tr:visible th").all_inner_texts()
    page.press("#search", "Enter")

    assert ["hf-transfer", "transformers"] == found
    assert page.locator("#focus h3").inner_text() == "Why transformers is here"


def test_a_pin_is_followed_to_who_asked_for_it_and_back(opened: Open) -> None:
    page = opened(at="#pin-filelock")
    title = page.locator("#focus h3")
    titles = [title.inner_text()]
    page.locator("#focus .columns a", has_text="transformers").first.click()
    titles.append(title.inner_text())
    page.go_back()
    titles.append(title.inner_text())

    assert [
        "Why filelock is here",
        "Why transformers is here",
        "Why filelock is here",
    ] == titles


def test_every_way_starts_at_a_requirement_of_the_image(opened: Open) -> None:
    page = opened(at="#pin-botocore")
    way = page.locator("#focus .chain").first.locator("li").all_inner_texts()

    assert way[0].startswith(f"{IMAGE}.toml: ")
    assert "botocore" == way[-1]


def test_the_treemap_is_one_stop_and_arrows_go_on(opened: Open) -> None:
    page = opened()
    page.locator("#by-download").focus()
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    shown = page.locator("#focus h3").inner_text()
    page.go_back()
    page.locator(f'.download .wide a[href="{second}"]').focus()
    page.keyboard.press("Tab")

    assert first != second
    assert f"Why {second.removeprefix('#pin-')} is here" == shown
    assert "search" == page.evaluate("document.activeElement.id")


def test_installed_bytes_are_shown_by_the_keyboard(opened: Open) -> None:
    page = opened()
    page.locator("#by-download").focus()
    page.keyboard.press("ArrowRight")

    assert [False, True] == [
        page.locator(f".quantity.{each}").is_visible() for each in ("download", "installed")
    ]


def test_the_packages_are_sorted_by_size(opened: Open) -> None:
    page = opened()
    head = page.locator("#pins th", has_text="Installed")
    head.locator("button").click()
    sizes = page.locator("#pins tbody td:nth-child(4)").all_inner_texts()
    numbers = [
        float(each.replace("\u202f", "").replace("< ", "")) for each in sizes if each != "unknown"
    ]

    assert "descending" == head.get_attribute("aria-sort")
    assert sorted(numbers, reverse=True) == numbers
    assert sizes == [each for each in sizes if each != "unknown"] + ["unknown"] * sizes.count(
        "unknown"
    )


@pytest.mark.parametrize("start", ["body", "#by-download"], ids=["top", "picture"])
def test_tab_goes_on_and_the_focus_can_be_seen(opened: Open, start: str) -> None:
    """Twenty stops: each is another one, and each has an outline or a thick stroke inside."""
    page = opened()
    page.locator(start).focus()
    stops = []
    for _ in range(20):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                """() => {
                  const now = document.activeElement;
                  const drawn = now.querySelector("rect");
                  const label = now.matches(".choice input") ? now.nextElementSibling : now;
                  const style = getComputedStyle(drawn ?? label);
                  const number = [...document.querySelectorAll("*")].indexOf(now);
                  const inside = `${parseFloat(style.strokeWidth) / 2}px`;
                  return [number, drawn ? inside : style.outlineWidth];
                }"""
            )
        )

    assert 20 == len({number for number, _ in stops})
    assert ["3px"] * 20 == [width for _, width in stops]


def test_without_a_script_every_table_is_there(opened: Open) -> None:
    page = opened(script=False)
    tables = {
        table.locator("caption").inner_text().partition(":")[0].partition(",")[0]: table.locator(
            "tbody tr"
        ).count()
        for table in page.locator("table").all()
        if table.is_visible()
    }

    assert not page.locator("#explorer").is_visible()
    assert {
        "Both lock sets in numbers": 4,
        "Stages in install order": 4,
        "219 packages": 219,
    }.items() <= tables.items()
    assert 7 <= len(tables)


def test_what_is_not_wanted_does_not_move(browser: Browser, page_file: Path) -> None:
    moves = []
    for wish in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=wish)
        page = context.new_page()
        page.goto(page_file.as_uri())
        moves.append(page.evaluate("getComputedStyle(document.documentElement).scrollBehavior"))
        context.close()

    assert ["auto", "smooth"] == moves
