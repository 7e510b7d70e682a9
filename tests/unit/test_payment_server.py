"""The payment server, over HTTP, as a customer and a shop meet it."""

import contextlib
import gc
import html
import http.client
import random
import re
import socket
import sqlite3
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import read_pathfile
from sogenactif.dates import PARIS
from sogenactif.fields import RESPONSE_MAX_LENGTH, to_bytes
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import open_response, seal_response
from sogenactif_sandbox import automatic_response, clock
from sogenactif_sandbox.server import PaymentServer
from sogenactif_sandbox.serving import listen, mounted, serving
from sogenactif_sandbox.transactions import Transactions
from tests.support.bank import MERCHANT, Bank, HttpReply, Shop, bank, send
from tests.support.serving import free_port, tls_context

ENROLLED = "014213245611112"


@pytest.fixture
def running(param: Path) -> Iterator[Bank]:
    with bank(param) as running:
        yield running


def test_accepted_payment_returns_every_field(running: Bank) -> None:
    data = running.request(
        caddie="3 books", customer_id="4711", receipt_complement="<tr><td>Thanks</td></tr>"
    )
    entry = running.call(data)
    assert entry.status == 200
    assert "€12.50" in entry.text and MERCHANT in entry.text and "/logos/CB.svg" in entry.text
    accepted = running.card(entry)
    assert accepted.status == 200
    response = running.read(accepted)
    assert response["response_code"] == response["bank_response_code"] == "00"
    assert response["card_number"] == "4974.00"
    assert response["cvv_flag"] == "1" and response["cvv_response_code"] == "4D"
    assert response["payment_means"] == "CB" and response["transaction_condition"] == "SSL"
    assert response["capture_day"] == "0" and response["capture_mode"] == "AUTHOR_CAPTURE"
    assert response["caddie"] == "3 books" and response["customer_id"] == "4711"
    assert response["payment_certificate"].endswith(response["authorisation_id"])
    assert len(response["payment_certificate"]) == 12
    assert all(len(to_bytes(value)) <= RESPONSE_MAX_LENGTH[name] for name, value in response.items())
    assert running.shop.automatic() == [accepted.hidden("DATA")]
    assert f'action="{running.shop.url}/accepted"' in accepted.text


