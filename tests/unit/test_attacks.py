"""Attempts to lose, forge or misdirect payments, as an attacker or an outage makes them."""

import fcntl
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sogenactif import executables, reception
from sogenactif.configuration import LedgerAddress
from sogenactif.dates import read_day
from sogenactif.errors import JournalError, LedgerError
from sogenactif.ledger import ledger as ledger_module
from sogenactif.ledger.history import differences, transactions
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_pending_outcomes, pending_outcomes
from sogenactif.ledger.rebuild import note_unrecorded, record_journal, record_unrecorded
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering
from tests.support.paypage import sealed
from tests.support.shop import LedgerShop, MovingShop, post, register
from tests.support.vectors import MERCHANT

ASKED = {
    "merchant_id": "A",
    "merchant_country": "fr",
    "amount": "1250",
    "currency_code": "978",
    "order_id": "CMD-42",
    "transmission_date": "20261123093000",
}
BY_REFERENCE = Numbering("paypage", by_reference=True)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal"))
    yield ledger
    ledger.close()


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> Iterator[LedgerShop]:
    shop = LedgerShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    yield shop
    shop.restart()


def accepted(merchant_id: str, reference: str) -> PaymentResponse:
    fields = {**ASKED, "merchant_id": merchant_id, "response_code": "00", "authorisation_id": merchant_id}
    return PaymentResponse(fields, {"transactionReference": reference}, reference[:8], "paypage")


def test_two_merchants_of_one_ledger_may_use_the_same_reference(ledger: Ledger) -> None:
    numbers = [register(ledger, {**ASKED, "merchant_id": name}, BY_REFERENCE) for name in ("A", "B")]
    assert numbers == ["000001", "000001"]
    for name in ("B", "A"):
        match = ledger.receive(accepted(name, "20261123000001"), "automatic")
        assert (match.verdict, match.requested["merchant_id"]) == ("accepted", name)


def test_response_of_another_merchant_with_the_same_reference_is_unknown(ledger: Ledger) -> None:
    register(ledger, ASKED, BY_REFERENCE)
    assert ledger.receive(accepted("B", "20261123000001"), "automatic").verdict == "unknown"


def unrecorded(ledger: Ledger, day: str) -> None:
    """Write to the journal alone, as while the ledger can't be reached, a response to the only request."""
    response = PaymentResponse({**ASKED, "transaction_id": "000001", "response_code": "00"})
    entry = {"entry": day * 4, "time": "2026-11-23T09:31:00+00:00", "kind": "response", "source": "automatic"}
    ledger.journal.append(day, {**entry, "verdict": "unentered", **response.stored})
    note_unrecorded(ledger.journal.folder, day)


def test_outage_during_recovery_loses_no_response(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    register(ledger, ASKED)
    unrecorded(ledger, "20261123")

    def unreachable(entry: object) -> None:
        raise LedgerError("ledger", OSError("database is locked"))

    with monkeypatch.context() as outage:
        outage.setattr(ledger, "record_response", unreachable)
        with pytest.raises(LedgerError):
            record_unrecorded(ledger)
    assert record_unrecorded(ledger) == 1
    assert pending_outcomes(ledger) == 1


def test_missing_day_of_the_journal_does_not_block_other_days(ledger: Ledger) -> None:
    register(ledger, ASKED)
    note_unrecorded(ledger.journal.folder, "20261101")
    unrecorded(ledger, "20261123")
    assert record_unrecorded(ledger) == 1
    assert not Path(ledger.journal.folder, "unrecorded").exists()


def test_acceptance_stored_only_as_a_duplicate_is_rebuilt(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(ledger, ASKED)
    response = PaymentResponse({**ASKED, "transaction_id": "000001", "response_code": "00"})

    def full(day: str, entry: object, flush: bool = True) -> None:
        raise JournalError(day, OSError(28, "No space left on device"))

    with monkeypatch.context() as disk:
        disk.setattr(ledger.journal, "append", full)
        assert ledger.receive(response, "automatic").verdict == "accepted"
    assert ledger.receive(response, "manual").verdict == "duplicate"
    ledger.close()
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    with ledger.rebuilding():
        record_journal(ledger)
    assert list(differences(ledger, lambda count: None)) == []
    assert pending_outcomes(ledger) == 1
    outcomes: list[PaymentResponse] = []
    notify_pending_outcomes(ledger, outcomes.append, print)
    assert [outcome.outcome for outcome in outcomes] == ["accepted"]


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000])
def test_forged_response_with_a_very_long_number_is_rejected(shop: LedgerShop, number: str) -> None:
    shop.show_form()
    answer = post(shop.autoresponse, DATA=shop.seal(transaction_id=number)[:-16] + "0" * 16)
    assert answer.status == 403, answer.log
    assert shop.outcomes == []


def test_forged_response_of_the_last_possible_day_is_rejected(shop: LedgerShop) -> None:
    folder = Path(shop.pathfile.path).parent
    key = folder / f"key.{MERCHANT}"
    key.write_text("another key\n")
    key.chmod(0o600)
    with Path(shop.pathfile.path).open("a") as file:
        file.write(f"PAYPAGE_KEY!{folder}/key!\n")
    shop.show_form()
    answer = post(shop.autoresponse, **sealed(merchantId=MERCHANT, s10TransactionIdDate="99991231"))
    assert answer.status == 403, answer.log


