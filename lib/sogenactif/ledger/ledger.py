"""The ledger: requests, the responses to them, and their outcomes.

A request gets its transaction number when it is recorded (``numbers``); a response is matched with the
request it answers (``matching``). The shop is notified of each outcome (``notification``). Beside the ledger the
journal has lines for each request, response and operation. What is acknowledged was flushed to the disk once: in the
ledger, or in the journal if it could not be recorded there. It is used if the pathfile names a LEDGER. Days are those
of Paris.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from sogenactif.configuration import PAYPAGE, SIPS, LedgerAddress
from sogenactif.dates import PARIS, today
from sogenactif.errors import (
    CallError,
    JournalError,
    KitError,
    LedgerError,
    TransactionUsed,
)
from sogenactif.fields import MAX_LENGTH
from sogenactif.ledger.journal import Entry, Journal, journal_day, new_entry
from sogenactif.ledger.matching import (
    FORGED,
    OUTCOMES,
    UNKNOWN,
    UNRECORDED,
    Match,
    Request,
    adjacent_days,
    as_recorded,
    differing_fields,
    find_request,
    judge,
)
from sogenactif.ledger.numbers import (
    Query,
    assign_number,
    find_registered,
    insert_request,
    limit_unanswered,
    raise_counter,
)
from sogenactif.ledger.schema import Execute, Row, merchant_of, open_database, rebuilt_database, searchable
from sogenactif.payment import PaymentResponse
from sogenactif.protocols import (
    CHALLENGE,
    CHALLENGE_KEY,
    TOKEN,
    TOKEN_FIELD,
    Numbering,
    identifier,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.ledger.postgresql import PostgresqlDatabase
    from sogenactif.ledger.sqlite import SqliteDatabase

    Database = SqliteDatabase | PostgresqlDatabase

EXECUTABLE = "executable"
# The file beside the journal that names the days of responses that only the journal has.
UNRECORDED_DAYS = "unrecorded"
# How many transactions a line of the log names.
MAX_LOGGED = 3
MANY_NUMBERS = 100_000
# For how long a request that nothing answered may still be open in another window of its customer.
OPEN_MINUTES = 30
# How often the same message is recorded: a customer holds a sealed response, and can post it any number of times.
MAX_REPEATED = 20
SIPS_NUMBERING = Numbering()
REQUEST_COLUMNS = "id, protocol, day, reference, fields, outcome, decided_by"
RESPONSE_COLUMNS = "id, protocol, day, original, fields"
INSERT_RESPONSE = """
    INSERT INTO sogenactif_response
        (entry, received, source, request_id, verdict, protocol, day, original, fields)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""
SET_VERDICT = "UPDATE sogenactif_response SET verdict = ?, request_id = ? WHERE id = ?"
SET_OUTCOME = """
    UPDATE sogenactif_request SET outcome = ?, decided_by = ?, attempts = ?, unfinished = ?, printed = ''
    WHERE id = ?
"""
SELECT_DECIDING = f"""
    SELECT {RESPONSE_COLUMNS} FROM sogenactif_response WHERE request_id = ? AND verdict IN (?, ?, ?, ?)
"""
SELECT_PAID = """
    SELECT day, transaction_id FROM sogenactif_request
    WHERE order_id = ? AND merchant = ? AND outcome = 'accepted' AND id <> ? ORDER BY id LIMIT ?
"""
SELECT_OTHER_PAYMENTS = """
    SELECT outcome, fields FROM sogenactif_request
    WHERE order_id = ? AND merchant = ? AND day IN (?, ?) AND NOT (day = ? AND transaction_id = ?)
    AND (outcome IN ('accepted', 'pending') OR outcome = '' AND made > ?)
"""
SELECT_REFUSALS = """
    SELECT response.protocol, response.day, response.original, response.fields
    FROM sogenactif_request AS request JOIN sogenactif_response AS response ON response.request_id = request.id
    WHERE request.order_id = ? AND request.merchant = ? AND response.protocol = ? AND response.verdict = 'refused'
"""

LogError = Callable[[BaseException], None]


