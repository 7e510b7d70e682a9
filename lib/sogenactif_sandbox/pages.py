"""The pages that a customer sees, each made by a function."""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sogenactif.dates import format_day
from sogenactif.escape import html_entities
from sogenactif.fields import is_digits
from sogenactif.instalments import Instalment
from sogenactif.money import format_amount
from sogenactif.payment import PaymentResponse
from sogenactif.texts import HTML_LANGUAGE
from sogenactif.texts import texts as kit_texts
from sogenactif_sandbox import rules
from sogenactif_sandbox.addresses import origin
from sogenactif_sandbox.appearance import Appearance, policy
from sogenactif_sandbox.merchants import Merchant
from sogenactif_sandbox.receipt_complement import rows
from sogenactif_sandbox.request import Request
from sogenactif_sandbox.texts import texts
from sogenactif_sandbox.transactions import Transaction

HERE = Path(__file__).parent
LEADS_ON_AFTER = 5  # seconds
YEARS_OFFERED = 12
# How a receipt writes the day and the time of a payment.
MOMENTS = {
    "fr": "{} à {}",
    "en": "{}, {}",
    "de": "{}, {} Uhr",
    "es": "{}, {}",
    "it": "{}, ore {}",
}
# Refusals that aren't a decision of the customer's bank.
NOT_MADE = ("invalid", "late", "unavailable", "used")


def _finalize(value: object) -> Markup:
    # Values come from outside and may be invalid UTF-8: as entities they are safe and complete.
    return value if isinstance(value, Markup) else Markup(html_entities(str(value)))


ENVIRONMENT = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_finalize,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Page:
    """Hold a page as it is sent: HTML in UTF-8, and its Content-Security-Policy."""

    html: bytes
    policy: str


@dataclass(frozen=True)
class View:
    """Hold the values that every page of a payment needs.

    ``base`` is the address that the server is mounted at; ``logos`` and ``logo_type`` those of the
    means of payment; ``schedule`` the instalments of a payment in instalments.
    """

    transaction: Transaction
    merchant: Merchant
    appearance: Appearance
    base: str
    logos: str
    logo_type: str
    schedule: tuple[Instalment, ...] = ()
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def card_logo(self) -> str:
        """Return the address of the logo of the means; 3-D Secure has its own for VISA and MASTERCARD."""
        means = self.transaction.means
        if self.merchant.enrolled and means in ("VISA", "MASTERCARD"):
            means += "_3D"
        return f"{self.logos}{means}.{self.logo_type}"

    def page(self, template: str, **values: object) -> Page:
        """Return the page of a template, in the customer's language and the shop's style."""
        request = self.transaction.request
        shop = sorted({origin(request[name]) for name in ("normal_return_url", "cancel_return_url")})
        html = _render(
            template,
            request.get("language", ""),
            layout="framed.html" if self.appearance.template else "shop.html",
            view=self,
            base=self.base,
            appearance=self.appearance,
            options=self.appearance.options,
            merchant=self.merchant,
            transaction=self.transaction,
            request=request,
            **values,
        )
        return Page(html, policy(self.appearance, shop, self.logos, self.nonce))


def entry(
    view: View,
    cancel_post: Mapping[str, str],
    today: date,
    typed: Mapping[str, str],
    faults: Collection[str] = (),
    last_try: bool = False,
) -> Page:
    """Return the card entry page; ``typed`` are the values of the previous try, ``faults`` the wrong ones of them."""
    shown = {name: typed.get(name, "") for name in ("number", "holder", "month", "year")}
    shown["number"] = grouped(shown["number"])
    shown["code_state"] = typed.get("code_state", rules.CODE_GIVEN)
    if "NO_DISPLAY_CARD" in view.appearance.options:
        shown["number"] = ""
    with_password = view.merchant.enrolled and view.transaction.means in rules.WITH_3D_SECURE
    page = view.page(
        "entry.html",
        entry=shown,
        faults=faults,
        last_try=last_try,
        with_expiry=view.transaction.is_paypage or view.transaction.means not in rules.WITHOUT_EXPIRY,
        years=[str(year) for year in range(today.year, today.year + YEARS_OFFERED + 1)],
        code_length=rules.CODE_LENGTH.get(view.transaction.means),
        test_cards=rules.PAYPAGE_CARDS if view.transaction.is_paypage else rules.SIPS_CARDS,
        password=rules.PASSWORD if with_password and not view.transaction.is_paypage else "",
        cancel_post=cancel_post,
    )
    return Page(page.html, f"{page.policy}; script-src 'nonce-{view.nonce}'")


def grouped(number: str) -> str:
    """Return a card number in groups, as it is printed on cards; any other text unchanged."""
    digits = "".join(c for c in number if c not in rules.SEPARATORS)
    if not is_digits(digits):
        return number
    groups = re.fullmatch("(3[47][0-9]{2})([0-9]{6})([0-9]{5})", digits)
    return " ".join(groups.groups() if groups else re.findall("[0-9]{1,4}", digits))


def choice(base: str, request: Request, merchant: Merchant, logos: str, logo_type: str) -> Page:
    """Return the page on which a customer chooses among the means that a Paypage request lists."""
    language = request.fields.get("language", "")
    html = _render(
        "choice.html",
        language,
        heading=kit_texts(language)["choose"],
        base=base,
        post=request.post,
        brands=request.brands,
        request=request.fields,
        merchant=merchant,
        logos=logos,
        logo_type=logo_type,
    )
    return Page(html, policy(Appearance(), [], logos, ""))


