"""Every payment counts, exactly once: what a response does, whatever it says and whenever it arrives."""

import io
import json
import os
import re
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif import Kit, executables
from sogenactif.dates import read_day
from sogenactif.fields import to_text
from sogenactif.ledger import ledger as ledger_module
from sogenactif.ledger.history import responses_to, transactions
from sogenactif.ledger.notification import pending_outcomes
from sogenactif.ledger.rebuild import note_unrecorded
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering, paypage
from sogenactif.protocols.certificate import issue_certificate
from sogenactif.web import Order, call_autoresponse
from tests.support.shop import LedgerShop, MovingShop, ask, missing, post, register
from tests.support.vectors import MERCHANT, ROOT, VECTORS


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> MovingShop:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    assert shop.order
    shop.order = Order({**shop.order.parameters, "caddie": "basket 7"}, shop.order.lines)
    return shop


def sent(shop: LedgerShop, number: str) -> str:
    """The transmission_date of a request."""
    with shop.ledger() as ledger:
        [transaction] = transactions(ledger, number=number)
    return transaction.fields["transmission_date"]


def sealed_data(shop: LedgerShop, number: str) -> str:
    """DATA of the acceptance of a request."""
    return shop.seal(transaction_id=number, transmission_date=sent(shop, number))


def states(shop: LedgerShop) -> dict[str, str]:
    with shop.ledger() as ledger:
        return {t.reference[-6:]: t.state for t in transactions(ledger)}


def notified(shop: LedgerShop) -> list[str]:
    return [response.outcome for response in shop.outcomes]


def day_after(day: str, days: int) -> str:
    return f"{read_day(day) + timedelta(days=days):%Y%m%d}"


def printed(shop: LedgerShop, data: str) -> list[str]:
    """Return the strings that ``response`` prints of a message."""
    answer, _ = executables.response([f"message={data}", f"pathfile={shop.pathfile.path}"])
    return to_text(answer).split("!")[1:-1]


