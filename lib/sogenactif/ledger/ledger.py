"""What has happened before: requests, the responses to them, and what the shop was told.

The ledger hands out transaction identifiers, matches each response with the request it answers,
and tells the shop each outcome once. Beside it a journal keeps a line for each request and
response. On when the pathfile names a LEDGER. Days are those of Paris.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from sogenactif.configuration import Pathfile
from sogenactif.dates import PARIS, day_in_paris, read_day
from sogenactif.errors import (
    DayFull,
    JournalError,
    KitError,
    LedgerError,
    ResponseError,
    TransactionUsed,
)
from sogenactif.fields import RESPONSE, readable
from sogenactif.ledger.journal import Entry, Journal
from sogenactif.ledger.schema import Execute, open_database, rebuilt_database
from sogenactif.payment import PaymentResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.ledger.postgresql import PostgresqlDatabase
    from sogenactif.ledger.sqlite import SqliteDatabase

    Database = SqliteDatabase | PostgresqlDatabase

LAST_NUMBER = 999_999
OUTCOMES = ("accepted", "refused", "cancelled", "pending")
EXECUTABLE = "executable"
NOTE_TRIES = 6
TOO_MANY_ENTRIES, USED_ALREADY, TIME_EXCEEDED = "75", "94", "97"
# These say that nothing was authorised; what comes after them is news.
NOTHING_AUTHORISED = (TOO_MANY_ENTRIES, USED_ALREADY, TIME_EXCEEDED)
UNENTERED, UNKNOWN, FORGED = "unentered", "unknown", "forged"
LONGEST_ERROR = 300
# In a response these tell what happened, and not what was asked.
OUTCOME_FIELDS = ("payment_means", "transaction_condition")
BLANKED = dict.fromkeys(map(ord, '|;:"'), " ")
TOLD_AT_ONCE = 5

RecordOutcome = Callable[[PaymentResponse], None]
LogError = Callable[[Exception], None]


class Match:
    """What a response turned out to be.

    ``verdict`` is an outcome (accepted, refused, cancelled, pending) when this response decided it;
    duplicate when it was known; conflicting, with ``why``, or unknown when it pays nothing;
    unentered when the ledger couldn't be reached and the journal keeps it. ``outcome`` is that of
    the request as it stands now, empty where there is none; ``asked`` are the fields of the request.
    """

    def __init__(
        self,
        verdict: str,
        outcome: str = "",
        why: str = "",
        request_id: int | None = None,
        asked: Mapping[str, str] | None = None,
    ) -> None:
        self.verdict = verdict
        self.outcome = outcome
        self.why = why
        self.request_id = request_id
        self.asked = asked or {}
        self.warning = ""

    def complete(self, response: PaymentResponse) -> PaymentResponse:
        """The response with what today's server doesn't give back: the request's caddie, language…"""
        return _complete(response, self.asked)

    @property
    def entered(self) -> bool:
        """Whether the ledger has the response, and not the journal alone."""
        return self.verdict != UNENTERED

    @property
    def believed(self) -> bool:
        """Whether the response agrees with the request that it answers."""
        return self.verdict in OUTCOMES or self.verdict == "duplicate"


