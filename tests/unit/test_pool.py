"""A ledger's connection goes from one request to the next, as long as it is that of the ledger."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile
from sogenactif.errors import LedgerMissing
from sogenactif.ledger import POOL, borrow_ledger, close_pool
from sogenactif.ledger.ledger import Ledger
from tests.support.shop import register
from tests.support.vectors import ASKED


@pytest.fixture
def pathfile(tmp_path: Path) -> Iterator[Pathfile]:
    yield Pathfile("", {"LEDGER": f"sqlite:///{tmp_path}/ledger.db"})
    close_pool()


def registered(pathfile: Pathfile, order_id: str = "A-1") -> tuple[Ledger, str]:
    """The ledger that a request borrowed, and the number it gave."""
    with borrow_ledger(pathfile) as ledger:
        assert ledger
        return ledger, register(ledger, {**ASKED, "order_id": order_id})


def test_next_request_borrows_the_same_ledger(pathfile: Pathfile) -> None:
    first, second = registered(pathfile), registered(pathfile, "A-2")
    assert second[0] is first[0]
    assert (first[1], second[1]) == ("000001", "000002")


def test_concurrent_requests_borrow_different_ledgers(pathfile: Pathfile) -> None:
    with borrow_ledger(pathfile) as one, borrow_ledger(pathfile) as other:
        assert one is not other


def test_replaced_ledger_is_removed_from_the_pool(pathfile: Pathfile, tmp_path: Path) -> None:
    first, _ = registered(pathfile)
    for name in ("ledger.db", "ledger.db-wal"):
        os.rename(tmp_path / name, tmp_path / f"old-{name}")
    with pytest.raises(LedgerMissing):
        registered(pathfile)
    assert first not in POOL


def test_ledger_of_a_failed_request_is_not_borrowed_again(pathfile: Pathfile) -> None:
    with pytest.raises(RuntimeError), borrow_ledger(pathfile) as ledger:
        raise RuntimeError
    with borrow_ledger(pathfile) as next_one:
        assert next_one is not ledger


def test_no_ledger_is_borrowed_without_the_keyword() -> None:
    with borrow_ledger(Pathfile("", {})) as ledger:
        assert ledger is None
