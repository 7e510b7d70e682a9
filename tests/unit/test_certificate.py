import os
import shutil
from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import CertificateError, CertificateMissing
from sogenactif.files import write_secret
from sogenactif.protocols.certificate import issue_certificate, read_certificate
from tests.support.vectors import MERCHANT

URL = "https://payment.example:443/cgis-payment/prod"


def put(param: Path, content: bytes, name: str = f"certif.fr.{MERCHANT}.php") -> None:
    (param / name).write_bytes(content)


def test_a_typed_certificate_tells_its_owner_dates_and_address(pathfile: Pathfile) -> None:
    certificate = read_certificate(pathfile, "fr", MERCHANT)
    assert certificate.payment_url == "http://127.0.0.1:8080/payment"
    assert certificate.made == "20260901"
    assert certificate.header["certificate_expired"] == "20361231"


def test_an_untyped_certificate_has_no_header(param: Path) -> None:
    certificate = read_certificate(read_pathfile(str(param / "pathfile.old-kit")), "fr", "014213245611113")
    assert certificate.payment_url == URL
    assert certificate.header == {}


@pytest.mark.parametrize("type_", ["php", ""])
def test_an_issued_certificate_reads_back(param: Path, type_: str) -> None:
    pathfile = Pathfile("", {"F_CERTIFICATE": str(param / "issued"), "F_CTYPE": type_})
    name = f"issued.fr.{MERCHANT}" + (".php" if type_ else "")
    put(param, issue_certificate(URL, MERCHANT, "fr", type_, "20301231"), name)
    certificate = read_certificate(pathfile, "fr", MERCHANT)
    assert certificate.payment_url == URL
    assert certificate.header.get("certificate_expired", "") == ("20301231" if type_ else "")


def test_two_certificates_share_no_key() -> None:
    first, second = issue_certificate(URL, MERCHANT), issue_certificate(URL, MERCHANT)
    assert set(first.split(b"\n")[8:33]).isdisjoint(second.split(b"\n")[8:33])


@pytest.mark.parametrize(
    "url", ["ftp://bank.example/", "bank.example", "https:///pay", "http://b/ x", "http://b/" + "x" * 117]
)
def test_an_address_that_makes_no_sense_is_not_issued(url: str) -> None:
    with pytest.raises(CertificateError, match=r"^Error writing URL"):
        issue_certificate(url, MERCHANT)


def test_crlf_and_no_last_newline_are_fine(param: Path, pathfile: Pathfile) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    before = read_certificate(pathfile, "fr", MERCHANT)
    put(param, path.read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n?>\r\n"))
    assert read_certificate(pathfile, "fr", MERCHANT).grid == before.grid


def test_the_bank_s_name_may_hold_spaces(param: Path, pathfile: Pathfile) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    put(param, path.read_bytes().replace(b"V4,SANDBOX,DEMO++++++++", b"V4,MY BANK OF FR,DEMO++"))
    assert read_certificate(pathfile, "fr", MERCHANT).made == "20260901"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("merchant_id!014213245611111", "merchant_id!1", f"error merchant id request {MERCHANT} differ certificate file 1"),
        ("merchant_country!fr", "merchant_country!be", "error merchant country request fr differ certificate file be"),
        ("certificate_type!php", "certificate_type!asp", "error certificat type pathfile php differ certificate file asp"),
    ],
)  # fmt: skip
def test_a_certificate_of_somebody_else_is_refused(
    param: Path, pathfile: Pathfile, old: str, new: str, words: str
) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    put(param, path.read_bytes().replace(old.encode(), new.encode()))
    with pytest.raises(CertificateError) as refusal:
        read_certificate(pathfile, "fr", MERCHANT)
    assert str(refusal.value) == f"Error reading certificate file field ({words})"


@pytest.mark.parametrize("lines", [0, 3, 8, 20, 33, 40, 49])
def test_a_certificate_that_was_cut_is_refused(param: Path, pathfile: Pathfile, lines: int) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    put(param, b"\n".join(path.read_bytes().split(b"\n")[:lines]))
    with pytest.raises(CertificateError):
        read_certificate(pathfile, "fr", MERCHANT)


@pytest.mark.parametrize("row", range(8, 52))
def test_a_certificate_with_a_spoilt_row_never_crashes(param: Path, pathfile: Pathfile, row: int) -> None:
    lines = (param / f"certif.fr.{MERCHANT}.php").read_bytes().split(b"\n")
    lines[row] = b"\xff" * 10
    put(param, b"\n".join(lines))
    try:
        assert read_certificate(pathfile, "fr", MERCHANT).payment_url.startswith("http")
    except CertificateError as error:
        assert str(error).startswith("Error ")


@pytest.mark.parametrize(
    ("country", "merchant_id"), [("..", MERCHANT), ("fr", "../x"), ("fr", ""), ("f\0", "1")]
)
def test_no_name_leads_out_of_the_directory(pathfile: Pathfile, country: str, merchant_id: str) -> None:
    with pytest.raises(CertificateMissing):
        read_certificate(pathfile, country, merchant_id)


def test_the_old_certificate_stands_beside_the_new_one(param: Path, pathfile: Pathfile) -> None:
    assert read_certificate(pathfile, "fr", MERCHANT, old=True).made == "20250901"
    shutil.move(param / f"certif.fr.{MERCHANT}.old.php", param / "elsewhere")
    with pytest.raises(CertificateMissing, match=r"certif\.fr\.014213245611111\.old\.php"):
        read_certificate(pathfile, "fr", MERCHANT, old=True)


def test_a_secret_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"before")
    path.chmod(0o644)
    write_secret(str(path), b"after")
    assert path.read_bytes() == b"after"
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]
