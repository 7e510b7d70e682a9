"""Paypage on the sandbox, over HTTP: it behaves as the platform's simulator."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from sogenactif.addresses import PORTS
from sogenactif.configuration import read_pathfile
from sogenactif.money import CURRENCIES, format_amount
from sogenactif.payment import PaymentResponse, make_request, read_outcome
from sogenactif.protocols import read_post
from sogenactif_sandbox import clock, paypage
from sogenactif_sandbox.merchants import Merchant
from sogenactif_sandbox.rules import PAYPAGE_CODES
from tests.support.bank import Bank, HttpReply, bank, sealed, send
from tests.support.machine import wait_for
from tests.support.vectors import MERCHANT, ROOT, use_paypage

TEST_SHOPS = ("002001000000001", "002001000000002", "002001000000003", "002001000000004", "002016000000001")
S10 = "s10TransactionReference.s10TransactionId"
ACCEPTED, REFUSED = "4200000000000000", "4200000000000005"


@pytest.fixture
def server(param: Path) -> Iterator[Bank]:
    use_paypage(param)
    for shop in TEST_SHOPS:
        key = param / f"key.{shop}"
        key.write_text(f"{shop}_KEY1\n")
        key.chmod(0o600)
    with bank(param) as running:
        yield running


def ask(running: Bank, means: str = "CB", **parameters: str) -> dict[str, str]:
    """Return what the kit's form of a means of payment posts."""
    running.number += 1
    call = {
        "merchant_id": MERCHANT,
        "amount": "1250",
        "language": "en",
        "transaction_id": f"{running.number:06}",
        "normal_return_url": f"{running.shop.url}/back",
        "automatic_response_url": f"{running.shop.url}/automatic",
        "order_id": "CMD42",
        "payment_means": "CB,1,VISA,1,AMEX,1",
        **parameters,
    }
    return dict(make_request(call, running.pathfile).posts[means])


def call(running: Bank, post: dict[str, str]) -> HttpReply:
    return send(f"{running.url}/paymentInit", post)


def pay(
    running: Bank, post: dict[str, str], number: str = ACCEPTED, result: str = "SUCCESS", **more: str
) -> HttpReply:
    """Pay with a card; return the last page. ``more`` are further fields of the page of the result."""
    choice = running.card(call(running, post), number)
    if "SUCCESS" not in choice.text:
        return choice
    return send(f"{running.url}/authentication", {"session": choice.session, "result": result, **more})


def pairs_of(page: HttpReply, encode: str = "") -> dict[str, str]:
    """Return the keys of the response that the button of a page posts."""
    return paypage._pairs(paypage._decode(page.hidden("Data"), encode))


def read(running: Bank, page: HttpReply) -> PaymentResponse:
    """Return the response that the button of a page posts, as the kit reads it."""
    names = ("Data", "Encode", "Seal", "InterfaceVersion")
    return read_outcome({name: page.hidden(name) for name in names}, running.pathfile)


def test_payment_of_the_kit_is_accepted(server: Bank) -> None:
    page = pay(server, ask(server))
    response = read(server, page)
    assert (response.outcome, response["order_id"], response["amount"]) == ("accepted", "CMD42", "1250")
    assert (response["payment_means"], response["card_number"]) == ("CB", "4200.00")
    assert response.original["s10TransactionId"] == response["transaction_id"] == f"{server.number:06}"
    assert f'action="{server.shop.url}/back"' in page.text
    assert [path for path, _ in server.shop.received] == ["/automatic"]


def test_console_shows_how_the_request_was_sealed(server: Bank) -> None:
    pay(server, ask(server))
    where = f"{server.url}/console/transactions/{server.last()['id']}"
    shown = {
        "interface_version": "HP_3.4",
        "seal_algorithm": "HMAC-SHA-256",
        "response_encoding": "base64url",
    }
    assert shown.items() <= json.loads(send(where).text)["request"].items()
    page = send(where, Accept="text/html").text
    for name, value in shown.items():
        assert re.search(f'{name.replace("_", "_<wbr>")}</th><td data-name="Request"[^>]*>{value}</td>', page)


def test_both_protocols_are_served(server: Bank) -> None:
    sips, page = server.call(server.request()), pay(server, ask(server))
    assert server.read(server.card(sips))["response_code"] == "00"
    assert read(server, page).outcome == "accepted"


# Cards


@pytest.mark.parametrize(("first_digits", "brand"), [
    ("340000", "AMEX"), ("400000", "VPAY"), ("410000", "VISA"), ("420000", "CB"), ("500000", "MAESTRO"), ("510000", "MASTERCARD"),
])  # fmt: skip
def test_first_six_digits_decide_the_brand(server: Bank, first_digits: str, brand: str) -> None:
    pairs = pairs_of(pay(server, sealed(server), f"{first_digits}0000000000"))
    assert pairs["paymentMeanBrand"] == brand and "paymentMeanBrandSelectionStatus" not in pairs


