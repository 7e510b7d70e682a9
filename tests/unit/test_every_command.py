"""What every command of bin/sogenactif promises, whichever it is."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sogenactif.commands import COMMANDS as OF_THE_KIT
from sogenactif.commands import load
from sogenactif.configuration import read_pathfile
from sogenactif.dates import PARIS
from sogenactif.ledger.ledger import Ledger
from sogenactif.payment import PaymentResponse
from sogenactif_sandbox.commands import COMMANDS as OF_THE_SANDBOX
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, MERCHANT, ROOT

pytestmark = pytest.mark.exhaustive

COMMANDS = OF_THE_KIT | OF_THE_SANDBOX
REFERENCE = "2026-11-23-000001"
# A call of each that succeeds, or ends with a sentence: of a shop of Sips 1.0 the bank can't be asked.
CALLS = {
    "check": ["--pathfile", "{pathfile}", "--scripts", "{scripts}"],
    "certificate": ["show", "{certificate}"],
    "transactions": ["--pathfile", "{pathfile}", "--state", "accepted"],
    "show": ["--pathfile", "{pathfile}", REFERENCE],
    "status": ["--pathfile", "{pathfile}", REFERENCE],
    "reconcile": ["--pathfile", "{pathfile}", "--script", "{script}"],
    "refund": ["--pathfile", "{pathfile}", REFERENCE, "--yes"],
    "validate": ["--pathfile", "{pathfile}", REFERENCE, "--yes"],
    "replay": ["--pathfile", "{pathfile}", "--script", "{script}"],
    "paypage": ["{folder}/paypage", "--shop", "https://shop.example"],
    "migrate": ["{pathfile}", "--output", "{folder}/migrated"],
    "verify": ["--pathfile", "{pathfile}"],
    "prune": ["--pathfile", "{pathfile}", "--before", "2020-01-01"],
    "preview": ["entry"],
    "sandbox": ["--folder", "{folder}/sandbox", "--prepare"],
    "trigger": [
        "accepted",
        "--to",
        "http://127.0.0.1:9/",
        "--order",
        "A-1",
        "--amount",
        "1250",
        "--certificate",
        "{certificate}",
    ],
    "audit": ["http://127.0.0.1:9/", "--order", "A-1", "--amount", "1250", "--certificate", "{certificate}"],
}
JSON = sorted(set(CALLS) - {"preview"})


@pytest.fixture
def place(param: Path, tmp_path: Path) -> dict[str, str]:
    """A shop with one accepted payment."""
    pathfile, script = param / "pathfile", tmp_path / "script.py"
    pathfile.write_text(pathfile.read_text() + f"LEDGER!sqlite:///{tmp_path}/ledger.db!\n")
    script.write_text("def record_outcome(response): print('a line of the shop')\n")
    read = read_pathfile(str(pathfile))
    assert read.ledger
    ledger = Ledger(read.ledger, read.journal)
    number = register(ledger, ASKED)
    ledger.receive(PaymentResponse({**ASKED, **ACCEPTED, "transaction_id": number}), "automatic")
    ledger.close()
    (tmp_path / "empty").mkdir()
    return {
        "pathfile": str(pathfile),
        "script": str(script),
        "scripts": f"{ROOT}/cgi-bin",
        "certificate": str(param / f"certif.fr.{MERCHANT}.php"),
        "folder": str(tmp_path),
    }


def run(
    place: dict[str, str], command: str, *more: str, language: str = "C.UTF-8"
) -> "subprocess.CompletedProcess[str]":
    call = [word.format(**place) for word in CALLS[command]]
    return subprocess.run(
        [f"{ROOT}/bin/sogenactif", command, *call, *more],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=f"{place['folder']}/empty",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": language},
    )


def moments(value: Any) -> Iterator[str]:
    """The moments in what a command printed."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from [one] if name in ("made", "received") and "T" in one else moments(one)
    if isinstance(value, list):
        for one in value:
            yield from moments(one)


def test_every_command_has_a_call() -> None:
    assert sorted(CALLS) == sorted(COMMANDS)


