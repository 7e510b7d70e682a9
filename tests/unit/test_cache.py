"""What a process keeps of a file, and when it reads it again."""

import os
import time
from pathlib import Path

import pytest

from sogenactif import files as module
from sogenactif.files import cached_until_changed


def test_file_is_cached_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLE_SECONDS", -1)
    readings = []

    @cached_until_changed
    def read(whose: str, path: str) -> str:
        readings.append(whose)
        return Path(path).read_text()

    file = tmp_path / "parmcom"
    file.write_text("one")
    assert [read("a", str(file)), read("a", str(file)), read("b", str(file))] == ["one"] * 3
    assert readings == ["a", "b"]
    file.write_text("other")
    assert read("a", str(file)) == "other"
    another = tmp_path / "another"
    another.write_text("third")
    another.replace(file)
    assert read("a", str(file)) == "third"
    file.unlink()
    with pytest.raises(FileNotFoundError):
        read("a", str(file))


@pytest.mark.parametrize(
    ("content_age", "status_age", "readings"),
    [(100, 100, 1), (2.5, 2.5, 1), (1.5, 100, 2), (100, 1.5, 2), (-5, 100, 2)],
)
def test_file_changed_in_the_last_two_seconds_is_not_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content_age: float, status_age: float, readings: int
) -> None:
    seen = []

    @cached_until_changed
    def read(path: str) -> str:
        seen.append(path)
        return Path(path).read_text()

    file = tmp_path / "pathfile"
    file.write_text("one")
    modified = os.stat(file).st_ctime + status_age - content_age
    os.utime(file, (modified, modified))
    now = os.stat(file).st_ctime + status_age
    monkeypatch.setattr(time, "time", lambda: now)
    assert [read(str(file)), read(str(file))] == ["one", "one"]
    assert len(seen) == readings


def test_change_without_a_new_modification_time_is_detected(tmp_path: Path) -> None:
    @cached_until_changed
    def read(path: str) -> str:
        return Path(path).read_text()

    file = tmp_path / "pathfile"
    file.write_text("one")
    state = os.stat(file)
    assert read(str(file)) == "one"
    file.write_text("two")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert read(str(file)) == "two"
