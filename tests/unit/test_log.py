"""The log: lines for a syslog, and where they go when none takes them."""

import io
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sogenactif import log
from sogenactif.errors import JournalError, KeyUnusable, KitError


@pytest.fixture
def taker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The path of a syslog's socket, where nobody listens yet."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(log, "SYSLOG", f"{folder}/log")
        yield f"{folder}/log"


def test_line_is_sent_to_syslog_with_its_priority(taker: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(taker)
        errors = io.StringIO()
        log.log("call_request 500 35aba733", "caf\xe9\n", errors, syslog=True, severe=True)
        assert listening.recv(1000).rstrip(b"\0") == rb"<11>sogenactif: call_request 500 35aba733 caf\xe9\n"
        assert errors.getvalue() == ""


def test_line_goes_to_the_log_of_the_web_server_if_syslog_is_unreachable(
    taker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for reason in ("No such file or directory", "Connection refused"):
        errors = io.StringIO()
        log.log("replay", "the ledger fails", errors, syslog=True, severe=True)
        [line] = errors.getvalue().splitlines()
        assert line.endswith(
            f"sogenactif replay the ledger fails (syslog at {taker} can't be reached: {reason})"
        )
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gone:
            if not Path(taker).exists():
                gone.bind(taker)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyUnusable("key.1"), "Error reading secret key (key.1): Permission denied"),
        (JournalError("1.jsonl", OSError(28, "Permission denied")), "Error writing the journal (1.jsonl: Permission denied)"),
    ],
)  # fmt: skip
def test_line_of_an_error_has_the_reason_of_the_system_once(
    error: KitError, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error.__cause__ = PermissionError(13, "Permission denied")
    log.log_error(False, "request", error)
    assert capsys.readouterr().err.endswith(f"Z sogenactif request {reason}\n")


def test_line_of_an_unexpected_error_has_its_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise LookupError("no order")
    except LookupError as error:
        line = sys.exc_info()[2].tb_lineno  # type: ignore[union-attr]
        log.log_error(False, "executable response", error)
        errors = io.StringIO()
        log.log_error(False, "call_request 404", error, errors, severe=False)
    captured = capsys.readouterr().err
    assert captured.endswith(f"executable response LookupError: no order (test_log.py:{line})\n")
    assert errors.getvalue().endswith("Z sogenactif call_request 404 no order\n")