def test_receipt_lists_its_parts_in_the_documented_order(running: Bank) -> None:
    complement = "<tr><td>Delivered <b>on Monday</b></td></tr><script>alert(1)</script>"
    page = running.card(running.call(running.request(receipt_complement=complement)))
    response = running.read(page)
    parts = [
        "Payment accepted",
        "Return to the shop",
        "Paris time",
        running.shop.url + "<",
        response["merchant_id"],
        response["transaction_id"],
        "<tr><td>Delivered <b>on Monday</b></td></tr>",
        "€12.50",
        "4974 #### #### ##00",
        response["authorisation_id"],
        response["payment_certificate"],
        "Keep this receipt",
    ]
    places = [page.text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert "alert" not in page.text


def test_refused_payment_leads_to_the_cancel_address(running: Bank) -> None:
    refused = running.card(running.call(running.request()), number="4972187615205")
    response = running.read(refused)
    assert response["response_code"] == "05" and response["bank_response_code"] == "05"
    assert "authorisation_id" not in response and "payment_certificate" not in response
    assert f'action="{running.shop.url}/cancelled"' in refused.text
    assert "<table" not in refused.text
    assert running.shop.automatic() == [refused.hidden("DATA")]


def test_cancelled_payment_is_returned_to_the_shop_and_can_be_paid_later(running: Bank) -> None:
    data = running.request()
    entry = running.call(data)
    cancelled = running.cancel(entry)
    assert cancelled.status == 307 and cancelled.location == f"{running.shop.url}/cancelled"
    assert running.read(entry)["response_code"] == "17"
    assert running.shop.automatic() == [entry.hidden("DATA")]
    again = running.call(data)
    assert running.read(running.card(again))["response_code"] == "00"


def test_cancellation_with_other_data_is_rejected(running: Bank) -> None:
    entry, other = running.call(running.request()), running.call(running.request())
    where = running.url + re.findall(r'action="[^"]*(/cancel/[^"]+)"', entry.text)[0]
    accepted = running.card(running.call(running.request()))
    for data in ("", "ab" * 50, other.hidden("DATA"), accepted.hidden("DATA")):
        assert send(where, {"DATA": data}).status == 400
    assert running.read(running.card(entry))["response_code"] == "00"


@pytest.mark.parametrize("field", ["transmission_date", "order_id", "caddie", "data"])
def test_cancellation_of_an_earlier_request_is_rejected(running: Bank, field: str) -> None:
    fields = {"transaction_id": "77", "order_id": "mine"}
    entry = running.call(running.request(**fields))
    old = running.read(entry) | {field: "20261120044757"}
    certificate = read_certificate(running.pathfile, "fr", MERCHANT)
    where = running.url + re.findall(r'action="[^"]*(/cancel/[^"]+)"', entry.text)[0]
    assert send(where, {"DATA": seal_response(old, certificate)}).status == 400
    assert running.cancel(entry).status == 307


def test_third_wrong_entry_ends_the_payment(running: Bank) -> None:
    entry = running.call(running.request())
    first = running.card(entry, number="12")
    assert "10 to 19 digits" in first.text and "Last try" not in first.text
    second = running.card(first, code="1")
    assert "3 digits" in second.text and "Last try" in second.text
    third = running.card(second, month="")
    assert running.read(third)["response_code"] == "75"
    assert running.shop.automatic() == [third.hidden("DATA")]
    assert running.read(running.card(entry))["response_code"] == "75"


def test_wrong_entries_are_counted_across_pages_opened_again(running: Bank) -> None:
    data = running.request()
    for _ in range(2):
        running.card(running.call(data), number="1")
    assert running.read(running.card(running.call(data), number="1"))["response_code"] == "75"
    assert "Transaction already processed" in running.call(data).text


def test_security_code_is_not_shown_again_after_an_error(running: Bank) -> None:
    page = running.card(running.call(running.request()), number="4974934125497800", code="61234")
    assert "61234" not in page.text and 'value="4974 9341 2549 7800"' in page.text


def test_card_number_and_security_code_are_not_stored(running: Bank, param: Path) -> None:
    running.card(running.call(running.request()), number="4974934125497800", code="987")
    running.card(running.call(running.request()), number="4974 9341 2549 7817", code="98")
    kept = b"".join(path.read_bytes() for path in param.glob("payments.sqlite*"))
    assert b"4974.00" in kept
    assert b"49749341" not in kept and b"4974 9341" not in kept and b'"987"' not in kept


@pytest.mark.parametrize("bank_code", ["00", "05"])
def test_no_response_page_redirects_with_a_short_response_in_the_address(
    running: Bank, bank_code: str
) -> None:
    data = running.request(
        data="NO_RESPONSE_PAGE;X",
        caddie="c",
        customer_id="1",
        return_context="r",
        order_id="o",
        customer_email="e",
    )
    answer = running.card(running.call(data), number="49749341254978" + bank_code)
    page = "accepted" if bank_code == "00" else "cancelled"
    assert answer.status == 303
    address, _, query = answer.location.partition("?DATA=")
    assert address == f"{running.shop.url}/{page}"
    short = open_response(query, running.pathfile)
    (automatic,) = running.shop.automatic()
    full = open_response(automatic, running.pathfile)
    assert full["response_code"] == bank_code and full["caddie"] == "c" and full["customer_id"] == "1"
    left_out = {"caddie", "customer_id", "return_context", "customer_email", "transaction_condition"}
    assert set(full) - set(short) == left_out
    assert all(full[name] == value for name, value in short.items())


def red(answer: HttpReply, title: str, status: int) -> bool:
    return answer.status == status and title in answer.text and 'class="sips_body_page red"' in answer.text


def test_altered_request_is_a_security_error(running: Bank) -> None:
    data = running.request()
    altered = data[:-1] + ("0" if data[-1] != "0" else "1")
    assert red(running.call(altered), "Security error", 403)
    other = data.replace(b"2c3328552c".decode(), "2c3328552d", 1)  # 1250 becomes 1251
    assert other != data and running.call(other).status == 403


def test_unknown_merchant_is_a_security_error(running: Bank, param: Path) -> None:
    data = running.request()
    (param / f"certif.fr.{MERCHANT}.php").rename(param / "elsewhere")
    assert red(running.call(data), "Security error", 403)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0000"),
        ("amount", "1234567890123"),
        ("currency_code", "250"),
        ("currency_code", "euro"),
        ("capture_day", "x"),
        ("capture_day", "100"),
        ("capture_mode", "TOMORROW"),
        ("transmission_date", "20261345044757"),
        ("normal_return_url", ""),
        ("normal_return_url", "javascript:alert(1)"),
        ("cancel_return_url", "http://a b/"),
        ("cancel_return_url", "http://host:99999/"),
        ("automatic_response_url", "ftp://shop.example/"),
        ("automatic_response_url", "http://shop.example@evil.example/"),
        ("bgcolor", "white"),
        ("textcolor", "fffff;"),
        ("transaction_id", "1234567"),
        ("customer_id", "x" * 24),
        ("order_validity", "ab"),
        ("statement_reference", "x" * 101),
    ],
)
def test_malformed_field_is_reported(running: Bank, field: str, value: str) -> None:
    answer = running.call(running.request(**{field: value}))
    assert red(answer, "Invalid transaction", 400)
    assert f"<code>{field}</code>" in answer.text


