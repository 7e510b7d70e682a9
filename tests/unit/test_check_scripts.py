"""sogenactif check: the shop's own part of the scripts."""

import os
import shutil

import pytest

from tests.support.check import CheckedInstallation
from tests.support.vectors import ENROLLED, MERCHANT, need

# Each looks at an installed kit.
pytestmark = pytest.mark.system


def test_merchant_id_of_a_script_without_a_parmcom_file_is_a_fault(kit: CheckedInstallation) -> None:
    path = kit.root / "cgi-bin" / "call_request.py"
    before = path.read_text()
    path.write_text(before.replace(f'"{MERCHANT}"', '"014213245611119"'))
    [line] = [n for n, text in enumerate(before.splitlines(), 1) if f'"{MERCHANT}"' in text]
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["merchant_unknown"])
    assert found.bad["merchant_unknown"]["line"] == line
    assert "014213245611119 looks like a merchant_id" in found.bad["merchant_unknown"]["saw"]


def test_merchant_that_call_autoresponse_does_not_record_is_a_fault(kit: CheckedInstallation) -> None:
    kit.add(kit.root / "cgi-bin" / "call_autoresponse.py", f'\nMERCHANT_ID = "{ENROLLED}"\n')
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["merchant_not_recorded"])
    assert MERCHANT in found.bad["merchant_not_recorded"]["saw"]


def test_missing_order_database_is_a_fault(kit: CheckedInstallation) -> None:
    (kit.data / "shop.db").unlink()
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["order_fails"])
    assert "OperationalError: unable to open database file" in found.bad["order_fails"]["saw"]


def test_orders_that_the_web_server_cannot_read_are_a_fault(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    shutil.chown(kit.data / "shop.db", "root", "root")
    (kit.data / "shop.db").chmod(0o600)
    assert kit.check().bad["order_fails"]["level"] == "fault"


def test_script_that_cannot_be_loaded_is_a_fault(kit: CheckedInstallation) -> None:
    script = kit.root / "cgi-bin" / "call_request.py"
    script.write_text(script.read_text().replace("import sqlite3", "import sqlite3, no_such_module"))
    assert "ModuleNotFoundError" in kit.check().bad["order_fails"]["saw"]


def test_syntax_error_of_one_script_does_not_hide_the_fault_of_another(kit: CheckedInstallation) -> None:
    kit.add(kit.root / "cgi-bin" / "call_response.py", "\ndef (\n")
    (kit.data / "shop.db").unlink()
    assert {"script_syntax", "order_fails"} <= set(kit.check().bad)


def test_check_of_the_payment_form_does_not_create_the_ledger(kit: CheckedInstallation) -> None:
    assert "shop" in kit.check().well
    assert not (kit.data / "ledger.db").exists()
