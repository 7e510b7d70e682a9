import calendar
import re
import time
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import (
    CallError,
    InvalidKeyword,
    KitError,
    ParameterTooLong,
    ResponseError,
    ValueTooLong,
)
from sogenactif.fields import RESPONSE_MAX_LENGTH
from sogenactif.payment import (
    PaymentRequest,
    check_call,
    make_request,
    parse_call,
    read_outcome,
    read_response,
)
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import decode, parse, seal_response
from tests.support.vectors import MERCHANT, as_text, vectors

NOON = calendar.timegm((2026, 11, 23, 12, 0, 0))


def ask(pathfile: Pathfile, **parameters: str) -> PaymentRequest:
    call = {"merchant_id": MERCHANT, "amount": "1000", "transaction_id": "1", **parameters}
    return make_request(call, pathfile, NOON)


@pytest.mark.parametrize("case", vectors("request.json"))
def test_request_equals_that_of_the_original_kit_byte_for_byte(case: dict[str, Any], param: Path) -> None:
    moment = calendar.timegm(time.strptime(case["transmission_date"], "%Y%m%d%H%M%S"))
    call = parse_call(as_text(argument, param) for argument in case["arguments"])
    request = make_request(call, read_pathfile(str(param / case["pathfile"])), moment)
    plain = decode(bytes.fromhex(request.data[:-16]))
    assert [[tag, value.decode("latin-1")] for tag, value in parse(plain)] == case["records"]
    form = case["form"]
    assert (request.data, request.action, request.fields.get("target")) == (
        form["data"],
        form["action"],
        form["target"],
    )
    assert [list(block.means) for block in request.blocks] == [block["means"] for block in form["blocks"]]


def test_call_by_dictionary_and_by_arguments_are_checked_alike() -> None:
    call = {"amount": "1=0", "caddie": "a=b&c"}
    assert check_call(call) == parse_call(["amount=1=0", "caddie=a=b&c"]) == call
    for wrong in ({"toto": "12"}, {"amount": "1" * 13}):
        [(name, value)] = wrong.items()
        with pytest.raises((InvalidKeyword, ParameterTooLong)) as by_name:
            check_call(wrong)
        with pytest.raises(type(by_name.value), match=re.escape(str(by_name.value))):
            parse_call([f"{name}={value}", "amount=100"])


TOO_LONG_IN_ORDER = [
    "payment_means", "payment_time", "payment_date", "response_code", "payment_certificate", "authorisation_id",
    "merchant_language", "currency_code", "card_number", "language ", "receipt_complement", "caddie", "customer_id",
    "customer_email", "transaction_condition", "data ", "return_context", "customer_ip_address", "order_id",
    "capture_day", "capture_mode", "statement_reference", "cvv_response_code", "cvv_flag", "bank_response_code",
    "complementary_code", "complementary_info",
]  # fmt: skip


def test_first_field_that_is_too_long_is_reported_in_the_order_of_the_original_kit(
    pathfile: Pathfile,
) -> None:
    certificate = read_certificate(pathfile, "fr", MERCHANT)
    sealed = {"merchant_id": MERCHANT, "merchant_country": "fr", "amount": "100", "transaction_id": "000001",
              "transmission_date": "20261123120000"}  # fmt: skip
    for first, name in enumerate(TOO_LONG_IN_ORDER):
        later = [other.strip() for other in TOO_LONG_IN_ORDER[first:]]
        long = {other: "9" * (RESPONSE_MAX_LENGTH[other] + 1) for other in reversed(later)}
        with pytest.raises(ResponseError) as error:
            read_response(seal_response({**sealed, **long}, certificate), pathfile)
        assert str(error.value) == f"Error in the response structure ({name})"


