"""An installed kit for the tests of sogenactif check, to be broken, and what the check printed."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sogenactif.addresses import PAYPAGE_HOSTS
from sogenactif.configuration import read_pathfile
from sogenactif.files import write_secret
from sogenactif.http import Application, Environ
from sogenactif.ledger import open_ledger
from sogenactif.payment import PaymentResponse
from sogenactif.protocols.certificate import issue_certificate
from sogenactif_sandbox.server import PaymentServer
from sogenactif_sandbox.serving import serving
from sogenactif_sandbox.shop import Shop
from tests.support.serving import apache, free_port, public_folder, web_user
from tests.support.shop import register
from tests.support.vectors import ASKED, ENROLLED, MERCHANT, ROOT, need, use_paypage

PRODUCTION, TESTS = (
    f"https://{PAYPAGE_HOSTS['sogenactif'][server]}/paymentInit" for server in ("production", "test")
)


class Found(NamedTuple):
    """Hold what a check printed: its status, and its findings that are not ``ok``, by name."""

    status: int
    answer: dict[str, Any]

    @property
    def bad(self) -> dict[str, dict[str, Any]]:
        return {f["name"]: f for f in self.answer["findings"] if f["level"] != "ok"}

    @property
    def well(self) -> set[str]:
        return {f["name"] for f in self.answer["findings"] if f["level"] == "ok"}


class CheckedInstallation(NamedTuple):
    """Hold an installation of one test; ``conf`` has its configuration, ``data`` its ledger and journal."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "kit"

    @property
    def conf(self) -> Path:
        return self.root / "var" / "conf"

    @property
    def data(self) -> Path:
        return self.root / "var" / "data"

    @property
    def pathfile(self) -> Path:
        return self.conf / "pathfile"

    @property
    def parmcom(self) -> Path:
        return self.conf / f"parmcom.{MERCHANT}"

    @property
    def key(self) -> Path:
        return self.conf / f"key.{MERCHANT}"

    @property
    def certificate(self) -> Path:
        return self.conf / f"certif.fr.{MERCHANT}.php"

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        result = subprocess.run(
            [self.root / "bin" / "sogenactif", "check", *arguments],
            capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **environment},
        )  # fmt: skip
        assert "Traceback" not in result.stderr
        return result

    def check(self, *arguments: str) -> Found:
        result = self.run("--json", *arguments)
        return Found(result.returncode, json.loads(result.stdout))

    def issue(
        self, payment_url: str, expired: str = "20991231", merchant: str = MERCHANT, **changes: str
    ) -> None:
        """Replace the first merchant's certificate."""
        content = issue_certificate(payment_url, merchant, expired=expired, **changes)
        self.put(self.certificate, content)

    def put_own(self, path: Path, content: bytes) -> None:
        """Replace a file that the kits of all tests share with one of this kit alone."""
        path.unlink()
        path.write_bytes(content)

    def put(self, path: Path, content: bytes) -> None:
        write_secret(str(path), content, as_folder=True)

    def change(self, path: Path, keyword: str, value: str = "") -> None:
        """Set a keyword of a file to another value; without a value remove its line."""
        line = f"{keyword}!{value}!\n" if value else ""
        path.write_text(re.sub(f"(?m)^{keyword}!.*\n", line, path.read_text()))

    def add(self, path: Path, text: str | bytes) -> None:
        with path.open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def as_a_banks(self) -> None:
        """Turn every certificate into one of the bank's, for any payment server."""
        for merchant in (MERCHANT, ENROLLED):
            content = issue_certificate("https://payment.invalid/pay", merchant)
            path = self.conf / f"certif.fr.{merchant}.php"
            self.put(path, content.replace(b"V4,SANDBOX,DEMO", b"V4,A BANK ,PROD"))

    def use_paypage(self, url: str = "http://127.0.0.1:9/payment/paymentInit", **keywords: str) -> None:
        """Pay on Paypage, sealed with the public keys of test shops."""
        use_paypage(self.conf, url, **keywords)
        for path in self.conf.glob("key.*"):
            self.put(path, path.read_bytes())
        if os.getuid() == 0:
            shutil.chown(self.pathfile, "root", web_user())

    def open_shop(self, url: str = "https://shop.example/") -> None:
        """Have every merchant sell at a public address."""
        for path in self.conf.glob("parmcom.0*"):
            path.write_text(path.read_text().replace("http://127.0.0.1:8/", url))

    def record(self, *answers: dict[str, str]) -> None:
        """Have the ledger register a request, and receive these answers to it."""
        with open_ledger(read_pathfile(str(self.pathfile))) as ledger:
            assert ledger
            number = register(ledger, ASKED)
            for answer in answers:
                ledger.receive(PaymentResponse({**ASKED, "transaction_id": number, **answer}), "automatic")


