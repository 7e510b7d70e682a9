"""The Dockerfile of the sandbox: well-formed, as no root, with a command that is understood."""

import re
import subprocess
import sysconfig
from pathlib import Path

from sogenactif_sandbox.commands.sandbox import make_parser
from tests.support.vectors import ROOT

DOCKERFILE = ROOT / "lib" / "sogenactif_sandbox" / "Dockerfile"
LINES = DOCKERFILE.read_text().replace("\\\n", " ").splitlines()
INSTRUCTIONS = [line.split(maxsplit=1) for line in LINES if line and not line.startswith("#")]


def test_hadolint_reports_nothing() -> None:
    lint = Path(sysconfig.get_path("scripts")) / "hadolint"
    found = subprocess.run([lint, "--no-color", DOCKERFILE], check=False, capture_output=True, text=True)
    assert (found.stdout, found.returncode) == ("", 0)


def test_image_has_a_pinned_base_and_an_unprivileged_user() -> None:
    values = dict(INSTRUCTIONS)
    assert re.fullmatch(r"python:3\.[0-9]+-slim", values["FROM"])
    assert values["USER"] == "1000" and "--no-cache-dir" in values["RUN"]


def test_command_of_the_image_is_valid_and_uses_the_exposed_port() -> None:
    program, command, *arguments = re.findall(r'"([^"]+)"', dict(INSTRUCTIONS)["CMD"])
    assert (program, command) == ("sogenactif", "sandbox")
    assert str(make_parser().parse_args(arguments).port) == dict(INSTRUCTIONS)["EXPOSE"]
