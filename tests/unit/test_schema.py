"""A ledger that an earlier version of the kit made goes on with this one."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from sogenactif.ledger.history import answers, transactions
from sogenactif.ledger.ledger import Ledger
from sogenactif.ledger.schema import MIGRATIONS
from sogenactif.payment import PaymentResponse
from tests.support.vectors import ACCEPTED, ASKED

FIRST_RELEASE = 2
STATES = {"000001": ("accepted", "accepted"), "000002": ("refused", ""), "000003": ("", "")}


def make_old_ledger(path: Path) -> None:
    """Make a ledger as the first release did: one outcome that the shop knows, one that it doesn't, one request."""
    with closing(sqlite3.connect(path)) as ledger, ledger:
        for statement in (one for step in MIGRATIONS[:FIRST_RELEASE] for one in step):
            ledger.execute(statement.format(id="INTEGER PRIMARY KEY", lock=""))
        for id, (number, (outcome, told)) in enumerate(STATES.items(), 1):
            fields = {**ASKED, "transaction_id": number, "order_id": f"CMD-{number}"}
            ledger.execute(
                "INSERT INTO sogenactif_request VALUES (?, ?, ?, 'fr.014213245611111', '20261123', ?, ?, ?, ?, ?, ?, 0)",
                (
                    id,
                    f"{id:032x}",
                    "2026-11-23T09:30:00+00:00",
                    int(number),
                    fields["order_id"],
                    json.dumps(fields),
                    outcome,
                    id if outcome else None,
                    told,
                ),
            )
            if outcome:
                code = ACCEPTED if outcome == "accepted" else {"response_code": "05"}
                ledger.execute(
                    "INSERT INTO sogenactif_response VALUES (?, ?, '2026-11-23T09:31:00+00:00', 'automatic', ?, ?, ?)",
                    (id, f"{id + 100:032x}", id, outcome, json.dumps({**fields, **code})),
                )
        ledger.execute("INSERT INTO sogenactif_counter VALUES ('fr.014213245611111', '20261123', 3)")
        ledger.execute(f"PRAGMA user_version = {FIRST_RELEASE}")


def test_ledger_of_the_first_release_goes_on(tmp_path: Path) -> None:
    make_old_ledger(tmp_path / "ledger.db")
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db", str(tmp_path / "journal"))
    with closing(ledger):
        before = list(transactions(ledger))
        assert [(t.reference[-6:], t.state) for t in before] == [
            ("000001", "accepted"),
            ("000002", "refused"),
            ("000003", "waiting"),
        ]
        assert [t.notified for t in before[:2]] == ["yes", "no"]
        assert [answer.verdict for answer in answers(ledger, before[0])] == ["accepted"]
        notified: list[PaymentResponse] = []
        assert ledger.notify_pending(notified.append, lambda error: None, most=None) == 1
        assert [(r["order_id"], r.outcome, r.protocol) for r in notified] == [
            ("CMD-000002", "refused", "sips")
        ]
        paid = {**ASKED, "transaction_id": "000003", "order_id": "CMD-000003", **ACCEPTED}
        assert ledger.receive(PaymentResponse(paid), "automatic").verdict == "accepted"
        assert ledger.register({**ASKED, "order_id": "new"})["transaction_id"] == "000004"