@pytest.mark.parametrize(("first_digits", "brands"), [
    ("430000", "CB VISA"), ("440000", "CB VPAY"), ("450000", "CB VISA_ELECTRON"), ("460000", "VISA MASTERCARD"),
    ("520000", "CB MASTERCARD"), ("530000", "CB MAESTRO"),
])  # fmt: skip
def test_customer_chooses_the_brand_of_a_co_badged_card(server: Bank, first_digits: str, brands: str) -> None:
    choice = server.card(call(server, sealed(server)), f"{first_digits}0000000000")
    assert re.findall(r'name="brand" value="(\w+)"', choice.text) == brands.split()
    second = brands.split()[1]
    page = send(
        f"{server.url}/authentication", {"session": choice.session, "result": "SUCCESS", "brand": second}
    )
    pairs = pairs_of(page)
    assert (pairs["paymentMeanBrand"], pairs["paymentMeanBrandSelectionStatus"]) == (second, "APPLIED_HOLDER")


@pytest.mark.parametrize("code", sorted(PAYPAGE_CODES))
def test_last_two_digits_decide_the_response_code(server: Bank, code: str) -> None:
    pairs = pairs_of(pay(server, sealed(server), f"42000000000000{code}"))
    assert (pairs["responseCode"], pairs["acquirerResponseCode"]) == (code, code)
    assert ("authorisationId" in pairs) == (code == "00")


def test_card_with_an_unknown_code_is_accepted(server: Bank) -> None:
    assert pairs_of(pay(server, sealed(server), "4200000000000077"))["responseCode"] == "00"


@pytest.mark.parametrize("code", ["", "1", "999", "abcd"])
def test_security_code_is_ignored(server: Bank, code: str) -> None:
    assert "SUCCESS" in server.card(call(server, sealed(server)), ACCEPTED, code).text


@pytest.mark.parametrize(("number", "taken"), [("42000000000000", False), ("420000000000000", True), ("4200000000000000000", True), ("42000000000000000000", False)])  # fmt: skip
def test_card_number_has_15_to_19_digits(server: Bank, number: str, taken: bool) -> None:
    page = server.card(call(server, sealed(server)), number)
    assert ("SUCCESS" in page.text, "15 to 19 digits" in page.text) == (taken, not taken)


# 3-D Secure


@pytest.mark.parametrize(("result", "code", "acquirer", "guarantee"), [
    ("SUCCESS", "00", "00", "Y"), ("ATTEMPT", "00", "00", "Y"), ("ERROR", "00", "00", "N"), ("NOT_ENROLLED", "00", "00", "N"),
    ("FAILURE", "05", None, None), ("CANCEL", "05", None, None),
])  # fmt: skip
def test_customer_chooses_the_result_of_the_authentication(
    server: Bank, result: str, code: str, acquirer: str | None, guarantee: str | None
) -> None:
    pairs = pairs_of(pay(server, sealed(server), result=result))
    assert (pairs["responseCode"], pairs["holderAuthentStatus"]) == (code, result)
    assert (pairs.get("acquirerResponseCode"), pairs.get("guaranteeIndicator")) == (acquirer, guarantee)


def test_soft_decline_is_not_offered_if_authentication_is_requested(server: Bank) -> None:
    pairs = pairs_of(pay(server, sealed(server), result="SOFT_DECLINE"))
    assert (pairs["responseCode"], pairs["acquirerResponseCode"]) == ("05", "A1")
    again = server.card(call(server, sealed(server, fraudData__challengeMode3DS="CHALLENGE")), ACCEPTED)
    assert "SOFT_DECLINE" not in again.text and "SUCCESS" in again.text


def test_result_or_brand_that_is_not_offered_is_rejected(server: Bank) -> None:
    for more in ({"result": "GOLD"}, {"brand": "GOLD"}, {"result": ""}):
        assert 'name="Data"' not in pay(server, sealed(server), **more).text
    assert server.shop.received == []


# Requests


