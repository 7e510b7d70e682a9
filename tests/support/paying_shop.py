"""A shop whose customers pay, a few orders after another in each of several processes: started by test_power_cut.

Arguments: the pathfile, the number of processes, the orders of each. What it answers is written to the standard output, a
line for each page (``asked NUMBER``), for the same page again (``seen NUMBER``), paid order (``paid NUMBER``) and payment that only the journal has (``noted NUMBER``).
"""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from sogenactif.configuration import read_pathfile
from sogenactif.ledger import sqlite as ledger_in_sqlite
from sogenactif.ledger.history import transactions
from sogenactif.web import Order
from tests.support.shop import ORDER, LedgerShop, Shop, ask, post


class PayingShop(LedgerShop):
    """Hold a shop whose pathfile already names a ledger."""

    def __init__(self, pathfile: str) -> None:
        Shop.__init__(self, read_pathfile(pathfile), Path(os.devnull))

    def ask_and_pay(self, order_id: str, outage: bool) -> None:
        """Show the page of an order, pay it, and answer; in an outage nobody can write to the ledger then."""
        self.order = Order({**ORDER.parameters, "order_id": order_id})
        assert ask(self.request, query="order=CMD-42").status == 200
        with self.ledger() as ledger:
            [asked] = transactions(ledger, order_id=order_id)
        number = asked.fields["transaction_id"]
        _answer(f"asked {number}")
        assert ask(self.request, query="order=CMD-42").status == 200
        _answer(f"seen {number}")
        names = ("transaction_id", "transmission_date", "order_id")
        data = self.seal(**{name: asked.fields[name] for name in names})
        if outage:
            ledger_in_sqlite.BUSY_SECONDS = 0  # type: ignore[attr-defined]
            self.restart()
            assert self.pathfile.ledger
            with closing(sqlite3.connect(self.pathfile.ledger.file, isolation_level=None)) as writer:
                writer.execute("BEGIN IMMEDIATE")
                assert post(self.autoresponse, DATA=data).status == 200
                _answer(f"noted {number}")
                writer.execute("ROLLBACK")
        else:
            assert post(self.autoresponse, DATA=data).status == 200
            _answer(f"paid {number}")


def _answer(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main() -> None:
    pathfile, processes, orders = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    children = []
    for process in range(processes):
        child = os.fork()
        if not child:
            shop = PayingShop(pathfile)
            for order in range(orders):
                shop.ask_and_pay(f"CMD-{process}-{order}", outage=processes == 1 and order == orders // 2)
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    main()
