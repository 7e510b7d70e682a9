"""Office messages: the seal over fields as written, and what a client does with every kind of answer."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sogenactif.errors import OfficeError
from sogenactif.protocols import office
from sogenactif.protocols.office import Office, OfficeReply, by_number, by_reference, parse, seal, sealed_text
from tests.support.serving import tls_context
from tests.support.vectors import VECTORS

KEY, KEY_BEFORE = b"002001000000003_KEY2", b"002001000000003_KEY1"
[VECTOR] = [
    case
    for case in json.loads((VECTORS / "paypage-seal-vectors.json").read_text())
    if case["connector"] == "JSON" and case["name"] == "json-request"
]
FOUND = {"getTransDataResponseCode": "00", "responseCode": "05", "transactionStatus": "REFUSED"}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@contextmanager
def server(
    body: bytes,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (),
    tls: ssl.SSLContext | None = None,
) -> Iterator[tuple[Office, list[bytes]]]:
    """Serve one answer to every message; the client of that server, and the messages that came."""
    messages: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, args=[0.01])
    thread.start()
    try:
        address = f"{'https' if tls else 'http'}://127.0.0.1:{listening.server_port}/payment/rs-services/v2"
        yield Office(address, "002001000000003", "2", [KEY, KEY_BEFORE]), messages
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def answer(fields: Mapping[str, object], key: bytes = KEY) -> bytes:
    return json.dumps({**fields, "seal": seal(parse(json.dumps(fields).encode()), key)}).encode()


@pytest.mark.parametrize("trusted", [True, False])
def test_certificate_of_the_server_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    with server(answer(FOUND), tls=tls_context(tmp_path)) as (client, messages):
        if trusted:
            assert client.query(by_number("000001", "20261123"))["transactionStatus"] == "REFUSED"
        else:
            with pytest.raises(OfficeError, match=r"can't be reached.*certificate verify failed") as refusal:
                client.query(by_number("000001", "20261123"))
            assert not refusal.value.sent
        assert len(messages) == trusted


def test_published_message_gets_the_published_seal() -> None:
    assert sealed_text(VECTOR["message"]) == VECTOR["sealed"]
    assert seal(VECTOR["message"], VECTOR["key"].encode()) == VECTOR["seal"]


def test_keys_with_capital_letters_are_sorted_before_those_with_small_letters() -> None:
    assert sealed_text({"authorisationId": "2", "authorResponseMessage": "1"}) == "12"


def test_booleans_are_sealed_in_the_notation_of_json() -> None:
    assert sealed_text(parse(b'{"b": true, "a": false, "c": null}')) == "falsetrue"


@given(st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=6))
def test_seal_of_any_object_survives_a_json_round_trip(fields: dict[str, object]) -> None:
    body = json.dumps(fields).encode()
    assert seal(parse(body), KEY) == seal(parse(json.dumps(parse(body)).encode()), KEY)
    assert seal(parse(body), KEY) != seal(parse(body), KEY_BEFORE)


def test_numbers_are_sealed_in_their_original_notation() -> None:
    assert sealed_text(parse(b'{"a": 1.50, "b": 007e1}'.replace(b"007e1", b"7E1"))) == "1.507E1"


def test_query_returns_the_sealed_reply() -> None:
    with server(answer({**FOUND, "originAmount": 2500, "newField": [{"b": 1, "a": None}]})) as (
        client,
        messages,
    ):
        found = client.query(by_number("000123", "20261123"))
    assert (found.code, found.response_code, found["transactionStatus"]) == ("00", "05", "REFUSED")
    assert found["originAmount"] == "2500"
    [message] = map(json.loads, messages)
    assert message["s10TransactionReference"] == {
        "s10TransactionId": "000123",
        "s10TransactionIdDate": "20261123",
    }
    assert message["seal"] == seal(message, KEY)


def test_response_code_of_an_old_interface_is_the_code_of_the_query() -> None:
    with server(answer({"responseCode": "25"})) as (client, _):
        found = client.query(by_reference("ORDER7"))
    assert (found.code, found.response_code) == ("25", "")


def test_operation_sends_amount_and_currency() -> None:
    with server(answer({"responseCode": "00", "newStatus": "TO_CREDIT", "newAmount": "0"}, KEY_BEFORE)) as (
        client,
        messages,
    ):
        done = client.operate("refund", by_reference("ORDER7"), 2500, "978")
    assert (done.code, done["newStatus"]) == ("00", "TO_CREDIT")
    [message] = map(json.loads, messages)
    assert (message["operationAmount"], message["currencyCode"]) == ("2500", "978")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (json.dumps(FOUND).encode(), "without a seal, code '00'"),
        (answer(FOUND, b"another key"), "the seal of the answer is wrong"),
        (answer(FOUND).replace(b'"05"', b'"00"'), "the seal of the answer is wrong"),
        (answer(FOUND).replace(b"{", b'{"responseCode": "00", ', 1), "a key twice"),
        (b"<html>", "not a JSON message"),
        (b"[]", "not an object"),
        (b'{"a": NaN}', "NaN"),
        (b"[" * 60_000, "not a JSON message"),
        (b"\xff", "not a JSON message"),
        (b"", "not a JSON message"),
        (b"x" * 70_000, "more than 65536 bytes"),
    ],
)
def test_untrusted_reply_raises_an_error(body: bytes, words: str) -> None:
    with server(body) as (client, _), pytest.raises(OfficeError, match=words) as raised:
        client.query(by_reference("ORDER7"))
    assert raised.value.sent


@pytest.mark.parametrize("status", [302, 415, 500])
def test_http_redirect_or_error_raises_an_error_and_is_not_followed(status: int) -> None:
    with server(answer(FOUND), status, (("Location", "http://127.0.0.1:1/"),)) as (client, messages):
        with pytest.raises(OfficeError, match=f"HTTP {status}"):
            client.query(by_reference("ORDER7"))
        assert len(messages) == 1


def test_error_of_an_unreachable_server_says_that_nothing_was_sent() -> None:
    with server(b"") as (client, _):
        pass
    with pytest.raises(OfficeError, match="can't be reached") as raised:
        client.query(by_reference("ORDER7"))
    assert not raised.value.sent


def test_query_without_a_reply_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "ANSWER_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Office(f"http://127.0.0.1:{silent.getsockname()[1]}", "002001000000003", "2", [KEY])
        with pytest.raises(OfficeError, match="no complete answer") as raised:
            client.query(by_reference("ORDER7"))
    assert raised.value.sent


def test_reply_has_the_number_and_the_day_of_the_payment() -> None:
    """The day is that of the number, also for a payment after midnight."""
    number = {"s10TransactionId": "7", "s10TransactionIdDate": "20261122"}
    moment = "2026-11-23T00:05:00+01:00"
    answer = OfficeReply(
        {**FOUND, "originAmount": "1250", "currencyCode": "978", "transactionDateTime": moment}
        | {"s10TransactionReference": number}
    )
    payment = office.opened(answer, "002001000000003", "")
    assert (payment.day, payment.fields["transaction_id"], payment.fields["amount"]) == (
        "20261122",
        "000007",
        "1250",
    )
    assert payment.fields["merchant_id"] == "002001000000003"
    assert payment.original["s10TransactionReference.s10TransactionIdDate"] == "20261122"
