"""A page for each model and each mechanism: the head of its file, typeset."""

import ast
import pathlib

import heads

ROOT = pathlib.Path(__file__).parents[2]
MODELS = ROOT / "nege" / "models"
MECHANISMS = MODELS / "agglomeration" / "mechanisms"

#: The files of each model, that with its equations first; and the class.
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
#: How mechanisms are built, rather than one.
FRAME = {"__init__", "calls", "chain", "frame", "observed", "parts", "deviations"}


def head(path: pathlib.Path) -> str:
    """Return the docstring of a file."""
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def pages() -> dict[str, str]:
    """Return the pages."""
    made = {"theory/index.md": ""}
    lines = [
        "# Theory",
        "",
        "Each page is the head of the file that computes it.",
        "",
        "## Models",
        "",
    ]
    for name, files in OF_MODELS.items():
        made[f"theory/models/{name}.md"] = page(name, [MODELS / f"{file}.py" for file in files])
        lines.append(f"- [{name}](models/{name}.md)")
    lines += ["", "## Mechanisms of the industry model", ""]
    for path in sorted(MECHANISMS.glob("*.py")):
        if path.stem not in FRAME:
            made[f"theory/mechanisms/{path.stem}.md"] = page(path.stem.replace("_", " "), [path])
            lines.append(f"- [{path.stem}](mechanisms/{path.stem}.md)")
    made["theory/index.md"] = "\n".join(lines) + "\n"
    return made


def page(title: str, paths: list[pathlib.Path]) -> str:
    """Return the page of a model or mechanism whose files are these."""
    first, *others = paths
    parts = [f"# {title}\n", heads.typeset(head(first)), _from(first)]
    for other in others:
        parts += [heads.typeset(head(other)), _from(other)]
    return "\n".join(parts)


def _from(path):
    return f"\nThe head of `{path.relative_to(ROOT).as_posix()}`.\n"
