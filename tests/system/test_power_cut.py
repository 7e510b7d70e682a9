"""The power fails: what a shop had acknowledged is still there, whatever the disk had not been given to keep."""

import random
from pathlib import Path

import pytest

from sogenactif.commands import replay, verify
from sogenactif.configuration import LedgerAddress
from sogenactif.ledger.history import differences, transactions
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.rebuild import record_unrecorded
from tests.support.power_cut import Disk, trace
from tests.support.shop import register

SCRIPT = "def record_outcome(response):\n    pass\n"


def states(ledger: Ledger) -> dict[str, str]:
    return {one.fields["transaction_id"]: one.state for one in transactions(ledger)}


def next_number(ledger: Ledger) -> str:
    """Draw the number of one more order on the day of those before."""
    last = max(transactions(ledger), key=lambda transaction: transaction.reference)
    return register(ledger, {**last.fields, "transaction_id": "", "order_id": f"after {last.reference}"})


@pytest.mark.parametrize(("processes", "orders"), [(1, 7), (3, 3)])
@pytest.mark.parametrize("lucky", [False, True])
def test_power_cut_loses_no_acknowledged_payment_and_assigns_no_number_twice(
    param: Path, tmp_path: Path, processes: int, orders: int, lucky: bool
) -> None:
    shop, log, answers = tmp_path / "shop", tmp_path / "trace", tmp_path / "answers"
    shop.mkdir()
    pathfile = param / "pathfile"
    configured = pathfile.read_text()
    pathfile.write_text(f"{configured}LEDGER!sqlite:///{shop}/ledger.db!\nJOURNAL!{shop}/journal!\n")
    trace(log, answers, "tests.support.paying_shop", [str(pathfile), str(processes), str(orders)])
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)

    disk, asked, paid = Disk(shop), set[str](), set[str]()
    for cut, answer in enumerate(disk.follow(log, answers)):
        event, number = answer.split()
        if event == "seen":
            assert processes > 1 or not disk.calls
            continue
        (asked if event == "asked" else paid).add(number)
        after = tmp_path / f"after-{cut}"
        disk.restore(after, random.Random(cut) if lucky else None)
        pathfile.write_text(f"{configured}LEDGER!sqlite:///{after}/ledger.db!\nJOURNAL!{after}/journal!\n")
        ledger = Ledger(LedgerAddress(f"sqlite:///{after}/ledger.db"), f"{after}/journal")
        record_unrecorded(ledger)
        recorded = states(ledger)
        assert asked <= recorded.keys()
        # More may be recorded than was answered.
        assert {number for number, state in recorded.items() if state == "accepted"} >= paid
        assert next_number(ledger) not in recorded
        recorded = states(ledger)
        # From then on the journal alone would do, as before the power failed.
        verify.main([f"--pathfile={pathfile}"])
        left = {difference.name for difference in differences(ledger, lambda count: None)}
        assert left <= ({"invalid_line"} if lucky else set())
        ledger.close()
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            (after / name).unlink(missing_ok=True)
        assert replay.main([f"--pathfile={pathfile}", f"--script={script}"]) == bool(left)
        assert states(ledger) == recorded
        assert next_number(ledger) not in recorded
        ledger.close()
        if processes == 1 and 1 < len(asked) <= orders // 2:
            assert [call for call in disk.calls if call.endswith("sync")] == ["fdatasync"]
    assert len(asked) == len(paid) == processes * orders
