import json
import os
import re
import resource
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from sogenactif.configuration import LedgerAddress
from sogenactif.errors import JournalError, JournalUnreadable
from sogenactif.ledger.history import transactions
from sogenactif.ledger.journal import Journal
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.operations import intend
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ROOT, need
from tests.support.vectors import ASKED as REQUESTED


def entry(n: int, **more: object) -> dict[str, object]:
    """An entry of the journal; ``n`` tells it from others."""
    texts = {"entry": f"{n:032x}", "time": "", "kind": "response", "source": "manual", "verdict": "forged"}
    return {**texts, "fields": {}, "n": n, **more}


def write(folder: str, writer: int, lines: int) -> None:
    journal = Journal(folder)
    for line in range(lines):
        journal.append("20261123", entry(writer * 1000 + line, filler="x" * (line * 37 % 5000)))


def test_concurrent_writes_of_many_processes_lose_nothing(tmp_path: Path) -> None:
    with ProcessPoolExecutor(8) as pool:
        list(pool.map(write, [str(tmp_path)] * 8, range(8), [50] * 8))
    found = [found["n"] for found in Journal(str(tmp_path)).entries()]
    assert sorted(found) == [writer * 1000 + line for writer in range(8) for line in range(50)]


def test_each_day_has_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal"))
    journal.append("20261124", entry(2))
    journal.append("20261123", entry(1))
    assert journal.days() == ["20261123", "20261124"]
    assert [found["n"] for found in journal.entries()] == [1, 2]
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "journal" / "20261123.jsonl").stat().st_mode & 0o777 == 0o600


def test_line_truncated_by_a_crash_does_not_damage_the_next(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    journal.append("20261123", entry(1))
    with open(tmp_path / "20261123.jsonl", "ab") as file:
        file.write(b'{"n": 2, "fie')
    journal.append("20261123", entry(3))
    assert [found["n"] for found in journal.entries()] == [1, 3]


def test_journal_keeps_every_byte_of_a_value(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    fields = {"transmission_date": "20261123093000", "transaction_id": "1", "caddie": "é\udcff\n\0"}
    journal.append("20261123", entry(1, fields=fields))
    assert [found["fields"] for found in journal.entries()] == [fields]


ASKED = {"transmission_date": "20261123093000", "transaction_id": "000001", "amount": "100"}
PAYPAGE = {"transaction_id": "000001", "payment_date": "20261123", "amount": "100"}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"kind": "request", "fields": ASKED},
        {"fields": ASKED},
        {"fields": PAYPAGE, "protocol": "paypage", "day": "20261123", "original": {"newKey": "x"}},
        {"fields": PAYPAGE},
        {"fields": {"amount": "100"}, "protocol": "paypage", "day": ""},
        {"fields": {**PAYPAGE, "payment_date": "20261331"}, "day": "20261123"},
        {"fields": ASKED, "protocol": "sips", "original": {}},
        {"fields": {**ASKED, "transaction_id": "1"}},
        {"fields": {**ASKED, "transaction_id": "999999"}},
    ],
)
def test_line_of_a_request_or_a_response_is_an_entry(tmp_path: Path, more: dict[str, object]) -> None:
    journal = Journal(str(tmp_path))
    journal.append("20261123", entry(1, **more))
    assert list(journal.lines()) == [entry(1, **more)]


