"""Matching of responses with requests, and the verdict: pure functions, no SQL."""

from collections.abc import Iterable, Mapping, Sequence

from sogenactif.configuration import SIPS
from sogenactif.fields import RESPONSE, readable
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import TOKEN, TOKEN_FIELD, identifier

OUTCOMES = ("accepted", "refused", "cancelled", "pending")
DUPLICATE, CONFLICTING, UNKNOWN, UNRECORDED, FORGED = (
    "duplicate", "conflicting", "unknown", "unentered", "forged",
)  # fmt: skip
USED_ALREADY = "94"
# No authorisation was attempted, or the service failed: a later response supersedes these.
NOT_FINAL = ("75", "90", USED_ALREADY, "97", "99")
# Fields that must be equal if a transaction_id is reused: the payment server compares them, the ledger order_id too.
COMPARED = (
    "amount", "capture_day", "capture_mode", "currency_code", "customer_id", "data", "merchant_language",
    "order_id", "order_validity", "return_context",
)  # fmt: skip
# Without payment_means and transaction_condition, which report what happened, not what was requested.
ECHOED = {*RESPONSE.values()} - {"payment_means", "transaction_condition"}
REQUEST_ONLY = {"transmission_date", "transaction_id", TOKEN_FIELD}
WRITTEN_AS_REQUESTED = ("order_id", "amount", "currency_code", "transaction_id")
BLANKED = dict.fromkeys(map(ord, '|;:"'), " ")


class Request:
    """Hold a recorded request: its ID, protocol, day, transactionReference, fields, outcome and deciding response.

    ``protocol`` is empty if it was recorded before requests had one; then it matches both.
    """

    def __init__(
        self,
        id: int,
        protocol: str,
        day: str,
        reference: str,
        fields: Mapping[str, str],
        outcome: str = "",
        decided_by: int | None = None,
    ) -> None:
        self.id = id
        self.protocol = protocol
        self.day = day
        self.reference = reference
        self.fields = fields
        self.outcome = outcome
        self.decided_by = decided_by

    def __repr__(self) -> str:
        return f"<Request {self.id} {self.day}-{self.fields.get('transaction_id', '')} {self.outcome}>"


class Match:
    """Hold the verdict on a response, and its request.

    ``verdict`` is an outcome (accepted, refused, cancelled, pending) if this response decided it;
    duplicate if it was known; conflicting, with ``why``, or unknown if it pays nothing; unrecorded
    if the ledger could not be reached and only the journal has it. ``outcome`` is that of the
    request as it stands now, empty without one; ``requested`` holds the fields of the request.
    ``warnings`` are sentences for the log. ``is_repeated`` says that it was recorded so often that it isn't again,
    ``is_counted`` that the first attempt to notify the shop of it is counted.
    """

    def __init__(
        self,
        verdict: str,
        outcome: str = "",
        why: str = "",
        request_id: int | None = None,
        requested: Mapping[str, str] | None = None,
    ) -> None:
        self.verdict = verdict
        self.outcome = outcome
        self.why = why
        self.request_id = request_id
        self.requested = requested or {}
        self.warnings: list[str] = []
        self.is_repeated = False
        self.is_counted = False

    def __repr__(self) -> str:
        return f"<Match {self.verdict} {self.outcome} {self.why}>"

    def complete(self, response: PaymentResponse) -> PaymentResponse:
        """Return the response with the fields of its request that the server didn't give back."""
        return complete(response, self.requested)

    @property
    def is_recorded(self) -> bool:
        """Return whether the ledger has the response, and not the journal alone."""
        return self.verdict != UNRECORDED

    @property
    def is_trusted(self) -> bool:
        """Return whether the response agrees with the request that it answers."""
        return self.verdict in OUTCOMES or self.verdict == DUPLICATE


def find_request(response: PaymentResponse, requests: Iterable[Request]) -> Request | None:
    """Return the request that a response belongs to, or None.

    If none fits, that is the one with the same number on the nearest day, so that the verdict is conflicting.
    ``requests`` are those of its transaction_id, from any day, or of its transactionReference or token.
    """
    # Each merchant has numbers of its own, so two of one ledger may use the same reference.
    fitting = [
        request
        for request in requests
        if request.protocol in ("", response.protocol)
        and request.fields.get("merchant_id") == response["merchant_id"]
    ]
    if response.protocol == SIPS:
        return next((request for request in fitting if request.day == response.day), None)
    reference = identifier(response.original)
    by_reference = [request for request in fitting if reference and request.reference == reference]
    if by_reference:
        return by_reference[0]
    if TOKEN.match(reference):
        return None
    # The server numbers these itself: its transaction_id names another request.
    numbered = [request for request in fitting if not request.reference]
    days = adjacent_days(response.day) if response.day else []
    near = sorted(
        (request for request in numbered if request.day in days), key=lambda request: days.index(request.day)
    )
    agreeing = [request for request in near if not first_differing_field(response, request.fields)]
    if agreeing:
        return agreeing[0]
    # The sealed form of Paypage has no date: it may be paid days later.
    waiting = [
        request
        for request in numbered
        if request.day < min(days, default="")
        and not request.outcome
        and not first_differing_field(response, request.fields)
    ]
    if len(waiting) == 1:
        return waiting[0]
    return near[0] if near else None


