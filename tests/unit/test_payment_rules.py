"""The rules of the demonstration's bank."""

from datetime import date

import pytest

from sogenactif_sandbox.rules import WITHOUT_EXPIRY, Card, WrongEntry, read_card, response_code

TODAY = date(2026, 11, 23)
GOOD = {"number": "4974934125497800", "month": "11", "year": "2026", "code": "600"}


def entry(**fields: str) -> dict[str, str]:
    return GOOD | fields


def test_card_keeps_a_masked_number_and_no_security_code() -> None:
    assert read_card("CB", GOOD, TODAY) == Card("4974.00", "202611", "00", "1", "4D", False)
    assert read_card("CB", GOOD, TODAY).receipt == "4974 #### #### ##00"


@pytest.mark.parametrize(
    "number", ["4974934125", "4974934125497800123", "4974 9341 2549 7800", "4974-9341-2549-7800"]
)
def test_number_of_10_to_19_digits_is_accepted(number: str) -> None:
    assert read_card("CB", entry(number=number), TODAY).masked[:5] == "4974."


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"number": "497493412"}, ["number"]),
        ({"number": "49749341254978001234"}, ["number"]),
        ({"number": "49749341254978OO"}, ["number"]),
        ({"number": ""}, ["number"]),
        ({"number": "٤٩٧٤٩٣٤١٢٥٤٩٧٨٠٠"}, ["number"]),
        ({"month": "10"}, ["expiry"]),
        ({"month": "13"}, ["expiry"]),
        ({"month": "0"}, ["expiry"]),
        ({"month": ""}, ["expiry"]),
        ({"year": "2025"}, ["expiry"]),
        ({"year": "26"}, ["expiry"]),
        ({"year": "2047"}, ["expiry"]),
        ({"code": "60"}, ["code"]),
        ({"code": "6000"}, ["code"]),
        ({"code": "6x0"}, ["code"]),
        ({"code": ""}, ["code"]),
        ({"number": "1", "year": "", "code": ""}, ["number", "expiry", "code"]),
    ],
)
def test_malformed_entries_are_reported(fields: dict[str, str], faults: list[str]) -> None:
    with pytest.raises(WrongEntry) as wrong:
        read_card("CB", entry(**fields), TODAY)
    assert wrong.value.faults == faults


@pytest.mark.parametrize("means", sorted(WITHOUT_EXPIRY))
def test_card_type_without_expiry_date_needs_none(means: str) -> None:
    card = read_card(means, {"number": "4974934125497800"}, TODAY)
    assert (card.expiry, card.cvv_flag, card.cvv_code) == ("", "0", "")


@pytest.mark.parametrize(
    ("means", "code", "state", "flag", "answer", "outcome"),
    [
        ("CB", "600", "1", "1", "4D", "00"),
        ("CB", "640", "1", "1", "4D", "00"),
        ("CB", "650", "1", "1", "50", "00"),
        ("CB", "653", "1", "1", "53", "00"),
        ("CB", "655", "1", "1", "55", "00"),
        ("CB", "651", "1", "1", "4E", "05"),
        ("VISA", "123", "1", "1", "4E", "05"),
        ("MASTERCARD", "100", "1", "1", "4D", "00"),
        ("AMEX", "1200", "1", "1", "", "00"),
        ("AMEX", "1240", "1", "1", "", "00"),
        ("AMEX", "1234", "1", "1", "", "05"),
        ("CB", "", "2", "2", "", "00"),
        ("CB", "", "9", "9", "", "00"),
        ("JCB", "", "1", "0", "", "00"),
        ("COFINOGA", "", "1", "0", "", "00"),
    ],
)
def test_security_code_decides_its_response_code(
    means: str, code: str, state: str, flag: str, answer: str, outcome: str
) -> None:
    card = read_card(means, entry(code=code, code_state=state), TODAY)
    assert (card.cvv_flag, card.cvv_code, response_code(means, card, False)) == (flag, answer, outcome)


OUTCOMES = {f"{code:02}": "05" for code in range(100)}
OUTCOMES |= {code: code for code in ("00", "03", "12", "30", "34", "90")}


@pytest.mark.parametrize(("bank", "outcome"), OUTCOMES.items())
def test_last_two_digits_of_the_number_decide_the_response_code(bank: str, outcome: str) -> None:
    card = read_card("CB", entry(number="49749341254978" + bank), TODAY)
    assert (card.bank_code, response_code("CB", card, False)) == (bank, outcome)


@pytest.mark.parametrize(("may_force", "outcome"), [(True, "02"), (False, "05")])
def test_code_02_is_returned_only_to_merchants_who_may_force(may_force: bool, outcome: str) -> None:
    card = read_card("CB", entry(number="4974934125497802"), TODAY)
    assert response_code("CB", card, may_force) == outcome


@pytest.mark.parametrize(
    ("bank", "outcome"), [("00", "00"), ("80", "00"), ("81", "00"), ("82", "00"), ("83", "05"), ("20", "05")]
)
def test_finaref_has_its_own_codes_of_acceptance(bank: str, outcome: str) -> None:
    card = read_card("FINAREF", {"number": "12345678" + bank}, TODAY)
    assert response_code("FINAREF", card, False) == outcome


def test_wrong_security_code_does_not_hide_the_response_of_the_bank() -> None:
    card = read_card("CB", entry(number="4974934125497834", code="611"), TODAY)
    assert response_code("CB", card, False) == "34"
