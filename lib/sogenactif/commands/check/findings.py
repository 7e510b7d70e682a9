"""Findings of the checks."""

from collections.abc import Mapping
from typing import NamedTuple

OK, WARNING, FAULT = "ok", "warning", "fault"


class Finding(NamedTuple):
    """Hold a finding: its level, its name in the tables of texts, and the values of the text.

    ``file`` and ``line`` (from 1) are set if it is about a file.
    """

    level: str
    name: str
    file: str
    line: int
    values: Mapping[str, object]


class Failed(Exception):
    """End a check with one finding: nothing further can be checked."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.name)
        self.finding = finding


def ok(name: str, file: str = "", line: int = 0, **values: object) -> Finding:
    """Make a finding that all is well."""
    return Finding(OK, name, file, line, values)


def warning(name: str, file: str = "", line: int = 0, **values: object) -> Finding:
    """Make a warning: payments work, but something will go wrong or is not as it should be."""
    return Finding(WARNING, name, file, line, values)


def fault(name: str, file: str = "", line: int = 0, **values: object) -> Finding:
    """Make a fault: payments fail, or a secret is readable by others."""
    return Finding(FAULT, name, file, line, values)