def test_second_acceptance_on_another_day_is_conflicting(param: Path, tmp_path: Path) -> None:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    shop.move(param)
    number, day = shop.show_form(), shop.day()
    # Some means of payment have no authorisation_id that would tell the two apart.
    another = f"{read_day(day) + timedelta(days=1):%Y%m%d}"
    answers = [
        shop.post_response(shop.paypage_post(number, on, authorisationId="")) for on in (day, day, another)
    ]
    assert shop.verdicts() == ["accepted", "duplicate", "conflicting"]
    assert "accepted after accepted" in answers[-1].log
    assert [response.outcome for response in shop.outcomes] == ["accepted"]
    shop.restart()


def test_message_beyond_the_limit_is_not_stored_and_is_logged(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, another = shop.show_form(), shop.show_form()
    with shop.ledger() as ledger:
        moment = next(iter(ledger.journal.entries()))["fields"]["transmission_date"]
    forged = shop.seal(transaction_id=number, transmission_date=moment)[:-16] + "0" * 16
    monkeypatch.setattr(reception, "MAX_STORED_BYTES_PER_REQUEST", len(forged) + 10)
    first, second = (post(shop.autoresponse, DATA=forged) for _ in range(2))
    assert "not stored" not in first.log
    assert "not stored" in second.log
    [kept] = Path(shop.pathfile.journal).glob("*.unverified.jsonl")
    assert len(kept.read_text().splitlines()) == 1
    assert json.loads(kept.read_text())["post"] == {"DATA": forged}
    # Whoever fills the room of one request leaves that of the others.
    forged = shop.seal(transaction_id=another, transmission_date=moment)[:-16] + "0" * 16
    assert "not stored" not in post(shop.autoresponse, DATA=forged).log


@pytest.mark.parametrize("asked", [True, False])
def test_repeated_message_is_recorded_a_limited_number_of_times(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    monkeypatch.setattr(ledger_module, "MAX_REPEATED", 3)
    number = shop.show_form()
    with shop.ledger() as ledger:
        moment = next(iter(ledger.journal.entries()))["fields"]["transmission_date"]
    data = shop.seal(
        transaction_id=number if asked else "000999", transmission_date=moment, response_code="17"
    )
    answers = [post(shop.autoresponse, DATA=data).status for _ in range(10)]
    assert answers == [200] * 10
    again = "duplicate" if asked else "unknown"
    assert shop.verdicts() == (["cancelled"] if asked else []) + [again] * (2 if asked else 3)
    with shop.ledger() as ledger:
        assert list(differences(ledger, lambda count: None)) == []
    paid = shop.seal(transaction_id=number, transmission_date=moment)
    assert post(shop.autoresponse, DATA=paid).status == 200
    assert shop.verdicts()[-1] == "accepted"
    assert shop.outcomes[-1].outcome == "accepted"


def test_outcome_printed_many_times_is_still_notified(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "MAX_REPEATED", 3)
    number = shop.show_form()
    with shop.ledger() as ledger:
        moment = next(iter(ledger.journal.entries()))["fields"]["transmission_date"]
    data = shop.seal(transaction_id=number, transmission_date=moment)
    for _ in range(5):
        answer, _ = executables.response([f"message={data}", f"pathfile={shop.pathfile.path}"])
        assert answer.startswith(b"!0!!")
    assert post(shop.autoresponse, DATA=data).status == 200
    assert [response.outcome for response in shop.outcomes] == ["accepted"]


def test_forged_messages_for_many_requests_are_stored_up_to_a_limit(
    shop: LedgerShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [shop.show_form() for _ in range(4)]
    with shop.ledger() as ledger:
        moments = {
            entry["fields"]["transaction_id"]: entry["fields"]["transmission_date"]
            for entry in ledger.journal.entries()
        }
    forged = [
        shop.seal(transaction_id=number, transmission_date=moments[number])[:-16] + "0" * 16
        for number in numbers
    ]
    monkeypatch.setattr(reception, "MAX_STORED_BYTES_PER_DAY", 2 * len(forged[0]))
    logs = [post(shop.autoresponse, DATA=data).log for data in forged]
    assert ["not stored" in log for log in logs] == [False, False, True, True]
    # What a fault on this side keeps from being verified has room of its own.
    certificate = Path(shop.pathfile.path).parent / f"certif.fr.{MERCHANT}.php"
    certificate.write_text("damaged")
    assert "not stored" not in post(shop.autoresponse, DATA=forged[3]).log
    assert len(list(Path(shop.pathfile.journal).glob("*.unverified.jsonl"))) == 3


def test_request_being_written_to_the_journal_is_not_a_difference(ledger: Ledger, tmp_path: Path) -> None:
    register(ledger, ASKED)
    working = Ledger(ledger.address, ledger.journal.folder)
    writer = threading.Thread(target=register, args=[working, {**ASKED, "order_id": "CMD-43"}])
    with Path(ledger.journal.folder, "20261123.jsonl").open() as day:
        # As on a slow disk: the ledger has the request, and its line is still to be written.
        fcntl.flock(day, fcntl.LOCK_EX)
        writer.start()
        while len(list(transactions(ledger))) < 2:
            assert writer.is_alive()
            time.sleep(0.01)
        threading.Timer(0.5, fcntl.flock, [day, fcntl.LOCK_UN]).start()
        found = list(differences(ledger, lambda count: None))
        writer.join()
    working.close()
    assert found == []
