"""The shop is notified of refunds: once, from whichever script or command reaches the ledger."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif import Kit
from sogenactif.ledger.history import transactions
from sogenactif.ledger.notification import MAX_UNFINISHED
from sogenactif.ledger.operations import intend, settle
from tests.support.office import OfficeShop, office_shop
from tests.support.vectors import ROOT

SCRIPT = """
import os, sys
sys.path[:0] = [{lib!r}, {packages!r}]
from sogenactif.web import call_autoresponse
HERE = os.path.dirname(__file__)
def note(*words):
    with open(os.path.join(HERE, "notes"), "a") as notes:
        print(*words, file=notes)
def record_outcome(response):
    note("outcome", response["order_id"], response.outcome)
def record_refund(refund):
    {body}
    note("refund", refund["order_id"], refund["operation"], refund["amount"])
application = call_autoresponse(record_outcome, os.path.join(HERE, "pathfile"), os.path.join(HERE, "log"))
"""


@pytest.fixture
def shop(param: Path) -> Iterator[OfficeShop]:
    with office_shop(param) as running:
        write_script(running)
        yield running


def write_script(shop: OfficeShop, body: str = "pass") -> None:
    """Write the script of the shop; ``body`` is what its record_refund does first."""
    places = {"lib": f"{ROOT}/lib", "packages": f"{ROOT}/lib/packages"}
    (shop.param / "script.py").write_text(SCRIPT.format(body=body, **places))
    # check looks for it under its own name.
    (shop.param / "call_autoresponse.py").write_text(SCRIPT.format(body=body, **places))


def respond(shop: OfficeShop, receipt: dict[str, str]) -> int:
    """Post a response to call_autoresponse, in a process of its own; its exit status."""
    program = (
        "import io, sys; sys.path.insert(0, sys.argv[1]); import script\n"
        "body = sys.argv[2].encode()\n"
        "environ = {'REQUEST_METHOD': 'POST', 'CONTENT_LENGTH': str(len(body)), 'wsgi.input': io.BytesIO(body),"
        " 'CONTENT_TYPE': 'application/x-www-form-urlencoded', 'wsgi.errors': sys.stderr, 'SCRIPT_NAME': '/s'}\n"
        "answer = script.application(environ, lambda status, headers: print(status))\n"
        "list(answer); getattr(answer, 'close', lambda: None)()"
    )
    command = [sys.executable, "-c", program, str(shop.param), urlencode(receipt)]
    return subprocess.run(command, check=False, capture_output=True).returncode


def given_back(shop: OfficeShop, reference: str) -> None:
    """Give 2.50 back, as a program does that notifies nobody."""
    assert Kit(shop.pathfile.path).refund(reference, 250).state == "done"


def refunds(shop: OfficeShop) -> list[str]:
    return [note for note in shop.notes() if note.startswith("refund")]


def test_next_response_notifies_the_shop_of_a_refund_once(shop: OfficeShop) -> None:
    given_back(shop, shop.arrive())
    for order in ("CMD43", "CMD44"):
        assert respond(shop, shop.receipt(order)) == 0
    assert refunds(shop) == ["refund CMD42 cancel 250"]


def test_refund_is_notified_after_an_outage_of_the_ledger(shop: OfficeShop) -> None:
    reference = shop.arrive()
    with shop.ledger() as ledger:
        [row] = transactions(ledger, *reference.split("-"))
        intent = intend(ledger, row, "cancel", 250, 1250, "TO_CAPTURE")
        with ledger.database.transaction() as execute:
            # The result gets into the journal alone.
            execute("ALTER TABLE sogenactif_operation RENAME TO gone")
        with pytest.raises(Exception, match="no such table"):
            settle(ledger, intent, "done", "00")
        with ledger.database.transaction() as execute:
            execute("ALTER TABLE gone RENAME TO sogenactif_operation")
    assert respond(shop, shop.receipt("CMD43")) == 0
    assert refunds(shop) == ["refund CMD42 cancel 250"]


def test_failing_record_refund_does_not_block_responses_and_is_called_again(shop: OfficeShop) -> None:
    given_back(shop, shop.arrive())
    write_script(shop, "raise OSError('down')")
    assert respond(shop, shop.receipt("CMD43")) == 0
    assert shop.row_of("CMD43").notified == "yes"
    verified = json.loads(shop.run("verify", "--json", "--script", str(shop.param / "script.py"))[1])
    assert (verified["pending_refunds"], verified["pending_notifications"]) == (1, 0)
    write_script(shop)
    assert respond(shop, shop.receipt("CMD44")) == 0
    assert refunds(shop) == ["refund CMD42 cancel 250"]
    verified = json.loads(shop.run("verify", "--json", "--script", str(shop.param / "script.py"))[1])
    assert verified["pending_refunds"] == 0


def test_record_refund_that_ends_its_process_is_called_a_few_times_and_then_by_replay(
    shop: OfficeShop,
) -> None:
    given_back(shop, shop.arrive())
    write_script(shop, "note('called'); os._exit(9)")
    statuses = [respond(shop, shop.receipt(f"CMD{number}")) for number in range(43, 45 + MAX_UNFINISHED)]
    assert statuses == [9] * MAX_UNFINISHED + [0, 0]
    assert shop.notes().count("called") == MAX_UNFINISHED
    write_script(shop)
    assert shop.run("replay")[0] == 0
    assert refunds(shop) == ["refund CMD42 cancel 250"]


def test_check_reports_refunds_with_a_long_pending_notification(shop: OfficeShop) -> None:
    given_back(shop, shop.arrive())
    assert "refunds_not_notified" not in findings(shop)
    with shop.ledger() as ledger, ledger.database.transaction() as execute:
        execute("UPDATE sogenactif_operation SET made = '2026-01-01T00:00:00+00:00'")
    assert "refunds_not_notified" in findings(shop)
    # A shop without the function is not notified.
    (shop.param / "call_autoresponse.py").write_text("def record_outcome(response): ...\n")
    assert "refunds_not_notified" not in findings(shop)


def findings(shop: OfficeShop) -> set[str]:
    _, said, _ = shop.run("check", "--json", "--scripts", str(shop.param))
    return {one["name"] for one in json.loads(said)["findings"]}
