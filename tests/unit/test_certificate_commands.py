"""bin/sogenactif certificate, as a merchant types it."""

import grp
import os
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from sogenactif.configuration import read_pathfile
from sogenactif.protocols.certificate import issue_certificate, open_certificate, read_certificate
from tests.support.vectors import MERCHANT, ROOT, need, use_paypage

URL = "https://payment.example/pay"
NAME = f"certif.fr.{MERCHANT}.php"


def run(*arguments: object, language: str = "C") -> tuple[int, str, str]:
    """The status of a command, and what it printed to both its outputs."""
    result = subprocess.run(
        [f"{ROOT}/bin/sogenactif", "certificate", *map(str, arguments)],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/usr/local/bin", "LC_ALL": language},
    )  # fmt: skip
    assert "Traceback" not in result.stderr
    return result.returncode, result.stdout, result.stderr


@pytest.fixture
def from_the_bank(tmp_path: Path) -> Path:
    file = tmp_path / "from the bank.php"
    file.write_bytes(issue_certificate(URL, MERCHANT).replace(b"V4,SANDBOX,DEMO", b"V4,A BANK ,PROD"))
    return file


def test_show_prints_merchant_dates_and_address(from_the_bank: Path) -> None:
    status, said, _ = run("show", from_the_bank)
    assert status == 0
    words = dict(line.split(None, 1) for line in said.splitlines()[1:])
    assert (words["merchant"], words["country"], words["type"]) == (MERCHANT, "fr", "php")
    assert words["created"] == str(date.today())
    assert words["last"] == "day           2099-12-31"
    assert words["payment"] == URL
    assert "no bank accepts it" not in said


def test_show_prints_french(from_the_bank: Path) -> None:
    _, said, _ = run("show", from_the_bank, language="fr_FR.UTF-8")
    assert "  dernier jour       2099-12-31\n" in said
    assert "merchant" not in said


def test_show_does_not_print_the_key(param: Path) -> None:
    status, said, _ = run("show", "--pathfile", param / "pathfile")
    assert status == 0
    assert said.count("this kit: no bank accepts it") == 3
    for path in param.glob("certif.*"):
        for row in open_certificate(str(path)).grid:
            assert row[:12].decode() not in said


