"""Borrow the ledger for one request: a pool keeps a process's connections from one request to the next."""

from collections.abc import Iterator
from contextlib import contextmanager

from sogenactif.configuration import Pathfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sogenactif.ledger.ledger import Ledger

# Those that no request uses now.
POOL: "list[Ledger]" = []


@contextmanager
def borrow_ledger(pathfile: Pathfile) -> "Iterator[Ledger | None]":
    """The ledger that a pathfile names, None if it names none."""
    if not pathfile.ledger:
        yield None
        return
    from sogenactif.ledger.ledger import Ledger

    url, journal = pathfile.ledger.url, pathfile.journal
    ledger = _pooled(url, journal) or Ledger(url, journal)
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
        if (ledger.url, ledger.journal.folder) == (url, journal) and ledger.is_usable():
            return ledger
        ledger.close()
