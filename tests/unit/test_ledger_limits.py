"""Limits of the ledger: ranges of numbers, repeated messages, attempts that end their process, contradicting acceptances."""

import json
import os
from pathlib import Path
from subprocess import run

import pytest

from sogenactif.configuration import LedgerAddress
from sogenactif.errors import DayFull
from sogenactif.ledger.history import contradicted, transactions
from sogenactif.ledger.ledger import MAX_REPEATED, Ledger
from sogenactif.ledger.locks import locked
from sogenactif.ledger.notification import MAX_UNFINISHED, notify_pending_outcomes, pending_outcomes
from sogenactif.ledger.rebuild import record_journal
from sogenactif.ledger.schema import BUSY_SECONDS
from sogenactif.ledger.sqlite import WRITER_LOCK, SqliteDatabase
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, ROOT

UNNAMED = {name: value for name, value in ASKED.items() if name != "order_id"}
LOW, HIGH = Numbering(first=1, last=500_000), Numbering(first=500_001)


def answer(number: str, **fields: str) -> PaymentResponse:
    return PaymentResponse({**ASKED, "transaction_id": number, **ACCEPTED, **fields})


def test_each_range_of_numbers_is_counted_separately(ledger: Ledger) -> None:
    drawn = [register(ledger, UNNAMED, range_) for range_ in (LOW, HIGH, LOW, HIGH, LOW)]
    assert drawn == ["000001", "500001", "000002", "500002", "000003"]
    ledger.close()
    with ledger.rebuilding():
        record_journal(ledger)
    assert [register(ledger, UNNAMED, range_) for range_ in (LOW, HIGH)] == ["000004", "500003"]


def test_full_range_does_not_affect_another(ledger: Ledger) -> None:
    short = Numbering(first=1, last=2)
    assert [register(ledger, UNNAMED, short) for _ in range(2)] == ["000001", "000002"]
    assert register(ledger, UNNAMED, HIGH) == "500001"
    for _ in range(2):
        with pytest.raises(DayFull):
            register(ledger, UNNAMED, short)
    assert register(ledger, UNNAMED, HIGH) == "500002"


def test_narrower_range_continues_after_its_assigned_numbers(ledger: Ledger) -> None:
    drawn = [register(ledger, UNNAMED) for _ in range(3)]
    assert register(ledger, UNNAMED, Numbering(first=2)) == "000004"
    assert register(ledger, UNNAMED, Numbering(first=9)) == "000009"
    assert drawn == ["000001", "000002", "000003"]


def test_message_repeated_during_an_outage_is_written_a_limited_number_of_times(
    tmp_path: Path,
) -> None:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal"))
    number, other = (register(ledger, {**ASKED, "order_id": order}) for order in "AB")
    ledger.close()
    (tmp_path / "ledger.db").rename(tmp_path / "away")
    for _ in range(MAX_REPEATED + 10):
        match = ledger.receive(answer(number, order_id="A"), "manual")
        assert not match.is_recorded
    ledger.receive(answer(other, order_id="B"), "manual")
    entries = [entry for entry in ledger.journal.entries() if entry["kind"] == "response"]
    assert len(entries) == MAX_REPEATED + 1
    (tmp_path / "away").rename(tmp_path / "ledger.db")
    record_journal(ledger)
    assert [row.state for row in transactions(ledger)] == ["accepted", "accepted"]
    ledger.close()


PROGRAM = """
import os, sys
sys.path[:0] = sys.argv[3:]
from sogenactif.configuration import LedgerAddress
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_pending_outcomes
ledger = Ledger(LedgerAddress(sys.argv[1]), sys.argv[2])
notify_pending_outcomes(ledger, lambda response: os._exit(9), print)
"""


def notify_and_die(url: str, tmp_path: Path) -> int:
    """Notify a shop whose function ends the process; the exit status."""
    command = ["python3", "-c", PROGRAM, url, f"{tmp_path}/journal", f"{ROOT}/lib", f"{ROOT}/lib/packages"]
    return run(command, check=False, env={**os.environ}).returncode