def test_response_of_sips_1_0_does_not_decide_a_request_of_paypage(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    number = shop.show_form()
    data = sealed_data(shop, number)
    post(shop.autoresponse, DATA=data)
    assert (states(shop), shop.outcomes) == ({number: "waiting"}, [])


def test_response_of_paypage_does_not_decide_a_request_of_sips_1_0(shop: MovingShop, param: Path) -> None:
    number = shop.show_form()
    shop.move(param)
    post(shop.autoresponse, **shop.paypage_post(number))
    assert (states(shop), shop.outcomes) == ({number: "waiting"}, [])


def test_response_of_sips_1_0_needs_the_transmission_date_of_the_request(shop: MovingShop) -> None:
    number = shop.show_form()
    moment = sent(shop, number)
    other = f"{moment[:-1]}{(int(moment[-1]) + 1) % 10}"
    post(shop.autoresponse, DATA=shop.seal(transaction_id=number, transmission_date=other))
    assert shop.outcomes == []
    assert shop.post_acceptance(number).status == 200
    assert notified(shop) == ["accepted"]


def test_number_assigned_by_the_server_does_not_pay_another_order(shop: MovingShop, param: Path) -> None:
    shop.move(param, REFERENCE="transactionReference")
    first, second = shop.show_form(), shop.show_form()
    day = shop.day()
    # The server numbers the second payment 1, as the kit numbered the first.
    answer = post(shop.autoresponse, **shop.paypage_post(first, transactionReference=f"{day}{second}"))
    assert answer.status == 200
    assert states(shop) == {first: "waiting", second: "accepted"}
    assert [response["transaction_id"] for response in shop.outcomes] == [second]


@pytest.mark.parametrize("protocol", ["sips", "paypage"])
@pytest.mark.parametrize("code", ["00", "05", "17", "90"])
def test_reloaded_page_is_the_same_and_notifies_nobody(
    shop: MovingShop, param: Path, protocol: str, code: str
) -> None:
    if protocol == "paypage":
        shop.move(param)
    number = shop.show_form()
    if protocol == "paypage":
        message = shop.paypage_post(number, responseCode=code)
    else:
        sealed = shop.seal(transaction_id=number, transmission_date=sent(shop, number), response_code=code)
        message = {"DATA": sealed}
    pages = [post(shop.response, **message) for _ in range(3)]
    assert {answer.status for answer in pages} == {200}
    assert len({answer.body.partition("<main>")[2] for answer in pages}) == 1
    assert len(shop.outcomes) == 1


@pytest.mark.parametrize(
    ("key", "value", "field", "whole"),
    [
        ("customerIpAddress", "2001:db8:85a3:1:2:8a2e:370:7334", "customer_ip_address", True),
        ("customerIpAddress", "2001:0db8:85a3:0001:0002:8a2e:0370:7334", "customer_ip_address", True),
        ("customerIpAddress", "2001:0db8:85a3:0001:0002:8a2e:0370:7334%eth0", "customer_ip_address", False),
        ("complementaryInfo", "x" * 400, "complementary_info", False),
        ("scoreThreshold", "1234567890123", "score_threshold", False),
        ("paymentMeanBrand", "A_BRAND_OF_MORE_THAN_20_LETTERS", "payment_means", False),
        ("statementReference", "short", "statement_reference", True),
    ],
)
def test_long_field_of_paypage_is_truncated_and_the_payment_is_accepted(
    shop: MovingShop, param: Path, key: str, value: str, field: str, whole: bool
) -> None:
    shop.move(param)
    answer = post(shop.autoresponse, **shop.paypage_post(shop.show_form(), **{key: value}))
    [response] = shop.outcomes
    assert (answer.status, response.outcome) == (200, "accepted")
    assert value.startswith(response[field]) and (response[field] == value) == whole
    assert response.original[key] == value
    assert ("longer than its field" in answer.log) != whole


@pytest.mark.parametrize("days", [-1, 1, 3])
def test_payment_on_another_day_than_its_request_is_accepted(
    shop: MovingShop, param: Path, days: int
) -> None:
    shop.move(param)
    number = shop.show_form()
    answer = post(shop.autoresponse, **shop.paypage_post(number, day=day_after(shop.day(), days)))
    assert (answer.status, notified(shop), states(shop)) == (200, ["accepted"], {number: "accepted"})


@pytest.mark.parametrize(
    "other", [{"orderId": "CMD-43"}, {"amount": "1251"}, {"currencyCode": "840"}, {"s10TransactionId": "2"}]
)
def test_payment_days_later_with_other_values_is_unknown(
    shop: MovingShop, param: Path, other: dict[str, str]
) -> None:
    shop.move(param)
    number = shop.show_form()
    answer = post(shop.autoresponse, **shop.paypage_post(number, day=day_after(shop.day(), 3), **other))
    assert ("unknown no such request" in answer.log, states(shop)) == (True, {number: "waiting"})


def test_payment_days_later_is_accepted_only_if_one_request_is_waiting(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    fields = {"merchant_id": MERCHANT, "amount": "1250", "currency_code": "978", "order_id": "CMD-42"}
    with shop.ledger() as ledger:
        for day in ("20261102", "20261105"):
            request = {**fields, "merchant_country": "fr", "transmission_date": f"{day}120000"}
            assert register(ledger, request, Numbering("paypage")) == "000001"
    paid_later = shop.paypage_post("000001", day="20261108")
    answer = post(shop.autoresponse, **paid_later)
    assert ("unknown no such request" in answer.log, shop.outcomes) == (True, [])
    # The bank says of the first that it was cancelled: now one alone waits.
    post(shop.autoresponse, **shop.paypage_post("000001", day="20261102", responseCode="17"))
    assert post(shop.autoresponse, **paid_later).status == 200
    assert notified(shop) == ["cancelled", "accepted"]
    with shop.ledger() as ledger:
        assert [(t.reference[:8], t.state) for t in transactions(ledger)] == [
            ("20261102", "cancelled"),
            ("20261105", "accepted"),
        ]


def test_shop_receives_day_and_original_keys_of_paypage(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    post(shop.autoresponse, **shop.paypage_post(shop.show_form()))
    [response] = shop.outcomes
    assert (response.protocol, response.day, response.original["newKey"]) == ("paypage", shop.day(), "x")


def test_shop_receives_values_in_the_notation_of_the_request(shop: MovingShop) -> None:
    assert shop.order
    shop.order = Order({**shop.order.parameters, "order_id": "A|B"}, shop.order.lines)
    number = shop.show_form()
    moment = sent(shop, number)
    data = shop.seal(
        order_id="A B", amount="000000001250", transaction_id=str(int(number)), transmission_date=moment
    )
    post(shop.autoresponse, DATA=data)
    [response] = shop.outcomes
    assert [response[name] for name in ("order_id", "amount", "transaction_id")] == ["A|B", "1250", number]


GIVEN_BACK = {"caddie": "basket 7", "return_context": "tab 2", "customer_email": "anne@shop.example"}


@pytest.mark.parametrize("first", ["response page", "bank", "executable"])
@pytest.mark.parametrize("protocol", ["sips", "paypage"])
def test_short_response_is_completed_from_the_request(
    shop: MovingShop, param: Path, protocol: str, first: str
) -> None:
    """With NO_RESPONSE_PAGE the customer's browser brings fewer fields than the bank posts."""
    assert shop.order
    shop.order = Order({**shop.order.parameters, **GIVEN_BACK}, shop.order.lines)
    if protocol == "paypage":
        shop.move(param)
        sealed = shop.paypage_post(shop.show_form())
        message = urlencode(sealed)
    else:
        number = shop.show_form()
        message = shop.seal(transaction_id=number, transmission_date=sent(shop, number), caddie="")
        sealed = {"DATA": message}
    strings = ["0"]
    for receiver in (first, "bank", "executable"):
        if receiver == "executable":
            strings = printed(shop, message)
        else:
            post(shop.response if receiver == "response page" else shop.autoresponse, **sealed)
    [response] = shop.outcomes
    assert {name: response[name] for name in GIVEN_BACK} == GIVEN_BACK
    assert [strings[place] for place in (21, 20, 27)] == [*GIVEN_BACK.values()]


@pytest.mark.parametrize("code", ["02", "05", "12", "17", "60", "63", "75", "90", "94", "97", "99", "0"])
def test_acceptance_after_any_other_outcome_is_notified(shop: MovingShop, code: str) -> None:
    number = shop.show_form()
    moment = sent(shop, number)
    refusal = {"response_code": code, "authorisation_id": "", "payment_certificate": ""}
    post(shop.autoresponse, DATA=shop.seal(transaction_id=number, transmission_date=moment, **refusal))
    shop.outcomes.clear()
    page = post(shop.response, DATA=shop.seal(transaction_id=number, transmission_date=moment))
    assert (page.status, notified(shop), states(shop)) == (200, ["accepted"], {number: "accepted"})
    # And no refusal afterwards takes it back.
    post(
        shop.autoresponse,
        DATA=shop.seal(transaction_id=number, transmission_date=moment, **{**refusal, "response_code": "05"}),
    )
    assert (notified(shop), states(shop)) == (["accepted"], {number: "accepted"})


@pytest.mark.parametrize("script", ["response", "autoresponse"])
@pytest.mark.parametrize(
    ("code", "is_contradiction"), [("05", True), ("63", True), ("90", False), ("17", False)]
)
def test_acceptance_that_contradicts_a_refusal_is_logged(
    shop: MovingShop, script: str, code: str, is_contradiction: bool
) -> None:
    number = shop.show_form()
    first = shop.seal(transaction_id=number, transmission_date=sent(shop, number), response_code=code)
    assert post(shop.autoresponse, DATA=first).log == ""
    answer = post(getattr(shop, script), DATA=sealed_data(shop, number))
    assert ("accepted after refused: the acceptance counts" in answer.log) == is_contradiction
    assert (answer.log.count("\n"), notified(shop)[-1]) == (is_contradiction, "accepted")
    # The contradiction is logged once, however often the acceptance comes.
    assert post(shop.autoresponse, DATA=sealed_data(shop, number)).log == ""


def test_ledger_and_journal_store_the_source_of_a_response(shop: MovingShop) -> None:
    number = shop.show_form()
    for script in (shop.autoresponse, shop.response):
        assert post(script, DATA=sealed_data(shop, number)).status == 200
    with shop.ledger() as ledger:
        [row] = transactions(ledger)
        lines = [entry["source"] for entry in ledger.journal.entries() if entry["kind"] == "response"]
        assert lines == [answer.source for answer in responses_to(ledger, row)] == ["automatic", "manual"]


def test_acceptance_during_another_notification_is_notified_next(shop: MovingShop) -> None:
    number = shop.show_form()
    moment = sent(shop, number)
    inside, go_on = threading.Event(), threading.Event()
    record = shop.record_outcome

    def slowly(response: PaymentResponse) -> None:
        if response.outcome == "cancelled":
            inside.set()
            assert go_on.wait(20)
        record(response)

    application = call_autoresponse(slowly, shop.pathfile.path, "")
    cancelled = shop.seal(
        transaction_id=number, transmission_date=moment, response_code="17", authorisation_id=""
    )
    first = threading.Thread(target=post, args=(application,), kwargs={"DATA": cancelled})
    first.start()
    assert inside.wait(20)
    accepted = post(application, DATA=shop.seal(transaction_id=number, transmission_date=moment))
    go_on.set()
    first.join()
    assert (accepted.status, notified(shop)) == (200, ["cancelled", "accepted"])


def test_loss_of_the_ledger_during_a_notification_is_logged_and_answered_with_200(
    shop: MovingShop,
) -> None:
    number = shop.show_form()

    def lose(response: PaymentResponse) -> None:
        shop.record_outcome(response)
        Path(shop.url.removeprefix("sqlite:///")).unlink()

    answer = post(call_autoresponse(lose, shop.pathfile.path, ""), DATA=sealed_data(shop, number))
    assert (answer.status, notified(shop)) == (200, ["accepted"])
    assert "automatic response" in answer.log and "ledger" in answer.log


def test_function_that_calls_exit_is_a_failed_attempt(shop: MovingShop) -> None:
    first, second = shop.show_form(), shop.show_form()

    def ends(response: PaymentResponse) -> None:
        if response["transaction_id"] == first:
            sys.exit(1)
        shop.outcomes.append(response)

    application = call_autoresponse(ends, shop.pathfile.path, "")
    shop.autoresponse = application
    assert shop.post_acceptance(first).status == 200
    assert shop.post_acceptance(second).status == 200
    assert [response["transaction_id"] for response in shop.outcomes] == [second]


# A CGI script whose function notes what it is notified of, and then ends the process for one order.
CRASHING_SCRIPT = """
import os, sys
from sogenactif.protocols import Numbering, paypage
from sogenactif.protocols.certificate import issue_certificate
from sogenactif.web import call_autoresponse, run_cgi

def record_outcome(response):
    with open("notified", "a") as file:
        file.write(response["order_id"] + "\\n")
    if response["order_id"] == "CRASH":
        os._exit(9)

run_cgi(call_autoresponse(record_outcome, sys.argv[1], os.devnull))
"""


def test_function_that_kills_the_process_does_not_block_other_payments(
    shop: MovingShop, tmp_path: Path
) -> None:
    def pay(order_id: str) -> str:
        """Ask for an order and deliver its acceptance to a CGI process; return what that answered."""
        assert shop.order
        shop.order = Order({**shop.order.parameters, "order_id": order_id})
        number = shop.show_form()
        data = shop.seal(transaction_id=number, transmission_date=sent(shop, number), order_id=order_id)
        body = f"DATA={data}".encode()
        variables = {
            "REQUEST_METHOD": "POST",
            "CONTENT_LENGTH": str(len(body)),
            "PYTHONPATH": f"{ROOT}/lib:{ROOT}/lib/packages",
        }
        script = [sys.executable, "-c", CRASHING_SCRIPT, shop.pathfile.path]
        result = subprocess.run(
            script,
            input=body,
            env={**os.environ, **variables},
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        return result.stdout.decode().partition("\r\n")[0]

    def attempts() -> dict[str, int]:
        with shop.ledger() as ledger:
            rows = ledger.database.rows("SELECT order_id, attempts FROM sogenactif_request")
            return {name: attempts for name, attempts in rows if name}

    # The process ends before it answers: the bank's server sends it again.
    assert (pay("CRASH"), attempts()) == ("", {"CRASH": 1})
    # Other payments come first, and are answered before it is tried once more.
    assert [pay(order) for order in ("A", "B")] == ["Status: 200 OK"] * 2
    assert attempts() == {"CRASH": 3, "A": 1, "B": 1}
    assert (tmp_path / "notified").read_text().split() == ["CRASH", "A", "CRASH", "B", "CRASH"]
    with shop.ledger() as ledger:
        assert pending_outcomes(ledger) == 1


def test_bank_is_answered_before_pending_notifications_are_sent(shop: MovingShop) -> None:
    shop.failing = True
    shop.post_acceptance(shop.show_form())
    shop.failing = False
    number = shop.show_form()
    body = f"DATA={shop.seal(transaction_id=number, transmission_date=sent(shop, number))}".encode()
    events: list[str] = []
    application = call_autoresponse(
        lambda response: events.append(response["transaction_id"]), shop.pathfile.path, ""
    )

    def start_response(status: str, headers: object, *_: object) -> object:
        events.append(status)
        return None

    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }
    answer = application(environ, start_response)  # type: ignore[arg-type]
    b"".join(answer)
    assert "000001" not in events and "200 OK" in events
    answer.close()  # type: ignore[attr-defined]
    assert sorted(events) == ["000001", number, "200 OK"]


def test_order_paid_twice_is_recorded_twice_and_logged(shop: MovingShop) -> None:
    first, second = shop.show_form(), shop.show_form()
    assert shop.post_acceptance(first).log == ""
    answer = post(shop.autoresponse, DATA=sealed_data(shop, second))
    assert (answer.status, notified(shop)) == (200, ["accepted", "accepted"])
    assert "paid already: refund one of them" in answer.log


def test_form_shown_again_is_the_same_and_writes_nothing(shop: MovingShop, tmp_path: Path) -> None:
    pages = [ask(shop.request, query="order=CMD-42").body for _ in range(2)]
    lines = sum(len(path.read_text().splitlines()) for path in (tmp_path / "journal").glob("*.jsonl"))
    data = {part.split('"')[0] for page in pages for part in page.split('NAME="DATA" VALUE="')[1:]}
    data |= {part.split('"')[0] for page in pages for part in page.split('name="DATA" value="')[1:]}
    assert (len(data), lines, states(shop)) == (1, 1, {"000001": "waiting"})


def test_too_many_requests_of_one_order_are_answered_with_429(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    answers = [ask(shop.request, query="order=CMD-42", HTTP_ACCEPT_LANGUAGE="en") for _ in range(201)]
    assert ({answer.status for answer in answers[:200]}, answers[200].status) == ({200}, 429)
    assert "<title>Too many attempts for this order</title>" in answers[200].body


def test_request_of_paypage_without_order_id_is_rejected(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    assert shop.order
    parameters = {name: value for name, value in shop.order.parameters.items() if name != "order_id"}
    shop.order = Order(parameters, shop.order.lines)
    answer = ask(shop.request, query="order=CMD-42")
    assert (answer.status, "order_id not filled" in answer.log) == (500, True)


@pytest.mark.parametrize("script", ["response", "autoresponse"])
def test_outcome_that_response_printed_is_notified_once_by_a_script(shop: MovingShop, script: str) -> None:
    number = shop.show_form()
    data = sealed_data(shop, number)
    assert printed(shop, data)[10] == "00"
    assert shop.outcomes == []
    for _ in range(2):
        assert post(getattr(shop, script), DATA=data).status == 200
    assert notified(shop) == ["accepted"]
    # Printing it again takes nothing back.
    assert printed(shop, data)[10] == "00"
    assert post(shop.autoresponse, DATA=data).status == 200
    assert notified(shop) == ["accepted"]


def test_outcome_that_only_response_reported_is_not_pending(shop: MovingShop) -> None:
    number = shop.show_form()
    printed(shop, sealed_data(shop, number))
    with shop.ledger() as ledger:
        [transaction] = transactions(ledger)
        assert (transaction.notified, pending_outcomes(ledger)) == ("printed", 0)
    shop.post_acceptance(shop.show_form())
    assert [response["transaction_id"] for response in shop.outcomes] == ["000002"]


def test_response_prints_fields_during_an_outage_of_the_ledger(
    shop: MovingShop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = shop.show_form()
    data = sealed_data(shop, number)
    path = Path(shop.pathfile.path)
    with_ledger = path.read_text()
    path.write_text(with_ledger.partition("LEDGER!")[0])
    without_ledger = printed(shop, data)
    path.write_text(with_ledger)
    with missing(shop, tmp_path / "ledger.db"):
        assert printed(shop, data) == without_ledger
        assert without_ledger[:2] == ["0", ""]
        assert "the response is in the journal" in capsys.readouterr().err
        # A forged one is printed no more than ever.
        assert printed(shop, data[:-1] + ("0" if data[-1] != "0" else "1"))[0] == "-1"
    # The next call of response records it; nothing is left to notify, for the shop read it.
    assert printed(shop, data)[0] == "0"
    with shop.ledger() as ledger:
        [transaction] = transactions(ledger)
        assert (transaction.state, transaction.notified) == ("accepted", "printed")
        assert pending_outcomes(ledger) == 0


def test_response_prints_no_fields_if_neither_ledger_nor_journal_can_be_written(
    shop: MovingShop, tmp_path: Path
) -> None:
    number = shop.show_form()
    data = sealed_data(shop, number)
    with missing(shop, tmp_path / "ledger.db"), missing(shop, tmp_path / "journal"):
        (tmp_path / "journal").write_text("a file where the folder was")
        code, error, *values = printed(shop, data)
        (tmp_path / "journal").unlink()
    assert (code, set(values)) == ("-1", {""})
    assert "Error writing the journal" in error
    assert states(shop) == {number: "waiting"}
    assert printed(shop, data)[10] == "00"


@pytest.mark.parametrize("contact", ["another payment", "the customer comes back", "the bank posts it again"])
def test_payment_during_an_outage_is_notified_with_the_next_response(
    shop: MovingShop, tmp_path: Path, contact: str
) -> None:
    number, another = shop.show_form(), shop.show_form()
    with missing(shop, tmp_path / "ledger.db"):
        assert shop.post_acceptance(number).status == 200
    assert (shop.outcomes, states(shop)) == ([], {number: "waiting", another: "waiting"})
    if contact == "the customer comes back":
        post(shop.response, DATA=sealed_data(shop, number))
    else:
        shop.post_acceptance(another if contact == "another payment" else number)
    expected = [another, number] if contact == "another payment" else [number]
    assert [response["transaction_id"] for response in shop.outcomes] == expected
    assert states(shop)[number] == "accepted"
    # Nothing is left for replay.
    assert shop.replay()[1].startswith("0 recorded from the journal, 0 notified")


@pytest.mark.parametrize("program", ["call_request", "request", "Kit.request", "Kit.receive"])
def test_payment_during_an_outage_is_recorded_with_the_next_call(
    shop: MovingShop, tmp_path: Path, program: str
) -> None:
    number, other = shop.show_form(), shop.show_form()
    with missing(shop, tmp_path / "ledger.db"):
        shop.post_acceptance(number)
    kit = Kit(shop.pathfile.path)
    assert shop.order
    parameters = {**shop.order.parameters, "order_id": "CMD-43"}
    if program == "call_request":
        assert ask(shop.request, query="order=CMD-42").status == 200
    elif program == "request":
        named = {**parameters, "pathfile": shop.pathfile.path}
        executables.request([f"{name}={value}" for name, value in named.items()])
    elif program == "Kit.request":
        kit.request(**parameters)
    else:
        kit.receive({"DATA": sealed_data(shop, other)})
    assert states(shop)[number] == "accepted"
    # None of these has a function to notify: the next response does.
    assert shop.outcomes == []
    another = shop.show_form()
    shop.post_acceptance(another)
    assert [response["transaction_id"] for response in shop.outcomes] == [another, number]


def test_unreadable_day_of_the_journal_blocks_neither_notifications_nor_requests(
    shop: MovingShop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = shop.show_form(), shop.show_form()
    shop.failing = True
    shop.post_acceptance(first)
    shop.failing = False
    (tmp_path / "journal" / "20200101.jsonl").mkdir()
    note_unrecorded(str(tmp_path / "journal"), "20200101")
    answer = post(shop.autoresponse, DATA=sealed_data(shop, second))
    assert [response["transaction_id"] for response in shop.outcomes] == [second, first]
    assert "responses that only the journal has Error reading the journal" in answer.log
    assert shop.order
    parameters = {**shop.order.parameters, "order_id": "e"}
    call = {**parameters, "pathfile": shop.pathfile.path}
    printed, _ = executables.request([f"{name}={value}" for name, value in call.items()])
    assert printed.startswith(b"!0!!")
    assert "request Error reading the journal" in capsys.readouterr().err
    assert Kit(shop.pathfile.path).request(**{**parameters, "order_id": "f"}).posts
    assert "request Error reading the journal" in capsys.readouterr().err


def test_unusual_number_of_requests_in_a_day_is_logged_once(
    shop: MovingShop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ledger_module, "MANY_NUMBERS", 3)

    def ask_for_one_more(customer: str) -> str:
        assert shop.order
        shop.order = Order({**shop.order.parameters, "customer_id": customer, "order_id": customer})
        return ask(shop.request, query="order=CMD-42").log

    logs = [ask_for_one_more(customer) for customer in ("a", "b", "c", "c", "d")]
    warning = f"3 transaction numbers of {shop.day()} are used: look for a robot in the access log"
    assert [warning in log for log in logs] == [False, False, True, False, False]
    assert "".join(logs).count("\n") == 1
    # A shop that calls the executables, or the kit's class, has its log too.
    assert shop.order
    for order_id in ("e", "f"):
        parameters = {**shop.order.parameters, "order_id": order_id, "pathfile": shop.pathfile.path}
        answer, status = executables.request([f"{name}={value}" for name, value in parameters.items()])
        assert (answer[:4], status) == (b"!0!!", 0)
    assert capsys.readouterr().err.count(" 6 transaction numbers of ") == 1
    for order_id in ("g", "h", "i"):
        Kit(shop.pathfile.path).request(**{**shop.order.parameters, "order_id": order_id})
    assert capsys.readouterr().err.count(" 9 transaction numbers of ") == 1


def test_numbers_of_later_instalments_are_reserved(shop: MovingShop) -> None:
    assert shop.order
    plan = {
        "capture_mode": "PAYMENT_N",
        "capture_day": "0",
        "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=250",
    }
    shop.order = Order({**shop.order.parameters, **plan}, shop.order.lines)
    number = shop.show_form()
    with shop.ledger() as ledger:
        days = [row[0] for row in ledger.database.rows("SELECT day FROM sogenactif_reserved ORDER BY day")]
    assert number == "000001"
    assert len(days) == 2


@pytest.mark.parametrize(
    ("protocol", "fault", "status"),
    [
        ("sips", "damaged", 500),
        ("sips", "missing", 403),
        ("sips", "another one", 500),
        ("paypage", "damaged", 403),
        ("paypage", "missing", 403),
        ("paypage", "another one", 403),
        ("paypage", "readable by everybody", 500),
    ],
)
def test_genuine_response_is_replayed_after_the_secret_is_corrected(
    shop: MovingShop, param: Path, protocol: str, fault: str, status: int
) -> None:
    secret = param / f"certif.fr.{MERCHANT}.php"
    if protocol == "paypage":
        shop.move(param)
        secret = Path(paypage.key_path(shop.pathfile, MERCHANT))
    number = shop.show_form()
    sealed = shop.paypage_post(number) if protocol == "paypage" else {"DATA": sealed_data(shop, number)}
    content = secret.read_bytes()
    secret.unlink()
    if fault != "missing":
        other = (
            content[:5] if fault == "damaged" else content.swapcase() if fault == "another one" else content
        )
        secret.write_bytes(other)
        secret.chmod(0o644 if fault == "readable by everybody" else 0o600)
    statuses = [post(application, **sealed).status for application in (shop.autoresponse, shop.response)]
    assert statuses == [status, status]
    assert (shop.outcomes, states(shop)) == ([], {number: "waiting"})
    secret.unlink(missing_ok=True)
    secret.write_bytes(content)
    secret.chmod(0o600)
    first = shop.replay()
    assert first == (0, "2 recorded from the journal, 1 notified to the shop, 0 still pending\n")
    second = shop.replay()
    assert second == (0, "0 recorded from the journal, 0 notified to the shop, 0 still pending\n")
    assert (states(shop), shop.notified_by_replay()) == ({number: "accepted"}, "CMD-42 accepted\n")


@pytest.mark.parametrize("code", ["17", "05", "60"])
def test_acceptance_after_another_outcome_is_replayed_after_the_secret_is_corrected(
    shop: MovingShop, param: Path, code: str
) -> None:
    secret = param / f"certif.fr.{MERCHANT}.php"
    content = secret.read_bytes()
    number = shop.show_form()
    moment = sent(shop, number)
    assert (
        post(
            shop.autoresponse,
            DATA=shop.seal(transaction_id=number, transmission_date=moment, response_code=code),
        ).status
        == 200
    )
    accepted = sealed_data(shop, number)
    secret.write_bytes(issue_certificate("https://bank.example/payment", MERCHANT))
    assert post(shop.autoresponse, DATA=accepted).status == 403
    secret.write_bytes(content)
    status, said = shop.replay()
    assert (status, states(shop)) == (0, {number: "accepted"}), said
    assert shop.notified_by_replay() == "CMD-42 accepted\n"


def test_response_with_a_wrong_key_version_is_replayed_after_the_pathfile_is_corrected(
    shop: MovingShop, param: Path
) -> None:
    shop.move(param, KEY_VERSION="2")
    number = shop.show_form()
    assert post(shop.autoresponse, **shop.paypage_post(number, keyVersion="1")).status == 400
    path = Path(shop.pathfile.path)
    path.write_text(path.read_text().replace("PAYPAGE_KEY_VERSION!2!", "PAYPAGE_KEY_VERSION!1!"))
    status, said = shop.replay()
    assert (status, states(shop)) == (0, {number: "accepted"}), said


def test_forged_response_is_not_replayed(shop: MovingShop) -> None:
    number = shop.show_form()
    data = sealed_data(shop, number)
    forged = data[:-1] + ("0" if data[-1] != "0" else "1")
    assert post(shop.autoresponse, DATA=forged).status == 403
    shop.replay()
    assert states(shop) == {number: "waiting"}


@pytest.mark.parametrize("ledger", [True, False])
def test_initialisation_error_has_no_outcome_and_is_logged(
    shop: MovingShop, param: Path, ledger: bool
) -> None:
    shop.move(param)
    number = shop.show_form()
    if not ledger:
        shop.remove_ledger()
    words = {"redirectionStatusCode": "12", "redirectionStatusMessage": "Invalid keyword: colour=blue"}
    report = shop.paypage_post(number, responseCode="", **words)
    answer = post(shop.autoresponse, **report)
    assert (answer.status, shop.outcomes) == (200, [])
    assert "code 12: Invalid keyword: colour=blue" in answer.log
    assert post(shop.autoresponse, **{**report, "Seal": "0" * 64}).status == 403
    # The customer did nothing wrong: the page says what happened, in their language.
    body = urlencode(report).encode()
    page = ask(shop.response, "POST", body=body, HTTP_ACCEPT_LANGUAGE="fr")
    assert (page.status, "Le paiement n’a pas pu commencer" in page.body) == (200, True)
    [incident] = re.findall(r"call_response (\w{8}) .*code 12: Invalid keyword: colour=blue", page.log)
    assert (incident in page.body, "colour" in page.body) == (True, False)
    assert post(shop.response, **{**report, "Seal": "0" * 64}).status == 403
    assert (shop.outcomes, ledger and states(shop)) == ([], ledger and {number: "waiting"})


@pytest.mark.parametrize("ledger", [True, False])
def test_response_in_json_or_without_a_seal_is_rejected_with_its_reason(
    shop: MovingShop, param: Path, ledger: bool
) -> None:
    shop.move(param)
    number = shop.show_form()
    if not ledger:
        shop.remove_ledger()
    published = json.loads((VECTORS / "paypage-seal-vectors.json").read_text())
    in_json = next(case for case in published if case["name"] == "json-response-as-data")
    unsealed = {**shop.paypage_post(number, responseCode="34"), "Seal": ""}
    for application in (shop.autoresponse, shop.response):
        answer = post(application, Data=in_json["data"], Seal=in_json["seal"])
        assert (answer.status, "Data is JSON" in answer.log) == (400, True)
        answer = post(application, **unsealed)
        assert (answer.status, "no seal: the server knows no such merchant or key" in answer.log) == (
            403,
            True,
        )
    assert shop.outcomes == []


def test_transaction_numbers_are_taken_from_the_range_of_the_pathfile(shop: MovingShop) -> None:
    path = Path(shop.pathfile.path)
    path.write_text(path.read_text() + "NUMBERS!500000-500001!\n")
    assert [shop.show_form(), shop.show_form()] == ["500000", "500001"]
    assert shop.order
    shop.order = Order({**shop.order.parameters, "customer_id": "a third"}, shop.order.lines)
    answer = ask(shop.request, query="order=CMD-42")
    assert (answer.status, "all 2 values of transaction_id are used" in answer.log) == (500, True)