def test_local_time_is_the_default_transaction_id(
    pathfile: Pathfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")
    time.tzset()
    try:
        request = ask(pathfile, transaction_id="")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert request.fields["transaction_id"] == "130000"
    assert request.fields["transmission_date"] == "20261123120000"


@pytest.mark.parametrize("name", ["merchant_id", "merchant_country"])
@pytest.mark.parametrize("value", ["../parmcom", "a/b", "..", "%2e"])
def test_merchant_id_or_country_with_a_path_is_rejected(pathfile: Pathfile, name: str, value: str) -> None:
    words = "may contain letters" if name == "merchant_id" else r"^Error reading certificate file \("
    with pytest.raises(KitError, match=words):
        ask(pathfile, **{name: value})


def test_missing_merchant_country_is_rejected(param: Path, pathfile: Pathfile) -> None:
    default = param / "parmcom.sogenactif"
    default.write_text(default.read_text().replace("MERCHANT_COUNTRY!fr!", ""))
    with pytest.raises(CallError, match=r"\(merchant_country not filled\)$"):
        ask(pathfile)


@pytest.mark.parametrize("means", ["CB", ",1", "C/B,1", "..,1", "CB,1,,", "CB,1;VISA,1", "CB,\u0661"])
def test_malformed_payment_means_are_rejected(pathfile: Pathfile, means: str) -> None:
    with pytest.raises(CallError, match=r"\(payment_means,block_order\)$"):
        ask(pathfile, payment_means=means)


@pytest.mark.parametrize("name", ["amount", "transaction_id", "currency_code"])
def test_digits_other_than_ascii_are_rejected(pathfile: Pathfile, name: str) -> None:
    with pytest.raises(CallError, match=rf"\({name} \(.*\) not numeric\)$"):
        ask(pathfile, **{name: "٣" if name == "currency_code" else "٣٤٥"})


def test_block_listed_twice_is_shown_once(pathfile: Pathfile) -> None:
    request = ask(pathfile, payment_means="CB,1", block_order="1,1")
    assert [block.means for block in request.blocks] == [("CB",)]


@pytest.mark.parametrize(
    ("means", "order", "blocks"),
    [
        ("CB,1", "1", {"1": ("CB",)}),
        ("CB,2,AMEX,1,VISA,2", "2,1", {"2": ("CB", "VISA"), "1": ("AMEX",)}),
        ("CB,2,AMEX,1", "1,2,3", {"1": ("AMEX",), "2": ("CB",)}),
        ("CB,9,", ",9,8,", {"9": ("CB",)}),
        (",", "1", {}),
        (",", ",", {}),
        ("CB,1", ",", None),
        ("CB,1", "2", None),
        ("CB,1", "1,,2", None),
        ("CB,1", "10", None),
        ("CB,0", "0", None),
        ("CB", "1", None),
        ("CB,1,VISA", "1", None),
    ],
)
def test_means_of_payment_are_grouped_in_the_order_of_block_order(
    pathfile: Pathfile, means: str, order: str, blocks: dict[str, tuple[str, ...]] | None
) -> None:
    call = {"payment_means": means, "block_order": order}
    if blocks is None:
        with pytest.raises(
            CallError, match=r"^Error in call parameters structure \(payment_means,block_order\)$"
        ):
            ask(pathfile, **call)
    else:
        shown = ask(pathfile, **call).blocks
        assert [(block.number, block.means) for block in shown] == list(blocks.items())


def test_form_without_means_of_payment_has_no_blocks(param: Path, pathfile: Pathfile) -> None:
    default = param / "parmcom.sogenactif"
    default.write_text(default.read_text().replace("PAYMENT_MEANS!CB,2,VISA,2,MASTERCARD,2!", ""))
    assert ask(pathfile).blocks == ()


def test_length_is_counted_in_bytes_and_personal_values_are_not_logged() -> None:
    assert parse_call(["customer_id=" + "é" * 9]) == {"customer_id": "é" * 9}
    with pytest.raises(ParameterTooLong) as refusal:
        parse_call(["customer_id=" + "é" * 10])
    assert "é" in str(refusal.value)
    assert refusal.value.logged == "Error parameter (customer_id) too long"
    assert ValueTooLong("customer_email", "anne@shop.example").logged.count("anne") == 0
    assert InvalidKeyword("anne=anne@shop.example").logged.count("@") == 0


@pytest.mark.parametrize("case", [case for case in vectors("response.json") if "message" in case.values[0]])
def test_response_is_accepted_or_rejected_as_by_the_original_kit(case: dict[str, Any], param: Path) -> None:
    pathfile = read_pathfile(str(param / case["pathfile"]))
    if case["code"] == "0":
        amount = as_text(case["output"], param).split("!")[5]
        assert read_response(case["message"], pathfile)["amount"] == amount
    else:
        with pytest.raises(KitError):
            read_response(case["message"], pathfile)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("accepted", "accepted"),
        ("refused", "refused"),
        ("cancelled", "cancelled"),
        ("three-payments", "accepted"),
    ],
)
def test_only_response_code_00_is_accepted(pathfile: Pathfile, name: str, outcome: str) -> None:
    [message] = [case.values[0]["message"] for case in vectors("response.json") if case.id == name]
    assert read_outcome(message, pathfile).outcome == outcome


def test_sealed_request_sent_back_is_rejected_as_a_response(pathfile: Pathfile) -> None:
    data = ask(pathfile).data
    assert read_response(data, pathfile)["amount"] == "1000"
    with pytest.raises(ResponseError, match=r"\(response_code\)$"):
        read_outcome(data, pathfile)
