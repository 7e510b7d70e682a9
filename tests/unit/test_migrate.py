"""``sogenactif migrate``, as a shop runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from sogenactif.configuration import read_pathfile
from sogenactif.payment import make_request
from tests.support.vectors import MERCHANT, ROOT


def migrate(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, f"{ROOT}/bin/sogenactif", "migrate", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def test_migrate_writes_a_pathfile_for_the_same_shop(param: Path) -> None:
    (param / f"parmcom.{MERCHANT}").write_text(
        "LOGO!shop.gif!\nCADDIE!3 books!\nLANGUAGE!ge!\nDATA!NO_RESPONSE_PAGE_POST!\n"
    )
    before = {path.name: path.read_bytes() for path in param.iterdir()}
    (param / "pathfile").chmod(0o640)
    status, said = migrate(str(param / "pathfile"))
    assert status == 0, said
    for line in (
        f"secret key of {MERCHANT} in {param}/key.{MERCHANT}",
        "set LEDGER",
        "  LOGO!shop.gif!: no counterpart: not sent",
        "  CADDIE!3 books!: not sent: the ledger stores it",
        "  DATA!NO_RESPONSE_PAGE_POST!: NO_RESPONSE_PAGE, NO_RESPONSE_PAGE_POST and the schedule",
        "  LANGUAGE!ge!: ge and sp are sent as de and es",
        "  bgcolor: no counterpart",
    ):
        assert line in said
    new = param / "pathfile.paypage"
    assert new.stat().st_mode & 0o777 == 0o640
    assert {path.name: path.read_bytes() for path in param.iterdir() if path != new} == before
    (param / f"key.{MERCHANT}").write_text("secret\n")
    (param / f"key.{MERCHANT}").chmod(0o600)
    request = make_request({"merchant_id": MERCHANT, "amount": "1000"}, read_pathfile(str(new)))
    assert request.action == "https://payment-webinit.simu.sogenactif.com/paymentInit"


def test_existing_file_is_not_overwritten(param: Path) -> None:
    (param / "pathfile.paypage").write_text("ours")
    status, said = migrate(str(param / "pathfile"))
    assert (status, "already exists" in said) == (1, True)
    assert (param / "pathfile.paypage").read_text() == "ours"


@pytest.mark.parametrize(("line", "words"), [
    ("PROTOCOL!paypage!\nPAYPAGE_URL!https://bank.example/paymentInit!\nPAYPAGE_KEY!/key!", "already is a pathfile for Paypage"), ("PROTOCOL!x!", "PROTOCOL is x"), ("one!", "Invalid separator"),
])  # fmt: skip
def test_invalid_pathfile_is_reported(param: Path, line: str, words: str) -> None:
    with (param / "pathfile").open("a") as file:
        file.write(f"\n{line}\n")
    status, said = migrate(str(param / "pathfile"))
    assert (status, words in said, "Traceback" in said) == (1, True, False)
    assert not (param / "pathfile.paypage").exists()


def test_production_server_brand_or_url_can_be_chosen(param: Path) -> None:
    output = str(param / "new")
    assert migrate(str(param / "pathfile"), "--server", "production", "--output", output)[0] == 0
    assert read_pathfile(output).paypage.url == "https://payment-webinit.sogenactif.com/paymentInit"
    output = str(param / "sherlocks")
    assert migrate(str(param / "pathfile"), "--brand", "sherlocks", "--output", output)[0] == 0
    assert (
        read_pathfile(output).paypage.url
        == "https://sherlocks-payment-webinit-simu.secure.lcl.fr/paymentInit"
    )
    output = str(param / "other")
    assert (
        migrate(str(param / "pathfile"), "--url", "https://bank.example/paymentInit", "--output", output)[0]
        == 0
    )
    assert read_pathfile(output).paypage.url == "https://bank.example/paymentInit"
