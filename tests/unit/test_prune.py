"""sogenactif prune: what is personal goes, and nothing that a payment still needs."""

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from sogenactif.configuration import PAYPAGE, SIPS, LedgerAddress, Pathfile, read_pathfile
from sogenactif.errors import LedgerError, TransactionUsed
from sogenactif.fields import FIELDS
from sogenactif.ledger.history import differences, responses_to, transactions
from sogenactif.ledger.journal import Entry, Journal
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_pending_outcomes
from sogenactif.ledger.prune import (
    RETAINED_FIELDS,
    original_without_personal,
    preview,
    prune,
    without_personal,
)
from sogenactif.ledger.rebuild import record_journal
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import TOKEN_FIELD, Numbering
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, ROOT

OLD, NEW, BEFORE = "20250310093000", "20250610093000", "20250401"
PERSONAL = {
    "customer_id": "personal-id",
    "customer_email": "personal@example.com",
    "customer_ip_address": "203.0.113.7",
    "caddie": "personal caddie",
    "return_context": "personal context",
}
ANSWER = {**ACCEPTED, "card_number": "4974.00", "card_validity": "203012", **PERSONAL}
WORDS = ("personal", "203.0.113.7", "4974.00", "203012")


def paid(ledger: Ledger, moment: str, order: str, **answer: str) -> str:
    fields = {**ASKED, **PERSONAL, "order_id": order, "transmission_date": moment}
    number = register(ledger, fields)
    response = PaymentResponse(
        {**fields, **ANSWER, **answer, "transaction_id": number, "payment_date": moment[:8]}
    )
    ledger.receive(response, "automatic")
    return number


def notify(ledger: Ledger) -> list[str]:
    orders: list[str] = []
    notify_pending_outcomes(
        ledger,
        lambda response: orders.append(response["order_id"]),
        lambda error: pytest.fail(str(error)),
        most=None,
    )
    return orders


def content(ledger: Ledger, folder: Path) -> str:
    """All that is stored: the files, or the tables of PostgreSQL, and the journal."""
    stored = [file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file()]
    for table in ("request", "response"):
        stored += [str(row) for row in ledger.database.rows(f"SELECT fields FROM sogenactif_{table}")]
    return "".join(stored)


def test_personal_values_of_old_payments_are_deleted_from_ledger_and_journal(
    ledger: Ledger, tmp_path: Path
) -> None:
    number = paid(ledger, OLD, "CMD-1")
    notify(ledger)
    assert all(word in content(ledger, tmp_path) for word in WORDS)
    assert prune(ledger, BEFORE).requests == 1
    assert [word for word in WORDS if word in content(ledger, tmp_path)] == []
    [transaction] = transactions(ledger, "20250310", number)
    assert (transaction.order_id, transaction.state, transaction.fields["amount"]) == (
        "CMD-1",
        "accepted",
        "1250",
    )
    [response] = responses_to(ledger, transaction)
    assert response.fields["authorisation_id"] == ANSWER["authorisation_id"]


def test_open_reader_that_keeps_deleted_values_in_the_wal_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sogenactif.ledger.sqlite.BUSY_SECONDS", 0.1)
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), f"{tmp_path}/journal")
    paid(ledger, OLD, "CMD-1")
    notify(ledger)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sogenactif_request").fetchone()
        with pytest.raises(LedgerError, match="-wal file still has what was deleted: repeat the command"):
            prune(ledger, BEFORE)
        assert "personal@example.com" in (tmp_path / "ledger.db-wal").read_bytes().decode("latin-1")
    prune(ledger, BEFORE)
    assert [word for word in WORDS if word in content(ledger, tmp_path)] == []
    ledger.close()


def test_preview_counts_what_is_deleted(ledger: Ledger) -> None:
    for order in ("CMD-1", "CMD-2"):
        paid(ledger, OLD, order)
    paid(ledger, NEW, "CMD-3")
    notify(ledger)
    announced = preview(ledger, BEFORE)
    assert (announced.requests, announced.responses, announced.days) == (2, 2, 1)
    assert vars(prune(ledger, BEFORE)) == vars(announced)
    assert not preview(ledger, BEFORE)
    assert not prune(ledger, BEFORE)