def three_d_secure_redirect(view: View) -> Page:
    """Return the page that redirects to the issuer's 3-D Secure page."""
    return view.page("three_d_secure_redirect.html", seconds=LEADS_ON_AFTER)


def three_d_secure(view: View, card: rules.Card) -> Page:
    """Return the issuer's 3-D Secure page (ACS), which asks for a password."""
    language = rules.three_d_secure_language(card, view.transaction.request.get("language", ""))
    html = _render(
        "three_d_secure.html",
        language,
        base=view.base,
        transaction=view.transaction,
        merchant=view.merchant,
        request=view.transaction.request,
    )
    shop = sorted({origin(view.transaction.request[n]) for n in ("normal_return_url", "cancel_return_url")})
    return Page(html, policy(Appearance(), shop, view.logos, ""))


def result_choice(view: View, card: rules.Card) -> Page:
    """Return the page of Paypage that asks for the brand of a co-badged card and the result of the authentication."""
    tried_again = view.transaction.request.get("challenge_mode") in rules.STRONG
    results = [name for name in rules.AUTHENTICATIONS if not (tried_again and name == rules.SOFT_DECLINE)]
    return view.page("result_choice.html", brands=card.brands, results=results)


def result_without_card(view: View, results: list[str]) -> Page:
    """Return the page of a means of Paypage without a card, which asks for its result."""
    return view.page("result_choice.html", brands=(), results=results)


def accepted(view: View) -> Page:
    """Return the receipt of an accepted payment."""
    response = view.transaction.response
    paid = datetime.strptime(response["payment_date"] + response["payment_time"], "%Y%m%d%H%M%S")
    return view.page(
        "accepted.html",
        moment=paid,
        shop_address=origin(view.transaction.request["normal_return_url"]),
        complement=rows(view.transaction.request.get("receipt_complement", "")),
        response=response,
        card=view.transaction.card,
    )


def returning(view: View) -> Page:
    """Return the page that posts the response to the shop by itself, for payments without a receipt."""
    language = view.transaction.request.get("language", "")
    accepted = view.transaction.response["response_code"] == rules.ACCEPTED
    url = view.transaction.request["normal_return_url" if accepted else "cancel_return_url"]
    own = texts(language)
    heading, why = (own["accepted"], own["accepted_text"]) if accepted else _refusal(view)[:2]
    html = _render(
        "returning.html",
        language,
        base=view.base,
        merchant=view.merchant,
        heading=heading,
        why=why,
        url=url,
        post=view.transaction.post,
        nonce=view.nonce,
    )
    return Page(html, f"{policy(Appearance(), [origin(url)], '', '')}; script-src 'nonce-{view.nonce}'")


def refused(view: View) -> Page:
    """Return the page of a payment that failed; it says why, in the words of the kit's own page."""
    heading, why, failed = _refusal(view)
    return view.page("refused.html", heading=heading, why=why, failed=failed)


def _refusal(view: View) -> tuple[str, str, bool]:
    """Return what the page of a payment that failed says, and whether that is a failure, unlike a cancellation."""
    response = view.transaction.response
    kit = kit_texts(view.transaction.request.get("language", ""))
    reason = PaymentResponse(response).refusal
    if response["response_code"] == rules.CANCELLED:
        title, why = "cancelled", kit["cancelled_text"]
    elif response.get("bank_response_code") == rules.MISSING_AUTHENTICATION:
        title, why = "soft_decline", kit["soft_decline_text"]
    else:
        title = "tries" if reason == "tries" else "not_made" if reason in NOT_MADE else "refused"
        why = kit[f"refused_{reason}"]
    own = texts(view.transaction.request.get("language", ""))
    return own.get(title) or kit[title], why, title in own


def processed(view: View, post: Mapping[str, str], message: str = "") -> Page:
    """Return the page of a repeated request; its button posts ``post``, ``message`` are the platform's words."""
    accepted = view.transaction.response.get("response_code") == rules.ACCEPTED
    return view.page("processed.html", accepted=accepted, post=post, message=message)


def pending(view: View) -> Page:
    """Return the page of a payment that is being authorised."""
    return view.page("pending.html")


def error(
    base: str,
    language: str,
    reason: str,
    parameter: str = "",
    colours: str = "",
    shop_name: str = "",
    shop_url: str = "",
) -> Page:
    """Return an error page; ``reason`` names its texts, ``colours`` is red, green or empty.

    It leads back to the shop at ``shop_url``, if that is known.
    """
    html = _render(
        "error.html",
        language,
        base=base,
        reason=reason,
        parameter=parameter,
        colours=colours,
        shop_name=shop_name,
        shop_url=shop_url,
    )
    return Page(html, policy(Appearance(), [], "", ""))


def format_moment(moment: datetime, language: str) -> str:
    """Return a moment in Paris as customers write it; ``language`` is that of HTML."""
    return MOMENTS[language].format(format_day(moment.date(), language), f"{moment:%H:%M}")


def _render(template: str, language: str, **values: object) -> bytes:
    html_language = HTML_LANGUAGE.get(language, "en")
    html = ENVIRONMENT.get_template(template).render(
        text=texts(language),
        language=html_language,
        amount=partial(format_amount, language=html_language),
        day=partial(format_day, language=html_language),
        time=partial(format_moment, language=html_language),
        **values,
    )
    return html.encode()
