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
from sogenactif.escape import html_entities
from sogenactif.files import ROOT as ROOT
from sogenactif.files import cached_until_changed
from sogenactif.money import format_amount
from sogenactif.payment import PaymentRequest, PaymentResponse
from sogenactif.texts import HTML_LANGUAGE, texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.instalments import Instalment

TEMPLATES = f"{ROOT}/templates"
LINE_END = re.compile(r"\s*\n\s*")


class Page:
    """Hold a page: its HTML in UTF-8, and the nonce of its style sheet."""

    def __init__(self, html: bytes, nonce: str) -> None:
        self.html = html
        self.nonce = nonce

    def __repr__(self) -> str:
        return f"<Page of {len(self.html)} bytes>"


def request_page(
    request: PaymentRequest,
    pathfile: Pathfile,
    *,
    lines: Sequence[tuple[str, int]],
    schedule: "Sequence[Instalment]",
    under_way: str,
    report: str = "",
) -> Page:
    """Return the page of an order: its ``lines``, its instalments if there are any, and the form.

    ``under_way`` is the state of another payment of the order: waiting, pending, accepted, or empty if there is none.
    """
    return _page(
        "call_request.html",
        request.fields.get("language", ""),
        pathfile,
        fields=request.fields,
        lines=lines,
        schedule=schedule,
        choice=request.shop_offers_means,
        under_way=under_way,
        form=form(request, pathfile),
        report=report,
    )


def paid_page(order_id: str, language: str, pathfile: Pathfile) -> Page:
    """Return the page of an order that is paid, without a form."""
    return _page("paid.html", language, pathfile, order=order_id)


def response_page(
    response: PaymentResponse,
    pathfile: Pathfile,
    *,
    language: str,
    state: str,
    reason: str,
    schedule: "Sequence[Instalment]",
    next_page: str,
    retry_page: str,
    report: str = "",
) -> Page:
    """Return the page that a customer comes back to.

    ``state`` is the outcome, or soft_decline; ``reason`` is the refusal of a payment in the state refused, else
    empty. The addresses are those of the shop's next page, and of another try, empty if there is to be none.
    """
    return _page(
        "call_response.html",
        language,
        pathfile,
        state=state,
        reason=reason,
        response=response,
        schedule=schedule,
        next_page=next_page,
        retry_page=retry_page,
        report=report,
    )


def error_page(name: str, incident: str, language: str, pathfile: Pathfile | None) -> Page:
    """Return the page of a failure: ``name`` is that of its texts, ``pathfile`` is None if it can't be read."""
    return _page("error.html", language, pathfile, name=name, incident=incident)


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
    # If one form serves for all means, its buttons don't depend on the order.
    are_shared = request.shop_offers_means and request.posts.keys() == {""}
    return _render(
        "form.html",
        request=request,
        posts=request.posts,
        text=_texts(language),
        amount=format_amount(
            request.fields["amount"], request.fields["currency_code"], HTML_LANGUAGE.get(language, "en")
        ),
        buttons=_rendered_once(ENVIRONMENT.get_template("means.html"), language, **constant)
        if are_shared
        else "",
        **constant,
    )


def _page(template: str, language: str, pathfile: Pathfile | None, /, **values: object) -> Page:
    """Return a page in the customer's language; the shop's name heads it, and leads to the shop's address."""
    html_language, nonce = HTML_LANGUAGE.get(language, "en"), os.urandom(16).hex()
    shop_name, shop_url = (pathfile.shop_name, pathfile.shop_url) if pathfile else ("", "")
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
    return Page(b"<!DOCTYPE html>" + html.encode(), nonce)


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
    """Return a part that many pages share, cached until its template is edited."""
    return Markup(template.render(text=_texts(language), posts=(), **values))


def _finalize(value: object) -> Markup:
    # Markup() first looks for a method __html__ of the text, which takes longer than the rest of this function.
    return value if isinstance(value, Markup) else str.__new__(Markup, html_entities(str(value)))


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
    """Remove the line ends and indents of templates, so that the result is one line.

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