def test_later_payments_are_not_changed(ledger: Ledger) -> None:
    number = paid(ledger, NEW, "CMD-3")
    notify(ledger)
    before = Path(ledger.journal.folder, "20250610.jsonl").read_bytes()
    assert not prune(ledger, BEFORE)
    [transaction] = transactions(ledger, "20250610", number)
    assert transaction.fields["customer_email"] == PERSONAL["customer_email"]
    assert Path(ledger.journal.folder, "20250610.jsonl").read_bytes() == before


def test_pruned_journal_agrees_with_the_ledger_and_rebuilds_it(ledger: Ledger, tmp_path: Path) -> None:
    paid(ledger, OLD, "CMD-1")
    paid(ledger, OLD, "CMD-2", response_code="05")
    paid(ledger, NEW, "CMD-3")
    notify(ledger)
    prune(ledger, BEFORE)
    assert list(differences(ledger, lambda count: None)) == []
    rebuilt = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/rebuilt.db"), ledger.journal.folder)
    with rebuilt.rebuilding():
        assert record_journal(rebuilt)[1] == 0
    states = [(row.reference, row.order_id, row.state) for row in transactions(rebuilt)]
    assert states == [(row.reference, row.order_id, row.state) for row in transactions(ledger)]
    rebuilt.close()


def test_number_of_an_old_day_is_not_assigned_again(ledger: Ledger) -> None:
    first = paid(ledger, OLD, "CMD-1")
    notify(ledger)
    prune(ledger, BEFORE)
    assert int(paid(ledger, OLD, "CMD-2")) == int(first) + 1


def test_numbers_of_instalments_stay_reserved(ledger: Ledger, tmp_path: Path) -> None:
    schedule = "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=250"
    fields = {
        **ASKED,
        "capture_mode": "PAYMENT_N",
        "capture_day": "0",
        "data": f"NO_RESPONSE_PAGE;{schedule}",
    }
    register(ledger, {**fields, "transmission_date": OLD})
    prune(ledger, BEFORE)
    [transaction] = transactions(ledger)
    assert transaction.fields["data"] == schedule
    rebuilt = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/rebuilt.db"), ledger.journal.folder)
    with rebuilt.rebuilding():
        record_journal(rebuilt)
        statement = "SELECT day, transaction_id FROM sogenactif_reserved ORDER BY day"
        reserved = list(ledger.database.rows(statement))
        assert len(reserved) == 2 and list(rebuilt.database.rows(statement)) == reserved
    day, number = reserved[0]
    with pytest.raises(TransactionUsed, match="for an instalment of another payment"):
        register(
            ledger, {**ASKED, "transaction_id": f"{int(number):06}", "transmission_date": f"{day}120000"}
        )
    rebuilt.close()


def test_repeated_response_after_pruning_is_a_duplicate(ledger: Ledger) -> None:
    number = paid(ledger, OLD, "CMD-1")
    notify(ledger)
    prune(ledger, BEFORE)
    fields = {**ASKED, **PERSONAL, "order_id": "CMD-1", "transmission_date": OLD, "payment_date": OLD[:8]}
    again = PaymentResponse({**fields, **ANSWER, "transaction_id": number})
    assert ledger.receive(again, "automatic").verdict == "duplicate"
    assert notify(ledger) == []


def test_acceptance_after_pruning_is_matched_and_notified(ledger: Ledger) -> None:
    number = paid(ledger, OLD, "CMD-1", response_code="05")
    notify(ledger)
    prune(ledger, BEFORE)
    fields = {**ASKED, "order_id": "CMD-1", "transmission_date": OLD, "payment_date": OLD[:8]}
    late = PaymentResponse({**fields, **ANSWER, "transaction_id": number})
    assert ledger.receive(late, "automatic").verdict == "accepted"
    assert notify(ledger) == ["CMD-1"]


