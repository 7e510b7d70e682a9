"""sogenactif check: the ledger, the journal and the log."""

import json
import os
import pwd
import re
import shutil
import socket
import sqlite3
import subprocess
from contextlib import closing

import pytest

from sogenactif.commands.check import storage
from sogenactif.commands.site import Site
from sogenactif.configuration import read_pathfile
from sogenactif.ledger.schema import MIGRATIONS
from tests.support.check import TESTS, CheckedInstallation, Found, type_remedy
from tests.support.serving import web_user
from tests.support.vectors import ACCEPTED, need

# Each looks at an installed kit.
pytestmark = pytest.mark.system


def test_printed_remedy_repairs_a_damaged_ledger(kit: CheckedInstallation) -> None:
    kit.record()
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (kit.data / name).unlink(missing_ok=True)
    (kit.data / "ledger.db").write_bytes(os.urandom(5000))
    found = kit.check()
    assert found.status == 1
    type_remedy(found.bad["ledger_damaged"]["do"])
    assert kit.check().bad == {}


def test_ledger_in_use_has_no_findings(kit: CheckedInstallation) -> None:
    kit.record()
    found = kit.check()
    assert (found.status, found.bad) == (0, {})
    assert found.well >= {"ledger", "journal"}


def test_notifications_that_are_long_pending_are_a_fault(kit: CheckedInstallation) -> None:
    kit.record(ACCEPTED)
    assert kit.check().bad == {}  # a moment ago: the script may be at it
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE sogenactif_response SET received = '2026-01-01T00:00:00'")
    found = kit.check()
    assert (found.status, found.bad["not_notified"]["saw"]) == (
        1,
        "outcomes that the shop was not notified of: 1",
    )
    assert "sogenactif replay" in found.bad["not_notified"]["do"]


def test_journal_lines_that_the_ledger_lacks_are_counted(kit: CheckedInstallation) -> None:
    kit.record(ACCEPTED)
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger, ledger:
        ledger.execute("DELETE FROM sogenactif_response")
    assert kit.check().bad["unentered"]["saw"] == "lines that are not in the ledger: 1"


def test_ledger_that_is_missing_beside_its_journal_is_a_fault_and_is_not_created(
    kit: CheckedInstallation,
) -> None:
    kit.record()
    for path in kit.data.glob("ledger.db*"):
        path.unlink()
    found = kit.check()
    assert (found.status, found.bad["ledger_gone"]["saw"]) == (1, "it is missing, though its journal exists")
    assert not (kit.data / "ledger.db").exists()


def test_ledger_of_a_newer_kit_or_without_tables_is_reported(kit: CheckedInstallation) -> None:
    kit.record()
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger:
        ledger.execute("PRAGMA user_version = 99")
    assert "made by a newer kit (schema 99" in kit.check().bad["ledger_newer"]["saw"]
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger:
        ledger.execute("PRAGMA user_version = 0")
    assert "it is missing" in kit.check().bad["ledger_gone"]["saw"]


def test_ledger_of_an_older_kit_is_not_a_fault(kit: CheckedInstallation) -> None:
    kit.record()
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger:
        ledger.execute(f"PRAGMA user_version = {len(MIGRATIONS) - 1}")
    found = kit.check()
    assert (found.bad, "ledger_older" in found.well) == ({}, True)


def test_folder_as_ledger_or_file_as_journal_is_reported(kit: CheckedInstallation) -> None:
    (kit.data / "ledger.db").mkdir()
    found = kit.check().bad
    assert (list(found), found["not_a_file"]["file"]) == (["not_a_file"], f"{kit.data}/ledger.db")
    (kit.data / "ledger.db").rmdir()
    (kit.data / "journal").touch()
    found = kit.check().bad
    assert (list(found), found["not_a_folder"]["file"]) == (["not_a_folder"], f"{kit.data}/journal")


@pytest.mark.parametrize(
    ("options", "name", "saw"),
    [("size=64k", "disk_full", "free on its disk: 0 MiB"), ("ro", "disk_read_only", "its disk is read-only")],
)
def test_full_or_read_only_disk_is_reported(
    kit: CheckedInstallation, options: str, name: str, saw: str
) -> None:
    need(os.getuid() == 0, "root, to mount a disk,")
    owner = pwd.getpwnam(web_user()).pw_uid
    mount = f"mount -t tmpfs -o {options},mode=700,uid={owner} tmpfs {kit.data}"
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", f"{mount}; exec {kit.root}/bin/sogenactif check --json"],
        capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )  # fmt: skip
    found = Found(result.returncode, json.loads(result.stdout))
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)


