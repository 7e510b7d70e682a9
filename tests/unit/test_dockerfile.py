"""The Dockerfile of the sandbox: what it copies and runs exists, and it runs as no root."""

import re

from sogenactif_sandbox.commands.sandbox import make_parser
from tests.support.vectors import ROOT

LINES = (ROOT / "lib" / "sogenactif_sandbox" / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
INSTRUCTIONS = [line.split(maxsplit=1) for line in LINES if line and not line.startswith("#")]


def test_every_instruction_is_one_of_docker() -> None:
    known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "CMD"}
    assert {name for name, _ in INSTRUCTIONS} <= known and INSTRUCTIONS[0][0] == "FROM"


def test_the_image_has_a_version_and_no_root() -> None:
    values = dict(INSTRUCTIONS)
    assert re.fullmatch(r"python:3\.[0-9]+-slim", values["FROM"])
    assert values["USER"] == "sandbox" and "--no-cache-dir" in values["RUN"]


def test_its_command_is_understood() -> None:
    program, command, *arguments = re.findall(r'"([^"]+)"', dict(INSTRUCTIONS)["CMD"])
    assert (program, command) == ("sogenactif", "sandbox")
    assert str(make_parser().parse_args(arguments).port) == dict(INSTRUCTIONS)["EXPOSE"]
