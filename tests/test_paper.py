"""The paper says what nege says today: counts, figures, pictures, references; no PDF is made."""

import importlib.util
import pathlib

import pytest

pytestmark = pytest.mark.closed_form

FILE = pathlib.Path(__file__).parents[1] / "paper" / "build.py"
SPEC = importlib.util.spec_from_file_location("paper_build", FILE)
build = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(build)


@pytest.fixture(scope="module")
def paper():
    bibliography = build.BIBLIOGRAPHY.read_text(encoding="utf-8")
    return build.PAPER.read_text(encoding="utf-8"), bibliography, build.tables()


def test_the_paper_has_no_fault(paper):
    assert build.faults(*paper) == []


def test_every_claim_is_counted_once(paper):
    _, _, made = paper
    rows = [build._cells(line) for line in made["claims"].splitlines() if line.startswith("| ")]
    counted = sum(int(cell) for row in rows[2:] for cell in row[1:])
    assert f" as {counted} experiments" in made["claims"]


#: What is changed in the paper or in its bibliography, and what is said about it.
FAULTS = {
    "a citation that leads nowhere": ("[@krugman1991;", "[@nobody1991;", "nobody1991 is cited"),
    "a key that is not cited": ("@allen2014 and", "Allen and", "allen2014 is in the bibliography"),
    "a picture that is missing": ("images/online_share.png", "images/none.png", "is missing"),
    "a section that is missing": ("# Statement of need", "# Needs", "no section 'Statement of"),
    "a table that was edited": ("| 5 Policies | ", "| 5 Policies | 1", "The table claims is not"),
    "a figure that was edited": (
        "1000 regions: easy, hard | ",
        "1000 regions: easy, hard | 9",
        "The table speed is not today's",
    ),
    "a paper that is too long": ("# Limitations", "word " * 1000 + "\n\n# Limitations", "words;"),
    "nobody who wrote it": ("\nauthors:\n", "\nwriters:\n", "no authors"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(paper, fault):
    text, bibliography, made = paper
    old, new, said = FAULTS[fault]
    assert old in text
    found = build.faults(text.replace(old, new, 1), bibliography, made)
    assert any(said in one for one in found), found


def test_a_key_that_is_there_twice_is_found(paper):
    text, bibliography, made = paper
    again = bibliography + "\n@misc{tan2022,\n}\n"
    assert build.faults(text, again, made) == ["tan2022 is in the bibliography more than once."]


def test_refreshing_writes_the_tables_and_nothing_else(paper):
    text, _, made = paper
    stale = text.replace("| 5 Policies | ", "| 5 Policies | 1").replace("easy, hard | ", "easy | ")
    assert stale != text
    assert build.refreshed(stale, made) == build.refreshed(text, made) == text


def test_a_claim_of_an_unknown_section_is_an_error(monkeypatch):
    monkeypatch.delitem(build.CHAPTERS, "5")
    with pytest.raises(ValueError, match="no row or column for"):
        build.claims_table()
