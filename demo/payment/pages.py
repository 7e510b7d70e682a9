"""What a customer sees of the server: templates rendered in the customer's language."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from demo.payment.texts import texts
from sogenactif.escape import entities
from sogenactif.money import format_amount
from sogenactif.texts import HTML_LANGUAGE

TEMPLATES = Path(__file__).parent / "templates"


def _finalize(value: object) -> Markup:
    # Values come from anywhere and may be no valid UTF-8: as entities they are safe and whole.
    return value if isinstance(value, Markup) else Markup(entities(str(value)))


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finalize,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, language: str, **values: object) -> bytes:
    """A page in a language of the kit, UTF-8."""
    html_language = HTML_LANGUAGE.get(language, "en")

    def amount(cents: str, currency: str) -> str:
        return format_amount(cents, currency, html_language)

    html = _environment.get_template(template).render(
        text=texts(language), language=html_language, amount=amount, **values
    )
    return html.encode()
