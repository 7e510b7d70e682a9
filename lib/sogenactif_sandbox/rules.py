"""Rules of the sandbox's bank: the outcomes of cards, security codes and dates.

Pure functions over tables. No card number or security code is stored: the results are
the masked number and the codes that the digits stand for. Source: docs/payment-server.md, Cards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sogenactif.fields import is_digits
from sogenactif.instalments import Instalment

# fmt: off
MEANS = frozenset((
    "CB", "VISA", "MASTERCARD", "AMEX", "FINAREF", "FNAC", "CYRILLUS", "PRINTEMPS", "KANGOUROU", "SURCOUF",
    "POCKETCARD", "CONFORAMA", "NUITEA", "AURORE", "PASS", "PASS2", "PASS3FOIS", "CBPASS", "PEUGEOT", "COFINOGA",
    "ACCORD", "FRANFINANCE", "1EUROCOM", "4ETOILES", "COFIDIS_3X", "PROFILPLUS", "LIBRAVOU", "JCB", "DINERS", "SOLO",
    "SWITCH", "DELTA", "BANCONTACTMISTERCASH", "PAYPAL", "PAYLIB",
))
WITHOUT_EXPIRY = frozenset((
    "FINAREF", "FNAC", "CYRILLUS", "PRINTEMPS", "KANGOUROU", "SURCOUF", "AURORE", "PASS", "PASS2", "PASS3FOIS",
    "COFINOGA", "1EUROCOM", "4ETOILES", "COFIDIS_3X", "PROFILPLUS", "LIBRAVOU",
))
# fmt: on
# The cards to try, by their result, as pages show them.
SIPS_CARDS = {
    "accepted": "4974 9341 2549 7800",
    "refused": "4972 1876 1520 5",
    "unavailable": "4974 9341 2549 7890",
}
PAYPAGE_CARDS = {
    "accepted": "4200 0000 0000 0000",
    "refused": "4200 0000 0000 0005",
    "unavailable": "4200 0000 0000 0090",
    "brands": "4300 0000 0000 0000",
}
CODE_LENGTH = {"CB": 3, "VISA": 3, "MASTERCARD": 3, "AMEX": 4}
CODE_GIVEN, CODE_NOT_ASKED, CODE_UNREADABLE, CODE_ABSENT = "1", "0", "2", "9"

CODE_ANSWERS = {"00": "4D", "40": "4D", "50": "50", "53": "53", "55": "55"}
WRONG_CODE = "4E"

ACCEPTED, CALL_THE_BANK, REFUSED = "00", "02", "05"
INVALID, CANCELLED, TOO_MANY_TRIES, UNAVAILABLE = "12", "17", "75", "90"
USED_ALREADY, TIME_EXCEEDED = "94", "97"  # of Paypage alone
# Paypage: the first six digits of a card are its brands, its last two the responseCode.
BRANDS = {
    "340000": ("AMEX",),
    "400000": ("VPAY",),
    "410000": ("VISA",),
    "420000": ("CB",),
    "430000": ("CB", "VISA"),
    "440000": ("CB", "VPAY"),
    "450000": ("CB", "VISA_ELECTRON"),
    "460000": ("VISA", "MASTERCARD"),
    "500000": ("MAESTRO",),
    "510000": ("MASTERCARD",),
    "520000": ("CB", "MASTERCARD"),
    "530000": ("CB", "MAESTRO"),
}
PAYPAGE_CODES = frozenset((
    "00", "02", "03", "05", "11", "12", "14", "17", "24", "25", "30", "34", "40", "51", "54", "60", "63", "75", "90",
    "94", "97", "99",
))  # fmt: skip
# The currencies of Sips 1.0; Paypage has more.
SIPS_CURRENCIES = frozenset((
    "978", "840", "756", "826", "124", "392", "484", "949", "036", "554", "578", "986", "032", "116", "901", "752", "208",
    "410", "702", "953", "952",
))  # fmt: skip
# The means of Paypage beside those of Sips 1.0.
PAYPAGE_MEANS = MEANS | {"VPAY", "MAESTRO", "VISA_ELECTRON", "IDEAL"}
# Means of Paypage without a card. PayPal asks for its result; iDEAL decides by the amount, in cents.
PAYPAL_RESULTS = {"ACCEPTED": ACCEPTED, "REFUSED": REFUSED, "CANCELLED": CANCELLED}
IDEAL_RESULTS = {200: CANCELLED, 300: TIME_EXCEEDED, 400: REFUSED, 500: REFUSED}
KEPT_BANK_CODES = frozenset(("03", "12", "30", "34", "90"))
APPROVED = {"FINAREF": frozenset(("00", "80", "81", "82"))}
MAX_TRIES = 3
YEARS_AHEAD = 20

# Outcomes of the authentication: the field transaction_condition of a response.
SSL, NOT_ENROLLED, TECHNICAL_ERROR = "SSL", "3D_NOTENROLLED", "3D_ERROR"
SUCCESS, ATTEMPT, FAILURE = "3D_SUCCESS", "3D_ATTEMPT", "3D_FAILURE"
ABORT = "3D_ABORT"
WITH_3D_SECURE = frozenset(("CB", "VISA", "MASTERCARD"))
# The results of the authentication that a customer of Paypage chooses from, and their value in a response.
SOFT_DECLINE = "SOFT_DECLINE"
AUTHENTICATIONS = {
    "SUCCESS": SUCCESS,
    "FAILURE": FAILURE,
    "ATTEMPT": ATTEMPT,
    "ERROR": TECHNICAL_ERROR,
    "NOT_ENROLLED": NOT_ENROLLED,
    "CANCEL": ABORT,
    SOFT_DECLINE: SSL,
}
MISSING_AUTHENTICATION = "A1"  # acquirerResponseCode of a soft decline
STRONG = ("CHALLENGE", "CHALLENGE_MANDATE")  # fraudData.challengeMode3DS of a second try
PASSWORD = "00000000"
SEPARATORS = " .-\u00a0\u202f"  # between the digits of a card number, as customers type it
LAST_CAPTURE_DAY_3D = 6

AT_ONCE = frozenset(("BANCONTACTMISTERCASH", "PAYPAL", "PAYLIB"))  # the means that can be captured IMMEDIATE


@dataclass(frozen=True)
class Card:
    """Hold the storable values of a card that was entered.

    ``masked`` is ``4974.00``; ``expiry`` is aaaamm, empty for cards without one; ``bank_code``
    is the bank's answer (2 digits); ``cvv_flag`` and ``cvv_code`` the fields of the
    response; ``code_wrong`` says that the security code didn't match, whatever cvv_code is;
    ``brands`` are those of a card of Paypage, two of a co-badged one.
    """

    masked: str
    expiry: str
    bank_code: str
    cvv_flag: str
    cvv_code: str
    code_wrong: bool
    brands: tuple[str, ...] = ()

    @property
    def receipt(self) -> str:
        """Return the number as the receipt shows it: ``4974 #### #### ##00``."""
        return f"{self.masked[:4]} #### #### ##{self.masked[-2:]}"


