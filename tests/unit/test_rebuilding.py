"""A ledger that is lost, damaged or replaced, and made again from the journal."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import pytest

from sogenactif.configuration import LedgerAddress, Pathfile
from sogenactif.errors import LedgerDamaged, LedgerError
from sogenactif.ledger.history import differences, transactions
from sogenactif.ledger.ledger import SIPS_NUMBERING, Ledger
from sogenactif.ledger.rebuild import note_unrecorded, record_journal, record_unrecorded
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, ROOT

UNNAMED = {name: value for name, value in ASKED.items() if name != "order_id"}
COMMAND = [sys.executable, f"{ROOT}/bin/sogenactif"]


def answer(number: str) -> PaymentResponse:
    return PaymentResponse({**ASKED, **ACCEPTED, "transaction_id": number})


@pytest.fixture
def pathfile(pathfile: Pathfile, tmp_path: Path) -> str:
    """A pathfile with a ledger, and a script beside it that is notified."""
    path = Path(pathfile.path)
    path.write_text(path.read_text().rstrip("\n") + f"\nLEDGER!sqlite:///{tmp_path}/ledger.db!\n")
    (tmp_path / "script.py").write_text("def record_outcome(response): pass\n")
    return str(path)


@pytest.fixture
def ledger(tmp_path: Path, pathfile: str) -> Iterator[Ledger]:
    """A ledger that stays open, with 20 payments."""
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), f"{tmp_path}/journal")
    for _ in range(20):
        ledger.receive(answer(register(ledger, ASKED)), "automatic")
    yield ledger
    ledger.close()


def test_ledger_rebuilt_from_rewritten_lines_assigns_the_same_numbers(tmp_path: Path) -> None:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), f"{tmp_path}/journal")
    high = Numbering(first=500_001)
    for fields, numbering in (
        ({}, SIPS_NUMBERING),
        ({}, high),
        ({}, high),
        ({"transaction_id": "900000"}, SIPS_NUMBERING),
    ):
        register(ledger, {**UNNAMED, **fields}, numbering)
    [day] = Path(ledger.journal.folder).iterdir()
    original = sorted(ledger.journal.entries(), key=itemgetter("entry"))
    day.unlink()
    assert record_journal(ledger) == (0, 0)
    assert sorted(ledger.journal.entries(), key=itemgetter("entry")) == original
    rebuilt = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/rebuilt.db"), f"{tmp_path}/journal")
    with rebuilt.rebuilding():
        assert record_journal(rebuilt) == (4, 0)
    for numbering, number in ((SIPS_NUMBERING, "000002"), (high, "500003")):
        assert register(ledger, UNNAMED, numbering) == register(rebuilt, UNNAMED, numbering) == number
    ledger.close()
    rebuilt.close()


def start(command: str, pathfile: str, folder: Path) -> "subprocess.Popen[str]":
    script = ["--script", f"{folder}/script.py"] if command == "replay" else []
    return subprocess.Popen(
        [*COMMAND, command, "--pathfile", pathfile, *script],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(command: str, pathfile: str, folder: Path) -> tuple[int, str]:
    process = start(command, pathfile, folder)
    said, complained = process.communicate(timeout=100)
    return process.returncode, said + complained


def assert_whole(folder: Path, count: int) -> None:
    connection = sqlite3.connect(folder / "ledger.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM sogenactif_request").fetchall() == [(count,)]
    connection.close()


def lose(folder: Path, how: str) -> None:
    path = folder / "ledger.db"
    if how == "removed":
        path.unlink()
    else:
        os.truncate(path, 0)


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_replay_rebuilds_a_lost_ledger_while_a_process_has_it_open(
    ledger: Ledger, pathfile: str, tmp_path: Path, how: str
) -> None:
    lose(tmp_path, how)
    assert (tmp_path / "ledger.db-wal").exists()
    status, said = run("replay", pathfile, tmp_path)
    assert (status, "40 recorded from the journal, 20 notified" in said) == (0, True), said
    assert_whole(tmp_path, 20)
    # The process that has the lost file open writes nothing into it, and takes nothing from the new one.
    with pytest.raises(LedgerError, match="replaced while it was open"):
        register(ledger, ASKED)
    assert not ledger.is_usable()
    new = Ledger(ledger.address, ledger.journal.folder)
    assert register(new, {**ASKED, "customer_id": "2"}) == "000021"
    ledger.close()
    new.receive(answer("000021"), "automatic")
    new.close()
    assert_whole(tmp_path, 21)
    assert run("verify", pathfile, tmp_path)[0] == 0


def test_replay_rebuilds_a_damaged_ledger_and_keeps_the_damaged_file(
    ledger: Ledger, pathfile: str, tmp_path: Path
) -> None:
    ledger.close()
    content = os.urandom(5000)
    (tmp_path / "ledger.db").write_bytes(content)
    for command in ("verify", "transactions"):
        status, said = run(command, pathfile, tmp_path)
        assert status == 1
        assert f"{tmp_path}/ledger.db: file is not a database: run sogenactif replay" in said
    assert run("replay", pathfile, tmp_path)[0] == 0
    assert_whole(tmp_path, 20)
    [aside] = tmp_path.glob("ledger.db.damaged-*")
    assert aside.read_bytes() == content


def test_replay_detects_damage_in_the_middle_of_the_file(
    ledger: Ledger, pathfile: str, tmp_path: Path
) -> None:
    ledger.close()
    with open(tmp_path / "ledger.db", "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(os.stat(tmp_path / "ledger.db").st_size - 4096))
    with pytest.raises(LedgerDamaged):
        list(transactions(ledger))
    assert run("replay", pathfile, tmp_path)[0] == 0
    assert_whole(tmp_path, 20)


def test_invalid_lines_of_the_journal_are_counted(ledger: Ledger) -> None:
    [day] = Path(ledger.journal.folder).glob("*.jsonl")
    with day.open("a") as lines:
        lines.write("no JSON\n{}\n[]\n")
    assert record_journal(ledger) == (0, 3)


def test_concurrent_replays_rebuild_one_complete_ledger(
    ledger: Ledger, pathfile: str, tmp_path: Path
) -> None:
    ledger.close()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    replays = [start("replay", pathfile, tmp_path) for _ in range(3)]
    ends = [(*replay.communicate(timeout=100), replay.returncode) for replay in replays]
    assert [end[2] for end in ends] == [0, 0, 0], ends
    assert sum("40 recorded" in end[0] for end in ends) == 1
    assert_whole(tmp_path, 20)


def test_second_replay_reports_that_it_waits(ledger: Ledger, pathfile: str, tmp_path: Path) -> None:
    with ledger.journal.replaying(lambda: None):
        second = start("replay", pathfile, tmp_path)
        assert second.stderr
        assert "another replay is running" in second.stderr.readline()
        assert second.poll() is None
    second.communicate(timeout=100)
    assert second.returncode == 0


def test_replay_during_a_request_writes_no_entry_twice(ledger: Ledger, tmp_path: Path) -> None:
    lines = ledger.journal.lines

    def lines_then_a_request(*report: object) -> Iterator[object]:
        yield from lines(*report)  # type: ignore[arg-type]
        ledger.journal.lines = lines  # type: ignore[method-assign]
        other.register(ASKED)

    other = Ledger(ledger.address, ledger.journal.folder)
    ledger.journal.lines = lines_then_a_request  # type: ignore[method-assign,assignment]
    record_journal(ledger)
    other.close()
    names = [entry["entry"] for entry in ledger.journal.entries()]
    assert len(names) == len(set(names)) == 41


@pytest.mark.parametrize("kind", ["dangling link", "folder"])
def test_unreadable_day_is_reported_and_other_days_are_read(
    ledger: Ledger, pathfile: str, tmp_path: Path, kind: str
) -> None:
    with ledger.database.transaction() as execute:
        execute("DELETE FROM sogenactif_response")
        execute("UPDATE sogenactif_request SET outcome = '', decided_by = NULL")
    day = tmp_path / "journal" / "20200101.jsonl"
    if kind == "folder":
        day.mkdir()
    else:
        day.symlink_to("/nowhere")
    status, said = run("verify", pathfile, tmp_path)
    assert status == 1
    assert f"Error reading the journal ({day}: " in said
    assert "Traceback" not in said
    assert "20 differences" not in said
    assert said.count("is in the journal only") == 20
    status, said = run("replay", pathfile, tmp_path)
    assert (status, f"Error reading the journal ({day}: " in said) == (1, True), said
    assert "20 recorded from the journal" in said
    assert [found.name for found in differences(ledger, lambda count: None)] == ["unreadable_day"]


def repeated_request(ledger: Ledger, *baskets: str) -> str:
    """Show the form of one order as often as its basket changes; return its number."""
    numbers = {register(ledger, {**ASKED, "order_id": "A", "caddie": basket}) for basket in baskets}
    [number] = numbers
    return number


def caddies(ledger: Ledger) -> list[str]:
    return [transaction.fields["caddie"] for transaction in transactions(ledger, order_id="A")]


def test_replay_does_not_record_a_repeated_request_twice(
    ledger: Ledger, pathfile: str, tmp_path: Path
) -> None:
    repeated_request(ledger, "first", "second", "last")
    for _ in range(2):
        status, said = run("replay", pathfile, tmp_path)
        assert (status, said.splitlines()[-1].split(",")[0]) == (0, "0 recorded from the journal"), said
        assert caddies(ledger) == ["last"]


def test_lost_ledger_is_rebuilt_with_the_last_form_of_a_request(
    ledger: Ledger, pathfile: str, tmp_path: Path
) -> None:
    number = repeated_request(ledger, "first", "second", "last")
    ledger.receive(
        PaymentResponse({**ASKED, **ACCEPTED, "order_id": "A", "transaction_id": number}), "automatic"
    )
    ledger.close()
    for path in tmp_path.glob("ledger.db*"):
        path.unlink()
    assert run("replay", pathfile, tmp_path)[0] == 0
    status, said = run("replay", pathfile, tmp_path)
    assert (status, said) == (0, "0 recorded from the journal, 0 notified to the shop, 0 still pending\n")
    assert [(t.fields["caddie"], t.state) for t in transactions(ledger, order_id="A")] == [
        ("last", "accepted")
    ]
    assert list(differences(ledger, lambda count: None)) == []


def test_recording_after_an_outage_keeps_the_last_form_of_a_request(ledger: Ledger) -> None:
    repeated_request(ledger, "first", "last")
    [transaction] = transactions(ledger, order_id="A")
    note_unrecorded(ledger.journal.folder, transaction.reference[:8])
    assert record_unrecorded(ledger) == 0
    assert caddies(ledger) == ["last"]


def test_ledger_is_not_created_through_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(LedgerError, match="a symbolic link whose target is missing"):
        Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), f"{tmp_path}/journal").register(ASKED)
    assert not (tmp_path / "elsewhere.db").exists()


def test_lost_ledger_is_not_rebuilt_while_a_day_is_unreadable(
    ledger: Ledger, pathfile: str, tmp_path: Path
) -> None:
    ledger.close()
    for path in tmp_path.glob("ledger.db*"):
        path.unlink()
    day = tmp_path / "journal" / "20991231.jsonl"
    day.mkdir()
    status, said = run("replay", pathfile, tmp_path)
    assert (status, f"Error reading the journal ({day}: " in said, "Traceback" in said) == (1, True, False), (
        said
    )
    assert list(tmp_path.glob("ledger.db*")) == []
    day.rmdir()
    assert run("replay", pathfile, tmp_path)[0] == 0
    assert_whole(tmp_path, 20)
