"""bin/sogenactif on the ledger, as a merchant types it."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sogenactif.commands.transactions import _cell
from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.ledger import open_ledger
from sogenactif.ledger.journal import new_entry
from sogenactif.ledger.ledger import Ledger
from sogenactif.payment import PaymentResponse
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, MERCHANT, ROOT, need

NOW = datetime.now(timezone.utc).strftime("%Y%m%d%H%M%S")


@pytest.fixture
def pathfile(param: Path, tmp_path: Path) -> Pathfile:
    """A pathfile whose ledger has an accepted, a refused and a waiting transaction."""
    path = param / "pathfile"
    path.write_text(path.read_text() + f"LEDGER!sqlite:///{tmp_path}/ledger.db!\n")
    pathfile = read_pathfile(str(path))
    with ledger_of(pathfile) as ledger:
        for order, answer in (
            ("CMD-42", ACCEPTED),
            ("CMD-43", {"response_code": "05"}),
            ("CMD\t\x1b[2J44", {}),
        ):
            fields = {**ASKED, "order_id": order}
            number = register(ledger, fields)
            if answer:
                ledger.receive(PaymentResponse({**fields, "transaction_id": number, **answer}), "automatic")
    return pathfile


@contextmanager
def ledger_of(pathfile: Pathfile) -> Iterator[Ledger]:
    with open_ledger(pathfile) as ledger:
        assert ledger
        yield ledger


def run(*arguments: str, language: str = "C.UTF-8") -> tuple[int, str, str]:
    """The status of a command, and what it printed to both its outputs."""
    command = [f"{ROOT}/bin/sogenactif", *arguments]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/usr/local/bin", "LC_ALL": language},
    )
    return result.returncode, result.stdout, result.stderr


def test_transactions_of_a_day_are_printed_as_a_table(pathfile: Pathfile) -> None:
    status, said, _ = run("transactions", "--pathfile", pathfile.path, "--day", "20261123")
    lines = [line.split() for line in said.splitlines()]
    assert status == 0
    assert lines[0] == ["REFERENCE", "MADE", "(PARIS)", "STATE", "NOTIFIED", "AMOUNT", "ORDER"]
    assert [line[:1] + line[4:] for line in lines[1:-1]] == [
        ["20261123-000001", "accepted", "no", "€12.50", "CMD-42"],
        ["20261123-000002", "refused", "no", "€12.50", "CMD-43"],
        ["20261123-000003", "waiting", "-", "€12.50", "CMD??[2J44"],
    ]
    assert all(line[3] in ("CET", "CEST") for line in lines[1:-1])
    assert said.splitlines()[-1] == "3 transactions."


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_error_of_the_ledger_is_printed_without_other_output(
    pathfile: Pathfile, tmp_path: Path, form: str
) -> None:
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()
    (tmp_path / "ledger.db").write_bytes(b"no database" * 1000)
    status, said, error = run("transactions", "--pathfile", pathfile.path, "--format", form)
    assert (status, said, "Error in the ledger" in error) == (1, "", True)


@pytest.mark.parametrize("day", ["20261123", "2026-11-23"])
def test_day_is_accepted_with_and_without_hyphens(pathfile: Pathfile, day: str) -> None:
    _, said, _ = run("transactions", "--pathfile", pathfile.path, "--day", day, "--order", "CMD-42")
    assert said.splitlines()[-1] == "1 transaction."


@pytest.mark.parametrize("day", ["2026-1123", "2026-11-31", "yesterday", "202611231"])
def test_invalid_day_is_a_usage_error(pathfile: Pathfile, day: str) -> None:
    status, _, said = run("transactions", "--pathfile", pathfile.path, "--day", day)
    assert (status, f"{day} is not a day: write YYYY-MM-DD or AAAAMMJJ" in said) == (2, True)


def test_every_command_on_the_ledger_prints_json(pathfile: Pathfile, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    common = ("--json", "--pathfile", pathfile.path)
    listed = json.loads(run("transactions", *common, "--day", "2026-11-23")[1])
    assert [row["notified"] for row in listed] == ["no", "no", ""]
    assert [(row["paid_twice"], row["conflicting"]) for row in listed] == [(False, False)] * 3
    assert datetime.fromisoformat(listed[0]["made"]).utcoffset() is not None
    [row] = json.loads(run("show", *common, "2026-11-23-000001")[1])
    assert (row["reference"], row["responses"][0]["verdict"]) == ("20261123-000001", "accepted")
    verified = json.loads(run("verify", *common)[1])
    assert verified == {
        "differences": [],
        "pending_notifications": 2,
        "pending_refunds": 0,
        "paid_twice": {},
        "conflicting": [],
    }
    _, said, printed = run("replay", *common, "--script", str(script))
    assert json.loads(said)["notified"] == 2
    assert "notified CMD-42 accepted" in printed


def test_commands_print_french(pathfile: Pathfile) -> None:
    said = run("transactions", "--pathfile", pathfile.path, "--day", "20261123", language="fr_FR.UTF-8")[1]
    assert ("RÉFÉRENCE" in said, said.splitlines()[-1]) == (True, "3 transactions.")
    said = run("verify", "--pathfile", pathfile.path, language="fr_FR.UTF-8")[1]
    assert said.startswith("Le journal et le registre concordent.")


@pytest.mark.parametrize(
    ("conditions", "references"),
    [
        (["--state", "accepted", "--day", "20261123"], ["20261123-000001"]),
        (["--order", "CMD-43"], ["20261123-000002"]),
        (["--order", "CMD-43", "--day", "20261122"], []),
        (["--state", "cancelled", "--day", "20261123"], []),
    ],
)
def test_transactions_are_found_by_order_and_state(
    pathfile: Pathfile, conditions: list[str], references: list[str]
) -> None:
    _, said, _ = run("transactions", "--pathfile", pathfile.path, "--format", "json", *conditions)
    assert [row["reference"] for row in json.loads(said)] == references


def test_transactions_without_a_condition_are_those_of_today(pathfile: Pathfile) -> None:
    with ledger_of(pathfile) as ledger:
        register(ledger, {**ASKED, "order_id": "TODAY", "transmission_date": NOW})
    _, said, _ = run("transactions", "--pathfile", pathfile.path, "--format", "csv")
    assert "TODAY" in [row["order_id"] for row in csv.DictReader(io.StringIO(said))]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_closed_pipe_is_not_an_error(pathfile: Pathfile, form: str) -> None:
    with ledger_of(pathfile) as ledger:
        for number in range(400):
            register(ledger, {**ASKED, "order_id": f"MORE-{number}"})
    for reader in ("true", "head -n 1"):
        command = f"'{ROOT}/bin/sogenactif' transactions --pathfile {pathfile.path} --day 20261123 --format {form} | {reader}"
        result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        assert result.stderr == ""


def test_closed_pipe_of_the_help_is_not_an_error() -> None:
    command = f"'{ROOT}/bin/sogenactif' --help | true"
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stderr == ""


def test_show_prints_everything_about_a_transaction(pathfile: Pathfile) -> None:
    status, said, _ = run("show", "--pathfile", pathfile.path, "20261123-000001")
    assert status == 0
    assert f"20261123-000001 of fr.{MERCHANT}: accepted, the shop is not notified yet" in said
    assert "    amount = 1250\n" in said
    assert ": accepted\n" in said
    assert "    authorisation_id = 123456\n" in said


@pytest.mark.parametrize(
    ("reference", "status", "words"),
    [
        ("20261123-000009", 1, "no transaction 20261123-000009"),
        ("tomorrow", 2, "tomorrow is not a reference"),
    ],
)
def test_show_reports_an_unknown_or_invalid_reference(
    pathfile: Pathfile, reference: str, status: int, words: str
) -> None:
    found = run("show", "--pathfile", pathfile.path, reference)
    assert found[0] == status
    assert words in found[2]


SCRIPT = "import sys\ndef record_outcome(response):\n    print('notified', response['order_id'], response.outcome)\n"


def test_replay_notifies_the_shop_of_pending_outcomes(pathfile: Pathfile, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    status, said, _ = run("replay", "--pathfile", pathfile.path, "--script", str(script))
    assert (status, said.splitlines()) == (
        0,
        [
            "notified CMD-42 accepted",
            "notified CMD-43 refused",
            "0 recorded from the journal, 2 notified to the shop, 0 still pending",
        ],
    )
    _, again, _ = run("replay", "--pathfile", pathfile.path, "--script", str(script))
    assert again.splitlines() == ["0 recorded from the journal, 0 notified to the shop, 0 still pending"]


def test_replay_prints_the_exception_of_the_function_of_the_shop(pathfile: Pathfile, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("def record_outcome(response):\n    raise OSError('no stock')\n")
    status, said, complained = run("replay", "--pathfile", pathfile.path, "--script", str(script))
    assert status == 1
    assert "2 still pending" in said
    assert complained.count("record_outcome raised OSError: no stock") == 2


def test_replay_with_a_missing_script_exits_with_1(pathfile: Pathfile) -> None:
    status, _, said = run("replay", "--pathfile", pathfile.path, "--script", "/nowhere.py")
    assert (status, said) == (1, "sogenactif: no script /nowhere.py; name it with --script\n")


def test_verify_finds_no_difference_if_journal_and_ledger_agree(pathfile: Pathfile) -> None:
    status, said, _ = run("verify", "--pathfile", pathfile.path)
    assert status == 0
    assert said.splitlines() == [
        "The journal and the ledger agree.",
        "2 outcomes are waiting for notification: sogenactif replay notifies the shop.",
    ]


def test_verify_lists_each_difference(pathfile: Pathfile) -> None:
    with ledger_of(pathfile) as ledger:
        entries = list(ledger.journal.entries())
        with ledger.database.transaction() as execute:
            execute("DELETE FROM sogenactif_response WHERE verdict = 'refused'")
            execute("UPDATE sogenactif_response SET verdict = 'refused' WHERE verdict = 'accepted'")
            execute("UPDATE sogenactif_request SET entry = ? WHERE order_id = 'CMD-43'", "00" * 16)
            execute("UPDATE sogenactif_request SET fields = ? WHERE order_id = 'CMD-42'", "{}")
    status, said, _ = run("verify", "--pathfile", pathfile.path)
    assert status == 1
    first, answer, second, refusal = (entry["entry"] for entry in entries[:4])
    for words in (
        f"request {first} of {entries[0]['time']}: journal and ledger differ in amount, ",
        f"response {answer} of {entries[1]['time']}: the journal says accepted, the ledger refused",
        f"request {second} of {entries[2]['time']} is in the journal only: replay records it",
        f"response {refusal} of {entries[3]['time']} is in the journal only",
        f"request {'00' * 16} of",
        "5 differences.",
    ):
        assert words in said


@pytest.mark.parametrize("command", [["transactions"], ["show", "20261123-000001"], ["replay"], ["verify"]])
def test_pathfile_without_a_ledger_is_reported(param: Path, command: list[str]) -> None:
    path = str(param / "pathfile.minimal")
    assert run(*command, "--pathfile", path)[::2] == (1, f"sogenactif: {path} names no LEDGER\n")


def test_missing_pathfile_is_reported() -> None:
    status, _, said = run("verify", "--pathfile", "/nowhere")
    assert (status, said) == (1, "sogenactif: Error reading pathfile (/nowhere): No such file or directory\n")


def test_progress_is_printed_on_a_terminal_only(pathfile: Pathfile) -> None:
    with ledger_of(pathfile) as ledger:
        for _ in range(1000):
            ledger.journal.append("20261123", new_entry("response", "manual", "forged"))
    terminal, side = pty.openpty()
    command = [sys.executable, f"{ROOT}/bin/sogenactif", "verify", "--pathfile", pathfile.path]
    subprocess.run(command, stderr=side, stdout=subprocess.DEVNULL, check=True)
    os.close(side)
    assert b"lines of the journal: 1000" in os.read(terminal, 4096)
    os.close(terminal)
    assert run("verify", "--pathfile", pathfile.path)[2] == ""


def test_files_written_by_root_belong_to_the_owner_of_the_ledger(pathfile: Pathfile, tmp_path: Path) -> None:
    need(os.getuid() == 0, "root, who may write for others,")
    for path in [tmp_path, *tmp_path.rglob("*")]:
        os.chown(path, 33, 33)
    # The command goes on as that user, who has to get there.
    for path in tmp_path.parents:
        if path.stat().st_mode & 0o7777 == 0o700:
            path.chmod(0o711)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    (tmp_path / "ledger.db").unlink()
    for file in (tmp_path / "journal").iterdir():
        file.rename(tmp_path / "journal" / "20261122.jsonl")
    status, said, complained = run("replay", "--pathfile", pathfile.path, "--script", str(script))
    assert status == 0, said + complained
    with ledger_of(pathfile) as ledger:
        register(ledger, ASKED)
    written = [*tmp_path.glob("ledger.db*"), *(tmp_path / "journal").iterdir()]
    assert {path.stat().st_uid for path in written} == {33}


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        (" -1", "' -1"),
        ("a;=1+1", "a;'=1+1"),
        ("a;;@x,+2", "a;;'@x,'+2"),
        ("a\t=1", "a\\t=1"),
        ("CMD-42", "CMD-42"),
        ("a;b", "a;b"),
    ],
)
def test_csv_cell_is_escaped_against_formulas(value: str, cell: str) -> None:
    assert _cell(value) == cell


def test_order_paid_twice_is_marked(pathfile: Pathfile) -> None:
    fields = {**ASKED, "order_id": "CMD-42", "customer_id": "again"}
    with ledger_of(pathfile) as ledger:
        number = register(ledger, fields)
        again = {**fields, "transaction_id": number, **ACCEPTED, "authorisation_id": "654321"}
        ledger.receive(PaymentResponse(again), "automatic")
    _, table, _ = run("transactions", "--pathfile", pathfile.path, "--order", "CMD-42")
    assert table.count("(the order is paid twice: refund one)") == 2
    _, answer, _ = run("transactions", "--pathfile", pathfile.path, "--day", "2026-11-23", "--json")
    assert [row["paid_twice"] for row in json.loads(answer)] == [True, False, False, True]
    assert "paid twice" in run("show", "--pathfile", pathfile.path, "20261123-000001")[1]
    status, said, _ = run("verify", "--pathfile", pathfile.path)
    assert status == 0
    assert (
        "Order CMD-42 is paid more than once: 20261123-000001, 20261123-000004. Refund all but one." in said
    )
    _, checked, _ = run("check", "--pathfile", pathfile.path, "--json")
    [finding] = [one for one in json.loads(checked)["findings"] if one["name"] == "paid_twice_orders"]
    assert (finding["level"], "CMD-42" in finding["saw"]) == ("warning", True)
