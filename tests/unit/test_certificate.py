import os
import shutil
import time
from pathlib import Path

import pytest
from Crypto.Cipher import DES

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import CertificateError, CertificateMissing
from sogenactif.files import write_secret
from sogenactif.protocols.certificate import (
    certificate_path,
    issue_certificate,
    open_certificate,
    read_certificate,
)
from tests.support.vectors import MERCHANT

URL = "https://payment.example:443/cgis-payment/prod"


def put(param: Path, content: bytes, name: str = f"certif.fr.{MERCHANT}.php") -> None:
    (param / name).write_bytes(content)


def test_typed_certificate_has_dates_and_address(pathfile: Pathfile) -> None:
    certificate = read_certificate(pathfile, "fr", MERCHANT)
    assert certificate.payment_url == "http://127.0.0.1:8080/payment"
    assert certificate.made == "20260901"
    assert certificate.header["certificate_expired"] == "20361231"


def test_untyped_certificate_has_no_header(param: Path) -> None:
    certificate = read_certificate(read_pathfile(str(param / "pathfile.old-kit")), "fr", "014213245611113")
    assert certificate.payment_url == URL
    assert certificate.header == {}


@pytest.mark.parametrize("type_", ["php", ""])
def test_issued_certificate_can_be_read(param: Path, type_: str) -> None:
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
def test_certificate_with_an_invalid_address_is_not_issued(url: str) -> None:
    with pytest.raises(CertificateError, match=r"^Error writing URL"):
        issue_certificate(url, MERCHANT)


def test_certificate_with_crlf_and_without_last_newline_is_read(param: Path, pathfile: Pathfile) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    before = read_certificate(pathfile, "fr", MERCHANT)
    put(param, path.read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n?>\r\n"))
    assert read_certificate(pathfile, "fr", MERCHANT).grid == before.grid


def test_name_of_the_bank_may_contain_spaces(param: Path, pathfile: Pathfile) -> None:
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
def test_certificate_of_another_merchant_country_or_type_is_rejected(
    param: Path, pathfile: Pathfile, old: str, new: str, words: str
) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    put(param, path.read_bytes().replace(old.encode(), new.encode()))
    with pytest.raises(CertificateError) as refusal:
        read_certificate(pathfile, "fr", MERCHANT)
    assert str(refusal.value) == f"Error reading certificate file field ({words})"


@pytest.mark.parametrize("lines", [0, 3, 8, 20, 33, 40, 49])
def test_truncated_certificate_is_rejected(param: Path, pathfile: Pathfile, lines: int) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    put(param, b"\n".join(path.read_bytes().split(b"\n")[:lines]))
    with pytest.raises(CertificateError):
        read_certificate(pathfile, "fr", MERCHANT)


@pytest.mark.parametrize("row", range(8, 52))
def test_certificate_with_an_invalid_row_is_read_or_rejected(
    param: Path, pathfile: Pathfile, row: int
) -> None:
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
def test_merchant_id_or_country_with_a_path_finds_no_certificate(
    pathfile: Pathfile, country: str, merchant_id: str
) -> None:
    with pytest.raises(CertificateMissing):
        read_certificate(pathfile, country, merchant_id)


def test_old_certificate_is_read_from_its_own_file(param: Path, pathfile: Pathfile) -> None:
    assert read_certificate(pathfile, "fr", MERCHANT, old=True).made == "20250901"
    shutil.move(param / f"certif.fr.{MERCHANT}.old.php", param / "elsewhere")
    with pytest.raises(CertificateMissing, match=r"certif\.fr\.014213245611111\.old\.php"):
        read_certificate(pathfile, "fr", MERCHANT, old=True)


def test_write_secret_makes_the_file_readable_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"before")
    path.chmod(0o644)
    write_secret(str(path), b"after")
    assert path.read_bytes() == b"after"
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_write_secret_overwrites_a_leftover_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    Path(".new").write_text("of somebody else")
    (tmp_path / "secret.new").write_text("cut by a cra")
    write_secret(str(tmp_path / "secret"), b"whole")
    assert (tmp_path / "secret").read_bytes() == b"whole"
    assert Path(".new").read_text() == "of somebody else"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["elsewhere", "secret"]
    write_secret("here", b"x")
    assert sorted(file.name for file in Path().iterdir()) == [".new", "here"]