def test_unknown_means_of_payment_is_rejected(running: Bank) -> None:
    answer = running.call(running.request(), means="GOLD")
    assert red(answer, "Invalid transaction", 400) and "payment_means" in answer.text


@pytest.mark.parametrize("field", ["customer_id", "order_id", "return_context", "statement_reference"])
@pytest.mark.parametrize("character", '|;:"')
def test_separator_in_a_field_is_rejected_with_a_green_page(
    running: Bank, field: str, character: str
) -> None:
    answer = running.call(running.request(**{field: f"a{character}b"}))
    assert answer.status == 400
    assert 'class="sips_body_page green"' in answer.text and f"<code>{field}</code>" in answer.text


@pytest.mark.parametrize("bank_code", ["00", "05"])
def test_transaction_is_processed_once(running: Bank, bank_code: str) -> None:
    data = running.request()
    paid = running.card(running.call(data), number="49749341254978" + bank_code)
    again = running.call(data)
    assert again.status == 200 and "Transaction already processed" in again.text
    assert "12.50" not in again.text
    assert ("was not accepted" in again.text) is (bank_code != "00")
    assert again.hidden("DATA") == paid.hidden("DATA")
    assert f'action="{running.shop.url}/cancelled"' in again.text
    assert len(running.shop.automatic()) == 1


def test_used_number_reveals_nothing_of_the_first_order(running: Bank) -> None:
    running.card(running.call(running.request(transaction_id="77", customer_email="first@example.org")))
    again = running.call(running.request(transaction_id="77", customer_email="second@example.org"))
    assert "Transaction already processed" in again.text
    response = running.read(again)
    assert response["response_code"] == "12" and response["customer_email"] == "second@example.org"


SAME = ("amount", "capture_day", "capture_mode", "currency_code", "customer_id", "data", "merchant_language",
        "order_validity", "return_context")  # fmt: skip
OTHER = ("1251", "3", "VALIDATION", "840", "8", "NO_COPYRIGHT", "de", "2", "there")


def test_page_of_a_number_reused_after_midnight_is_rejected(
    running: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = {"transaction_id": "77"}
    before = running.call(running.request(**number))
    monkeypatch.setattr(clock, "now", lambda: datetime.now(PARIS) + timedelta(days=1))
    after = running.call(running.request(**number, order_id="of today"))
    for answer in (running.card(before), running.cancel(before)):
        assert red(answer, "Security error", 403) and "<code>transaction_id</code>" in answer.text
    assert running.read(running.card(after))["order_id"] == "of today"


@pytest.mark.parametrize(("field", "value"), list(zip(SAME, OTHER, strict=True)))
def test_request_with_an_open_number_and_other_values_is_a_security_error(
    running: Bank, field: str, value: str
) -> None:
    assert running.call(running.request(transaction_id="77")).status == 200
    assert red(running.call(running.request(transaction_id="77", **{field: value})), "Security error", 403)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order_id", "attacker"),
        ("caddie", "x"),
        ("normal_return_url", "http://127.0.0.1:9/"),
        ("language", "it"),
    ],
)
def test_open_payment_cannot_be_taken_over_by_another_order(running: Bank, field: str, value: str) -> None:
    first = {"transaction_id": "77", "order_id": "victim"}
    entry = running.call(running.request(**first))
    for _ in ("open", "then cancelled"):
        other = running.call(running.request(**first | {field: value}))
        assert other.status == 403 and "session" not in other.text and f"<code>{field}</code>" in other.text
        running.cancel(entry)
    again = running.request(**first, transmission_date="20261123044800")
    assert running.read(running.card(running.call(again)))["order_id"] == "victim"