def test_payment_with_a_pending_notification_is_not_changed(ledger: Ledger, tmp_path: Path) -> None:
    paid(ledger, OLD, "CMD-1")
    pruned = prune(ledger, BEFORE)
    assert (pruned.requests, pruned.responses, pruned.days, pruned.whole) == (0, 0, 0, 1)
    assert notify(ledger) == ["CMD-1"]
    assert prune(ledger, BEFORE).requests == 1


def test_entry_missing_from_the_ledger_is_not_changed(ledger: Ledger) -> None:
    paid(ledger, OLD, "CMD-1")
    notify(ledger)
    lost = "f" * 32
    fields = {**ASKED, **PERSONAL, "transmission_date": OLD, "transaction_id": "000777"}
    entry = {"entry": lost, "time": "2025-03-10T09:30:00+00:00", "kind": "request", "source": "call_request"}
    ledger.journal.append("20250310", {**entry, "verdict": "requested", "protocol": SIPS, "fields": fields})
    prune(ledger, BEFORE)
    kept = [line for line in ledger.journal.entries() if line["entry"] == lost]
    assert kept[0]["fields"] == fields


def test_damaged_lines_and_rejected_messages_of_old_days_are_deleted(ledger: Ledger) -> None:
    paid(ledger, OLD, "CMD-1")
    notify(ledger)
    folder = Path(ledger.journal.folder)
    with open(folder / "20250310.jsonl", "a") as file:
        file.write('{"entry": "personal, cut by a cra\n')
    for name in ("20250310.forged", "20250310.unverified", "20250310.7.unverified", "20250610.unverified"):
        (folder / f"{name}.jsonl").write_text("personal\n")
    stays = "a damaged line of the first day that stays\n"
    (folder / f"{BEFORE}.jsonl").write_text(stays)
    assert prune(ledger, BEFORE).files == 3
    assert "personal" not in (folder / "20250310.jsonl").read_text()
    left = {path.name for path in folder.glob("*.jsonl")}
    assert left == {"20250310.jsonl", f"{BEFORE}.jsonl", "20250610.unverified.jsonl"}
    assert (folder / f"{BEFORE}.jsonl").read_text() == stays


def test_keys_that_identify_a_payment_of_paypage_are_retained(ledger: Ledger) -> None:
    fields = {
        **ASKED,
        **PERSONAL,
        "order_id": "CMD-1",
        "transmission_date": OLD,
        "billingAddress.city": "personal",
    }
    numbering = Numbering(PAYPAGE, by_server=True)
    request = ledger.register(fields, numbering)
    token = request[TOKEN_FIELD]
    original = {
        "returnContext": f"{token}personal", "orderId": "CMD-1", "amount": "1250", "currencyCode": "978",
        "responseCode": "00", "customerEmail": "personal@example.com", "maskedPan": "4974##########00",
    }  # fmt: skip
    answered = {**ASKED, **ANSWER, "order_id": "CMD-1", "transaction_id": ""}
    del answered["transmission_date"]
    response = PaymentResponse(answered, original, "", PAYPAGE)
    assert ledger.receive(response, "automatic").verdict == "accepted"
    notify(ledger)
    # It has no day of its own: that on which it arrived, today, counts.
    assert prune(ledger, BEFORE).responses == 0
    assert original_without_personal(original) == {
        "returnContext": token, "orderId": "CMD-1", "amount": "1250", "currencyCode": "978", "responseCode": "00",
    }  # fmt: skip
    [transaction] = transactions(ledger)
    assert (transaction.fields[TOKEN_FIELD], "billingAddress.city" in transaction.fields) == (token, False)
    assert ledger.receive(response, "automatic").verdict == "duplicate"
    assert list(differences(ledger, lambda count: None)) == []


