"""What Paypage's keys say in the fields of Sips 1.0, row by row."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import InitialisationError, JsonResponse, SealMissing
from sogenactif.payment import read_outcome
from sogenactif.protocols.paypage import SEALS
from tests.support.paypage import KEY, SAID, ask, asked, sealed
from tests.support.vectors import VECTORS, speak_paypage

PUBLISHED = [
    case
    for case in json.loads((VECTORS / "paypage-seal-vectors.json").read_text())
    if case["connector"] == "POST"
]


@pytest.fixture
def paypage_pathfile(param: Path) -> Pathfile:
    return read_pathfile(speak_paypage(param))


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: f"{case['name']}-{case['algorithm']}")
def test_published_seal_is_computed(case: dict[str, str]) -> None:
    assert SEALS[case["algorithm"]](case["data"].encode(), case["key"].encode()) == case["seal"]


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("maskedPan", "4977##########77", "card_number", "4977.77"),
        ("maskedPan", "497793########77", "card_number", "4977.77"),
        ("maskedPan", "############0600", "card_number", "####.00"),
        ("maskedPan", "****", "card_number", ""),
        ("holderAuthentStatus", "SUCCESS", "transaction_condition", "3D_SUCCESS"),
        ("holderAuthentStatus", "FAILURE", "transaction_condition", "3D_FAILURE"),
        ("holderAuthentStatus", "ERROR", "transaction_condition", "3D_ERROR"),
        ("holderAuthentStatus", "NOT_ENROLLED", "transaction_condition", "3D_NOTENROLLED"),
        ("holderAuthentStatus", "ATTEMPT", "transaction_condition", "3D_ATTEMPT"),
        ("holderAuthentStatus", "CANCEL", "transaction_condition", "3D_ABORT"),
        ("holderAuthentStatus", "NOT_PARTICIPATING", "transaction_condition", "SSL"),
        ("holderAuthentStatus", "3D_SUCCESS", "transaction_condition", "3D_SUCCESS"),
        ("holderAuthentStatus", "3D_ABORT", "transaction_condition", "3D_ABORT"),
        ("holderAuthentStatus", "3D_BYPASS", "transaction_condition", "3D_BYPASS"),
        ("holderAuthentStatus", "SSL", "transaction_condition", "SSL"),
        ("holderAuthentStatus", "BYPASS", "transaction_condition", "SSL"),
        ("holderAuthentStatus", "NO_AUTHENT", "transaction_condition", "SSL"),
        ("holderAuthentStatus", "", "transaction_condition", ""),
        ("s10TransactionId", "6", "transaction_id", "000006"),
        ("returnContext", '[{"ruleCode":"a=b"}]', "return_context", '[{"ruleCode":"a=b"}]'),
        ("complementaryInfo", "<CARD_INFOS A=B />", "complementary_info", "<CARD_INFOS A=B />"),
        ("orderId", "null", "order_id", ""),
        ("transactionDateTime", "2026-11-23T10:31:00+01:00", "payment_time", "103100"),
        ("transactionDateTime", "2026-11-23T09:31:00Z", "payment_date", "20261123"),
        ("acquirerResponseCode", "A1", "bank_response_code", "A1"),
    ],
)
def test_key_of_a_response_is_read(
    paypage_pathfile: Pathfile, key: str, value: str, field: str, expected: str
) -> None:
    assert read_outcome(sealed(**{key: value}), paypage_pathfile)[field] == expected


def test_hmac_sha_512_is_accepted_if_the_pathfile_names_it(param: Path) -> None:
    pathfile = read_pathfile(speak_paypage(param, SEAL="HMAC-SHA-512"))
    assert ask(pathfile, payment_means="CB,1").posts["CB"]["SealAlgorithm"] == "HMAC-SHA-512"
    assert read_outcome(sealed(algorithm="HMAC-SHA-512"), pathfile).outcome == "accepted"


@pytest.mark.parametrize(
    ("encode", "expected"), [("base64", "base64"), ("base64url", "base64url"), ("none", None)]
)
def test_request_asks_for_a_response_in_its_own_encoding(
    param: Path, encode: str, expected: str | None
) -> None:
    pathfile = read_pathfile(speak_paypage(param, ENCODE=encode))
    assert asked(ask(pathfile, payment_means="CB,1"), "CB").get("responseEncoding") == expected


def test_response_without_a_seal_says_so(paypage_pathfile: Pathfile) -> None:
    with pytest.raises(SealMissing, match="no seal: the server knows no such merchant or key"):
        read_outcome(sealed(responseCode="34") | {"Seal": ""}, paypage_pathfile)


def test_response_in_json_is_named(paypage_pathfile: Pathfile) -> None:
    post = {"Data": '{"merchantId":"002001000000003","responseCode":"00"}', "Seal": "ff"}
    with pytest.raises(JsonResponse, match="Data is JSON"):
        read_outcome(post, paypage_pathfile)


def test_initialisation_error_is_no_outcome(paypage_pathfile: Pathfile) -> None:
    post = sealed(
        responseCode="", redirectionStatusCode="12", redirectionStatusMessage="Invalid keyword: colour=blue"
    )
    with pytest.raises(InitialisationError, match="code 12: Invalid keyword: colour=blue"):
        read_outcome(post, paypage_pathfile)


def test_forged_initialisation_error_is_not_reported(paypage_pathfile: Pathfile) -> None:
    post = sealed("another key", redirectionStatusCode="12", redirectionStatusMessage="x")
    with pytest.raises(Exception, match="Invalid message MAC"):
        read_outcome(post, paypage_pathfile)


@pytest.mark.parametrize(
    ("keys", "readings"),
    [
        ({"guaranteeIndicator": "Y", "holderAuthentStatus": "SUCCESS"}, ("yes", True, False)),
        ({"guaranteeIndicator": "N", "holderAuthentStatus": "3D_SUCCESS"}, ("no", True, False)),
        ({"guaranteeIndicator": "U", "holderAuthentStatus": "ATTEMPT"}, ("unknown", False, False)),
        ({"responseCode": "05", "acquirerResponseCode": "A1"}, ("unknown", False, True)),
        ({"responseCode": "05", "acquirerResponseCode": "05"}, ("unknown", False, False)),
        ({"acquirerResponseCode": "A1"}, ("unknown", False, False)),
    ],
)
def test_readings_of_a_response_have_names(
    paypage_pathfile: Pathfile, keys: dict[str, str], readings: tuple[str, bool, bool]
) -> None:
    response = read_outcome(sealed(**keys), paypage_pathfile)
    assert (response.guaranteed, response.authenticated, response.soft_decline) == readings


@pytest.mark.parametrize("order", ["A", "AB", "ABC", "ABCD", "???>>>"])
@pytest.mark.parametrize("encode", ["base64", "base64url"])
@pytest.mark.parametrize("padded", [True, False])
def test_data_is_read_with_and_without_padding(
    paypage_pathfile: Pathfile, encode: str, order: str, padded: bool
) -> None:
    text = "|".join(f"{key}={value}" for key, value in {**SAID, "orderId": order}.items())
    data = b64encode(text.encode(), {"base64": b"+/", "base64url": b"-_"}[encode]).decode()
    data = data if padded else data.rstrip("=")
    post = {
        "Data": data,
        "Encode": encode.upper(),
        "Seal": SEALS["HMAC-SHA-256"](data.encode(), KEY.encode()),
    }
    response = read_outcome(post, paypage_pathfile)
    assert (response["order_id"], response["amount"]) == (order, "1000")


@pytest.mark.parametrize(
    ("said", "field", "expected"),
    [
        ({"amount": "5"}, "amount", "005"),
        ({"amount": "99"}, "amount", "099"),
        ({"amount": "100"}, "amount", "100"),
        ({"currencyCode": "36"}, "currency_code", "036"),
        ({"paymentPattern": "INSTALMENT"}, "capture_mode", "PAYMENT_N"),
        ({"paymentPattern": "ONE_SHOT", "captureMode": "VALIDATION"}, "capture_mode", "VALIDATION"),
        ({"transactionDateTime": ""}, "payment_date", "20261123"),
        ({"transactionDateTime": "2026-11-23T23:59:58+01:00"}, "payment_time", "235958"),
        ({"transactionDateTime": "2026-11-23T23:59:58-01:00"}, "payment_time", "015958"),
        ({"transactionDateTime": "2026-11-23T23:59:58-01:00"}, "payment_date", "20261124"),
    ],
)
def test_fields_of_a_response_have_the_forms_of_sips_1_0(
    paypage_pathfile: Pathfile, said: dict[str, str], field: str, expected: str
) -> None:
    assert read_outcome(sealed(**said), paypage_pathfile)[field] == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("20261130000007", ("000007", "20261130")),
        ("20260101999999", ("999999", "20260101")),
        ("2026113000000", ("000123", "20261123")),
        ("202611300000071", ("000123", "20261123")),
        ("20261330000007", ("000123", "20261123")),
        ("20260030000007", ("000123", "20261123")),
        ("20261100000007", ("000123", "20261123")),
        ("20261132000007", ("000123", "20261123")),
        ("19991130000007", ("000123", "20261123")),
        ("2026113000000x", ("000123", "20261123")),
    ],
)
def test_reference_of_the_kit_goes_before_the_number_of_the_server(
    paypage_pathfile: Pathfile, reference: str, expected: tuple[str, str]
) -> None:
    response = read_outcome(sealed(transactionReference=reference), paypage_pathfile)
    assert (response["transaction_id"], response.day) == expected
