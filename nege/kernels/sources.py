"""Which source files compiled code is made of: a file and what it imports, as far down as it goes.

The imports are found by parsing, never by running anything, and those inside functions count.
Followed are this package, the package of the importing file, and files that are not installed (a
model being written). Of another installed package, NumPy for one, size and date of its first file
stand for its version.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.util
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

#: An import where a statement can begin, to its end or that of its brackets.
IMPORT = re.compile(r"[\n;:][ \t\f]*((?=from\b|import\b)[^\n(;]*(?:\([^)]*\))?)")
PACKAGE = __name__.partition(".")[0]
INSTALLED = {"site-packages", "dist-packages"}

Stamp = tuple[int, int]
#: The files that declare kernels, as they were then: what this process runs.
_declared: dict[Path, Stamp] = {}
_started = time.time_ns()


def declare(file: Path) -> None:
    """Note that a file declares a kernel."""
    with contextlib.suppress(OSError):
        _declared[file] = _stamp(file)
    for known in (digest, _read, _find, _package):
        known.cache_clear()


@functools.cache
def digest(files: frozenset[Path]) -> bytes | None:
    """Digest of the files and of all that they import.

    None where the files are not those that this process runs: code of a file that was edited
    after its import would pass for code of the edited one.
    """
    found: set[Path] = set()
    parts: set[bytes] = set()
    waiting = set(files)
    while waiting:
        file = waiting.pop()
        found.add(file)
        try:
            contents, imported = _read(file)
        except (OSError, SyntaxError, ValueError):
            return None
        parts |= contents
        waiting |= imported - found
    return hashlib.sha256(b"".join(sorted(parts))).digest()


def _stamp(file: Path) -> Stamp:
    found = file.stat()
    return found.st_mtime_ns, found.st_size


@functools.cache
def _read(file: Path) -> tuple[set[bytes], set[Path]]:
    """Return digests, of a file and of versions of other packages, and the files it imports."""
    stamp = _stamp(file)
    if _declared.get(file, stamp) != stamp or (file not in _declared and stamp[0] > _started):
        raise ValueError(f"{file} was edited after its import")
    contents, wanted = _parsed(file, stamp)
    imported, parts = set(), {contents}
    for level, names in wanted:
        found = next(filter(None, (_find(file.parent, level, name) for name in names)), None)
        if isinstance(found, Path):
            imported.add(found)
        elif found:
            parts.add(hashlib.sha256(repr(found).encode()).digest())
    return parts, imported


@functools.lru_cache(4096)
def _parsed(file: Path, stamp: Stamp) -> tuple[bytes, set[tuple[int, tuple[str, ...]]]]:
    """Return the digest of a file and the modules that it imports."""
    source = file.read_bytes()
    return hashlib.sha256(source).digest(), set(_wanted(source))


def _wanted(source: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the modules that a file imports: how far up from it, and a name or alternatives."""
    for node in _imports(source):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                yield from ((0, (".".join(parts[:n]),)) for n in range(1, len(parts) + 1))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            for alias in node.names:  # a module, or something inside of one
                yield node.level, (f"{base}.{alias.name}".strip("."), base)


def _imports(source: bytes) -> Iterator[ast.AST]:
    """Parse the imports alone, 20 times faster, or all where they cannot be cut out."""
    try:
        nodes = ast.parse("\n".join(IMPORT.findall(f"\n{source.decode()}"))).body
        if all(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes):
            return iter(nodes)
    except (SyntaxError, UnicodeDecodeError):
        pass
    return ast.walk(ast.parse(source))


@functools.cache
def _find(importing: Path, level: int, name: str) -> Path | tuple[str, Stamp] | None:
    """Return the file of a module, or the stamp of an installed package; never import it."""
    if level:
        return _source((importing / "_").parents[level - 1].joinpath(*name.split(".")))
    top, *rest = name.split(".")
    origin, folders = _package(top)
    if origin is None:
        return None
    own = top == PACKAGE or any(importing.is_relative_to(folder) for folder in folders)
    if not (own or INSTALLED.isdisjoint(origin.parts)) or not (folders or origin.suffix == ".py"):
        return top, _stamp(origin)
    if not folders:
        return origin
    return next(filter(None, (_source(folder.joinpath(*rest)) for folder in folders)), None)


@functools.cache
def _package(top: str) -> tuple[Path | None, list[Path]]:
    """Return the file that a package or a single module begins with, and the folders it fills."""
    with contextlib.suppress(ImportError, ValueError):  # what runs as the program has no spec
        spec = None if top in sys.stdlib_module_names else importlib.util.find_spec(top)
        if spec is not None:
            folders = [Path(path).absolute() for path in spec.submodule_search_locations or ()]
            return Path(spec.origin).absolute() if spec.origin else folders[0], folders
    return None, []


def _source(path: Path) -> Path | None:
    found = (path / "__init__.py", path.parent / f"{path.name}.py")
    return next(filter(Path.is_file, found), None)