class Ledger:
    """The ledger and the journal of a shop. Methods raise LedgerError where the database fails."""

    def __init__(self, url: str, journal: str) -> None:
        self.url = url
        self.journal = Journal(journal)
        self._database: Database | None = None

    @property
    def database(self) -> "Database":
        """The database, opened when it is first needed: without it the journal still works."""
        if self._database is None:
            try:
                self._database = open_database(self.url, self._is_new)
            except OSError as error:
                raise LedgerError(self.journal.folder, error) from error
        return self._database

    @contextmanager
    def made_again(self) -> Iterator[None]:
        """Fill a new database in place of one that is lost; other processes see it once it is filled."""
        self.close()
        with rebuilt_database(self.url) as self._database:
            yield
        self._database = None

    def close(self) -> None:
        """Let go of the database, until it is needed again."""
        if self._database:
            self._database.close()
        self._database = None

    def is_usable(self) -> bool:
        """Whether the database that is open, if one is, still is the one at the ledger's address."""
        return self._database is None or self._database.is_usable()

    def _is_new(self) -> bool:
        """Whether nothing was ever recorded, so that a missing database is no loss."""
        return all(entry.get("verdict") == FORGED for entry in self.journal.entries())

    def register(self, fields: Mapping[str, str]) -> str:
        """Record what a request asks for, and give its transaction_id: the shop's own, or the next of the day.

        The journal has it too before this returns. Raises DayFull, TransactionUsed, JournalError.
        """
        given = fields.get("transaction_id", "")
        entry = _new_entry("request", "call_request", fields, verdict="requested")
        with self.database.transaction() as execute:
            if given:
                entry.update(_claim_number(execute, entry, fields, int(given)))
            else:
                entry["fields"] = {**fields, "transaction_id": _next_number(execute, entry, fields)}
        entry["given"] = bool(given)
        self.journal.append(journal_day(fields), entry)
        number: str = entry["fields"]["transaction_id"]
        return number

    def receive(self, response: PaymentResponse, source: str) -> Match:
        """Match a response with the request it answers, and record it, in the journal too.

        ``source`` says how it came: manual, automatic or executable (which knows the outcome then, and
        is not told it). Where the database fails the journal alone keeps it: unentered, until
        ``enter`` is called. Where the journal fails ``warning`` says so. Raises LedgerError only
        when neither could be written.
        """
        entry = _new_entry("response", source, response.fields, verdict=UNENTERED)
        if response.original:
            entry |= {"original": dict(response.original), "day": response.day}
        failure: LedgerError | None = None
        try:
            match = self.enter(entry)
        except LedgerError as error:
            match, failure = Match(UNENTERED, why=str(error)), error
        entry["verdict"] = match.verdict
        try:
            self.journal.append(_day_of(response) or _today(), entry)
        except JournalError as error:
            if failure:
                raise LedgerError(str(error), failure) from error
            match.warning = str(error)
        return match

    def refuse(self, error: KitError, source: str) -> None:
        """Note in the journal a message that can't be believed, and why; nothing of what it says. Raises JournalError."""
        entry = _new_entry("response", source, {}, verdict=FORGED)
        self.journal.append(_today(), {**entry, "error": error.logged[:LONGEST_ERROR]})

    def enter(self, entry: Entry) -> Match:
        """Record the response of a journal's entry; one that is recorded already keeps its verdict."""
        response = PaymentResponse(entry["fields"], entry.get("original", {}), entry.get("day", ""))
        with self.database.transaction() as execute:
            known = execute(
                "SELECT verdict, request_id FROM sogenactif_response WHERE entry = ?", entry["entry"]
            )
            if known:
                return Match(known[0][0], request_id=known[0][1])
            match = _match(execute, response)
            recorded = entry["verdict"]
            if recorded != UNENTERED:
                match = _as_recorded(execute, match, recorded, response)
            [[number]] = execute(
                "INSERT INTO sogenactif_response (entry, received, source, request_id, verdict, fields)"
                " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                entry["entry"], entry["time"], entry["source"], match.request_id, match.verdict,
                json.dumps(entry["fields"]),
            )  # fmt: skip
            _decide(execute, match, number)
            if entry["source"] == EXECUTABLE and match.verdict in OUTCOMES:
                execute("UPDATE sogenactif_request SET told = outcome WHERE id = ?", match.request_id)
        return match

    def match_again(self) -> int:
        """Match the responses that answered no request with those entered since; how many found theirs."""
        unknown = list(
            self.database.rows("SELECT id, fields FROM sogenactif_response WHERE verdict = ?", UNKNOWN)
        )
        found = 0
        for number, fields in unknown:
            with self.database.transaction() as execute:
                match = _match(execute, PaymentResponse(json.loads(fields)))
                if match.request_id is not None:
                    found += 1
                    execute(
                        "UPDATE sogenactif_response SET verdict = ?, request_id = ? WHERE id = ?",
                        match.verdict, match.request_id, number,
                    )  # fmt: skip
                    _decide(execute, match, number)
        return found

    def entries_only_here(self, seen: Collection[str]) -> Iterator[Entry]:
        """What the database has and a journal with these entries hasn't, as the journal would say it."""
        statements = {
            "request": "SELECT entry, made, 'call_request', 'requested', fields FROM sogenactif_request",
            "response": "SELECT entry, received, source, verdict, fields FROM sogenactif_response",
        }
        for kind, statement in statements.items():
            for identifier, time, source, verdict, fields in self.database.rows(statement):
                if identifier not in seen:
                    yield {
                        "entry": identifier, "time": time, "kind": kind, "source": source,
                        "verdict": verdict, "fields": json.loads(fields),
                    }  # fmt: skip

    def has(self, entry: Entry) -> bool:
        """Whether a journal's entry is in the ledger."""
        table = "sogenactif_request" if entry["kind"] == "request" else "sogenactif_response"
        return bool(list(self.database.rows(f"SELECT 1 FROM {table} WHERE entry = ?", entry["entry"])))

    def enter_request(self, entry: Entry) -> None:
        """Record the request of a journal's entry that the ledger hasn't."""
        fields = entry["fields"]
        number = int(fields["transaction_id"])
        with self.database.transaction() as execute:
            _claim_number(execute, entry, fields, number)
            if not entry.get("given"):
                execute(
                    "INSERT INTO sogenactif_counter VALUES (?, ?, ?) ON CONFLICT (merchant, day)"
                    " DO UPDATE SET last = excluded.last WHERE sogenactif_counter.last < excluded.last",
                    _merchant(fields), journal_day(fields), number,
                )  # fmt: skip

    def tell(
        self,
        record_outcome: RecordOutcome,
        log: LogError,
        first: int | None = None,
        most: int | None = TOLD_AT_ONCE,
    ) -> int:
        """Tell the shop the outcomes that it was not told, that of request ``first`` before others.

        ``record_outcome`` is called once for an outcome, by one process at a time; where it raises,
        the error is given to ``log`` and the outcome is told another time. At most ``most`` of
        those left behind are told, none after one that fails; None tells all it can. Returns how
        many the shop now knows.
        """
        statement = "SELECT id FROM sogenactif_request WHERE outcome <> told ORDER BY attempts, id"
        waiting = list(self.database.rows(statement + (f" LIMIT {most}" if most else "")))
        numbers = dict.fromkeys([*([first] if first is not None else []), *(row[0] for row in waiting)])
        told = 0
        for number in numbers:
            known = self._tell_one(number, record_outcome, log)
            told += bool(known)
            if known is False and most is not None:
                break
        return told

    def untold(self) -> int:
        """How many outcomes the shop was not told."""
        [[count]] = self.database.rows("SELECT count(*) FROM sogenactif_request WHERE outcome <> told")
        return int(count)

    def _tell_one(self, number: int, record_outcome: RecordOutcome, log: LogError) -> bool | None:
        """Whether the shop was told, None where there was nothing to tell or another process does it."""
        with self.database.claim(number) as mine:
            if not mine:
                return None
            rows = list(
                self.database.rows(
                    "SELECT request.outcome, response.fields, request.fields FROM sogenactif_request AS request"
                    " JOIN sogenactif_response AS response ON response.id = request.decided_by"
                    " WHERE request.id = ? AND request.outcome <> request.told",
                    number,
                )
            )
            if not rows:
                return None
            [[outcome, fields, asked]] = rows
            try:
                record_outcome(_complete(PaymentResponse(json.loads(fields)), json.loads(asked)))
                told = True
            except Exception as error:
                log(error)
                told = False
            self._note_telling(number, outcome, told)
            return told

    def _note_telling(self, number: int, outcome: str, told: bool) -> None:
        """Note whether the shop was told: again and again, for it must not be told twice."""
        for tries_left in reversed(range(NOTE_TRIES if told else 1)):
            try:
                # Where the power fails now the shop is told again: cheaper than to wait for the disk each time.
                with self.database.transaction(flush=False) as execute:
                    if told:
                        execute("UPDATE sogenactif_request SET told = ? WHERE id = ?", outcome, number)
                    else:
                        execute("UPDATE sogenactif_request SET attempts = attempts + 1 WHERE id = ?", number)
                return
            except LedgerError:
                if not tries_left:
                    raise


