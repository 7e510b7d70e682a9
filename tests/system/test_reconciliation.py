"""The bank is asked about transactions of the ledger: over HTTP, against the sandbox, by the commands."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sogenactif.dates import today
from sogenactif.payment import make_request
from sogenactif.protocols.office import by_number
from sogenactif.reception import receive
from tests.support.office import OfficeShop, client, office_shop, settle, settled
from tests.support.vectors import MERCHANT

REFUSED, PENDING = "4200000000000005", "4200000000000060"
AT_ONCE = ("--older", "0s")


@pytest.fixture
def shop(param: Path) -> Iterator[OfficeShop]:
    with office_shop(param) as running:
        yield running


def findings(shop: OfficeShop, *arguments: str) -> tuple[int, dict[str, Any]]:
    status, said, _ = shop.run("reconcile", "--json", *(arguments or AT_ONCE))
    found: dict[str, Any] = json.loads(said)
    return status, found


# status


def test_status_shows_the_states_of_ledger_and_bank(shop: OfficeShop) -> None:
    reference = shop.pay()
    status, said, _ = shop.run("status", reference)
    assert status == 0
    assert said.splitlines()[:4] == [
        f"{reference}, order CMD42: €12.50",
        "  ledger: waiting",
        "  bank: TO_CAPTURE (accepted, to be captured)",
        "  requested: €12.50; now: €12.50; left to refund or validate: €12.50",
    ]
    status, said, _ = shop.run("status", "--json", reference)
    shown = json.loads(said)
    assert (shown["ledger"]["state"], shown["bank"]["status"], shown["bank"]["outcome"]) == (
        "waiting",
        "TO_CAPTURE",
        "accepted",
    )
    assert (shown["bank"]["amount"], shown["bank"]["left"], shown["error"]) == (1250, 1250, "")
    assert shop.row(reference).state == "waiting"


def test_status_is_printed_in_french(shop: OfficeShop) -> None:
    reference = shop.pay()
    _, said, _ = shop.run("status", reference, language="fr_FR.UTF-8")
    assert "banque : TO_CAPTURE (accepté, à remettre en banque)" in said


def test_status_of_a_payment_that_was_never_begun_exits_with_1(shop: OfficeShop) -> None:
    reference, _ = shop.begin()
    status, said, _ = shop.run("status", reference)
    assert (status, "bank: 25: the bank has no such transaction" in said) == (1, True)


@pytest.mark.parametrize("switch", ["unavailable", "unsealed", "altered"])
def test_status_without_a_trusted_reply_exits_with_2(shop: OfficeShop, switch: str) -> None:
    reference = shop.pay()
    shop.bank.console("office", {"office": switch})
    assert shop.run("status", reference)[0] == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("OFFICE_URL!", "#", "no key word OFFICE_URL"),
        ("/rs-services/v2!", "/elsewhere!", "HTTP 404"),
        ("/rs-services/v2!", "/console?!", "HTTP 40"),
        ("PAYPAGE_KEY!", "PAYPAGE_KEY!/nowhere", "Error reading secret key"),
    ],
)
def test_status_reports_an_error_of_the_configuration(
    shop: OfficeShop, old: str, new: str, words: str
) -> None:
    reference = shop.pay()
    path = shop.param / "pathfile"
    path.write_text(path.read_text().replace(old, new))
    status, said, complaint = shop.run("status", reference)
    assert (status, words in complaint, "ledger: waiting" in said) == (2, True, True), complaint


def test_status_with_a_wrong_key_exits_with_2(shop: OfficeShop) -> None:
    reference = shop.pay()
    wrong = shop.param / f"wrong.{MERCHANT}"
    wrong.write_text("another key\n")
    wrong.chmod(0o600)
    other = shop.param / "other"
    other.write_text(shop.text.replace(f"PAYPAGE_KEY!{shop.param}/key!", f"PAYPAGE_KEY!{shop.param}/wrong!"))
    status, _, complaint = shop.run("status", reference, "--pathfile", str(other))
    assert (status, "without a seal, code '34'" in complaint) == (2, True)


def test_status_and_reconcile_exit_with_2_for_sips_1_0(shop: OfficeShop) -> None:
    path = shop.param / "pathfile"
    paypage = path.read_text()
    path.write_text(paypage.replace("PROTOCOL!paypage!", "PROTOCOL!sips!"))
    with shop.ledger() as ledger:
        call = {"merchant_id": MERCHANT, "amount": "1250"}
        number = make_request(call, shop.pathfile, ledger=ledger).fields["transaction_id"]
    status, _, complaint = shop.run("status", f"{today()}-{number}")
    assert (status, "is of Sips 1.0, which has no such server" in complaint) == (2, True)
    path.write_text(path.read_text().replace("OFFICE_URL", "#"))
    status, _, complaint = shop.run("reconcile")
    assert (status, "payments are on Sips 1.0" in complaint) == (2, True)


def test_payment_with_a_transaction_reference_is_queried_by_it(param: Path) -> None:
    with office_shop(param, REFERENCE="transactionReference") as shop:
        reference = shop.pay()
        assert shop.run("status", reference)[0] == 0
        assert findings(shop)[1]["findings"][0]["outcome"] == "accepted"


# reconcile


def test_payment_with_lost_responses_is_recorded_and_notified_once(shop: OfficeShop) -> None:
    accepted, refused = shop.pay("CMD42"), shop.pay("CMD43", REFUSED)
    status, found = findings(shop)
    assert (status, found["notified"], found["pending_notifications"]) == (0, 2, 0)
    assert [(one["reference"], one["finding"], one["outcome"]) for one in found["findings"]] == [
        (accepted, "recorded", "accepted"),
        (refused, "recorded", "refused"),
    ]
    assert [note.split()[1:3] for note in shop.notes()] == [["CMD42", "accepted"], ["CMD43", "refused"]]
    assert findings(shop) == (0, {"findings": [], "notified": 0, "pending_notifications": 0, "error": ""})
    assert len(shop.notes()) == 2
    [shown] = json.loads(shop.run("show", "--json", accepted)[1])
    assert [(one["source"], one["verdict"]) for one in shown["responses"]] == [("office", "accepted")]
    assert shop.run("verify")[0] == 0


def test_late_response_of_a_reconciled_payment_is_a_duplicate(shop: OfficeShop) -> None:
    shop.bank.console("switches", {"automatic": "never"})
    _, post = shop.begin()
    receipt = {name: value for name, value in settled(shop.bank, post).items() if value}
    findings(shop)
    with shop.ledger() as ledger:
        received = receive(receipt, shop.pathfile, ledger, "automatic", lambda event, error: None)
    assert received.match and (received.match.verdict, received.match.outcome) == ("duplicate", "accepted")
    assert len(shop.notes()) == 1


def test_rebuilt_ledger_has_the_outcome_of_a_reconciled_payment(shop: OfficeShop) -> None:
    reference = shop.pay()
    findings(shop)
    for file in shop.param.glob("ledger.db*"):
        file.unlink()
    assert shop.run("replay")[0] == 0
    assert shop.row(reference).state == "accepted"


def test_payment_cancelled_at_the_bank_is_recorded_as_cancelled(shop: OfficeShop) -> None:
    reference = shop.pay()
    row = shop.row(reference)
    client(shop.bank).operate("cancel", by_number(*reversed(reference.split("-"))), 1250, "978")
    assert findings(shop)[0] == 0
    assert (row.state, shop.row(reference).state) == ("waiting", "cancelled")
    assert [note.split()[2] for note in shop.notes()] == ["cancelled"]


def test_unpaid_request_is_waiting_until_the_session_is_over(shop: OfficeShop) -> None:
    reference, _ = shop.begin()
    status, found = findings(shop)
    assert (status, found["findings"][0]["finding"]) == (1, "waiting")
    age(shop, 60)
    status, found = findings(shop)
    assert (status, found["findings"][0]["finding"]) == (0, "never_begun")
    assert shop.row(reference).state == "waiting" and shop.notes() == []


def test_payment_made_after_midnight_is_found_on_the_day_of_the_payment(shop: OfficeShop) -> None:
    shop.bank.console("switches", {"automatic": "never"})
    yesterday, post = shop.begin_at(time.time() - 24 * 3600, "CMD42")
    age(shop, 24 * 60)
    settle(shop.bank, post)
    status, found = findings(shop)
    assert (status, found["findings"][0]["finding"]) == (0, "recorded")
    assert (shop.row(yesterday).state, len(shop.notes())) == ("accepted", 1)


def test_same_number_on_the_next_day_belongs_to_another_customer(shop: OfficeShop) -> None:
    yesterday, _ = shop.begin_at(time.time() - 24 * 3600, "NEVER-PAID")
    age(shop, 24 * 60)
    today = shop.pay("ANOTHER", caddie="")
    assert today[-6:] == yesterday[-6:]
    status, said, complaint = shop.run("refund", yesterday, "--yes")
    assert (status, "the bank has no such transaction" in complaint) == (1, True)
    assert "TO_CAPTURE" not in said
    _, found = findings(shop)
    kinds = {one["reference"]: one["finding"] for one in found["findings"]}
    assert kinds == {yesterday: "never_begun", today: "recorded"}
    assert shop.row(yesterday).state == "waiting"


def test_missing_key_of_one_merchant_does_not_stop_the_reconciliation_of_another(shop: OfficeShop) -> None:
    keyless = "014213245611119"
    (shop.param / f"parmcom.{keyless}").write_text((shop.param / f"parmcom.{MERCHANT}").read_text())
    key = shop.param / f"key.{keyless}"
    key.write_text("a key\n")
    key.chmod(0o600)
    shop.begin("KEYLESS", merchant_id=keyless)
    key.unlink()
    shop.pay()
    age(shop, 60)
    status, found = findings(shop)
    assert status == 1
    assert [one["finding"] for one in found["findings"]] == ["failed", "recorded"]
    assert len(shop.notes()) == 1


def age(shop: OfficeShop, minutes: int) -> None:
    """Let the requests of the ledger have been made some minutes earlier."""
    with shop.ledger() as ledger, ledger.database.transaction() as execute:
        for id, made in execute("SELECT id, made FROM sogenactif_request"):
            earlier = datetime.fromisoformat(made) - timedelta(minutes=minutes)
            execute("UPDATE sogenactif_request SET made = ? WHERE id = ?", earlier.isoformat(), id)


def test_only_requests_between_older_and_newer_are_queried(shop: OfficeShop) -> None:
    shop.pay()
    assert findings(shop, "--older", "20m") == (
        0,
        {"findings": [], "notified": 0, "pending_notifications": 0, "error": ""},
    )
    age(shop, 3 * 60)
    assert findings(shop, "--older", "20m", "--newer", "2h")[1]["findings"] == []
    assert len(findings(shop, "--older", "20m")[1]["findings"]) == 1


@pytest.mark.parametrize("switch", ["unsealed", "altered", "unavailable"])
def test_reply_without_a_valid_seal_changes_nothing(shop: OfficeShop, switch: str) -> None:
    reference = shop.pay()
    shop.bank.console("office", {"office": switch})
    status, found = findings(shop)
    kind = "refused" if switch == "unavailable" else "failed"
    assert (status, found["findings"][0]["finding"]) == (1, kind)
    assert shop.row(reference).state == "waiting" and shop.notes() == []
    shop.bank.console("office", {})
    assert findings(shop)[0] == 0 and shop.row(reference).state == "accepted"


def test_reconcile_stops_after_two_replies_without_a_seal(shop: OfficeShop) -> None:
    for number in range(4):
        shop.pay(f"CMD{number}")
    shop.bank.console("office", {"office": "unsealed"})
    status, found = findings(shop)
    assert (status, len(found["findings"]), "without a seal" in found["error"]) == (2, 2, True)


def test_reconcile_exits_with_2_if_the_bank_is_unreachable(shop: OfficeShop) -> None:
    shop.pay()
    path = shop.param / "pathfile"
    path.write_text(
        path.read_text().replace("OFFICE_URL!http://127.0.0.1:", "OFFICE_URL!http://127.0.0.1:1/")
    )
    status, _, complaint = shop.run("reconcile", *AT_ONCE)
    assert (status, "can't be reached" in complaint) == (2, True)


def test_reply_that_contradicts_the_request_is_reported_and_changes_nothing(shop: OfficeShop) -> None:
    reference = shop.pay()
    with shop.ledger() as ledger, ledger.database.transaction() as execute:
        [[fields]] = execute("SELECT fields FROM sogenactif_request")
        changed = json.dumps({**json.loads(fields), "amount": "1251"})
        execute("UPDATE sogenactif_request SET fields = ?", changed)
    status, found = findings(shop)
    assert (status, found["findings"][0]["finding"], found["findings"][0]["why"]) == (
        1,
        "contradictory",
        "amount",
    )
    assert shop.row(reference).state == "waiting" and shop.notes() == []


def test_pending_payment_is_queried_again(shop: OfficeShop) -> None:
    reference = shop.pay(card=PENDING)
    assert findings(shop)[0] == 0 and shop.row(reference).state == "pending"
    status, found = findings(shop)
    assert (status, found["findings"][0]["finding"], len(shop.notes())) == (1, "waiting", 1)


def test_failed_notification_is_repeated_by_the_next_reconcile(shop: OfficeShop) -> None:
    shop.pay()
    script = shop.param / "script.py"
    whole = script.read_text()
    script.write_text("def record_outcome(response): raise OSError('down')")
    status, found = findings(shop)
    assert (status, found["pending_notifications"]) == (1, 1)
    script.write_text(whole)
    assert findings(shop)[0] == 0 and len(shop.notes()) == 1


@pytest.mark.parametrize(
    "arguments", [("--older", "20"), ("--older", "soon"), ("--older", "4d"), ("--newer", "-1d")]
)
def test_invalid_duration_is_a_usage_error(shop: OfficeShop, arguments: tuple[str, str]) -> None:
    status, _, complaint = shop.run("reconcile", *arguments)
    assert (status, "usage" in complaint) == (2, True)


def test_reconcile_prints_each_payment_and_a_summary(shop: OfficeShop) -> None:
    reference = shop.pay()
    _, said, _ = shop.run("reconcile", *AT_ONCE)
    assert said.splitlines() == [
        f"{reference}, order CMD42: accepted, recorded",
        "The bank was asked about 1 request without an outcome.",
        "1 notified to the shop, 0 still pending",
    ]


# Numbers that the server assigns


@pytest.fixture(params=[MERCHANT, "002001000000002", "002001000000004"])
def numbered_by_server(param: Path, request: pytest.FixtureRequest) -> Iterator[OfficeShop]:
    merchant = request.param
    with office_shop(param, REFERENCE="server") as shop:
        if merchant != MERCHANT:
            (param / f"parmcom.{merchant}").write_text((param / f"parmcom.{MERCHANT}").read_text())
            key = param / f"key.{merchant}"
            key.write_text(f"{merchant}_KEY1\n")
            key.chmod(0o600)
        shop.merchant = merchant
        yield shop


def test_payment_numbered_by_the_server_can_be_queried_and_refunded_after_its_response(
    numbered_by_server: OfficeShop,
) -> None:
    shop = numbered_by_server
    shop.arrive("CMD41")
    reference = shop.arrive()
    status, said, complaint = shop.run("status", reference)
    assert (status, "bank: TO_CAPTURE" in said) == (0, True), complaint
    assert shop.run("refund", reference, "250", "--yes")[0] == 0
    shop.bank.console("tomorrow", {})
    assert shop.run("refund", reference, "--yes")[0] == 0
    assert (shop.bank.last()["status"], shop.bank.last()["current_amount"]) == ("TO_CREDIT", 0)
    assert shop.row(reference).given_back == 1250


def test_payment_numbered_by_the_server_with_lost_responses_is_reported_as_failed(
    numbered_by_server: OfficeShop,
) -> None:
    shop = numbered_by_server
    reference = shop.pay()
    words = "the server assigned a number to"
    status, _, complaint = shop.run("status", reference)
    assert (status, words in complaint) == (2, True)
    assert shop.run("refund", reference, "--yes")[0] == 2
    status, found = findings(shop)
    [finding] = found["findings"]
    assert (status, finding["finding"], words in finding["why"]) == (1, "failed", True)
    assert shop.bank.last()["operations"] == []


def test_pending_payment_numbered_by_the_server_is_recorded_after_its_decision(
    numbered_by_server: OfficeShop,
) -> None:
    shop = numbered_by_server
    shop.arrive("CMD41")
    reference = shop.arrive(card=PENDING)
    assert (shop.row(reference).state, findings(shop)[1]["findings"][0]["finding"]) == ("pending", "waiting")
    with closing(sqlite3.connect(shop.param / "payments.sqlite")) as bank, bank:
        decided = "UPDATE transactions SET response = json_set(response, '$.response_code', '00')"
        bank.execute(decided)
    status, found = findings(shop)
    assert (status, found["findings"][0]["outcome"], shop.row(reference).state) == (0, "accepted", "accepted")
    (shop.param / "ledger.db").unlink()
    assert shop.run("replay")[0] == 0
    assert shop.row(reference).state == "accepted"
    assert shop.run("verify")[0] == 0
    assert shop.run("refund", reference, "--yes")[0] == 0
    [message] = [m for m in shop.bank.last()["messages"] if m["state"] == "cancel"]
    asked = json.loads(message["post"]["message"])
    assert ("s10TransactionReference" in asked) == (shop.merchant == "002001000000004")
