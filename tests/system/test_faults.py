"""What goes wrong around the ledger, done for real: nothing acknowledged is ever lost."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sogenactif.ledger.history import differences, transactions
from sogenactif.web import Order
from tests.support.serving import postgresql
from tests.support.shop import ORDER, LedgerShop, ask, missing, post
from tests.support.vectors import need


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> LedgerShop:
    return LedgerShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")


@contextmanager
def locked(shop: LedgerShop, path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def held_by_a_writer(shop: LedgerShop, path: Path) -> Iterator[None]:
    with shop.ledger() as other, other.database.transaction():
        yield


@contextmanager
def corrupt(shop: LedgerShop, path: Path) -> Iterator[None]:
    shop.restart()
    shutil.copy(path, f"{path}.sound")
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    path.write_bytes(b"this was a ledger" * 1000)
    try:
        yield
    finally:
        shutil.move(f"{path}.sound", path)


@contextmanager
def a_folder(shop: LedgerShop, path: Path) -> Iterator[None]:
    path.rename(f"{path}.away")
    path.mkdir()
    try:
        yield
    finally:
        path.rmdir()
        Path(f"{path}.away").rename(path)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (locked, "database is locked"),
        (held_by_a_writer, "database is locked"),
        (corrupt, "file is not a database"),
        (missing, "missing, although its journal exists"),
        (a_folder, "unable to open database file"),
    ],
)
def test_response_during_a_failure_of_the_ledger_is_recorded_by_replay(
    shop: LedgerShop,
    tmp_path: Path,
    fault: Callable[..., Iterator[None]],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sogenactif.ledger.sqlite.BUSY_SECONDS", 0.2)
    number = shop.show_form()
    with fault(shop, tmp_path / "ledger.db"):  # type: ignore[attr-defined]
        answer = shop.post_acceptance(number)
        assert (answer.status, answer.body) == (200, "")
        assert words in answer.log
        # What was shown before needs no more than to be read; what is new has to be recorded.
        shop.order = Order({**ORDER.parameters, "amount": "1300"})
        page = ask(shop.request, query="order=CMD-42")
        assert page.status == 500
        assert words in page.log
        assert "DATA" not in page.body
    assert shop.outcomes == []
    assert shop.verdicts() == ["unentered"]
    status, said = shop.replay()
    assert (status, said) == (0, "1 recorded from the journal, 1 notified to the shop, 0 still pending\n")
    assert shop.notified_by_replay() == "CMD-42 accepted\n"
    with shop.ledger() as ledger:
        assert [transaction.state for transaction in transactions(ledger)] == ["accepted"]
        assert list(differences(ledger, lambda count: None)) == []
    assert shop.replay()[1].startswith("0 recorded")
    assert shop.notified_by_replay() == "CMD-42 accepted\n"


def test_lost_ledger_is_rebuilt_from_the_journal(shop: LedgerShop, tmp_path: Path) -> None:
    number = shop.show_form()
    shop.post_acceptance(number)
    assert [outcome.outcome for outcome in shop.outcomes] == ["accepted"]
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    status, said = shop.replay()
    assert (status, said.split(",")[0]) == (0, "2 recorded from the journal")
    with shop.ledger() as ledger:
        assert [transaction.state for transaction in transactions(ledger)] == ["accepted"]
    assert shop.show_form() == "000002"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    need(os.getuid() == 0, "root, who may mount a small disk,")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    with open(folder / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def test_response_is_answered_with_500_if_neither_ledger_nor_journal_can_be_written(
    param: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        shop = LedgerShop(param, f"sqlite:///{disk}/ledger.db", disk / "journal")
        number = shop.show_form()
        fill(disk)
        answer = shop.post_acceptance(number)
        for _ in range(200):
            if answer.status == 500:
                break
            answer = shop.post_acceptance(number)
        assert answer.status == 500
        assert "ledger.db: " in answer.log
        assert "Error writing the journal (" in answer.log
        acknowledged = len(shop.outcomes)
        (disk / "filler").unlink()
        assert shop.post_acceptance(number).status == 200
        assert shop.replay()[0] == 0
        with shop.ledger() as ledger:
            assert [transaction.state for transaction in transactions(ledger)] == ["accepted"]
        assert len(shop.outcomes) == 1 >= acknowledged


def test_responses_are_written_to_the_journal_if_the_disk_of_the_ledger_is_full(
    param: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        shop = LedgerShop(param, f"sqlite:///{disk}/ledger.db", tmp_path / "journal")
        numbers = [shop.show_form() for _ in range(20)]
        fill(disk)
        answers = [shop.post_acceptance(number) for number in numbers]
        assert {answer.status for answer in answers} == {200}
        assert "Error in the ledger (" in answers[-1].log
        (disk / "filler").unlink()
        assert shop.replay()[0] == 0
        with shop.ledger() as ledger:
            assert {transaction.state for transaction in transactions(ledger)} == {"accepted"}
            assert list(differences(ledger, lambda count: None)) == []


def test_response_is_written_to_the_journal_if_the_ledger_is_read_only(param: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        shop = LedgerShop(param, f"sqlite:///{disk}/ledger.db", tmp_path / "journal")
        number = shop.show_form()
        shop.restart()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        answer = shop.post_acceptance(number)
        assert answer.status == 200
        assert "/disk/ledger.db: unable to open database file); the response is in the journal" in answer.log
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert shop.replay()[0] == 0
        assert shop.notified_by_replay() == "CMD-42 accepted\n"


@pytest.mark.postgresql
def test_response_during_a_stop_of_postgresql_is_recorded_by_replay(param: Path, tmp_path: Path) -> None:
    with postgresql() as server:
        shop = LedgerShop(param, server.url, tmp_path / "journal")
        number = shop.show_form()
        server.stop()
        answer = shop.post_acceptance(number)
        assert answer.status == 200
        assert "Error in the ledger (postgresql://127.0.0.1:" in answer.log
        page = post(shop.response, DATA=shop.seal(transaction_id=number))
        assert "Payment in progress" in page.body
        assert ask(shop.request, query="order=CMD-42").status == 500
        server.start()
        assert shop.replay()[0] == 0
        assert shop.notified_by_replay() == "CMD-42 accepted\n"
        assert shop.show_form() == "000002"


def test_page_says_in_progress_while_the_ledger_is_unavailable(shop: LedgerShop, tmp_path: Path) -> None:
    number = shop.show_form()
    with missing(shop, tmp_path / "ledger.db"):
        page = post(shop.response, DATA=shop.seal(transaction_id=number))
    assert page.status == 200
    assert "Payment in progress" in page.body
    assert "Payment accepted" not in page.body


def test_exception_in_the_function_of_the_shop_is_logged_and_the_notification_repeated(
    shop: LedgerShop,
) -> None:
    number = shop.show_form()
    shop.failing = True
    answer = shop.post_acceptance(number)
    assert answer.status == 200
    assert "record_outcome" in answer.log
    assert "RuntimeError" in answer.log
    assert shop.outcomes == []
    shop.failing = False
    shop.show_form()
    shop.post_acceptance("000002")
    assert [outcome["transaction_id"] for outcome in shop.outcomes] == ["000002", "000001"]


def test_response_that_matches_no_request_is_not_shown_or_notified(shop: LedgerShop) -> None:
    number = shop.show_form()
    for fields in ({"amount": "001"}, {"order_id": "CMD-43"}, {"transaction_id": "000009"}):
        data = shop.seal(**{"transaction_id": number, **fields})
        page = post(shop.response, DATA=data)
        assert page.status == 403
        assert "Payment accepted" not in page.body
        answer = post(shop.autoresponse, DATA=data)
        assert answer.status == 200
        assert "conflicting" in answer.log or "unknown" in answer.log
    assert shop.outcomes == []


def test_forged_response_is_stored_without_its_fields(shop: LedgerShop) -> None:
    shop.show_form()
    data = shop.seal(transaction_id="000777")
    assert post(shop.autoresponse, DATA=data[:-1] + ("0" if data[-1] != "0" else "1")).status == 403
    with shop.ledger() as ledger:
        assert [entry["kind"] for entry in ledger.journal.entries()] == ["request"]
        [file] = Path(ledger.journal.folder).glob("*.forged.jsonl")
    forged = json.loads(file.read_text())
    assert (forged["verdict"], forged["source"], forged["fields"]) == ("forged", "automatic", {})
    assert "MAC" in forged["error"]


def test_request_is_recorded_before_its_form_is_shown(shop: LedgerShop) -> None:
    assert shop.show_form() == "000001"
    with shop.ledger() as ledger:
        [request] = ledger.journal.entries()
        [transaction] = transactions(ledger)
    assert request["fields"] == transaction.fields
    assert (transaction.fields["amount"], transaction.fields["order_id"]) == ("1250", "CMD-42")


def test_sealed_response_with_an_invalid_date_is_rejected(shop: LedgerShop) -> None:
    data = shop.seal(transmission_date="20261399999999")
    for application in (shop.response, shop.autoresponse):
        assert post(application, DATA=data).status == 400
