"""The picture of the explorer in docs/images: its page in the Chromium that NEGE_BROWSER names."""

import io
import os
import pathlib
import tempfile

from PIL import Image
from playwright.sync_api import sync_playwright
from run_page import examples

import nege
from nege.command.economy_file import read_economy

DOCS = pathlib.Path(__file__).parents[1]
PICTURE = DOCS / "images" / "explorer.png"
MOVED = "iceberg cost of online delivery, services"
BROWSER = os.environ.get("NEGE_BROWSER", "/usr/bin/chromium")
SIZE = {"width": 1300, "height": 900}
COLOURS = 64  # which keep it small


def main() -> None:
    """Open the towns of docs/files.md, lower what online delivery costs, and take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        for _, _, title, text in examples((DOCS / "files.md").read_text(encoding="utf-8")):
            if title:
                (pathlib.Path(folder) / title).write_text(text, encoding="utf-8")
        towns = read_economy(f"{folder}/towns.toml").model
    page = nege.explore(towns, port=0, browser=False)
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
            shown = browser.new_page(viewport=SIZE)
            shown.goto(page.address)
            shown.get_by_text("Solved in").wait_for()
            box = shown.get_by_role("textbox", name=f"value of {MOVED}", exact=True)
            box.fill("1.4")
            box.press("Enter")
            shown.get_by_text("Solved in").filter(has_text="from where").wait_for()
            shown.wait_for_timeout(2000)  # until all is drawn
            taken = Image.open(io.BytesIO(shown.screenshot()))
            browser.close()
    finally:
        page.close()
    taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