@contextmanager
def opened_ledger(pathfile: Pathfile) -> Iterator[Ledger | None]:
    """The ledger that a pathfile names, None if it names none; closed at the end."""
    if not pathfile.ledger:
        yield None
        return
    ledger = Ledger(pathfile.ledger.url, pathfile.journal)
    try:
        yield ledger
    finally:
        ledger.close()


def _as_recorded(execute: Execute, match: Match, verdict: str, response: PaymentResponse) -> Match:
    """A match as it was decided when the response came.

    Two responses that came at once may stand in the journal in the other order: an authorisation
    that is final stays, whatever the journal has after it.
    """
    if match.request_id is None or verdict == UNKNOWN:
        return Match(UNKNOWN, why=match.why)
    decisions = execute(
        "SELECT response.fields FROM sogenactif_request AS request"
        " JOIN sogenactif_response AS response ON response.id = request.decided_by WHERE request.id = ?",
        match.request_id,
    )
    final = any(_is_final(PaymentResponse(json.loads(fields))) for [fields] in decisions)
    outcome = "" if final else response.outcome
    return Match(verdict, outcome, match.why, match.request_id, match.asked)


def _is_final(response: PaymentResponse) -> bool:
    """Whether a response tells what the bank decided: before that the customer may come back."""
    return response.outcome in ("accepted", "refused") and response["response_code"] not in NOTHING_AUTHORISED


