"""The faults of an installation, one by one: the status of check, and its remedy, typed as it is printed."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.check import CheckedInstallation, type_remedy
from tests.support.vectors import need

pytestmark = pytest.mark.system


def as_root_has_it(path: Path, mode: int) -> None:
    shutil.chown(path, "root", "root")
    path.chmod(mode)


def garbage(kit: CheckedInstallation) -> None:
    kit.record({"response_code": "05"})
    for path in kit.data.glob("ledger.db*"):
        path.unlink()
    (kit.data / "ledger.db").write_bytes(os.urandom(5000))
    shutil.chown(kit.data / "ledger.db", kit.data.owner(), kit.data.group())


def deleted_ledger(kit: CheckedInstallation) -> None:
    kit.record({"response_code": "05"})
    for path in kit.data.glob("ledger.db*"):
        path.unlink()


def ledger_of_root(kit: CheckedInstallation) -> None:
    kit.record({"response_code": "05"})
    as_root_has_it(kit.data / "ledger.db", 0o600)


# Faults whose remedy is a command: customers get an error, or strangers a secret.
TYPED: dict[str, Callable[[CheckedInstallation], object]] = {
    "a certificate of root alone": lambda kit: as_root_has_it(kit.certificate, 0o600),
    "a folder of the configuration that is closed": lambda kit: as_root_has_it(kit.conf, 0o700),
    "a certificate that everybody reads": lambda kit: kit.certificate.chmod(0o644),
    "a pathfile of root alone": lambda kit: as_root_has_it(kit.pathfile, 0o600),
    "a parmcom file of root alone": lambda kit: as_root_has_it(kit.parmcom, 0o600),
    "a ledger of root": ledger_of_root,
    "a folder of data of root": lambda kit: as_root_has_it(kit.data, 0o700),
    "a ledger that is garbage": garbage,
    "a ledger that was deleted": deleted_ledger,
    "a script that is not executable": lambda kit: (kit.root / "cgi-bin" / "call_request.py").chmod(0o644),
}


@pytest.mark.parametrize("break_it", TYPED.values(), ids=TYPED.keys())
def test_printed_remedy_repairs_the_fault(
    kit: CheckedInstallation, break_it: Callable[[CheckedInstallation], object]
) -> None:
    need(os.getuid() == 0, "root, whose files these become,")
    assert kit.check().status == 0
    break_it(kit)
    found = kit.check()
    assert found.status == 1
    remedies = dict.fromkeys(fault["do"] for fault in found.bad.values() if fault["level"] == "fault")
    for remedy in remedies:
        type_remedy(remedy)
    mended = kit.check()
    assert (mended.status, mended.bad) == (0, {})


# Faults that somebody has to mend by hand: what is broken, the finding, and words of its remedy.
EDITED: list[tuple[str, Callable[[CheckedInstallation], object], str, str]] = [
    ("no parmcom file", lambda kit: kit.parmcom.unlink(), "merchant_unknown", "restore parmcom."),
    ("no pathfile", lambda kit: kit.pathfile.unlink(), "missing", "./install.sh apache writes a new one"),
    ("no certificate", lambda kit: kit.certificate.unlink(), "certificate_missing", "certificate install FILE"),
    ("DEBUG=YES", lambda kit: kit.add(kit.pathfile, "DEBUG=YES\n"), "separators", "KEYWORD!value!"),
    ("D_LOGOS", lambda kit: kit.add(kit.pathfile, "D_LOGOS!/logos/!\n"), "misspelled", "Did you mean D_LOGO?"),
    ("two slashes", lambda kit: kit.change(kit.pathfile, "LEDGER", "sqlite://x.db"), "ledger_malformed", "four slashes"),
    ("no last !", lambda kit: kit.add(kit.parmcom, "CAPTURE_DAY!0\n"), "separators", "KEYWORD!value!"),
    ("no host", lambda kit: kit.change(kit.parmcom, "RETURN_URL", "shop.example/x"), "address_malformed", "http:// or https://"),
    ("a certificate that was cut", lambda kit: kit.put(kit.certificate, kit.certificate.read_bytes()[:900]), "certificate_damaged", "binary"),
    ("no orders", lambda kit: (kit.data / "shop.db").unlink(), "order_fails", "restore the file"),
    ("orders of root", lambda kit: as_root_has_it(kit.data / "shop.db", 0o600), "order_fails", "Correct the function"),
    ("a template with a fault", lambda kit: kit.put_own(kit.root / "templates" / "form.html", b"{% if"), "template_syntax", "Correct the line"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("break_it", "name", "words"), [row[1:] for row in EDITED], ids=[row[0] for row in EDITED]
)
def test_cause_of_an_error_for_customers_is_a_fault(
    kit: CheckedInstallation, break_it: Callable[[CheckedInstallation], object], name: str, words: str
) -> None:
    break_it(kit)
    found = kit.check()
    assert found.status == 1
    faults = [(one["name"], one["do"]) for one in found.answer["findings"] if one["level"] == "fault"]
    assert [one for one, remedy in faults if one == name and words in remedy], faults


def test_check_does_not_change_the_orders(kit: CheckedInstallation) -> None:
    before = orders(kit)
    assert any("INSERT" in line for line in before)
    assert kit.check().status == 0
    assert orders(kit) == before


def orders(kit: CheckedInstallation) -> list[str]:
    """All that is in the shop's database, as SQL."""
    with closing(sqlite3.connect(kit.data / "shop.db")) as shop:
        return list(shop.iterdump())
