"""Notebooks as pages, with the outputs that they are stored with: nothing is executed.

A cell whose metadata are ``{"tags": ["gallery"], "title": "..."}`` is in the gallery: its picture,
and the lines that make it.
"""

import base64
import json
import pathlib
import re
import struct

ROOT = pathlib.Path(__file__).parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PICTURES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/svg+xml": "svg"}


def _text(part):
    return "".join(part) if isinstance(part, list) else part


def _fenced(text, language=""):
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall("`+", text)), 3)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _terminal(text):
    """Return what a terminal would be showing: without colours, of a line drawn anew the last."""
    return "\n".join(line.rsplit("\r", 1)[-1] for line in ESCAPES.sub("", text).split("\n"))


class Notebook:
    """A notebook: its page, its pictures, what of it is in the gallery."""

    def __init__(self, path: pathlib.Path) -> None:
        self.name = path.stem
        self.cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        self.pictures: dict[str, bytes] = {}
        self.gallery: list[str] = []
        self.page = "\n".join(self._cell(i, cell) for i, cell in enumerate(self.cells))

    def _cell(self, number, cell):
        source = _text(cell["source"])
        if cell["cell_type"] == "markdown":
            source = re.sub(r"(?<=\]\()(\d\d_\w+)\.ipynb(?=[)#])", r"\1.md", source)
            return source.replace("](images/", "](notebooks/images/") + "\n"
        if cell["cell_type"] != "code" or not source.strip():
            return ""
        parts, before = [_fenced(source, "python")], len(self.pictures)
        for output in cell["outputs"]:
            parts.append(self._output(number, output))
        anchor = ""
        metadata = cell.get("metadata", {})
        if "gallery" in metadata.get("tags", ()):
            anchor = f'<a id="cell-{number}"></a>\n\n'
            self._hang(number, metadata.get("title"), source, [*self.pictures][before:])
        return anchor + "\n".join(part for part in parts if part)

    def _output(self, number, output):
        if output["output_type"] == "stream":
            return _shown(_terminal(_text(output["text"])))
        if output["output_type"] == "error":
            return _shown(_terminal("\n".join(output["traceback"])))
        data = output["data"]
        for kind, ending in PICTURES.items():
            if kind in data:
                content = _text(data[kind])
                name = f"notebooks/pictures/{self.name}-{len(self.pictures) + 1}.{ending}"
                is_text = kind == "image/svg+xml"
                self.pictures[name] = content.encode() if is_text else base64.b64decode(content)
                return (
                    _enlarged(f"What cell {number} draws", name.removeprefix("notebooks/")) + "\n"
                )
        html = _text(data.get("text/html", ""))
        if "<table" in html and "xr-wrap" not in html:
            html = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
            return f'<div class="nege-output">{" ".join(html.split())}</div>\n'
        return _shown(_terminal(_text(data.get("text/plain", ""))))

    def _hang(self, number, title, source, pictures):
        if not title or not pictures:
            lacks = "a title" if not title else "a stored picture"
            raise ValueError(f"{self.name}, cell {number}, is tagged gallery and has not {lacks}")
        lines = _fenced(source, "python").splitlines()
        wide = " nege-wide" if any(_is_wide(self.pictures[one]) for one in pictures) else ""
        self.gallery.append(
            f'<div class="nege-card{wide}" markdown>\n\n'
            f"## {title}\n\n"
            + "\n".join(_enlarged(title, picture) for picture in pictures)
            + f"\n\nFrom [`{self.name}`](notebooks/{self.name}.md#cell-{number}).\n\n"
            + '??? example "The lines that make it"\n\n'
            + "\n".join(f"    {line}".rstrip() for line in lines)
            + "\n\n</div>\n"
        )


def _enlarged(words, picture):
    """Show a picture, and itself at its own size where it is clicked."""
    return f"[![{words}]({picture})]({picture})"


def _is_wide(picture):
    """Return whether a PNG is twice as wide as it is high: too small in one of two columns."""
    width, height = struct.unpack(">II", picture[16:24].ljust(8, b"\1"))
    return picture.startswith(b"\x89PNG") and width > 1.9 * height


def _shown(text):
    return (
        f'<div class="nege-output" markdown>\n\n{_fenced(text, "text")}\n</div>\n'
        if text.strip()
        else ""
    )


def pages() -> dict[str, str | bytes]:
    """Return a page for every notebook, their pictures, and the gallery."""
    made: dict[str, str | bytes] = {}
    gallery = ["# Gallery\n", '<div class="nege-gallery" markdown>\n']
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = Notebook(path)
        made[f"notebooks/{path.stem}.md"] = notebook.page
        made.update(notebook.pictures)
        gallery += notebook.gallery
    made["gallery.md"] = "\n".join([*gallery, "</div>\n"])
    return made
