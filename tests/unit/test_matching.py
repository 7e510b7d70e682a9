"""Which request a response answers and what it makes of it, decided without a database."""

from collections.abc import Mapping

import pytest

from sogenactif.ledger.matching import (
    Match,
    Request,
    adjacent_days,
    as_recorded,
    complete,
    differing_fields,
    find_request,
    first_differing_field,
    is_final,
    judge,
)
from sogenactif.payment import PaymentResponse

REQUESTED = {
    "merchant_id": "014",
    "amount": "1250",
    "currency_code": "978",
    "order_id": "CMD-42",
    "transaction_id": "000123",
    "transmission_date": "20261123093000",
    "caddie": "basket",
    "payment_means": "CB,1,VISA,1",
}
DAY = "20261123"


def sips(code: str = "00", **fields: str) -> PaymentResponse:
    """A response of Sips 1.0 to the request, with these fields besides."""
    said = {name: value for name, value in REQUESTED.items() if name not in ("caddie", "payment_means")}
    return PaymentResponse({**said, "response_code": code, **fields})


def paypage(code: str = "00", reference: str = "", day: str = DAY, **fields: str) -> PaymentResponse:
    """A response of Paypage to the request."""
    said = {name: REQUESTED[name] for name in ("merchant_id", "amount", "currency_code", "order_id")}
    said |= {"transaction_id": "000123" if day else "", "response_code": code, **fields}
    return PaymentResponse(said, {"transactionReference": reference} if reference else {}, day, "paypage")


def request(id: int = 1, protocol: str = "sips", day: str = DAY, reference: str = "", **more: str) -> Request:
    outcome = more.pop("outcome", "")
    return Request(id, protocol, day, reference, {**REQUESTED, **more}, outcome, 7 if outcome else None)


def answered_id(response: PaymentResponse, *requests: Request) -> int | None:
    found = find_request(response, requests)
    return found.id if found else None


# Which request is answered


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (request(), 1),
        (request(protocol=""), 1),
        (request(protocol="paypage"), None),
        (request(day="20261122"), None),
        (request(merchant_id="015"), None),
        (request(amount="1"), 1),
    ],
)
def test_sips_response_matches_the_request_of_its_merchant_number_and_day(
    candidate: Request, expected: int | None
) -> None:
    assert answered_id(sips(), candidate) == expected


def test_sips_response_matches_the_request_of_its_day_among_others() -> None:
    others = [request(n, day=day) for n, day in enumerate(("20261122", DAY, "20261124"), 1)]
    assert answered_id(sips(), *others) == 2


def test_paypage_response_matches_the_request_of_its_reference() -> None:
    ours, theirs = request(1, "paypage", reference="R1"), request(2, "paypage", reference="R2")
    assert answered_id(paypage(reference="R2"), ours, theirs) == 2
    assert answered_id(paypage(reference="R2", amount="1"), ours, theirs) == 2
    assert answered_id(paypage(reference="R3"), ours, theirs) is None
    assert answered_id(paypage(), ours, theirs) is None
    assert answered_id(paypage(reference="R1"), request(1, "sips", reference="R1")) is None
    assert (
        answered_id(paypage(reference="R1"), request(1, "paypage", reference="R1", merchant_id="2")) is None
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([DAY], 1),
        (["20261122"], 1),
        (["20261124"], 1),
        (["20261125"], None),
        (["20261122", DAY], 2),
        (["20261124", "20261122"], 2),
        (["20261124", "20261122", DAY], 3),
    ],
)
def test_paypage_response_matches_the_same_day_first_then_the_day_before_then_the_day_after(
    days: list[str], expected: int | None
) -> None:
    assert answered_id(paypage(), *(request(n, "paypage", day) for n, day in enumerate(days, 1))) == expected


def test_request_that_fits_takes_precedence_over_a_nearer_day() -> None:
    other, ours = request(1, "paypage", amount="999"), request(2, "paypage", "20261122")
    assert answered_id(paypage(), other, ours) == 2
    assert answered_id(paypage(), other) == 1


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([request(1, "paypage", "20261101")], 1),
        ([request(1, "paypage", "20261121")], 1),
        ([request(1, "paypage", "20261101", outcome="refused")], None),
        ([request(1, "paypage", "20261101", amount="999")], None),
        ([request(1, "paypage", "20261201")], None),
        ([request(1, "paypage", "20261101"), request(2, "paypage", "20261102")], None),
        ([request(1, "paypage", "20261101"), request(2, "paypage", amount="999")], 1),
        ([request(1, "paypage", "20261101", amount="9"), request(2, "paypage", amount="999")], 2),
    ],
)
def test_paypage_response_matches_the_only_earlier_request_that_is_waiting_and_fits(
    requests: list[Request], expected: int | None
) -> None:
    assert answered_id(paypage(), *requests) == expected


