"""The field receipt_complement: HTML of the shop, cleaned for the receipt.

Source: docs/payment-server.md, The receipt.
"""

import re

from markupsafe import Markup

from sogenactif.fields import readable

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
UNSHOWN = frozenset(("script", "style", "title", "iframe", "noscript", "template", "textarea", "object"))

# The parser accepts rows only within a table; the receipt has its own around them.
BEGIN, END = "<table><tbody>", "</tbody></table>"
TABLE = re.compile(r"</?(?:table|tbody|thead|tfoot|caption|colgroup|col)\b[^>]*>", re.IGNORECASE)


def rows(html: str) -> Markup:
    """Return the table rows of a receipt_complement: harmless elements, each closed; other content becomes a row."""
    if not html:
        return Markup("")
    import nh3  # pages without the field can be previewed without nh3

    cleaned = nh3.clean(
        f"{BEGIN}{TABLE.sub('', readable(html))}{END}",
        tags={*ELEMENTS, "table", "tbody"},
        clean_content_tags=set(UNSHOWN),
        attributes={"*": set(ATTRIBUTES)},
        link_rel=None,
    )
    outside, _, rest = cleaned.partition(BEGIN)
    inside, _, _ = rest.rpartition(END)
    outside = f'<tr><td colspan="2">{outside}</td></tr>' if outside.strip() else ""
    return Markup(outside + inside)
