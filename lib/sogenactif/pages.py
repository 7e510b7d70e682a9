"""What a person sees: the Jinja environment, the form, the pages."""

import os
from collections.abc import Mapping, Sequence

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sogenactif.escape import entities
from sogenactif.money import format_amount
from sogenactif.payment import PaymentRequest
from sogenactif.texts import HTML_LANGUAGE, texts

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _finalize(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(entities(str(value)))


environment = Environment(
    loader=FileSystemLoader(os.path.join(ROOT, "templates")),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finalize,
)


def render(template: str, **values: object) -> Markup:
    """A template as HTML on one line: its own line ends and indents are left out."""
    html = environment.get_template(template).render(**values)
    return Markup("".join(map(str.strip, html.split("\n"))))


def form(request: PaymentRequest) -> Markup:
    """The form that posts DATA, with an image button for each means of payment."""
    pathfile = request.pathfile
    return render(
        "form.html",
        request=request,
        text=texts(request.fields.get("language", "")),
        logos=pathfile["D_LOGO"],
        extension=pathfile.logo_extension,
        badges=() if not pathfile["LOGO_TYPE"] else _without_logo(request),
    )


def page(template: str, language: str, nonce: str, **values: object) -> bytes:
    """A page in the customer's language, UTF-8; ``nonce`` is that of its style sheet."""
    html_language = HTML_LANGUAGE.get(language, "en")
    amount = lambda amount, code: format_amount(amount, code, html_language)  # noqa: E731
    html = render(
        template, text=texts(language), language=html_language, nonce=nonce, amount=amount, **values
    )
    return ("<!DOCTYPE html>" + html).encode()


def report(title: str, sections: Sequence[tuple[str, Mapping[str, str]]]) -> Markup:
    """The report of the debug mode: titled tables of names and values."""
    return render("debug.html", title=title, sections=sections)


def _without_logo(request: PaymentRequest) -> set[str]:
    """The means that the project's logos don't have: a shop with its own pictures sets no LOGO_TYPE."""
    means = {name for block in request.blocks for name in block.means}
    extension = request.pathfile.logo_extension
    return {name for name in means if not os.path.exists(f"{ROOT}/logos/{name}.{extension}")}
