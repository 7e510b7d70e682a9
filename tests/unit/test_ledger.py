"""The ledger, on SQLite and on a real PostgreSQL."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from sogenactif.configuration import LedgerAddress, Pathfile
from sogenactif.errors import (
    DayFull,
    LedgerError,
    LedgerMissing,
    ResponseError,
    TransactionUsed,
)
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import Difference, differences, responses_to, transactions
from sogenactif.ledger.journal import new_entry
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.notification import notify_outcome, notify_pending_outcomes, pending_outcomes
from sogenactif.ledger.operations import intend, pending_refunds, settle
from sogenactif.ledger.rebuild import record_journal
from sogenactif.ledger.schema import MIGRATIONS
from sogenactif.ledger.sqlite import SqliteDatabase
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import Numbering
from tests.support.shop import register
from tests.support.vectors import ASKED, slow

Open = Callable[[], Ledger]


def answer(number: str, **fields: str) -> PaymentResponse:
    response = {"response_code": "00", "authorisation_id": "123456", "payment_certificate": "ABC123456"}
    if fields.get("response_code", "00") != "00":
        response = {}
    return PaymentResponse({**ASKED, "transaction_id": number, **response, **fields})


# A request that names no order draws a number each time.
UNNAMED = {name: value for name, value in ASKED.items() if name != "order_id"}
CANCEL, REFUSE, PENDING = {"response_code": "17"}, {"response_code": "05"}, {"response_code": "60"}


def draw(url: str, journal: str, how_many: int) -> list[str]:
    ledger = Ledger(LedgerAddress(url), journal)
    try:
        return [register(ledger, UNNAMED) for _ in range(how_many)]
    finally:
        ledger.close()


@pytest.mark.exhaustive
def test_concurrent_processes_never_get_the_same_transaction_number(ledger_url: str, tmp_path: Path) -> None:
    each = slow(20_000) // 8
    with ProcessPoolExecutor(8) as pool:
        drawn = list(pool.map(draw, [ledger_url] * 8, [str(tmp_path / "journal")] * 8, [each] * 8))
    numbers = sorted(int(number) for some in drawn for number in some)
    assert numbers == list(range(1, 8 * each + 1))
    ledger = Ledger(LedgerAddress(ledger_url), str(tmp_path / "journal"))
    assert [transaction.reference for transaction in transactions(ledger, "20261123")] == [
        f"20261123-{number:06}" for number in numbers
    ]
    ledger.close()


@pytest.mark.exhaustive
def test_concurrent_processes_create_one_ledger(tmp_path: Path) -> None:
    with ProcessPoolExecutor(8) as pool:
        for turn in range(slow(100)):
            folder = tmp_path / str(turn)
            folder.mkdir()
            place = f"sqlite:///{folder}/ledger.db", f"{folder}/journal"
            drawn = pool.map(draw, [place[0]] * 8, [place[1]] * 8, [1] * 8)
            assert sorted(number for [number] in drawn) == [f"{number:06}" for number in range(1, 9)]


def test_each_merchant_and_each_day_in_paris_has_its_own_numbers(ledger: Ledger) -> None:
    assert register(ledger, UNNAMED) == "000001"
    assert register(ledger, UNNAMED) == "000002"
    assert register(ledger, {**UNNAMED, "merchant_id": "014213245611112"}) == "000001"
    assert register(ledger, {**UNNAMED, "merchant_country": "be"}) == "000001"
    assert register(ledger, {**UNNAMED, "transmission_date": "20261123230000"}) == "000001"
    assert register(ledger, {**UNNAMED, "transmission_date": "20261123225959"}) == "000003"


def test_numbers_used_by_the_shop_are_skipped(ledger: Ledger) -> None:
    register(ledger, {**UNNAMED, "transaction_id": "2"})
    assert [register(ledger, UNNAMED) for _ in range(2)] == ["000001", "000003"]


def test_full_day_is_reported(ledger: Ledger) -> None:
    register(ledger, UNNAMED)
    with ledger.database.transaction() as execute:
        execute("UPDATE sogenactif_counter SET last = 999998")
    assert register(ledger, UNNAMED) == "999999"
    with pytest.raises(DayFull, match="all 999999 values of transaction_id are used on 20261123"):
        register(ledger, UNNAMED)


def test_number_of_the_shop_can_be_reused_for_the_same_request_only(ledger: Ledger) -> None:
    asked = {**ASKED, "transaction_id": "000123"}
    assert register(ledger, asked) == "000123"
    assert register(ledger, {**asked, "transmission_date": "20261123094500"}) == "000123"
    with pytest.raises(
        TransactionUsed, match="transaction_id 123: used on 20261123 with another amount, customer_id"
    ):
        register(
            ledger, {**asked, "transaction_id": "123", "amount": "001", "customer_id": "x", "caddie": "x"}
        )
    assert register(ledger, {**asked, "amount": "001", "transmission_date": "20261124093000"}) == "000123"


COMPARED = (
    "amount", "capture_day", "capture_mode", "currency_code", "customer_id", "data", "merchant_language", "order_id",
    "order_validity", "return_context",
)  # fmt: skip


def test_number_used_with_another_value_of_a_compared_field_is_rejected(ledger: Ledger) -> None:
    asked = {**ASKED, "transaction_id": "123"}
    register(ledger, asked)
    for name in COMPARED:
        with pytest.raises(TransactionUsed, match=f"used on 20261123 with another {name}; give a new one"):
            register(ledger, {**asked, name: "7"})
    for name in ("caddie", "language", "normal_return_url", "customer_email", "payment_means"):
        assert register(ledger, {**asked, name: "7"}) == "123"


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({}, "accepted"),
        (REFUSE, "refused"),
        (CANCEL, "cancelled"),
        (PENDING, "pending"),
        ({"response_code": "75"}, "refused"),
    ],
)
def test_response_decides_its_request(ledger: Ledger, fields: dict[str, str], verdict: str) -> None:
    match = ledger.receive(answer(register(ledger, ASKED), **fields), "automatic")
    assert (match.verdict, match.outcome, match.is_trusted) == (verdict, verdict, True)
    again = ledger.receive(answer("000001", **fields), "manual")
    assert (again.verdict, again.outcome) == ("duplicate", verdict)


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "1"}, {"amount": "12500"}, {"currency_code": "840"}, {"order_id": "CMD-43"}, {"order_id": ""},
        {"currency_code": ""},
    ],
)  # fmt: skip
def test_response_with_another_amount_currency_or_order_is_conflicting(
    ledger: Ledger, other: dict[str, str]
) -> None:
    match = ledger.receive(answer(register(ledger, ASKED), **other), "manual")
    assert (match.verdict, match.outcome, match.is_trusted) == ("conflicting", "", False)
    assert match.why == f"another {next(iter(other))}"


@pytest.mark.parametrize(
    "other",
    [
        {"transaction_id": "000002"}, {"merchant_id": "014213245611112"}, {"merchant_country": "be"},
        {"transmission_date": "20261124093000"}, {"transmission_date": "20261122093000"},
    ],
)  # fmt: skip
def test_response_without_a_request_is_unknown(ledger: Ledger, other: dict[str, str]) -> None:
    register(ledger, ASKED)
    match = ledger.receive(answer("000001", **other), "automatic")
    assert (match.verdict, match.is_trusted) == ("unknown", False)


def test_accepted_response_pays_one_order_on_one_day(ledger: Ledger) -> None:
    paid = answer(register(ledger, ASKED))
    register(ledger, {**ASKED, "order_id": "CMD-43"})
    register(ledger, {**ASKED, "transmission_date": "20261124093000"})
    assert [ledger.receive(paid, "manual").verdict for _ in range(3)] == [
        "accepted",
        "duplicate",
        "duplicate",
    ]
    assert [transaction.state for transaction in transactions(ledger)] == ["accepted", "waiting", "waiting"]


@pytest.mark.parametrize(
    ("first", "then", "verdict", "outcome"),
    [
        ({}, CANCEL, "conflicting", "accepted"),
        ({}, REFUSE, "conflicting", "accepted"),
        ({}, {"authorisation_id": "654321"}, "conflicting", "accepted"),
        (REFUSE, {}, "accepted", "accepted"),
        (REFUSE, CANCEL, "conflicting", "refused"),
        (CANCEL, {}, "accepted", "accepted"),
        (CANCEL, REFUSE, "refused", "refused"),
        (PENDING, {}, "accepted", "accepted"),
        (PENDING, REFUSE, "refused", "refused"),
        ({"response_code": "75"}, {}, "accepted", "accepted"),
    ],
)
def test_acceptance_replaces_any_other_outcome_and_is_final(
    ledger: Ledger, first: dict[str, str], then: dict[str, str], verdict: str, outcome: str
) -> None:
    number = register(ledger, ASKED)
    ledger.receive(answer(number, **first), "manual")
    match = ledger.receive(answer(number, **then), "automatic")
    assert (match.verdict, match.outcome) == (verdict, outcome)


def test_leading_zeros_and_replaced_characters_are_ignored_in_matching(ledger: Ledger) -> None:
    register(
        ledger, {**ASKED, "amount": "050", "currency_code": "36", "transaction_id": "7", "order_id": "A:7"}
    )
    match = ledger.receive(answer("000007", amount="50", currency_code="036", order_id="A 7"), "automatic")
    assert match.verdict == "accepted"


def test_order_id_of_any_bytes_is_matched_and_found(ledger: Ledger) -> None:
    strange = "é\udcff\0'\""
    number = register(ledger, {**ASKED, "order_id": strange})
    assert ledger.receive(answer(number, order_id=strange), "manual").verdict == "accepted"
    [found] = transactions(ledger, order_id=strange)
    assert found.order_id == strange


def test_response_with_an_invalid_date_is_rejected(ledger: Ledger) -> None:
    with pytest.raises(ResponseError, match="transmission_date"):
        ledger.receive(answer("1", transmission_date="20261399999999"), "manual")


class Shop:
    """A shop's function that fails as often as asked."""

    def __init__(self, failures: int = 0) -> None:
        self.notified: list[tuple[str, str]] = []
        self.errors: list[BaseException] = []
        self.failures = failures

    def record_outcome(self, response: PaymentResponse) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("the shop's database is down")
        self.notified.append((response["order_id"], response.outcome))

    def notify(self, ledger: Ledger, first: int | None = None, most: int | None = 5) -> int:
        """Be notified as by the answer to a request, and after it; return of how many outcomes."""
        count = 0
        if first is not None:
            count += notify_outcome(ledger, self.record_outcome, self.errors.append, first)
        return count + notify_pending_outcomes(ledger, self.record_outcome, self.errors.append, most)