@pytest.mark.parametrize(("changes", "message"), [
    ({"templateNam": "x"}, "Invalid keyword: templateNam=x"),
    ({"fraudData__challengeMode3D": "x"}, "Invalid keyword: fraudData.challengeMode3D=x"),
    ({"amount": ""}, "Mandatory field missing: amount"),
    ({"currencyCode": ""}, "Mandatory field missing: currencyCode"),
    ({"normalReturnUrl": ""}, "Mandatory field missing: normalReturnUrl"),
    ({"orderId": "x" * 33}, "Invalid field size: orderId="),
    ({"customerId": "x" * 20}, "Invalid field size: customerId="),
    ({"transactionReference": "x" * 36}, "Invalid field size: transactionReference="),
    ({"transactionReference": "a-b"}, "Invalid field value: transactionReference=a-b"),
    ({"amount": "x"}, "Invalid field value: amount=x"),
    ({"amount": "0"}, "Invalid field value: amount=0"),
    ({"currencyCode": "999"}, "Invalid field value: currencyCode=999"),
    ({"captureMode": "TOMORROW"}, "Invalid field value: captureMode=TOMORROW"),
    ({"paypageData__bypassReceiptPage": "yes"}, "Invalid field value: paypageData.bypassReceiptPage=yes"),
    ({"normalReturnUrl": "javascript:x"}, "code=30 message=normalReturnUrl is invalid"),
    ({"paymentMeanBrandList": "CB,GOLD"}, "Invalid field value: paymentMeanBrandList=CB,GOLD"),
    ({"paymentMeanBrandList": "cb"}, "Invalid field value: paymentMeanBrandList=cb"),
    ({"fraudData__challengeMode3DS": "NEVER"}, "Invalid field value: fraudData.challengeMode3DS=NEVER"),
    ({"fraudData__merchantCustomerAuthentMethod": "SMS"}, "Invalid field value: fraudData.merchantCustomerAuthentMethod=SMS"),
    ({"fraudData__bypass3DS": "true"}, "Invalid field value: fraudData.bypass3DS=true"),
    ({"templateName": "nowhere"}, "Invalid field value: templateName=nowhere"),
    ({"s10TransactionReference__s10TransactionId": "x"}, f"Invalid field value: {S10}=x"),
    ({"paymentPattern": "INSTALMENT"}, "Invalid field value: instalmentData"),
    ({"paymentPattern": "INSTALMENT", "instalmentData__datesList": "20261301,x", "instalmentData__amountsList": "1"}, "instalmentData"),
    ({"interfaceVersionNormalResponse": "HP_3.4"}, "code=12"),
    ({"interfaceVersionAutomaticResponse": "HP_3.4"}, "code=12"),
    ({"interfaceVersionNormalResponse": "HP_3", "interfaceVersionAutomaticResponse": "HP_3.4"}, "code=30 message=interfaceVersionNormalResponse is invalid HP_3"),
    ({"interfaceVersionNormalResponse": "HP_3.4", "interfaceVersionAutomaticResponse": "XML"}, "code=30 message=interfaceVersionAutomaticResponse is invalid XML"),
    ({"keyVersion": "7"}, "Unable to find a valid key for the following keyVersion=7"),
    ({"merchantId": "211000000000001"}, "Merchant ID (merchantId) not found : findMerchantPoi [211000000000001] is not found"),
])  # fmt: skip
def test_invalid_request_is_rejected_with_the_message_of_the_platform(
    server: Bank, changes: dict[str, str], message: str
) -> None:
    page = call(server, sealed(server, **changes))
    assert page.status in (400, 403) and message in page.text
    assert message in server.console("refused")[-1]["answer"] and server.console("transactions") == []


# Each message of the bank's pages that docs/paypage.md explains, and a request that gets it: changes of Data, or of the
# fields of the form, whose names begin with a capital.
MESSAGES = {
    "Merchant ID (merchantId) not found : findMerchantPoi […] is not found": {"merchantId": "211000000000001"},
    "Invalid field value : Invalid sealAlgorithm value (…)": {"SealAlgorithm": "MD5"},
    "Invalid signature : …": {"Seal": "0" * 64},
    "Invalid field value : Unable to find a valid key for the following keyVersion=…": {"keyVersion": "7"},
    "Unknown security version: …": {"keyVersion": "one"},
    "Invalid keyword : ENCODE": {"Encode": "base64"},
    "Technical problem : code=30 message=normalReturnUrl is invalid …": {"normalReturnUrl": "www.shop.example"},
    "Unknown version interface: …": {"InterfaceVersion": "HP_X"},
    "Invalid keyword: name=value": {"name": "value"},
    "Invalid field size: …": {"orderId": "x" * 33},
    "Invalid field value: …": {"captureDay": "x"},
    "Mandatory field missing: …": {"amount": ""},
    "Transaction already processed: …": {"transactionReference": "USED"},
    "Invalid keyword : code=12 message=Missing merchant transaction id key": {"merchantId": "002001000000003"},
    "Technical problem : code=03 message=None of the merchant's payment means is compliant with the transaction context":
        {"paymentMeanBrandList": "BCMC,SOFORT"},
}  # fmt: skip


@pytest.mark.parametrize(("message", "changes"), MESSAGES.items())
def test_each_documented_message_is_shown(server: Bank, message: str, changes: dict[str, str]) -> None:
    call(server, sealed(server, transactionReference="USED"))
    of_data = {name: value for name, value in changes.items() if name[0].islower()}
    page = call(server, sealed(server, **of_data) | {n: v for n, v in changes.items() if n not in of_data})
    words = re.escape(message).replace("…", ".+")
    assert re.search(words, unescape(page.text)) and re.search(words, server.console("refused")[-1]["answer"])


def test_each_message_is_documented() -> None:
    section = (ROOT / "docs" / "paypage.md").read_text().split("### Messages of the bank's pages")[1]
    rows = re.findall(r"^\| `([^`]+)` \|", section.split("\n#")[0], re.MULTILINE)
    assert sorted(rows) == sorted(MESSAGES)


