"""Attack a shop's automatic response, and judge each attack.

One sealed or forged response after another is sent for a single order; the list of checks and a time limit bound the
load. Source: docs/paypage.md.
"""

import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlencode

from sogenactif.configuration import PAYPAGE
from sogenactif_sandbox import automatic_response, responses
from sogenactif_sandbox.events import Payment, Sender, event_response

HELD, FAILED, UNKNOWN = "held", "failed", "unknown"
NOTHING, ONCE = 0, 1
COMMAND_SECONDS = 20
KIB_64 = 64 * 1024
LONG = "long " * 400
ACCENTS = "Été à Nîmes = 1"
JSON_VALUE = '{"note": "a=b; c", "list": [1, 2]}'
SIPS_SEAL = 16  # digits
NO_ACCESS = (401, 403)
Post = Mapping[str, str]


class ProbeFailed(Exception):
    """Report that --paid-when or --reset can't be used, with the reason."""


@dataclass(frozen=True)
class Message:
    """Hold a message to be sent; ``acceptance`` says that the bank wants a status of success for it."""

    body: str
    method: str = "POST"
    acceptance: bool = False


@dataclass(frozen=True)
class Result:
    """Hold the verdict of a check; ``saw`` names the sentence that says what was observed, ``values`` are its values."""

    check: "Check"
    verdict: str
    saw: str
    values: Mapping[str, object] = field(default_factory=dict)


class MessageFactory:
    """Build and seal the messages of the checks."""

    def __init__(self, sender: Sender, payment: Payment) -> None:
        self.sender = sender
        self.payment = payment

    def event(self, event: str, late: bool = False, value: str = "") -> Message:
        """Return the message of an event, with a value in its return_context."""
        fields = {"return_context": self.payment.token + value} if value else {}
        post = self.sender.seal(event_response(self.sender, self.payment, event, fields, late))
        return Message(urlencode(post), acceptance=event == "accepted")

    def accepted(self, sender: Sender | None = None, payment: Payment | None = None) -> Post:
        """Return an acceptance, as posted."""
        sender, payment = sender or self.sender, payment or self.payment
        return sender.seal(event_response(sender, payment, "accepted", {}))

    def altered(self) -> Message:
        """Return an acceptance with one byte altered."""
        return Message(urlencode(responses.altered(self.accepted())))

    def with_seal(self, empty: bool) -> Message:
        """Return an acceptance whose seal is empty, or isn't there."""
        post = self.accepted()
        if "DATA" in post:
            body = post["DATA"][:-SIPS_SEAL]
            return Message(urlencode({"DATA": body + "0" * SIPS_SEAL if empty else body}))
        others = {name: value for name, value in post.items() if name != "Seal"}
        return Message(urlencode({**others, "Seal": ""} if empty else others))

    def weaker(self) -> Message:
        """Return an acceptance that names SHA-256 and is sealed with it."""
        post = self.accepted(self.sender.with_envelope(seal_algorithm="SHA-256"))
        return Message(urlencode({**post, "SealAlgorithm": "SHA-256"}))

    def other(self, payment: Payment) -> Message:
        """Return an acceptance of another payment."""
        return Message(urlencode(self.accepted(payment=payment)))

    def other_amount(self) -> Message:
        """Return an acceptance of one cent, or of two."""
        return self.other(replace(self.payment, amount="2" if int(self.payment.amount) == 1 else "1"))

    def other_currency(self) -> Message:
        """Return an acceptance in dollars, or in euros."""
        return self.other(replace(self.payment, currency="978" if self.payment.currency == "840" else "840"))

    def other_order(self) -> Message:
        """Return an acceptance of the same transaction for another order."""
        return self.other(replace(self.payment, order=f"{self.payment.order[:24]}X"))

    def other_number(self) -> Message:
        """Return an acceptance with a number that follows on the shop's, and with another reference."""
        number = str(int(self.payment.number or "1") % 999_998 + 1)
        reference = self.payment.reference and f"{self.payment.reference[:34]}9"
        return self.other(replace(self.payment, number=number, reference=reference))