def test_shop_is_notified_of_an_outcome_once(ledger: Ledger) -> None:
    shop = Shop()
    number = register(ledger, ASKED)
    for _ in range(3):
        match = ledger.receive(answer(number), "automatic")
        shop.notify(ledger, first=match.request_id)
    assert shop.notified == [("CMD-42", "accepted")]


def test_shop_is_notified_of_an_acceptance_after_a_cancellation(ledger: Ledger) -> None:
    shop = Shop()
    number = register(ledger, ASKED)
    for fields in (CANCEL, {}, CANCEL):
        ledger.receive(answer(number, **fields), "manual")
        shop.notify(ledger)
    assert shop.notified == [("CMD-42", "cancelled"), ("CMD-42", "accepted")]


def test_outcome_is_notified_again_after_the_function_failed(ledger: Ledger) -> None:
    shop = Shop(failures=2)
    ledger.receive(answer(register(ledger, ASKED)), "automatic")
    assert [shop.notify(ledger) for _ in range(3)] == [0, 0, 1]
    assert shop.notified == [("CMD-42", "accepted")]
    assert [str(error) for error in shop.errors] == ["the shop's database is down"] * 2
    assert pending_outcomes(ledger) == 0


def test_pending_outcome_is_notified_with_the_next(ledger: Ledger) -> None:
    shop = Shop()
    ledger.receive(answer(register(ledger, ASKED)), "automatic")
    match = ledger.receive(answer(register(ledger, {**ASKED, "order_id": "B"}), order_id="B"), "automatic")
    shop.notify(ledger, first=match.request_id)
    assert shop.notified == [("B", "accepted"), ("CMD-42", "accepted")]