@pytest.mark.parametrize(
    "more",
    [
        {"entry": "1"},
        {"entry": "G" * 32},
        {"entry": "0" * 33},
        {"entry": 1},
        {"time": 1},
        {"kind": "note"},
        {"source": None},
        {"verdict": ["accepted"]},
        {"fields": None},
        {"fields": []},
        {"fields": ["amount"]},
        {"fields": {"amount": 100}},
        {"fields": {"amount": {}}},
        {"protocol": 1},
        {"day": 20261123},
        {"original": ["newKey"]},
        {"original": {"newKey": 1}},
        {"fields": PAYPAGE, "day": "x"},
        {"fields": PAYPAGE, "day": "20261331"},
        {"fields": PAYPAGE, "day": "99991231"},
        {"fields": {**PAYPAGE, "payment_date": "2026"}},
        {"fields": {**PAYPAGE, "transaction_id": "x"}},
        {"fields": {**PAYPAGE, "transaction_id": "1234567"}},
        {"kind": "request", "fields": {}},
        {"kind": "request", "fields": PAYPAGE},
        {"kind": "request", "fields": {"transmission_date": "20261123093000"}},
        {"fields": {"transmission_date": "20261123093000"}},
        {"fields": {**ASKED, "transmission_date": "2026112309300"}},
        {"fields": {**ASKED, "transaction_id": ""}},
        {"fields": {**ASKED, "transaction_id": "1234567"}},
        {"fields": {**ASKED, "transaction_id": "x"}},
        {"fields": {**ASKED, "transaction_id": "\u0661"}},
    ],
)
def test_line_with_an_invalid_value_is_skipped(tmp_path: Path, more: dict[str, object]) -> None:
    journal = Journal(str(tmp_path))
    journal.append("20261123", entry(1, **more))
    journal.append("20261123", entry(2))
    assert list(journal.lines()) == [None, entry(2)]
    assert list(journal.entries()) == [entry(2)]


@pytest.mark.parametrize("name", ["entry", "time", "kind", "source", "verdict", "fields"])
def test_line_without_a_required_key_is_skipped(tmp_path: Path, name: str) -> None:
    journal = Journal(str(tmp_path))
    journal.append("20261123", {key: value for key, value in entry(1).items() if key != name})
    assert list(journal.lines()) == [None]


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b"null", b"1", b"x", b"\xff", b"[" * 100_000, b"{" + b'"a":' * 9]
)
def test_line_that_is_not_a_json_object_is_skipped(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "20261123.jsonl").write_bytes(line + b"\n\n")
    assert list(Journal(str(tmp_path)).lines()) == [None]