def test_card_form_sent_several_times_at_once_pays_once(running: Bank) -> None:
    entry = running.call(running.request())
    answers: list[HttpReply] = []
    threads = [threading.Thread(target=lambda: answers.append(running.card(entry))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} == {200}
    assert len(running.shop.automatic()) == 1
    shown = {answer.hidden("DATA") for answer in answers if 'name="DATA"' in answer.text}
    assert shown == set(running.shop.automatic())


def test_receipt_shows_the_authorised_card(running: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    information = running.card(entry := running.call(running.request(merchant_id=ENROLLED)))
    keep = Transactions.store_card

    def keep_too_late(*arguments: Any) -> bool:
        running.authenticate(information, "00000000")  # in another window, between two steps of this one
        return keep(*arguments)

    monkeypatch.setattr(Transactions, "store_card", keep_too_late)
    page = running.card(entry, number="5111 1111 1111 1100")
    assert running.read(page)["card_number"] == "4974.00"
    assert "4974 #### #### ##00" in page.text and "5111" not in page.text


@pytest.mark.system
def test_payment_in_progress_is_not_started_again(running: Bank) -> None:
    running.console("switches", {"slow": 1})
    data = running.request()
    entry = running.call(data)
    paid: list[HttpReply] = []
    paying = threading.Thread(target=lambda: paid.append(running.card(entry)))
    paying.start()
    while running.console("transactions")[0]["state"] != "AUTHORISING":
        pass
    answers: list[HttpReply] = []
    asking = [
        threading.Thread(target=lambda ask=ask, value=value: answers.append(ask(value)))
        for ask, value in ((running.call, data), (running.card, entry), (running.cancel, entry))
    ]
    for thread in asking:
        thread.start()
    for thread in (*asking, paying):
        thread.join()
    for answer in answers:
        assert answer.status == 200 and "Transaction in progress" in answer.text
        assert "Show the result" in answer.text
    result = send(f"{running.url}/result", {"session": answers[0].hidden("session")})
    assert result.hidden("DATA") == paid[0].hidden("DATA") == running.shop.automatic()[0]


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("", "UNDEFINED"),
        ("http://127.0.0.1:79/", "FAILED"),
        ("http://127.0.0.1:10000/", "FAILED"),
        ("http://127.0.0.1:8099/", "FAILED"),
        ("https://127.0.0.1:8099/", "FAILED"),
    ],
)
def test_failed_automatic_response_does_not_stop_the_payment(running: Bank, url: str, state: str) -> None:
    assert running.pay(automatic_response_url=url)["response_code"] == "00"
    assert running.last()["automatic"] == [state]


@pytest.mark.parametrize(
    ("status", "state"),
    [("200 OK", "SENT"), ("204 No Content", "SENT"), ("500 Oh", "FAILED"), ("302 Found", "FAILED")],
)
def test_automatic_response_is_sent_or_failed_by_the_status_of_the_shop(
    running: Bank, status: str, state: str
) -> None:
    running.shop.status = status
    running.shop.headers = [("Location", f"{running.shop.url}/elsewhere")]
    running.pay()
    assert running.last()["automatic"] == [state]
    assert [path for path, _ in running.shop.received] == ["/automatic"]


def test_automatic_response_to_a_host_that_is_not_allowed_fails(param: Path) -> None:
    with bank(param, allowed_hosts={"shop.example"}) as running:
        running.pay()
        assert running.shop.received == []
        assert running.last()["automatic"] == ["FAILED"]


