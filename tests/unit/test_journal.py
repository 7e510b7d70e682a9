import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from sogenactif.errors import JournalError
from sogenactif.ledger.journal import Journal
from tests.support.vectors import need


def entry(n: int, **more: object) -> dict[str, object]:
    """An entry of the journal; ``n`` tells it from others."""
    texts = {"entry": f"{n:032x}", "time": "", "kind": "response", "source": "manual", "verdict": "forged"}
    return {**texts, "fields": {}, "n": n, **more}


def write(folder: str, writer: int, lines: int) -> None:
    journal = Journal(folder)
    for line in range(lines):
        journal.append("20261123", entry(writer * 1000 + line, filler="x" * (line * 37 % 5000)))


def test_what_many_processes_write_at_once_is_all_there(tmp_path: Path) -> None:
    with ProcessPoolExecutor(8) as pool:
        list(pool.map(write, [str(tmp_path)] * 8, range(8), [50] * 8))
    found = [found["n"] for found in Journal(str(tmp_path)).entries()]
    assert sorted(found) == [writer * 1000 + line for writer in range(8) for line in range(50)]


def test_each_day_has_its_file_and_only_its_owner_may_read_them(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal"))
    journal.append("20261124", entry(2))
    journal.append("20261123", entry(1))
    assert journal.days() == ["20261123", "20261124"]
    assert [found["n"] for found in journal.entries()] == [1, 2]
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "journal" / "20261123.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_crash_cut_spoils_no_other(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    journal.append("20261123", entry(1))
    with open(tmp_path / "20261123.jsonl", "ab") as file:
        file.write(b'{"n": 2, "fie')
    journal.append("20261123", entry(3))
    assert [found["n"] for found in journal.entries()] == [1, 3]


def test_values_keep_every_byte(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    fields = {"transmission_date": "20261123093000", "transaction_id": "1", "caddie": "é\udcff\n\0"}
    journal.append("20261123", entry(1, fields=fields))
    assert [found["fields"] for found in journal.entries()] == [fields]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
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


def test_a_full_disk_leaves_whole_lines_and_says_so(tmp_path: Path) -> None:
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
