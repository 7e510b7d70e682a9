"""Locks between the processes that write a ledger."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import sleep

import pytest

from sogenactif.errors import LedgerError
from sogenactif.ledger.locks import locked

LONG = 30
HOLD = """
import sys, time
from sogenactif.ledger.locks import locked

with locked(sys.argv[1], 1):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return f"{tmp_path}/ledger.db.lock"


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_lock_of_a_byte_is_exclusive(path: str) -> None:
    with locked(path, 1) as first:
        with locked(path, 1) as second, locked(path, 2) as another_byte:
            assert (first, second, another_byte) == (True, False, True)
        # The second one released nothing that it did not have.
        with locked(path, 1) as third:
            assert not third
    with locked(path, 1) as fourth:
        assert fourth


def test_waiting_thread_gets_the_lock_after_its_release(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def pause(seconds: float) -> None:
        waiting.set()
        sleep(seconds)

    def wait() -> None:
        with locked(path, 1, LONG) as is_mine:
            order.append(f"waited: {is_mine}")

    monkeypatch.setattr("sogenactif.ledger.locks.time.sleep", pause)
    thread = threading.Thread(target=wait)
    with locked(path, 1):
        thread.start()
        assert waiting.wait(LONG)
        order.append("first")
    thread.join()
    assert order == ["first", "waited: True"]


def test_failed_attempts_to_lock_leave_no_file_open(path: str) -> None:
    with locked(path, 1):
        before = open_files()
        for _ in range(50):
            with locked(path, 1, 0.001) as is_mine:
                assert not is_mine
        assert open_files() == before


def test_stopped_process_keeps_its_lock_until_it_is_killed(path: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout and process.stdout.readline() == "held\n"
            process.send_signal(signal.SIGSTOP)
            with locked(path, 1, 0.01) as is_mine:
                assert not is_mine
        finally:
            process.kill()
    with locked(path, 1, LONG) as is_mine:
        assert is_mine


def test_lock_is_released_if_the_block_raises(path: str) -> None:
    with pytest.raises(ZeroDivisionError), locked(path, 1):
        print(1 / 0)
    with locked(path, 1) as is_mine:
        assert is_mine


def test_forked_process_does_not_keep_the_lock(path: str) -> None:
    read, write = os.pipe()
    with locked(path, 1):
        child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    try:
        with locked(path, 1) as is_mine:
            assert is_mine
    finally:
        os.write(write, b"x")
        os.waitpid(child, 0)
        os.close(read)
        os.close(write)


def test_lock_file_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    with (
        pytest.raises(LedgerError, match=r"nowhere/ledger\.db\.lock"),
        locked(f"{tmp_path}/nowhere/ledger.db.lock", 1),
    ):
        pytest.fail("no folder")
