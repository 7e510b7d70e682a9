"""Scripts of a folder in one process, while their files change."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sogenactif.hosting import SCRIPTS, serve_scripts
from sogenactif.http import Application

SCRIPT = """
import os, sys
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [HERE]
{imports}
WORDS = {words}

def application(environ, start_response):
    start_response("200 OK", [])
    return [WORDS.encode()]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    modules, path = sys.modules.copy(), sys.path.copy()
    for name in SCRIPTS:
        write(tmp_path, name, f'"{name}"')
    yield tmp_path
    sys.path[:] = path
    for name in sys.modules.keys() - modules.keys():
        del sys.modules[name]


def write(folder: Path, name: str, words: str, imports: str = "") -> None:
    (folder / f"{name}.py").write_text(SCRIPT.format(words=words, imports=imports))


def ask(application: Application, name: str) -> tuple[int, str, str]:
    """The status and body of an answer, and what was logged."""
    statuses: list[str] = []
    log = io.StringIO()
    environ = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/cgi-bin", "PATH_INFO": f"/{name}.py", "wsgi.errors": log
    }  # fmt: skip
    body = b"".join(application(environ, lambda status, headers: statuses.append(status)))  # type: ignore[arg-type]
    return int(statuses[0][:3]), body.decode(), log.getvalue()


def test_each_script_is_served_under_its_name(folder: Path) -> None:
    application = serve_scripts(str(folder))
    for name in SCRIPTS:
        assert ask(application, name)[:2] == (200, name)
    assert ask(application, "call_other")[0] == 404


def test_edited_script_is_reloaded_by_the_next_request(folder: Path) -> None:
    application = serve_scripts(str(folder))
    assert ask(application, "call_request")[1] == "call_request"
    write(folder, "call_request", '"edited"')
    assert ask(application, "call_request")[1] == "edited"
    draft = folder / "draft"
    draft.write_text((folder / "call_request.py").read_text().replace("edited", "editee"))
    status = (folder / "call_request.py").stat()
    os.utime(draft, ns=(status.st_atime_ns, status.st_mtime_ns))
    draft.replace(folder / "call_request.py")
    assert ask(application, "call_request")[1] == "editee"


def test_edited_import_of_a_script_is_reloaded(folder: Path) -> None:
    write(folder, "orders", '"one"')
    write(folder, "call_request", "WORDS", "from orders import WORDS")
    write(folder, "call_autoresponse", "WORDS", "from call_request import WORDS")
    application = serve_scripts(str(folder))
    assert ask(application, "call_autoresponse")[1] == "one"
    write(folder, "orders", '"two"')
    assert ask(application, "call_autoresponse")[1] == "two"
    write(folder, "call_request", '"own"')
    assert ask(application, "call_autoresponse")[1] == "own"


def test_unchanged_scripts_are_loaded_once(folder: Path) -> None:
    write(folder, "call_request", '"loaded"', "os.mkdir(f'{HERE}/loaded')")
    application = serve_scripts(str(folder))
    for _ in range(3):
        assert ask(application, "call_request")[1] == "loaded"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("1 +", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("0\ndel WORDS\nraise LookupError", "LookupError"),
    ],
)
def test_script_that_cannot_be_loaded_does_not_affect_others(folder: Path, words: str, reason: str) -> None:
    application = serve_scripts(str(folder))
    assert ask(application, "call_request")[0] == 200
    write(folder, "call_request", words)
    status, page, log = ask(application, "call_request")
    assert (status, reason in log, reason in page) == (500, True, False)
    assert ask(application, "call_response")[1] == "call_response"
    write(folder, "call_request", '"mended"')
    assert ask(application, "call_request")[1] == "mended"


def test_script_without_an_application_is_reported(folder: Path) -> None:
    (folder / "call_response.py").write_text("")
    application = serve_scripts(str(folder))
    assert ask(application, "call_request")[0] == 200
    assert "call_response.py has no application" in ask(application, "call_response")[2]


def test_missing_script_is_loaded_after_it_is_added(folder: Path) -> None:
    script = folder / "call_request.py"
    away = script.rename(folder / "away")
    application = serve_scripts(str(folder))
    assert ask(application, "call_request")[0] == 500
    assert ask(application, "call_autoresponse")[0] == 200
    away.rename(script)
    assert ask(application, "call_request")[0] == 200