def test_paypage_response_without_a_day_matches_by_its_reference_only() -> None:
    assert answered_id(paypage(day=""), request(1, "paypage", "20261101")) is None
    assert answered_id(paypage(day="", reference="R1"), request(1, "paypage", reference="R1")) == 1


def test_repr_of_a_request_has_no_personal_values() -> None:
    assert repr(request(3, customer_email="anne@shop.example")) == "<Request 3 20261123-000123 >"
    assert repr(Request(4, "sips", DAY, "", {})) == "<Request 4 20261123- >"


def test_adjacent_days_are_the_day_itself_the_day_before_and_the_day_after() -> None:
    assert adjacent_days("20261123") == ["20261123", "20261122", "20261124"]
    assert adjacent_days("20270101") == ["20270101", "20261231", "20270102"]


# Whether a response fits its request


@pytest.mark.parametrize(
    ("said", "requested", "expected"),
    [
        ({}, {}, ""),
        ({"amount": "001250"}, {}, ""),
        ({"amount": "1251"}, {}, "amount"),
        ({"amount": "12500"}, {}, "amount"),
        ({"amount": ""}, {}, "amount"),
        ({"currency_code": "036"}, {"currency_code": "36"}, ""),
        ({"currency_code": "840"}, {}, "currency_code"),
        ({"order_id": "CMD-43"}, {}, "order_id"),
        ({"order_id": ""}, {}, "order_id"),
        ({"order_id": ""}, {"order_id": ""}, ""),
        ({"order_id": "a b c d e"}, {"order_id": 'a|b;c:d"e'}, ""),
        ({"order_id": "CMD-é"}, {"order_id": "CMD-\udce9"}, ""),
        ({"order_id": "a b"}, {"order_id": "a~b"}, "order_id"),
        ({"amount": "1", "currency_code": "840", "order_id": "x"}, {}, "amount"),
        ({"currency_code": "840", "order_id": "x"}, {}, "currency_code"),
        ({"caddie": "another"}, {}, ""),
    ],
)
def test_response_fits_a_request_of_its_amount_currency_and_order(
    said: dict[str, str], requested: dict[str, str], expected: str
) -> None:
    assert first_differing_field(sips(**said), {**REQUESTED, **requested}) == expected


def test_field_missing_from_the_request_is_compared_as_empty() -> None:
    assert first_differing_field(sips(order_id=""), {"amount": "1250", "currency_code": "978"}) == ""
    assert first_differing_field(sips(), {"amount": "1250", "currency_code": "978"}) == "order_id"


# What a response makes of its request


def seen(match: Match) -> tuple[str, str, str]:
    assert (match.request_id, match.requested) == (1, REQUESTED)
    return match.verdict, match.outcome, match.why


@pytest.mark.parametrize(
    ("code", "outcome"), [("00", "accepted"), ("05", "refused"), ("17", "cancelled"), ("60", "pending")]
)
def test_first_response_decides_the_request(code: str, outcome: str) -> None:
    assert seen(judge(sips(code), request(), {})) == (outcome, outcome, "")
    assert seen(judge(paypage(code), request(protocol="paypage"), {})) == (outcome, outcome, "")


@pytest.mark.parametrize(
    ("response", "protocol", "verdict", "why"),
    [
        (sips(transmission_date="20261123093001"), "sips", "conflicting", "another transmission_date"),
        (sips(transmission_date="20261123093001"), "", "accepted", ""),
        (sips(amount="1"), "sips", "conflicting", "another amount"),
        (sips(order_id="CMD-43"), "sips", "conflicting", "another order_id"),
        (paypage(currency_code="840"), "paypage", "conflicting", "another currency_code"),
        (paypage(), "paypage", "accepted", ""),
    ],
)
def test_response_that_does_not_fit_is_conflicting(
    response: PaymentResponse, protocol: str, verdict: str, why: str
) -> None:
    outcome = "" if why else "accepted"
    assert seen(judge(response, request(protocol=protocol), {})) == (verdict, outcome, why)


