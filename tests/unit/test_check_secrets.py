"""sogenactif check: certificates and secret keys."""

import os
import subprocess
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.check import TESTS, CheckedInstallation
from tests.support.vectors import MERCHANT, need

# Each looks at an installed kit.
pytestmark = pytest.mark.system


def test_missing_certificate_is_a_fault(kit: CheckedInstallation) -> None:
    kit.certificate.unlink()
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["certificate_missing"])
    assert found.bad["certificate_missing"]["file"] == str(kit.certificate)
    assert "sogenactif certificate install" in found.bad["certificate_missing"]["do"]


def test_misnamed_certificate_is_reported(kit: CheckedInstallation) -> None:
    kit.certificate.rename(kit.conf / f"certif.be.{MERCHANT}.php")
    assert f"there is certif.be.{MERCHANT}.php" in kit.check().bad["certificate_misnamed"]["saw"]


def test_world_readable_certificate_is_a_fault(kit: CheckedInstallation) -> None:
    kit.certificate.chmod(0o644)
    found = kit.check()
    assert found.status == 1
    assert (
        "every user of the machine can access it, but it is secret (mode 644"
        in found.bad["open_to_all"]["saw"]
    )
    assert found.bad["open_to_all"]["do"] == f"chmod o= {kit.certificate}"


def test_unreadable_certificate_is_reported(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.certificate.chmod(0o600)
    assert kit.check().bad["not_readable"]["file"] == str(kit.certificate)


@pytest.mark.parametrize(
    ("days", "name", "level", "saw"),
    [(-1, "expired", "fault", "it expired on {}"), (20, "expires_soon", "warning", "it expires on {}; days left: 20")],
)  # fmt: skip
def test_expired_certificate_is_a_fault_and_expiry_soon_a_warning(
    kit: CheckedInstallation, days: int, name: str, level: str, saw: str
) -> None:
    last = date.today() + timedelta(days=days)
    kit.issue("http://127.0.0.1:9/payment", last.strftime("%Y%m%d"))
    found = kit.check()
    assert found.status == (level == "fault")
    assert (found.bad[name]["level"], found.bad[name]["saw"]) == (level, saw.format(last))


def test_invalid_expiry_date_of_a_certificate_is_reported(kit: CheckedInstallation) -> None:
    kit.issue("http://127.0.0.1:9/payment", "2099-31")
    assert "not a day of the form yyyymmdd" in kit.check().bad["expiry_unreadable"]["saw"]


@pytest.mark.parametrize(
    ("changes", "name", "saw"),
    [
        ({"merchant": "014213245611119"}, "another_merchant_id", "that of merchant 014213245611119, not"),
        (
            {"country": "be"},
            "another_merchant_country",
            "country of the certificate is be, but MERCHANT_COUNTRY is fr",
        ),
        ({"type_": "asp"}, "another_certificate_type", "type of the certificate is asp, but F_CTYPE is php"),
    ],
)
def test_certificate_of_another_merchant_country_or_type_is_a_fault(
    kit: CheckedInstallation, changes: dict[str, str], name: str, saw: str
) -> None:
    kit.issue("http://127.0.0.1:9/payment", **changes)
    found = kit.check()
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)


def test_merchant_country_with_a_path_is_a_fault(kit: CheckedInstallation) -> None:
    kit.add(kit.parmcom, "MERCHANT_COUNTRY!./!\n")
    found = kit.check()
    assert (found.status, found.bad["kit_refuses"]["file"]) == (1, str(kit.parmcom))


def test_truncated_certificate_is_reported(kit: CheckedInstallation) -> None:
    kit.put(kit.certificate, kit.certificate.read_bytes()[:1500])
    found = kit.check().bad
    assert list(found) == ["certificate_damaged"]
    assert "it is truncated or altered: Error in MAC key generation" in found["certificate_damaged"]["saw"]


def test_previous_certificate_is_checked_too(kit: CheckedInstallation) -> None:
    old = kit.conf / f"certif.fr.{MERCHANT}.old.php"
    kit.put(old, kit.certificate.read_bytes())
    assert "certificate_before" in kit.check().well
    old.chmod(0o604)
    assert kit.check().bad["open_to_all"]["file"] == str(old)