@pytest.mark.parametrize(("altered", "message"), [
    ({"Seal": "0" * 64}, "Invalid signature : 000"), ({"Seal": ""}, "Invalid signature : "),
    ({"SealAlgorithm": "MD5"}, "Invalid sealAlgorithm value (MD5)"), ({"SealAlgorithm": "SHA-256"}, "Invalid signature : "),
])  # fmt: skip
def test_request_with_a_wrong_seal_gets_no_sealed_response(
    server: Bank, altered: dict[str, str], message: str
) -> None:
    page = call(server, sealed(server) | altered)
    assert page.status == 403 and message in page.text and "responseCode=34" in page.text
    assert 'name="Data"' not in page.text and server.shop.received == []


@pytest.mark.parametrize(("altered", "message"), [({"Encode": "rot13"}, "Invalid keyword : ENCODE"), ({"InterfaceVersion": "HP_9"}, "Unknown version interface: HP_9")])  # fmt: skip
def test_unknown_encoding_or_version_is_rejected(server: Bank, altered: dict[str, str], message: str) -> None:
    page = call(server, sealed(server) | altered)
    assert page.status == 400 and message in page.text


@pytest.mark.parametrize("version", ["HP_2.0", "HP_2.3", "HP_2.16", "HP_2.57", "HP_3.0", "HP_3.1", "HP_3.2", "HP_3.3", "HP_3.4"])  # fmt: skip
def test_every_version_in_use_is_answered_in_that_version(server: Bank, version: str) -> None:
    page = pay(server, sealed(server) | {"InterfaceVersion": version})
    assert (page.hidden("InterfaceVersion"), pairs_of(page)["responseCode"]) == (version, "00")


@pytest.mark.exhaustive
@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_every_currency_is_shown_with_its_decimals(server: Bank, code: str) -> None:
    page = call(server, sealed(server, currencyCode=code, amount="1234567"))
    assert page.status == 200 and format_amount("1234567", code, "en") in unescape(page.text)


# The containers of strong authentication with their fields, as SDKs of the platform send them.
ADDRESS = (
    "street", "streetNumber", "addressAdditional1", "addressAdditional2", "addressAdditional3", "zipCode", "city", "state",
    "country", "company", "businessName", "postBox",
)  # fmt: skip
CONTACT = ("email", "firstname", "lastname", "phone", "mobile", "gender", "title", "legalId")
OWNERS = ("billing", "delivery", "customer", "holder")
CONTAINERS = {
    **{f"{owner}Address": ADDRESS for owner in OWNERS},
    **{f"{owner}Contact": CONTACT for owner in OWNERS},
    "customerAccountHistoric": ("creationDate", "numberOfPurchase180Days", "numberOfTransaction24Hours", "suspiciousActivityIndicator"),
    "deliveryData": ("deliveryMode", "estimatedDeliveryDelay", "electronicDeliveryIndicator"),
    "shoppingCartDetail": ("shoppingCartItemList", "shoppingCartTotalAmount"),
}  # fmt: skip
VALUES = {
    "fraudData.challengeMode3DS": ("NO_PREFERENCE", "CHALLENGE", "CHALLENGE_MANDATE", "NO_CHALLENGE", "NO_CHALLENGE_TRA_ACQ"),
    "fraudData.merchantCustomerAuthentMethod": ("NOAUTHENT", "OWNCREDENTIAL", "FEDERATEDID", "ISSUERID", "THIRDPARTY", "FIDO"),
    "fraudData.bypass3DS": ("ALL", "MERCHANTWALLET"),
    "captureMode": ("AUTHOR_CAPTURE", "VALIDATION", "IMMEDIATE"),
    "paymentPattern": ("ONE_SHOT", "RECURRING_1", "RECURRING_N"),
    "orderChannel": ("INTERNET", "MOTO"),
}  # fmt: skip
OTHERS = (
    "merchantWalletId", "transactionOrigin", "merchantSessionId", "invoiceReference", "riskManagementCustomDataList",
    "paymentMeanData.paypal.invoiceId", "statementReference", "customerId",
)  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.parametrize("keys", [
    *({f"{name}.{field}": "a" for field in fields} for name, fields in CONTAINERS.items()),
    *({key: value} for key, values in VALUES.items() for value in values),
    *({key: "7"} for key in OTHERS),
], ids=lambda keys: next(iter(keys.items())))  # fmt: skip
def test_every_documented_key_and_value_is_accepted(server: Bank, keys: dict[str, str]) -> None:
    post = sealed(server, **{key.replace(".", "__"): value for key, value in keys.items()})
    assert "Card payment" in call(server, post).text


@pytest.mark.parametrize("changes", [
    {"returnContext": '{"reference": "S1"; "a": 1}', "statementReference": "a;b:c"}, {"customerIpAddress": "2001:db8::1"},
    {"billingAddress__city": "Nantes", "holderContact__email": "a@b.example"}, {"currencyCode": "788"}, {"currencyCode": "985"},
    {"paypageData__bypassReceiptPage": "false"}, {"merchantWalletId": "7"}, {"keyVersion": ""},
])  # fmt: skip
def test_request_that_the_platform_accepts_is_accepted(server: Bank, changes: dict[str, str]) -> None:
    assert pairs_of(pay(server, sealed(server, **changes)))["responseCode"] == "00"


