"""The example shops: each passes its own tests and the audit, and fails the audit where one of its checks is taken out."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.vectors import ROOT, need

EXAMPLES = ROOT / "docs" / "examples"
SHOPS = ["flask", "django", "php"]
FILES = {"flask": "shop.py", "django": "shop.py", "php": "shop.php"}
RESETS = {"flask": "python shop.py", "django": "python shop.py reset", "php": "php shop.php"}
# The kinds of checks of the audit that fail where the shop lacks a check of its own.
FAILING = {"seal": {"seal"}, "amount": {"amount"}, "order": {"order"}, "once": {"once"}}
SERVE = """
import subprocess, sys
def test_audit(sips_shop, sips_sandbox):
    command = [{program!r}, "audit", f"{{sips_shop}}/notify", "--order", "A-1", "--amount", "1250", "--reference", "A1",
        "--key", str(sips_sandbox.key_file), "--reset", {reset!r}, "--paid-when", f"{{sips_shop}}/order/A-1", "--json", "--junit", "junit.xml"]
    with open("audit.json", "w") as file:
        subprocess.run(command, stdout=file)
"""


def environment() -> dict[str, str]:
    """The environment of a virtual one into which the project is installed, as far as the examples see it."""
    path = f"{Path(sys.executable).parent}:{ROOT}/bin:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT}/lib", "LC_ALL": "C.UTF-8"}


def run_tests(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # In a checkout no metadata of the package names the plugin.
    command = [sys.executable, "-m", "pytest", "-p", "sogenactif_sandbox.pytest_plugin", "-q", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


def copy(kind: str, folder: Path) -> Path:
    if kind == "php":
        need(shutil.which("php"), "php-cli")
    return Path(shutil.copytree(EXAMPLES / kind, folder / kind))


@pytest.mark.parametrize("kind", SHOPS)
def test_example_passes_its_own_tests(kind: str, tmp_path: Path) -> None:
    done = run_tests(copy(kind, tmp_path))
    assert done.returncode == 0, done.stdout


def test_fixtures_work_in_parallel(tmp_path: Path) -> None:
    done = run_tests(copy("flask", tmp_path), "-n", "2")
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("kind", SHOPS)
@pytest.mark.parametrize("lacking", FAILING)
def test_audit_detects_a_check_removed_from_an_example(kind: str, lacking: str, tmp_path: Path) -> None:
    folder = copy(kind, tmp_path)
    shop = folder / FILES[kind]
    lines = shop.read_text().splitlines(keepends=True)
    weakened = [line for line in lines if not line.rstrip().endswith(f"check: {lacking}")]
    assert len(weakened) < len(lines)
    shop.write_text("".join(weakened))
    test = SERVE.format(program=f"{ROOT}/bin/sogenactif", reset=RESETS[kind])
    (folder / "test_shop.py").write_text(test)
    done = run_tests(folder)
    assert done.returncode == 0, done.stdout
    report = json.loads((folder / "audit.json").read_text())
    failed = {check["kind"] for check in report["checks"] if check["verdict"] == "failed"}
    assert failed == FAILING[lacking]
    suite = ElementTree.parse(folder / "junit.xml").getroot()
    assert int(suite.attrib["failures"]) == report["failed"] == len(suite.findall("testcase/failure"))
