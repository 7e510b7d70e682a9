"""What people expect of a program: --help, --version, a manual page, one version everywhere."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sogenactif import __version__
from tests.conftest import ROOT, need

MANUAL = sorted((ROOT / "docs" / "man").glob("*.1"))
COMMANDS = re.findall(r'^    "(\w+)": \(', (ROOT / "bin" / "sogenactif").read_text(), re.MULTILINE)


def run(*arguments: object) -> str:
    result = subprocess.run([*map(str, arguments)], check=True, capture_output=True, text=True)
    assert not result.stderr
    return result.stdout


@pytest.mark.parametrize("program", ["bin/request", "bin/response", "bin/sogenactif", "install.sh"])
def test_each_program_says_what_it_does_and_which_version_it_is(program: str) -> None:
    assert program.rpartition("/")[2] in run(ROOT / program, "--help")
    assert run(ROOT / program, "--version") == f"Sogenactif payment kit {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_does(command: str) -> None:
    assert f"sogenactif {command}" in run(ROOT / "bin" / "sogenactif", command, "--help")
    assert f".It Cm {command}" in (ROOT / "docs" / "man" / "sogenactif.1").read_text()


def test_the_changes_begin_with_this_version() -> None:
    [first, *_] = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first in (__version__, "Unreleased")


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_the_manual_is_well_formed(page: Path) -> None:
    need(shutil.which("mandoc"), "mandoc")
    assert run("mandoc", "-T", "lint", "-W", "warning", page) == ""


def test_each_executable_has_a_manual_page() -> None:
    assert [page.stem for page in MANUAL] == sorted(path.name for path in (ROOT / "bin").iterdir())