class Ledger:
    """Record a shop's payments in the ledger and the journal. Methods raise LedgerError if the database fails."""

    def __init__(self, address: LedgerAddress, journal: str) -> None:
        self.address = address
        self.journal = Journal(journal)
        self._database: Database | None = None
        # A sentence for the log about the last request that was registered.
        self.warning = ""

    def __repr__(self) -> str:
        return f"<Ledger {self.address.url.partition(':')[0]}, journal {self.journal.folder}>"

    @property
    def database(self) -> "Database":
        """Return the database, opened on first use: without it the journal still works."""
        if self._database is None:
            try:
                self._database = open_database(self.address, self._is_new)
            except OSError as error:
                raise LedgerError(self.journal.folder, error) from error
        return self._database

    @contextmanager
    def rebuilding(self) -> Iterator[None]:
        """Fill a new database in place of a lost one; other processes see it once it is filled."""
        self.close()
        with rebuilt_database(self.address) as self._database:
            yield
        self._database = None

    def close(self) -> None:
        """Close the database, until it is needed again."""
        if self._database:
            self._database.close()
        self._database = None

    def lacks_responses(self) -> bool:
        """Return whether the journal has responses that arrived while the database could not be reached."""
        return os.path.exists(f"{self.journal.folder}/{UNRECORDED_DAYS}")

    def make_up_for_outage(self, log: LogError) -> None:
        """Record the responses that only the journal has; an error, which concerns other payments, is given to ``log``."""
        if not self.lacks_responses():
            return
        from sogenactif.ledger.rebuild import record_unrecorded

        try:
            record_unrecorded(self)
        except (KitError, OSError) as error:
            log(error)

    def is_usable(self) -> bool:
        """Return whether the open database, if there is one, still is the one at the ledger's address."""
        return self._database is None or self._database.is_usable()

    def _is_new(self) -> bool:
        """Return whether nothing was ever recorded, so that a missing database is no loss."""
        return all(entry.get("verdict") == FORGED for entry in self.journal.entries())

    # Requests

    def register(self, fields: Mapping[str, str], numbering: Numbering = SIPS_NUMBERING) -> Mapping[str, str]:
        """Record a request, and return its fields as they are to be sealed.

        Its transaction_id is the shop's own, or that of the same order if it is unanswered (Sips 1.0), or the next of
        the day. A request that is recorded already, in all its fields, is returned as it is and nothing is
        written. After a soft decline of its order it asks for strong authentication. A new request is on the disk, and
        in the journal too, before this returns. Raises CallError, DayFull, OrderFull, TransactionUsed, JournalError.
        """
        self.warning = ""
        given, order_id = fields.get("transaction_id", ""), fields.get("order_id", "")
        by_number = not (numbering.by_reference or numbering.by_server)
        if not order_id and numbering.protocol == PAYPAGE and by_number:
            raise CallError("order_id not filled, and PAYPAGE_REFERENCE!transactionId! needs it")
        fields = self._after_soft_decline(fields, numbering)
        recorded = find_registered(self.database.rows, fields, numbering)
        if recorded and not differing_fields(recorded["fields"], fields):
            return dict(recorded["fields"])
        entry = new_entry("request", "call_request", "requested")
        entry |= {"protocol": numbering.protocol, "given": bool(given), "fields": dict(fields)}
        if numbering.first > 1:
            entry["first"] = numbering.first
        with self.database.transaction() as execute:
            recorded = find_registered(execute, fields, numbering)
            if recorded:
                if not differing_fields(recorded["fields"], fields):
                    return dict(recorded["fields"])
                entry |= {"entry": recorded["entry"], "time": recorded["made"]}
                entry["fields"] = {**fields, **_identifiers(recorded["fields"])}
                _update_request(execute, entry)
                # The lines of a request must be in the order in which they were recorded. This one is flushed: if a
                # power cut took it, replay would record the line before it again.
                self.journal.append(journal_day(fields), entry)
                return dict(entry["fields"])
            if order_id and numbering.protocol == PAYPAGE:
                limit_unanswered(execute, fields)
            if given:
                if not insert_request(execute, entry, numbering, int(given)):
                    raise TransactionUsed(given, journal_day(fields), "for an instalment of another payment")
            else:
                assigned = assign_number(execute, entry, numbering) - numbering.first + 1
                if assigned % MANY_NUMBERS == 0:
                    day = journal_day(fields)
                    self.warning = f"{assigned} transaction numbers of {day} are used: look for a robot in the access log"
        self.journal.append(journal_day(fields), entry, flush=False)
        return dict(entry["fields"])

    def _after_soft_decline(self, fields: Mapping[str, str], numbering: Numbering) -> Mapping[str, str]:
        """Return the fields of a request, with strong authentication if its order had a soft decline."""
        order_id = fields.get("order_id", "")
        strong = fields.get(CHALLENGE_KEY, "").startswith(CHALLENGE)
        if not order_id or strong or numbering.protocol != PAYPAGE:
            return fields
        rows = [*self.database.rows(SELECT_REFUSALS, searchable(order_id), merchant_of(fields), PAYPAGE)]
        if any(stored_response(*row).soft_decline for row in rows):
            return {**fields, CHALLENGE_KEY: CHALLENGE}
        return fields

    def other_payment_state(self, fields: Mapping[str, str]) -> str:
        """Return the state of another request for the same order and amount since yesterday.

        That is accepted, pending, or waiting (no outcome, less than half an hour old); empty if there is none. Nothing
        is written. A page that was only looked at can't be distinguished from one that is being paid.
        """
        order_id, day = fields.get("order_id", ""), journal_day(fields)
        if not order_id:
            return ""
        now = datetime.now(timezone.utc)
        yesterday = f"{now.astimezone(PARIS) - timedelta(days=1):%Y%m%d}"
        own = day, int(fields["transaction_id"])
        since = (now - timedelta(minutes=OPEN_MINUTES)).isoformat()
        values = (searchable(order_id), merchant_of(fields), day, yesterday, *own, since)
        states = set()
        for outcome, recorded in self.database.rows(SELECT_OTHER_PAYMENTS, *values):
            requested = json.loads(recorded)
            if all(requested.get(name) == fields.get(name) for name in ("amount", "currency_code")):
                states.add(outcome or "waiting")
        return next((state for state in ("accepted", "pending", "waiting") if state in states), "")

    def record_request(self, entry: Entry) -> None:
        """Record the request of a journal's entry, which the ledger lacks or has in an earlier form."""
        fields = entry["fields"]
        number = int(fields["transaction_id"])
        protocol = entry.get("protocol", "")
        # The reference is that of the entry: the pathfile may have changed since.
        numbering = Numbering(protocol, bool(entry.get("reference")))
        with self.database.transaction() as execute:
            if execute("SELECT 1 FROM sogenactif_request WHERE entry = ?", entry["entry"]):
                _update_request(execute, entry)
                return
            if not insert_request(execute, entry, numbering, number, entry.get("reference", "")):
                raise TransactionUsed(fields["transaction_id"], journal_day(fields), "for another entry")
            if not entry.get("given"):
                raise_counter(execute, fields, entry.get("first", 1))

    # Responses

    def receive(self, response: PaymentResponse, source: str, notifies: bool = False) -> Match:
        """Match a response with the request it answers, and record it on the disk, in the journal too.

        ``source`` says how it arrived: manual, automatic or executable, which prints it. ``notifies`` says that the
        caller notifies the shop next, if the response is news: the attempt is counted in the same transaction. If the
        database fails, the response is flushed to the journal, with the verdict unrecorded until ``record_response`` is
        called. If the journal fails, ``warnings`` say so. A message that was recorded many times is not recorded again,
        in either. Raises LedgerError only if neither could be written.
        """
        entry = new_entry("response", source, UNRECORDED) | response.stored
        failure: LedgerError | None = None
        try:
            match = self.record_response(entry, source == EXECUTABLE, arriving=True, notifies=notifies)
        except LedgerError as error:
            match, failure = Match(UNRECORDED, why=str(error)), error
            match.is_repeated = self._is_repeated_in_journal(response)
        if match.is_repeated:
            return match
        entry["verdict"] = match.verdict
        # What only the journal has was printed as it was sealed.
        if failure and source == EXECUTABLE:
            entry["printed"] = True
        try:
            self.journal.append(response.day or today(), entry, flush=failure is not None)
        except JournalError as error:
            if failure:
                raise LedgerError(str(error), failure) from error
            match.warnings.append(str(error))
        if failure:
            from sogenactif.ledger.rebuild import note_unrecorded

            note_unrecorded(self.journal.folder, response.day or today())
        return match

    def _is_repeated_in_journal(self, response: PaymentResponse) -> bool:
        """Return whether the journal of the day has a message as often as the ledger would record it."""
        stored = response.stored
        # Parts of the line as it is written: to parse each line would take too long.
        wanted = [json.dumps({name: stored[name]})[1:-1].encode() for name in ("original", "fields")]
        count = 0
        try:
            with open(f"{self.journal.folder}/{response.day or today()}.jsonl", "rb") as file:
                for line in file:
                    count += all(part in line for part in wanted)
                    if count == MAX_REPEATED:
                        return True
        except OSError:
            # The line that follows reports it.
            return False
        return False

    def record_response(
        self, entry: Entry, printing: bool = False, arriving: bool = False, notifies: bool = False
    ) -> Match:
        """Record the response of a journal's entry; one that is recorded already keeps its verdict.

        ``printing`` says that an executable is about to print it, ``arriving`` that it is recorded nowhere yet,
        ``notifies`` that the shop is notified next, if it is news.
        """
        response = PaymentResponse.from_stored(entry)
        with self.database.transaction() as execute:
            select = "SELECT verdict, request_id FROM sogenactif_response WHERE entry = ?"
            row = None if arriving else execute(select, entry["entry"])
            if row:
                return Match(row[0][0], request_id=row[0][1])
            match = _match(execute, response)
            if entry["verdict"] != UNRECORDED:
                printing = printing or entry["source"] == EXECUTABLE
                decided = _deciding(execute, match.request_id) if match.request_id is not None else {}
                match = as_recorded(match, entry["verdict"], response, list(decided.values()))
            stored = response.stored
            original, fields = json.dumps(stored["original"]), json.dumps(stored["fields"])
            if arriving and match.verdict not in OUTCOMES:
                match.is_repeated = _is_repeated(execute, match, stored["protocol"], original, fields)
            decided_now = False
            if not match.is_repeated:
                values = [entry["entry"], entry["time"], entry["source"], match.request_id, match.verdict]
                values += [stored["protocol"], stored["day"], original, fields]
                [[response_id]] = execute(INSERT_RESPONSE, *values)
                decided_now = _decide(execute, match, response_id, notifies)
            if printing or entry.get("printed"):
                if decided_now:
                    execute("UPDATE sogenactif_request SET printed = outcome WHERE id = ?", match.request_id)
            elif match.is_trusted and not decided_now:
                # A script received it too: its function is to be called.
                execute(
                    "UPDATE sogenactif_request SET printed = '' WHERE id = ? AND printed <> ''",
                    match.request_id,
                )
            if decided_now and match.verdict == "accepted":
                match.warnings += _paid_before(execute, match)
        return match

    def match_again(self) -> int:
        """Match the unknown responses with the requests recorded since; return how many now have theirs."""
        statement = f"SELECT {RESPONSE_COLUMNS} FROM sogenactif_response WHERE verdict = ?"
        unknown = list(self.database.rows(statement, UNKNOWN))
        matched = 0
        for response_id, *stored in unknown:
            with self.database.transaction() as execute:
                match = _match(execute, stored_response(*stored))
                if match.request_id is not None:
                    matched += 1
                    execute(SET_VERDICT, match.verdict, match.request_id, response_id)
                    _decide(execute, match, response_id)
        return matched

    def has_entry(self, entry: Entry) -> bool:
        """Return whether the ledger has an entry of the journal, in the form of this line."""
        recorded = self.stored_fields(entry)
        return recorded is not None and (entry["kind"] == "response" or recorded == entry["fields"])

    def stored_fields(self, entry: Entry) -> dict[str, str] | None:
        """Return the fields with which the ledger has an entry of the journal, None if it lacks the entry."""
        statement = f"SELECT fields FROM sogenactif_{entry['kind']} WHERE entry = ?"
        rows = list(self.database.rows(statement, entry["entry"]))
        return json.loads(rows[0][0]) if rows else None

    def open_request_id(self, claim: PaymentResponse) -> int | None:
        """Return the ID of the request that an unverified response names; None if there is none, or if it is accepted."""
        request = find_request(claim, _candidates(self.database.rows, claim))
        return request.id if request and request.outcome != "accepted" else None