def test_function_that_ends_its_process_is_called_a_few_times_and_then_only_by_a_command(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger(LedgerAddress(url), str(tmp_path / "journal"))
    ledger.receive(answer(register(ledger, ASKED)), "automatic")
    statuses = [notify_and_die(url, tmp_path) for _ in range(MAX_UNFINISHED + 2)]
    assert statuses == [9] * MAX_UNFINISHED + [0, 0]
    [row] = transactions(ledger)
    assert (row.notified, pending_outcomes(ledger)) == ("stopped", 1)
    notified: list[str] = []
    notify_pending_outcomes(
        ledger, lambda response: notified.append(response.outcome), lambda error: None, most=None
    )
    [row] = transactions(ledger)
    assert (notified, row.notified) == (["accepted"], "yes")
    ledger.close()


def test_function_that_raises_is_called_again_without_a_limit(ledger: Ledger) -> None:
    ledger.receive(answer(register(ledger, ASKED)), "automatic")
    errors: list[BaseException] = []

    def fail(response: PaymentResponse) -> None:
        raise OSError("down")

    for _ in range(MAX_UNFINISHED + 3):
        notify_pending_outcomes(ledger, fail, errors.append)
    assert len(errors) == MAX_UNFINISHED + 3
    [row] = transactions(ledger)
    assert row.notified == "no"


@pytest.mark.parametrize("change", [{"authorisation_id": "654321"}, {"amount": "9999"}])
def test_contradicting_acceptance_marks_the_transaction(ledger: Ledger, change: dict[str, str]) -> None:
    number, other = register(ledger, ASKED), register(ledger, {**ASKED, "order_id": "B"})
    ledger.receive(answer(number), "automatic")
    ledger.receive(answer(other, order_id="B", response_code="05"), "automatic")
    ledger.receive(answer(other, order_id="B", response_code="17"), "automatic")
    assert [row.conflicting for row in transactions(ledger)] == [False, False]
    ledger.receive(answer(number, **change), "automatic")
    assert [row.conflicting for row in transactions(ledger)] == [True, False]
    assert [row.reference[-6:] for row in contradicted(ledger)] == [number]


def test_commands_report_a_contradicting_acceptance(tmp_path: Path) -> None:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal"))
    number = register(ledger, ASKED)
    for change in ({}, {"authorisation_id": "654321"}):
        ledger.receive(answer(number, **change), "automatic")
    ledger.close()
    (tmp_path / "pathfile").write_text(
        f"D_LOGO!/logos/!\nF_DEFAULT!{tmp_path}/d!\nF_PARAM!{tmp_path}/p!\nF_CERTIFICATE!{tmp_path}/c!\n"
        f"LEDGER!sqlite:///{tmp_path}/ledger.db!\nJOURNAL!{tmp_path}/journal!\n"
    )

    def said(*arguments: str) -> str:
        command = [f"{ROOT}/bin/sogenactif", *arguments, "--pathfile", f"{tmp_path}/pathfile"]
        return run(command, check=False, capture_output=True, text=True, env={"PATH": "/usr/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"}).stdout  # fmt: skip

    reference = f"20261123-{number}"
    assert "another acceptance contradicts it" in said("transactions", "--state", "accepted")
    assert "another acceptance contradicts it" in said("show", reference)
    assert json.loads(said("verify", "--json"))["conflicting"] == [reference]
    assert f"Transaction {reference}" in said("verify")
    assert reference in said("check")


def test_writer_holds_the_lock_and_reduces_the_busy_timeout_by_the_time_it_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = SqliteDatabase(f"{tmp_path}/ledger.db", lambda: True)
    clock = iter([0.0, 0.0, 3.0])
    with monkeypatch.context() as at:
        at.setattr("sogenactif.ledger.sqlite.time.monotonic", lambda: next(clock, 3.0))
        with database.transaction() as execute, locked(f"{tmp_path}/ledger.db.lock", WRITER_LOCK) as another:
            # Of the five seconds three have passed.
            assert (another, execute("PRAGMA busy_timeout")) == (False, [(2000,)])
    assert list(database.rows("PRAGMA busy_timeout")) == [(1000 * BUSY_SECONDS,)]
    database.close()
