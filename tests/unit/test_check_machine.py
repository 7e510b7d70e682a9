"""sogenactif check: Python, what it imports, and the time zone of Paris."""

import shutil
import sys
from pathlib import Path

import pytest

from sogenactif.commands.check import machine
from tests.support.check import CheckedInstallation

# Each looks at an installed kit.
pytestmark = pytest.mark.system


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("#!/usr/bin/python9.9\n", "no_interpreter"),
        ("#!/bin/cat\n", "no_interpreter"),
        ("#!/usr/bin/python3\r\n", "script_carriage_return"),
        ("# a script\n", "script_unnamed"),
    ],
)
def test_script_with_an_invalid_first_line_is_reported(
    kit: CheckedInstallation, first: str, name: str
) -> None:
    script = kit.root / "cgi-bin" / "call_request.py"
    lines = script.read_text().splitlines(keepends=True)
    script.write_bytes("".join([first, *lines[1:]]).encode())
    found = kit.check()
    assert (found.status, found.bad[name]["file"], found.bad[name]["line"]) == (1, str(script), 1)


def test_missing_or_not_executable_script_is_reported(kit: CheckedInstallation) -> None:
    (kit.root / "cgi-bin" / "call_request.py").chmod(0o644)
    (kit.root / "cgi-bin" / "call_response.py").unlink()
    found = kit.check().bad
    assert found["script_not_executable"]["do"] == f"chmod 755 {kit.root}/cgi-bin/call_request.py"
    assert "the script is missing" in found["script_missing"]["saw"]


def test_syntax_error_of_a_script_is_reported_with_its_line(kit: CheckedInstallation) -> None:
    script = kit.root / "cgi-bin" / "call_request.py"
    number = len(script.read_text().splitlines()) + 1
    kit.add(script, "def price(:\n")
    found = kit.check()
    assert (found.status, found.bad["script_syntax"]["file"]) == (1, str(script))
    assert found.bad["script_syntax"]["line"] == number


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        (
            ".sogenactif",
            "Run ./install.sh apache again, with the same options, in the kit that you unpacked.",
        ),
        ("install.sh", "./install.sh, with this Python"),
    ],
)
def test_missing_dependency_is_reported_with_the_command_that_installs_it(
    kit: CheckedInstallation, file: str, remedy: str
) -> None:
    shutil.rmtree(kit.root / "lib" / "packages")
    (kit.root / ".sogenactif").rename(kit.root / file)
    found = kit.check()
    assert (found.status, [f["do"] for f in found.answer["findings"]]) == (1, [remedy])
    assert "can't import Crypto.Cipher.DES" in found.answer["findings"][0]["saw"]


def test_python_version_that_is_too_old_is_reported_for_each_script(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 3.9\n")
    old.chmod(0o755)
    for script in machine.SCRIPTS:
        (tmp_path / script).write_text(f"#!{old}\n")
        (tmp_path / script).chmod(0o755)
    found = [finding for finding in machine.python(str(tmp_path)) if finding.name == "old_python"]
    assert [finding.values["version"] for finding in found] == ["3.9"] * 3


def test_missing_time_zone_of_paris_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    assert list(machine.this_python()) == []
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath([])
    monkeypatch.setitem(sys.modules, "tzdata", None)
    try:
        assert [finding.name for finding in machine.this_python()] == ["no_paris"]
    finally:
        zoneinfo.reset_tzpath()
