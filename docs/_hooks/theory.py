"""A page for each model and each mechanism: the head of its file, typeset."""

import ast
import json
import pathlib
import re

import heads
import links
import public_names

from nege.laboratory.registry import registry

ROOT = pathlib.Path(__file__).parents[2]
MODELS = ROOT / "nege" / "models"
MECHANISMS = MODELS / "agglomeration" / "mechanisms"

#: The files of each model, by its class: that with its equations first.
OF_MODELS = {
    "CorePeriphery": ("classical/core_periphery",),
    "FootlooseEntrepreneur": ("classical/footloose_entrepreneur",),
    "FootlooseCapital": ("classical/footloose_capital",),
    "QuasiLinear": ("classical/quasi_linear",),
    "LinearDemand": ("classical/linear_demand", "classical/linear_demand_equations"),
    "VerticalLinkages": ("linkages/model", "linkages/equations"),
    "Helpman": ("quantitative/helpman", "quantitative/equations"),
    "AllenArkolakis": ("quantitative/allen_arkolakis", "quantitative/equations"),
    "Commuting": ("quantitative/commuting",),
    "OnlineAgglomeration": ("agglomeration/equations",),
}
#: Files beside mechanisms that are none: how one is built, not what it says.
FRAME = {"__init__", "calls", "chain", "frame", "parts"}
#: What belongs to a mechanism in a file of its own.
BELONGS = {"deviations": "platforms", "observed": None}
INDEX = """# Theory

Equations, symbols and sources, each page made of the head of the file that computes it. Where a
source is "own", nege's authors have worked it out, and tests have the numbers that it has to give.

## Models

| model | |
|---|---|
{models}

## Mechanisms of the industry model

[`OnlineAgglomeration`](models/OnlineAgglomeration.md) has the equations in which they meet.
Some are parameters of the model itself, others are added to it: `mechanisms=[...]`.

| mechanism | | added by |
|---|---|---|
{mechanisms}
"""


def head(path: pathlib.Path) -> tuple[str, str, str]:
    """Return the title of a file's docstring, the rest of its first sentence, and the rest."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first, _, rest = text.partition("\n")
    title, _, more = first.rstrip(".").partition(": ")
    return title, more, rest


def mechanisms() -> list[pathlib.Path]:
    """Return the files of mechanisms."""
    found = sorted(MECHANISMS.glob("*.py"))
    return [path for path in found if path.stem not in FRAME and path.stem not in BELONGS]


def _pages():
    """Return title, path in the site and files of each page."""
    for name, files in OF_MODELS.items():
        yield name, f"theory/models/{name}.md", [MODELS / f"{file}.py" for file in files]
    for path in mechanisms():
        others = [MECHANISMS / f"{name}.py" for name, to in BELONGS.items() if to == path.stem]
        yield path.stem, f"theory/mechanisms/{path.stem}.md", [path, *others]


def pages() -> dict[str, str]:
    """Return the pages."""
    where = {path.stem: at for _, at, paths in [*_pages()][::-1] for path in paths}
    where["linkages.model"] = where["linkages.equations"] = "theory/models/VerticalLinkages.md"
    where["equations"] = "theory/models/OnlineAgglomeration.md"
    mentions = _mentions()
    made = {"theory/index.md": ""}
    rows: dict[str, list[str]] = {"models": [], "mechanisms": []}
    for name, at, paths in _pages():
        made[at] = _page(at, paths, where, _classes(paths[0], name), mentions)
        title, more, _ = head(paths[0])
        local = at.removeprefix("theory/")
        if "/models/" in at:
            rows["models"].append(f"| [`{name}`]({local}) | {title}{more and ': ' + more} |")
        else:
            classes = _classes(paths[0], name)
            added = ", ".join(f"[`{one.rpartition('.')[2]}`][{one}]" for one in classes)
            rows["mechanisms"].append(f"| [{title}]({local}) | {more} | {added} |")
    made["theory/index.md"] = INDEX.format(**{k: "\n".join(v) for k, v in rows.items()})
    return made


def _classes(path, name):
    """Return the public names of what a file defines, or of a model."""
    if name in OF_MODELS:
        return [f"nege.{name}"]
    return [
        one for one in public_names.names() if public_names.home(one) == f"mechanisms.{path.stem}"
    ]


def _mentions():
    """Return the notebooks that name each thing that is public, by its last name."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        said = "\n".join("".join(cell["source"]) for cell in cells)
        for name in {*re.findall(r"\b[A-Z]\w+", said)}:
            found.setdefault(name, []).append(path.stem)
    return found


def _page(here, paths, where, classes, mentions):
    def link(code):
        if code in registry():
            return f"{_html(links.relative('claims.md', here))}#claim-{code.lower()}"
        target = where.get(code) or where.get(code.rpartition(".")[2])
        return target and target != here and _html(links.relative(target, here))

    title, more, _ = head(paths[0])
    parts = [f"# {title}\n"]
    if more:
        parts.append(
            f'<p class="nege-lead">{heads.typeset_line(more[0].upper() + more[1:], link)}.</p>\n'
        )
    if classes:
        parts.append("In code: " + ", ".join(f"`{one}`" for one in classes) + ".\n")
    for path in paths:
        if path != paths[0]:
            parts.append(f"## {': '.join(filter(None, head(path)[:2]))}\n")
        parts.append(heads.typeset(head(path)[2], link))
        file = path.relative_to(ROOT).as_posix()
        parts.append(f'<p class="nege-from">The head of <code>{file}</code>.</p>\n')
    notebooks = sorted({n for one in classes for n in mentions.get(one.rpartition(".")[2], ())})
    if notebooks:
        parts.append("Notebooks that use it: " + ", ".join(f"`{name}`" for name in notebooks) + ".")
    return "\n".join(parts)


def _html(path):
    return path.removesuffix(".md") + ".html"
