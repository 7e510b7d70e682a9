"""Reception of every payment response: opened, verified, matched and recorded.

The scripts and the executables call ``receive`` and present its result. A message that can't be
trusted is noted. If it may be genuine it is stored whole, for ``verify_again``.
"""

import contextlib
import json
import os
from collections.abc import Callable, Mapping

from sogenactif import protocols
from sogenactif.configuration import Pathfile
from sogenactif.errors import (
    ConfigurationError,
    InitialisationError,
    KitError,
    LedgerError,
    MessageError,
    SecretMissing,
)
from sogenactif.payment import PaymentResponse, read_outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.ledger.ledger import Ledger
    from sogenactif.ledger.matching import Match

# Daily limits, in bytes, on what an attacker can make the kit store by posting garbage or forged responses to their
# own requests.
MAX_NOTES_BYTES, MAX_STORED_BYTES, MAX_STORED_BYTES_PER_REQUEST = 4 << 20, 32 << 20, 64 << 10
MAX_STORED_BYTES_PER_DAY = 256 << 20
UNVERIFIED = "unverified"

Log = Callable[[str, Exception], None]


class Received:
    """Hold a response that may be shown; ``match`` is None without a ledger."""

    def __init__(self, response: PaymentResponse, match: "Match | None") -> None:
        self.response = response
        self.match = match

    def __repr__(self) -> str:
        return f"<Received {self.response!r} {self.match!r}>"

    @property
    def state(self) -> str:
        """Return the outcome of the payment as far as it is known: pending if the ledger could not be reached."""
        if self.match is None:
            return self.response.outcome
        return self.match.outcome if self.match.is_recorded else "pending"


def receive(
    message: str | Mapping[str, str],
    pathfile: Pathfile,
    ledger: "Ledger | None",
    source: str,
    log: Log,
    notifies: bool = False,
) -> Received:
    """Open, verify, match and record the response in a post, or in the argument of ``response``.

    ``source`` says how it arrived: manual, automatic or executable. ``log`` is called with an event and an error
    if the response counts and the merchant has to know something about it. ``notifies`` says that the caller
    notifies the shop next. Raises MessageError, ConfigurationError, and LedgerError if neither the ledger nor the
    journal could be written.
    """
    try:
        response = read_outcome(message, pathfile)
    except (MessageError, ConfigurationError) as error:
        if ledger and not isinstance(error, InitialisationError):
            try:
                _reject(protocols.read_post(message), error, ledger, source, log)
            except KitError as unwritten:
                log(f"{source} response", unwritten)
        raise
    if response.shortened:
        names = ", ".join(response.shortened)
        log(
            f"{source} response",
            KitError(f"{names}: longer than its field, truncated; original has the whole value"),
        )
    if not ledger:
        return Received(response, None)
    match = ledger.receive(response, source, notifies)
    for warning in match.warnings:
        log(f"{source} response", KitError(warning))
    if match.is_trusted and match.why:
        log(f"{source} response", KitError(f"{match.why}: the acceptance counts"))
    if not match.is_recorded:
        log(
            f"{source} response",
            KitError(
                f"{match.why}; the response is in the journal, and the ledger records it once it is available again"
            ),
        )
    return Received(match.complete(response), match)


def verify_again(ledger: "Ledger", pathfile: Pathfile, say: Callable[..., None]) -> int:
    """Verify the stored messages again, and record those that are genuine; return how many are new.

    ``say`` is called with the name and values of a text for each day that can't be read. Raises LedgerError.
    """
    from sogenactif.ledger.matching import UNRECORDED

    verified = 0
    for path in sorted(_unverified_files(ledger.journal.folder)):
        try:
            with open(path, "rb") as file:
                lines = file.readlines()
        except OSError as error:
            say("replay_unreadable", path=path, error=error.strerror)
            continue
        for line in lines:
            try:
                stored = json.loads(line)
                response = read_outcome(stored["post"], pathfile)
                entry = {name: stored[name] for name in ("entry", "time", "source")}
            except (KitError, ValueError, KeyError, TypeError):
                continue
            entry |= {"kind": "response", "verdict": UNRECORDED, **response.stored}
            if ledger.has_entry(entry):
                continue
            entry["verdict"] = ledger.record_response(entry).verdict
            ledger.journal.append(response.day or stored["time"][:10].replace("-", ""), entry)
            verified += 1
    return verified


def _reject(post: Mapping[str, str], error: KitError, ledger: "Ledger", source: str, log: Log) -> None:
    """Note a message that can't be trusted; store it whole if it may be genuine. Raises JournalError."""
    from sogenactif.dates import today
    from sogenactif.ledger.journal import new_entry
    from sogenactif.ledger.matching import FORGED

    entry = new_entry("response", source, FORGED)
    entry["error"] = error.logged[:300]
    name, most = f"{today()}.forged", MAX_NOTES_BYTES
    claim = protocols.read_unverified(post)
    may_be_genuine = claim is not None and bool(claim.fields.get("response_code", "00"))
    if claim and may_be_genuine:
        ours = isinstance(error, ConfigurationError) and not isinstance(error, SecretMissing)
        try:
            request_id = ledger.open_request_id(
                PaymentResponse(claim.fields, claim.original, claim.day, claim.protocol)
            )
        except LedgerError:
            # Unknown: storing a forgery is better than losing a payment.
            request_id, ours = None, True
        if ours:
            name, most = f"{today()}.{UNVERIFIED}", MAX_STORED_BYTES
        elif request_id is not None:
            # Each request has a limit of its own, so that nobody uses up that of another customer.
            name, most = f"{today()}.{request_id}.{UNVERIFIED}", MAX_STORED_BYTES_PER_REQUEST
            # A forged response may name any request that was not accepted: the total is limited too.
            if _stored_bytes(ledger.journal.folder, today()) >= MAX_STORED_BYTES_PER_DAY:
                most = 0
        may_be_genuine = ours or request_id is not None
    if may_be_genuine:
        entry |= {"verdict": "unverified", "post": dict(post)}
    try:
        size = os.path.getsize(f"{ledger.journal.folder}/{name}.jsonl")
    except OSError:
        size = 0
    if may_be_genuine:
        size += sum(map(len, post.values()))
    if size <= most:
        # Losing the note of a forgery in a power cut does no harm.
        ledger.journal.append(name, entry, flush=may_be_genuine)
    elif may_be_genuine:
        # The merchant has to know that this message will not be verified again.
        log(f"{source} response", KitError(f"{name}.jsonl is full: a message was not stored"))


def _stored_bytes(folder: str, day: str) -> int:
    """Return the size of the messages that were stored on a day."""
    total = 0
    for path in _unverified_files(folder):
        if os.path.basename(path).startswith(f"{day}."):
            with contextlib.suppress(FileNotFoundError):
                total += os.path.getsize(path)
    return total


def _unverified_files(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [f"{folder}/{name}" for name in names if name.endswith(f"{UNVERIFIED}.jsonl")]