@dataclass(frozen=True)
class Check:
    """Hold a check: its messages, what they may do to the order, and the kind of reason for it.

    ``paid`` is NOTHING or ONCE; ``answers`` says that no answer may be an error of the shop's program;
    ``only`` is a protocol, ``numbered`` says that it needs a number that the shop gave.
    """

    name: str
    kind: str
    make: Callable[[MessageFactory], list[Message]]
    paid: int = NOTHING
    answers: bool = False
    only: str = ""
    numbered: bool = False


CHECKS = (
    Check("get", "robust", lambda m: [Message("", "GET")], answers=True),
    Check("no-data", "robust", lambda m: [Message("")], answers=True),
    Check("64-kib", "robust", lambda m: [Message("x" * KIB_64)]),
    Check("altered", "seal", lambda m: [m.altered()]),
    Check("empty-seal", "seal", lambda m: [m.with_seal(empty=True)]),
    Check("missing-seal", "seal", lambda m: [m.with_seal(empty=False)]),
    Check("weaker-algorithm", "seal", lambda m: [m.weaker()], only=PAYPAGE),
    Check("other-key", "seal", lambda m: [Message(urlencode(m.accepted(m.sender.stranger())))]),
    Check("other-amount", "amount", lambda m: [m.other_amount()]),
    Check("other-currency", "amount", lambda m: [m.other_currency()]),
    Check("other-order", "order", lambda m: [m.other_order()]),
    Check("unknown-number", "order", lambda m: [m.other_number()], numbered=True),
    # A shop that takes one message for a transaction would ignore forgeries after these.
    Check("refused", "outcome", lambda m: [m.event("refused")]),
    Check("cancelled", "outcome", lambda m: [m.event("cancelled")]),
    Check("pending", "outcome", lambda m: [m.event("pending")], only=PAYPAGE),
    Check("twice", "once", lambda m: [m.event("accepted")] * 2, ONCE),
    Check("refusal-after-acceptance", "lost", lambda m: [m.event("accepted"), m.event("refused")], ONCE),
    Check("acceptance-after-refusal", "lost", lambda m: [m.event("refused"), m.event("accepted")], ONCE),
    Check("acceptance-after-expiry", "lost", lambda m: [m.event("expired"), m.event("accepted")], ONCE, only=PAYPAGE),
    Check("late", "lost", lambda m: [m.event("accepted", late=True)], ONCE),
    Check("out-of-order", "lost", lambda m: [m.event("refused"), m.event("accepted", late=True)], ONCE),
    Check("accents", "lost", lambda m: [m.event("accepted", value=ACCENTS)], ONCE),
    Check("json-values", "lost", lambda m: [m.event("accepted", value=JSON_VALUE)], ONCE),
    Check("over-long", "lost", lambda m: [m.event("accepted", value=LONG)], ONCE),
)  # fmt: skip


class ShopUnderTest:
    """Post to a shop's automatic response, count how often the order is paid, and make it unpaid again.

    ``paid_when`` and ``reset`` are an address or a command; ``{order}`` in them is the order. Only ``hosts`` are called.
    """

    def __init__(self, url: str, order: str, paid_when: str, reset: str, hosts: list[str]) -> None:
        self.url = url
        self.order = order
        self.paid_when = paid_when
        self.reset = reset
        self.hosts = hosts
        self.requests = 0
        self.says_how_often = False

    def send(self, message: Message) -> automatic_response.Outcome:
        """Send a message to the automatic response."""
        self.requests += 1
        return automatic_response.send(self.url, message.body, message.method, self.hosts)

    def count(self) -> int | None:
        """Return how often the order was paid, None if there is no way to know. Raises ProbeFailed."""
        if not self.paid_when:
            return None
        paid, self.says_how_often = read_count(*self._ask(self.paid_when, "GET"))
        return paid

    def make_unpaid(self) -> None:
        """Make the order unpaid. Raises ProbeFailed."""
        done, text = self._ask(self.reset, "POST")
        if not done:
            raise ProbeFailed(text[:200])

    def _ask(self, where: str, method: str) -> tuple[bool, str]:
        if is_url(where):
            self.requests += 1
            outcome = automatic_response.send(
                where.replace("{order}", quote(self.order, safe="")), "", method, self.hosts
            )
            if (
                not (200 <= outcome.status < 300 or 400 <= outcome.status < 500)
                or outcome.status in NO_ACCESS
            ):
                raise ProbeFailed(outcome.first_line)
            return outcome.state == automatic_response.SENT, outcome.answer.partition("\n")[2]
        try:
            command = [word.replace("{order}", self.order) for word in shlex.split(where)]
            run = subprocess.run(
                command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
                stdin=subprocess.DEVNULL, env={**os.environ, "ORDER": self.order},
            )  # fmt: skip
        except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
            raise ProbeFailed(str(error)) from None
        output, complaint = run.stdout.strip(), run.stderr.strip()
        # As of grep and test: 1 is no, more is an error. A program that breaks off says so.
        if run.returncode not in (0, 1) or (run.returncode and complaint and not output):
            raise ProbeFailed(complaint[-200:] or f"exit status {run.returncode}")
        return run.returncode == 0, output


