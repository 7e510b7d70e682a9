"""What holds for any Data of Paypage: in every encoding, with keys of the platform's dictionary and others."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import CallError, KitError
from sogenactif.fields import readable, to_text
from sogenactif.ledger.history import transactions
from sogenactif.payment import read_outcome
from sogenactif.protocols.paypage import NEXT_PAIR
from sogenactif.protocols.paypage_fields import RESPONSE_KEYS
from sogenactif_sandbox import paypage as sandbox
from tests.support.paypage import RESPONSE_DATA, ask, opened_request, sealed
from tests.support.shop import MovingShop
from tests.support.vectors import MERCHANT, use_paypage

pytestmark = pytest.mark.exhaustive

ENCODINGS = ["base64url", "base64", ""]
# Keys that decide what was paid, and by which request; the others must never lose a payment.
DECISIVE = {*RESPONSE_DATA, "orderId", "returnContext", "transactionReference"}
DICTIONARY = [
    *RESPONSE_KEYS, "maskedPan", "holderAuthentStatus", "guaranteeIndicator", "transactionDateTime", "paymentPattern",
    "tokenPan", "walletType", "preAuthorisationRuleResultList", "s10transactionIdsList", "redirectionStatusCode",
    "redirectionStatusMessage", "panEntryMode", "billingAddress.city",
]  # fmt: skip
NAME = st.from_regex(r"[a-z][A-Za-z0-9]{0,12}(\.[a-z][A-Za-z0-9]{0,8})?", fullmatch=True)
KEY = st.one_of(st.sampled_from(DICTIONARY), NAME).filter(lambda key: key not in DECISIVE)
ODD = [
    "null", "00", "05", "=", "a=b", "|", "a|b", "|x", "||", "{a=1,b=2},{a=3}", '[{"ruleCode":"VI"}]', "<CARD_INFOS A=B />",
    "é€", "\0", "\r\n", "\u2028", "9" * 5000, "2026-11-23T10:31:00+01:00", "0001-01-01T00:00:00+14:00", "A1", "Y",
]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUE = st.one_of(st.sampled_from(ODD), TEXT).filter(lambda value: not NEXT_PAIR.search(value))


@pytest.fixture(params=["HMAC-SHA-256", "SHA-256", "HMAC-SHA-512"])
def paypage_pathfile(param: Path, request: pytest.FixtureRequest) -> Pathfile:
    return read_pathfile(use_paypage(param, SEAL=request.param))


@given(more=st.dictionaries(KEY, VALUE, max_size=8), encode=st.sampled_from(ENCODINGS))
def test_acceptance_is_read_with_any_additional_keys(
    paypage_pathfile: Pathfile, more: dict[str, str], encode: str
) -> None:
    post = sealed(algorithm=paypage_pathfile.paypage.seal, encode=encode, orderId="CMD42", **more)
    response = read_outcome(post, paypage_pathfile)
    assert (response.outcome, response["amount"], response["order_id"]) == ("accepted", "1000", "CMD42")
    assert (response["transaction_id"], response.day) == ("000123", "20261123")
    kept = {key: value for key, value in more.items() if value not in ("", "null")}
    assert response.original == {**RESPONSE_DATA, "orderId": "CMD42", **kept}
    assert all(len(value.encode()) <= 3072 for value in response.fields.values())


@given(
    more=st.dictionaries(KEY, VALUE, max_size=4),
    encode=st.sampled_from(ENCODINGS),
    field=st.sampled_from(["Data", "Seal", "Encode"]),
    place=st.integers(min_value=0),
    put=st.one_of(TEXT, st.sampled_from([*ENCODINGS, "BASE64URL", "none", "A", "=", "0"])),
)
def test_altered_response_is_rejected_or_has_the_same_content(
    paypage_pathfile: Pathfile, more: dict[str, str], encode: str, field: str, place: int, put: str
) -> None:
    post = sealed(algorithm=paypage_pathfile.paypage.seal, encode=encode, **more)
    sent = post[field]
    place %= len(sent) + 1
    altered = post | {field: put if field == "Encode" else sent[:place] + put + sent[place + 1 :]}
    try:
        response = read_outcome(altered, paypage_pathfile)
    except KitError:
        return
    # A blank in base64 is the + that a form decoder made of it.
    data = altered["Data"].replace(" ", "+") if encode == "base64" else altered["Data"]
    assert (data, altered["Seal"]) == (post["Data"], post["Seal"])
    assert response.original == read_outcome(post, paypage_pathfile).original


@given(
    parts=st.lists(
        st.one_of(
            st.tuples(st.sampled_from([*DECISIVE, *DICTIONARY]), VALUE).map("=".join),
            st.sampled_from([f"{key}={value}" for key, value in RESPONSE_DATA.items()]),
            TEXT,
        )
    ),
    encode=st.sampled_from(ENCODINGS),
)
def test_any_sealed_response_has_an_outcome_or_an_error(
    paypage_pathfile: Pathfile, parts: list[str], encode: str
) -> None:
    text = f"merchantId={RESPONSE_DATA['merchantId']}|" + "|".join(parts)
    post = sealed(algorithm=paypage_pathfile.paypage.seal, encode=encode, text=text)
    try:
        response = read_outcome(post, paypage_pathfile)
    except KitError as error:
        assert str(error) and error.logged
        return
    assert response.outcome in ("accepted", "refused", "cancelled", "pending")
    assert response["merchant_id"] == RESPONSE_DATA["merchantId"] and int(response["amount"]) >= 0
    assert (response.outcome == "accepted") == (response.original["responseCode"] == "00")


ADDRESS = st.from_regex(r"(billing|delivery|customer|holder)Address\.[a-z][A-Za-z]{0,9}", fullmatch=True)
BYTES = st.one_of(VALUE, st.binary(max_size=30).map(to_text), st.sampled_from(["|amount=1", "a|b=c"]))


@pytest.mark.parametrize("encode", ["base64url", "base64", "none"])
@given(
    keys=st.dictionaries(ADDRESS, BYTES.filter(bool), max_size=4), context=BYTES.filter(lambda v: len(v) < 60)
)
def test_request_arrives_unchanged_or_is_rejected(
    param: Path, encode: str, keys: dict[str, str], context: str
) -> None:
    pathfile = read_pathfile(use_paypage(param, ENCODE=encode))
    everything = [*keys.values(), context]
    lost = any("|" in value for value in keys.values()) or NEXT_PAIR.search(context) is not None
    if encode == "none":
        lost = lost or any(re.search(r"[|\r\n\0]", value) for value in everything)
    try:
        request = ask(pathfile, payment_means="CB,1", return_context=context, **keys)
    except CallError:
        assert lost
        return
    assert not lost
    given_keys = {key: readable(value) for key, value in keys.items()}
    given_keys |= {"returnContext": readable(context)} if context else {}
    sent = request.posts["CB"]
    read = sandbox._pairs(sandbox._decode(sent["Data"], sent.get("Encode", "")))
    assert {key: read.get(key) for key in given_keys} == given_keys
    assert (read["amount"], read["merchantId"]) == ("1250", request.fields["merchant_id"])
    if "null" not in given_keys.values():
        assert opened_request(request, "CB", pathfile) == read


# With the ledger: a response pays the request that it answers, and no other.


@pytest.fixture(params=["transactionId", "transactionReference", "server"])
def shop(param: Path, tmp_path: Path, request: pytest.FixtureRequest) -> MovingShop:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    shop.move(param, REFERENCE=request.param)
    return shop


def identity(shop: MovingShop, mode: str, number: str, right: bool) -> dict[str, list[str]]:
    """The keys that name a request, or another one, each with the values that it may have."""
    day, unused = shop.day(), f"{int(number) + 500:06}"
    with shop.ledger() as ledger:
        token = list(transactions(ledger))[-1].fields.get("token", "")
    if mode == "transactionId":
        own = number if right else unused
        return {"s10TransactionId": [own, own.lstrip("0")], "transactionReference": ["", day + own, "SIM7"]}
    if mode == "transactionReference":
        references = [day + number] if right else [day + unused, "SIM20261126", ""]
        return {"s10TransactionId": ["", "1", number], "transactionReference": references}
    wrong = ["", "x" + token, token[:-1], f"kit{0:032x}"]
    return {
        "s10TransactionId": ["", "1", number],
        "transactionReference": ["", "SIM7", day + number],
        "returnContext": [token, token + "|", token + "a=b"] if right else wrong,
    }


@settings(max_examples=100)
@given(data=st.data(), more=st.dictionaries(KEY, VALUE, max_size=4), encode=st.sampled_from(ENCODINGS))
def test_response_is_accepted_only_if_it_fits_its_request(
    shop: MovingShop, data: st.DataObject, more: dict[str, str], encode: str
) -> None:
    number = shop.show_form()
    rightly = {
        "amount": ["1250", "0001250"],
        "currencyCode": ["978"],
        "orderId": ["CMD-42"],
        "responseCode": ["00"],
    }
    wrongly = {
        "amount": ["1251", "12500", "", "null", "1e3"],
        "currencyCode": ["840", "", "euro"],
        "orderId": ["CMD-43", "", "cmd-42"],
        "responseCode": ["05", "17", "60", "", "null", "0"],
    }
    fault = data.draw(st.sampled_from(["", "", "identity", *wrongly]))
    choices = rightly | ({fault: wrongly[fault]} if fault in wrongly else {})
    choices |= identity(shop, shop.pathfile.paypage.reference, number, fault != "identity")
    said = {key: data.draw(st.sampled_from(values)) for key, values in choices.items()}
    said |= {"merchantId": MERCHANT, "s10TransactionIdDate": shop.day() if said["s10TransactionId"] else ""}
    before = len(shop.outcomes)
    answer = shop.post_response(sealed(f"{MERCHANT}_KEY1", encode=encode, **more, **said))
    accepted = [outcome.outcome for outcome in shop.outcomes[before:]] == ["accepted"]
    assert accepted == (not fault), (said, answer.log)
    assert answer.status == 200 or (fault and answer.status in (400, 403) and answer.log)