def encrypted(rows: list[bytes], plain: bytes) -> bytes:
    """A service's address as a certificate holds it: 264 characters, by the letter of the wire format."""
    key = bytes.fromhex("".join(f"{character % 16:x}" for character in rows[0][:16]))
    cipher = DES.new(key, DES.MODE_ECB).encrypt(plain.ljust(-(-len(plain) // 8) * 8, b"\0")).hex().upper()
    return (f"{len(cipher):03}{cipher}".encode() + b"x" * 264)[:264]


def with_service(service: int, plain: bytes) -> list[bytes]:
    """The rows of an untyped certificate, one of whose four services has this address, length in front."""
    rows = issue_certificate(URL, MERCHANT, type_="").split(b"\n")
    text = encrypted(rows, plain)
    first = 25 + 4 * service
    rows[first : first + 4] = [text[start : start + 66] for start in range(0, 264, 66)]
    return rows


def opened(param: Path, rows: list[bytes]) -> tuple[str, ...]:
    put(param, b"\n".join(rows), "certificate")
    return open_certificate(str(param / "certificate")).services


@pytest.mark.parametrize("service", range(4))
def test_each_service_has_its_own_address(param: Path, service: int) -> None:
    expected = [URL] * 4
    expected[service] = "https://office.example/p2"
    assert opened(param, with_service(service, b"025https://office.example/p2")) == tuple(expected)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"000",
        b"xxxhttp://b/",
        b"-11http://b/",
        b"009http://b\xff",
        b"011ftp://bank/",
        b"007http://bank",
        b"012http://b/ <x>",
    ],
)
def test_invalid_address_is_empty_and_without_a_payment_address_the_certificate_is_rejected(
    param: Path, plain: bytes
) -> None:
    assert opened(param, with_service(1, plain)) == (URL, "", URL, URL)
    with pytest.raises(CertificateError) as refusal:
        opened(param, with_service(0, plain))
    assert str(refusal.value) == f"Error reading URL ({param}/certificate)"


@pytest.mark.parametrize("text", [b"-16", b"x", b"003abc", b"002zz", b"015" + b"0" * 15, b"016\xff"])
def test_address_that_is_not_encrypted_is_empty(param: Path, text: bytes) -> None:
    rows = issue_certificate(URL, MERCHANT, type_="").split(b"\n")
    rows[29] = text.ljust(66, b" ")
    assert opened(param, rows) == (URL, "", URL, URL)


def test_text_after_the_length_of_an_address_is_ignored(param: Path) -> None:
    assert opened(param, with_service(0, b"009http://b/and more"))[0] == "http://b/"
    rows = with_service(0, b"009http://b/")
    rows[25] += b"more than 66"
    assert opened(param, rows)[0] == "http://b/"


@pytest.mark.parametrize("length", [8, 12, 13, 14, 20, 21, 22, 124, 125])
def test_certificate_with_an_address_of_up_to_125_characters_is_issued(param: Path, length: int) -> None:
    url = "http://b/" + "x" * (length - 9) if length > 8 else "http://b"
    content = issue_certificate(url, MERCHANT, type_="")
    assert opened(param, content.split(b"\n")) == (url,) * 4
    rows = content.split(b"\n")
    text = b"".join(rows[25:29])
    wanted = encrypted(rows, f"{length:03}{url}".encode())
    cipher = 3 + int(wanted[:3])
    assert text[:cipher] == wanted[:cipher]
    assert text[cipher:].isalnum()


@pytest.mark.parametrize("url", ["http://b/" + "x" * 117, "ftp://b/", ""])
def test_invalid_address_is_reported_by_issue(url: str) -> None:
    with pytest.raises(CertificateError) as refusal:
        issue_certificate(url, MERCHANT)
    assert str(refusal.value) == f"Error writing URL ({url})"


def test_issued_certificate_has_the_rows_of_the_wire_format(param: Path) -> None:
    *head, last = issue_certificate(URL, MERCHANT, "be", "asp", "20301231").decode("ascii").split("\n")
    assert head[:8] == [
        "<?php", "/*__DEBUT__", f"merchant_id!{MERCHANT}!", "merchant_country!be!",
        "certificate_expired!20301231!", "certificate_version!1.0!", "certificate_type!asp!", "certificate_data!",
    ]  # fmt: skip
    assert (head[-2:], last) == (["__FIN__*/", "?>"], "")
    rows = head[8:-2]
    assert {len(row) for row in rows} == {66} and len(rows) == 44
    assert all(row.isalnum() for row in rows[:41])
    assert rows[41] == "+" * 66
    assert rows[42] == time.strftime("sandbox,%d/%m/%Y,V4,SANDBOX,DEMO").ljust(66, "+")
    assert rows[43] == "END".rjust(66, "+")
    assert issue_certificate(URL, MERCHANT).split(b"\n")[3:7] == [
        b"merchant_country!fr!", b"certificate_expired!20991231!", b"certificate_version!1.0!", b"certificate_type!php!",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "content", "words"),
    [
        (0, b"x" * 64, "Error in MAC key generation ({path})"),
        (24, b"x" * 64, "Error in MAC key generation ({path})"),
        (42, b"", "Error reading certificate data at line  (43)"),
        (42, b"shop", "Error reading certificate data at line  (43)"),
        (42, b"shop,1/09/2026,V4", "Error reading certificate data at line  (43)"),
        (42, b"shop,01/9/2026,V4", "Error reading certificate data at line  (43)"),
        (42, b"shop,01/09/26,V4", "Error reading certificate data at line  (43)"),
        (42, b"shop,01/09/2026/1,V4", "Error reading certificate data at line  (43)"),
        (42, b"shop,01-09-2026,V4", "Error reading certificate data at line  (43)"),
        (42, b"shop,0x/09/2026,V4", "Error reading certificate data at line  (43)"),
    ],
)
def test_invalid_row_is_reported(param: Path, row: int, content: bytes, words: str) -> None:
    rows = issue_certificate(URL, MERCHANT, type_="").split(b"\n")
    rows[row] = content
    with pytest.raises(CertificateError) as refusal:
        opened(param, rows)
    assert str(refusal.value) == words.format(path=f"{param}/certificate")


