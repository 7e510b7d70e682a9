"""What Paypage's keys say in the fields of Sips 1.0, row by row."""

import json
import re
from base64 import b64encode
from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import InitialisationError, MessageStructureError, SealError
from sogenactif.payment import read_outcome
from sogenactif.protocols.paypage import SEALS
from tests.support.paypage import KEY, RESPONSE_DATA, SHOP, ask, opened_request, sealed
from tests.support.vectors import MERCHANT, VECTORS, use_paypage

PUBLISHED = [
    case
    for case in json.loads((VECTORS / "paypage-seal-vectors.json").read_text())
    if case["connector"] == "POST"
]


@pytest.fixture
def paypage_pathfile(param: Path) -> Pathfile:
    return read_pathfile(use_paypage(param))


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: f"{case['name']}-{case['algorithm']}")
def test_published_data_gets_the_published_seal(case: dict[str, str]) -> None:
    assert SEALS[case["algorithm"]](case["data"].encode(), case["key"].encode()) == case["seal"]


@pytest.mark.parametrize(
    "case",
    [case for case in PUBLISHED if case["name"] == "post-response"],
    ids=lambda case: case["algorithm"],
)
def test_published_response_is_read_completely(param: Path, case: dict[str, str]) -> None:
    pathfile = read_pathfile(use_paypage(param, SEAL=case["algorithm"]))
    [merchant] = re.findall("merchantId=([0-9]+)", case["data"])
    key = param / f"key.{merchant}"
    key.write_text(case["key"])
    key.chmod(0o600)
    response = read_outcome({"Data": case["data"], "Encode": "", "Seal": case["seal"]}, pathfile)
    pairs = [pair.split("=", 1) for pair in case["data"].split("|")]
    assert response.original == {key: value for key, value in pairs if value != "null"}
    assert (response.outcome, response.guaranteed, response.authenticated) == ("accepted", "no", False)
    assert (response["card_number"], response["transaction_id"], response.day) == (
        "####.00",
        "000006",
        "20221114",
    )


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
        ("holderAuthentStatus", "3D_FAILURE", "transaction_condition", "3D_FAILURE"),
        ("holderAuthentStatus", "3D_ATTEMPT", "transaction_condition", "3D_ATTEMPT"),
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
        ("amount", "1000", "amount", "1000"),
        ("currencyCode", "978", "currency_code", "978"),
        ("merchantId", SHOP, "merchant_id", SHOP),
        ("responseCode", "05", "response_code", "05"),
        ("transactionReference", "20261122000007", "transaction_id", "000007"),
        ("authorisationId", "039830", "authorisation_id", "039830"),
        ("panExpiryDate", "203012", "card_validity", "203012"),
        ("paymentMeanBrand", "VISA", "payment_means", "VISA"),
        ("cardCSCResultCode", "4D", "cvv_response_code", "4D"),
        ("complementaryCode", "06", "complementary_code", "06"),
        ("captureDay", "3", "capture_day", "3"),
        ("captureMode", "VALIDATION", "capture_mode", "VALIDATION"),
        ("customerId", "é", "customer_id", "é"),
        ("orderId", "CMD42", "order_id", "CMD42"),
        ("statementReference", "Tea", "statement_reference", "Tea"),
        ("customerIpAddress", "192.0.2.7", "customer_ip_address", "192.0.2.7"),
        (
            "customerIpAddress",
            "2001:db8:85a3:1:2:8a2e:370:7334",
            "customer_ip_address",
            "2001:db8:85a3:1:2:8a2e:370:7334",
        ),
        ("scoreColor", "GREEN", "score_color", "GREEN"),
        ("scoreValue", "-3.2", "score_value", "-3.2"),
        ("scoreThreshold", "-7,-5", "score_threshold", "-7,-5"),
        ("scoreInfo", "A3;N;N#SC;N", "score_info", "A3;N;N#SC;N"),
        ("scoreProfile", "25_BUSINESS_SCORE", "score_profile", "25_BUSINESS_SCORE"),
    ],
)
@pytest.mark.parametrize("encode", ["base64url", "base64", ""])
def test_key_of_a_response_becomes_its_field(
    paypage_pathfile: Pathfile, encode: str, key: str, value: str, field: str, expected: str
) -> None:
    response = read_outcome(sealed(encode=encode, **{key: value}), paypage_pathfile)
    assert response[field] == expected
    assert response.original.get(key, "") == ("" if value == "null" else value)


