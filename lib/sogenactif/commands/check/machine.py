"""Check of the machine: Python, its dependencies, the scripts' first lines, the time zone.

Nothing here imports the kit's dependencies, so that it can report a missing one.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache

from sogenactif.commands.check.findings import Findings, all_well, fault
from sogenactif.commands.places import KIND, ROOT
from sogenactif.files import read_file

MIN_PYTHON = (3, 10)
SCRIPTS = ("call_request.py", "call_response.py", "call_autoresponse.py")
DEPENDENCIES = ("Crypto.Cipher.DES", "jinja2", "markupsafe")
# Run by the interpreter in question: it prints its version, then the modules that it can't import.
INTERPRETER_PROBE = """
import sys
sys.path[:0] = sys.argv[1:3]
print(*sys.version_info[:2], sep=".")
for name in sys.argv[3:]:
    try:
        __import__(name)
    except Exception:
        print(name)
"""


def this_python() -> Findings:
    """Check the Python that runs this command: without its dependencies no other check can be made."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    yield from _interpreter([sys.executable])
    try:
        # Its days number transactions.
        ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:
        yield fault("no_paris")


def python(scripts: str) -> Findings:
    """Check the Python that runs this command, and the one that each script of a folder names."""
    yield from this_python()
    for script in SCRIPTS:
        path = os.path.join(scripts, script)
        try:
            source = read_file(path)
        except FileNotFoundError:
            yield fault("script_missing_bundle" if KIND == "bundle" else "script_missing", path)
            continue
        command = interpreter_of(source)
        if not command:
            yield fault("script_unnamed", path, 1)
        elif source.partition(b"\n")[0].endswith(b"\r"):
            yield fault("script_carriage_return", path, 1)
        elif not os.stat(path).st_mode & 0o111:
            yield fault("script_not_executable", path)
        else:
            yield from list(_interpreter(command, path)) or _syntax(path, source)
    version = ".".join(map(str, sys.version_info[:3]))
    yield all_well("python", version=version, executable=sys.executable)


def interpreter_of(source: bytes) -> list[str]:
    """Return the command in the first line of a script, empty if it names none."""
    first = source.partition(b"\n")[0]
    return first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []


def _syntax(path: str, source: bytes) -> Findings:
    try:
        compile(source, path, "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        yield fault("script_syntax", path, line, error=getattr(error, "msg", error))


def _interpreter(command: Sequence[str], path: str = "") -> Findings:
    """Check an interpreter, that of a script if ``path`` is given: its version, and the modules it can't import."""
    name, line = " ".join(command), 1 if path else 0
    try:
        version, *missing = _run_probe(tuple(command)).split()
        is_old = tuple(map(int, version.split("."))) < MIN_PYTHON
    except (OSError, ValueError, subprocess.SubprocessError):
        yield fault("no_interpreter", path, line, command=name)
        return
    if is_old:
        yield fault("old_python", path, line, command=name, version=version)
    elif missing:
        yield fault(f"dependencies_{KIND}", command=name, names=", ".join(missing))


@cache
def _run_probe(command: tuple[str, ...]) -> str:
    """Run INTERPRETER_PROBE with an interpreter and return its output. Raises OSError, SubprocessError."""
    return subprocess.run(
        [*command, "-c", INTERPRETER_PROBE, f"{ROOT}/lib", f"{ROOT}/lib/packages", *DEPENDENCIES],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    ).stdout  # fmt: skip