@pytest.mark.parametrize(
    ("before", "response", "expected"),
    [
        (sips("00"), sips("00"), ("duplicate", "accepted", "")),
        (sips("00"), sips("00", caddie="x"), ("duplicate", "accepted", "")),
        (sips("05"), sips("05"), ("duplicate", "refused", "")),
        (
            sips("00"),
            sips("00", authorisation_id="2"),
            ("conflicting", "accepted", "accepted after accepted"),
        ),
        (
            sips("00"),
            sips("00", payment_certificate="2"),
            ("conflicting", "accepted", "accepted after accepted"),
        ),
        (sips("00"), sips("05"), ("conflicting", "accepted", "refused after accepted")),
        (sips("00"), sips("17"), ("conflicting", "accepted", "cancelled after accepted")),
        (sips("05"), sips("00"), ("accepted", "accepted", "accepted after refused")),
        (sips("05"), sips("17"), ("conflicting", "refused", "cancelled after refused")),
        (sips("05"), sips("12"), ("conflicting", "refused", "refused after refused")),
        (sips("17"), sips("00"), ("accepted", "accepted", "")),
        (sips("17"), sips("05"), ("refused", "refused", "")),
        (sips("60"), sips("00"), ("accepted", "accepted", "")),
        (sips("75"), sips("05"), ("refused", "refused", "")),
        (sips("90"), sips("17"), ("cancelled", "cancelled", "")),
        (sips("05"), sips("94"), ("conflicting", "refused", "refused after refused")),
        (paypage("00"), paypage("94"), ("duplicate", "accepted", "")),
        (paypage("94"), paypage("00"), ("accepted", "accepted", "")),
        (paypage("97"), paypage("00"), ("accepted", "accepted", "")),
        (
            paypage("00"),
            paypage("00", day="20261124"),
            ("conflicting", "accepted", "accepted after accepted"),
        ),
        (paypage("00", day=""), paypage("00"), ("duplicate", "accepted", "")),
        (paypage("05"), paypage("05", day="20261124"), ("duplicate", "refused", "")),
        (paypage("00"), paypage("99"), ("conflicting", "accepted", "refused after accepted")),
    ],
)
def test_second_response_is_a_duplicate_a_new_outcome_or_conflicting(
    before: PaymentResponse, response: PaymentResponse, expected: tuple[str, str, str]
) -> None:
    decided = request(protocol=before.protocol, outcome=before.outcome)
    assert seen(judge(response, decided, {7: before})) == expected


def test_response_seen_before_the_decision_is_a_duplicate() -> None:
    decided = request(outcome="accepted")
    assert seen(judge(sips("17"), decided, {6: sips("17"), 7: sips("00")})) == ("duplicate", "accepted", "")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("00", True),
        ("05", True),
        ("12", True),
        ("17", False),
        ("60", False),
        ("75", False),
        ("90", False),
        ("94", False),
        ("97", False),
        ("99", False),
    ],
)
def test_only_acceptance_and_refusal_by_the_bank_are_final(code: str, expected: bool) -> None:
    assert is_final(sips(code)) is expected


@pytest.mark.parametrize(
    ("verdict", "recorded", "trusted"),
    [
        ("accepted", True, True),
        ("refused", True, True),
        ("cancelled", True, True),
        ("pending", True, True),
        ("duplicate", True, True),
        ("conflicting", True, False),
        ("unknown", True, False),
        ("unentered", False, False),
    ],
)
def test_verdict_says_whether_a_response_is_recorded_and_trusted(
    verdict: str, recorded: bool, trusted: bool
) -> None:
    match = Match(verdict, "refused", "a reason")
    assert (match.is_recorded, match.is_trusted) == (recorded, trusted)
    assert repr(match) == f"<Match {verdict} refused a reason>"
    assert (match.request_id, match.requested, match.warnings) == (None, {}, [])
    assert (Match(verdict).outcome, Match(verdict).why) == ("", "")


# What the journal says of a response when the ledger is rebuilt


def rebuilt(
    verdict: str, response: PaymentResponse, *decided: PaymentResponse, of: Match | None = None
) -> tuple[str, str, str, int | None, Mapping[str, str]]:
    match = as_recorded(of or Match("accepted", "accepted", "why", 1, REQUESTED), verdict, response, decided)
    return match.verdict, match.outcome, match.why, match.request_id, match.requested


@pytest.mark.parametrize(
    ("verdict", "response", "decided", "expected"),
    [
        ("accepted", sips("00"), [], ("accepted", "accepted")),
        ("refused", sips("05"), [], ("refused", "refused")),
        ("refused", sips("05"), [sips("17")], ("refused", "refused")),
        ("refused", sips("05"), [sips("75")], ("refused", "refused")),
        ("refused", sips("05"), [sips("00")], ("refused", "")),
        ("cancelled", sips("17"), [sips("05")], ("cancelled", "")),
        ("accepted", sips("00"), [sips("05")], ("accepted", "accepted")),
        ("accepted", sips("00"), [sips("00")], ("accepted", "")),
        ("accepted", sips("00"), [sips("05"), sips("00")], ("accepted", "")),
        ("conflicting", sips("05"), [sips("00")], ("conflicting", "")),
        ("duplicate", sips("00"), [sips("00")], ("duplicate", "")),
        ("duplicate", sips("00"), [], ("accepted", "accepted")),
        ("duplicate", sips("00"), [sips("05")], ("accepted", "accepted")),
        ("duplicate", sips("05"), [], ("duplicate", "refused")),
    ],
)
def test_rebuild_keeps_the_verdict_unless_a_duplicate_is_the_first_acceptance(
    verdict: str, response: PaymentResponse, decided: list[PaymentResponse], expected: tuple[str, str]
) -> None:
    assert rebuilt(verdict, response, *decided) == (*expected, "why", 1, REQUESTED)