def adjacent_days(day: str) -> list[str]:
    """Return a day, the day before and the day after (aaaammjj), in the order in which requests are searched."""
    from datetime import timedelta

    from sogenactif.dates import read_day

    return [f"{read_day(day) + timedelta(days=days):%Y%m%d}" for days in (0, -1, 1)]


def judge(response: PaymentResponse, request: Request, earlier: Mapping[int, PaymentResponse]) -> Match:
    """Return the verdict on a response; ``earlier`` are the responses, by ID, that decided its request so far."""
    field = first_differing_field(response, request.fields)
    if not field and response.protocol == SIPS and request.protocol == SIPS:
        # The sealing key is derived from transmission_date, so an attacker must not be able to choose it.
        sent = request.fields.get("transmission_date")
        field = "" if response["transmission_date"] == sent else "transmission_date"
    before = request.outcome
    of_request = request.id, request.fields
    if field:
        return Match(CONFLICTING, before, f"another {field}", *of_request)
    if not before or request.decided_by is None:
        return Match(response.outcome, response.outcome, "", *of_request)
    used_already = response.protocol != SIPS and response["response_code"] == USED_ALREADY
    if used_already or any(_repeats(response, other) for other in earlier.values()):
        return Match(DUPLICATE, before, "", *of_request)
    if not is_final(earlier[request.decided_by]):
        return Match(response.outcome, response.outcome, "", *of_request)
    if response.outcome == "accepted" and before != "accepted":
        return Match("accepted", "accepted", f"accepted after {before}", *of_request)
    return Match(CONFLICTING, before, f"{response.outcome} after {before}", *of_request)


def as_recorded(
    match: Match, verdict: str, response: PaymentResponse, decided: Sequence[PaymentResponse]
) -> Match:
    """Return a match as it was decided when the response arrived.

    Two responses that arrived at once may be in the journal in the other order: a final decision
    among ``decided`` stays, whatever the journal has after it.
    """
    if match.request_id is None or verdict == UNKNOWN:
        return Match(UNKNOWN, why=match.why)
    is_news = response.outcome == "accepted" and all(earlier.outcome != "accepted" for earlier in decided)
    if verdict == DUPLICATE and is_news and match.is_trusted:
        # The journal lacks the acceptance that it repeats.
        verdict = "accepted"
    final = any(is_final(earlier) for earlier in decided) and not is_news
    return Match(verdict, "" if final else response.outcome, match.why, match.request_id, match.requested)


def is_final(response: PaymentResponse) -> bool:
    """Return whether a response reports the bank's decision: before that the customer may come back."""
    return response.outcome in ("accepted", "refused") and response["response_code"] not in NOT_FINAL


def first_differing_field(response: PaymentResponse, requested: Mapping[str, str]) -> str:
    """Return the first field in which a response differs from its request; empty if none does."""
    for name, plain in (("amount", _number), ("currency_code", _number), ("order_id", _blanked)):
        if plain(response[name]) != plain(requested.get(name, "")):
            return name
    return ""


def differing_fields(before: Mapping[str, str], again: Mapping[str, str]) -> list[str]:
    """Return the fields that differ between two requests, apart from transaction_id, transmission_date and token."""
    names = {name for name, value in again.items() if before.get(name, "") != value}
    names |= {name for name, value in before.items() if again.get(name, "") != value}
    return sorted(names - REQUEST_ONLY)


def complete(response: PaymentResponse, requested: Mapping[str, str]) -> PaymentResponse:
    """Return a response with the fields of its request that the server didn't give back.

    Values that are compared loosely are written as in the request.
    """
    if not requested:
        return response
    echoed = {name: value for name, value in requested.items() if value and name in ECHOED}
    words = {name: requested[name] for name in WRITTEN_AS_REQUESTED if requested.get(name)}
    return PaymentResponse(
        {**echoed, **response.fields, **words},
        response.original,
        response.day,
        response.protocol,
        response.shortened,
    )


def _number(digits: str) -> str:
    return digits.lstrip("0")


def _blanked(order_id: str) -> str:
    """Return an order_id as the server gives it back, with blanks for the characters that it forbids."""
    return readable(order_id).translate(BLANKED)


def _repeats(response: PaymentResponse, other: PaymentResponse) -> bool:
    if _identity(response) != _identity(other) and not _differs_only_by_office(response, other):
        return False
    # The sealed form of Paypage has no date: accepted on two days, it was paid twice.
    days = {response.day, other.day} - {""}
    return response.outcome != "accepted" or len(days) < 2


def _differs_only_by_office(response: PaymentResponse, other: PaymentResponse) -> bool:
    """Return whether one is a reply of Office, which may omit authorisation_id, and nothing else differs."""
    is_of_office = any("getTransDataResponseCode" in one.original for one in (response, other))
    numbers = {one["authorisation_id"] for one in (response, other)}
    return is_of_office and response["response_code"] == other["response_code"] and "" in numbers


def _identity(response: PaymentResponse) -> tuple[str, ...]:
    return tuple(response[name] for name in ("response_code", "authorisation_id", "payment_certificate"))
