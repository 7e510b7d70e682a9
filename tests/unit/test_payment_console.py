"""The developers' console: what happened, and what the next payment will do."""

import html
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sogenactif.errors import MessageError
from sogenactif.protocols.sips import open_response
from sogenactif_sandbox.transactions import Transactions
from tests.support.bank import MERCHANT, Bank, HttpReply, bank, send


@pytest.fixture
def running(param: Path) -> Iterator[Bank]:
    with bank(param) as running:
        yield running


def test_health_is_ok(running: Bank) -> None:
    assert running.console("health") == {"status": "ok"}


def test_transaction_is_shown_with_its_messages(running: Bank) -> None:
    data = running.request(order_id="A1", customer_id="4711")
    paid = running.card(running.call(data))
    (summary,) = running.console("transactions")
    whole = running.console(f"transactions/{summary['id']}")
    assert summary["state"] == "ENDED" and summary["response_code"] == "00"
    assert summary["automatic"] == ["SENT"] and summary["merchant_id"] == MERCHANT
    kinds = {message["kind"]: message for message in whole["messages"]}
    assert list(kinds) == ["REQUEST", "RESPONSE", "AUTOMATIC"]
    assert kinds["REQUEST"]["post"] == {"DATA": data} and kinds["REQUEST"]["fields"]["customer_id"] == "4711"
    assert kinds["RESPONSE"]["post"] == kinds["AUTOMATIC"]["post"] == {"DATA": paid.hidden("DATA")}
    assert kinds["AUTOMATIC"]["fields"] == running.read(paid)
    assert kinds["AUTOMATIC"]["url"] == f"{running.shop.url}/automatic"
    assert kinds["AUTOMATIC"]["answer"] == "200 OK\nthank you"


def test_transactions_are_found_by_their_numbers(running: Bank) -> None:
    for number in ("11", "12"):
        running.pay(transaction_id=number)
    assert [t["transaction_id"] for t in running.console("transactions")] == ["12", "11"]
    assert len(running.console("transactions?transaction_id=11")) == 1
    assert len(running.console(f"transactions?merchant_id={MERCHANT}&transaction_id=12")) == 1
    assert running.console("transactions?merchant_id=014213245611112") == []


def test_transactions_are_found_by_their_order_and_state(running: Bank) -> None:
    for number, order in (("11", "A1"), ("12", "A2")):
        running.pay(transaction_id=number, order_id=order)
    [found] = running.console("transactions?order_id=A2&state=ENDED")
    assert (found["transaction_id"], found["order_id"]) == ("12", "A2")
    assert running.console("transactions?state=OPEN") == running.console("transactions?order_id=A3") == []
    differences = running.console(f"transactions/{found['id']}")["differences"]
    assert differences["response_code"] == ["", "00"] and "amount" not in differences


def test_refused_requests_are_listed_with_their_reason(running: Bank) -> None:
    data = running.request()
    running.call(data[:-1] + "g")
    running.call(running.request(currency_code="111"))
    running.call("\udcff\x00", means="CB")
    refused = running.console("refused")
    assert [message["kind"] for message in refused] == ["REFUSED"] * 3
    assert "Invalid message MAC" in refused[0]["answer"] and refused[0]["post"] == {"DATA": data[:-1] + "g"}
    assert "currency_code" in refused[1]["answer"]


def test_huge_request_is_stored_truncated(running: Bank) -> None:
    assert running.call("0" * 60_000).status == 400
    assert len(running.console("refused")[0]["post"]["DATA"]) == 20_000


def test_automatic_response_can_be_sent_again_and_altered(running: Bank) -> None:
    running.pay()
    (original,) = running.shop.automatic()
    where = f"transactions/{running.last()['id']}/automatic"
    assert running.console(where, {}) == [{"state": "SENT", "answer": "200 OK\nthank you"}]
    assert len(running.console(where, {"times": 2})) == 2
    assert running.shop.automatic() == [original] * 4
    running.console(where, {"altered": True})
    altered = running.shop.automatic()[-1]
    assert len(altered) == len(original)
    assert sum(a != b for a, b in zip(altered, original, strict=True)) == 1
    with pytest.raises(MessageError):
        open_response(altered, running.pathfile)
    assert running.last()["automatic"] == ["SENT"] * 5


def test_automatic_response_can_be_sent_with_a_delay(running: Bank) -> None:
    running.pay()
    assert running.console(f"transactions/{running.last()['id']}/automatic", {"delay": 1}) == []
    assert len(running.shop.automatic()) == 1
    running.wait_for_automatic(2)