@pytest.mark.parametrize(
    "key",
    ["guaranteeIndicator", "orderChannel", "paymentMeanType", "holderAuthentMethod", "anyNewKey", "a.b"],
)
def test_key_without_a_field_is_in_the_original_only(paypage_pathfile: Pathfile, key: str) -> None:
    response = read_outcome(sealed(**{key: "X=Y"}), paypage_pathfile)
    assert response.original[key] == "X=Y"
    assert response.fields == read_outcome(sealed(), paypage_pathfile).fields


@pytest.mark.parametrize(
    "code",
    [
        "00",
        "02",
        "03",
        "05",
        "11",
        "12",
        "14",
        "17",
        "24",
        "25",
        "30",
        "34",
        "40",
        "51",
        "54",
        "60",
        "63",
        "75",
        "90",
        "94",
        "97",
        "99",
    ],
)
def test_every_response_code_has_its_outcome(paypage_pathfile: Pathfile, code: str) -> None:
    response = read_outcome(sealed(responseCode=code), paypage_pathfile)
    outcome = {"00": "accepted", "17": "cancelled", "60": "pending"}.get(code, "refused")
    assert (response["response_code"], response.outcome) == (code, outcome)


URL = "https://shop.example/back"


@pytest.mark.parametrize(
    ("parameters", "key", "value"),
    [
        ({}, "merchantId", MERCHANT),
        ({"amount": "0001250"}, "amount", "1250"),
        ({"amount": "005"}, "amount", "5"),
        ({"currency_code": "36"}, "currencyCode", "036"),
        ({"transaction_id": "7"}, "s10TransactionReference.s10TransactionId", "000007"),
        ({}, "transactionReference", None),
        ({"normal_return_url": URL}, "normalReturnUrl", URL),
        ({"cancel_return_url": URL}, "cancelReturnUrl", None),
        ({"automatic_response_url": URL}, "automaticResponseUrl", URL),
        ({"order_id": "INV/2026"}, "orderId", "INV/2026"),
        ({"customer_id": "7"}, "customerId", "7"),
        ({"customer_email": "a@b.example"}, "customerContact.email", "a@b.example"),
        ({"customer_ip_address": "192.0.2.7"}, "customerIpAddress", "192.0.2.7"),
        (
            {"customer_ip_address": "2001:db8:85a3:1:2:8a2e:370:7334"},
            "customerIpAddress",
            "2001:db8:85a3:1:2:8a2e:370:7334",
        ),
        *(({"language": name}, "customerLanguage", name) for name in ("fr", "en", "de", "es", "it")),
        ({"language": "ge"}, "customerLanguage", "de"),
        ({"language": "sp"}, "customerLanguage", "es"),
        ({"return_context": "x" * 255}, "returnContext", "x" * 255),
        ({"caddie": "x"}, "caddie", None),
        ({"payment_means": "CB,1,VISA,2"}, "paymentMeanBrandList", "CB"),
        ({"capture_day": "3"}, "captureDay", "3"),
        *(({"capture_mode": m}, "captureMode", m) for m in ("AUTHOR_CAPTURE", "VALIDATION", "IMMEDIATE")),
        ({"templatefile": "mine"}, "templateName", "mine"),
        ({"statement_reference": "Tea"}, "statementReference", "Tea"),
        ({}, "keyVersion", "1"),
        ({}, "orderChannel", "INTERNET"),
        ({"data": "NO_RESPONSE_PAGE"}, "paypageData.bypassReceiptPage", "true"),
        ({"data": "NO_RESPONSE_PAGE_POST"}, "paypageData.bypassReceiptPage", "true"),
        ({}, "paypageData.bypassReceiptPage", None),
        ({}, "responseEncoding", "base64url"),
    ],
)
def test_parameter_of_a_request_becomes_its_key(
    paypage_pathfile: Pathfile, parameters: dict[str, str], key: str, value: str | None
) -> None:
    assert (
        opened_request(
            ask(paypage_pathfile, **{"payment_means": "CB,1", **parameters}), "CB", paypage_pathfile
        ).get(key)
        == value
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("header_flag", "yes"),
        ("block_align", "left"),
        ("target", "_top"),
        ("logo_id", "a.gif"),
        ("submit_logo", "a.gif"),
        ("bgcolor", "ffffff"),
    ],
)
def test_appearance_is_not_sent(paypage_pathfile: Pathfile, name: str, value: str) -> None:
    plain = opened_request(ask(paypage_pathfile, payment_means="CB,1"), "CB", paypage_pathfile)
    assert (
        opened_request(ask(paypage_pathfile, payment_means="CB,1", **{name: value}), "CB", paypage_pathfile)
        == plain
    )


