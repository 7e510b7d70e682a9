"""Requests of the kit as the sandbox reads them, and responses of the sandbox as the kit reads them."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.instalments import read_due_dates
from sogenactif.payment import PaymentResponse, make_request, read_outcome
from sogenactif.protocols import paypage as kit
from sogenactif_sandbox import paypage as sandbox
from sogenactif_sandbox.default_merchant import create_default_merchant
from tests.support.paypage import NOON
from tests.support.vectors import MERCHANT, use_paypage

TODAY = date(2026, 11, 23)
PLAN = {
    "amount": "1001",
    "capture_mode": "PAYMENT_N",
    "capture_day": "5",
    "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=300",
}
DAYS, AMOUNTS = "20261128,20261228,20270127", "300,350,351"


@pytest.fixture
def pathfile(param: Path) -> Pathfile:
    return read_pathfile(use_paypage(param))


def post(pathfile: Pathfile, **parameters: str) -> dict[str, str]:
    """Return what the form of the kit posts."""
    call = {"merchant_id": MERCHANT, "amount": "1250", "transaction_id": "123", "payment_means": "CB,1"}
    return dict(make_request({**call, **parameters}, pathfile, NOON).posts["CB"])


def altered(pathfile: Pathfile, **keys: str) -> dict[str, str]:
    """Return the sealed post of a payment in instalments with other values; an empty value removes a key."""
    pairs, _ = kit.open_sealed(post(pathfile, **PLAN), pathfile, "HMAC-SHA-256")
    pairs |= {f"instalmentData.{name}": value for name, value in keys.items()}
    secret = kit.read_key(kit.key_path(pathfile, MERCHANT))
    whole = {key: value for key, value in pairs.items() if value}
    form = kit.seal(whole, secret, "HMAC-SHA-256", "base64url", InterfaceVersion="HP_3.4")
    return {**form, "SealAlgorithm": "HMAC-SHA-256"}


def test_sandbox_reads_the_schedule_sent_by_the_kit(pathfile: Pathfile) -> None:
    opened = sandbox.open_request(post(pathfile, **PLAN), pathfile, TODAY)
    read = {name: opened.fields[name] for name in ("amount", "capture_mode", "capture_day")}
    assert read == {name: PLAN[name] for name in read}
    assert [(f"{part.day:%Y%m%d}", part.amount) for part in read_due_dates(opened.fields["data"])] == [
        ("20261128", 300),
        ("20261228", 350),
        ("20270127", 351),
    ]
    assert opened.numbers == (("20261123", "000123"), ("20261228", "000123"), ("20270127", "000123"))
    assert opened.old is False


def test_schedule_is_the_same_on_a_later_day(pathfile: Pathfile) -> None:
    first, later = (
        sandbox.open_request(post(pathfile, **PLAN), pathfile, date(2026, 11, day)).fields for day in (23, 25)
    )
    assert (later["capture_day"], later["data"]) == ("3", first["data"])


@pytest.mark.parametrize(
    "keys",
    [
        {"amountsList": "1,2,998"},
        {"amountsList": "300,351,350"},
        {"datesList": "20261123,20261124,20261125"},
        {"datesList": "20261128,20271231,20290101"},
        {
            "datesList": "20261123,20261124",
            "amountsList": "1000,1",
            "number": "2",
            "s10TransactionIdsList": "",
        },
        {"s10TransactionIdsList": "000123,7,8"},
    ],
)
def test_schedule_of_any_days_and_amounts_is_accepted(pathfile: Pathfile, keys: dict[str, str]) -> None:
    opened = sandbox.open_request(altered(pathfile, **keys), pathfile, TODAY)
    asked = {"datesList": DAYS, "amountsList": AMOUNTS, **keys}
    parts = read_due_dates(opened.fields["data"])
    assert ",".join(f"{part.day:%Y%m%d}" for part in parts) == asked["datesList"]
    assert ",".join(str(part.amount) for part in parts) == asked["amountsList"]


def test_single_payment_has_no_schedule(pathfile: Pathfile) -> None:
    opened = sandbox.open_request(
        post(pathfile, capture_mode="VALIDATION", capture_day="2", amount="0001250"), pathfile, TODAY
    )
    read = [opened.fields.get(name) for name in ("amount", "capture_mode", "capture_day", "data")]
    assert read == ["1250", "VALIDATION", "2", None]
    assert opened.numbers == (("20261123", "000123"),)


@pytest.mark.parametrize(
    "keys",
    [
        {"datesList": ""},
        {"amountsList": ""},
        {"datesList": "20261128"},
        {"datesList": "20261128", "amountsList": "1001", "number": "1", "s10TransactionIdsList": ""},
        {"datesList": "20261128,20261228"},
        {"datesList": "20261128,20261228,20270127,20270226"},
        {"datesList": "20261128,20261228,2027012"},
        {"datesList": "20261128,20261231,20270231"},
        {"datesList": "20261228,20261128,20270127"},
        {"datesList": "20261128,20261128,20261128"},
        {"datesList": "20261122,20261128,20261228"},
        {"amountsList": "300,350"},
        {"amountsList": "300,350,350"},
        {"amountsList": "300,350,351,0"},
        {"amountsList": "300,350,+351"},
        {"amountsList": "300,350,351.0"},
        {"amountsList": "0,500,501"},
        {"number": "2"},
        {"number": ""},
        {"s10TransactionIdsList": "000123,000123"},
        {"s10TransactionIdsList": "000124,000123,000123"},
        {"transactionReferencesList": "a,b,c"},
    ],
)
def test_invalid_schedule_is_rejected(pathfile: Pathfile, keys: dict[str, str]) -> None:
    sandbox.open_request(altered(pathfile), pathfile, TODAY)
    with pytest.raises(sandbox.InitialisationError, match="Invalid field value: instalmentData"):
        sandbox.open_request(altered(pathfile, **keys), pathfile, TODAY)


def answered(pathfile: Pathfile, asked: Mapping[str, str], **said: str) -> PaymentResponse:
    """Return the response of the sandbox to a request, as the kit reads it."""
    opened = sandbox.open_request(asked, pathfile, TODAY)
    outcome = {
        "payment_date": "20261123", "payment_time": "235958", "response_code": "00", "card_number": "4977.77",
        "s10_number": "000123", "s10_day": "20261123", "transaction_condition": "3D_SUCCESS",
    }  # fmt: skip
    fields = {**opened.fields, **outcome, **said}
    return read_outcome(sandbox.seal_response(fields, opened.envelope, pathfile, old=False), pathfile)


def test_kit_reads_the_response_of_the_sandbox(pathfile: Pathfile) -> None:
    response = answered(pathfile, post(pathfile, order_id="CMD-42", return_context="a=b", amount="005"))
    assert {name: response[name] for name in ("amount", "order_id", "return_context", "card_number")} == {
        "amount": "005",
        "order_id": "CMD-42",
        "return_context": "a=b",
        "card_number": "4977.77",
    }
    assert (response["payment_date"], response["payment_time"]) == ("20261123", "235958")
    assert (response.outcome, response.authenticated, response["capture_mode"]) == ("accepted", True, "")
    assert (response["transaction_id"], response.day) == ("000123", "20261123")


@pytest.mark.parametrize(
    ("asked", "read"), [("005", "005"), ("0050", "050"), ("100", "100"), ("001000", "1000")]
)
def test_amount_is_padded_to_three_digits(pathfile: Pathfile, asked: str, read: str) -> None:
    assert sandbox.open_request(post(pathfile, amount=asked), pathfile, TODAY).fields["amount"] == read


def test_kit_reads_the_response_of_a_payment_in_instalments(pathfile: Pathfile) -> None:
    response = answered(pathfile, post(pathfile, **PLAN))
    assert (response["capture_mode"], response["amount"]) == ("PAYMENT_N", "1001")
    assert response.original["captureMode"] == "AUTHOR_CAPTURE"
    assert response.original["paymentPattern"] == "INSTALMENT"


@pytest.mark.parametrize("encode", ["base64", "base64url", "none"])
def test_response_has_the_encoding_of_the_request(param: Path, encode: str) -> None:
    pathfile = read_pathfile(use_paypage(param, ENCODE=encode))
    for order in ("A", "AB", "ABC"):
        assert answered(pathfile, post(pathfile, order_id=order))["order_id"] == order


@pytest.mark.parametrize(
    "condition", ["3D_SUCCESS", "3D_FAILURE", "3D_ERROR", "3D_NOTENROLLED", "3D_ATTEMPT", "3D_ABORT"]
)
def test_result_of_the_authentication_is_returned(pathfile: Pathfile, condition: str) -> None:
    response = answered(pathfile, post(pathfile), transaction_condition=condition)
    assert response["transaction_condition"] == condition


@pytest.mark.parametrize("order", ["A", "AB", "ABC", "ABCD"])
def test_sandbox_reads_data_without_padding(pathfile: Pathfile, order: str) -> None:
    padded = post(pathfile, order_id=order)
    data = padded["Data"].rstrip("=")
    seal = sandbox.SEALS["HMAC-SHA-256"](data.encode(), kit.read_key(kit.key_path(pathfile, MERCHANT)))
    opened = sandbox.open_request({**padded, "Data": data, "Seal": seal}, pathfile, TODAY)
    assert opened.fields["order_id"] == order


@pytest.mark.parametrize(
    ("address", "office"),
    [
        ("http://127.0.0.1:8080/payment", "http://127.0.0.1:8080/payment/rs-services/v2"),
        ("https://sandbox.example/payment", "https://sandbox.example/payment/rs-services/v2"),
        ("http://sandbox.example/payment", ""),
    ],
)
def test_default_merchant_queries_no_server_in_clear_over_the_internet(
    tmp_path: Path, address: str, office: str
) -> None:
    pathfile = read_pathfile(str(create_default_merchant(tmp_path, address).pathfile))
    assert (pathfile.paypage.url, pathfile.office_url) == (f"{address}/paymentInit", office)
