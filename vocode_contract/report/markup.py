"""Markup: HTML made of elements, in which a text can't become anything but text.

A template library would be one more dependency of whoever only wants a page. What one is good for,
that nobody forgets to escape, the types hold here: a `str` is escaped and `inert` wherever it stands.
"""

import html
from collections.abc import Iterator
from dataclasses import dataclass

from vocode_contract.validation.safe_text import inert

#: Elements without an end tag.
_VOID = frozenset(("meta",))


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that is fit to stand in a page as it is.

    Attributes:
        text: The HTML.
    """

    text: str


Content = str | Markup | Iterator["Content"]


def element(tag: str, /, *content: Content, **attributes: str) -> Markup:
    """Return an element.

    Args:
        tag: Name of the element.
        content: Text is escaped, markup is not.
        attributes: Their values are escaped; a name may end in ``_``, and has ``-`` for any other.
    """
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"' for key, value in attributes.items())
    inner = "".join(map(_markup, content))
    return Markup(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{inner}</{tag}>")


def style(css: str) -> Markup:
    """Return an element ``style``, whose content HTML does not unescape: CSS of our own, never data."""
    return Markup(f"<style>{css}</style>")


def _markup(content: Content) -> str:
    if isinstance(content, Markup):
        return content.text
    if isinstance(content, str):
        return _escaped(content)
    return "".join(map(_markup, content))


def _escaped(text: str) -> str:
    return html.escape(inert(text))
