"""The shop's own part of the scripts, as it is delivered."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.vectors import MERCHANT, ROOT

PAID = {
    "transmission_date": "20261123093000",
    "merchant_id": MERCHANT,
    "currency_code": "978",
    "order_id": "A-1",
    "amount": "1000",
    "response_code": "00",
}
RUN = """
import sys
sys.path.insert(0, {folder!r})
from call_autoresponse import record_outcome
from sogenactif.payment import PaymentResponse
record_outcome(PaymentResponse({fields!r}))
"""


class Shop:
    """The scripts beside a database with the order A-1 of 10.00."""

    def __init__(self, folder: Path) -> None:
        self.scripts = folder / "cgi-bin"
        shutil.copytree(
            ROOT / "cgi-bin", self.scripts, ignore=shutil.ignore_patterns("pathfile", "__pycache__")
        )
        (folder / "lib").symlink_to(ROOT / "lib")
        (folder / "var" / "data").mkdir(parents=True)
        self.database = folder / "var" / "data" / "shop.db"
        with closing(sqlite3.connect(self.database)) as shop, shop:
            shop.execute(
                "CREATE TABLE orders (reference TEXT, amount INTEGER, state TEXT, transaction_id TEXT)"
            )
            shop.execute("INSERT INTO orders VALUES ('A-1', 1000, 'waiting', '')")

    def record(self, **fields: str) -> str:
        """What call_autoresponse.py raises for a response with these fields."""
        code = RUN.format(folder=str(self.scripts), fields={**PAID, **fields})
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        return result.stderr.strip().rpartition("\n")[2]

    @property
    def state(self) -> str:
        with closing(sqlite3.connect(self.database)) as shop:
            [state] = shop.execute("SELECT state FROM orders").fetchone()
        return str(state)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.mark.parametrize("change", [{"merchant_id": "014213245611112"}, {"currency_code": "840"}, {"amount": "999"}, {"order_id": "B"}])  # fmt: skip
def test_accepted_payment_without_an_order_raises_an_error(shop: Shop, change: dict[str, str]) -> None:
    assert shop.record(**change).startswith("LookupError: a payment was accepted")
    assert shop.record(**{**change, "response_code": "05"}) == ""
    assert shop.state == "waiting"


def test_paid_order_stays_paid(shop: Shop) -> None:
    for code, state in (("17", "cancelled"), ("00", "accepted"), ("00", "accepted"), ("05", "accepted")):
        assert shop.record(response_code=code) == ""
        assert shop.state == state


def test_merchant_id_is_set_in_one_script(shop: Shop) -> None:
    scripts = sorted(path.name for path in shop.scripts.glob("*.py") if MERCHANT in path.read_text())
    assert scripts == ["call_request.py"]
    script = shop.scripts / "call_request.py"
    script.write_text(script.read_text().replace(MERCHANT, "012345678901234"))
    assert shop.record().startswith("LookupError")
    assert shop.record(merchant_id="012345678901234") == ""
    assert shop.state == "accepted"