@pytest.mark.parametrize(
    ("path", "method", "body", "status"),
    [
        ("/callpayment", "GET", None, 405),
        ("/card", "GET", None, 405),
        ("/callpayment", "PUT", b"DATA=1", 405),
        ("/style.css", "POST", b"", 405),
        ("/nowhere", "GET", None, 404),
        ("/callpayment", "POST", b"", 400),
        ("/callpayment", "POST", b"DATA=20203334", 400),
        ("/callpayment", "POST", b"DATA=" + b"ab" * 300, 400),
        ("/callpayment", "POST", b"DATA=%ff%00&CB.x=1", 400),
        ("/callpayment", "POST", b"DATA=" + b"a" * 70_000, 413),
        ("/callpayment", "POST", b"&".join(b"f%d=1" % n for n in range(3000)), 400),
        ("/card", "POST", b"session=unknown&number=1", 400),
        ("/card", "POST", b"", 400),
        ("/cancel/unknown", "POST", b"DATA=1", 400),
        ("/result", "POST", b"session=%ff", 400),
    ],
)
def test_invalid_http_request_gets_a_page_and_its_status(
    running: Bank, path: str, method: str, body: bytes | None, status: int
) -> None:
    answer = send(running.url + path, body, method)
    assert answer.status == status
    assert "<h1" in answer.text and "Traceback" not in answer.text


def test_head_request_of_a_file_has_no_body(running: Bank) -> None:
    host, port = re.findall(r"//([^:]+):(\d+)", running.url)[0]
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"HEAD /payment/style.css HTTP/1.0\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.0 200") and answer.endswith(b"\r\n\r\n")


def test_huge_body_is_rejected_before_it_is_received(running: Bank) -> None:
    parts = urllib.parse.urlsplit(running.url)
    with socket.create_connection(("127.0.0.1", parts.port or 0), 5) as client:
        client.sendall(
            b"POST /payment/callpayment HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\nDATA="
        )
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_truncated_or_altered_message_is_rejected(running: Bank) -> None:
    data = running.request()
    for length in range(0, len(data), 37):
        assert running.call(data[:length]).status in (400, 403)
    for place in range(0, len(data), 41):
        altered = data[:place] + ("1" if data[place] != "1" else "2") + data[place + 1 :]
        assert running.call(altered).status in (400, 403)


def test_internal_error_is_shown_as_a_plain_page(running: Bank, param: Path) -> None:
    entry = running.call(running.request())
    (param / f"certif.fr.{MERCHANT}.php").unlink()
    answer = running.card(entry)
    assert answer.status == 500 and "Service unavailable" in answer.text and "Error" not in answer.text


def test_page_is_not_cached_and_loads_nothing_from_other_hosts(running: Bank) -> None:
    entry = running.call(running.request())
    assert entry.headers["cache-control"] == "no-store"
    policy = entry.headers["content-security-policy"]
    assert "default-src 'none'" in policy and f"frame-ancestors 'self' {running.shop.url}" in policy
    nonce = re.findall(r"'nonce-([^']+)'", policy)[0]
    assert re.findall(r"<script[^>]*>", entry.text) == [f'<script nonce="{nonce}">']
    assert " style=" not in entry.text
    assert send(f"{running.url}/style.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("language", "html", "words"),
    [
        ("fr", "fr", "Numéro de carte"),
        ("en", "en", "Card number"),
        ("ge", "de", "Kartennummer"),
        ("de", "de", "Kartennummer"),
        ("sp", "es", "Número de tarjeta"),
        ("es", "es", "Número de tarjeta"),
        ("it", "it", "Numero della carta"),
    ],
)
def test_page_is_in_the_language_of_the_request(running: Bank, language: str, html: str, words: str) -> None:
    entry = running.call(running.request(language=language))
    assert f'<html lang="{html}">' in entry.text and words in entry.text


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("fr", "Payer 1\u202f234,50\u00a0€"),
        ("en", "Pay €1,234.50"),
        ("ge", "1.234,50\u00a0€ bezahlen"),
        ("sp", "Pagar 1.234,50\u00a0€"),
        ("it", "Paga 1.234,50\u00a0€"),
    ],
)
def test_button_shows_the_amount(running: Bank, language: str, word: str) -> None:
    page = running.call(running.request(language=language, amount="123450")).text
    assert f'<button class="sips_submit_button main">{word}</button>' in html.unescape(page)


