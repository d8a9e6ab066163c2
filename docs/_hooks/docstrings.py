"""Docstrings as they are when nege runs: those of models have parameters made of their fields."""

import functools
import importlib
import inspect
import itertools
import re

import griffe
import links


class Docstrings(griffe.Extension):
    """Take what ``help`` shows, and turn its references into links."""

    def on_class(self, *, cls, loader, **kwargs):
        """Take the docstring that a class has, and the signature of its constructor."""
        found = getattr(importlib.import_module(cls.module.path), cls.name, None)
        if isinstance(found, type) and found.__doc__:
            self._set(cls, inspect.cleandoc(found.__doc__), loader)

    def on_class_members(self, *, cls, **kwargs):
        """Give a class the constructor that its base makes of its fields.

        None is shown of what functions make, a result, which nobody constructs.
        """
        found = getattr(importlib.import_module(cls.module.path), cls.name, None)
        if not isinstance(found, type) or "__init__" not in vars(found):
            return
        sections = {*re.findall(r"^ *([A-Z]\w+)\n *-+$", found.__doc__ or "", re.MULTILINE)}
        if "Attributes" in sections and "Parameters" not in sections:
            cls.decorators.clear()
            cls.members.pop("__init__", None)
        elif "__init__" not in cls.members and not cls.decorators:
            cls.set_member("__init__", _constructor(found, cls))

    def on_function(self, *, func, loader, **kwargs):
        """Turn references of a function's docstring into links."""
        if func.docstring:
            self._set(func, func.docstring.value, loader)

    def on_attribute(self, *, attr, loader, **kwargs):
        """Turn references of a property's docstring into links."""
        if attr.docstring:
            self._set(attr, attr.docstring.value, loader)

    def _set(self, obj, text, loader):
        obj.docstring = _Docstring(
            links.of_docstring(text),
            lineno=obj.docstring.lineno if obj.docstring else obj.lineno,
            endlineno=obj.docstring.endlineno if obj.docstring else obj.endlineno,
            parent=obj,
            parser=loader.docstring_parser,
            parser_options=loader.docstring_options,
        )


class _Docstring(griffe.Docstring):
    """A docstring in which parameters that are said together stay together."""

    @functools.cached_property
    def parsed(self):
        sections = self.parse()
        for section in sections:
            if section.kind is griffe.DocstringSectionKind.parameters:
                alike = itertools.groupby(section.value, key=lambda one: one.description)
                section.value = [_together([*ones]) for _, ones in alike]
        return sections


def _together(ones):
    """Return parameters of one description as one, without the type of whichever is first."""
    first = ones[0]
    if len(ones) > 1:
        first.name = ", ".join(one.name for one in ones)
        first.annotation = first.value = None
    return first


def _constructor(found, cls):
    """Return the constructor that a class makes of its fields."""
    made = griffe.Function("__init__", parent=cls)
    made.parameters = griffe.Parameters(
        griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword),
        *(
            griffe.Parameter(
                name,
                kind=griffe.ParameterKind[of.kind.name.lower()],
                default=None if of.default is of.empty else repr(of.default),
            )
            for name, of in inspect.signature(found).parameters.items()
        ),
    )
    return made