def test_ledger_file_that_is_not_a_database_is_reported(kit: CheckedInstallation) -> None:
    (kit.data / "ledger.db").write_text("not a database, but long enough to be read as one" * 100)
    if os.getuid() == 0:
        shutil.chown(kit.data / "ledger.db", web_user(), web_user())
    assert "not a database" in kit.check().bad["ledger_damaged"]["saw"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("LEDGER!sqlite://ledger.db!", "ledger_malformed"),
        ("LEDGER!postgresql://kit:hunter2%@127.0.0.1/d!\nJOURNAL!{}/journal!", "ledger_malformed"),
        ("LEDGER!postgresql://h/d!", "keyword_absent"),
        ("LEDGER!sqlite:////nowhere/ledger.db!", "leads_nowhere"),
        ("LEDGER!postgresql://kit:hunter2@127.0.0.1:1/d!\nJOURNAL!{}/journal!", "ledger_fails"),
    ],
)
def test_invalid_ledger_address_is_reported_without_its_password(
    kit: CheckedInstallation, line: str, name: str
) -> None:
    text = re.sub("LEDGER!.*!", line.format(kit.data), kit.pathfile.read_text())
    kit.pathfile.write_text(text)
    result = kit.run("--json")
    assert name in {finding["name"] for finding in json.loads(result.stdout)["findings"]}
    assert "hunter2" not in result.stdout


def test_relative_path_of_the_journal_is_reported(kit: CheckedInstallation) -> None:
    kit.add(kit.pathfile, "JOURNAL!journal!\n")
    found = kit.check()
    assert (found.status, found.bad["relative"]["line"]) == (1, 21)
    assert "JOURNAL is journal, which depends on where" in found.bad["relative"]["saw"]


def test_sips_without_a_ledger_has_no_findings(kit: CheckedInstallation) -> None:
    kit.change(kit.pathfile, "LEDGER")
    found = kit.check()
    assert (found.bad, "no_ledger" in found.well) == ({}, True)


def test_paypage_without_a_ledger_is_a_warning(kit: CheckedInstallation) -> None:
    kit.change(kit.pathfile, "LEDGER")
    kit.use_paypage()
    found = kit.check()
    assert (found.status, list(found.bad)) == (0, ["ledger_needed"])
    assert "caddie is lost" in found.bad["ledger_needed"]["saw"]


def test_ledger_that_the_web_server_cannot_write_is_reported(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.record()
    os.chown(kit.data / "ledger.db", 0, 0)
    found = kit.check()
    assert (found.status, found.bad["not_writable"]["file"]) == (1, str(kit.data / "ledger.db"))
    assert f"chown {web_user()}" in found.bad["not_writable"]["do"]


def test_journal_that_the_web_server_cannot_write_is_reported(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.record()
    [day] = (kit.data / "journal").iterdir()
    os.chown(day, 0, 0)
    assert kit.check().bad["not_writable"]["file"] == str(day)
    os.chown(kit.data / "journal", 0, 0)
    assert kit.check("--user", web_user()).bad["not_writable"]["file"] == str(kit.data / "journal")


@pytest.mark.parametrize("name", ["ledger.db", "journal/20261123.jsonl"])
def test_world_readable_ledger_or_journal_is_a_fault(kit: CheckedInstallation, name: str) -> None:
    kit.record()
    (kit.data / name).chmod(0o644)
    found = kit.check()
    assert (found.status, found.bad["open_to_all"]["file"]) == (1, str(kit.data / name))


def test_unreachable_syslog_is_a_warning(kit: CheckedInstallation, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.add(kit.pathfile, "LOG!syslog!\n")
    monkeypatch.setattr(storage, "SYSLOG", f"{kit.folder}/log")
    [found] = storage.log(Site(read_pathfile(str(kit.pathfile))))
    assert (found.level, found.name, found.line) == ("warning", "syslog_unreachable", 21)
    assert found.values["error"] == "No such file or directory"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as taker:
        taker.bind(f"{kit.folder}/log")
        assert [found.name for found in storage.log(Site(read_pathfile(str(kit.pathfile))))] == ["syslog"]


def test_world_readable_pathfile_with_a_password_is_reported(kit: CheckedInstallation) -> None:
    kit.add(kit.pathfile, f"LEDGER!postgresql://kit:hunter2@127.0.0.1:1/d!\nJOURNAL!{kit.data}/journal!\n")
    kit.pathfile.chmod(0o644)
    assert kit.check().bad["open_to_all"]["file"] == f"{kit.root}/cgi-bin/pathfile"


def test_order_id_that_the_bank_may_refuse_is_a_warning(kit: CheckedInstallation) -> None:
    kit.record()
    assert "order_characters" not in kit.check().bad
    kit.open_shop()
    kit.use_paypage(TESTS)
    found = kit.check().bad["order_characters"]
    assert (found["level"], found["saw"].endswith("may refuse: CMD-42")) == ("warning", True)