def _decide(execute: Execute, match: Match, number: int) -> None:
    """Let a response that decides its request decide it."""
    if match.verdict in OUTCOMES and match.verdict == match.outcome:
        execute(
            "UPDATE sogenactif_request SET outcome = ?, decided_by = ?, attempts = 0 WHERE id = ?",
            match.outcome, number, match.request_id,
        )  # fmt: skip


def _match(execute: Execute, response: PaymentResponse) -> Match:
    found = _asked(execute, response)
    if not found:
        return Match(UNKNOWN, why="no such request")
    number, asked, outcome, decided_by = found
    other = _differing(response, asked)
    if other:
        return Match("conflicting", outcome, f"another {other}", number, asked)
    if not outcome:
        return Match(response.outcome, response.outcome, "", number, asked)
    decisions = execute(
        "SELECT id, fields FROM sogenactif_response WHERE request_id = ? AND verdict IN (?, ?, ?, ?)",
        number, *OUTCOMES,
    )  # fmt: skip
    earlier = {row[0]: PaymentResponse(json.loads(row[1])) for row in decisions}
    used_already = response["response_code"] == USED_ALREADY and "transmission_date" not in response.fields
    if used_already or _identity(response) in map(_identity, earlier.values()):
        return Match("duplicate", outcome, "", number, asked)
    before = earlier[decided_by]
    if not _is_final(before):
        return Match(response.outcome, response.outcome, "", number, asked)
    return Match("conflicting", outcome, f"{response.outcome} after {outcome}", number, asked)


def _asked(execute: Execute, response: PaymentResponse) -> tuple[int, dict[str, str], str, int] | None:
    """The request that a response answers: its id, fields, outcome, and the response that decided it.

    Today's server names no country; and its day is the one on which the customer reached it, so
    that a form shown before midnight may be answered as of the day after.
    """
    if not response["transaction_id"] or not _day_of(response):
        return None
    number, day = int(response["transaction_id"]), _day_of(response)
    columns = "SELECT id, fields, outcome, decided_by FROM sogenactif_request"
    if "transmission_date" in response.fields:
        rows = execute(
            f"{columns} WHERE merchant = ? AND day = ? AND transaction_id = ? {{lock}}",
            _merchant(response.fields), day, number,
        )  # fmt: skip
        return (rows[0][0], json.loads(rows[0][1]), *rows[0][2:]) if rows else None
    before = f"{read_day(day) - timedelta(days=1):%Y%m%d}"
    rows = execute(
        f"{columns} WHERE day IN (?, ?) AND transaction_id = ? ORDER BY day DESC {{lock}}",
        day, before, number,
    )  # fmt: skip
    found = [(row[0], json.loads(row[1]), *row[2:]) for row in rows]
    own = [row for row in found if row[1].get("merchant_id") == response["merchant_id"]]
    agreeing = [row for row in own if not _differing(response, row[1])]
    return next(iter(agreeing or own), None)


def _differing(response: PaymentResponse, asked: Mapping[str, str]) -> str:
    """The first field in which a response isn't the one to a request; empty where it may be."""
    for name, plain in (("amount", _number), ("currency_code", _number), ("order_id", _blanked)):
        if plain(response[name]) != plain(asked.get(name, "")):
            return name
    return ""


