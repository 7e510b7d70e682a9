"""Data of Paypage: sealed and opened, against vectors that openssl makes in the first test."""

import calendar
import random
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import (
    CallError,
    KeyMissing,
    KeyUnusable,
    KitError,
    MessageEncodingError,
    MessageError,
    MessageStructureError,
    ResponseError,
    SealError,
)
from sogenactif.pages import form
from sogenactif.payment import make_request, read_outcome, read_response
from sogenactif.protocols import Numbering, gateway, paypage, read_post
from sogenactif.protocols.paypage_fields import RESPONSE_KEYS
from tests.support.paypage import KEY, NOON, RESPONSE_DATA, SHOP, ask, opened_request, sealed
from tests.support.vectors import MERCHANT, VECTORS, need, use_paypage

CASES = sorted((VECTORS / "paypage").iterdir())


def lines(case: Path) -> tuple[str, str, str]:
    """Return the text of a case, its Data and its Seal."""
    text, data, seal = case.read_text().splitlines()
    return text, data, seal


@pytest.fixture
def paypage_pathfile(param: Path) -> Pathfile:
    """Return a pathfile of Paypage."""
    return read_pathfile(use_paypage(param))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_vectors_equal_the_output_of_openssl(case: Path) -> None:
    need(shutil.which("openssl"), "openssl")
    text, data, seal = lines(case)
    _, encode, algorithm, _ = case.name.split(".")

    def openssl(*arguments: str, given: str) -> str:
        run = ["openssl", *arguments]
        return subprocess.run(run, input=given, capture_output=True, text=True, check=True).stdout

    if encode != "none":
        plain = openssl("base64", "-A", given=text)
        assert data == (plain.translate(str.maketrans("+/", "-_")) if encode == "base64url" else plain)
    if algorithm == "SHA-256":
        made = openssl("dgst", "-sha256", given=data + KEY)
    else:
        made = openssl("dgst", "-sha256", "-hmac", KEY, given=data)
    assert made.split()[-1] == seal


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_data_and_seal_equal_the_vectors(case: Path) -> None:
    text, data, seal = lines(case)
    _, encode, algorithm, _ = case.name.split(".")
    if encode == "none":
        pairs = dict(pair.split("=", 1) for pair in text.split("|"))
    else:
        pairs = dict(pair.split("=", 1) for pair in text.replace("b|c", "b/c").split("|"))
        pairs["returnContext"] = "a=b|c"
    post = paypage.seal(pairs, KEY.encode(), algorithm, encode)
    assert (post["Data"], post["Seal"], post.get("Encode", "none")) == (data, seal, encode)


@pytest.mark.parametrize("case", [c for c in CASES if c.name.startswith("response")], ids=lambda c: c.stem)
def test_response_has_the_fields_of_sips_1_0(case: Path, param: Path) -> None:
    _, data, seal = lines(case)
    _, encode, algorithm, _ = case.name.split(".")
    pathfile = read_pathfile(use_paypage(param, SEAL=algorithm))
    post = {"Data": data, "Seal": seal, "Encode": "" if encode == "none" else encode}
    response = read_outcome(post, pathfile)
    assert read_outcome({**post, "Encode": encode}, pathfile).fields == response.fields
    assert response.fields == {
        "amount": "1000",
        "authorisation_id": "039830",
        "bank_response_code": "00",
        "capture_day": "0",
        "capture_mode": "AUTHOR_CAPTURE",
        "card_number": "4977.77",
        "card_validity": "203012",
        "currency_code": "978",
        "customer_id": "é",
        "customer_ip_address": "192.0.2.7",
        "merchant_id": SHOP,
        "order_id": "CMD42",
        "payment_date": "20261123",
        "payment_means": "VISA",
        "payment_time": "103100",
        "response_code": "00",
        "return_context": "a=bc" if encode == "none" else "a=b|c",
        "transaction_condition": "3D_SUCCESS",
        "transaction_id": "000123",
    }
    assert (response.outcome, response.day) == ("accepted", "20261123")
    assert response.original["transactionReference"] == "20261123000123"


@pytest.mark.parametrize(("data", "bypass"), [("NO_RESPONSE_PAGE", "true"), ("X;NO_RESPONSE_PAGE_POST", "true"), ("NO_RESPONSE_PAGES", None)])  # fmt: skip
def test_option_no_response_page_requests_no_receipt_page(
    paypage_pathfile: Pathfile, data: str, bypass: str | None
) -> None:
    assert (
        opened_request(ask(paypage_pathfile, data=data), "CB", paypage_pathfile).get(
            "paypageData.bypassReceiptPage"
        )
        == bypass
    )


