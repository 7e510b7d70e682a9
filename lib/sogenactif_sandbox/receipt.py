"""receipt_complement: HTML of the shop's, shown on the receipt as it is but for what could act.

Source: spec of the payment server, The receipt.
"""

import re
from html.parser import HTMLParser

from markupsafe import Markup

from sogenactif.escape import entities

# fmt: off
ELEMENTS = frozenset((
    "tr", "td", "th", "b", "i", "u", "s", "p", "br", "em", "strong", "small", "big", "span", "div", "font",
    "center", "sub", "sup", "tt", "code", "ul", "ol", "li", "hr", "h2", "h3", "h4",
))
ATTRIBUTES = frozenset((
    "align", "valign", "colspan", "rowspan", "nowrap", "width", "height", "bgcolor", "color", "size", "class", "lang",
    "dir",
))
# fmt: on
EMPTY = frozenset(("br", "hr"))
UNSHOWN = frozenset(("script", "style", "title", "iframe", "noscript", "template", "textarea", "object"))

# Comments, declarations and marked sections are never shown; the parser fails on some of the last.
DECLARATION = re.compile(r"<!--.*?-->|<[!?][^>]*>?", re.DOTALL)


def rows(html: str) -> Markup:
    """The table rows of a receipt_complement: harmless elements, each one closed, the rest as text or left out."""
    cleaner = _Cleaner()
    cleaner.feed(DECLARATION.sub(" ", html))
    cleaner.close()
    return Markup("".join([*cleaner.parts, *(f"</{tag}>" for tag in reversed(cleaner.open))]))


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSHOWN:
            self.unshown += 1
        if tag not in ELEMENTS or self.unshown:
            return
        kept = "".join(f' {name}="{entities(value or "")}"' for name, value in attrs if name in ATTRIBUTES)
        self.parts.append(f"<{tag}{kept}>")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSHOWN:
            self.unshown = max(self.unshown - 1, 0)
        while tag in self.open:
            closed = self.open.pop()
            self.parts.append(f"</{closed}>")
            if closed == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self.unshown:
            self.parts.append(entities(data))
