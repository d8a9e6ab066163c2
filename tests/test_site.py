"""The site's pages are made of what is elsewhere, and nothing is lost on the way."""

import html
import json
import re

import heads
import links
import public_names
import pytest
import readme
import reference_pages
import stored_notebooks
import theory

import nege
from nege.models.shipped import SHIPPED

pytestmark = pytest.mark.closed_form

FILES = {path.stem: path for _, _, paths in theory._pages() for path in paths}
#: What typesetting writes otherwise, and what it was.
ENTITIES = {
    **{"ge": ">=", "le": "<=", "ne": "!=", "rarr": "->", "times": "*", "middot": "*", "sim": "~"},
    **{"hellip": "..", "sum": "sum", "prod": "prod", "radic": "sqrt", "infin": "inf"},
    **{"minus": "-", "ndash": "-", "#772": "bar", "#770": "hat"},
    **{name: name for name in heads.GREEK - {"eps"}},
}
SIGNS = {html.unescape(f"&{entity};"): was for entity, was in ENTITIES.items()}


def _back(page):
    """Return what a typeset head says, as letters, digits and signs in their order."""
    shown = html.unescape(re.sub(r"<[^>]+>", "", page))
    return "".join(SIGNS.get(sign, sign) for sign in shown)


def _bare(text):
    """Return a text without what typesetting shows by place instead: brackets of what is raised."""
    text = re.sub(r"\beps(?=\b|_|\^|\d)", "epsilon", text).replace("...", "..")
    return re.sub(r"[\s()_^{}`]", "", text)


@pytest.mark.parametrize("name", FILES)
def test_typesetting_a_head_loses_nothing_and_adds_nothing(name):
    text = theory.head(FILES[name])[2]
    made = heads.typeset(text)
    assert _bare(_back(made)) == _bare(text)
    assert text.count("(") >= html.unescape(made).count("(")
    assert made.count("<sub>") == made.count("</sub>")


def test_equations_are_typeset():
    def of(text):
        return heads.typeset(f"    {text}")

    assert "<i>T</i><sub><i>rs</i></sub><sup>1&minus;<i>&sigma;</i></sup>" in of("T_rs^(1-sigma)")
    assert "&sum;<sub><i>r</i></sub> <i>&lambda;</i><sub><i>r</i></sub>" in of("sum_r lambda_r")
    assert "<i>&kappa;</i><sup><i>m</i></sup><sub><i>ni</i></sub>" in of("kappa^m_ni")
    assert "<i>h</i><sub><i>p</i></sub><sup><i>&mu;</i><sub><i>k</i></sub></sup>" in of("h_p^mu_k")
    assert "firm_mass" in of("``firm_mass``, firm_mass of firms")
    two = of("Y_s   = mu w_s            income")
    assert two.count("<td") == 3


@pytest.mark.parametrize(
    ("prose", "stays"),
    [
        ("as a firm of the city", True),
        ("Krugman, P. & Venables, A. J. (1999)", True),
        ("co-located, Cobb-Douglas, region's", True),
        ("what that hat is", True),
        ("where sigma is large", False),
        ("a price p_r", False),
    ],
)
def test_words_of_prose_stay_words(prose, stays):
    assert (html.unescape(heads.typeset_line(prose)) == prose) is stays


def test_every_model_and_mechanism_has_its_page():
    assert {*theory.OF_MODELS} == {*SHIPPED}
    stems = {path.stem for path in theory.MECHANISMS.glob("*.py")}
    assert stems - theory.FRAME - {*theory.BELONGS} == {path.stem for path in theory.mechanisms()}
    assert stems >= theory.FRAME | {*theory.BELONGS}
    classes = {
        name for name in nege.mechanisms.__all__ if isinstance(getattr(nege.mechanisms, name), type)
    }
    told = {one for path in theory.mechanisms() for one in theory._classes(path, path.stem)}
    assert classes - {one.rpartition(".")[2] for one in told} == {"Mechanism", "Own", "Wedge"}


def test_every_public_name_is_in_the_reference_once():
    listed = [
        re.findall(r"^::: (\S+)$", page, re.MULTILINE) for page in reference_pages.pages().values()
    ]
    found = [name for names in listed for name in names]
    assert len(found) == len({*found})
    expected = {f"nege.{name}" for name in nege.__all__ if not name.startswith("__")}
    for module in public_names.MODULES:
        expected |= {f"nege.{module}.{name}" for name in getattr(nege, module).__all__}
    expected -= {f"nege.{module}" for module in public_names.MODULES}
    assert {*found} == expected.union(*reference_pages.REACHED.values())


def test_sections_of_the_readme_are_there_or_it_says_which_are():
    assert readme.section("Words").startswith("What a student")
    with pytest.raises(KeyError, match="no section 'Wrods'"):
        readme.section("Wrods")


def test_heads_name_sources_that_a_reader_can_find_and_link_to_claims():
    for path in theory.mechanisms():
        assert not re.search(r"\w+\.md\b", " ".join(theory.head(path))), path
    (sunk,) = [text for page, text in theory.pages().items() if page.endswith("/sunk.md")]
    assert '(<a href="../../claims.html#claim-n3">N3</a>, ' in sunk


def test_names_become_links_but_not_in_code():
    text = (
        "# `nege.solve`\n\n`nege.solve(model)` in `03_bifurcations`\n\n```python\n`nege.x`\n```\n"
        "| `Helpman` | `mech.Tariff(0.1)` |\n"
    )
    pages = {"notebooks/03_bifurcations.md", "theory/models/Helpman.md"}
    made = links.added(text, "a/b.md", pages)
    assert made == text.replace(
        "`nege.solve(model)` in `03_bifurcations`",
        "[`nege.solve(model)`][nege.solve] in [`03_bifurcations`](../notebooks/03_bifurcations.md)",
    ).replace(
        "`Helpman` | `mech.Tariff(0.1)`",
        "[`Helpman`](../theory/models/Helpman.md) | [`mech.Tariff(0.1)`][nege.mechanisms.Tariff]",
    )


def _notebook(tmp_path, **metadata):
    picture = {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "10%\r\x1b[32m100%\x1b[0m\n"},
        {"output_type": "display_data", "data": picture if metadata.pop("drawn", True) else {}},
    ]
    cell = {"cell_type": "code", "source": "draw()", "metadata": metadata, "outputs": outputs}
    path = tmp_path / "01_one.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return path


def test_notebooks_are_shown_with_what_they_are_stored_with(tmp_path):
    made = stored_notebooks.Notebook(_notebook(tmp_path, tags=["gallery"], title="A picture"))
    assert made.pictures == {"notebooks/pictures/01_one-1.png": b"hello"}
    assert "```python\ndraw()\n```" in made.page
    assert "100%" in made.page
    assert "10%\r" not in made.page
    assert "\x1b" not in made.page
    assert "01_one-1.png" in made.page
    assert "\n## A picture\n" in made.gallery[0]
    assert "    draw()" in made.gallery[0]


@pytest.mark.parametrize(
    ("metadata", "lacks"),
    [({"drawn": False, "title": "A picture"}, "a stored picture"), ({}, "a title")],
)
def test_a_gallery_without_a_picture_or_a_title_is_refused(tmp_path, metadata, lacks):
    with pytest.raises(ValueError, match=lacks):
        stored_notebooks.Notebook(_notebook(tmp_path, tags=["gallery"], **metadata))