def test_request_carries_every_parameter(paypage_pathfile: Pathfile) -> None:
    request = ask(
        paypage_pathfile,
        order_id="CMD-42",
        customer_id="\udce9",
        customer_email="anne@shop.example",
        customer_ip_address="192.0.2.7",
        language="ge",
        return_context="a=b|c",
        payment_means="CB,1,VISA,2",
        capture_day="3",
        capture_mode="VALIDATION",
        templatefile="mine",
        statement_reference="Tea",
        automatic_response_url="http://shop.example/auto",
        data="NO_RESPONSE_PAGE;NO_COPYRIGHT",
    )
    assert request.action == "http://127.0.0.1:8080/payment/paymentInit"
    assert set(request.posts) == {"CB", "VISA"}
    assert opened_request(request, "VISA", paypage_pathfile) == {
        "amount": "1250",
        "currencyCode": "978",
        "keyVersion": "1",
        "orderChannel": "INTERNET",
        "s10TransactionReference.s10TransactionId": "000123",
        "merchantId": MERCHANT,
        "orderId": "CMD-42",
        "customerId": "é",
        "customerIpAddress": "192.0.2.7",
        "returnContext": "a=b|c",
        "captureDay": "3",
        "captureMode": "VALIDATION",
        "statementReference": "Tea",
        "normalReturnUrl": request.fields["normal_return_url"],
        "automaticResponseUrl": "http://shop.example/auto",
        "customerContact.email": "anne@shop.example",
        "templateName": "mine",
        "customerLanguage": "de",
        "paypageData.bypassReceiptPage": "true",
        "responseEncoding": "base64url",
        "paymentMeanBrandList": "VISA",
    }
    post = request.posts["CB"]
    assert {name: post[name] for name in post if name not in ("Data", "Seal")} == {
        "InterfaceVersion": "HP_3.4",
        "SealAlgorithm": "HMAC-SHA-256",
        "Encode": "base64url",
    }
    sealing = gateway(paypage_pathfile, "fr", MERCHANT)
    assert sealing.unsupported_fields(request.fields)["data"] == "no counterpart: NO_COPYRIGHT"


def test_each_means_of_payment_has_its_own_form_if_the_shop_offers_them(paypage_pathfile: Pathfile) -> None:
    request = ask(paypage_pathfile, payment_means="CB,1,VISA,1")
    html = str(form(request, paypage_pathfile))
    assert html.count("<form ") == html.count("</form>") == 2
    for means in ("CB", "VISA"):
        assert html.index(request.posts[means]["Seal"]) < html.index(f'name="{means}"')
    assert "!" not in html and "\n" not in html


def test_one_form_lists_the_means_of_payment_if_the_server_offers_them(param: Path) -> None:
    pathfile = read_pathfile(
        use_paypage(
            param,
            MEANS="server",
            REFERENCE="transactionReference",
            SEAL="SHA-256",
            ENCODE="none",
            INTERFACE="HP_2.0",
        )
    )
    request = ask(pathfile, payment_means="CB,1,VISA,2,CB,2")
    [post] = request.posts.values()
    assert (post["SealAlgorithm"], post["InterfaceVersion"], "Encode" in post) == ("SHA-256", "HP_2.0", False)
    said = opened_request(request, "", pathfile)
    assert (said["paymentMeanBrandList"], said["transactionReference"]) == ("CB,VISA", "20261123000123")
    assert str(form(request, pathfile)).count("<form ") == 1


def test_each_instalment_of_a_payment_by_reference_has_a_reference(param: Path) -> None:
    pathfile = read_pathfile(use_paypage(param, REFERENCE="transactionReference"))
    plan = {
        "capture_mode": "PAYMENT_N",
        "capture_day": "0",
        "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=250",
    }
    said = opened_request(ask(pathfile, payment_means="CB,1", **plan), "CB", pathfile)
    assert said["transactionReference"] == "20261123000123"
    assert (
        said["instalmentData.transactionReferencesList"] == "20261123000123,20261123000123P2,20261123000123P3"
    )


