"""``sogenactif paypage``, as a new shop runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sogenactif.addresses import PAYPAGE_HOSTS
from sogenactif.configuration import read_pathfile
from sogenactif.payment import make_request
from sogenactif.protocols.paypage import open_sealed
from tests.support.vectors import ROOT

SIMULATION = {
    "sogenactif": ("payment-webinit.simu.sogenactif.com", "002001000000003", "transactionId"),
    "mercanet": ("payment-webinit.simu.mercanet.bnpparibas.net", "002001000000003", "transactionId"),
    "sherlocks": ("sherlocks-payment-webinit-simu.secure.lcl.fr", "002016000000001", "transactionReference"),
    "scellius": ("payment-webinit-simu.scellius.labanquepostale.fr", "002001000000003", "transactionId"),
    "sips": ("payment-webinit.simu.sips-services.com", "002001000000003", "transactionId"),
}


PAGE = (ROOT / "docs" / "paypage.md").read_text()
TEST_SHOPS = {
    "002001000000001": "transactionReference",
    "002001000000002": "server",
    "002001000000003": "transactionId",
    "002001000000004": "server",
    "002016000000001": "transactionReference",
}


def paypage(folder: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, f"{ROOT}/bin/sogenactif", "paypage", str(folder), "--shop", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


@pytest.mark.parametrize("brand", SIMULATION)
def test_test_shop_of_each_brand_makes_a_form(brand: str, tmp_path: Path) -> None:
    host, merchant, reference = SIMULATION[brand]
    status, said = paypage(tmp_path / "conf", "https://shop.example/", "--brand", brand, "--json")
    assert status == 0, said
    report = json.loads(said)
    assert (report["merchant_id"], report["reference"]) == (merchant, reference)
    assert sorted(report["written"]) == sorted(
        str(path) for path in (tmp_path / "conf").iterdir() if path.is_file()
    )
    pathfile = read_pathfile(str(tmp_path / "conf" / "pathfile"))
    assert pathfile.paypage.reference == reference
    request = make_request({"merchant_id": merchant, "amount": "1000"}, pathfile)
    assert request.action == report["url"] == f"https://{host}/paymentInit"
    assert request.fields["normal_return_url"] == "https://shop.example/cgi-bin/call_response.py"
    assert request.fields["automatic_response_url"] == "https://shop.example/cgi-bin/call_autoresponse.py"


@pytest.mark.parametrize(("merchant", "reference"), TEST_SHOPS.items())
def test_each_test_shop_has_its_mode_and_its_published_key(
    merchant: str, reference: str, tmp_path: Path
) -> None:
    status, said = paypage(tmp_path, "https://shop.example", "--merchant", merchant)
    assert (status, f"{merchant} is a public test shop" in said) == (0, True)
    pathfile = read_pathfile(str(tmp_path / "pathfile"))
    request = make_request({"merchant_id": merchant, "amount": "1000"}, pathfile)
    keys, _ = open_sealed(request.posts["CB"], pathfile, "HMAC-SHA-256")
    number = {"transactionId": "s10TransactionReference.s10TransactionId", "server": None}
    names = {key for key in keys if "ransactionReference" in key}
    assert names == {number.get(reference, "transactionReference")} - {None}
    assert f"| {merchant} | `{(tmp_path / f'key.{merchant}').read_text().strip()}` | 1 |" in PAGE
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {merchant} |"))
    assert row.endswith(f"| `{reference}` |")


@pytest.mark.parametrize(("brand", "host"), [
    ("sips", "payment-webinit.sips-services.com"),
    ("sogenactif", "payment-webinit.sogenactif.com"),
    ("mercanet", "payment-webinit.mercanet.bnpparibas.net"),
    ("sherlocks", "sherlocks-payment-webinit.secure.lcl.fr"),
    ("scellius", "payment-webinit.scellius.labanquepostale.fr"),
])  # fmt: skip
def test_production_server_of_each_brand_is_written(brand: str, host: str, tmp_path: Path) -> None:
    arguments = ("--brand", brand, "--server", "production", "--merchant", "211000021310001")
    assert paypage(tmp_path, "https://shop.example", *arguments)[0] == 0
    assert read_pathfile(str(tmp_path / "pathfile")).paypage.url == f"https://{host}/paymentInit"


def test_secret_key_is_readable_for_the_group_of_the_folder_only(tmp_path: Path) -> None:
    status, said = paypage(tmp_path / "new", "https://shop.example")
    assert (status, "002001000000003 is a public test shop" in said) == (0, True)
    key = tmp_path / "new" / "key.002001000000003"
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("002001000000003_KEY1\n", 0o640)
    (tmp_path / "open").mkdir(mode=0o755)
    paypage(tmp_path / "open", "https://shop.example")
    assert (tmp_path / "open" / key.name).stat().st_mode & 0o777 == 0o600


def test_test_shops_get_random_ranges_of_transaction_numbers(tmp_path: Path) -> None:
    ranges = set()
    for name in map(str, range(8)):
        paypage(tmp_path / name, "https://shop.example")
        first, last = read_pathfile(str(tmp_path / name / "pathfile")).numbers
        assert last - first == 9999
        ranges.add(first)
    assert len(ranges) > 1


def test_own_shop_gets_an_empty_key_file_and_all_transaction_numbers(tmp_path: Path) -> None:
    own = ("https://shop.example", "--server", "production", "--merchant", "211000021310001")
    status, said = paypage(
        tmp_path / "conf", *own, "--brand", "mercanet", "--reference", "transactionReference"
    )
    assert status == 0, said
    key = tmp_path / "conf" / "key.211000021310001"
    assert f"paste the secret key of 211000021310001 from the bank's extranet into {key}" in said
    assert (key.read_bytes(), key.stat().st_mode & 0o777) == (b"", 0o640)
    key.write_text("secret\n")
    pathfile = read_pathfile(str(tmp_path / "conf" / "pathfile"))
    assert (pathfile.numbers, pathfile.paypage.reference) == ((1, 999999), "transactionReference")
    request = make_request({"merchant_id": "211000021310001", "amount": "1000"}, pathfile)
    assert request.action == "https://payment-webinit.mercanet.bnpparibas.net/paymentInit"


def test_existing_configuration_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "parmcom.sogenactif").write_text("ours")
    status, said = paypage(tmp_path, "https://shop.example")
    assert (status, f"{tmp_path}/parmcom.sogenactif already exists" in said) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["parmcom.sogenactif"]
    (tmp_path / "file").write_text("")
    status, said = paypage(tmp_path / "file", "https://shop.example")
    assert (status, "Traceback" in said) == (1, False)


@pytest.mark.parametrize(("arguments", "words"), [
    (["shop.example"], "is not an address of the form"),
    (["https://"], "is not an address of the form"),
    (["https://shop.example:none"], "is not an address of the form"),
    (["https://shop.example:0"], "is not an address of the form"),
    (["https://[shop"], "is not an address of the form"),
    (["https://user:secret@shop.example"], "is not an address of the form"),
    (["https://shop.example/?page=1"], "is not an address of the form"),
    (["http://127.0.0.1:49152"], "calls ports 80 to 9999 only"),
    (["https://shop.example", "--merchant", "../1"], "at most 15 digits"),
    (["https://shop.example", "--server", "production"], "is a test shop, which does not exist in production"),
    (["https://shop.example", "--brand", "mercanot"], "invalid choice"),
    (["https://shop.example", "--url", "bank"], "not an http or https address"),
])  # fmt: skip
def test_usage_error_writes_nothing(arguments: list[str], words: str, tmp_path: Path) -> None:
    status, said = paypage(tmp_path / "conf", *arguments)
    assert (status, words in said) == (2, True), said
    assert not (tmp_path / "conf").exists()


def test_address_of_another_server_can_be_set(tmp_path: Path) -> None:
    url = "https://payment-webinit.simu.scellius.labanquepostale.fr/paymentInit"
    status, said = paypage(tmp_path / "conf", "https://shop.example", "--brand", "scellius", "--url", url)
    assert status == 0, said
    assert read_pathfile(str(tmp_path / "conf" / "pathfile")).paypage.url == url


def test_each_host_of_a_brand_is_documented() -> None:
    hosts = [host for hosts in PAYPAGE_HOSTS.values() for host in hosts.values()]
    assert [host for host in hosts if f"`{host}`" not in PAGE] == []