def test_single_day_can_be_read_and_other_files_are_ignored(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    for day, n in (("20261124", 2), ("20261123", 1)):
        journal.append(day, entry(n))
    for name in ("20261125.forged.jsonl", "2026112.jsonl", "20261122.jsonl~", "replay.lock"):
        (tmp_path / name).write_text(json.dumps(entry(9)) + "\n")
    assert journal.days() == ["20261123", "20261124"]
    assert list(journal.lines()) == [entry(1), entry(2)]
    assert list(journal.lines(only="20261124")) == [entry(2)]
    assert Journal(str(tmp_path / "nowhere")).days() == []


def test_unreadable_day_is_reported_or_raises_an_error(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    journal.append("20261124", entry(2))
    journal.require_readable()
    (tmp_path / "20261123.jsonl").mkdir()
    reported: list[JournalUnreadable] = []
    assert list(journal.lines(reported.append)) == [entry(2)]
    [error] = reported
    assert f"{tmp_path}/20261123.jsonl" in str(error)
    with pytest.raises(IsADirectoryError):
        list(journal.lines())
    with pytest.raises(JournalUnreadable, match=re.escape(str(error))):
        journal.require_readable()


def write_beyond_a_limit(folder: str) -> tuple[str, bytes]:
    """Write a line that fits a file of 500 bytes and one that doesn't; the error, and the file."""
    journal = Journal(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
    journal.append("20261123", entry(1))
    try:
        journal.append("20261123", entry(2, filler="x" * 1000))
    except JournalError as error:
        return str(error), Path(folder, "20261123.jsonl").read_bytes()
    return "", b""


def test_truncated_line_is_removed_and_reported(tmp_path: Path) -> None:
    with ProcessPoolExecutor(1) as pool:
        words, content = pool.submit(write_beyond_a_limit, str(tmp_path)).result()
    whole, cut = (len(json.dumps(line)) + 1 for line in (entry(1), entry(2, filler="x" * 1000)))
    path = f"{tmp_path}/20261123.jsonl"
    assert words == f"Error writing the journal ({path}: {500 - whole} bytes of {cut} written)"
    assert content == json.dumps(entry(1)).encode() + b"\n"


def test_journal_folder_may_be_a_link_and_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(0o750)
    if os.getuid() == 0:
        os.chown(tmp_path / "elsewhere", 65534, 65534)
    before = os.stat(tmp_path / "elsewhere")
    (tmp_path / "journal").symlink_to(tmp_path / "elsewhere")
    journal = Journal(str(tmp_path / "journal"))
    with journal.replaying(pytest.fail):
        journal.append("20261123", entry(1))
    after = os.stat(tmp_path / "elsewhere")
    assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
    assert sorted(os.listdir(tmp_path / "elsewhere")) == ["20261123.jsonl", "replay.lock"]


def test_second_replay_waits_for_the_first(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal"))
    events = []
    with ThreadPoolExecutor(1) as pool:
        with journal.replaying(lambda: events.append("first waits")):
            waiting = threading.Event()

            def second() -> None:
                with Journal(journal.folder).replaying(waiting.set):
                    events.append("second runs")

            done = pool.submit(second)
            assert waiting.wait(60)
            events.append("first ends")
        done.result(60)
    assert events == ["first ends", "second runs"]
    with pytest.raises(JournalError, match=r"^Error writing the journal \(/proc/nowhere/replay.lock: "):
        Journal("/proc/nowhere").replaying(pytest.fail).__enter__()


def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        JournalError, match=r"^Error writing the journal \(.*/20261123.jsonl: Not a directory\)$"
    ):
        Journal(str(tmp_path / "file")).append("20261123", entry(1))


def fill(journal: Journal) -> Iterator[int]:
    """Write until the disk is full; the lines that were acknowledged."""
    for line in range(1000):
        try:
            journal.append("20261123", entry(line, filler="x" * 3000))
        except JournalError as error:
            assert re.search(r"No space left on device|bytes of", str(error))
            return
        yield line
    pytest.fail("the disk is not full")


def test_full_disk_is_reported_and_leaves_only_whole_lines(tmp_path: Path) -> None:
    need(os.getuid() == 0, "root, who may mount a small disk,")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=True)
    try:
        journal = Journal(str(tmp_path / "journal"))
        written = list(fill(journal))
        content = (tmp_path / "journal" / "20261123.jsonl").read_bytes()
        assert content.endswith(b"\n")
        assert [json.loads(line)["n"] for line in content.splitlines()] == written
        assert len(written) > 5
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def entries_of_each_kind(folder: Path) -> list[dict[str, object]]:
    """Write entries with every key that there may be; return them as they stand in the files."""
    ledger = Ledger(LedgerAddress(f"sqlite:///{folder}/ledger.db"), f"{folder}/journal")
    numberings = (Numbering(), Numbering("paypage", by_reference=True, first=500_001))
    for numbering in numberings:
        number = register(ledger, REQUESTED, numbering)
        keys = {"orderId": REQUESTED["order_id"]} if numbering.protocol == "paypage" else None
        fields = {**REQUESTED, **ACCEPTED, "transaction_id": number}
        response = PaymentResponse(fields, keys, "20261123", numbering.protocol)
        ledger.receive(response, "automatic")
    [transaction, _] = transactions(ledger)
    intend(ledger, transaction, "cancel", 250, 1250, "TO_CAPTURE")
    ledger.close()
    unreachable = Ledger(LedgerAddress(f"sqlite:///{folder}/none/ledger.db"), f"{folder}/journal")
    unreachable.receive(response, "executable")
    days = [path.read_text() for path in (folder / "journal").glob("*.jsonl")]
    return [json.loads(line) for day in days for line in day.splitlines()]


def test_page_on_the_ledger_describes_each_key_of_the_journal(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "ledger.md").read_text().partition("\n## The format of the journal\n")[2]
    rows = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \| (.+) \|$", page, re.MULTILINE)
    values = {key: value for key, _, value in rows}
    entries = entries_of_each_kind(tmp_path)
    for kind in ("request", "response", "operation"):
        written = {key for entry in entries if entry["kind"] == kind for key in entry}
        assert written == {key for key, kinds, _ in rows if kinds == "all" or kind in kinds.split(", ")}, kind
    for entry in entries:
        for key in ("kind", "source", "protocol"):
            assert key not in entry or f"`{entry[key]}`" in values[key], entry
    assert {"`requested`", "`unentered`", "`operation`"} <= {*re.findall("`\\w+`", values["verdict"])}
    [operation] = [entry["fields"] for entry in entries if entry["kind"] == "operation"]
    [names] = re.findall(r"^The fields of an operation are (.+?)\.$", page, re.MULTILINE | re.DOTALL)
    assert isinstance(operation, dict)
    assert [*operation] == re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", names))
