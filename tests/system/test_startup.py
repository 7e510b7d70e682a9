"""What each script loads for a request of its own: an interpreter starts anew for every click."""

import shutil
import sqlite3
import subprocess
import sys
from ast import literal_eval
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from installer.configure import TRIALS
from sogenactif.configuration import read_pathfile, replace_keywords
from sogenactif.ledger import open_ledger
from sogenactif.payment import make_request
from sogenactif.protocols.sips import open_request, seal_response
from tests.support.installation import InstalledKit
from tests.support.vectors import ACCEPTED, MERCHANT

CALL = {"merchant_id": MERCHANT, "amount": "1000", "language": "fr"}
RENDERS_AND_SEALS, SEALS = "import jinja2; from Crypto.Cipher import DES", "from Crypto.Cipher import DES"
# Runs a script as the web server does, or as a shell does, and tells the modules that are loaded at its end.
RUN = """import runpy, sys
script, sys.argv = sys.argv[1], sys.argv[1:]
try:
    runpy.run_path(script, run_name="__main__")
except SystemExit:
    pass
print(sorted(sys.modules), file=sys.stderr)
"""
# Before it: the process may start no other.
ALONE = """import sys
def refuse(event, _):
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"):
        raise RuntimeError(event)
sys.addaudithook(refuse)
"""
# The sample of a shop's own part reads an SQLite database; a ledger is one, with a journal of JSON lines.
DATABASE = {"sqlite3", "datetime"}
LEDGER = {*DATABASE, "json", "zoneinfo"}
OF_ITS_OWN = {"sogenactif", "wsgiref", "binascii", "gc"}


class Kit(NamedTuple):
    folder: Path
    ledger: bool

    def answer(self, order_id: str) -> str:
        """DATA of the response to a new request."""
        pathfile = read_pathfile(f"{self.folder}/cgi-bin/pathfile")
        with open_ledger(pathfile) as ledger:
            request = make_request({**CALL, "order_id": order_id}, pathfile, ledger=ledger)
        asked, certificate = open_request(request.data, pathfile)
        return seal_response({**asked, **ACCEPTED}, certificate)

    def loaded(self, program: str, *arguments: str, body: str = "", **variables: str) -> set[str]:
        """The names of the modules that a program loads, which starts no other program."""
        environ = {
            "SERVER_NAME": "shop.example", "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)), "HOME": "/", **variables,
        }  # fmt: skip
        command = [sys.executable, "-c", ALONE + RUN, f"{self.folder}/{program}", *arguments]
        result = subprocess.run(command, env=environ, input=body, capture_output=True, text=True, check=True)
        assert result.stdout.startswith(("Status: 200", "!0!")), result.stdout[:200]
        # Lines of the log may stand before it.
        return set(literal_eval(result.stderr.splitlines()[-1]))


@pytest.fixture(scope="module", params=[False, True], ids=["without a ledger", "with a ledger"])
def kit(request: pytest.FixtureRequest, kit_installed_once: InstalledKit) -> Kit:
    folder = kit_installed_once.renewed()
    path = folder / "kit" / "var" / "conf" / "pathfile"
    if not request.param:
        path.write_bytes(replace_keywords(path.read_bytes(), {"LEDGER": None}))
    return Kit(folder / "kit", request.param)


def imported(statement: str, kit: Kit) -> set[str]:
    """What an interpreter holds that only imports."""
    bare = kit.folder / "bare.py"
    bare.write_text(f"import sys; sys.path.insert(0, '{kit.folder}/lib/packages'); {statement}")
    command = [sys.executable, "-c", RUN, str(bare)]
    return set(literal_eval(subprocess.run(command, capture_output=True, text=True, check=True).stderr))


def tops(modules: set[str]) -> set[str]:
    """The names of modules without those of parts, and of what is written in C."""
    return {name.partition(".")[0] for name in modules if not name.startswith("_")}


def test_call_request_loads_only_the_modules_it_needs(kit: Kit) -> None:
    loaded = kit.loaded("cgi-bin/call_request.py", REQUEST_METHOD="GET", QUERY_STRING=f"order={TRIALS[0]}")
    beyond = tops(loaded) - tops(imported(f"{RENDERS_AND_SEALS}; import zoneinfo", kit))
    assert beyond <= OF_ITS_OWN | DATABASE
    assert not loaded & {
        "sogenactif.debug",
        "sogenactif.protocols.paypage",
        "sogenactif.log",
        "sogenactif.executables",
    }
    assert ("sogenactif.ledger.ledger" in loaded) == kit.ledger