def test_show_continues_after_an_unreadable_file(from_the_bank: Path, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes(from_the_bank.read_bytes()[:900])
    status, said, complained = run("show", tmp_path / "cut", "/nowhere", from_the_bank)
    assert status == 1
    assert MERCHANT in said
    assert f"Error in MAC key generation ({tmp_path}/cut)" in complained
    assert "Error reading certificate file (/nowhere)" in complained


def test_install_keeps_the_previous_certificate(param: Path, from_the_bank: Path) -> None:
    before = (param / NAME).read_bytes()
    status, said, _ = run("install", from_the_bank, "--pathfile", param / "pathfile")
    assert (status, said.splitlines()[:2]) == (
        0,
        [f"Installed: {param}/{NAME}", f"The previous one: {param}/certif.fr.{MERCHANT}.old.php"],
    )
    assert (param / NAME).read_bytes() == from_the_bank.read_bytes()
    assert (param / f"certif.fr.{MERCHANT}.old.php").read_bytes() == before
    pathfile = read_pathfile(str(param / "pathfile"))
    assert read_certificate(pathfile, "fr", MERCHANT).payment_url == URL


def test_second_install_of_the_same_certificate_keeps_the_previous_one(
    param: Path, from_the_bank: Path
) -> None:
    before = (param / NAME).read_bytes()
    run("install", from_the_bank, "--pathfile", param / "pathfile")
    status, _, said = run("install", from_the_bank, "--pathfile", param / "pathfile")
    assert (status, said) == (1, f"{param}/{NAME} already is this certificate.\n")
    assert (param / f"certif.fr.{MERCHANT}.old.php").read_bytes() == before


@pytest.mark.parametrize(("folder_mode", "mode"), [(0o750, 0o640), (0o700, 0o600), (0o755, 0o600)])
def test_installed_certificate_gets_owner_and_permissions_of_the_folder(
    param: Path, from_the_bank: Path, folder_mode: int, mode: int
) -> None:
    need(os.getuid() == 0, "root, who may give files away,")
    group = grp.getgrnam("www-data").gr_gid
    os.chown(param, 0, group)
    param.chmod(folder_mode)
    run("install", from_the_bank, "--pathfile", param / "pathfile")
    for name in (NAME, f"certif.fr.{MERCHANT}.old.php"):
        found = (param / name).stat()
        assert (found.st_mode & 0o777, found.st_uid, found.st_gid) == (mode, 0, group)


def test_install_rejects_a_certificate_of_another_type(param: Path, tmp_path: Path) -> None:
    file = tmp_path / "asp"
    file.write_bytes(issue_certificate(URL, MERCHANT, type_="asp"))
    status, _, said = run("install", file, "--pathfile", param / "pathfile", "--force")
    assert status == 1
    assert f"{file} is of the type asp, and F_CTYPE of the pathfile is php" in said


def test_install_rejects_an_expired_certificate_unless_forced(param: Path, tmp_path: Path) -> None:
    yesterday = date.today() - timedelta(days=1)
    file = tmp_path / "late"
    file.write_bytes(issue_certificate(URL, MERCHANT, expired=yesterday.strftime("%Y%m%d")))
    before = (param / NAME).read_bytes()
    status, _, said = run("install", file, "--pathfile", param / "pathfile")
    assert (status, f"{file} expired on {yesterday}" in said) == (1, True)
    assert (param / NAME).read_bytes() == before
    assert run("install", file, "--pathfile", param / "pathfile", "--force")[0] == 0
    assert f"{yesterday}, expired" in run("show", "--pathfile", param / "pathfile")[1]


@pytest.mark.parametrize("content", [b"", b"<?php\n", b"\0" * 5000, None])
def test_install_rejects_a_file_that_is_not_a_certificate(
    param: Path, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    before = sorted(os.listdir(param))
    status, _, said = run("install", file, "--pathfile", param / "pathfile")
    assert status == 1
    assert said
    assert sorted(os.listdir(param)) == before


def test_install_rejects_a_merchant_id_with_a_path(param: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(issue_certificate(URL, "../../1"))
    assert run("install", file, "--pathfile", param / "pathfile")[0] == 1


def test_untyped_certificate_is_installed_under_the_name_of_its_file(param: Path, tmp_path: Path) -> None:
    pathfile = param / "pathfile"
    pathfile.write_text(pathfile.read_text().replace("F_CTYPE!php!\n", ""))
    for name in ("mail-attachment", f"certif.be.{MERCHANT}"):
        (tmp_path / name).write_bytes(issue_certificate(URL, MERCHANT, type_=""))
    status, _, said = run("install", tmp_path / "mail-attachment", "--pathfile", pathfile)
    assert (status, "name it certif.<country>.<merchant_id>" in said) == (1, True)
    assert run("install", tmp_path / f"certif.be.{MERCHANT}", "--pathfile", pathfile)[0] == 0
    assert (param / f"certif.be.{MERCHANT}").exists()


SERVER = "http://127.0.0.1:8080/payment/paymentInit"


def test_certificate_commands_refer_to_secret_keys_with_paypage(param: Path, from_the_bank: Path) -> None:
    pathfile = use_paypage(param, SERVER)
    before = {path.name: path.read_bytes() for path in param.iterdir()}
    words = f"{pathfile} sets PROTOCOL!paypage!, which uses a secret key"
    status, said, noted = run("show", "--pathfile", pathfile)
    assert (status, MERCHANT in said, words in noted) == (0, True, True)
    for file in (from_the_bank, param / f"key.{MERCHANT}"):
        status, said, refused = run("install", file, "--pathfile", pathfile)
        assert (status, said, words in refused) == (1, "", True)
        assert f"on one line, in {param}/key.<merchant_id>" in refused
    assert {path.name: path.read_bytes() for path in param.iterdir()} == before


def test_pathfile_without_f_certificate_shows_and_issues_nothing(param: Path) -> None:
    pathfile = Path(use_paypage(param, SERVER))
    lines = pathfile.read_text().splitlines(keepends=True)
    pathfile.write_text("".join(line for line in lines if not line.startswith("F_CERTIFICATE")))
    assert run("show", "--pathfile", pathfile)[:2] == (0, "")
    status, _, said = run("issue", MERCHANT, URL, "--pathfile", pathfile)
    assert (status, said) == (
        1,
        f"{pathfile} has no F_CERTIFICATE, the path of the certificates.\n",
    )


def test_install_rejects_a_secret_key(param: Path) -> None:
    use_paypage(param, SERVER)
    status, _, said = run("install", param / f"key.{MERCHANT}", "--pathfile", param / "pathfile.minimal")
    assert (status, "has one line: it is a secret key of Paypage, not a certificate" in said) == (
        1,
        True,
    )
    assert f"{MERCHANT}_KEY1" not in said