def test_outcome_that_fails_repeatedly_does_not_block_others(ledger: Ledger) -> None:
    poison = Shop(failures=1000)
    for order in "ABCDEF":
        ledger.receive(answer(register(ledger, {**ASKED, "order_id": order}), order_id=order), "automatic")
    poison.notify(ledger, most=5)
    assert len(poison.errors) == 1
    shop = Shop()
    shop.notify(ledger, most=1)
    assert shop.notified == [("B", "accepted")]


def test_first_attempt_to_notify_is_counted_with_the_response(ledger: Ledger) -> None:
    def attempts() -> list[tuple[int, int]]:
        return list(ledger.database.rows("SELECT attempts, unfinished FROM sogenactif_request"))

    counted: list[tuple[int, int]] = []
    number = register(ledger, ASKED)
    for outcome in (CANCEL, {}, {}):
        match = ledger.receive(answer(number, **outcome), "automatic", notifies=True)
        assert match.request_id is not None
        notify_outcome(
            ledger,
            lambda response: counted.extend(attempts()),
            print,
            match.request_id,
            is_counted=match.is_counted,
        )
    # The third is a duplicate.
    assert counted == [(1, 1), (1, 1)]
    assert attempts() == [(1, 0)]


def test_only_one_process_notifies_at_a_time(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    other = Ledger(LedgerAddress(ledger_url), str(tmp_path / "journal"))
    inner = Shop()
    match = ledger.receive(answer(register(ledger, ASKED)), "automatic")
    assert match.request_id is not None
    notify_outcome(ledger, lambda response: print(inner.notify(other)), inner.errors.append, match.request_id)
    assert inner.notified == []
    assert inner.errors == []
    other.close()


def test_journal_has_a_line_for_each_request_and_response(ledger: Ledger) -> None:
    number = register(ledger, ASKED)
    ledger.receive(answer(number, card_number="4974.00"), "automatic")
    ledger.receive(answer(number, card_number="4974.00"), "manual")
    lines = [(entry["kind"], entry["source"], entry["verdict"]) for entry in ledger.journal.entries()]
    assert lines == [
        ("request", "call_request", "requested"),
        ("response", "automatic", "accepted"),
        ("response", "manual", "duplicate"),
    ]
    assert list(differences(ledger, lambda count: None)) == []


def test_history_shows_every_response_to_a_transaction(ledger: Ledger) -> None:
    number = register(ledger, ASKED)
    ledger.receive(answer(number, **CANCEL), "manual")
    ledger.receive(answer(number), "automatic")
    ledger.receive(answer(number, amount="1"), "automatic")
    [transaction] = transactions(ledger, order_id="CMD-42")
    assert (transaction.reference, transaction.state, transaction.notified) == (
        "20261123-000001",
        "accepted",
        "no",
    )
    assert [(a.source, a.verdict) for a in responses_to(ledger, transaction)] == [
        ("manual", "cancelled"),
        ("automatic", "accepted"),
        ("automatic", "conflicting"),
    ]


def test_transactions_are_found_by_day_order_and_state(ledger: Ledger) -> None:
    ledger.receive(answer(register(ledger, ASKED)), "automatic")
    register(ledger, {**ASKED, "order_id": "B"})
    register(ledger, {**ASKED, "order_id": "B", "transmission_date": "20261124093000"})
    found = [
        [t.reference for t in transactions(ledger, **conditions)]
        for conditions in (
            {"day": "20261123"},
            {"order_id": "B"},
            {"state": "accepted"},
            {"state": "waiting"},
            {"order_id": "B", "day": "20261124"},
        )
    ]
    first, second, third = "20261123-000001", "20261123-000002", "20261124-000001"
    assert found == [[first, second], [second, third], [first], [second, third], [third]]


def test_pathfile_without_the_keyword_has_no_ledger() -> None:
    with open_ledger(Pathfile("", {})) as ledger:
        assert ledger is None


def test_ledger_of_a_newer_kit_is_rejected(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(LedgerError, match="made by a newer kit"):
        register(Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal")), ASKED)


def test_lost_ledger_is_created_again_by_a_rebuild_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger(LedgerAddress(url), str(tmp_path / "journal"))
    register(ledger, ASKED)
    ledger.close()
    (tmp_path / "ledger.db").unlink()
    ledger = Ledger(LedgerAddress(url), str(tmp_path / "journal"))
    with pytest.raises(LedgerMissing, match="run sogenactif replay"):
        register(ledger, ASKED)
    with ledger.rebuilding():
        assert record_journal(ledger) == (1, 0)
        with pytest.raises(LedgerMissing):
            register(Ledger(LedgerAddress(url), str(tmp_path / "journal")), ASKED)
    assert register(ledger, UNNAMED) == "000002"
    ledger.close()


def test_ledger_is_created_if_the_journal_has_only_forged_messages(tmp_path: Path) -> None:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal"))
    ledger.journal.append("20261123", new_entry("response", "manual", "forged"))
    assert register(ledger, ASKED) == "000001"
    forged = [entry for entry in ledger.journal.entries() if entry["kind"] == "response"]
    assert [(entry["verdict"], entry["fields"]) for entry in forged] == [("forged", {})]
    ledger.close()


def lose(ledger: Ledger) -> None:
    """Empty a ledger, as somebody does who restores the wrong thing."""
    if ledger.address.file:
        ledger.close()
        path = Path(ledger.address.file)
        for file in path.parent.glob(path.name + "*"):
            file.unlink()
        path.touch()
    else:
        with ledger.database.transaction() as execute:
            for table in ("operation", "request", "response", "counter", "reserved", "schema"):
                execute(f"DROP TABLE sogenactif_{table}")


def test_emptied_ledger_is_reported_as_missing_and_rebuilt(
    ledger: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    ledger.receive(answer(register(ledger, ASKED)), "automatic")
    lose(ledger)
    again = Ledger(LedgerAddress(ledger_url), str(tmp_path / "journal"))
    with pytest.raises(LedgerMissing):
        register(again, ASKED)
    with again.rebuilding():
        assert record_journal(again) == (2, 0)
    assert register(again, ASKED) == "000002"
    assert [transaction.state for transaction in transactions(again)] == ["accepted", "waiting"]
    again.close()


def test_response_is_matched_with_a_request_recorded_later(ledger: Ledger) -> None:
    assert ledger.receive(answer("000001"), "automatic").verdict == "unknown"
    register(ledger, ASKED)
    assert ledger.match_again() == 1
    assert [transaction.state for transaction in transactions(ledger)] == ["accepted"]
    assert ledger.match_again() == 0
    assert list(differences(ledger, lambda count: None)) == []


def test_entries_in_another_order_keep_their_verdicts(
    ledger: Ledger, ledger_url: str, tmp_path: Path
) -> None:
    number = register(ledger, ASKED)
    ledger.receive(answer(number), "automatic")
    ledger.receive(answer(number, **CANCEL), "manual")
    [file] = (tmp_path / "journal").iterdir()
    request, accepted, conflicting = file.read_text().splitlines(keepends=True)
    file.write_text(request + conflicting + accepted)
    lose(ledger)
    with ledger.rebuilding():
        assert record_journal(ledger) == (3, 0)
    [transaction] = transactions(ledger)
    assert transaction.state == "accepted"
    assert list(differences(ledger, lambda count: None)) == []


def test_entry_missing_from_the_journal_is_written_by_replay(ledger: Ledger, tmp_path: Path) -> None:
    number = register(ledger, ASKED)
    [file] = (tmp_path / "journal").iterdir()
    file.unlink()
    file.mkdir()
    match = ledger.receive(answer(number), "automatic")
    assert match.verdict == "accepted"
    assert "Error writing the journal" in match.warnings[0]
    file.rmdir()
    assert record_journal(ledger) == (0, 0)
    assert [entry["verdict"] for entry in ledger.journal.entries()] == ["requested", "accepted"]


def test_repeated_request_with_a_number_of_the_shop_is_in_the_journal_once(
    ledger: Ledger, tmp_path: Path
) -> None:
    asked = {**ASKED, "transaction_id": "000123"}
    register(ledger, asked)
    for file in (tmp_path / "journal").iterdir():
        file.unlink()
    assert record_journal(ledger) == (0, 0)
    register(ledger, {**asked, "transmission_date": "20261123101500"})
    assert [entry["fields"] for entry in ledger.journal.entries()] == [asked]
    assert list(differences(ledger, lambda count: None)) == []


@pytest.mark.parametrize("line", [
    b"{}", b"[" * 5000, b"null", b"\xff\xfe", b'{"entry": 1}', b'{"verdict": "accepted", "kind": "response"}',
    b'{"entry": "' + b"0" * 32 + b'", "time": "", "kind": "refund", "source": "", "verdict": "x", "fields": {}}',
    b'{"entry": "' + b"0" * 32 + b'", "time": "", "kind": "request", "source": "", "verdict": "x",'
    b' "fields": {"transmission_date": "2026", "transaction_id": "1"}}',
    b'{"entry": "zz", "time": "", "kind": "request", "source": "", "verdict": "x", "fields": {}}',
])  # fmt: skip
def test_invalid_line_of_the_journal_is_skipped(ledger: Ledger, tmp_path: Path, line: bytes) -> None:
    register(ledger, ASKED)
    [file] = (tmp_path / "journal").iterdir()
    file.write_bytes(line + b"\n" + file.read_bytes())
    lose(ledger)
    with ledger.rebuilding():
        assert record_journal(ledger) == (1, 1)
    assert list(differences(ledger, lambda count: None)) == [Difference("invalid_line", {"count": 1})]


def test_response_of_paypage_without_a_day_is_unknown(ledger: Ledger) -> None:
    register(ledger, ASKED, Numbering("paypage"))
    said = {name: value for name, value in answer("000001").fields.items() if name != "transmission_date"}
    match = ledger.receive(PaymentResponse(said, {}, "", "paypage"), "automatic")
    assert (match.verdict, match.why) == ("unknown", "no such request")


def test_outcome_read_by_an_executable_is_not_pending(ledger: Ledger) -> None:
    shop = Shop()
    ledger.receive(answer(register(ledger, ASKED)), "executable")
    assert (shop.notify(ledger), shop.notified) == (0, [])


def test_nested_reads_on_one_connection_are_independent(ledger: Ledger) -> None:
    for order in "AB":
        ledger.receive(answer(register(ledger, {**ASKED, "order_id": order}), order_id=order), "automatic")
    assert [len(responses_to(ledger, transaction)) for transaction in transactions(ledger)] == [1, 1]


@pytest.mark.parametrize("protocol", ["sips", "paypage"])
def test_request_reads_only_the_requests_of_its_order(tmp_path: Path, protocol: str) -> None:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal"))
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def taken(order: str) -> int:
        nonlocal steps
        steps = 0
        fields = ledger.register({**ASKED, "order_id": order}, Numbering(protocol))
        ledger.other_payment_state(fields)
        return steps

    database = ledger.database
    assert isinstance(database, SqliteDatabase)
    database._connection.set_progress_handler(count, 1)
    taken("first")
    few = taken("second"), taken("second")
    for order in range(300):
        taken(f"CMD-{order}")
    assert taken("last") <= 1.2 * few[0]
    assert taken("last") <= 1.2 * few[1]
    ledger.close()


def test_sqlite_ledger_uses_wal_and_full_synchronisation(tmp_path: Path) -> None:
    ledger = Ledger(LedgerAddress(f"sqlite:///{tmp_path}/ledger.db"), str(tmp_path / "journal"))
    assert [list(ledger.database.rows(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")] == [
        [("wal",)],
        [(2,)],
    ]
    ledger.close()


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://127.0.0.1:1/shop?user=x&password=SECRET", "(postgresql://127.0.0.1:1/shop: "),
        ("postgresql://u:SECRET@127.0.0.1:1/shop", "(postgresql://127.0.0.1:1/shop: "),
        ("postgresql:///?host=127.0.0.1&user=x&port=1", "(postgresql://127.0.0.1:1/: "),
        ("postgresql://u:SECRET%zz@127.0.0.1:1/shop", "(postgresql: LEDGER is not a PostgreSQL address"),
        ("postgresql://u:SECRET%e9@127.0.0.1:1/shop", "(postgresql: LEDGER is not a PostgreSQL address"),
    ],
)
def test_error_of_the_database_does_not_contain_the_password(tmp_path: Path, url: str, named: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        register(Ledger(LedgerAddress(url), str(tmp_path / "journal")), ASKED)
    assert "SECRET" not in str(refusal.value)
    assert named in str(refusal.value)


@pytest.mark.postgresql
def test_response_is_in_the_journal_if_postgresql_is_locked(postgresql_url: str, tmp_path: Path) -> None:
    import psycopg

    ledger = Ledger(LedgerAddress(postgresql_url), str(tmp_path / "journal"))
    number = register(ledger, ASKED)
    with psycopg.connect(postgresql_url) as other:
        other.execute("SELECT 1 FROM sogenactif_request FOR UPDATE")
        assert ledger.receive(answer(number), "automatic").verdict == "unentered"
    assert [entry["verdict"] for entry in ledger.journal.entries()] == ["requested", "unentered"]
    ledger.close()


@pytest.mark.postgresql
def test_pending_notifications_are_counted_in_any_collation(postgresql_url: str, tmp_path: Path) -> None:
    import psycopg

    # In a French database punctuation comes before digits.
    options = "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'fr'"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        name = f"{connection.info.dbname}_fr"
        connection.execute(f"CREATE DATABASE {name} {options}".encode())
    url = f"{postgresql_url.rpartition('/')[0]}/{name}"
    with closing(Ledger(LedgerAddress(url), str(tmp_path / "journal"))) as ledger:
        ledger.receive(answer(register(ledger, ASKED)), "automatic")
        [paid] = transactions(ledger)
        settle(ledger, intend(ledger, paid, "refund", 100, 1250, "CAPTURED"), "done")
        assert (pending_outcomes(ledger), pending_refunds(ledger)) == (1, 1)


def test_payment_of_paypage_with_number_zero_is_accepted(ledger: Ledger) -> None:
    register(ledger, {**ASKED, "transaction_id": "000000"}, Numbering("paypage"))
    fields = {**ASKED, "transaction_id": "000000", "response_code": "00"}
    response = PaymentResponse(fields, {}, "20261123", "paypage")
    assert ledger.receive(response, "automatic").verdict == "accepted"


@pytest.mark.postgresql
def test_serializable_transactions_do_not_reject_concurrent_requests(
    postgresql_url: str, tmp_path: Path
) -> None:
    import psycopg

    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(
            f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'".encode()
        )
    with ProcessPoolExecutor(4) as pool:
        drawn = list(pool.map(draw, [postgresql_url] * 4, [str(tmp_path / "journal")] * 4, [25] * 4))
    assert sorted(int(number) for some in drawn for number in some) == list(range(1, 101))


@pytest.mark.postgresql
def test_responses_of_one_number_on_several_days_do_not_block_each_other(
    postgresql_url: str, tmp_path: Path
) -> None:
    days, numbers = [f"202611{day:02}" for day in range(1, 9)], range(1, 11)
    at_once = Barrier(len(days), timeout=60)

    def pay(day: str) -> list[str]:
        verdicts = []
        with closing(Ledger(LedgerAddress(postgresql_url), str(tmp_path / "journal"))) as ledger:
            for number in numbers:
                fields = {**ASKED, "order_id": f"{day}-{number}", "transaction_id": f"{number:06}"}
                response = PaymentResponse({**fields, "response_code": "00"}, {}, day, "paypage")
                at_once.wait()
                verdicts.append(ledger.receive(response, "automatic").verdict)
        return verdicts

    with closing(Ledger(LedgerAddress(postgresql_url), str(tmp_path / "journal"))) as ledger:
        for day in days:
            for number in numbers:
                fields = {**ASKED, "order_id": f"{day}-{number}", "transmission_date": f"{day}120000"}
                register(ledger, fields, Numbering("paypage"))
    with ThreadPoolExecutor(len(days)) as pool:
        verdicts = [verdict for some in pool.map(pay, days) for verdict in some]
    assert verdicts == ["accepted"] * len(days) * len(numbers)
