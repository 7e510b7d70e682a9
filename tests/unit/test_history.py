"""What the ledger shows: its transactions, and where it and the journal say different things."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import LedgerAddress
from sogenactif.errors import JournalUnreadable
from sogenactif.ledger.history import (
    Difference,
    differences,
    journal_only_lines,
    paid_twice,
    responses_to,
    transactions,
)
from sogenactif.ledger.journal import Entry
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_pending_outcomes
from sogenactif.payment import PaymentResponse
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, MERCHANT

TODAY, TOMORROW = "20261123093000", "20261124093000"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), f"{tmp_path}/journal")
    yield ledger
    ledger.close()


def pay(ledger: Ledger, source: str = "automatic", **fields: str) -> str:
    """Ask for an order and receive its response; ``fields`` are those of both. Its transaction_id."""
    asked = {**ASKED, **{name: value for name, value in fields.items() if name != "response_code"}}
    number = register(ledger, asked)
    code = ACCEPTED if fields.get("response_code", "00") == "00" else {}
    ledger.receive(PaymentResponse({**asked, **code, **fields, "transaction_id": number}), source)
    return number


@pytest.fixture
def history(ledger: Ledger) -> Ledger:
    """A ledger of two days with payments of every state."""
    pay(ledger, order_id="A", transmission_date=TODAY)
    pay(ledger, order_id="B", transmission_date=TODAY, response_code="05")
    register(ledger, {**ASKED, "order_id": "C", "transmission_date": TODAY})
    pay(ledger, order_id="A", transmission_date=TOMORROW, response_code="17")
    pay(ledger, order_id="D", transmission_date=TOMORROW, response_code="60")
    return ledger


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "20261123-000001 20261123-000002 20261123-000003 20261124-000001 20261124-000002"),
        ({"day": "20261123"}, "20261123-000001 20261123-000002 20261123-000003"),
        ({"day": "20261124"}, "20261124-000001 20261124-000002"),
        ({"day": "20261125"}, ""),
        ({"number": "1"}, "20261123-000001 20261124-000001"),
        ({"number": "000002"}, "20261123-000002 20261124-000002"),
        ({"number": "9"}, ""),
        ({"day": "20261124", "number": "2"}, "20261124-000002"),
        ({"order_id": "A"}, "20261123-000001 20261124-000001"),
        ({"order_id": "a"}, ""),
        ({"state": "accepted"}, "20261123-000001"),
        ({"state": "refused"}, "20261123-000002"),
        ({"state": "cancelled"}, "20261124-000001"),
        ({"state": "pending"}, "20261124-000002"),
        ({"state": "waiting"}, "20261123-000003"),
        ({"state": "waiting", "day": "20261124"}, ""),
        ({"order_id": "A", "state": "cancelled"}, "20261124-000001"),
    ],
)
def test_transactions_fulfil_every_condition(
    history: Ledger, conditions: dict[str, str], expected: str
) -> None:
    assert " ".join(t.reference for t in transactions(history, **conditions)) == expected


def test_transaction_shows_its_request_and_its_state(history: Ledger) -> None:
    accepted, _, waiting, *_ = transactions(history)
    assert accepted.fields == {**ASKED, "order_id": "A", "transaction_id": "000001"}
    assert (accepted.order_id, accepted.state, accepted.notified) == ("A", "accepted", "no")
    assert (waiting.order_id, waiting.state, waiting.notified) == ("C", "waiting", "yes")
    assert accepted.merchant == f"fr.{MERCHANT}"
    assert repr(accepted) == "<Transaction 20261123-000001 'A' accepted>"
    assert responses_to(history, waiting) == []
    [answer] = responses_to(history, accepted)
    assert (answer.source, answer.verdict, answer.fields["response_code"]) == ("automatic", "accepted", "00")
    assert repr(answer) == f"<RecordedResponse {answer.received} automatic accepted>"


def test_transaction_without_an_order_has_an_empty_order_id(ledger: Ledger) -> None:
    register(ledger, {name: value for name, value in ASKED.items() if name != "order_id"})
    [transaction] = transactions(ledger)
    assert transaction.order_id == ""


def test_transaction_says_whether_its_outcome_was_printed_or_notified(ledger: Ledger) -> None:
    pay(ledger, "executable", order_id="A")
    pay(ledger, order_id="B")
    assert [t.notified for t in transactions(ledger)] == ["printed", "no"]
    notify_pending_outcomes(ledger, lambda response: None, lambda error: None)
    assert [t.notified for t in transactions(ledger)] == ["printed", "yes"]


def test_order_paid_by_two_transactions_is_marked(ledger: Ledger) -> None:
    for order, code in (("A", "00"), ("A", "05"), ("A", "00"), ("B", "00"), ("", "00"), ("", "00")):
        pay(ledger, order_id=order, response_code=code)
    pay(ledger, order_id="B", merchant_id="014213245611112")
    marked = [t.reference[-1] for t in transactions(ledger) if t.paid_twice]
    assert marked == ["1", "3"]
    assert paid_twice(ledger) == [("A", ["20261123-000001", "20261123-000003"])]


# The journal and the ledger


def lines(ledger: Ledger, day: str = "20261123") -> Path:
    return Path(ledger.journal.folder, f"{day}.jsonl")


def change(ledger: Ledger, line: int, alter: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Alter a line of the journal; the entry that it was."""
    entries = [json.loads(row) for row in lines(ledger).read_text().splitlines()]
    before: dict[str, Any] = json.loads(json.dumps(entries[line]))
    alter(entries[line])
    lines(ledger).write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return before


