"""Payment requests as the server reads them: the seal verified, the fields checked.

Source: docs/payment-server.md, What is rejected.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sogenactif.addresses import is_address
from sogenactif.configuration import PAYPAGE, SIPS, Pathfile
from sogenactif.dates import is_moment
from sogenactif.errors import MessageError, MessageStructureError, SealError, SecretError
from sogenactif.fields import FIELDS, MAX_LENGTH, REQUEST, is_digits, to_bytes
from sogenactif.instalments import DUE_DATES, WrongSchedule, due_dates, schedule
from sogenactif.protocols import read_post
from sogenactif.protocols.certificate import certificate_path
from sogenactif.protocols.sips import open_request
from sogenactif_sandbox import clock, paypage, template
from sogenactif_sandbox.addresses import origin
from sogenactif_sandbox.rules import MEANS, PAYPAGE_MEANS, SIPS_CURRENCIES
from sogenactif_sandbox.shop_files import ShopFiles

CAPTURE_MODES = ("AUTHOR_CAPTURE", "VALIDATION", "PAYMENT_N", "IMMEDIATE")
WITHOUT_SEPARATORS = ("customer_id", "order_id", "return_context", "statement_reference")
SEPARATORS = re.compile(r'[|;:"]')
FORMATS = {"n": re.compile(r"[0-9]*"), "a": re.compile(r"[A-Za-z_]*")}
COLOUR = re.compile(r"#?[0-9A-Fa-f]{6}")
COUNTRY = "fr"  # requests of Paypage name none
BRANDS = re.compile(r"[A-Z0-9_]+(,[A-Z0-9_]+)*")
NO_MEANS = (
    "Technical problem : code=03 message=None of the merchant's payment means is compliant with the transaction"
    " context"
)
ANY_MEANS = "CB,VISA,MASTERCARD,AMEX"
NEEDED = ("merchant_id", "merchant_country", "amount", "transaction_id", "currency_code")


class RequestError(Exception):
    """Report a request that the server refuses; ``parameter`` is the wrong field, if there is one.

    ``language`` is the customer's, if it is known; ``why`` explains more to the shop's developer;
    ``post`` is the refused message, ``fields`` those of the request if its seal is right.
    """

    title = "invalid request"

    def __init__(self, parameter: str, language: str = "", why: str = "") -> None:
        super().__init__(parameter)
        self.parameter = parameter
        self.language = language
        self.why = why
        self.post: Mapping[str, str] = {}
        self.fields: Mapping[str, str] = {}


class SecurityError(RequestError):
    """Report a request that can't be trusted: its seal is wrong, or the merchant is unknown."""

    title = "security error"


class InvalidRequest(RequestError):
    """Report a malformed field."""


class ForbiddenCharacter(RequestError):
    """Report a field with a character that the bank's files use as a separator."""

    title = "forbidden character"


@dataclass(frozen=True)
class Request:
    """Hold a checked payment request: its protocol, its fields, the chosen means, and its post.

    ``envelope`` says how a response of Paypage is written (``paypage.OpenedRequest``). ``old`` says that the merchant's previous certificate or secret key sealed it, and has to seal the
    response. ``brands`` are the means that a request of Paypage lists, ``numbers`` the numbers that it uses.
    """

    protocol: str
    fields: Mapping[str, str] = field(repr=False)
    means: str
    post: Mapping[str, str] = field(repr=False)
    old: bool
    envelope: Mapping[str, str] = field(default_factory=dict)
    brands: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()

    @property
    def is_paypage(self) -> bool:
        """Return whether it is a request of Paypage (Sips 2.0)."""
        return self.protocol == PAYPAGE


def read_request(form: Mapping[str, str], pathfile: Pathfile, shop_files: ShopFiles) -> Request:
    """Return the request of a posted form: DATA, and the image button of the chosen means (CB without one).

    ``shop_files`` has the templates of shops. Raises SecurityError, InvalidRequest and ForbiddenCharacter.
    """
    try:
        return _read(form, pathfile, shop_files)
    except RequestError as error:
        error.post = read_post(form)
        raise


def differing(first: Mapping[str, str], again: Mapping[str, str]) -> list[str]:
    """Return the names of the fields that differ between two requests, apart from transmission_date."""
    names = sorted({*first, *again} - {"transmission_date"})
    return [name for name in names if first.get(name) != again.get(name)]


def shop_address(fields: Mapping[str, str]) -> str:
    """Return the address of the shop of a request: the origin that its customers return to; empty if there is none."""
    for name in ("cancel_return_url", "normal_return_url"):
        if is_address(fields.get(name, "")):
            return f"{origin(fields[name])}/"
    return ""


def chosen_means(form: Mapping[str, str]) -> str:
    """Return the means whose image button was pressed: browsers send its name with ``.x`` and ``.y``."""
    chosen = [name[:-2] for name in form if name.endswith(".x")]
    return chosen[0] if chosen else "CB"