def test_missing_line_of_a_truncated_certificate_is_reported(param: Path) -> None:
    rows = issue_certificate(URL, MERCHANT, type_="").split(b"\n")
    for count in (25, 29, 42):
        with pytest.raises(CertificateError) as refusal:
            opened(param, rows[:count])
        assert str(refusal.value) == f"Error reading certificate data at line  ({count + 1})"
    with pytest.raises(CertificateError, match=r"^Error in MAC key generation"):
        opened(param, [*rows[:24], b""])
    assert opened(param, rows[:43])[0] == URL


def test_grid_of_65_columns_is_accepted(param: Path) -> None:
    rows = issue_certificate(URL, MERCHANT, type_="").split(b"\n")
    rows[:25] = [row[:65] for row in rows[:25]]
    assert opened(param, rows)[0] == URL


@pytest.mark.parametrize(
    ("owner", "own"),
    [
        (b"shop,01/09/2026,V4,SANDBOX,DEMO++++", True),
        (b"shop,01/09/2026,V4,SANDBOX,DEMO", True),
        (b"shop,01/09/2026,V4,SANDBOX,PROD++++", False),
        (b"shop,01/09/2026,V4,BANK,DEMO++++", False),
        (b"shop,01/09/2026", False),
    ],
)
def test_certificate_issued_by_this_kit_is_recognised_by_its_bank(
    param: Path, owner: bytes, own: bool
) -> None:
    rows = issue_certificate(URL, MERCHANT, type_="").split(b"\n")
    rows[42] = owner
    put(param, b"\n".join(rows), "certificate")
    certificate = open_certificate(str(param / "certificate"))
    assert (certificate.own, certificate.made, certificate.header) == (own, "20260901", {})


def test_certificate_type_is_detected_from_its_content(param: Path) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"
    certificate = open_certificate(str(path))
    assert certificate.path == str(path)
    assert certificate.header == {
        "<?php": "", "/*__DEBUT__": "", "merchant_id": MERCHANT, "merchant_country": "fr",
        "certificate_expired": "20361231", "certificate_version": "1.0", "certificate_type": "php",
    }  # fmt: skip
    assert certificate.services == (
        "http://127.0.0.1:8080/payment", "http://127.0.0.1:8080/payment-office", "http://127.0.0.1:8080/payment",
        "http://127.0.0.1:8080/payment-logistic",
    )  # fmt: skip
    assert open_certificate(str(param / "certif.fr.014213245611113")).header == {}


def test_folder_or_oversized_file_as_certificate_is_reported(param: Path, pathfile: Pathfile) -> None:
    path = param / f"certif.fr.{MERCHANT}.php"

    def refused() -> None:
        with pytest.raises(CertificateError) as refusal:
            read_certificate(pathfile, "fr", MERCHANT)
        assert not isinstance(refusal.value, CertificateMissing)
        assert str(refusal.value) == f"Error reading certificate file ({path})"

    put(param, b"x" * (1024 * 1024 + 1))
    refused()
    path.unlink()
    path.mkdir()
    refused()


@pytest.mark.parametrize(
    ("country", "merchant_id", "old", "type_", "name"),
    [
        ("fr", "1" * 15, False, "php", "certif.fr.111111111111111.php"),
        ("fr", "1" * 15, True, "php", "certif.fr.111111111111111.old.php"),
        ("b", "1", False, "", "certif.b.1"),
        ("b", "1", True, "", "certif.b.1.old"),
    ],
)
def test_certificate_path_contains_country_and_merchant_id(
    country: str, merchant_id: str, old: bool, type_: str, name: str
) -> None:
    pathfile = Pathfile("", {"F_CERTIFICATE": "/etc/shop/certif", "F_CTYPE": type_})
    assert certificate_path(pathfile, country, merchant_id, old) == f"/etc/shop/{name}"


@pytest.mark.parametrize(("country", "merchant_id"), [("fra", "1"), ("fr", "1" * 16), ("", "1"), ("fr", "")])
def test_country_or_merchant_id_that_is_too_long_or_empty_has_no_certificate(
    country: str, merchant_id: str
) -> None:
    with pytest.raises(CertificateMissing) as refusal:
        certificate_path(Pathfile("", {"F_CERTIFICATE": "/etc/certif"}), country, merchant_id)
    assert str(refusal.value) == f"Error reading certificate file (/etc/certif.{country}.{merchant_id})"