@pytest.fixture(scope="session")
def installed() -> Iterator[Path]:
    """Install the kit with ./install.sh apache, to be copied."""
    with public_folder() as folder:
        subprocess.run(
            [ROOT / "install.sh", "apache", "--prefix", folder / "kit", "--config", folder / "kit.conf",
             "--no-enable", "--user", web_user(), "--shop", "http://127.0.0.1:8", "--payment", "http://127.0.0.1:9/payment"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        orders = folder / "kit" / "var" / "data" / "shop.db"
        Shop(str(orders), read_pathfile(f"{folder}/kit/var/conf/pathfile"))
        if os.getuid() == 0:
            shutil.chown(orders, web_user(), web_user())
        yield folder


@pytest.fixture
def kit(installed: Path) -> Iterator[CheckedInstallation]:
    with public_folder() as folder:
        subprocess.run(["cp", "-al", f"{installed}/.", folder], check=True)
        own = [installed / "kit" / name for name in ("cgi-bin", "logos", "var")]
        subprocess.run(["cp", "-a", "--remove-destination", *own, folder / "kit"], check=True)
        subprocess.run(["cp", "-a", "--remove-destination", installed / "kit.conf", folder], check=True)
        for path in (folder / "kit.conf", *(folder / "kit" / "var" / "conf").iterdir()):
            text = path.read_bytes()
            if str(installed).encode() in text:
                with path.open("r+b") as file:
                    file.truncate()
                    file.write(text.replace(str(installed).encode(), str(folder).encode()))
        yield CheckedInstallation(folder)


def check_as(
    kit: CheckedInstallation, user: str, group: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run the check as another user."""
    need(os.getuid() == 0, "root, to be somebody else,")
    result = subprocess.run(
        [kit.root / "bin" / "sogenactif", "check", "--quiet", *arguments],
        capture_output=True, text=True, check=False, user=user, group=group, extra_groups=[],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, cwd="/",
    )  # fmt: skip
    assert "Traceback" not in result.stderr
    return result


def type_remedy(do: str) -> None:
    """Run the remedy of a finding as it is printed."""
    subprocess.run(["sh", "-c", do], check=True, stdout=subprocess.DEVNULL)


class Served(NamedTuple):
    kit: CheckedInstallation
    apache: str
    shop: str


@pytest.fixture
def start(kit: CheckedInstallation) -> Iterator[Any]:
    """Start the kit on Apache, with more configuration before it, and the shop with its payment server."""
    with ExitStack() as stack:

        def serve(more: str = "", included: bool = True, **paypage: str) -> Served:
            ports = free_port(), free_port()
            shop_address, apache_address = (f"http://127.0.0.1:{port}" for port in ports)
            for path in kit.conf.glob("parmcom.0*"):
                path.write_text(path.read_text().replace("http://127.0.0.1:8/", f"{apache_address}/"))
            for merchant in (MERCHANT, ENROLLED):
                path = kit.conf / f"certif.fr.{merchant}.php"
                kit.put(path, issue_certificate(f"{shop_address}/payment", merchant))
            if paypage:
                kit.use_paypage(f"{shop_address}/payment/paymentInit", **paypage)
            pathfile = read_pathfile(str(kit.pathfile))
            shop = Shop(str(kit.data / "shop.db"), pathfile)
            payment = PaymentServer(pathfile, str(kit.folder / "payment.db"))
            stack.callback(payment.close)
            stack.enter_context(serving(_mounted(shop, payment), ports[0]))
            include = f"Include {kit.folder}/kit.conf\n" if included else ""
            stack.enter_context(apache(kit.folder, ports[1], more.format(kit.root) + include))
            return Served(kit, apache_address, shop_address)

        yield serve


def _mounted(shop: Application, payment: Application) -> Application:
    def application(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        path = environ["PATH_INFO"]
        if path.startswith("/payment/"):
            return payment({**environ, "SCRIPT_NAME": "/payment", "PATH_INFO": path[8:]}, start_response)
        return shop(environ, start_response)

    return application


def place_order(kit: CheckedInstallation, amount: int = 650) -> str:
    """Store an order in the database of the shop."""
    with closing(sqlite3.connect(kit.data / "shop.db")) as shop, shop:
        shop.execute(
            "INSERT INTO orders (reference, amount, language, placed) VALUES ('CHECK1', ?, 'en', '2026-11-23')",
            [amount],
        )
    return "CHECK1"