class WrongEntry(Exception):
    """Report a malformed card entry; ``faults`` are among ``number``, ``expiry``, ``code``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


def read_card(means: str, entry: Mapping[str, str], today: date) -> Card:
    """Return the card of a filled-in entry page: its ``number``, ``month``, ``year``, ``code``, ``code_state``.

    Blanks, dots and hyphens in the number are ignored. Raises WrongEntry.
    """
    number = "".join(c for c in entry.get("number", "") if c not in SEPARATORS)
    expiry = (
        "" if means in WITHOUT_EXPIRY else read_expiry(entry.get("month", ""), entry.get("year", ""), today)
    )
    flag, code = read_code(means, entry.get("code", "").strip(), entry.get("code_state", CODE_GIVEN))
    faults = []
    if not (is_digits(number) and 10 <= len(number) <= 19):
        faults.append("number")
    if expiry is None:
        faults.append("expiry")
    if code is None:
        faults.append("code")
    if faults or expiry is None or code is None:
        raise WrongEntry(faults)
    answer = CODE_ANSWERS.get(code[-2:], WRONG_CODE) if code else ""
    return Card(
        masked=f"{number[:4]}.{number[-2:]}",
        expiry=expiry,
        bank_code=number[-2:],
        cvv_flag=flag,
        cvv_code="" if means == "AMEX" else answer,
        code_wrong=answer == WRONG_CODE,
    )


def read_paypage_card(entry: Mapping[str, str], today: date, means: str) -> Card:
    """Return the card of a filled-in entry page of Paypage; the security code decides nothing.

    A card of no known first digits has the brand of the chosen ``means``. Raises WrongEntry.
    """
    number = "".join(c for c in entry.get("number", "") if c not in SEPARATORS)
    expiry = read_expiry(entry.get("month", ""), entry.get("year", ""), today)
    faults = []
    if not (is_digits(number) and 15 <= len(number) <= 19):
        faults.append("number")
    if expiry is None:
        faults.append("expiry")
    if faults or expiry is None:
        raise WrongEntry(faults)
    code = number[-2:] if number[-2:] in PAYPAGE_CODES else ACCEPTED
    brands = BRANDS.get(number[:6], (means,))
    return Card(f"{number[:4]}.{number[-2:]}", expiry, code, CODE_NOT_ASKED, "", False, brands)


def results_without_card(means: str, amount: int) -> dict[str, str]:
    """Return the results that a customer may choose with a means of Paypage, each with its responseCode; none if it has cards."""
    if means == "PAYPAL":
        return PAYPAL_RESULTS
    return {"CONTINUE": IDEAL_RESULTS.get(amount, ACCEPTED)} if means == "IDEAL" else {}


def read_expiry(month: str, year: str, today: date) -> str | None:
    """Return an expiry as aaaamm, or None if it is malformed, past or more than 20 years away."""
    if not (is_digits(month) and is_digits(year) and len(month) <= 2 and len(year) == 4):
        return None
    if not 1 <= int(month) <= 12 or int(year) > today.year + YEARS_AHEAD:
        return None
    expiry = f"{year}{int(month):02}"
    return expiry if expiry >= f"{today:%Y%m}" else None


def read_code(means: str, code: str, state: str) -> tuple[str, str | None]:
    """Return the cvv_flag and the security code, empty if there is none to check, None if it is malformed."""
    if means not in CODE_LENGTH:
        return CODE_NOT_ASKED, ""
    if state in (CODE_UNREADABLE, CODE_ABSENT) and not code:
        return state, ""
    if is_digits(code) and len(code) == CODE_LENGTH[means]:
        return CODE_GIVEN, code
    return CODE_GIVEN, None


def response_code(means: str, card: Card, may_force: bool) -> str:
    """Return the response_code of the bank's answer and the check of the security code.

    A merchant who ``may_force`` may call the bank and force a payment that it answered 02.
    """
    code = card.bank_code
    if code in APPROVED.get(means, (ACCEPTED,)):
        return REFUSED if card.code_wrong else ACCEPTED
    if code in KEPT_BANK_CODES or (code == CALL_THE_BANK and may_force):
        return code
    return REFUSED


def enrolment(means: str, merchant_enrolled: bool, card: Card) -> str | None:
    """Return the outcome of the authentication, or None if it needs a password."""
    if not merchant_enrolled or means not in WITH_3D_SECURE:
        return SSL
    return {"4": None, "5": None, "9": TECHNICAL_ERROR}.get(card.masked[0], NOT_ENROLLED)


def authentication(password: str) -> str:
    """Return the outcome of an authentication with this password."""
    if password == PASSWORD:
        return SUCCESS
    if len(password) == len(PASSWORD) and is_digits(password) and len(set(password)) == 1:
        return ATTEMPT
    return FAILURE


def three_d_secure_language(card: Card, language: str) -> str:
    """Return the language of the card's bank: English if the second digit is 0, else the customer's."""
    return "en" if card.masked[1] == "0" else language


def capture_day(requested: str, merchant_enrolled: bool, means: str) -> int:
    """Return the days until the payment is sent to the bank, at most 6 with 3-D Secure, which guarantees it so long."""
    days = int(requested or "0")
    return min(days, LAST_CAPTURE_DAY_3D) if merchant_enrolled and means in WITH_3D_SECURE else days


def capture_mode(requested: str, means: str) -> str:
    """Return the capture mode: AUTHOR_CAPTURE by default, and if the means doesn't allow IMMEDIATE."""
    mode = requested or "AUTHOR_CAPTURE"
    return "AUTHOR_CAPTURE" if mode == "IMMEDIATE" and means not in AT_ONCE else mode


def outlives(card: Card, instalments: tuple[Instalment, ...]) -> bool:
    """Return whether a card is still valid on the day of the last instalment."""
    return not (card.expiry and instalments) or card.expiry >= f"{instalments[-1].day:%Y%m}"
