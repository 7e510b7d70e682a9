"""The ledger of a shop: ``open_ledger`` for one use, ``borrow_ledger`` from a pool of connections between requests.

Its modules are loaded only if the pathfile names a ledger.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sogenactif.configuration import Pathfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.ledger.ledger import Ledger

# The ledgers that no request uses now.
POOL: "list[Ledger]" = []


@contextmanager
def open_ledger(pathfile: Pathfile) -> "Iterator[Ledger | None]":
    """Open the ledger that a pathfile names, None if it names none; closed at the end."""
    if not pathfile.ledger:
        yield None
        return
    from sogenactif.ledger.ledger import Ledger

    ledger = Ledger(pathfile.ledger, pathfile.journal)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def borrow_ledger(pathfile: Pathfile) -> "Iterator[Ledger | None]":
    """Borrow the ledger that a pathfile names, None if it names none, and return it to the pool at the end."""
    if not pathfile.ledger:
        yield None
        return
    from sogenactif.ledger.ledger import Ledger

    address, journal = pathfile.ledger, pathfile.journal
    ledger = _pooled(address.url, journal) or Ledger(address, journal)
    try:
        yield ledger
    except BaseException:
        ledger.close()
        raise
    POOL.append(ledger)


def _pooled(url: str, journal: str) -> "Ledger | None":
    while True:
        try:
            ledger = POOL.pop()
        except IndexError:
            return None
        if (ledger.address.url, ledger.journal.folder) == (url, journal) and ledger.is_usable():
            return ledger
        ledger.close()


def close_pool() -> None:
    """Close the pooled ledgers before the process ends, except those that are borrowed."""
    while POOL:
        POOL.pop().close()
