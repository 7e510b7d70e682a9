"""A disk as a power cut leaves it: read from a trace of the system calls of the processes that wrote it.

Only what was flushed is sure to be there: the content of a file at its last fsync, a name at the last fsync of its folder.
Of what was written since, a disk may have any part.
"""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.vectors import ROOT

CALLS = (
    "openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat"
)
LINE = re.compile(r"(?P<process>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>)?(?P<rest>.*)")
CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>-?\d+)")
DESCRIPTOR = re.compile(r"\d+<([^>]*)>")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class File:
    """Hold what was written to a file, in order: the offset and bytes, or the length and None; the first ``flushed`` are on the disk."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, bytes | None]] = []
        self.size = self.flushed = 0

    def write(self, offset: int, data: bytes | None) -> None:
        self.writes.append((offset, data))
        self.size = offset if data is None else max(self.size, offset + len(data))


class Disk:
    """Hold the files below a folder: their names as processes see them, and as the disk has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.names: dict[str, File] = {}
        self.flushed_names: dict[str, File] = {}
        # Of files below the folder, since the last answer.
        self.calls: list[str] = []
        self._entered: dict[str, tuple[str, int, dict[str, File]]] = {}

    def follow(self, trace: Path, answers: Path) -> Iterator[str]:
        """Follow a trace; yield each answer that was written to ``answers``, with the disk as it is at that moment."""
        for line in trace.read_text().splitlines():
            found = LINE.fullmatch(line)
            assert found, line
            process, text = found["process"], found["rest"]
            if text.endswith(" <unfinished ...>"):
                text = text.removesuffix(" <unfinished ...>")
                self._entered[process] = text, *self._state(text)
                continue
            if found["resumed"]:
                begun, count, names = self._entered.pop(process)
                text = begun + text
            else:
                count, names = self._state(text)
            call = CALL.match(text)
            if not call or int(call["result"]) < 0:
                continue
            paths = [_decoded(path) for path in DESCRIPTOR.findall(call["arguments"])]
            if call["name"] == "write" and paths == [str(answers)]:
                yield _strings(call["arguments"])[0].decode()
                self.calls.clear()
            else:
                self._made(call["name"], call["arguments"], paths, int(call["result"]), count, names)

    def _state(self, text: str) -> tuple[int, dict[str, File]]:
        """Return how many writes a file has when a call about it begins, and the names of the folder."""
        paths = [_decoded(path) for path in DESCRIPTOR.findall(text)]
        file = self.names.get(paths[0]) if paths and "sync(" in text else None
        return len(file.writes) if file else 0, dict(self.names) if "sync(" in text else {}

    def _made(
        self, name: str, arguments: str, paths: list[str], result: int, count: int, names: dict[str, File]
    ) -> None:
        if name == "openat":
            path = os.path.abspath(_strings(arguments)[0].decode())
            if path.startswith(f"{self.folder}/") and "O_CREAT" in arguments and path not in self.names:
                self.names[path] = File()
        elif name in ("unlink", "unlinkat"):
            self.names.pop(_strings(arguments)[0].decode(), None)
        elif name.startswith("rename"):
            before, after = (text.decode() for text in _strings(arguments))
            assert not before.startswith(self.folder), f"a rename to {after} is not followed"
        elif name.endswith("sync") and paths[0] not in self.names:
            for path in {*names, *self.flushed_names}:
                if os.path.dirname(path) == paths[0]:
                    if path in names:
                        self.flushed_names[path] = names[path]
                    else:
                        del self.flushed_names[path]
        elif paths and paths[0] in self.names:
            self.calls.append(name)
            file = self.names[paths[0]]
            if name.endswith("sync"):
                file.flushed = max(file.flushed, count)
            elif name == "ftruncate":
                file.write(int(arguments.rpartition(", ")[2]), None)
            elif name == "pwrite64":
                file.write(int(arguments.rpartition(", ")[2]), _strings(arguments)[0][:result])
            else:
                # The kit's own files are only appended to.
                file.write(file.size, _strings(arguments)[0][:result])

    def restore(self, folder: Path, luck: random.Random | None = None) -> None:
        """Write the files that a power cut would leave to a folder; with ``luck`` any part of what was not flushed too."""
        for path, file in self.flushed_names.items():
            content = bytearray()
            for place, (offset, data) in enumerate(file.writes):
                if place >= file.flushed:
                    if not luck or luck.random() < 0.5:
                        continue
                    if data and luck.random() < 0.3:
                        data = data[: luck.randrange(len(data))]
                end = offset + len(data or b"")
                content.extend(bytes(max(0, end - len(content))))
                if data is None:
                    del content[offset:]
                else:
                    content[offset:end] = data
            copy = folder / os.path.relpath(path, self.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)


def trace(log: Path, answers: Path, module: str, arguments: Sequence[str]) -> None:
    """Run a module of the tests, its output in ``answers``, and trace what it and its children write."""
    command = ["strace", "--follow-forks", f"--output={log}", "--decode-fds=path", "--strings-in-hex=all",
               "--string-limit=10000000", f"--trace={CALLS}", "--signal=none", "--quiet=all",
               sys.executable, "-m", module, *arguments]  # fmt: skip
    with answers.open("wb") as output:
        subprocess.run(command, cwd=ROOT, stdout=output, check=True, timeout=120)


def _strings(arguments: str) -> list[bytes]:
    return [bytes.fromhex(text.replace("\\x", "")) for text in STRING.findall(arguments)]


def _decoded(path: str) -> str:
    return bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path