@pytest.mark.parametrize(("means", "code"), [("CB", "600"), ("AMEX", "6000"), ("COFINOGA", "")])
def test_entry_page_lists_test_cards_that_give_their_result(running: Bank, means: str, code: str) -> None:
    entry = running.call(running.request(), means)
    said = entry.text[entry.text.index("nothing is charged") : entry.text.index("<main")]
    *cards, last = re.findall(r"<b>([0-9 ]+)</b>", said)
    assert last == code or not code
    for number, result in zip([*cards, last], ("00", "05", "90"), strict=False):
        response = running.read(running.card(entry, number, code))
        assert response["response_code"] == result
        entry = running.call(running.request(), means)
    accepted = cards[0]
    assert "Test cards" not in running.card(running.call(running.request()), accepted).text


def test_error_page_is_in_the_language_of_the_browser(running: Bank) -> None:
    answer = running.call("", Accept_Language="it-IT,it;q=0.9")
    assert "Transazione non valida" in answer.text


def test_request_sealed_before_a_rotation_gets_a_response_with_the_same_certificate(
    running: Bank, param: Path
) -> None:
    data = running.request()
    certificate, old = param / f"certif.fr.{MERCHANT}.php", param / f"certif.fr.{MERCHANT}.old.php"
    new = old.read_bytes()
    old.write_bytes(certificate.read_bytes())
    certificate.write_bytes(new)
    accepted = running.card(running.call(data))
    certificate.write_bytes(old.read_bytes())  # what the shop has
    old.unlink()
    assert running.read(accepted)["response_code"] == "00"


@pytest.mark.system
def test_automatic_response_times_out_if_the_shop_answers_too_slowly(running: Bank) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listening:
        threading.Thread(target=dribble, args=[listening], daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert running.pay(automatic_response_url=url)["response_code"] == "00"
    assert running.last()["automatic"] == ["FAILED"]


def test_server_uses_a_free_port_and_closes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Shop()) as first:
        taken = int(first.rpartition(":")[2])
        free = free_port()
        monkeypatch.setattr(random, "sample", lambda *_: [taken, free])
        with serving(Shop()) as second:
            assert second != first and send(second).status == send(first).status == 200
        with pytest.raises(OSError, match="in use"), serving(Shop(), taken):
            pass
    assert not [thread for thread in threading.enumerate() if "waitress" in thread.name]
    gc.collect()  # a socket that was left open is a warning, and that an error


