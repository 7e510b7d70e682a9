"""Payments of Paypage on the sandbox, the client that asks its Office server, and a shop whose responses get lost."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.ledger import open_ledger
from sogenactif.ledger.history import Transaction, transactions
from sogenactif.ledger.journal import journal_day
from sogenactif.ledger.ledger import Ledger
from sogenactif.payment import make_request
from sogenactif.protocols.office import Office
from sogenactif.reception import receive
from sogenactif_sandbox import paypage
from tests.support.bank import Bank, bank, sealed, send
from tests.support.machine import wait_for
from tests.support.vectors import MERCHANT, ROOT, use_paypage

COMMAND = [sys.executable, f"{ROOT}/bin/sogenactif"]
WITH_SCRIPT = ("reconcile", "refund", "validate", "replay")
KEY, KEY_BEFORE = f"{MERCHANT}_KEY1".encode(), f"{MERCHANT}_KEY0".encode()
ACCEPTED = "4200000000000000"


def client(running: Bank) -> Office:
    """Return the Office client of the merchant whose key the sandbox has."""
    return Office(f"{running.url}/rs-services/v2", MERCHANT, "1", [KEY, KEY_BEFORE])


def paid_on_paypage(running: Bank, card: str = ACCEPTED, **changes: str) -> dict[str, str]:
    """Pay with a card; return the keys of the response. ``changes`` are those of ``sealed``."""
    return settle(running, sealed(running, **changes), card)


def settle(running: Bank, post: dict[str, str], card: str = ACCEPTED) -> dict[str, str]:
    """Pay what a form posts, with a card; return the keys of the response."""
    receipt = settled(running, post, card)
    return dict(paypage._pairs(paypage._decode(receipt["Data"], receipt["Encode"])))


def settled(running: Bank, post: dict[str, str], card: str = ACCEPTED) -> dict[str, str]:
    """Pay what a form posts, with a card; return what the receipt's button posts."""
    choice = running.card(send(f"{running.url}/paymentInit", post), card)
    receipt = send(f"{running.url}/authentication", {"session": choice.session, "result": "SUCCESS"})
    encode = re.search(r'name="Encode" value="([^"]+)"', receipt.text)
    names = ("Data", "Seal", "InterfaceVersion")
    return {name: receipt.hidden(name) for name in names} | {"Encode": encode[1] if encode else ""}


SCRIPT = """
import os
NOTES = os.path.join(os.path.dirname(__file__), "notes")
def note(*words):
    with open(NOTES, "a") as notes:
        print(*words, file=notes)
def record_outcome(response):
    note("outcome", response["order_id"], response.outcome, response["transaction_id"])
"""


@dataclass
class OfficeShop:
    """Hold a shop on Paypage with a ledger, and a sandbox with an Office server that sends no automatic responses."""

    bank: Bank
    param: Path
    merchant: str = MERCHANT

    @property
    def pathfile(self) -> Pathfile:
        return read_pathfile(str(self.param / "pathfile"))

    @property
    def text(self) -> str:
        """Return the text of its pathfile."""
        return (self.param / "pathfile").read_text()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with open_ledger(self.pathfile) as ledger:
            assert ledger
            yield ledger

    def begin(self, order_id: str = "CMD42", **parameters: str) -> tuple[str, dict[str, str]]:
        """Make a request of 12.50 euros; return its reference, and what its form posts."""
        return self.begin_at(time.time(), order_id, **parameters)

    def begin_at(self, now: float, order_id: str, **parameters: str) -> tuple[str, dict[str, str]]:
        """Make such a request at a moment, in seconds since 1970."""
        call = {
            "merchant_id": self.merchant,
            "amount": "1250",
            "order_id": order_id,
            "normal_return_url": f"{self.bank.shop.url}/back",
            "automatic_response_url": f"{self.bank.shop.url}/automatic",
            "payment_means": "CB,1",
            **parameters,
        }
        with self.ledger() as ledger:
            request = make_request(call, self.pathfile, now, ledger=ledger)
        return f"{journal_day(request.fields)}-{request.fields['transaction_id']}", dict(request.posts["CB"])

    def pay(self, order_id: str = "CMD42", card: str = ACCEPTED, **parameters: str) -> str:
        """Pay such a request whose responses are lost; return its reference."""
        self.bank.console("switches", {"automatic": "never"})
        reference, post = self.begin(order_id, **parameters)
        settle(self.bank, post, card)
        return reference

    def receipt(self, order_id: str = "CMD42", card: str = ACCEPTED, **parameters: str) -> dict[str, str]:
        """Pay such a request; return the response that the customer's browser has."""
        self.bank.console("switches", {"automatic": "never"})
        _, post = self.begin(order_id, **parameters)
        return {name: value for name, value in settled(self.bank, post, card).items() if value}

    def arrive(self, order_id: str = "CMD42", card: str = ACCEPTED, **parameters: str) -> str:
        """Pay such a request whose response arrives; return its reference."""
        self.bank.console("switches", {"automatic": "never"})
        reference, post = self.begin(order_id, **parameters)
        receipt = {name: value for name, value in settled(self.bank, post, card).items() if value}
        with self.ledger() as ledger:
            receive(receipt, self.pathfile, ledger, "manual", lambda event, error: None)
        return reference

    def run(self, command: str, *arguments: str, language: str = "C.UTF-8") -> tuple[int, str, str]:
        """Run a command; return its status, and what it printed to both outputs."""
        script = ["--script", str(self.param / "script.py")] if command in WITH_SCRIPT else []
        result = subprocess.run(
            [*COMMAND, command, "--pathfile", self.pathfile.path, *script, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/usr/local/bin", "LC_ALL": language},
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        return result.returncode, result.stdout, result.stderr

    def begin_refund(self, reference: str) -> "subprocess.Popen[bytes]":
        """Begin a refund of 2.50 whose answer takes 4 seconds, up to the point where the bank has it."""
        self.bank.console("office", {"office": "slow", "messages": "operations", "seconds": 4})
        before = self.operations()
        process = subprocess.Popen(
            [*COMMAND, "refund", "--pathfile", self.pathfile.path, reference, "250", "--yes"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: self.operations() != before)
        except AssertionError:
            process.kill()
            process.wait()
            raise
        return process

    def operations(self) -> list[tuple[str, int]]:
        """Return the operations on the last payment at the bank, with their amounts."""
        return [(one["name"], one["amount"]) for one in self.bank.last()["operations"]]

    def notes(self) -> list[str]:
        """Return what the shop was notified of."""
        path = self.param / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def row_of(self, order_id: str) -> Transaction:
        """Return the transaction of an order in the ledger."""
        with self.ledger() as ledger:
            [row] = transactions(ledger, order_id=order_id)
        return row

    def row(self, reference: str) -> Transaction:
        """Return the transaction of a reference in the ledger."""
        with self.ledger() as ledger:
            [row] = transactions(ledger, *reference.split("-"))
        return row


@contextmanager
def office_shop(param: Path, **keywords: str) -> Iterator[OfficeShop]:
    """Run a shop on Paypage and a sandbox; ``keywords`` go after ``PAYPAGE_``."""
    use_paypage(param, **keywords)
    with (param / "pathfile").open("a") as file:
        file.write(f"LEDGER!sqlite:///{param}/ledger.db!\n")
    (param / "script.py").write_text(SCRIPT)
    with bank(param) as running:
        with (param / "pathfile").open("a") as file:
            file.write(f"OFFICE_URL!{running.url}/rs-services/v2!\n")
        yield OfficeShop(running, param)