def test_missing_or_misnamed_secret_key_is_reported(kit: CheckedInstallation) -> None:
    kit.use_paypage()
    kit.key.rename(f"{kit.key}.txt")
    found = kit.check()
    assert (found.status, found.bad["key_misnamed"]["file"]) == (1, str(kit.key))
    assert f"but there is {kit.key.name}.txt" in found.bad["key_misnamed"]["saw"]
    Path(f"{kit.key}.txt").unlink()
    kit.key.with_suffix(f".{MERCHANT}.old").unlink()
    assert "Paste the key from the bank's extranet" in kit.check().bad["key_missing"]["do"]
    kit.key.mkdir()
    assert kit.check().bad["not_a_file"]["file"] == str(kit.key)


@pytest.mark.parametrize(
    ("content", "name", "saw"),
    [
        (b"", "key_empty", "it contains no secret key"),
        (b" \n", "key_empty", "it contains no secret key"),
        (b"# ours\nhunter2\n", "key_lines", "2 lines, but a secret key has one line"),
        (b"hunter2 \n", "key_spaces", "a space before, in or after the key"),
        (b"\thunter2", "key_spaces", "a space before, in or after the key"),
        (b"\xef\xbb\xbfhunter2\n", "byte_order_mark", "byte order mark (BOM)"),
    ],
)
def test_secret_key_that_is_not_one_line_is_a_fault_and_is_not_printed(
    kit: CheckedInstallation, content: bytes, name: str, saw: str
) -> None:
    kit.use_paypage()
    kit.put(kit.key, content)
    found = kit.check()
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)
    assert found.bad[name]["file"] == str(kit.key)
    result = kit.run()
    assert "hunter2" not in result.stdout + result.stderr


def test_printed_remedy_removes_spaces_from_a_secret_key(kit: CheckedInstallation) -> None:
    kit.use_paypage()
    kit.put(kit.key, b" hunter 2\t\n")
    remedy = kit.check().bad["key_spaces"]["do"].partition(": ")[2]
    subprocess.run(remedy, shell=True, check=True)
    assert kit.key.read_bytes() == b"hunter2\n"
    assert kit.check().bad == {}


@pytest.mark.parametrize("mode", [0o644, 0o642, 0o641])
@pytest.mark.parametrize("old", [False, True])
def test_world_accessible_secret_key_is_a_fault(kit: CheckedInstallation, mode: int, old: bool) -> None:
    kit.use_paypage()
    key = kit.conf / f"{kit.key.name}.old" if old else kit.key
    key.chmod(mode)
    found = kit.check()
    assert (found.status, found.bad["open_to_all"]["file"]) == (1, str(key))
    assert (
        f"every user of the machine can access it, but it is secret (mode {mode:o}"
        in found.bad["open_to_all"]["saw"]
    )
    subprocess.run(found.bad["open_to_all"]["do"], shell=True, check=True)
    assert kit.check().bad == {}


def test_unreadable_secret_key_is_reported(kit: CheckedInstallation) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.use_paypage()
    kit.key.chmod(0o600)
    assert kit.check().bad["not_readable"]["file"] == str(kit.key)


@pytest.mark.parametrize("protocol", ["sips", "paypage"])
def test_only_the_permissions_of_the_secrets_of_the_other_protocol_are_checked(
    kit: CheckedInstallation, protocol: str
) -> None:
    kit.use_paypage()
    kit.change(kit.pathfile, "PROTOCOL", protocol)
    former = kit.key if protocol == "sips" else kit.certificate
    former.chmod(0o644)
    found = kit.check().bad
    assert (list(found), found["open_to_all"]["file"]) == (["open_to_all"], str(former))
    kit.put(former, b"neither a key nor\na certificate")
    name = "key_former" if protocol == "sips" else "certificate_former"
    again = kit.check()
    assert (again.bad, name in again.well) == ({}, True)


def test_certificate_left_over_90_days_after_the_move_to_paypage_is_a_warning(
    kit: CheckedInstallation,
) -> None:
    kit.as_a_banks()
    kit.open_shop()
    kit.use_paypage(TESTS)
    assert "certificate_left_over" not in kit.check().bad
    long_ago = time.time() - 100 * 86400
    os.utime(kit.pathfile, (long_ago, long_ago))
    found = kit.check().bad["certificate_left_over"]
    assert (found["level"], "more than 90 days" in found["saw"]) == ("warning", True)