def test_call_response_loads_only_the_modules_it_needs(kit: Kit) -> None:
    loaded = kit.loaded(
        "cgi-bin/call_response.py", REQUEST_METHOD="POST", body=f"DATA={kit.answer(TRIALS[1])}"
    )
    beyond = tops(loaded) - tops(imported(f"{RENDERS_AND_SEALS}; import zoneinfo", kit))
    assert beyond <= OF_ITS_OWN | DATABASE | {"call_autoresponse", "call_request"}
    assert not loaded & {
        "sogenactif.debug",
        "sogenactif.protocols.paypage",
        "sogenactif.log",
        "sogenactif.executables",
    }


def test_call_autoresponse_loads_no_templates_or_texts(kit: Kit) -> None:
    loaded = kit.loaded(
        "cgi-bin/call_autoresponse.py", REQUEST_METHOD="POST", body=f"DATA={kit.answer(TRIALS[2])}"
    )
    zone = tops(imported(f"{SEALS}; import zoneinfo", kit)) if kit.ledger else set()
    beyond = tops(loaded) - tops(imported(SEALS, kit)) - zone
    assert beyond <= OF_ITS_OWN | DATABASE | {"json", "call_request"}
    assert not loaded & {
        "sogenactif.pages",
        "sogenactif.texts",
        "sogenactif.log",
        "sogenactif.protocols.paypage",
    }
    assert ("sogenactif.ledger.ledger" in loaded) == kit.ledger


def test_executables_load_only_the_modules_they_need(kit: Kit) -> None:
    pathfile = f"pathfile={kit.folder}/cgi-bin/pathfile"
    asked = kit.loaded("bin/request", *(f"{name}={value}" for name, value in CALL.items()), pathfile)
    zone = tops(imported(f"{SEALS}; import zoneinfo", kit)) if kit.ledger else set()
    ledger = LEDGER if kit.ledger else set()
    assert tops(asked) - tops(imported(RENDERS_AND_SEALS, kit)) - zone <= OF_ITS_OWN | ledger
    answered = kit.loaded("bin/response", f"message={kit.answer(TRIALS[3])}", pathfile)
    assert tops(answered) - tops(imported(SEALS, kit)) - zone <= OF_ITS_OWN | ledger
    assert not (asked | answered) & {"sogenactif.web", "sogenactif.http", "sogenactif.protocols.paypage"}


@pytest.mark.parametrize("kit", [True], indirect=True, ids=["with a ledger"])
def test_ledger_file_is_complete_after_the_end_of_a_process(kit: Kit, tmp_path: Path) -> None:
    for program, order in (("cgi-bin/call_autoresponse.py", TRIALS[4]), ("bin/response", TRIALS[5])):
        message = kit.answer(order)
        if program.startswith("bin/"):
            kit.loaded(program, f"message={message}", f"pathfile={kit.folder}/cgi-bin/pathfile")
        else:
            kit.loaded(program, REQUEST_METHOD="POST", body=f"DATA={message}")
        copy = shutil.copy(kit.folder / "var" / "data" / "ledger.db", tmp_path)
        with closing(sqlite3.connect(copy)) as ledger:
            last = "SELECT order_id, outcome FROM sogenactif_request ORDER BY id DESC LIMIT 1"
            assert ledger.execute(last).fetchone() == (order, "accepted")


def test_templates_are_compiled_by_the_installation(kit: Kit) -> None:
    compiled = kit.folder / "templates" / "__pycache__"
    made = {path: path.stat().st_mtime_ns for path in compiled.iterdir()}
    templates = [path for path in (kit.folder / "templates").iterdir() if path.suffix in (".html", ".css")]
    assert len(made) >= len(templates)
    kit.loaded("cgi-bin/call_request.py", REQUEST_METHOD="GET", QUERY_STRING=f"order={TRIALS[0]}")
    assert all(path.stat().st_mtime_ns == moment for path, moment in made.items())
