"""Locks between processes and threads, each of one byte of a file; the kernel releases those of a process that ends."""

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sogenactif.errors import LedgerError
from sogenactif.files import open_private

# Seconds between two tries of a lock. The kernel can wake a waiting process, but offers no timeout.
MIN_PAUSE, MAX_PAUSE = 0.0001, 0.001


@contextmanager
def locked(path: str, offset: int, seconds: float = 0) -> Iterator[bool]:
    """Lock a byte of a file, which is created if it is missing, during the block; yield whether it could be locked.

    ``seconds`` is how long to wait for it. Raises LedgerError.
    """
    try:
        file = open_private(path)
    except OSError as error:
        raise LedgerError(path, error) from error
    try:
        end, pause = time.monotonic() + seconds, MIN_PAUSE
        while not (is_locked := _lock(path, file, offset)) and time.monotonic() < end:
            time.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE)
        try:
            yield is_locked
        finally:
            # Unlock explicitly: closing doesn't release the lock while a forked process has the file open.
            if is_locked:
                fcntl.fcntl(file, fcntl.F_OFD_SETLK, _description(fcntl.F_UNLCK, offset))
    finally:
        os.close(file)


def _lock(path: str, file: int, offset: int) -> bool:
    try:
        # Of the open file description: a POSIX lock ends when any thread closes any descriptor of the file.
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _description(fcntl.F_WRLCK, offset))
    except BlockingIOError:
        return False
    except OSError as error:
        raise LedgerError(path, error) from error
    return True


def _description(kind: int, offset: int) -> bytes:
    return struct.pack("hhqqi0q", kind, os.SEEK_SET, offset, 1, 0)
