"""The commands that show a page without a payment, and issue a certificate."""

import html
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from sogenactif.configuration import read_pathfile
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import seal_request
from sogenactif_sandbox.commands.preview import SHOWN, main, preview
from sogenactif_sandbox.serving import payment_server
from tests.support.bank import send
from tests.support.vectors import ROOT

COMMAND = [sys.executable, str(ROOT / "bin" / "sogenactif")]


def run(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[bytes]":
    """The command, from another directory and with an empty environment."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, cwd=cwd, env={}, timeout=60)


@pytest.mark.parametrize("page", SHOWN)
@pytest.mark.parametrize("language", ["fr", "en", "ge", "sp", "it"])
def test_every_page_is_previewed_in_every_language(page: str, language: str) -> None:
    html = preview(page, {"language": language}).decode()
    assert html.startswith("<!DOCTYPE html>") and "<h1" in html and "[SIPS]" not in html


@pytest.mark.parametrize("page", ["entry", "errors", "information", "accepted", "refused", "tries"])
def test_page_is_previewed_with_a_template(page: str, tmp_path: Path) -> None:
    template = tmp_path / "my.fr"
    template.write_text("<body bgcolor=#ffeecc><p>Before</p>[SIPS]<p>After</p>")
    html = preview(page, {}, template_file=template).decode()
    assert html.index("Before") < html.index("<h1") < html.index("After") and "#ffeecc" in html


def test_preview_shows_the_schedule_of_instalments() -> None:
    fields = {
        "capture_mode": "PAYMENT_N",
        "capture_day": "5",
        "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=15000",
    }
    assert "28 décembre 2026" in preview("entry", fields).decode()


def test_preview_command_writes_a_file_or_prints_the_page(tmp_path: Path) -> None:
    (tmp_path / "my").write_text("<p>Before</p>[SIPS]")
    done = run("preview", "entry", "--template", "my", "--output", "page.html", "language=it", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Numero della carta" in (tmp_path / "page.html").read_text()
    assert b"Card number" in run("preview", "entry", "language=en", cwd=tmp_path).stdout


def test_preview_command_reports_template_errors_and_usage_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad"
    bad.write_text("<form>[SIPS][SIPS]")
    assert main(["entry", "--template", str(bad)]) == 1
    assert capsys.readouterr().err == (
        f"{bad}: [SIPS] stands in it 2 times, and must stand once\n{bad}: <form> is not allowed\n"
    )
    for wrong in (["nothing"], ["entry", "colour=red"], ["entry", "--template", str(tmp_path / "none")]):
        with pytest.raises(SystemExit) as status:
            main(wrong)
        assert status.value.code == 2


def test_issued_certificate_works_with_the_server_before_and_after_rotation(param: Path) -> None:
    with payment_server(str(param / "pathfile"), str(param / "payments.sqlite")) as address:
        issue = ("certificate", "issue", "014213245611119", address, "--pathfile", str(param / "pathfile"))
        done = run(*issue, cwd=param)
        path = Path(done.stdout.decode().strip())
        assert (done.returncode, path.name) == (0, "certif.fr.014213245611119.php")
        assert path.stat().st_mode & 0o777 == 0o600
        pathfile = read_pathfile(str(param / "pathfile"))
        certificate = read_certificate(pathfile, "fr", "014213245611119")
        assert certificate.payment_url == address
        fields = {
            "merchant_id": "014213245611119",
            "merchant_country": "fr",
            "amount": "1000",
            "transaction_id": "1",
            "currency_code": "978",
            "transmission_date": "20261123101112",
            "normal_return_url": "http://shop.example/",
            "cancel_return_url": "http://shop.example/",
        }
        data = seal_request(fields, certificate)
        assert send(f"{certificate.payment_url}/callpayment", {"DATA": data}).status == 200

        assert run(*issue, cwd=param).returncode == 1
        assert read_certificate(pathfile, "fr", "014213245611119").grid == certificate.grid
        assert run(*issue, "--rotate", cwd=param).returncode == 0
        assert read_certificate(pathfile, "fr", "014213245611119", old=True).grid == certificate.grid
        assert send(f"{address}/callpayment", {"DATA": data}).status == 200


def test_certificate_is_issued_to_a_file_or_to_the_output(tmp_path: Path) -> None:
    done = run("certificate", "issue", "1", "http://127.0.0.1:8080/payment", "--output", "-", cwd=tmp_path)
    assert done.stdout.startswith(b"<?php") and b"merchant_id!1!" in done.stdout
    untyped = run(
        "certificate", "issue", "1", "http://h/payment", "--output", "c", "--type", "", cwd=tmp_path
    )
    assert untyped.returncode == 0 and not (tmp_path / "c").read_bytes().startswith(b"<?php")
    again = run("certificate", "issue", "1", "http://h/payment", "--output", "c", cwd=tmp_path)
    assert again.returncode == 1 and b"already is a certificate" in again.stderr


@pytest.mark.parametrize(
    "wrong", [("1", "ftp://h/payment"), ("../1", "http://h/payment"), ("1", "http://h/" + "x" * 130)]
)
def test_invalid_certificate_options_are_rejected(param: Path, wrong: tuple[str, str]) -> None:
    done = run("certificate", "issue", *wrong, "--pathfile", str(param / "pathfile"), cwd=param)
    assert done.returncode == 1 and done.stderr and b"Traceback" not in done.stderr


def test_preview_refers_to_existing_files_of_the_shop() -> None:
    examples = ROOT / "lib" / "sogenactif_sandbox" / "examples"
    fields = {"logo_id": "shop.svg", "data": "<USE_CSS>;dusk.css</USE_CSS>;"}
    for page in (
        preview("entry", fields, installed=examples),
        preview("entry", {"templatefile": "market"}, installed=examples),
    ):
        named = re.findall(r'(?:src|href)="file://([^"]+)"', html.unescape(page.decode()))
        assert len(named) > 3 and all(Path(unquote(name)).exists() for name in named)
