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
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0001, 0.001


@contextmanager
def locked(path: str, place: int, seconds: float = 0) -> Iterator[bool]:
    """Lock a byte of a file, which is created if it is missing, during the block; yield whether it could be locked.

    ``place`` is the number of the byte, ``seconds`` how long to wait for it. Raises LedgerError.
    """
    try:
        file = open_private(path)
    except OSError as error:
        raise LedgerError(path, error) from error
    try:
        end, pause = time.monotonic() + seconds, SHORTEST_PAUSE
        while not (is_locked := _lock(path, file, place)) and time.monotonic() < end:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        try:
            yield is_locked
        finally:
            # To close the file releases nothing as long as a process that was forked meanwhile has it open.
            if is_locked:
                fcntl.fcntl(file, fcntl.F_OFD_SETLK, _description(fcntl.F_UNLCK, place))
    finally:
        os.close(file)


def _lock(path: str, file: int, place: int) -> bool:
    try:
        # Other locks of bytes are released as soon as any part of the process closes the file.
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, _description(fcntl.F_WRLCK, place))
    except BlockingIOError:
        return False
    except OSError as error:
        raise LedgerError(path, error) from error
    return True


def _description(kind: int, place: int) -> bytes:
    return struct.pack("hhqqi0q", kind, os.SEEK_SET, place, 1, 0)