@pytest.mark.parametrize(("key", "value"), [
    ("orderId", "CMD7"), ("customerId", "7"), ("returnContext", '{"a": "é;:/"}'), ("captureDay", "3"),
    ("captureMode", "VALIDATION"), ("statementReference", "Tea 7"), ("customerIpAddress", "192.0.2.7"),
    ("customerIpAddress", "2001:db8:85a3:1:2:8a2e:370:7334"), ("keyVersion", "1"), ("amount", "5"), ("currencyCode", "788"),
])  # fmt: skip
def test_response_returns_what_the_shop_sent(server: Bank, key: str, value: str) -> None:
    assert pairs_of(pay(server, sealed(server, **{key: value})))[key] == value


def test_ip_address_of_the_customer_is_filled_in(server: Bank) -> None:
    page = pay(server, ask(server))
    assert pairs_of(page, "base64url")["customerIpAddress"] == "127.0.0.1"
    assert read(server, page)["customer_ip_address"] == "127.0.0.1"


@pytest.mark.parametrize("value", ["true", "Y"])
def test_response_is_posted_at_once_without_a_receipt_page(server: Bank, value: str) -> None:
    page = pay(server, sealed(server, paypageData__bypassReceiptPage=value))
    assert page.status == 200 and f'action="{server.shop.url}/back"' in page.text
    assert pairs_of(page)["responseCode"] == "00" and "authorisationId" in pairs_of(page)
    assert (
        "document.forms[0].submit()" in page.text
        and "script-src 'nonce-" in page.headers["content-security-policy"]
    )


@pytest.mark.parametrize(("result", "code"), [("ACCEPTED", "00"), ("REFUSED", "05"), ("CANCELLED", "17")])
def test_paypal_page_offers_each_result(server: Bank, result: str, code: str) -> None:
    page = call(server, sealed(server, paymentMeanBrandList="PAYPAL"))
    again = send(f"{server.url}/authentication", {"session": page.session, "result": "PERHAPS"})
    assert all(f'value="{choice}"' in again.text for choice in ("ACCEPTED", "REFUSED", "CANCELLED"))
    again = server.card(page, ACCEPTED)
    pairs = pairs_of(send(f"{server.url}/authentication", {"session": again.session, "result": result}))
    assert (pairs["responseCode"], pairs["paymentMeanBrand"]) == (code, "PAYPAL")
    assert "maskedPan" not in pairs and "holderAuthentStatus" not in pairs


@pytest.mark.parametrize(("amount", "code"), [("200", "17"), ("300", "97"), ("400", "05"), ("500", "05"), ("600", "00"), ("201", "00")])  # fmt: skip
def test_ideal_decides_by_the_amount(server: Bank, amount: str, code: str) -> None:
    page = call(server, sealed(server, paymentMeanBrandList="IDEAL", amount=amount))
    page = send(f"{server.url}/authentication", {"session": page.session, "result": "CONTINUE"})
    assert pairs_of(page)["responseCode"] == code