def test_rebuild_keeps_a_duplicate_that_does_not_fit_its_request() -> None:
    conflicting = Match("conflicting", "", "another amount", 1, REQUESTED)
    assert rebuilt("duplicate", sips("00", amount="1"), of=conflicting)[0] == "duplicate"


@pytest.mark.parametrize(
    ("match", "verdict", "why"),
    [
        (Match("unknown", why="no request of this number"), "accepted", "no request of this number"),
        (Match("accepted", "accepted", "", 1, REQUESTED), "unknown", ""),
    ],
)
def test_rebuild_makes_a_response_without_a_request_unknown(match: Match, verdict: str, why: str) -> None:
    assert rebuilt(verdict, sips(), of=match) == ("unknown", "", why, None, {})


# Two requests for the same order


@pytest.mark.parametrize(
    ("before", "again", "expected"),
    [
        ({}, {}, []),
        ({"amount": "1", "order_id": "a"}, {"amount": "1", "order_id": "a"}, []),
        ({"amount": "1"}, {"amount": "2"}, ["amount"]),
        ({"amount": "1"}, {}, ["amount"]),
        ({}, {"amount": "1"}, ["amount"]),
        ({"caddie": ""}, {}, []),
        ({}, {"caddie": ""}, []),
        (
            {"order_id": "a", "amount": "1", "data": "x"},
            {"order_id": "b", "amount": "2", "data": "x"},
            ["amount", "order_id"],
        ),
        ({"transaction_id": "1", "transmission_date": "2"}, {"transaction_id": "3"}, []),
        ({"transaction_id": "1", "language": "fr"}, {"transaction_id": "3", "language": "en"}, ["language"]),
    ],
)
def test_differing_fields_ignore_number_and_date(
    before: dict[str, str], again: dict[str, str], expected: list[str]
) -> None:
    assert differing_fields(before, again) == expected


# What the shop is given


def test_response_is_completed_with_the_other_fields_of_the_request() -> None:
    response = paypage(amount="001250", order_id="CMD 42", payment_means="VISA", original="x")
    whole = complete(
        response, {**REQUESTED, "order_id": "CMD|42", "transaction_condition": "3D_SUCCESS", "caddie": "b"}
    )
    assert whole.fields == {
        "merchant_id": "014",
        "amount": "1250",
        "currency_code": "978",
        "order_id": "CMD|42",
        "transaction_id": "000123",
        "transmission_date": "20261123093000",
        "caddie": "b",
        "payment_means": "VISA",
        "response_code": "00",
        "original": "x",
    }
    assert (whole.day, whole.protocol) == (DAY, "paypage")


@pytest.mark.parametrize(
    ("name", "said", "requested"),
    [
        ("amount", "001250", "1250"),
        ("currency_code", "036", "36"),
        ("transaction_id", "000123", "123"),
        ("order_id", "a b", "a|b"),
    ],
)
def test_completed_response_has_the_notation_of_the_request(name: str, said: str, requested: str) -> None:
    assert complete(paypage(**{name: said}), {**REQUESTED, name: requested})[name] == requested


def test_completed_response_keeps_its_origin() -> None:
    response = PaymentResponse(
        {"amount": "1250"}, {"amount": "1250", "newKey": "x"}, DAY, "paypage", ["caddie"]
    )
    whole = Match("accepted", requested=REQUESTED).complete(response)
    assert (whole.original, whole.day, whole.protocol, whole.shortened) == (
        {"amount": "1250", "newKey": "x"}, DAY, "paypage", ["caddie"],
    )  # fmt: skip
    assert whole["caddie"] == "basket"


def test_payment_means_and_condition_are_not_copied_from_the_request() -> None:
    whole = complete(sips("17"), {**REQUESTED, "transaction_condition": "SSL"})
    assert (whole["payment_means"], whole["transaction_condition"]) == ("", "")


def test_response_without_a_request_is_not_changed() -> None:
    response = sips()
    assert complete(response, {}) is response
    assert Match("unknown").complete(response) is response
