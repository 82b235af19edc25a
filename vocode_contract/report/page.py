"""The parts of an HTML page without scripts or remote assets: elements, sections, tables and styles."""

import base64
import hashlib
import html
from collections.abc import Iterable
from dataclasses import dataclass

from vocode_contract.contract.files import read_beside
from vocode_contract.validation.safe_text import inert

#: Elements without an end tag.
_VOID = frozenset(("input", "meta"))


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that is inserted into a page as it is."""

    text: str


Content = str | Markup | Iterable["Content"]


def element(tag: str, /, *content: Content, **attributes: str) -> Markup:
    """Return an element.

    Args:
        tag: Name of the element.
        content: Text is escaped, markup is not.
        attributes: Their values are escaped. In names, ``_`` stands for ``-``, and is dropped at the end.
    """
    pairs = "".join(f' {key.rstrip("_").replace("_", "-")}="{_escape(value)}"' for key, value in attributes.items())
    inner = "".join(map(_render, content))
    return Markup(f"<{tag}{pairs}>" if tag in _VOID else f"<{tag}{pairs}>{inner}</{tag}>")


def _render(content: Content) -> str:
    if isinstance(content, Markup):
        return content.text
    if isinstance(content, str):
        return _escape(content)
    return "".join(map(_render, content))


def _escape(text: str) -> str:
    return html.escape(inert(text))


def read_style(module: str = __file__, *names: str) -> str:
    """Return the style sheet that all pages share, followed by a page's own.

    Args:
        module: The ``__file__`` of the module beside which the page's own is.
        names: Its path from there; none for the shared style sheet only.
    """
    own = read_beside(module, *names) if names else b""
    # Browsers normalise line breaks before they compare its hash with the page's policy.
    return (read_beside(__file__, "base.css") + own).decode().replace("\r\n", "\n")


def render_page(title: str, main: Content, footer: str, *, rules: str = "") -> str:
    """Return a page without scripts or remote assets.

    Args:
        title: Title of the page.
        main: Its content.
        footer: A remark at its end.
        rules: Styles of this page only, which hold no data.
    """
    style = read_style(__file__, "report.css") + rules
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        Markup(f"<style>{style}</style>"),  # never data: HTML does not unescape it
    )
    body = element("body", element("main", main), element("footer", footer))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en').text}\n"


def render_section(title: str, *content: Content) -> Markup:
    """Return a section with a heading, which is a landmark and has an anchor."""
    anchor = make_anchor(title)
    return element("section", element("h2", title, id=anchor), *content, aria_labelledby=anchor)


def make_anchor(title: str) -> str:
    """Return the anchor of a section."""
    return title.lower().replace(" ", "-")


def render_counts(counts: Iterable[tuple[int, str, str]]) -> Markup:
    """Return counts as a list: each the number, what it counts, and the class that colours it."""
    items = (element("li", element("b", str(count)), f" {text}", class_=tone) for count, text, tone in counts)
    return element("ul", items, class_="counts")


def render_reasons(lines: Iterable[str]) -> Markup:
    """Return lines as a list."""
    return element("ul", (element("li", element("p", line)) for line in lines), class_="reasons")


def render_facts(facts: Iterable[tuple[str, Content]]) -> Markup:
    """Return pairs of a name and its value as a list."""
    return element("dl", (element("div", element("dt", name), element("dd", value)) for name, value in facts))


def render_sides(*sides: tuple[str, Content, str]) -> Markup:
    """Return blocks side by side: each a title, a content, and the class that colours it."""
    blocks = (element("div", element("h4", title), content, class_=tone) for title, content, tone in sides)
    return element("div", blocks, class_="sides")


def render_table(caption: str, titles: tuple[str, ...], body: Content, *, class_: str) -> Markup:
    """Return a table, which can be scrolled with the keyboard where it does not fit."""
    head = element("thead", element("tr", (element("th", title, scope="col") for title in titles)))
    table = element("table", element("caption", caption), head, body, class_=class_)
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label=caption)


def render_lines(lines: Iterable[str], marked: Iterable[int] = ()) -> Markup:
    """Return lines of code, some of them marked."""
    numbers = frozenset(marked)
    shown = (element("mark", line).text if number in numbers else _escape(line) for number, line in enumerate(lines))
    return element("pre", Markup("\n".join(shown)))