def is_url(where: str) -> bool:
    """Return whether --paid-when or --reset is an address."""
    return re.match(r"https?://", where) is not None


def read_count(done: bool, text: str) -> tuple[int, bool]:
    """Return how often an order was paid, and whether that is a number and not only a yes or no.

    It is a number or true, alone or as ``paid`` of a JSON object, or else success: a failed command or status is 0 if
    it says nothing else.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        value = value.get("paid")
    return (int(value), type(value) is int) if isinstance(value, int) else (int(done), False)


def audit(
    shop: ShopUnderTest, sender: Sender, find: Callable[[], Payment], seconds: float
) -> Iterator[Result]:
    """Yield the result of each check of the sender's protocol, within a number of seconds."""
    end = time.monotonic() + seconds
    for check in CHECKS:
        if check.only in ("", sender.protocol) and not (
            check.name == "weaker-algorithm" and sender.envelope.get("seal_algorithm") == "SHA-256"
        ):
            if time.monotonic() > end:
                yield Result(check, UNKNOWN, "saw_no_time")
                continue
            try:
                yield _run(check, shop, sender, find)
            except ProbeFailed as error:
                yield Result(check, UNKNOWN, "saw_no_probe", {"error": error})


def _run(check: Check, shop: ShopUnderTest, sender: Sender, find: Callable[[], Payment]) -> Result:
    before = shop.count()
    if shop.reset:
        # Even if it isn't paid: what a shop remembers of the message before could hide a fault.
        shop.make_unpaid()
        before = shop.count()
        if before:
            raise ProbeFailed(f"--reset: {before}")
    payment = find()
    if check.numbered and not (payment.number or payment.reference):
        return Result(check, UNKNOWN, "saw_no_number")
    if before:
        return Result(check, UNKNOWN, "saw_paid_before")
    if check.paid == ONCE and check.name != "twice" and not shop.reset:
        return Result(check, UNKNOWN, "saw_no_reset")
    messages = check.make(MessageFactory(sender, payment))
    answers = [shop.send(message) for message in messages]
    after = shop.count()
    first = {"answer": answers[0].first_line}
    for message, answer in zip(messages, answers, strict=True):
        wrong = {"answer": answer.first_line}
        if not answer.status and (check.answers or message.acceptance):
            return Result(check, FAILED, "saw_silent", wrong)
        if (answer.status >= 500 and (check.answers or check.paid)) or (
            message.acceptance and answer.state != automatic_response.SENT
        ):
            return Result(check, FAILED, "saw_error", wrong)
    if check.paid == NOTHING and check.kind != "robust" and not all(answer.status for answer in answers):
        # Nobody knows whether the shop read it, or delivers later.
        silent = next(answer.answer for answer in answers if not answer.status)
        if not after:
            return Result(check, UNKNOWN, "saw_silent", {"answer": silent})
    if check.name == "twice" and after == ONCE and not shop.says_how_often:
        return Result(check, UNKNOWN, "saw_paid_only")
    if after is None:
        return Result(check, HELD if check.kind == "robust" else UNKNOWN, "saw_answer", first)
    if after == check.paid:
        return Result(check, HELD, "saw_once" if check.paid else "saw_unpaid")
    seen = {NOTHING: "saw_not_paid", ONCE: "saw_once"}.get(after, "saw_paid")
    return Result(check, FAILED, seen, {"count": after})
