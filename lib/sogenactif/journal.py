"""The journal: a file of JSON lines a day, where nothing is ever changed.

A line that ``append`` returned from is on the disk. Many processes may write at once; only the
user they run as may read.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from sogenactif.errors import JournalError
from sogenactif.owner import give_to_folder_owner

Entry = dict[str, Any]


class Journal:
    """The journal in a folder, which is made when the first line is written."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def append(self, day: str, entry: Mapping[str, object]) -> None:
        """Write an entry to the file of a day (aaaammjj) and flush it to the disk, or raise JournalError.

        A line is whole or absent: one that a full disk cut is taken back.
        """
        line = json.dumps(entry).encode("ascii") + b"\n"
        path = f"{self.folder}/{day}.jsonl"
        try:
            file = self._open(path)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                end = os.fstat(file).st_size
                if end and os.pread(file, 1, end - 1) != b"\n":
                    line = b"\n" + line
                try:
                    written = os.write(file, line)
                    if written < len(line):
                        raise OSError(f"{written} bytes of {len(line)} written")
                    os.fsync(file)
                except OSError:
                    os.ftruncate(file, end)
                    raise
            finally:
                os.close(file)
        except OSError as error:
            raise JournalError(path, error) from error

    def entries(self) -> Iterator[Entry]:
        """Every entry, the oldest day first. A line that a crash left in pieces is passed over."""
        for day in self.days():
            with open(f"{self.folder}/{day}.jsonl", "rb") as file:
                for line in file:
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        continue
                    if isinstance(entry, dict):
                        yield entry

    def days(self) -> list[str]:
        """The days that have a file, the oldest first."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return []
        return sorted(name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl"))

    def _open(self, path: str) -> int:
        flags = os.O_RDWR | os.O_APPEND
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            if not os.path.isdir(self.folder):
                os.makedirs(self.folder, mode=0o700, exist_ok=True)
                give_to_folder_owner(self.folder)
        file = os.open(path, flags | os.O_CREAT, 0o600)
        give_to_folder_owner(path)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return file
