"""The paper's claims with their verdicts, made of nege's registry and stored findings.

``<!-- claims: 2.1 -->`` on a page stands for a table of the claims of that section; ``claims.md``
has all that is known of each.
"""

import functools
import re

import numpy as np

import nege
from nege.laboratory.claim import NotModelled
from nege.laboratory.page import SECTIONS
from nege.laboratory.registry import registry

ASKED = re.compile(r"^<!-- claims: (\S+) -->$", re.MULTILINE)
ALL = "claims.md"
FILES = {"Tariff": "tax"}  # mechanisms that are in the file of another
TURN = {"search_cost", "digital_cost", "productivity", "digitisability"}


@functools.cache
def found():
    """Return what was found of every claim, by its number."""
    data = nege.claims().data
    return {str(n): data.sel(claim=n) for n in data.claim.values}


def verdict(number):
    """Return the verdict of a claim, and on how many draws it holds."""
    row = found()[number]
    of = int(row.of)
    return str(row.verdict.values), f"{float(row.share):.0%} of {of}" if of else ""


def of_section(section):
    """Return the numbers of the claims of a section of the paper."""
    if section not in SECTIONS:
        raise KeyError(f"no section {section!r} with claims; there are {', '.join(SECTIONS)}")
    return [number for number, claim in registry().items() if claim.section == section]


def table(section):
    """Return the claims of a section: words, what moves, verdict, and where it holds."""
    lines = [
        "| claim | the paper says | what moves | verdict | holds on |",
        "|---|---|---|---|---|",
    ]
    for number in of_section(section):
        claim = registry()[number]
        name = f"[{number}]({ALL}#claim-{number.lower()})"
        cells = (name, claim.words, moved(claim), *verdict(number))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def moved(claim):
    """Say which mechanisms its economy has beside those of every economy, and what changes."""
    if isinstance(claim, NotModelled):
        return ""
    run = claim.experiment
    economy = run.model()
    added = dict.fromkeys(type(one).__name__ for one in getattr(economy, "mechanisms", {}).values())
    names = dict.fromkeys(name for state in run.states.values() for name in state)
    if run.path is not None:
        path = {str(name) for name in run.path(economy).data_vars}
        names = {"the digital turn": None} if path == TURN else {**names, **dict.fromkeys(path)}
    words = [name if " " in name else f"`{name}`" for name in names]
    return ", ".join(words) + (f" (with {', '.join(map(_link, added))})" if added else "")


def _link(kind):
    file = FILES.get(kind, re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower())
    return f"[{kind}](theory/mechanisms/{file}.md)"


def filled(markdown):
    """Return a page with the tables that it asks for."""
    return ASKED.sub(lambda asked: table(asked[1]), markdown)


def pages():
    """Return the page with all that is known of every claim."""
    data = nege.claims().data
    about = f"{data.sizes['draw']} draws of the prior *{data.attrs['prior']}*"
    parts = [f"# Claims, one by one\n\nWhat [From paper to code](paper.md) sums up; {about}.\n"]
    for section, title in SECTIONS.items():
        parts.append(f"## {section} {title}\n")
        parts += [_claim(number) for number in of_section(section)]
    return {ALL: "\n".join(parts)}


def _claim(number):
    claim, row, (said, draws) = registry()[number], found()[number], verdict(number)
    facts = []
    if draws:
        facts += [f"Predicts that {claim.predicts}.", f"Examined in {row.examined.item()}."]
        facts += [
            f"{name}: {row[key].item()}."
            for name, key in (
                ("Holds", "condition"),
                ("What decides", "decisive"),
                ("Nearest flip", "nearest"),
                ("Of the draws", "beside"),
            )
            if row[key].item().strip()
        ]
        said += f", holds on {draws} draws"
    data = nege.claims().data
    for at in np.flatnonzero(data.flip_claim.values == number):
        held, of = int(data.flip_held[at]), int(data.flip_of[at])
        facts.append(f"Where {data.flip_words.values[at]} it holds on {held} of {of} draws.")
    listed = "\n".join(f"- {fact}" for fact in [*facts, claim.why]).replace("<", "&lt;")
    head = f"### Claim {number} {{ #claim-{number.lower()} }}"
    return f"{head}\n\n*{claim.words}* **{said.capitalize()}.**\n\n{listed}\n"
