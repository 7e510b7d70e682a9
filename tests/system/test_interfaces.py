"""What people expect of a program: --help, --version, a manual page, one version everywhere."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs.manual import COMMANDS, EXAMPLES
from sogenactif import __version__
from sogenactif.commands import load
from tests.support.vectors import ROOT, need

MANUAL = sorted((ROOT / "docs" / "man").glob("*.1"))


def run(*arguments: object) -> str:
    result = subprocess.run([*map(str, arguments)], check=True, capture_output=True, text=True)
    assert not result.stderr
    return result.stdout


@pytest.mark.parametrize("program", ["bin/request", "bin/response", "bin/sogenactif", "install.sh"])
def test_each_program_prints_help_and_version(program: str) -> None:
    assert program.rpartition("/")[2] in run(ROOT / program, "--help")
    assert run(ROOT / program, "--version") == f"Sogenactif payment kit {__version__}\n"


@pytest.mark.parametrize("task", ["demo", "payment", "bundle", "postgresql", "release", "test", "apache"])
def test_help_and_version_of_each_task_of_the_installation_are_printed(task: str) -> None:
    said = run(ROOT / "install.sh", task, "--help")
    assert f"install.sh {task}" in said
    assert len([line for line in said.splitlines() if "install.sh" in line]) == 1
    assert run(ROOT / "install.sh", task, "--version") == f"Sogenactif payment kit {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_of_a_command_is_in_its_manual_page(command: str) -> None:
    program = ROOT / "bin" / "sogenactif"
    said = run(program, command, "--help")
    assert f"sogenactif {command}" in said
    assert run(program, command, "--version") == f"Sogenactif payment kit {__version__}\n"
    parts = re.search(r"^  (\w+(?:\|\w+)+)$", said, re.MULTILINE)
    for part in parts[1].split("|") if parts else ():
        said += run(program, command, part, "--help")
    page = (ROOT / "docs" / "man" / f"sogenactif-{command}.1").read_text().replace("\\", "")
    for option in set(re.findall(r"--[a-z-]+\b", said)) - {"--help"}:
        assert re.search(rf"^fB{option}fR", page, re.MULTILINE), option


def test_missing_dependency_of_a_command_is_reported(tmp_path: Path) -> None:
    for name in ("bin", "lib"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "packages")
        )
    result = subprocess.run(
        ["/usr/bin/python3", "-I", tmp_path / "bin" / "sogenactif", "certificate", "show"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 1
    assert re.fullmatch(r"sogenactif: certificate needs \w+, which is missing: .*\n", result.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_the_manual_are_valid_calls(command: str) -> None:
    for example in EXAMPLES[command]:
        name, *arguments = shlex.split(example)
        assert name == command
        assert load(command, COMMANDS).make_parser().parse_args(arguments)


def test_changelog_begins_with_this_version() -> None:
    [first, *_] = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first in (__version__, "Unreleased")


def test_manual_pages_are_up_to_date_with_the_parsers(tmp_path: Path) -> None:
    run(sys.executable, ROOT / "docs" / "manual.py", tmp_path)
    written = {page.name: page.read_text() for page in tmp_path.iterdir()}
    assert {page.name: page.read_text() for page in MANUAL if page.name in written} == written
    assert set(written) == {f"sogenactif-{command}.1" for command in COMMANDS}
    assert str(ROOT) not in "".join(written.values()).replace("\\", "")


def test_overview_of_the_manual_lists_each_command() -> None:
    overview = (ROOT / "docs" / "man" / "sogenactif.1").read_text()
    entries = dict(re.findall(r"^\.It Xr sogenactif-(\w+) 1\n(.*)$", overview, re.MULTILINE))
    assert entries == {command: summary for command, (summary, _) in COMMANDS.items()}


@pytest.mark.parametrize("page", MANUAL, ids=lambda page: page.name)
def test_manual_page_is_valid_and_refers_to_existing_pages(page: Path) -> None:
    need(shutil.which("mandoc"), "mandoc")
    lint = subprocess.run(["mandoc", "-T", "lint", page], check=False, capture_output=True, text=True).stdout
    # Lint looks for other pages among those that are installed.
    assert [line for line in lint.splitlines() if "referenced manual not found" not in line] == []
    for other in re.findall(r"^\.(?:Xr|It Xr|BR) (\S+) \(?1", page.read_text(), re.MULTILINE):
        assert page.with_name(f"{other}.1").exists(), other


def test_each_executable_and_command_has_a_manual_page() -> None:
    programs = [path.name for path in (ROOT / "bin").iterdir() if path.is_file()]
    assert {page.stem for page in MANUAL} == {*programs, *(f"sogenactif-{name}" for name in COMMANDS)}
