"""The form, the pages and the debug report, from Jinja templates.

Templates are compiled once for all processes, beside themselves, and again when they are edited.
"""

import contextlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache, partial

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, Template
from jinja2.bccache import Bucket
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

from sogenactif.configuration import Pathfile
from sogenactif.dates import format_day
from sogenactif.escape import entities
from sogenactif.files import ROOT as ROOT
from sogenactif.files import cached_until_changed
from sogenactif.money import format_amount
from sogenactif.payment import PaymentRequest
from sogenactif.texts import HTML_LANGUAGE, texts

TEMPLATES = f"{ROOT}/templates"
LINE_END = re.compile(r"\s*\n\s*")


def form(request: PaymentRequest, pathfile: Pathfile) -> Markup:
    """Return the form that posts DATA, with a button for each means of payment: HTML 4 on one line."""
    language = request.fields.get("language", "")
    constant = {
        "blocks": request.blocks,
        "align": request.fields["block_align"],
        "headers": request.headers,
        "logos": pathfile.logos,
        "extension": pathfile.logo_extension,
        "badges": _without_logo(request, pathfile.logo_extension) if pathfile.logo_type else (),
    }
    # In one form for all means, nothing of the buttons is of this order.
    same = request.shop_offers_means and request.posts.keys() == {""}
    return _render(
        "form.html",
        request=request,
        posts=request.posts,
        text=_texts(language),
        amount=format_amount(
            request.fields["amount"], request.fields["currency_code"], HTML_LANGUAGE.get(language, "en")
        ),
        buttons=_rendered_once(ENVIRONMENT.get_template("means.html"), language, **constant) if same else "",
        **constant,
    )


def page(
    template: str, language: str, nonce: str, shop_name: str = "", shop_url: str = "", /, **values: object
) -> bytes:
    """Return a page in the customer's language, UTF-8; ``nonce`` is that of its style sheet.

    ``shop_name`` heads it, and leads to ``shop_url`` if that isn't empty.
    """
    html_language = HTML_LANGUAGE.get(language, "en")
    html = _render(
        template,
        text=_texts(language),
        style=_rendered_once(ENVIRONMENT.get_template("style.css"), ""),
        language=html_language,
        nonce=nonce,
        amount=partial(format_amount, language=html_language),
        day=partial(format_day, language=html_language),
        shop_name=shop_name or shop_url.partition("//")[2].partition("/")[0],
        shop_url=shop_url,
        **values,
    )
    return b"<!DOCTYPE html>" + html.encode()


def report(title: str, sections: Sequence[tuple[str, Mapping[str, str]]]) -> Markup:
    """Return the report of the debug mode, titled tables of names and values: HTML 4 on one line."""
    return _render("debug.html", title=title, sections=sections)


def compile_templates() -> None:
    """Compile every template ahead of its first use, if this process may write beside them."""
    for name in ENVIRONMENT.list_templates(extensions=["html", "css"]):
        ENVIRONMENT.get_template(name)


def _render(template: str, **values: object) -> Markup:
    return Markup(ENVIRONMENT.get_template(template).render(**values))


@lru_cache(maxsize=256)
def _rendered_once(template: Template, language: str, **values: object) -> Markup:
    """Return a part of a page that is the same for many; an edited template is another one."""
    return Markup(template.render(text=_texts(language), posts=(), **values))


def _finalize(value: object) -> Markup:
    # Markup's own constructor looks for a method of the text first, which costs more than all the rest here.
    return value if isinstance(value, Markup) else str.__new__(Markup, entities(str(value)))


@cache
def _texts(language: str) -> dict[str, Markup]:
    return {name: _finalize(text) for name, text in texts(language).items()}


def _without_logo(request: PaymentRequest, extension: str) -> tuple[str, ...]:
    """Return the means of payment without a logo here; a shop with its own logos sets no LOGO_TYPE."""
    means = dict.fromkeys(name for block in request.blocks for name in block.means)
    logos = _logos(f"{ROOT}/logos")
    return tuple(name for name in means if f"{name}.{extension}" not in logos)


@cached_until_changed
def _logos(folder: str) -> frozenset[str]:
    with contextlib.suppress(OSError):
        return frozenset(os.listdir(folder))
    return frozenset()


class OneLine(Environment):
    """Leave out the line ends and indents of templates, so that the result is one line.

    An extension of Jinja's could do so too, but its base class takes long to load.
    """

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        stream = super()._tokenize(source, name, filename, state)
        return TokenStream(map(_on_one_line, stream), name, filename)


def _on_one_line(token: Token) -> Token:
    return Token(token.lineno, "data", LINE_END.sub("", token.value)) if token.type == "data" else token


class Compiled(FileSystemBytecodeCache):
    """Cache compiled templates in a folder beside them, as Python does with modules."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        # A user who may not write there compiles each time, as Python does.
        with contextlib.suppress(OSError):
            os.makedirs(self.directory, exist_ok=True)
            super().dump_bytecode(bucket)
            os.chmod(self._get_cache_filename(bucket), 0o644)


ENVIRONMENT = OneLine(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finalize,
    bytecode_cache=Compiled(f"{TEMPLATES}/__pycache__", f"%s.{sys.implementation.cache_tag}"),
)