def stored_response(protocol: str, day: str, original: str, fields: str) -> PaymentResponse:
    """Make the response of a row, from its columns of these names."""
    return PaymentResponse.from_stored(
        {"protocol": protocol, "day": day, "original": json.loads(original), "fields": json.loads(fields)}
    )


def _identifiers(fields: Mapping[str, str]) -> dict[str, str]:
    names = ("transaction_id", "transmission_date", TOKEN_FIELD)
    return {name: fields[name] for name in names if name in fields}


def _update_request(execute: Execute, entry: Entry) -> None:
    update = "UPDATE sogenactif_request SET fields = ? WHERE entry = ?"
    execute(update, json.dumps(entry["fields"]), entry["entry"])


def _match(execute: Execute, response: PaymentResponse) -> Match:
    # At most one request of Sips 1.0 fits, so all candidates may be locked.
    request = find_request(
        response, _candidates(execute, response, "{lock}" if response.protocol == SIPS else "")
    )
    if not request:
        return Match(UNKNOWN, why="no such request")
    if response.protocol != SIPS:
        # This one alone is locked: transactions that lock several, in orders of their own, would block each other.
        [row] = execute(f"SELECT {REQUEST_COLUMNS} FROM sogenactif_request WHERE id = ? {{lock}}", request.id)
        request = _request(*row)
    return judge(response, request, _deciding(execute, request.id) if request.outcome else {})


