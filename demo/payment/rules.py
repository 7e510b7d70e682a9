"""The rules of the demonstration's bank: what a card, a code, a date is worth.

Pure functions over tables. Nothing here keeps a card number or a security code: what leaves
is the masked number and what the digits decided. Source: spec of the payment server, Cards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

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
CODE_LENGTH = {"CB": 3, "VISA": 3, "MASTERCARD": 3, "AMEX": 4}
CODE_GIVEN, CODE_NOT_ASKED, CODE_UNREADABLE, CODE_ABSENT = "1", "0", "2", "9"

CODE_ANSWERS = {"00": "4D", "40": "4D", "50": "50", "53": "53", "55": "55"}
WRONG_CODE = "4E"

ACCEPTED, CALL_THE_BANK, REFUSED = "00", "02", "05"
INVALID, CANCELLED, TOO_MANY_TRIES, UNAVAILABLE = "12", "17", "75", "90"
KEPT_BANK_CODES = frozenset(("03", "12", "30", "34", "90"))
APPROVED = {"FINAREF": frozenset(("00", "80", "81", "82"))}
MOST_TRIES = 3
YEARS_AHEAD = 20


@dataclass(frozen=True)
class Card:
    """What is kept of a card that was typed in.

    ``masked`` is ``4974.00``; ``expiry`` is aaaamm, empty for cards without one; ``bank_code``
    what the bank will answer (2 digits); ``cvv_flag`` and ``cvv_code`` the fields of the
    response; ``code_wrong`` says that the security code didn't match, whatever cvv_code tells.
    """

    masked: str
    expiry: str
    bank_code: str
    cvv_flag: str
    cvv_code: str
    code_wrong: bool

    @property
    def receipt(self) -> str:
        """The number as the receipt shows it: ``4974 #### #### ##00``."""
        return f"{self.masked[:4]} #### #### ##{self.masked[-2:]}"


class WrongEntry(Exception):
    """A card entry that is malformed; ``faults`` are among ``number``, ``expiry``, ``code``."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


def read_card(means: str, entry: Mapping[str, str], today: date) -> Card:
    """The card of a filled-in entry page: its ``number``, ``month``, ``year``, ``code``, ``code_state``.

    Blanks, dots and hyphens inside the number are how people copy it, and are left out. Raises WrongEntry.
    """
    number = "".join(c for c in entry.get("number", "") if c not in " .-\u00a0\u202f")
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


def read_expiry(month: str, year: str, today: date) -> str | None:
    """An expiry as aaaamm, or None where it is malformed, over or more than 20 years away."""
    if not (is_digits(month) and is_digits(year) and len(month) <= 2 and len(year) == 4):
        return None
    if not 1 <= int(month) <= 12 or int(year) > today.year + YEARS_AHEAD:
        return None
    expiry = f"{year}{int(month):02}"
    return expiry if expiry >= f"{today:%Y%m}" else None


def read_code(means: str, code: str, state: str) -> tuple[str, str | None]:
    """The cvv_flag and the security code, empty where there is none to check, None where it is malformed."""
    if means not in CODE_LENGTH:
        return CODE_NOT_ASKED, ""
    if state in (CODE_UNREADABLE, CODE_ABSENT) and not code:
        return state, ""
    if is_digits(code) and len(code) == CODE_LENGTH[means]:
        return CODE_GIVEN, code
    return CODE_GIVEN, None


def response_code(means: str, card: Card, may_force: bool) -> str:
    """What the bank's answer and the check of the security code amount to.

    ``may_force``: the merchant may call the bank and force a payment that it answered 02.
    """
    code = card.bank_code
    if code in APPROVED.get(means, (ACCEPTED,)):
        return REFUSED if card.code_wrong else ACCEPTED
    if code in KEPT_BANK_CODES or (code == CALL_THE_BANK and may_force):
        return code
    return REFUSED


def is_digits(text: str) -> bool:
    """Whether a text is ASCII digits, one at least."""
    return text.isascii() and text.isdigit()
