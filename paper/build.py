"""The paper as PDF: ``python paper/build.py``, after ``pip install ".[paper]"``.

Pandoc reads ``paper.md``, which is in the format of the Journal of Open Source Software, and
Typst sets it. Nothing is built from a paper with a fault: a citation that leads nowhere, a missing
picture, a table that is not what nege or ``measured.md`` says today. ``--refresh`` writes those
tables anew. ``--check`` looks for faults and needs neither Pandoc nor Typst.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import re
import subprocess
import sys

import yaml

import nege
from nege.errors import in_words
from nege.laboratory.findings import CONDITIONAL, CONTRADICTED, NOT_MODELLED, ROBUST

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
PAPER, BIBLIOGRAPHY, TEMPLATE = HERE / "paper.md", HERE / "paper.bib", HERE / "template.typ"
#: What ``python -m benchmarks targets ...`` printed, with the command in its first line.
MEASURED = HERE / "measured.md"

WORDS = (750, 1750)  # that the journal takes, without front matter, tables and references
SECTIONS = (
    *("Summary", "Statement of need", "State of the field", "Software design"),
    *("Research impact statement", "AI usage disclosure", "Acknowledgements", "References"),
)
ABOUT = ("title", "tags", "authors", "affiliations", "date", "bibliography")

VERDICTS = (ROBUST, CONDITIONAL, CONTRADICTED, NOT_MODELLED)
#: Sections of Tan & Xia (2022), with what they are about.
CHAPTERS = {
    "1": "Introduction",
    "2": "Externalities, diversity, transaction costs",
    "3": "The three turns; modes of firms",
    "4": "Advantages; challenges",
    "5": "Policies",
}
TIMES, SECONDS = "", " s"
#: Rows of ``MEASURED``, by how they begin; what they are in the paper, and the unit.
SPEED = {
    "kernel, R=10, ": ("short run, 10 regions: easy, hard", TIMES),
    "kernel, R=100, ": ("short run, 100 regions: easy, hard", TIMES),
    "kernel, R=1000 symmetric, ": ("short run, 1000 regions: easy, hard", TIMES),
    "two-region grid ": ("two regions, grid: SciPy, NumPy iteration, NumPy Newton", TIMES),
    "two-region diagram ": ("all equilibria of two regions, by trade cost: SciPy", TIMES),
    "industries, long run, ": ("long run of industries: 50, 400 places", TIMES),
    "long run, 1000 regions, ": ("long run, 1000 regions: easy, hard", SECONDS),
    "10^6 places": ("short run, a million places: grid, circle, line", SECONDS),
}


def claims_table() -> str:
    """Return how many claims of each chapter have which verdict, counted in the registry."""
    data = nege.claims().data
    chapters = [section.partition(".")[0] for section in data.section.values]
    verdicts = data.verdict.values.tolist()
    count = collections.Counter(zip(chapters, verdicts, strict=True))
    known = {(chapter, verdict) for chapter in CHAPTERS for verdict in VERDICTS}
    if not count.keys() <= known:
        raise ValueError(f"no row or column for {sorted(count.keys() - known)}")
    total = collections.Counter(verdicts)
    draws = data.sizes["draw"]
    head = ("Section", *VERDICTS)
    rows = [
        (f"{chapter} {words}", *(count[chapter, verdict] for verdict in VERDICTS))
        for chapter, words in CHAPTERS.items()
    ]
    said = ", ".join(f"{total[verdict]} {verdict}" for verdict in VERDICTS)
    against = in_words(data.claim.values[data.verdict.values == CONTRADICTED].tolist())
    table = _table(head, rows, "Verdicts by section of @tan2022.")
    return (
        f"`nege.claims()` restates @tan2022 as {len(verdicts)} experiments, each with a sign, an "
        f"economy, and {draws} draws of a declared prior in which every parameter moves by up to a "
        f"fifth: {said}. Contradicted are {against}.\n\n{table}"
    )


def speed_table(measured: str) -> str:
    """Return the measured rows that the paper shows, and where and how they were measured."""
    found = [_cells(line) for line in measured.splitlines() if line.startswith("| ")]
    rows = []
    for start, (words, unit) in SPEED.items():
        (row,) = [row for row in found if row[0].startswith(start)]
        rows.append((words, ", ".join(_figure(one) + unit for one in row[2].split(" / "))))
    (command,) = re.findall(r"^\$ (.+)$", measured, re.MULTILINE)
    ((revision, date, where),) = re.findall(
        r"^\w+ run of revision (\w+).* on ([\d-]+); (.+?), load ", measured, re.MULTILINE
    )
    caption = (
        "The time of the fastest peer, or of the one named, over that of nege: below one the "
        "peer is faster; or CPU seconds. Trade costs are exp(distance) where easy and "
        "exp(10 distance) where hard."
    )
    return (
        "Peers are SciPy [@virtanen2020], Optimistix [@rader2024], JAXopt, QuantEcon.py, and what "
        "a good user writes in Numba, or NumPy and BLAS, for just this problem; all have the same "
        f"rescaling and compiled maps. `{command}` times them in one run and in turns, by CPU "
        f"seconds, and measures every answer's residual by one function: on {date}, revision "
        f"{revision}, {where.replace('(R)', '')}, shared with other work.\n\n"
        + _table(("Work", "Ratio, or seconds"), rows, caption)
    )


def _figure(text: str) -> str:
    """Return a number with two digits, or all of those before the point."""
    number = float(text)
    return f"{number:.0f}" if number >= 10 else f"{number:#.2g}"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]], caption: str) -> str:
    rule = [":" + "-" * 48, *["-" * (15 if len(head) > 2 else 30) + ":"] * (len(head) - 1)]
    lines = [" | ".join(map(str, line)) for line in (head, rule, *rows)]
    return "\n".join([*(f"| {line} |" for line in lines), "", f": {caption}"])


def tables() -> dict[str, str]:
    """Return what belongs between the marks of ``paper.md``, by the name of the mark."""
    return {
        "claims": claims_table(),
        "speed": speed_table(MEASURED.read_text(encoding="utf-8")),
    }


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name}: [^>]*-->\n)(.*?)(<!-- /{name} -->)", re.DOTALL)


def refreshed(text: str, made: dict[str, str]) -> str:
    """Return the paper with its tables as they are made today."""
    for name, table in made.items():
        text = _marked(name).sub(lambda found, table=table: f"{found[1]}{table}\n{found[3]}", text)
    return text


def faults(text: str, bibliography: str, made: dict[str, str]) -> list[str]:
    """Return all that is wrong with a paper, one sentence each."""
    found: list[str] = []
    _, head, body = text.split("---\n", 2)
    about = yaml.safe_load(head)
    found += [f"The front matter has no {name}." for name in ABOUT if not about.get(name)]
    titles = re.findall(r"^# (.+)$", body, re.MULTILINE)
    found += [f"There is no section {name!r}." for name in SECTIONS if name not in titles]
    prose = re.sub(r"<!--.*?-->|\$\$.*?\$\$", " ", body, flags=re.DOTALL)
    words = len(re.sub(r"^[|:].*$", " ", prose, flags=re.MULTILINE).split())
    if not WORDS[0] <= words <= WORDS[1]:
        found.append(f"The paper has {words} words; the journal takes {WORDS[0]} to {WORDS[1]}.")
    entries = re.findall(r"^@\w+\{([^,]+),", bibliography, re.MULTILINE)
    cited = set(re.findall(r"(?<![\w.])@([a-z]+\d{4})", body))
    found += [f"{key} is cited and not in the bibliography." for key in sorted(cited - {*entries})]
    found += [f"{key} is in the bibliography and not cited." for key in sorted({*entries} - cited)]
    twice = [key for key, times in collections.Counter(entries).items() if times > 1]
    found += [f"{key} is in the bibliography more than once." for key in twice]
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", body)
    found += [f"The picture {path} is missing." for path in pictures if not (HERE / path).is_file()]
    for name, table in made.items():
        if [part[1] for part in _marked(name).findall(text)] != [f"{table}\n"]:
            found.append(f"The table {name} is not today's: python paper/build.py --refresh")
    return found


def build(output: pathlib.Path) -> None:
    """Set the paper as PDF; a warning of Pandoc or Typst is an error."""
    import pypandoc
    import typst

    source = subprocess.run(
        [
            *(pypandoc.get_pandoc_path(), "--fail-if-warnings", "--from=markdown", "--to=typst"),
            *("--standalone", f"--template={TEMPLATE.name}", "--citeproc", PAPER.name),
        ],
        cwd=HERE,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if source.returncode:
        raise SystemExit(source.stderr)
    made = output.with_suffix(".typ")
    made = HERE / made.name  # pictures are named from the paper's folder
    made.write_text(source.stdout, encoding="utf-8")
    try:
        pdf, warnings = typst.compile_with_warnings(str(made), root=str(ROOT))
    finally:
        made.unlink()
    if warnings:
        raise SystemExit("\n".join(str(warning.message) for warning in warnings))
    output.write_bytes(pdf)


def main(arguments: list[str] | None = None) -> int:
    """Check the paper, refresh its tables, or make the PDF."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "paper.pdf")
    parser.add_argument("--refresh", action="store_true", help="write the marked tables anew")
    parser.add_argument("--check", action="store_true", help="look for faults, build nothing")
    options = parser.parse_args(arguments)
    text, made = PAPER.read_text(encoding="utf-8"), tables()
    if options.refresh:
        text = refreshed(text, made)
        PAPER.write_text(text, encoding="utf-8")
    wrong = faults(text, BIBLIOGRAPHY.read_text(encoding="utf-8"), made)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    if not options.check:
        build(options.output)
        print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