def test_writer_waiting_for_a_day_writes_to_the_rewritten_file(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal"))
    entry: Entry = {
        "entry": "0" * 32,
        "time": "2025-03-10T09:30:00+00:00",
        "kind": "operation",
        "source": "office",
    }
    fields = {
        "day": "20250310",
        "transaction_id": "000001",
        "amount": "1",
        "state": "done",
        "operation": "refund",
    }
    entry |= {"verdict": "operation", "fields": fields}
    journal.append("20250310", entry)
    writer = threading.Thread(target=journal.append, args=("20250310", entry | {"entry": "1" * 32}))

    def change(line: Entry | None) -> Entry | None:
        writer.start()
        # It opens the file of before, and waits for its lock.
        writer.join(0.2)
        return entry | {"entry": "2" * 32}

    assert journal.rewrite("20250310", change)
    writer.join()
    assert [line["entry"][0] for line in journal.entries()] == ["2", "1"]


def test_fields_that_decide_about_a_payment_are_retained() -> None:
    names = {field.name for field in FIELDS} | {TOKEN_FIELD}
    assert names >= RETAINED_FIELDS
    assert {
        "amount",
        "order_id",
        "currency_code",
        "transmission_date",
        "merchant_id",
        "authorisation_id",
    } <= RETAINED_FIELDS
    assert without_personal({"order_id": "A", "data": "x=1;personal"}) == {"order_id": "A"}


# The command


@pytest.fixture
def shop(pathfile: Pathfile, tmp_path: Path) -> str:
    """A pathfile whose ledger has an old payment and a recent one, both notified."""
    path = Path(pathfile.path)
    path.write_text(path.read_text().rstrip("\n") + f"\nLEDGER!sqlite:///{tmp_path}/ledger.db!\n")
    named = read_pathfile(str(path))
    assert named.ledger
    ledger = Ledger(named.ledger, named.journal)
    paid(ledger, OLD, "CMD-1")
    paid(ledger, NEW, "CMD-3")
    notify(ledger)
    ledger.close()
    return str(path)


def run(*arguments: str, typed: str = "", language: str = "C.UTF-8") -> tuple[int, str, str]:
    command = [sys.executable, f"{ROOT}/bin/sogenactif", *arguments]
    result = subprocess.run(
        command,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin", "LC_ALL": language},
    )
    return result.returncode, result.stdout, result.stderr


@pytest.mark.parametrize("before", ["2025-04-01", "20250401"])
def test_command_prints_a_preview_and_deletes_after_confirmation(shop: str, before: str) -> None:
    arguments = ["prune", "--pathfile", shop, "--before", before]
    status, said, complained = run(*arguments, typed="n\n")
    assert (status, "not confirmed: nothing was deleted" in complained) == (1, True)
    assert said.splitlines()[:4] == [
        "Before 2025-04-01:",
        "  1 request loses its personal values",
        "  1 response loses its personal values",
        "  1 day of the journal is rewritten without them",
    ]
    status, said, _ = run(*arguments, typed="y\n")
    assert (status, said.splitlines()[-1].endswith("Deleted.")) == (0, True)
    assert run("verify", "--pathfile", shop)[:2] == (0, "The journal and the ledger agree.\n")
    assert run(*arguments)[:2] == (0, "Nothing to delete before 2025-04-01.\n")


def test_command_asks_for_confirmation_in_french(shop: str) -> None:
    _, said, _ = run(
        "prune", "--pathfile", shop, "--before", "2025-04-01", typed="n\n", language="fr_FR.UTF-8"
    )
    assert "  1 demande perd ses données personnelles\n" in said
    assert "Supprimer ? C’est irréversible. [o/N]" in said


def test_json_without_yes_deletes_nothing(shop: str) -> None:
    arguments = ["prune", "--pathfile", shop, "--before", "2025-04-01", "--json"]
    counts = {"requests": 1, "responses": 1, "days": 1, "files": 0, "whole": 0}
    for _ in range(2):
        assert json.loads(run(*arguments)[1]) == {"before": "20250401", "deleted": False, **counts}
    assert json.loads(run(*arguments, "--yes")[1]) == {"before": "20250401", "deleted": True, **counts}
    assert json.loads(run(*arguments)[1])["requests"] == 0


@pytest.mark.parametrize("day", ["2999-01-01", "2025-02-30", "soon"])
def test_future_or_invalid_day_is_a_usage_error(shop: str, day: str) -> None:
    status, _, complained = run("prune", "--pathfile", shop, "--before", day, "--yes")
    assert (status, day in complained) == (2, True)