def test_switch_applies_to_one_payment(running: Bank) -> None:
    usual = running.console("switches")
    assert usual == {
        "automatic": "before", "delay": 0, "unavailable": False, "slow": 0, "complementary_code": "00"
    }  # fmt: skip
    assert running.console("switches", {"unavailable": True})["unavailable"] is True
    response = running.pay()
    assert response["response_code"] == response["bank_response_code"] == "90"
    assert "authorisation_id" not in response
    assert running.console("switches") == usual
    assert running.pay()["response_code"] == "00"


def test_automatic_response_can_be_suppressed_for_one_payment(running: Bank) -> None:
    running.console("switches", {"automatic": "never"})
    assert running.pay()["response_code"] == "00"
    assert running.shop.received == [] and running.last()["automatic"] == []
    running.pay()
    assert len(running.shop.received) == 1


@pytest.mark.parametrize("switches", [{"automatic": "after"}, {"delay": 1}])
def test_automatic_response_can_be_sent_after_the_page(running: Bank, switches: dict[str, Any]) -> None:
    running.console("switches", switches)
    assert running.pay()["response_code"] == "00"
    running.wait_for_automatic(1)
    assert running.last()["automatic"] == ["SENT"]


def test_delayed_automatic_response_does_not_block_the_shutdown(param: Path) -> None:
    with bank(param) as running:
        running.console("switches", {"delay": 600})
        running.pay()
    assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert running.shop.received == []


def test_fraud_checks_return_the_switched_code(param: Path) -> None:
    from sogenactif_sandbox.merchants import Merchant

    with bank(param, merchants={MERCHANT: Merchant("Careful", fraud_checks=True)}) as running:
        running.console("switches", {"complementary_code": "06"})
        assert running.pay()["complementary_code"] == "06"
        assert running.pay()["complementary_code"] == "00"


@pytest.mark.parametrize(
    "values",
    [
        {"delay": -1}, {"delay": 601}, {"slow": "many"}, {"slow": 61}, {"automatic": "maybe"}, {"colour": "red"},
        {"complementary_code": "x"}, {"delay": [1]}, {"delay": None, "slow": {}, "automatic": 3},
    ],
)  # fmt: skip
def test_invalid_switch_is_rejected_with_an_error(running: Bank, values: dict[str, Any]) -> None:
    answer = send(
        f"{running.url}/console/switches", json.dumps(values).encode(), Content_Type="application/json"
    )
    assert answer.status == 400 and json.loads(answer.text)["error"]
    assert running.console("switches")["delay"] == 0


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("transactions/999", "GET", None, 404),
        ("transactions/x", "GET", None, 404),
        ("transactions/" + "9" * 40, "GET", None, 404),
        ("transactions/999/automatic", "POST", b"{}", 404),
        ("nothing", "GET", None, 404),
        ("health", "POST", b"{}", 405),
        ("transactions", "POST", b"{}", 405),
        ("switches", "DELETE", None, 405),
        ("switches", "POST", b"not json", 400),
        ("switches", "POST", b"[]", 400),
        ("switches", "POST", b"[" * 60_000, 400),
        ("switches", "POST", b" " * 70_000, 413),
    ],
)
def test_invalid_request_is_answered_with_its_status(
    running: Bank, path: str, method: str, body: bytes | None, status: int
) -> None:
    answer = send(f"{running.url}/console/{path}", body, method, Content_Type="application/json")
    assert answer.status == status and "Traceback" not in answer.text


def test_page_of_a_missing_transaction_links_to_all_transactions(running: Bank) -> None:
    where = f"{running.url}/console/transactions/999"
    page = send(where, accept="text/html")
    assert page.status == 404
    assert '<a href="/payment/console">All transactions</a>' in page.text
    assert json.loads(send(where).text) == {"error": "no such transaction"}


def test_missing_response_or_invalid_repetition_is_rejected(running: Bank) -> None:
    running.call(running.request())
    where = f"{running.url}/console/transactions/{running.last()['id']}/automatic"
    assert send(where, {"times": "1"}).status == 400
    running.pay()
    where = f"{running.url}/console/transactions/{running.last()['id']}/automatic"
    for times in ("0", "11", "x"):
        assert send(where, {"times": times}).status == 400


def test_html_pages_escape_values_and_accept_forms(running: Bank) -> None:
    running.pay(caddie="<b>bold</b>")
    running.call("00" * 40)
    home = send(f"{running.url}/console", Accept="text/html")
    assert home.status == 200 and "Payment server console" in home.text
    assert send(f"{running.url}/").location == "/payment/console"
    page = send(f"{running.url}/console/transactions/{running.last()['id']}", Accept="text/html")
    assert "AUTOMATIC" in page.text and "SENT" in page.text and "thank you" in page.text
    assert "<b>bold" not in page.text and "<script" not in page.text
    posted = send(f"{running.url}/console/switches", {"slow": "0", "unavailable": "on"}, Accept="text/html")
    assert posted.status == 303 and posted.location == "/payment/console"
    assert running.console("switches")["unavailable"] is True