def _candidates(query: Query, response: PaymentResponse, lock: str = "") -> list[Request]:
    """Return the requests that a response may answer, by number or reference; ``find_request`` compares the rest.

    ``lock`` ends the statement of Sips 1.0.
    """
    digits = response["transaction_id"].lstrip("0")
    # A forged response may have any number of digits, and one of Paypage none.
    has_number = response["transaction_id"] != "" and len(digits) <= MAX_LENGTH["transaction_id"]
    number = int(digits or 0) if has_number else -1
    columns = f"SELECT {REQUEST_COLUMNS} FROM sogenactif_request"
    rows: list[Row] = []
    if response.protocol == SIPS:
        conditions = "merchant = ? AND day = ? AND transaction_id = ?"
        merchant = merchant_of(response.fields)
        rows += query(f"{columns} WHERE {conditions} {lock}", merchant, response.day, number)
    else:
        reference = identifier(response.original)
        if reference:
            rows += query(f"{columns} WHERE reference = ? AND reference <> ''", searchable(reference))
        if has_number and response.day and not rows and not TOKEN.match(reference):
            days = adjacent_days(response.day)
            rows += query(f"{columns} WHERE transaction_id = ? AND day IN (?, ?, ?)", number, *days)
            conditions = "outcome = '' AND transaction_id = ? AND day NOT IN (?, ?, ?)"
            rows += query(f"{columns} WHERE {conditions}", number, *days)
    return [_request(*row) for row in rows]


