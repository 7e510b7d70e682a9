"""Money is given back, and payments validated: over HTTP, against the sandbox, by the commands."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sogenactif import Kit
from sogenactif.errors import CallError, OfficeError, OperationRefused
from sogenactif.ledger import operations as ledger_operations
from sogenactif.ledger.history import transactions
from sogenactif.ledger.journal import Entry, new_entry
from sogenactif.ledger.operations import intend, operations_on, settle
from sogenactif.ledger.rebuild import note_unrecorded, record_unrecorded
from tests.support.office import OfficeShop, office_shop
from tests.support.vectors import ROOT

RECORD_REFUND = """
def record_refund(refund):
    note("refund", refund["order_id"], refund["operation"], refund["amount"])
"""


@pytest.fixture
def shop(param: Path) -> Iterator[OfficeShop]:
    with office_shop(param) as running:
        with (param / "script.py").open("a") as script:
            script.write(RECORD_REFUND)
        yield running


def at_bank(shop: OfficeShop) -> tuple[str, int, list[tuple[str, int]]]:
    """The state, the amount and the operations of the last payment at the bank."""
    shown = shop.bank.last()
    return shown["status"], shown["current_amount"], shop.operations()


def in_ledger(shop: OfficeShop, reference: str) -> tuple[int, list[tuple[str, int, str]]]:
    """What the ledger says was given back, and the operations with their states."""
    with shop.ledger() as ledger:
        [row] = transactions(ledger, *reference.split("-"))
        return row.given_back, [(one.operation, one.amount, one.state) for one in operations_on(ledger, row)]


def age(shop: OfficeShop) -> None:
    """Let what was sent have been sent an hour ago."""
    with shop.ledger() as ledger, ledger.database.transaction() as execute:
        for entry, made in execute("SELECT entry, made FROM sogenactif_operation"):
            earlier = datetime.fromisoformat(made) - timedelta(hours=1)
            execute("UPDATE sogenactif_operation SET made = ? WHERE entry = ?", earlier.isoformat(), entry)


def test_payment_is_cancelled_before_its_capture(shop: OfficeShop) -> None:
    reference = shop.arrive()
    status, said, _ = shop.run("refund", reference, "--yes")
    assert (status, said.splitlines()) == (
        0,
        [
            f"{reference}, order CMD42: TO_CAPTURE (accepted, to be captured), €12.50 left",
            "to cancel: €12.50",
            "Done.",
        ],
    )
    assert at_bank(shop) == ("CANCELLED", 0, [("cancel", 1250)])
    assert in_ledger(shop, reference) == (1250, [("cancel", 1250, "done")])
    assert shop.notes() == ["refund CMD42 cancel 1250"]


def test_partial_refunds_after_the_capture_add_up(shop: OfficeShop) -> None:
    reference = shop.arrive()
    shop.bank.console("tomorrow", {})
    for amount in ("250", "400"):
        assert shop.run("refund", reference, amount, "--yes")[0] == 0
    assert at_bank(shop) == ("CAPTURED", 600, [("refund", 250), ("refund", 400)])
    status, _, complaint = shop.run("refund", reference, "601", "--yes")
    assert (status, "601 is more than is left: 600" in complaint) == (1, True)
    assert shop.run("refund", reference, "--yes")[0] == 0
    assert at_bank(shop)[:2] == ("TO_CREDIT", 0)
    assert in_ledger(shop, reference)[0] == 1250
    status, _, complaint = shop.run("refund", reference, "--yes")
    assert (status, "nothing is left" in complaint) == (1, True)
    assert shop.notes() == [f"refund CMD42 refund {amount}" for amount in ("250", "400", "600")]


def test_refunded_amount_is_printed_by_transactions_and_show(shop: OfficeShop) -> None:
    reference = shop.arrive()
    shop.run("refund", reference, "250", "--yes")
    _, said, _ = shop.run("transactions", "--order", "CMD42")
    assert "(given back: €2.50)" in said
    [listed] = json.loads(shop.run("transactions", "--json", "--order", "CMD42")[1])
    [shown] = json.loads(shop.run("show", "--json", reference)[1])
    assert (listed["given_back"], shown["given_back"], shown["state"]) == (250, 250, "accepted")
    assert [(one["operation"], one["amount"], one["state"]) for one in shown["operations"]] == [
        ("cancel", 250, "done")
    ]
    assert re.search(r"^ +cancel .* of €2\.50: done$", shop.run("show", reference)[1], re.MULTILINE)
    assert shop.run("verify")[0] == 0


def test_check_does_not_report_a_refund_as_missing_from_the_ledger(shop: OfficeShop) -> None:
    reference = shop.arrive()
    assert shop.run("refund", reference, "250", "--yes")[0] == 0
    assert "unentered" not in bad_findings(shop)


def test_order_paid_twice_is_reported_until_one_payment_is_fully_refunded(shop: OfficeShop) -> None:
    first, second = shop.arrive(), shop.arrive(customer_id="another window")
    assert "paid_twice_orders" in bad_findings(shop)
    assert shop.run("refund", second, "250", "--yes")[0] == 0
    assert "Order CMD42 is paid more than once" in shop.run("verify")[1]
    assert shop.run("refund", second, "--yes")[0] == 0
    assert "paid more than once" not in shop.run("verify")[1]
    assert shop.run("transactions")[1].count("paid twice") == 0
    assert "paid_twice_orders" not in bad_findings(shop)
    assert [shop.row(reference).state for reference in (first, second)] == ["accepted", "accepted"]


def test_refund_with_a_missing_script_exits_with_2_and_sends_nothing(shop: OfficeShop) -> None:
    reference = shop.arrive()
    (shop.param / "script.py").unlink()
    status, _, complaint = shop.run("refund", reference, "--yes")
    assert (status, "script.py" in complaint) == (2, True)
    assert at_bank(shop)[0] == "TO_CAPTURE"


def test_operation_completed_the_next_day_stays_done_after_replay(
    shop: OfficeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = shop.arrive()

    def entry_of_yesterday(kind: str, source: str, verdict: str) -> Entry:
        entry = new_entry(kind, source, verdict)
        made = datetime.fromisoformat(entry["time"]) - timedelta(days=1)
        return {**entry, "time": made.isoformat()}

    monkeypatch.setattr(ledger_operations, "new_entry", entry_of_yesterday)
    with shop.ledger() as ledger:
        [row] = transactions(ledger, *reference.split("-"))
        intent = intend(ledger, row, "cancel", 250, 1250, "TO_CAPTURE")
        settle(ledger, intent, "done", "00")
        # After an outage the days that were noted are read again.
        for day in ledger.journal.days():
            note_unrecorded(ledger.journal.folder, day)
        record_unrecorded(ledger)
    assert in_ledger(shop, reference) == (250, [("cancel", 250, "done")])


def test_payment_awaiting_validation_is_validated_in_part(shop: OfficeShop) -> None:
    reference = shop.arrive(capture_mode="VALIDATION", capture_day="3")
    status, said, _ = shop.run("validate", "--json", "--yes", reference, "1000")
    assert (status, json.loads(said)["result"]) == (0, "done")
    assert at_bank(shop) == ("TO_CAPTURE", 1000, [("validate", 1000)])
    assert in_ledger(shop, reference) == (0, [("validate", 1000, "done")])
    status, _, complaint = shop.run("validate", reference, "--yes")
    assert (status, "not possible in the state TO_CAPTURE" in complaint) == (1, True)
    assert shop.notes() == []


def test_refund_without_confirmation_sends_nothing(shop: OfficeShop) -> None:
    reference = shop.arrive()
    status, said, complaint = shop.run("refund", reference)
    assert (status, "to cancel: €12.50" in said, "nothing was sent" in complaint) == (1, True, True)
    assert in_ledger(shop, reference) == (0, [])


@pytest.mark.parametrize("amount", ["0", "-5", "12.50", "1e3", "٣", "9" * 13, ""])
def test_invalid_amount_is_a_usage_error(shop: OfficeShop, amount: str) -> None:
    reference = shop.arrive()
    status, _, complaint = shop.run("refund", "--yes", reference, amount)
    assert (status, "usage: " in complaint, shop.operations()) == (2, True, [])


def test_refused_or_missing_payment_is_not_refunded(shop: OfficeShop) -> None:
    for reference in (shop.pay(card="4200000000000005"), shop.begin("CMD43")[0]):
        status, _, complaint = shop.run("refund", reference, "--yes")
        assert (status, "nothing was done" in complaint) == (1, True)
        assert in_ledger(shop, reference) == (0, [])


@pytest.mark.parametrize("switch", ["silent", "unsealed", "altered"])
def test_refund_without_a_trusted_reply_is_not_made_twice(shop: OfficeShop, switch: str) -> None:
    reference = shop.arrive()
    shop.bank.console("tomorrow", {})
    shop.bank.console("office", {"office": switch, "messages": "operations"})
    status, _, complaint = shop.run("refund", reference, "250", "--yes")
    assert (status, "IT IS NOT KNOWN" in complaint) == (2, True)
    assert in_ledger(shop, reference) == (0, [("refund", 250, "intended")])
    assert at_bank(shop) == ("CAPTURED", 1000, [("refund", 250)]) and shop.notes() == []
    # Whatever the shop does, the state is asked first.
    status, said, _ = shop.run("refund", reference, "250", "--yes")
    assert (status, "was done, as the bank's state shows" in said) == (0, True)
    assert at_bank(shop) == ("CAPTURED", 1000, [("refund", 250)])
    assert in_ledger(shop, reference) == (250, [("refund", 250, "done")])
    assert shop.notes() == ["refund CMD42 refund 250"]


def test_refund_is_not_sent_if_the_state_cannot_be_queried(shop: OfficeShop) -> None:
    reference = shop.arrive()
    for switch in ("unavailable", "unsealed", "altered"):
        shop.bank.console("office", {"office": switch})
        assert shop.run("refund", reference, "250", "--yes")[0] == (1 if switch == "unavailable" else 2)
    shop.bank.console("office", {})
    assert at_bank(shop) == ("TO_CAPTURE", 1250, []) and in_ledger(shop, reference) == (0, [])


def test_operation_refused_by_the_bank_is_recorded_as_refused(shop: OfficeShop) -> None:
    reference = shop.arrive()
    shop.bank.console("office", {"office": "unavailable", "messages": "operations"})
    status, said, complaint = shop.run("refund", reference, "--yes", "--json")
    row = json.loads(said)
    assert (status, row["result"], row["code"]) == (1, "not_done", "90")
    assert "90: the bank's server is not available now" in complaint
    assert in_ledger(shop, reference) == (0, [("cancel", 1250, "refused")])


def test_refund_killed_before_the_reply_is_not_made_twice(shop: OfficeShop) -> None:
    reference = shop.arrive()
    process = shop.begin_refund(reference)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert in_ledger(shop, reference) == (0, [("cancel", 250, "intended")])
    shop.bank.console("office", {})
    for file in shop.param.glob("ledger.db*"):
        file.unlink()
    assert shop.run("replay")[0] == 0
    assert in_ledger(shop, reference) == (0, [("cancel", 250, "intended")])
    assert shop.run("refund", reference, "250", "--yes")[0] == 0
    assert shop.operations() == [("cancel", 250)]
    assert in_ledger(shop, reference) == (250, [("cancel", 250, "done")])
    assert json.loads(shop.run("verify", "--json")[1])["differences"] == []


def test_second_refund_of_a_transaction_is_rejected_while_the_first_is_running(shop: OfficeShop) -> None:
    reference = shop.arrive()
    process = shop.begin_refund(reference)
    status, _, complaint = shop.run("refund", reference, "250", "--yes")
    assert (status, "another operation on this transaction is under way" in complaint) == (1, True)
    assert process.wait(20) == 0
    assert shop.operations() == [("cancel", 250)]


def intended(shop: OfficeShop, reference: str, **changes: str) -> None:
    """Leave a refund of 2.50 without a known result, as a crash before it was sent does."""

    with shop.ledger() as ledger:
        [row] = transactions(ledger, *reference.split("-"))
        intend(ledger, row, "cancel", 250, int(changes.get("before", "1250")), "TO_CAPTURE")


def test_interrupted_refund_is_sent_again_after_an_hour(shop: OfficeShop) -> None:
    reference = shop.arrive()
    intended(shop, reference)
    status, _, complaint = shop.run("refund", reference, "250", "--yes")
    assert (status, "may still be in progress" in complaint, shop.operations()) == (2, True, [])
    age(shop)
    assert shop.run("refund", reference, "250", "--yes")[0] == 0
    assert shop.operations() == [("cancel", 250)]
    assert in_ledger(shop, reference) == (250, [("cancel", 250, "not_done"), ("cancel", 250, "done")])


def test_unclear_refund_is_sent_again_only_if_the_merchant_asks_for_it(shop: OfficeShop) -> None:
    reference = shop.arrive()
    intended(shop, reference, before="1300")
    age(shop)
    status, _, complaint = shop.run("refund", reference, "250", "--yes")
    assert (status, "it is not clear whether" in complaint, shop.operations()) == (2, True, [])
    assert shop.run("refund", reference, "250", "--yes", "--again")[0] == 0
    assert in_ledger(shop, reference) == (250, [("cancel", 250, "unclear"), ("cancel", 250, "done")])


def test_refund_is_not_sent_if_it_cannot_be_written_to_the_journal(shop: OfficeShop) -> None:
    reference = shop.arrive()
    journal = shop.param / "journal"
    for file in journal.iterdir():
        file.unlink()
        file.mkdir()
    status, _, complaint = shop.run("refund", reference, "250", "--yes")
    assert (status, "the operation can't be recorded" in complaint, shop.operations()) == (1, True, [])


def test_failed_notification_of_a_refund_is_repeated(shop: OfficeShop) -> None:
    reference = shop.arrive()
    script = shop.param / "script.py"
    whole = script.read_text()
    script.write_text(whole + "    raise OSError('down')\n")
    status, _, complaint = shop.run("refund", reference, "250", "--yes")
    assert (status, "record_refund raised OSError" in complaint) == (0, True)
    (shop.param / "notes").unlink()
    script.write_text(whole)
    shop.run("replay")
    shop.run("reconcile")
    assert [note for note in shop.notes() if note.startswith("refund")] == ["refund CMD42 cancel 250"]


def test_rebuilt_ledger_has_the_refunds(shop: OfficeShop) -> None:
    reference = shop.arrive()
    shop.run("refund", reference, "250", "--yes")
    for file in shop.param.glob("ledger.db*"):
        file.unlink()
    assert shop.run("replay")[0] == 0
    assert in_ledger(shop, reference) == (250, [("cancel", 250, "done")])


def result(shop: OfficeShop, *arguments: str) -> tuple[int, dict[str, Any]]:
    status, said, _ = shop.run("refund", "--json", "--yes", *arguments)
    row: dict[str, Any] = json.loads(said)
    return status, row


def test_refund_prints_json(shop: OfficeShop) -> None:
    reference = shop.arrive()
    assert result(shop, reference, "250") == (
        0,
        {
            "reference": reference,
            "order_id": "CMD42",
            "operation": "cancel",
            "amount": 250,
            "result": "done",
            "code": "00",
            "error": "",
        },
    )
    assert shop.run("refund", "--json", reference)[0] == 2


def test_python_api_refunds_a_payment_in_parts(shop: OfficeShop) -> None:
    reference = shop.arrive()
    kit = Kit(shop.pathfile.path)
    assert (kit.status(reference).status, kit.status(reference).left) == ("TO_CAPTURE", 1250)
    assert kit.refund(reference, 250).state == "done"
    shop.bank.console("office", {"office": "silent", "messages": "operations"})
    with pytest.raises(OfficeError):
        kit.refund(reference, 400)
    shop.bank.console("office", {})
    assert (kit.refund(reference, 400).state, kit.status(reference).left) == ("done", 600)
    for amount in (601, 0, -1):
        with pytest.raises(OperationRefused):
            kit.refund(reference, amount)
    assert at_bank(shop) == ("TO_CAPTURE", 600, [("cancel", 250), ("cancel", 400)])


def test_python_api_refunds_the_right_one_of_two_payments_of_a_day(shop: OfficeShop) -> None:
    first, second = shop.arrive(), shop.arrive()
    kit = Kit(shop.pathfile.path)
    assert kit.refund(second, 250).state == "done"
    assert (kit.status(first).left, kit.status(second).left) == (1250, 1000)


def test_python_api_validates_a_payment(shop: OfficeShop) -> None:
    reference = shop.arrive(capture_mode="VALIDATION", capture_day="3")
    assert Kit(shop.pathfile.path).validate(reference).amount == 1250


@pytest.mark.parametrize("reference", ["A-1", "20261123-000001", "", "20261123-1234567"])
def test_python_api_reports_an_unknown_or_invalid_reference(shop: OfficeShop, reference: str) -> None:
    with pytest.raises(CallError, match="reference"):
        Kit(shop.pathfile.path).refund(reference)


# check


def bad_findings(shop: OfficeShop) -> set[str]:
    """The names of what check finds wrong."""
    return {one["name"] for one in checked(shop) if one["level"] != "ok"}


def office_findings(shop: OfficeShop) -> list[tuple[str, str]]:
    return [(one["level"], one["name"]) for one in checked(shop) if one["check"] == "office"]


def checked(shop: OfficeShop) -> list[dict[str, Any]]:
    command = [f"{ROOT}/bin/sogenactif", "check", "--json", "--pathfile", f"{shop.param}/pathfile"]
    said = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"},
    ).stdout
    findings: list[dict[str, Any]] = json.loads(said)["findings"]
    return findings


def test_check_reports_an_office_server_that_fails_or_refuses(shop: OfficeShop) -> None:
    assert set(office_findings(shop)) == {("ok", "office_answers")}
    shop.bank.console("office", {"office": "altered"})
    assert set(office_findings(shop)) == {("fault", "office_fails")}
    shop.bank.console("office", {"office": "unavailable"})
    assert set(office_findings(shop)) == {("fault", "office_refuses")}


def test_check_reports_an_office_address_without_https(shop: OfficeShop) -> None:
    path = shop.param / "pathfile"
    whole = path.read_text()
    path.write_text(whole + "OFFICE_URL!http://bank.example/rs-services/v2!\n")
    assert office_findings(shop) == [("fault", "office_in_clear")]
    path.write_text(whole.replace("OFFICE_URL!", "#"))
    assert office_findings(shop) == []
