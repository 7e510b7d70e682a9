"""Checks of the machine: Python, its dependencies, the scripts' first lines, the time zone.

Nothing here imports the kit's dependencies, so that it can report a missing one.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

from sogenactif.commands.check.findings import Finding, fault, ok
from sogenactif.commands.places import KIND, ROOT

OLDEST = (3, 10)
SCRIPTS = ("call_request.py", "call_response.py", "call_autoresponse.py")
DEPENDENCIES = ("Crypto.Cipher.DES", "jinja2", "markupsafe")
# Run by the interpreter in question: it prints its version, then the modules that it can't import.
QUESTION = """
import sys
sys.path[:0] = sys.argv[1:3]
print(*sys.version_info[:2], sep=".")
for name in sys.argv[3:]:
    try:
        __import__(name)
    except Exception:
        print(name)
"""


def can_import_dependencies() -> bool:
    """Return whether the Python that runs this command can import all dependencies."""
    return not _interpreter([sys.executable], "")


def python(scripts: str) -> list[Finding]:
    """Check the Python that runs this command, and the one that each script of a folder names."""
    findings = _interpreter([sys.executable], "")
    for script in SCRIPTS:
        path = os.path.join(scripts, script)
        try:
            with open(path, "rb") as file:
                source = file.read()
        except FileNotFoundError:
            findings.append(fault("script_missing_bundle" if KIND == "bundle" else "script_missing", path))
            continue
        first = source.partition(b"\n")[0]
        command = interpreter_of(source)
        if not command:
            findings.append(fault("script_unnamed", path, 1))
        elif first.endswith(b"\r"):
            findings.append(fault("script_carriage_return", path, 1))
        elif not os.stat(path).st_mode & 0o111:
            findings.append(fault("script_not_executable", path))
        else:
            findings += _interpreter(command, path) or _syntax(path, source)
    if not any(finding.level == "fault" for finding in findings):
        version = ".".join(map(str, sys.version_info[:3]))
        return [ok("python", version=version, executable=sys.executable)]
    return findings


def interpreter_of(source: bytes) -> list[str]:
    """Return the command in the first line of a script, empty if it names none."""
    first = source.partition(b"\n")[0]
    return first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []


def _syntax(path: str, source: bytes) -> list[Finding]:
    """Check that Python can compile a script, whose shop's own part is edited."""
    try:
        compile(source, path, "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        return [fault("script_syntax", path, line, error=getattr(error, "msg", error))]
    return []


def paris() -> list[Finding]:
    """Check that this machine has the time zone of Paris, whose days number transactions."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:
        return [fault("no_paris")]
    return []


def _interpreter(command: Sequence[str], path: str) -> list[Finding]:
    """Check an interpreter: its version, and the modules that it can't import."""
    name = " ".join(command)
    line = 1 if path else 0
    try:
        version, *missing = _answer(tuple(command)).split()
        numbers = tuple(map(int, version.split(".")))
    except (OSError, ValueError, subprocess.SubprocessError):
        return [fault("no_interpreter", path, line, command=name)]
    if numbers < OLDEST:
        return [fault("old_python", path, line, command=name, version=version)]
    if missing:
        return [fault(f"dependencies_{KIND}", command=name, names=", ".join(missing))]
    return []


@cache
def _answer(command: tuple[str, ...]) -> str:
    """Run QUESTION with an interpreter and return its output. Raises OSError, SubprocessError."""
    return subprocess.run(
        [*command, "-c", QUESTION, f"{ROOT}/lib", f"{ROOT}/lib/packages", *DEPENDENCIES],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    ).stdout  # fmt: skip