def _request(
    id: int, protocol: str, day: str, reference: str, fields: str, outcome: str, decided_by: int | None
) -> Request:
    """Make the request of a row, from REQUEST_COLUMNS."""
    return Request(id, protocol, day, reference, json.loads(fields), outcome, decided_by)


def _deciding(execute: Execute, request_id: int) -> dict[int, PaymentResponse]:
    """Return the responses that decided a request so far, by their ID."""
    rows = execute(SELECT_DECIDING, request_id, *OUTCOMES)
    return {row[0]: stored_response(*row[1:]) for row in rows}


def _is_repeated(execute: Execute, match: Match, protocol: str, original: str, fields: str) -> bool:
    """Return whether a message is recorded as often as one may be."""
    request_id = [] if match.request_id is None else [match.request_id]
    answers = "request_id = ?" if request_id else "request_id IS NULL"
    same = f"{answers} AND protocol = ? AND original = ? AND fields = ?"
    statement = f"SELECT 1 FROM sogenactif_response WHERE {same} LIMIT ?"
    rows = execute(statement, *request_id, protocol, original, fields, MAX_REPEATED)
    return len(rows) == MAX_REPEATED


def _decide(execute: Execute, match: Match, response_id: int, notifies: bool = False) -> bool:
    """Set the outcome of the request if this response decides it; return whether it does."""
    if match.verdict not in OUTCOMES or match.verdict != match.outcome:
        return False
    attempts = int(notifies)
    execute(SET_OUTCOME, match.outcome, response_id, attempts, attempts, match.request_id)
    match.is_counted = notifies
    return True


def _paid_before(execute: Execute, match: Match) -> list[str]:
    """Return a warning if other requests of the same order were accepted too; the first ones are named."""
    order_id = searchable(match.requested.get("order_id", ""))
    merchant = merchant_of(match.requested)
    rows = order_id and execute(SELECT_PAID, order_id, merchant, match.request_id, MAX_LOGGED)
    if not rows:
        return []
    paid = ", ".join(f"{day}-{number:06}" for day, number in rows)
    number = match.requested["transaction_id"]
    return [f"transaction {number} pays an order that {paid} paid already: refund one of them"]
