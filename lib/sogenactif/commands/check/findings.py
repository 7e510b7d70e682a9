"""What a check found."""

from collections.abc import Mapping
from typing import NamedTuple

OK, WARNING, FAULT = "ok", "warning", "fault"


class Finding(NamedTuple):
    """What a check saw: how bad it is, its name in the tables of texts, and what fills the sentence.

    ``file`` and ``line`` (from 1) say where, where it is a file.
    """

    level: str
    name: str
    file: str
    line: int
    values: Mapping[str, object]


def ok(name: str, file: str = "", line: int = 0, **values: object) -> Finding:
    """All is well."""
    return Finding(OK, name, file, line, values)


def warning(name: str, file: str = "", line: int = 0, **values: object) -> Finding:
    """Payments work, and something will go wrong or is not as it should be."""
    return Finding(WARNING, name, file, line, values)


def fault(name: str, file: str = "", line: int = 0, **values: object) -> Finding:
    """Payments fail, or a secret is open."""
    return Finding(FAULT, name, file, line, values)
