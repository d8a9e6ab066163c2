"""What MkDocs asks while it builds the site: pages that are made of texts which are elsewhere.

There is no second text: the README's sections, the notebooks with their stored outputs, the heads
of the files of models and mechanisms, and docstrings are where they are, and pages are made here.
"""

import pathlib
import re
import shutil

import claims
import formulas
import links
import readme
import reference_pages
import stored_notebooks
import theory
from mkdocs.structure.files import File, Files

ROOT = pathlib.Path(__file__).parents[2]


def _made() -> dict[str, str | bytes]:
    """Return the content of every page and picture that is made, by its path in the site."""
    found = {
        **claims.pages(),
        **theory.pages(),
        **reference_pages.pages(),
        **stored_notebooks.pages(),
    }
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        found[name.lower()] = readme.text(name)
    for path in sorted((ROOT / "notebooks" / "images").iterdir()):
        found[f"notebooks/images/{path.name}"] = path.read_bytes()
    return found


MADE: dict[str, str | bytes] = {}


def on_config(config):
    """Put pages that are made where the navigation has ``folder/*``."""
    readme.text.cache_clear()
    readme.sections.cache_clear()
    MADE.clear()
    MADE.update(_made())
    nav = []
    for entry in config.nav:
        ((title, target),) = entry.items()
        if target.endswith("/*"):
            folder = target.removesuffix("*")
            pages = [p for p in MADE if p.startswith(folder) and p.endswith(".md")]
            nav.append({title: _tree(pages, folder)})
        else:
            nav.append(entry)
    config.nav = nav
    config.markdown_extensions.append(formulas.Formulas())
    return config


def _tree(pages, folder):
    """Return pages of a folder, in their order; folders inside of it become sections."""
    entries, sections = [], {}
    for page in pages:
        inside, _, _ = page.removeprefix(folder).rpartition("/")
        if not inside:
            entries.append(page)
        elif inside not in sections:
            sections[inside] = []
            entries.append({inside.capitalize(): sections[inside]})
        if inside:
            name = page.rpartition("/")[2].removesuffix(".md")
            sections[inside].append({name: page} if inside == "models" else page)
    return entries


def on_files(files: Files, config) -> Files:
    """Add what is made to the files of the site."""
    for path, content in MADE.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    """Put the README's sections where a page asks for them, and make names into links."""
    here = page.file.src_uri
    if here not in MADE:  # what is written for readers comes first in a search
        page.meta.setdefault("search", {"boost": 2})
    markdown = re.sub(
        r"^<!-- README: (.+?) -->$", lambda m: readme.section(m[1]), markdown, flags=re.MULTILINE
    )
    markdown = claims.filled(markdown)
    return links.added(markdown, here, {file.src_uri for file in files})


def on_post_build(config):
    """Leave out what no page asks for: maps of scripts, and searches in other languages."""
    scripts = pathlib.Path(config.site_dir) / "assets" / "javascripts"
    shutil.rmtree(scripts / "lunr")
    for path in pathlib.Path(config.site_dir, "assets").rglob("*.map"):
        path.unlink()