def _read(form: Mapping[str, str], pathfile: Pathfile, shop_files: ShopFiles) -> Request:
    post = read_post(form)
    if "Data" in post:
        return _read_paypage(form, post, pathfile, shop_files)
    data = post["DATA"]
    try:
        fields, certificate = open_request(data, pathfile)
    except (SealError, SecretError) as error:
        raise SecurityError("", why=str(error)) from None
    except MessageStructureError as error:
        named = re.search(r"\((\w+)\)$", str(error))
        known = named is not None and named[1] in REQUEST.values()
        raise InvalidRequest(named[1] if named and known else "DATA", why=str(error)) from None
    except MessageError as error:
        raise InvalidRequest("DATA", why=str(error)) from None
    fields = {name: value for name, value in fields.items() if value}
    means = chosen_means(form)
    previous = certificate_path(pathfile, fields["merchant_country"], fields["merchant_id"], old=True)
    try:
        _check(fields, means, shop_files)
    except RequestError as error:
        error.fields = fields
        raise
    return Request(SIPS, fields, means, post, certificate.path == previous)


def _read_paypage(
    form: Mapping[str, str], post: Mapping[str, str], pathfile: Pathfile, shop_files: ShopFiles
) -> Request:
    """Return a request of Paypage in the names of Sips 1.0; ``means`` is empty until the customer has chosen."""
    try:
        opened = paypage.open_request(post, pathfile, clock.now().date())
    except paypage.InitialisationError as error:
        message = str(error)
        kind = SecurityError if error.secure else InvalidRequest
        raise kind(f"responseCode=34 {message}" if error.secure else message, why=message) from None
    except SecretError as error:
        raise SecurityError("responseCode=34", why=str(error)) from None
    fields = opened.fields | {"merchant_country": COUNTRY}
    listed = fields.pop("payment_means", ANY_MEANS)
    brands = tuple(listed.split(","))
    if PAYPAGE_MEANS.isdisjoint(brands) and BRANDS.fullmatch(listed):
        raise InvalidRequest(NO_MEANS)
    if not PAYPAGE_MEANS.issuperset(brands):
        raise InvalidRequest(f"Invalid field value: paymentMeanBrandList={listed}")
    if "templatefile" in fields:
        wrong = template.faults(shop_files, fields["merchant_id"], fields["templatefile"])
        if wrong:
            message = f"Invalid field value: templateName={fields['templatefile']}"
            raise InvalidRequest(message, fields.get("language", ""), f"{message}: {'; '.join(wrong)}")
    means = brands[0] if len(brands) == 1 else form.get("means", "")
    return Request(
        PAYPAGE,
        fields,
        means if means in brands else "",
        post,
        opened.old,
        opened.envelope,
        brands,
        opened.numbers,
    )


def _check(fields: Mapping[str, str], means: str, shop_files: ShopFiles) -> None:
    language = fields.get("language", "")
    for parameter in _malformed(fields, means):
        raise InvalidRequest(parameter, language)
    if "templatefile" in fields:
        wrong = template.faults(shop_files, fields["merchant_id"], fields["templatefile"])
        if wrong:
            raise InvalidRequest("templatefile", language, "; ".join(wrong))
    for name in WITHOUT_SEPARATORS:
        if SEPARATORS.search(fields.get(name, "")):
            raise ForbiddenCharacter(name, language)


def _malformed(fields: Mapping[str, str], means: str) -> list[str]:
    """Return the wrong fields, in the order of the dictionary."""
    faults = [name for name in NEEDED if name not in fields]
    for row in FIELDS:
        value = fields.get(row.name, "")
        if value and not _well_formed(row.name, row.format, row.max_length, value):
            faults.append(row.name)
    for name in ("normal_return_url", "cancel_return_url"):
        if name not in fields:
            faults.append(name)
    if means not in MEANS:
        faults.append("payment_means")
    if not faults and fields.get("capture_mode") == "PAYMENT_N":
        faults += _wrong_schedule(fields)
    return faults


def _wrong_schedule(fields: Mapping[str, str]) -> list[str]:
    if "capture_day" not in fields:
        return ["capture_day"]
    data = fields.get("data", "")
    try:
        dates = due_dates(schedule(int(fields["amount"]), data, 0, date(2000, 1, 1)))
    except WrongSchedule:
        return ["data"]
    room = MAX_LENGTH["data"] - len(to_bytes(data)) - len(f";{DUE_DATES}=")
    return [] if len(dates) <= room else ["data"]


def _well_formed(name: str, format: str, max_length: int | None, value: str) -> bool:
    if max_length is not None and len(to_bytes(value)) > max_length:
        return False
    if format in FORMATS and not FORMATS[format].fullmatch(value):
        return False
    match name:
        case "amount":
            return is_digits(value) and int(value) > 0
        case "currency_code":
            return value.zfill(3) in SIPS_CURRENCIES
        case "capture_mode":
            return value in CAPTURE_MODES
        case "transmission_date":
            return is_moment(value)
        case "bgcolor" | "textcolor":
            return COLOUR.fullmatch(value) is not None
        case "normal_return_url" | "cancel_return_url" | "automatic_response_url":
            return is_address(value)
    return True