def test_time_limit_of_an_automatic_response_covers_all_addresses_of_a_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", free_port()))
        full.listen(0)
        for _ in range(4):  # nobody accepts: the queue is full, and further connections wait
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        monkeypatch.setattr(automatic_response, "SECONDS", 0.5)
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", full.getsockname())
        known = {"shop.example": [address] * 20}
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: known.get(host, [address]))
        started = time.monotonic()
        assert automatic_response.post("http://shop.example/", {}).state == "FAILED"
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(("trusted", "state"), [(True, "SENT"), (False, "FAILED")])
def test_automatic_response_over_https_needs_a_trusted_certificate(
    running: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, state: str
) -> None:
    context = tls_context(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    with listen() as plain, context.wrap_socket(plain, server_side=True) as listening:
        port = listening.getsockname()[1]
        answering = threading.Thread(target=answer_once, args=[listening])
        answering.start()
        assert running.pay(automatic_response_url=f"https://127.0.0.1:{port}/")["response_code"] == "00"
        answering.join()
    assert running.last()["automatic"] == [state]


def answer_once(listening: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection, _ = listening.accept()
        # Closing with a part of the request unread would reset the connection.
        with connection, connection.makefile("rb") as request:
            request.readline()
            request.read(int(http.client.parse_headers(request)["Content-Length"]))
            connection.sendall(b"HTTP/1.0 204 Thanks\r\n\r\n")


def dribble(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection, contextlib.suppress(OSError):
        pause = threading.Event()
        while True:
            connection.sendall(b"H")
            pause.wait(0.3)


def test_automatic_response_reaches_a_shop_served_by_the_same_threads(param: Path) -> None:
    pathfile = read_pathfile(str(param / "pathfile"))
    server = PaymentServer(pathfile, str(param / "payments.sqlite"))
    shop, outside = Shop(seconds=0.2), mounted(server)

    def both(environ: Any, start_response: Any) -> Any:
        return (outside if environ["PATH_INFO"].startswith("/payment") else shop)(environ, start_response)

    with serving(both, threads=6) as shop.url:
        running = Bank(f"{shop.url}/payment", shop, pathfile)
        entries = [running.call(running.request()) for _ in range(18)]
        notified_before_the_page: list[bool] = []

        def pay(entry: HttpReply) -> None:
            page = running.card(entry)
            while "Transaction in progress" in page.text:
                page = send(f"{running.url}/result", {"session": page.session})
            notified_before_the_page.append(page.hidden("DATA") in shop.automatic())

        threads = [threading.Thread(target=pay, args=[entry]) for entry in entries]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        states = [transaction["automatic"] for transaction in running.console("transactions")]
    server.close()
    assert states == [["SENT"]] * 18 and notified_before_the_page == [True] * 18


@pytest.mark.parametrize(
    ("number", "code", "heading", "sentence"),
    [
        ("4974934125497805", "600", "Your payment was refused", "Your bank refused this payment."),
        ("4974934125497800", "601", "Your payment was refused", "The card’s security code was wrong."),
        ("4974934125497890", "600", "The payment was not made", "The bank can’t be reached at the moment."),
        ("4974934125497812", "600", "The payment was not made", "The bank could not process this request."),
    ],
)
def test_page_of_a_refusal_explains_it(
    running: Bank, number: str, code: str, heading: str, sentence: str
) -> None:
    refused = html.unescape(running.card(running.call(running.request()), number, code).text)
    assert heading in refused and sentence in refused and "Nothing was charged." in refused
    assert "Return to the shop" in refused and "Cancel" not in refused


def test_final_page_shows_the_order_and_links_to_the_shop(running: Bank) -> None:
    data = running.request(order_id="CMD-42")
    entry = running.call(data)
    accepted, processed = running.card(entry), running.call(data)
    assert all("CMD-42" in page.text for page in (entry, accepted, processed))
    other = running.call(running.request())
    running.cancel(other)
    expired = running.card(other)
    invalid = running.call(running.request(currency_code="111"))
    for page in (expired, invalid):
        assert "Boutique de démonstration" in page.text
        assert f'<a class="button" href="{running.shop.url}/">Return to the shop</a>' in page.text
    forged = running.call(data[:-1] + ("0" if data[-1] != "0" else "1"))
    assert forged.status == 403 and running.shop.url not in forged.text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("49749341254978", "4974 9341 2549 78"),
        ("4974-9341.2549 78", "4974 9341 2549 78"),
        ("371449635398431", "3714 496353 98431"),
        ("4974x", "4974x"),
    ],
)
def test_card_number_is_shown_again_in_groups_with_the_name(running: Bank, typed: str, shown: str) -> None:
    again = running.card(running.call(running.request()), typed, "1", holder="Zoé <Martin>")
    text = html.unescape(again.text)
    assert f'value="{shown}"' in text and 'value="Zoé <Martin>"' in text


def test_card_fields_have_autocomplete_names(running: Bank) -> None:
    entry = running.call(running.request()).text
    names = ["cc-number", "cc-name", "cc-exp-month", "cc-exp-year", "cc-csc"]
    assert re.findall(r'autocomplete="(cc-[^"]*)"', entry) == names


def test_database_of_an_earlier_version_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "payment.db"
    with closing(sqlite3.connect(path)) as earlier, earlier:
        earlier.execute("PRAGMA user_version = 4")
        earlier.execute("CREATE TABLE transactions (id INTEGER PRIMARY KEY, state TEXT, request TEXT)")
        earlier.execute("INSERT INTO transactions VALUES (1, 'OPEN', '{\"interface_version\": \"HP_3.4\"}')")
    transactions = Transactions(str(path))
    assert transactions.open_paypage() == transactions.last(100) == []