def test_payment_in_instalments_has_the_keys_of_the_documented_example(paypage_pathfile: Pathfile) -> None:
    data = "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=15000"
    call = {"merchant_id": SHOP, "merchant_country": "fr", "amount": "65000", "transaction_id": "123"}
    parmcom = Path(paypage_pathfile.merchant_parameters + f".{SHOP}")
    parmcom.write_text("")
    request = make_request(
        {**call, "capture_mode": "PAYMENT_N", "capture_day": "5", "data": data, "payment_means": "CB,1"},
        paypage_pathfile,
        calendar.timegm((2010, 6, 15, 12, 0, 0)),
    )
    said = opened_request(request, "CB", paypage_pathfile)
    text, _, _ = lines(VECTORS / "paypage" / "instalments.none.HMAC-SHA-256.txt")
    assert {pair.split("=", 1)[0]: said.get(pair.split("=", 1)[0]) for pair in text.split("|")} == dict(
        pair.split("=", 1) for pair in text.split("|")
    )
    assert "captureMode" not in said and "captureDay" not in said
    # Its options are sent under other names.
    assert "data" not in gateway(paypage_pathfile, "fr", SHOP).unsupported_fields(request.fields)


@pytest.mark.parametrize("parameters", [
    {"customer_email": "x|amount=1"}, {"return_context": "x" * 256},
    {"capture_mode": "PAYMENT_N", "capture_day": "0", "data": "NB_PAYMENT=1;PERIOD=1;INITIAL_AMOUNT=1"},
    {"capture_mode": "PAYMENT_N", "data": "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=1"},
])  # fmt: skip
def test_request_that_paypage_cannot_carry_is_rejected_before_a_number_is_assigned(
    paypage_pathfile: Pathfile, parameters: dict[str, str]
) -> None:
    numbers: list[str] = []

    class CountingLedger:
        def register(self, fields: Mapping[str, str], numbering: Numbering) -> Mapping[str, str]:
            numbers.append("drawn")
            return fields

    with pytest.raises(CallError):
        make_request(
            {"merchant_id": MERCHANT, "amount": "1250", **parameters},
            paypage_pathfile,
            NOON,
            CountingLedger(),
        )
    assert numbers == []


@pytest.mark.parametrize(
    ("post", "error"),
    [
        (sealed("014213245611112_KEY1"), SealError),
        (sealed(algorithm="SHA-256"), SealError),
        (sealed(algorithm="SHA-256") | {"SealAlgorithm": "SHA-256"}, SealError),
        (sealed() | {"Seal": ""}, SealError),
        (sealed() | {"Seal": "é"}, SealError),
        (sealed() | {"Seal": sealed()["Seal"].upper()}, SealError),
        ({"Data": sealed()["Data"], "Encode": "base64url"}, SealError),
        (sealed(amount="999") | {"Seal": sealed()["Seal"]}, SealError),
        (sealed(merchantId=""), SealError),
        (sealed(merchantId="999999"), KeyMissing),
        (sealed(merchantId="../key"), KeyMissing),
        (sealed() | {"Encode": "base32"}, MessageEncodingError),
        (sealed() | {"Encode": ""}, SealError),
        (sealed() | {"Data": "é"}, MessageEncodingError),
        (sealed() | {"Data": "a"}, MessageEncodingError),
        (sealed(text=f"merchantId={SHOP}|customerId=\udce9"), MessageEncodingError),
        (sealed(keyVersion="2"), MessageStructureError),
        (sealed(amount=""), MessageStructureError),
        (sealed(amount="null"), MessageStructureError),
        (sealed(amount="1e3"), MessageStructureError),
        (sealed(currencyCode="euro"), MessageStructureError),
        (sealed(responseCode="٠٠"), MessageStructureError),
        (sealed(s10TransactionIdDate="20261331"), MessageStructureError),
        (sealed(s10TransactionIdDate="null"), MessageStructureError),
        (sealed(s10TransactionIdDate="00010101"), MessageStructureError),
        (sealed(s10TransactionId="1234567"), ResponseError),
        (sealed(s10TransactionId="x"), MessageStructureError),
        (sealed(text=f"merchantId={SHOP}|amount=1000|amount=1"), MessageStructureError),
        (sealed(text=f"merchantId={SHOP}|amount=1000|merchantId=1"), SealError),
        (sealed(text=f"!|merchantId={SHOP}"), MessageStructureError),
        (sealed(text=f"merchantId={SHOP}|"), KeyMissing),
        (sealed(responseCode="null"), ResponseError),
        (sealed(responseCode=""), ResponseError),
        (sealed(orderId="x" * 33), ResponseError),
    ],
)
def test_invalid_response_is_rejected(
    paypage_pathfile: Pathfile, post: dict[str, str], error: type[KitError]
) -> None:
    with pytest.raises((error, MessageError) if error is KeyMissing else error):
        read_outcome(post, paypage_pathfile)


