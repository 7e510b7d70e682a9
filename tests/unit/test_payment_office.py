"""The Office server of the sandbox, over HTTP with the kit's own client: states, operations, refusals, switches."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sogenactif.errors import OfficeError
from sogenactif.protocols import office
from sogenactif.protocols.office import Office, by_number, by_reference
from sogenactif_sandbox.office import seal
from tests.support.bank import Bank, bank, send
from tests.support.office import KEY, client, paid_on_paypage
from tests.support.vectors import MERCHANT, use_paypage


@pytest.fixture
def server(param: Path) -> Iterator[Bank]:
    use_paypage(param)
    with bank(param) as running:
        yield running


def by(payment: dict[str, str]) -> dict[str, object]:
    return by_number(payment["s10TransactionId"], payment["s10TransactionIdDate"])


def status(running: Bank, payment: dict[str, str]) -> tuple[str, str]:
    answer = client(running).query(by(payment))
    return answer["transactionStatus"], answer["currentAmount"]


def test_query_returns_the_payment_by_number_and_by_reference(server: Bank) -> None:
    payment = paid_on_paypage(server)
    for identifier in (by(payment), by_reference(payment["transactionReference"])):
        answer = client(server).query(identifier)
        assert (answer.code, answer.response_code, answer["transactionStatus"]) == ("00", "00", "TO_CAPTURE")
        assert (answer["originAmount"], answer["remainingAmount"], answer["currencyCode"]) == (
            "1250",
            "1250",
            "978",
        )
        assert answer["authorisationId"] == payment["authorisationId"]
        assert answer["automaticResponseStatus"] == "SENT"


def test_query_of_a_refused_payment_returns_refused(server: Bank) -> None:
    payment = paid_on_paypage(server, "4200000000000005")
    answer = client(server).query(by(payment))
    assert (answer.code, answer.response_code, answer["transactionStatus"]) == ("00", "05", "REFUSED")


def test_payment_is_cancelled_in_parts_before_its_capture(server: Bank) -> None:
    payment = paid_on_paypage(server)
    part = client(server).operate("cancel", by(payment), 250, "978")
    assert (part.code, part["newStatus"], part["newAmount"]) == ("00", "TO_CAPTURE", "1000")
    assert client(server).operate("cancel", by(payment), 1001, "978").code == "51"
    assert client(server).operate("refund", by(payment), 100, "978").code == "24"
    rest = client(server).operate("cancel", by(payment), 1000, "978")
    assert (rest["newStatus"], rest["newAmount"]) == ("CANCELLED", "0")
    assert client(server).operate("cancel", by(payment), 1, "978").code == "24"


def test_payment_is_captured_the_next_day_and_then_refunded(server: Bank) -> None:
    payment = paid_on_paypage(server)
    server.console("tomorrow", {})
    assert status(server, payment) == ("CAPTURED", "1250")
    assert client(server).operate("cancel", by(payment), 100, "978").code == "24"
    assert client(server).operate("refund", by(payment), 250, "978")["newStatus"] == "CAPTURED"
    assert client(server).operate("refund", by(payment), 1000, "978")["newStatus"] == "TO_CREDIT"
    server.console("tomorrow", {})
    assert status(server, payment) == ("CREDITED", "0")


def test_payment_made_after_the_move_to_tomorrow_is_not_captured(server: Bank) -> None:
    server.console("tomorrow", {})
    assert status(server, paid_on_paypage(server)) == ("TO_CAPTURE", "1250")


def test_payment_awaiting_validation_is_validated_in_part_or_expires(server: Bank) -> None:
    waiting, forgotten = (paid_on_paypage(server, captureMode="VALIDATION", captureDay="0") for _ in range(2))
    assert status(server, waiting) == ("TO_VALIDATE", "1250")
    done = client(server).operate("validate", by(waiting), 1000, "978")
    assert (done.code, done["newStatus"], done["newAmount"]) == ("00", "TO_CAPTURE", "1000")
    server.console("tomorrow", {})
    assert status(server, waiting) == ("CAPTURED", "1000")
    assert status(server, forgotten) == ("EXPIRED", "1250")
    assert client(server).operate("validate", by(forgotten), 1000, "978").code == "24"


def test_query_of_an_unknown_transaction_returns_25(server: Bank) -> None:
    payment = paid_on_paypage(server)
    other = Office(client(server).url, "014213245611112", "1", [b"014213245611112_KEY1"])
    for asked, identifier in (
        (client(server), by_number("999999", "20261123")),
        (client(server), by_reference("NONE")),
        (other, by(payment)),
    ):
        assert asked.query(identifier).code == "25"


def test_operation_in_another_currency_returns_12(server: Bank) -> None:
    answer = client(server).operate("cancel", by(paid_on_paypage(server)), 100, "840")
    assert (answer.code, answer["errorFieldName"]) == ("12", "currencyCode")


def post(running: Bank, service: str = "diagnostic/getTransactionData", **changes: Any) -> dict[str, Any]:
    """The answer to a message of another program; an empty change leaves the field out."""
    message = {
        "merchantId": MERCHANT,
        "keyVersion": "1",
        "interfaceVersion": "CR_WS_2.58" if "cash" in service else "DR_WS_2.58",
        "transactionReference": "NONE",
        **changes,
    }
    message = {name: value for name, value in message.items() if value != ""}
    message.setdefault("seal", seal(message, KEY, message.get("sealAlgorithm", "")))
    answer = send(
        f"{running.url}/rs-services/v2/{service}",
        json.dumps(message).encode(),
        Content_Type="application/json",
    )
    assert answer.status == 200
    fields: dict[str, Any] = json.loads(answer.text)
    return fields


@pytest.mark.parametrize(
    ("changes", "code", "field", "is_sealed"),
    [
        ({}, "25", None, True),
        ({"seal": "0" * 64}, "34", None, False),
        ({"keyVersion": "7"}, "34", None, False),
        ({"merchantId": "002001000000001"}, "03", None, False),
        ({"interfaceVersion": "CR_WS_2.58"}, "12", "interfaceVersion", True),
        ({"amount": "12"}, "30", "amount", True),
        ({"transactionReference": ""}, "12", "transactionReference", True),
        ({"transactionReference": "é"}, "30", "transactionReference", True),
        ({"transactionReference": "", "s10TransactionReference": {"s10TransactionId": "1"}}, "12", "s10TransactionReference", True),
        ({"sealAlgorithm": "SHA-256"}, "25", None, True),
    ],
)  # fmt: skip
def test_invalid_message_is_answered_with_its_code(
    server: Bank, changes: dict[str, Any], code: str, field: str | None, is_sealed: bool
) -> None:
    answer = post(server, **changes)
    assert (answer["getTransDataResponseCode"], answer.get("errorFieldName")) == (code, field)
    assert ("seal" in answer) == is_sealed


def test_operation_without_an_amount_returns_30(server: Bank) -> None:
    answer = post(server, "cashManagement/refund", currencyCode="978")
    assert (answer["responseCode"], answer["errorFieldName"]) == ("30", "operationAmount")


def test_message_of_another_content_type_is_answered_with_415(server: Bank) -> None:
    answer = send(
        f"{server.url}/rs-services/v2/diagnostic/getTransactionData", b"{}", Content_Type="text/xml"
    )
    assert answer.status == 415 and "<html" in answer.text


def test_operation_is_done_if_its_reply_is_lost(server: Bank) -> None:
    payment = paid_on_paypage(server)
    server.console("office", {"office": "silent"})
    with pytest.raises(OfficeError) as raised:
        client(server).operate("cancel", by(payment), 250, "978")
    assert raised.value.sent
    assert status(server, payment) == ("TO_CAPTURE", "1000")


@pytest.mark.parametrize(
    ("switch", "words"), [("unsealed", "without a seal"), ("altered", "seal of the answer is wrong")]
)
def test_replies_can_be_unsealed_or_altered(server: Bank, switch: str, words: str) -> None:
    payment = paid_on_paypage(server)
    server.console("office", {"office": switch, "messages": "operations"})
    with pytest.raises(OfficeError, match=words):
        client(server).operate("cancel", by(payment), 250, "978")
    assert status(server, payment) == ("TO_CAPTURE", "1000")
    server.console("office", {"office": switch})
    with pytest.raises(OfficeError, match=words):
        client(server).query(by(payment))


def test_server_can_be_unavailable_or_slow(server: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = paid_on_paypage(server)
    server.console("office", {"office": "unavailable"})
    assert client(server).query(by(payment)).code == "90"
    server.console("office", {"office": "slow", "seconds": 1})
    assert client(server).query(by(payment)).code == "00"
    monkeypatch.setattr(office, "ANSWER_SECONDS", 0.2)
    with pytest.raises(OfficeError, match="no complete answer"):
        client(server).query(by(payment))


def test_unknown_switch_is_rejected(server: Bank) -> None:
    for values in ({"office": "lazy"}, {"messages": "none"}, {"seconds": "61"}, {"automatic": "never"}):
        answer = send(
            f"{server.url}/console/office", json.dumps(values).encode(), Content_Type="application/json"
        )
        assert answer.status == 400


def test_console_shows_messages_and_operations_with_the_transaction(server: Bank) -> None:
    payment = paid_on_paypage(server)
    client(server).operate("cancel", by(payment), 250, "978")
    shown = server.last()
    assert (shown["status"], shown["current_amount"]) == ("TO_CAPTURE", 1000)
    assert [(one["name"], one["amount"]) for one in shown["operations"]] == [("cancel", 250)]
    message = shown["messages"][-1]
    assert (message["kind"], message["state"], message["fields"]["operationAmount"]) == (
        "OFFICE",
        "cancel",
        "250",
    )
    assert json.loads(message["answer"])["newAmount"] == 1000
    page = send(f"{server.url}/console/transactions/{shown['id']}", Accept="text/html").text
    assert "€10.00 of €12.50" in page
    assert re.search(">cancel</td><td[^>]*>€2.50</td>", page)
