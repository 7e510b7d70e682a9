"""What a person sees: the Jinja environment, the form, the pages."""

import os
from collections.abc import Mapping, Sequence
from functools import partial

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sogenactif.escape import entities
from sogenactif.money import format_amount
from sogenactif.payment import PaymentRequest
from sogenactif.texts import HTML_LANGUAGE, texts

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def form(request: PaymentRequest) -> Markup:
    """The form that posts DATA, with a button for each means of payment: HTML 4 on one line."""
    pathfile = request.pathfile
    return _render(
        "form.html",
        request=request,
        text=texts(request.fields.get("language", "")),
        logos=pathfile["D_LOGO"],
        extension=pathfile.logo_extension,
        badges=_without_logo(request) if pathfile["LOGO_TYPE"] else (),
    )


def page(template: str, language: str, nonce: str, **values: object) -> bytes:
    """A page in the customer's language, UTF-8; ``nonce`` is that of its style sheet."""
    html_language = HTML_LANGUAGE.get(language, "en")
    html = _render(
        template,
        text=texts(language),
        language=html_language,
        nonce=nonce,
        amount=partial(format_amount, language=html_language),
        **values,
    )
    return b"<!DOCTYPE html>" + html.encode()


def report(title: str, sections: Sequence[tuple[str, Mapping[str, str]]]) -> Markup:
    """The report of the debug mode, titled tables of names and values: HTML 4 on one line."""
    return _render("debug.html", title=title, sections=sections)


def _render(template: str, **values: object) -> Markup:
    """A template on one line: the line ends and indents of the template itself are left out."""
    html = ENVIRONMENT.get_template(template).render(**values)
    return Markup("".join(map(str.strip, html.split("\n"))))


def _finalize(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(entities(str(value)))


def _without_logo(request: PaymentRequest) -> set[str]:
    """The means that the project's logos lack; a shop with pictures of its own sets no LOGO_TYPE."""
    means = {name for block in request.blocks for name in block.means}
    extension = request.pathfile.logo_extension
    return {name for name in means if not os.path.exists(f"{ROOT}/logos/{name}.{extension}")}


ENVIRONMENT = Environment(
    loader=FileSystemLoader(f"{ROOT}/templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finalize,
)