def test_values_may_contain_separators_or_be_empty(paypage_pathfile: Pathfile) -> None:
    response = read_response(
        sealed(returnContext="a=b|c|=d", newKey="x", customerId="null", captureDay=""), paypage_pathfile
    )
    assert (response["return_context"], response["customer_id"], response["capture_day"]) == (
        "a=b|c|=d",
        "",
        "",
    )
    assert response.original["newKey"] == "x"


def test_altered_character_of_data_is_detected(paypage_pathfile: Pathfile) -> None:
    post = sealed()
    for place in range(len(post["Data"])):
        other = "A" if post["Data"][place] != "A" else "B"
        with pytest.raises((MessageError, KeyMissing)):
            read_outcome(
                post | {"Data": post["Data"][:place] + other + post["Data"][place + 1 :]}, paypage_pathfile
            )


def test_any_sealed_text_is_read_or_rejected_with_a_known_error(paypage_pathfile: Pathfile) -> None:
    chance = random.Random(20261123)
    keys = [*RESPONSE_KEYS, *RESPONSE_DATA, "maskedPan", "transactionDateTime", "transactionReference", "x.y"]
    values = [
        "",
        "null",
        "0",
        "00",
        "1250",
        "é",
        "a=b",
        "|",
        "20261123",
        "2026-11-23T10:31:00+01:00",
        "9" * 5000,
    ]
    for _ in range(3000):
        odd = [f"{chance.choice(keys)}{chance.choice('==|.')}{chance.choice(values)}" for _ in range(3)]
        pairs = [f"{key}={value}" for key, value in RESPONSE_DATA.items() if chance.random() > 0.1]
        try:
            response = read_outcome(sealed(text="|".join([*pairs, *odd])), paypage_pathfile)
        except KitError:
            continue
        assert response["merchant_id"] == SHOP and int(response["amount"]) >= 0


def test_previous_key_is_accepted_until_its_file_is_removed(paypage_pathfile: Pathfile) -> None:
    post = sealed(SHOP + "_KEY0", keyVersion="7")
    assert read_outcome(post, paypage_pathfile).outcome == "accepted"
    Path(paypage_pathfile.paypage.key + f".{SHOP}.old").unlink()
    with pytest.raises(SealError):
        read_outcome(post, paypage_pathfile)


def test_reference_of_the_kit_gives_its_number_and_day(paypage_pathfile: Pathfile) -> None:
    bare = {"s10TransactionId": "", "s10TransactionIdDate": ""}
    ours = read_outcome(sealed(transactionReference="20261122000123", **bare), paypage_pathfile)
    assert (ours["transaction_id"], ours.day) == ("000123", "20261122")
    other = read_outcome(sealed(transactionReference="SOMEBODYELSE", **bare), paypage_pathfile)
    assert (other["transaction_id"], other.day) == ("", "")


def test_world_readable_empty_or_missing_secret_key_is_rejected(paypage_pathfile: Pathfile) -> None:
    key = Path(paypage_pathfile.paypage.key + f".{MERCHANT}")
    key.chmod(0o644)
    with pytest.raises(KeyUnusable, match="other users may read it"):
        ask(paypage_pathfile)
    key.chmod(0o640)
    for content in ("", "\n", "a\nb"):
        key.write_text(content)
        with pytest.raises(KeyUnusable, match="not one line"):
            ask(paypage_pathfile)
    key.unlink()
    with pytest.raises(KeyMissing, match=f"key.{MERCHANT}"):
        ask(paypage_pathfile)


def test_response_of_paypage_is_rejected_without_paypage_key(pathfile: Pathfile) -> None:
    with pytest.raises(KeyMissing, match="PAYPAGE_KEY"):
        read_outcome(sealed(), pathfile)


def test_argument_message_accepts_data_or_a_whole_post() -> None:
    assert read_post("20aa") == {"DATA": "20aa"}
    assert read_post("Data=a%3D&Encode=&Seal=ff&InterfaceVersion=HP_3.4&x=1") == {
        "Data": "a=",
        "Encode": "",
        "Seal": "ff",
        "InterfaceVersion": "HP_3.4",
    }