@pytest.mark.parametrize(("brand", "number"), [("MAESTRO", "5000000000000000"), ("VPAY", "4000000000000000"), ("VISA_ELECTRON", "4500000000000000")])  # fmt: skip
def test_each_brand_can_be_requested(server: Bank, brand: str, number: str) -> None:
    page = call(server, sealed(server, paymentMeanBrandList=f"{brand},CB"))
    assert f'value="{brand}"' in page.text
    assert (
        pairs_of(pay(server, sealed(server, paymentMeanBrandList=brand), number, brand=brand))[
            "paymentMeanBrand"
        ]
        == brand
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("algorithm", paypage.SEALS)
@pytest.mark.parametrize("encode", ["", "Base64", "Base64URL", "base64", "base64url"])
@pytest.mark.parametrize("end", ["paid", "refused", "cancelled", "used"])
def test_response_has_the_seal_and_the_encoding_of_its_request(
    server: Bank, algorithm: str, encode: str, end: str
) -> None:
    post = sealed(
        server, algorithm, encode, responseEncoding=encode, transactionReference="A1b2", returnContext="café"
    )
    entry = call(server, post)
    if end == "cancelled":
        token = entry.text.split("/cancel/")[1].split('"')[0]
        names = ("Data", "Encode", "Seal", "InterfaceVersion")
        answer = send(f"{server.url}/cancel/{token}", {name: entry.hidden(name) for name in names})
        assert (answer.status, answer.location) == (307, f"{server.shop.url}/back")
        page = entry
    elif end == "used":
        page = call(server, post)
    else:
        choice = server.card(entry, ACCEPTED if end == "paid" else REFUSED)
        page = send(f"{server.url}/authentication", {"session": choice.session, "result": "SUCCESS"})
    data = page.hidden("Data")
    assert page.hidden("Seal") == paypage.SEALS[algorithm](data.encode(), f"{MERCHANT}_KEY1".encode())
    pairs = pairs_of(page, encode.lower())
    assert pairs["responseCode"] == {"paid": "00", "refused": "05", "cancelled": "17", "used": "94"}[end]
    assert (pairs["transactionReference"], pairs["returnContext"]) == ("A1b2", "café")


# What published programs post, in their own spelling: SealAlgorithm (absent means SHA-256), Encode, InterfaceVersion, and
# their keys of Data beside amount, currency, merchant, key version and return address.
SAMPLE = {
    "merchantId": "002001000000002",
    "orderId": "",
    "automaticResponseUrl": "",
    "customerLanguage": "",
    "orderChannel": "INTERNET",
}
PROGRAMS = {
    "sample of the platform": ("HMAC-SHA-256", "base64", "HP_2.24", {**SAMPLE, "responseEncoding": "base64"}),
    "sample, mail order": ("HMAC-SHA-256", "base64", "HP_2.24", {**SAMPLE, "responseEncoding": "base64", "orderChannel": "MOTO"}),
    "sample, one click": ("HMAC-SHA-256", "base64", "HP_2.24", {**SAMPLE, "responseEncoding": "base64", "merchantWalletId": "1205987"}),
    "sample, validation": ("HMAC-SHA-256", "base64", "HP_2.24", {**SAMPLE, "captureMode": "VALIDATION", "captureDay": "3"}),
    "sample, strong authentication": ("HMAC-SHA-256", "base64", "HP_2.24", {
        **SAMPLE, "billingAddress__city": "Nantes", "billingAddress__addressAdditional1": "route de l'atlantique, 5990",
        "holderContact__lastname": "Doe", "fraudData__merchantCustomerAuthentMethod": "NOAUTHENT",
        "fraudData__challengeMode3DS": "NO_CHALLENGE",
    }),
    "sample, instalments": ("HMAC-SHA-256", "base64", "HP_2.24", {
        **SAMPLE, "amount": "9000", "transactionReference": "m136", "paymentPattern": "INSTALMENT", "instalmentData__number": "3",
        "instalmentData__amountsList": "1000,1000,7000", "instalmentData__datesList": "TODAY+0,TODAY+1,TODAY+2",
        "instalmentData__transactionReferencesList": "m136,m236,m336",
    }),
    "eopayment": ("", "", "HP_2.3", {
        "merchantId": "002001000000001", "transactionReference": "9fc1342b714a4e058f7534c5b24b0491",
        "orderId": "9fc1342b714a4e058f7534c5b24b0491", "statementReference": "9fc1342b714a4e058f7534c5b24b0491",
        "billingContact__email": "a@b.example", "captureMode": "AUTHOR_CAPTURE",
    }),
    "omnipay": ("SHA-256", "", "HP_2.9", {
        "merchantId": "002001000000001", "transactionReference": "20261126Ab", "customerData__birthDate": "19700101",
        "customerAddress__addressAdditional1": "1 rue", "billingContact__firstName": "Anne", "templateName": "",
    }),
    "django-mercanet": ("HMAC-SHA-256", "base64", "HP_2.20", {
        "merchantId": "002001000000001", "transactionReference": "2026112609da39a3ee5e6b4b0d3255bfef", "returnContext": "hé",
        "interfaceVersion": "HP_2.20", "orderChannel": "INTERNET",
    }),
    "Odoo": ("", "", "HP_2.4", {
        "merchantId": "002001000000001", "transactionReference": "SO00423x1", "statementReference": "SO0042-3",
        "returnContext": '{"reference": "SO0042-3"}', "customerContact__email": "a@b.example",
    }),
    "nursit/bank": ("", "base64", "HP_2.16", {"merchantId": "002001000000001", "transactionReference": "636692", "customerId": "13"}),
    "payum, HMAC-SHA-512": ("HMAC-SHA-512", "Base64URL", "HP_2.33", {**SAMPLE, "customerEmail": "a@b.example", "customerId": "7"}),
    "migrated from Sips 1.0": ("HMAC-SHA-256", "base64", "HP_2.20", {"merchantId": "002001000000003", S10.replace(".", "__"): "000001"}),
}  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.parametrize(("algorithm", "encode", "version", "keys"), PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("end", ["paid", "refused", "cancelled"])
def test_requests_of_published_programs_are_accepted(
    server: Bank, algorithm: str, encode: str, version: str, keys: dict[str, str], end: str
) -> None:
    days = [clock.now().date() + timedelta(days=after) for after in range(3)]
    said = dict(keys)
    for after, day in enumerate(days):
        dates = said.get("instalmentData__datesList", "")
        said |= {"instalmentData__datesList": dates.replace(f"TODAY+{after}", f"{day:%Y%m%d}")}
    post = sealed(server, algorithm or "SHA-256", encode, **said) | {"InterfaceVersion": version}
    if not algorithm:
        del post["SealAlgorithm"]
    if end == "cancelled":
        page = call(server, post)
        token = page.text.split("/cancel/")[1].split('"')[0]
        names = ("Data", "Encode", "Seal", "InterfaceVersion")
        assert send(f"{server.url}/cancel/{token}", {n: page.hidden(n) for n in names}).status == 307
    else:
        page = pay(server, post, ACCEPTED if end == "paid" else REFUSED)
    seal = paypage.SEALS[algorithm or "SHA-256"](
        page.hidden("Data").encode(), f"{said['merchantId']}_KEY1".encode()
    )
    pairs = pairs_of(page, page.hidden("Encode"))
    assert (page.hidden("Seal"), page.hidden("InterfaceVersion")) == (seal, version)
    assert pairs["responseCode"] == {"paid": "00", "refused": "05", "cancelled": "17"}[end]
    assert pairs.get("returnContext") == said.get("returnContext")
    assert said.get("transactionReference", pairs["transactionReference"]) == pairs["transactionReference"]


def test_cancellation_of_another_payment_is_rejected(server: Bank) -> None:
    entry, other = (call(server, sealed(server, transactionReference=name)) for name in ("one", "two"))
    token = entry.text.split("/cancel/")[1].split('"')[0]
    names = ("Data", "Encode", "Seal", "InterfaceVersion")
    assert send(f"{server.url}/cancel/{token}", {name: other.hidden(name) for name in names}).status == 400
    assert send(f"{server.url}/cancel/{token}", {"Data": entry.hidden("Data"), "Seal": "0"}).status == 400


# Numbers


@pytest.mark.parametrize(("shop", "changes", "message"), [
    ("002001000000001", {"transactionReference": "ab1"}, ""), ("002001000000002", {}, ""), ("002001000000004", {}, ""),
    ("002001000000003", {S10: "7"}, ""), (MERCHANT, {}, ""), (MERCHANT, {S10: "7"}, ""),
    ("002016000000001", {"transactionReference": "ab1"}, ""),
    ("002016000000001", {S10: "7"}, "code=12 message=Missing merchant transaction id key"),
    ("002001000000003", {"transactionReference": "ab1"}, "code=12 message=Missing merchant transaction id key"),
    ("002001000000003", {}, "code=12 message=Missing merchant transaction id key"),
    ("002001000000001", {}, "code=12 message=Missing merchant transaction id key"),
    ("002001000000001", {S10: "7"}, "code=12 message=Missing merchant transaction id key"),
    ("002001000000002", {"transactionReference": "ab1"}, ""),
    ("002001000000002", {S10: "7"}, f"Invalid keyword: {S10}=7"),
    ("002001000000004", {"transactionReference": "ab1"}, "Invalid keyword: transactionReference=ab1"),
    ("002001000000004", {S10: "7"}, f"Invalid keyword: {S10}=7"),
])  # fmt: skip
def test_request_with_numbers_of_another_mode_is_rejected(
    server: Bank, shop: str, changes: dict[str, str], message: str
) -> None:
    post = sealed(
        server, merchantId=shop, **{name.replace(".", "__"): value for name, value in changes.items()}
    )
    page = pay(server, post) if not message else call(server, post)
    if message:
        assert page.status == 400 and message in page.text
        return
    pairs = pairs_of(page)
    assert pairs["responseCode"] == "00"
    assert re.fullmatch(r"[A-Za-z0-9]{1,35}", pairs["transactionReference"]) and re.fullmatch(
        r"20[0-9]{6}", pairs["s10TransactionIdDate"]
    )
    if S10 in changes:
        assert pairs["s10TransactionId"] == "000007"
        assert pairs["transactionReference"] == pairs["s10TransactionIdDate"] + "000007"
    else:
        assert pairs["s10TransactionId"] == ("000001" if shop == "002001000000004" else "1")


@pytest.mark.parametrize("reference", ["550e8400e29b41d4a716446655440000abc", "X", "20261126000123"])
def test_reference_of_the_shop_is_returned_beside_the_number_of_the_server(
    server: Bank, reference: str
) -> None:
    pay(server, sealed(server))
    pairs = pairs_of(pay(server, sealed(server, transactionReference=reference)))
    assert (pairs["transactionReference"], pairs["s10TransactionId"]) == (reference, "2")


def test_references_with_the_same_end_are_different(server: Bank) -> None:
    for reference in ("A000001", "B000001"):
        assert pairs_of(pay(server, sealed(server, transactionReference=reference)))["responseCode"] == "00"


def test_number_can_be_used_once_even_by_an_unpaid_request(server: Bank) -> None:
    post = ask(server)
    entry = call(server, post)
    server.number -= 1
    used = call(server, ask(server, amount="999", order_id="OTHER"))
    assert read(server, used)["response_code"] == "94" and read(server, used)["order_id"] == "OTHER"
    assert read(server, call(server, post))["response_code"] == "94"
    assert "SUCCESS" in server.card(entry, ACCEPTED).text


@pytest.mark.parametrize("mode", ["transactionId", "transactionReference"])
def test_number_of_a_later_instalment_cannot_be_used_again(server: Bank, mode: str) -> None:
    today = clock.now().date()
    days = [today, today.fromordinal(today.toordinal() + 30)]
    parts = {
        "paymentPattern": "INSTALMENT",
        "instalmentData__number": "2",
        "instalmentData__datesList": ",".join(f"{day:%Y%m%d}" for day in days),
        "instalmentData__amountsList": "250,1000",
    }
    if mode == "transactionId":
        own = {S10.replace(".", "__"): "000009", "instalmentData__s10TransactionIdsList": "000009,000010"}
        later = days[1]
    else:
        own = {"transactionReference": "R1", "instalmentData__transactionReferencesList": "R1,R2"}
        later = today
    page = pay(server, sealed(server, **parts, **own))
    assert pairs_of(page)["responseCode"] == "00"
    assert [part["amount"] for part in server.last()["payments"]] == ["250", "1000"]
    if mode == "transactionId":
        with pytest.MonkeyPatch.context() as patched:
            now = clock.now()
            patched.setattr(
                clock, "now", lambda: now.replace(year=later.year, month=later.month, day=later.day)
            )
            page = call(server, sealed(server, **{S10.replace(".", "__"): "000010"}))
    else:
        page = call(server, sealed(server, transactionReference="R2"))
    assert pairs_of(page)["responseCode"] == "94"


def test_abandoned_payment_ends_with_97(param: Path) -> None:
    use_paypage(param)
    with bank(param, seconds=1) as running:
        entry = call(running, ask(running))
        running.wait_for_automatic(1)
        # The shop was notified a moment ago.
        wait_for(lambda: running.last()["state"] == "ENDED")
        post = running.last()["messages"][-1]["post"]
        assert paypage._pairs(paypage._decode(post["Data"], post["Encode"]))["responseCode"] == "97"
        assert read(running, running.card(entry, ACCEPTED))["response_code"] == "97"


# Ports


def test_automatic_response_is_sent_to_any_port(server: Bank) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        page = pay(server, sealed(server, automaticResponseUrl=f"http://127.0.0.1:{port}/automatic"))
    assert port not in PORTS and pairs_of(page)["responseCode"] == "00"
    message = next(message for message in server.last()["messages"] if message["kind"] == "AUTOMATIC")
    assert message["state"] == "FAILED" and "refused" in message["answer"]  # nobody listens there


def test_bank_ports_option_rejects_other_ports(param: Path) -> None:
    use_paypage(param)
    with bank(param, bank_ports=True) as running:
        page = call(running, sealed(running, automaticResponseUrl="http://127.0.0.1:49152/automatic"))
        said = "port 49152 is not one of 80 to 9999"
        assert page.status == 400 and said in page.text and said in running.console("refused")[-1]["answer"]
        assert running.call(running.request(automatic_response_url="http://127.0.0.1:79/")).status == 400
        assert pairs_of(pay(running, sealed(running)))["responseCode"] == "00"


# What the kit sends


@pytest.mark.parametrize("keywords", [
    {"MEANS": "server"}, {"ENCODE": "none"}, {"ENCODE": "base64"}, {"SEAL": "SHA-256"}, {"REFERENCE": "transactionReference"},
])  # fmt: skip
def test_request_of_the_kit_with_each_setting_is_paid(param: Path, keywords: dict[str, str]) -> None:
    use_paypage(param, **keywords)
    with bank(param) as running:
        by_server = keywords.get("MEANS") == "server"
        post = ask(running, "" if by_server else "CB")
        if by_server:
            page = call(running, post)
            assert [f'value="{means}"' in page.text for means in ("CB", "AMEX", "JCB")] == [True, True, False]
            post["means"] = "CB"
        response = read(running, pay(running, post))
        assert (response.outcome, response["transaction_id"]) == ("accepted", f"{running.number:06}")


def test_means_of_payment_that_was_not_listed_cannot_be_chosen(param: Path) -> None:
    use_paypage(param, MEANS="server")
    with bank(param) as running:
        assert "<form" in call(running, ask(running, "") | {"means": "JCB"}).text
        assert running.console("transactions") == []


def test_response_to_a_request_with_the_previous_key_is_sealed_with_it(server: Bank, param: Path) -> None:
    page = pay(server, sealed(server, key=f"{MERCHANT}_KEY0", keyVersion="0"))
    assert page.hidden("Seal") == paypage.SEALS["HMAC-SHA-256"](
        page.hidden("Data").encode(), f"{MERCHANT}_KEY0".encode()
    )


def test_automatic_and_manual_response_are_the_same(server: Bank) -> None:
    page = pay(server, ask(server))
    [message] = [message for message in server.last()["messages"] if message["kind"] == "AUTOMATIC"]
    assert (
        message["post"] == {name: page.hidden(name) for name in message["post"]}
        and message["state"] == "SENT"
    )
    assert read_post(message["post"])["Data"] == page.hidden("Data")


def test_fraud_checks_and_switches_apply_to_paypage_too(param: Path) -> None:
    use_paypage(param)
    with bank(param, merchants={MERCHANT: Merchant("Careful", fraud_checks=True)}) as running:
        running.console("switches", {"complementary_code": "06", "unavailable": True})
        pairs: dict[str, Any] = pairs_of(pay(running, sealed(running)))
        assert (pairs["responseCode"], pairs["complementaryCode"]) == ("90", "06")


def test_request_with_another_key_version_is_rejected(server: Bank, param: Path) -> None:
    with (param / "pathfile").open("a") as file:
        file.write("PAYPAGE_KEY_VERSION!2!\n")
    other = Bank(server.url, server.shop, read_pathfile(str(param / "pathfile")))
    assert "keyVersion=2" in call(server, ask(other)).text
