"""Take the picture of the report page that the README shows.

Needs Chromium and the extra ``browser``: ``python -m tools.report_picture``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "report.png"
IMAGE = "nexa_heavy"
WIDTH = 1200


def main() -> None:
    """Solve an image, write its page, and photograph its top down to the treemap."""
    with TemporaryDirectory() as folder:
        for words in (("solve", IMAGE), ("report", IMAGE, "-o", "page.html")):
            command = [sys.executable, "-m", "depcheck", *words]
            subprocess.run(command, cwd=folder, capture_output=True, check=True)
        photograph(Path(folder) / "page.html")
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


def photograph(page_file: Path) -> None:
    """Write the picture of a page."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    PICTURE.parent.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(page_file.as_uri())
        bottom = page.evaluate("document.getElementById('packages').getBoundingClientRect().top")
        page.screenshot(
            path=PICTURE,
            full_page=True,
            clip={"x": 0, "y": 0, "width": WIDTH, "height": int(bottom) - 20},
        )
        browser.close()


if __name__ == "__main__":
    main()