@pytest.mark.parametrize(
    "header", [{"Sec_Fetch_Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
def test_cross_site_post_is_rejected(running: Bank, header: dict[str, str]) -> None:
    answer = send(f"{running.url}/console/switches", {"unavailable": "on"}, **header)
    assert answer.status == 403
    assert running.console("switches")["unavailable"] is False


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "same-site"},
        {"Host": "evil.example"},
    ],
)
def test_post_with_a_foreign_origin_or_host_is_rejected(running: Bank, headers: dict[str, str]) -> None:
    for path in ("switches", "transactions/1/automatic"):
        running.pay()
        assert send(f"{running.url}/console/{path}", {"unavailable": "on"}, **headers).status == 403
    assert running.console("switches")["unavailable"] is False
    assert len(running.shop.automatic()) == 2


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200), ("[::1]:8080", 200), ("192.168.1.20", 200), ("localhost:8080", 200), ("payment:80", 200),
        ("demo.localhost", 200), ("evil.example", 403), ("evil.example:8080", 403), ("127.0.0.1.evil.example", 403),
        ("localhost.", 403), ("127.0.0.1:x.evil.example", 403),
    ],
)  # fmt: skip
def test_request_to_a_public_host_name_is_rejected(running: Bank, host: str, status: int) -> None:
    running.pay()
    for path in ("", "/transactions", "/transactions/1", "/switches", "/refused", "/health"):
        assert send(f"{running.url}/console{path}", Host=host).status == status


def test_same_origin_post_is_accepted(running: Bank) -> None:
    own = running.url.removesuffix("/payment")
    answer = send(f"{running.url}/console/switches", {"slow": "0"}, Origin=own, Sec_Fetch_Site="same-origin")
    assert answer.status == 200


def test_server_without_console_answers_404(param: Path) -> None:
    with bank(param, console=False) as running:
        assert send(f"{running.url}/console").status == 404
        assert send(f"{running.url}/console/health").status == 404
        assert running.pay()["response_code"] == "00"


def test_same_number_of_two_merchants_is_two_transactions(running: Bank, param: Path) -> None:
    for merchant_id in ("014213245611111", "014213245611112"):
        running.call(running.request(transaction_id="5", merchant_id=merchant_id))
    assert len(running.console("transactions")) == 2


def test_payment_interrupted_during_authorisation_can_be_made_after_a_restart(param: Path) -> None:
    with bank(param) as running:
        data = running.request()
        entry = running.call(data)
        transactions = Transactions(str(param / "payments.sqlite"))
        transaction = transactions.find(entry.session)
        assert transaction and transactions.begin_authorisation(transaction.id, transaction.day)
    with bank(param) as running:
        assert running.read(running.card(running.call(data)))["response_code"] == "00"


@pytest.mark.parametrize("press", [Bank.card, Bank.cancel])
def test_payment_interrupted_during_notification_is_final_after_a_restart(
    param: Path, monkeypatch: pytest.MonkeyPatch, press: Callable[[Bank, HttpReply], HttpReply]
) -> None:
    with bank(param) as running:
        data = running.request()
        entry = running.call(data)
        with monkeypatch.context() as stopped:
            stopped.setattr(Transactions, "set_state", lambda *_: None)
            press(running, entry)
        assert running.last()["state"] == "NOTIFYING" and "in progress" in running.call(data).text
    with bank(param) as running:
        assert running.last()["state"] == ("ENDED" if press is Bank.card else "CANCELLED")


def test_page_of_a_transaction_shows_the_fields_changed_by_the_response(running: Bank) -> None:
    running.pay(order_id="CMD-42")
    page = html.unescape(
        send(f"{running.url}/console/transactions/{running.last()['id']}", Accept="text/html").text
    )
    changed, same = page.split("fields are the same in both")
    row = r'<th scope="row">{}</th><td data-name="Request"[^>]*>{}</td><td data-name="Response"[^>]*>{}</td>'
    assert re.search(row.format("card_<wbr>number", "–", "4974.00"), changed)
    assert not re.search(r'<th scope="row">order_<wbr>id</th>', changed)
    assert re.search(r'<th scope="row">order_<wbr>id</th><td>CMD-42</td>', same)
    assert "€12.50 for order <strong>CMD-42</strong>" in page


def test_each_field_of_the_console_has_a_description(running: Bank) -> None:
    running.pay()
    for path in ("", f"/transactions/{running.last()['id']}"):
        page = send(f"{running.url}/console{path}", Accept="text/html").text
        fields = re.findall(r'<(?:select|input) [^>]*?name="[^"]+"[^>]*>', page)
        assert fields
        for field in fields:
            described = re.search(r'aria-describedby="([^"]+)"', field)
            assert described and re.search(rf'id="{described[1]}">[A-Z0a-z][^<]+\.</p>', page), field
