"""The pictures of the pages: of the report of `make verify`, and of the front end, taken by Chromium.

The picture of the report carries how many requirements the report had, so that a test can say when it is old.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from devtools.postgres import provide_postgres
from specwitness.config import find_specs, read_config
from specwitness.spec import read_specs
from tests.support.both_sides import BROWSER_ARGUMENTS, find_browser, find_missing, serving_both
from tests.support.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "build/trace/index.html"
PICTURE = ROOT / "docs/images/report.png"
TASKS = ROOT / "docs/images/tasks.png"
ACCOUNT = ROOT / "docs/images/account.png"
CHOSEN = "003/FR-003"
NOTE = b"requirements"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def take_pictures() -> list[str]:
    """Take every picture that can be taken here.

    Returns:
        A line for each: taken, or the reason why not.
    """
    path = find_browser()
    if not path:
        return ["all pictures stay: there is no Chromium: apt-get install chromium"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_ARGUMENTS))
        lines = [_take_report(browser), _take_front_end(browser)]
        browser.close()
    return lines


def count_requirements() -> int:
    """Count the requirements that a report shows now."""
    specs = read_specs(find_specs(ROOT, read_config(ROOT)), ROOT)
    return sum(len(spec.requirements) for spec in specs)


def read_note(picture: bytes) -> str:
    """Read how many requirements the report of a picture had; empty for a picture without a note."""
    position = len(_SIGNATURE)
    while position < len(picture):
        (length,) = struct.unpack(">I", picture[position : position + 4])
        kind = picture[position + 4 : position + 8]
        data = picture[position + 8 : position + 8 + length]
        if kind == b"tEXt" and data.startswith(NOTE + b"\0"):
            return data.removeprefix(NOTE + b"\0").decode("latin-1")
        position += length + 12
    return ""


def write_note(picture: bytes, text: str) -> bytes:
    """Give a picture with a note in it, which no viewer shows."""
    data = NOTE + b"\0" + text.encode("latin-1")
    chunk = struct.pack(">I", len(data)) + b"tEXt" + data + struct.pack(">I", zlib.crc32(b"tEXt" + data))
    first = len(_SIGNATURE) + 25  # the signature, and the header with its length, name and checksum
    return picture[:first] + chunk + picture[first:]


def _take_report(browser: Browser) -> str:
    if not REPORT.exists():
        return f"{_name(PICTURE)} stays: there is no {_name(REPORT)}: run make verify first"
    page = browser.new_page(viewport={"width": 1280, "height": 860}, color_scheme="light")
    page.goto(f"{REPORT.as_uri()}#{CHOSEN}")
    PICTURE.write_bytes(write_note(page.screenshot(), str(count_requirements())))
    return f"{_name(PICTURE)} taken of {_name(REPORT)}"


def _take_front_end(browser: Browser) -> str:
    """Let Alice sign up in the real front end, and take her tasks and her account."""
    lack = find_missing()
    if lack:
        return f"{_name(TASKS)} and {_name(ACCOUNT)} stay: {lack}"
    with (
        TemporaryDirectory() as folder,
        provide_postgres(os.environ) as server,
        serving_both(server.url, "shared-secret", Path(folder)) as sides,
    ):
        context = browser.new_context(viewport={"width": 760, "height": 520}, color_scheme="light")
        alice = Visitor(sides, context, context.new_page(), "Alice")
        alice.sign_up()
        for title in ("Buy milk", "Call home", "Water the garden"):
            alice.add(title)
        alice.task("Call home").check()
        alice.read_tasks()
        TASKS.write_bytes(alice.page.screenshot())
        alice.page.emulate_media(color_scheme="dark")
        alice.page.set_viewport_size({"width": 400, "height": 740})
        alice.open("/account")
        alice.await_page("Account")
        ACCOUNT.write_bytes(alice.page.screenshot())
    return f"{_name(TASKS)} and {_name(ACCOUNT)} taken of the front end"


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