@pytest.mark.parametrize("command", JSON)
def test_json_is_ascii_and_its_timestamps_have_the_offset_of_paris(
    place: dict[str, str], command: str
) -> None:
    result = run(place, command, "--json", language="fr_FR.UTF-8")
    assert result.stdout.isascii()
    if result.stdout or not result.returncode:
        for moment in moments(json.loads(result.stdout)):
            parsed = datetime.fromisoformat(moment)
            assert parsed.utcoffset() == parsed.astimezone(PARIS).utcoffset()
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_closed_pipe_causes_no_traceback(place: dict[str, str], command: str) -> None:
    call = " ".join(f"'{word.format(**place)}'" for word in CALLS[command])
    reader = subprocess.run(
        ["sh", "-c", f"'{ROOT}/bin/sogenactif' {command} {call} | true"],
        stderr=subprocess.PIPE, text=True, check=False, cwd=place["folder"], env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )  # fmt: skip
    for words in ("Traceback", "Exception ignored", "Broken pipe", "BrokenPipe"):
        assert words not in reader.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_output_to_a_pipe_has_no_terminal_codes(place: dict[str, str], command: str) -> None:
    result = run(place, command)
    assert "\x1b" not in result.stdout + result.stderr
    assert "\r" not in result.stdout + result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_command_writes_nothing_to_the_current_folder(place: dict[str, str], command: str) -> None:
    run(place, command)
    assert os.listdir(f"{place['folder']}/empty") == []


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("C.UTF-8", "error: unrecognized arguments: --nothing"),
        ("fr_FR.UTF-8", "erreur : argument inconnu : --nothing"),
    ],
)
def test_usage_error_is_in_the_language_of_the_locale(
    place: dict[str, str], command: str, language: str, words: str
) -> None:
    result = run(place, command, "--nothing", language=language)
    assert (result.returncode, result.stdout, words in result.stderr) == (2, "", True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (["show"], "il manque : reference"),
        (["transactions", "--state", "lost"], "--state : 'lost' n’est pas un choix possible"),
        (["transactions", "--day"], "--day : il manque la valeur"),
        (["verify", "--json=1"], "--json n’accepte pas de valeur ('1')"),
        (["prune"], "il manque : --before"),
        (["nothing"], "'nothing' n’est pas un choix possible"),
        (["check", "--url", "shop"], "shop n’est pas une adresse http ou https"),
        (["check", "--payment"], "--payment exige --url et --order"),
        (["check", "--order", "A-1"], "--order ne s’emploie qu’avec --payment"),
        (["check", "--user", "no-such-user"], "l’utilisateur no-such-user n’existe pas"),
        (["paypage", "x", "--shop", "shop"], "--shop shop n’est pas une adresse de la forme"),
        (["paypage", "x", "--shop", "https://a.fr:22"], "la plateforme n’appelle que les ports"),
        (["paypage", "x", "--shop", "https://a.fr", "--merchant", "x"], "un merchant_id compte 15 chiffres au plus"),
        (["preview", "entry", "nothing=1"], "nothing n’est pas un champ d’une demande"),
        (["sandbox", "--port", "0"], "0 n’est pas un choix possible"),
        (["trigger"], "indiquez un événement ; --list les énumère"),
        (["trigger", "accepted"], "options manquantes : --to"),
        (["trigger", "accepted", "--to", "http://192.0.2.1/"], "192.0.2.1 n’est pas cette machine"),
        (["trigger", "accepted", "--field", "amount"], "amount n’est pas de la forme nom=valeur"),
        (["trigger", "accepted", "--field", "a=b"], "a n’est pas un champ d’une réponse"),
        (["trigger", "--fixture", "/dev/null"], "/dev/null n’est pas un fichier d’événement"),
        (["audit", "http://192.0.2.1/"], "autorisez-la avec --allow-host 192.0.2.1"),
        (["audit", "http://127.0.0.1/", "--amount", "1,50"], "1,50 n’est pas un montant en centimes"),
    ],
)  # fmt: skip
def test_each_usage_error_has_a_french_text(call: Sequence[str], words: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [f"{ROOT}/bin/sogenactif", *call],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "LC_ALL": "fr_FR.UTF-8"},
    )  # fmt: skip
    assert result.returncode == 2
    assert "error" not in result.stderr.replace("erreur", "")
    assert words in result.stderr


@pytest.mark.parametrize("command", ["transactions", "prune"])
def test_day_is_accepted_with_and_without_hyphens(place: dict[str, str], command: str) -> None:
    parser = load(command, COMMANDS).make_parser()
    options = {option for action in parser._actions for option in action.option_strings}
    [option] = options & {"--day", "--before"}
    for day in ("2025-01-31", "20250131"):
        assert run(place, command, option, day, "--json").returncode == 0


def test_summary_of_a_list_uses_the_singular_for_one(place: dict[str, str]) -> None:
    assert run(place, "transactions").stdout.splitlines()[-1] == "1 transaction."


def test_progress_is_shown_on_a_terminal(place: dict[str, str]) -> None:
    terminal, side = pty.openpty()
    call = [word.format(**place) for word in CALLS["verify"]]
    result = subprocess.run(
        [f"{ROOT}/bin/sogenactif", "verify", *call], stderr=side, stdout=subprocess.PIPE, check=True
    )
    os.close(side)
    assert b"\r" not in result.stdout
    assert b"\r\x1b[K" in os.read(terminal, 4096)
    os.close(terminal)