def test_hmac_sha_512_is_accepted_if_the_pathfile_sets_it(param: Path) -> None:
    pathfile = read_pathfile(use_paypage(param, SEAL="HMAC-SHA-512"))
    assert ask(pathfile, payment_means="CB,1").posts["CB"]["SealAlgorithm"] == "HMAC-SHA-512"
    assert read_outcome(sealed(algorithm="HMAC-SHA-512"), pathfile).outcome == "accepted"


@pytest.mark.parametrize(
    ("encode", "expected"), [("base64", "base64"), ("base64url", "base64url"), ("none", None)]
)
def test_request_asks_for_a_response_in_its_own_encoding(
    param: Path, encode: str, expected: str | None
) -> None:
    pathfile = read_pathfile(use_paypage(param, ENCODE=encode))
    assert (
        opened_request(ask(pathfile, payment_means="CB,1"), "CB", pathfile).get("responseEncoding")
        == expected
    )


def test_response_without_a_seal_raises_its_own_error(paypage_pathfile: Pathfile) -> None:
    with pytest.raises(SealError, match="no seal: the server knows no such merchant or key"):
        read_outcome(sealed(responseCode="34") | {"Seal": ""}, paypage_pathfile)


def test_response_in_json_raises_its_own_error(paypage_pathfile: Pathfile) -> None:
    post = {"Data": '{"merchantId":"002001000000003","responseCode":"00"}', "Seal": "ff"}
    with pytest.raises(MessageStructureError, match="Data is JSON"):
        read_outcome(post, paypage_pathfile)


@pytest.mark.parametrize("code", ["03", "12", "30", "34", "94", "99"])
@pytest.mark.parametrize("encode", ["base64url", "base64", ""])
def test_initialisation_error_has_no_outcome(paypage_pathfile: Pathfile, encode: str, code: str) -> None:
    keys = {
        "redirectionStatusCode": code,
        "redirectionStatusMessage": "Invalid keyword: colour=blue",
        "merchantId": SHOP,
        "transactionReference": "20261123000123",
        "transactionId": "000123",
        "transactionDate": "20261123",
        "transactionDateTime": "2026-11-23T10:31:00+01:00",
        "amount": "1000",
        "customerId": "7",
        "orderId": "CMD42",
        "customerIpAddress": "192.0.2.7",
    }
    post = sealed(text="|".join(f"{key}={value}" for key, value in keys.items()), encode=encode)
    with pytest.raises(InitialisationError, match=f"code {code}: Invalid keyword: colour=blue"):
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
def test_response_has_guarantee_authentication_and_soft_decline(
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
    text = "|".join(f"{key}={value}" for key, value in {**RESPONSE_DATA, "orderId": order}.items())
    data = b64encode(text.encode(), {"base64": b"+/", "base64url": b"-_"}[encode]).decode()
    data = data if padded else data.rstrip("=")
    post = {
        "Data": data,
        "Encode": encode.upper(),
        "Seal": SEALS["HMAC-SHA-256"](data.encode(), KEY.encode()),
    }
    response = read_outcome(post, paypage_pathfile)
    assert (response["order_id"], response["amount"]) == (order, "1000")


@pytest.mark.parametrize("context", ["~~~>>>???", "aé>?>?>", "xx>>>>>>>"])
def test_blank_in_base64_is_read_as_plus(paypage_pathfile: Pathfile, context: str) -> None:
    post = sealed(encode="base64", returnContext=context)
    assert "+" in post["Data"]
    body = "&".join(f"{name}={value}" for name, value in post.items())
    for message in (body, post | {"Data": post["Data"].replace("+", " ")}):
        assert read_outcome(message, paypage_pathfile)["return_context"] == context


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
        ({"transactionDateTime": "yesterday"}, "payment_date", "20261123"),
        ({"transactionDateTime": "24/11/2026 11:19"}, "payment_time", ""),
        ({"transactionDateTime": "0001-01-01T00:00:00+14:00"}, "payment_time", ""),
        ({"transactionDateTime": "2026-11-23T23:59:58+01:00"}, "payment_time", "235958"),
        ({"transactionDateTime": "2026-11-23T23:59:58-01:00"}, "payment_time", "015958"),
        ({"transactionDateTime": "2026-11-23T23:59:58-01:00"}, "payment_date", "20261124"),
    ],
)
def test_fields_of_a_response_have_the_formats_of_sips_1_0(
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
def test_reference_of_the_kit_takes_precedence_over_the_number_of_the_server(
    paypage_pathfile: Pathfile, reference: str, expected: tuple[str, str]
) -> None:
    response = read_outcome(sealed(transactionReference=reference), paypage_pathfile)
    assert (response["transaction_id"], response.day) == expected
