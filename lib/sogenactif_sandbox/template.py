"""Page templates of shops: fragments of HTML in which the tag [SIPS] stands for the server's part.

Source: docs/payment-server.md, Appearance.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from markupsafe import Markup

from sogenactif_sandbox.shop_files import ShopFiles

TAG = "[SIPS]"
NOT_ALLOWED = re.compile(r"<\s*(/?html|/?head|/?form|/body)(?=[\s/>])", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
REFERENCES = ("src", "href", "background")
# The pages that may have a template of their own, by the last part of its name.
CAPTURE, ACCEPTED, REFUSED, INFORMATION = "CAPTURE", "ACCEPTED", "REFUSED", "3DINFO"
PAGES = (CAPTURE, ACCEPTED, REFUSED, INFORMATION)


@dataclass(frozen=True)
class Template:
    """Hold a template: the HTML before and after the server's part, and the attributes of its body."""

    before: Markup
    after: Markup
    body: Mapping[str, str]


class TemplateError(Exception):
    """Report a template that can't be used; ``faults`` say why, each in a few words."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def names(templatefile: str, page: str) -> list[str]:
    """Return the names of a page's template file: the first installed one is used."""
    own = {"": [], INFORMATION: [f"{templatefile}.{INFORMATION}", f"{templatefile}.{CAPTURE}"]}
    return [*own.get(page, [f"{templatefile}.{page}"]), templatefile]


def faults(shop_files: ShopFiles, merchant_id: str, templatefile: str) -> list[str]:
    """Return why a template can't be used, on any page: it isn't installed, or is wrong."""
    paths = {}
    for name in dict.fromkeys(name for page in PAGES for name in names(templatefile, page)):
        path = shop_files.find(merchant_id, name)
        if path:
            paths[name] = path
    wrong = [] if paths else [f"{templatefile} is not installed"]
    for name, path in paths.items():
        try:
            parse(path.read_bytes())
        except TemplateError as error:
            wrong += [f"{name}: {fault}" for fault in error.faults]
    return wrong


def find(shop_files: ShopFiles, merchant_id: str, templatefile: str, page: str) -> Template | None:
    """Return the template of a page, None if the shop has none for it. Raises TemplateError."""
    for name in names(templatefile, page):
        path = shop_files.find(merchant_id, name)
        if path:
            return parse(path.read_bytes())
    return None


def parse(content: bytes) -> Template:
    """Return a template from its file, in UTF-8 or else Latin-1. Raises TemplateError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    reader = _Reader()
    # Parsers disagree on marked sections, and those of some Pythons fail on them.
    if "<![" in COMMENT.sub("", text):
        raise TemplateError(["a marked section (<![) is not allowed"])
    reader.feed(text)
    reader.close()
    faults = list(reader.faults)
    if text.count(TAG) != 1:
        faults.append(f"{TAG} stands in it {text.count(TAG)} times, and must stand once")
    faults += [f"<{name.lower()}> is not allowed" for name in dict.fromkeys(NOT_ALLOWED.findall(text))]
    if len(BODY.findall(text)) > 1:
        faults.append("<body> is opened more than once")
    if faults:
        raise TemplateError(faults)
    before, _, after = BODY.sub("", text).partition(TAG)
    return Template(Markup(before), Markup(after), reader.body)


class _Reader(HTMLParser):
    """Read the attributes of the body, and the files that the template names."""

    def __init__(self) -> None:
        super().__init__()
        self.body: dict[str, str] = {}
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "body":
            self.body = values
        for name in REFERENCES:
            file = values.get(name, "")
            if "/" in file and not re.match(r"https?://|//", file) and tag != "a":
                self.faults.append(f"{file} is in a sub-folder")