def _complete(response: PaymentResponse, asked: Mapping[str, str]) -> PaymentResponse:
    """A response of today's server with the fields of its request that the server doesn't give back."""
    if "transmission_date" in response.fields:
        return response
    kept = {name: asked[name] for name in RESPONSE.values() if asked.get(name) and name not in OUTCOME_FIELDS}
    return PaymentResponse({**kept, **response.fields}, response.original, response.day)


def _number(digits: str) -> str:
    return digits.lstrip("0")


def _blanked(order_id: str) -> str:
    """As the server gives it back: it makes blanks of the characters that it forbids."""
    return readable(order_id).translate(BLANKED)


def _identity(response: PaymentResponse) -> tuple[str, ...]:
    return tuple(response[name] for name in ("response_code", "authorisation_id", "payment_certificate"))


def _next_number(execute: Execute, entry: Entry, fields: Mapping[str, str]) -> str:
    merchant, day = _merchant(fields), journal_day(fields)
    while True:
        [[number]] = execute(
            "INSERT INTO sogenactif_counter VALUES (?, ?, 1) ON CONFLICT (merchant, day)"
            " DO UPDATE SET last = sogenactif_counter.last + 1 RETURNING last",
            merchant, day,
        )  # fmt: skip
        if number > LAST_NUMBER:
            raise DayFull(merchant, day)
        transaction_id = f"{number:06}"
        if _insert(execute, entry, {**fields, "transaction_id": transaction_id}, number):
            return transaction_id


def _claim_number(execute: Execute, entry: Entry, fields: Mapping[str, str], number: int) -> Entry:
    """Record a request with the shop's own number; what the journal says otherwise where it was asked before."""
    if _insert(execute, entry, fields, number):
        return {}
    merchant, day = _merchant(fields), journal_day(fields)
    [[identifier, recorded]] = execute(
        "SELECT entry, fields FROM sogenactif_request WHERE merchant = ? AND day = ? AND transaction_id = ?",
        merchant, day, number,
    )  # fmt: skip
    before = json.loads(recorded)
    other = sorted(
        name
        for name in before.keys() | fields.keys()
        if name not in ("transmission_date", "transaction_id") and before.get(name) != fields.get(name)
    )
    if other:
        raise TransactionUsed(fields["transaction_id"], day, ", ".join(other))
    return {"entry": identifier, "fields": before}


def _insert(execute: Execute, entry: Entry, fields: Mapping[str, str], number: int) -> bool:
    return bool(
        execute(
            "INSERT INTO sogenactif_request (entry, made, merchant, day, transaction_id, order_id, fields)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
            entry["entry"], entry["time"], _merchant(fields), journal_day(fields), number,
            searchable(fields.get("order_id", "")), json.dumps(dict(fields)),
        )
    )  # fmt: skip


def searchable(order_id: str) -> str:
    """An order's number as the database holds it: bytes that are no text are written as escapes."""
    return order_id.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _merchant(fields: Mapping[str, str]) -> str:
    return f"{fields.get('merchant_country', '')}.{fields.get('merchant_id', '')}"


def journal_day(fields: Mapping[str, str]) -> str:
    """The day of a request in Paris, aaaammjj; the guide's responses carry the moment of theirs."""
    try:
        return day_in_paris(fields["transmission_date"])
    except (ValueError, OverflowError):
        raise ResponseError("transmission_date") from None


def _day_of(response: PaymentResponse) -> str:
    """The day of the transaction_id of a response; empty where today's server names none."""
    if "transmission_date" in response.fields:
        return journal_day(response.fields)
    return response.day or response["payment_date"]


def _today() -> str:
    return datetime.now(PARIS).strftime("%Y%m%d")


def _new_entry(kind: str, source: str, fields: Mapping[str, str], verdict: str) -> Entry:
    now = datetime.now(timezone.utc)
    return {
        # Begins with the moment, so that a large ledger's index grows at its end.
        "entry": f"{int(now.timestamp() * 1000):012x}{os.urandom(10).hex()}",
        "time": now.isoformat(),
        "kind": kind,
        "source": source,
        "verdict": verdict,
        "fields": dict(fields),
    }