def found(ledger: Ledger) -> list[Difference]:
    return list(differences(ledger, lambda count: None))


def named(entry: dict[str, Any]) -> dict[str, Any]:
    return {"kind": entry["kind"], "id": entry["entry"], "time": entry["time"]}


def test_verify_counts_every_line_and_finds_no_difference(history: Ledger) -> None:
    counts: list[int] = []
    assert list(differences(history, counts.append)) == []
    assert counts == list(range(1, 10))


@pytest.mark.parametrize("line", [0, 1])
@pytest.mark.parametrize(
    ("alter", "names"),
    [
        (lambda fields: fields.pop("order_id"), "order_id"),
        (lambda fields: fields.update(caddie="x"), "caddie"),
        (lambda fields: fields.update(amount="1"), "amount"),
        (
            lambda fields: (fields.pop("order_id"), fields.update(caddie="x", amount="1")),
            "amount, caddie, order_id",
        ),
    ],
)
def test_differing_fields_are_reported(
    history: Ledger, line: int, alter: Callable[[dict[str, str]], object], names: str
) -> None:
    entry = change(history, line, lambda entry: alter(entry["fields"]))
    assert found(history) == [Difference("fields", {**named(entry), "names": names})]


@pytest.mark.parametrize(
    ("verdict", "differs"),
    [
        ("refused", True),
        ("conflicting", True),
        ("duplicate", False),
        ("unknown", False),
        ("unentered", False),
    ],
)
def test_differing_verdict_is_reported_unless_it_was_decided_later(
    history: Ledger, verdict: str, differs: bool
) -> None:
    entry = change(history, 1, lambda entry: entry.update(verdict=verdict))
    expected = {**named(entry), "journal": verdict, "ledger": "accepted"}
    assert found(history) == ([Difference("verdict", expected)] if differs else [])


def test_duplicate_in_the_journal_and_refused_in_the_ledger_is_reported(history: Ledger) -> None:
    entry = change(history, 3, lambda entry: entry.update(verdict="duplicate"))
    expected = {**named(entry), "journal": "duplicate", "ledger": "refused"}
    assert found(history) == [Difference("verdict", expected)]


def test_entry_missing_from_journal_or_ledger_is_reported(history: Ledger) -> None:
    request = change(history, 0, lambda entry: entry.update(entry="f" * 32))
    expected = [
        Difference("journal_only", {**named(request), "id": "f" * 32}),
        Difference("ledger_only", named(request)),
    ]
    assert found(history) == expected


def test_forged_entry_in_the_journal_is_not_a_difference(history: Ledger) -> None:
    change(history, 4, lambda entry: None)
    forged = {"entry": "e" * 32, "kind": "response", "time": "t", "source": "manual", "verdict": "forged"}
    history.journal.append("20261123", {**forged, "fields": {}})
    assert found(history) == []


def test_last_of_two_journal_lines_of_a_request_is_compared(history: Ledger) -> None:
    entry = change(history, 0, lambda entry: entry["fields"].update(caddie="earlier"))
    history.journal.append("20261123", entry)
    assert found(history) == []


def test_invalid_journal_line_is_reported_with_its_number(history: Ledger) -> None:
    with lines(history).open("a") as file:
        file.write("{}\n")
    assert found(history) == [Difference("invalid_line", {"count": 6})]


def test_entries_of_an_unreadable_day_are_not_reported_as_missing(history: Ledger) -> None:
    day = lines(history, "20261124")
    day.unlink()
    assert [difference.name for difference in found(history)] == ["ledger_only"] * 4
    day.mkdir()
    [difference] = found(history)
    assert difference.name == "unreadable_day"
    assert isinstance(difference.values["error"], JournalUnreadable)


def test_payment_that_arrives_during_the_check_is_not_missing_from_the_ledger(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(ledger, order_id="A")
    read = ledger.journal.entries

    def entries(report: Callable[[JournalUnreadable], None]) -> Iterator[Entry]:
        pay(ledger, order_id="B")
        return read(report)

    monkeypatch.setattr(ledger.journal, "entries", entries)
    unreadable: list[JournalUnreadable] = []
    assert journal_only_lines(ledger, unreadable.append) == 0
    with ledger.database.transaction() as execute:
        execute("DELETE FROM sogenactif_response")
    assert (journal_only_lines(ledger, unreadable.append), unreadable) == (2, [])
