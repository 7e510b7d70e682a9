"""The kit installed on a real Apache, and paid through with a real browser."""

import os
import pwd
import re
import shutil
import sqlite3
import stat
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import BrowserContext

from installer.configure import TRIALS
from sogenactif.configuration import read_pathfile
from sogenactif.http import Application, Environ
from sogenactif.ledger.journal import Journal, journal_day
from sogenactif.protocols import paypage
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import seal_response
from sogenactif_sandbox.server import PaymentServer
from sogenactif_sandbox.serving import serving
from sogenactif_sandbox.shop import Shop
from tests.support.browser import browsing, follow
from tests.support.customer import ACCEPTED, REFUSED, give_card, place_order
from tests.support.installation import install
from tests.support.paypage import sealed
from tests.support.serving import apache, free_port, post_in_chunks, public_folder, web_user
from tests.support.vectors import MERCHANT, need


class Installation(NamedTuple):
    folder: Path
    kit: Path
    shop: str
    apache: str
    protocol: str

    def order(self, reference: str) -> str:
        """The state of an order in the shop's database."""
        with closing(sqlite3.connect(self.kit / "var" / "data" / "shop.db")) as shop:
            [state] = shop.execute("SELECT state FROM orders WHERE reference = ?", [reference]).fetchone()
        return str(state)

    def received(self, reference: str) -> list[str]:
        """The verdicts on the automatic responses for an order."""
        journal = Journal(str(self.kit / "var" / "data" / "journal"))
        return [
            entry["verdict"]
            for entry in journal.entries()
            if entry["source"] == "automatic" and entry["fields"].get("order_id") == reference
        ]

    def acceptance(self, reference: str) -> dict[str, str]:
        """Return what the bank's server posts when the last request for an order is accepted."""
        pathfile = read_pathfile(f"{self.kit}/cgi-bin/pathfile")
        journal = Journal(str(self.kit / "var" / "data" / "journal"))
        [*_, asked] = [
            entry["fields"]
            for entry in journal.entries()
            if entry["kind"] == "request" and entry["fields"]["order_id"] == reference
        ]
        if self.protocol == "sips":
            certificate = read_certificate(pathfile, asked["merchant_country"], asked["merchant_id"])
            return {
                "DATA": seal_response({**asked, "response_code": "00", "payment_means": "CB"}, certificate)
            }
        secret = paypage.read_key(paypage.key_path(pathfile, asked["merchant_id"]))
        return sealed(
            secret.decode(),
            merchantId=asked["merchant_id"],
            orderId=reference,
            s10TransactionId=asked["transaction_id"],
            s10TransactionIdDate=journal_day(asked),
        )


@pytest.fixture(scope="module", params=[("sips", "cgi"), ("paypage", "cgi"), ("sips", "wsgi")], ids="-".join)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """The kit on Apache with its demonstration: in Sips 1.0 and in Paypage, as CGI and as WSGI."""
    protocol, through = request.param
    options = ["--protocol", protocol]
    if through == "wsgi":
        need(Path("/usr/lib/apache2/modules/mod_wsgi.so").exists(), "libapache2-mod-wsgi-py3")
    options.append(f"--{through}")
    with public_folder() as folder:
        ports = free_port(), free_port()
        shop_address, apache_address = (f"http://127.0.0.1:{port}" for port in ports)
        install(folder, "--shop", apache_address, "--payment", f"{shop_address}/payment", *options)
        kit = folder / "kit"
        pathfile = read_pathfile(f"{kit}/cgi-bin/pathfile")
        shop = Shop(str(kit / "var" / "data" / "shop.db"), pathfile)
        if os.getuid() == 0:
            shutil.chown(kit / "var" / "data" / "shop.db", web_user(), web_user())
        payment = PaymentServer(pathfile, str(folder / "payment.db"))
        # The shop's pages and its scripts are two servers here: each sends the browser on to the other.
        configuration = f'Include {folder}/kit.conf\nRedirect "/order/" "{shop_address}/order/"\n'
        with (
            serving(_mounted(shop, payment, apache_address), ports[0]),
            apache(folder, ports[1], configuration),
        ):
            yield Installation(folder, kit, shop_address, apache_address, protocol)


def _mounted(shop: Application, payment: Application, kit: str) -> Application:
    def application(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        path = environ["PATH_INFO"]
        if path.startswith("/payment/"):
            return payment({**environ, "SCRIPT_NAME": "/payment", "PATH_INFO": path[8:]}, start_response)
        if path.startswith("/cgi-bin/"):
            start_response("302 Found", [("Location", f"{kit}{path}?{environ['QUERY_STRING']}")])
            return []
        return shop(environ, start_response)

    return application


@pytest.fixture
def customer() -> Iterator[BrowserContext]:
    with browsing() as context:
        yield context


@pytest.mark.browser
def test_accepted_payment_is_shown_and_recorded(installation: Installation, customer: BrowserContext) -> None:
    page = customer.new_page()
    reference = place_order(page, installation.shop)
    follow(page.get_by_role("button", name="VISA"))
    give_card(page, ACCEPTED)
    assert installation.received(reference) == ["accepted"]
    follow(page.get_by_role("button", name=re.compile("return to the shop", re.I)))
    assert page.url.startswith(f"{installation.apache}/cgi-bin/call_response.py")
    assert page.get_by_role("heading", name="Payment accepted").is_visible()
    assert page.get_by_text("€6.50").is_visible()
    follow(page.get_by_role("link", name="Back to the shop"))
    assert page.url == f"{installation.shop}/order/{reference}"
    assert page.locator(".state").inner_text() == "paid"
    page.locator(".history summary").click()
    history = page.locator(".history td").all_inner_texts()
    assert [re.sub(r" \d{6}:", ":", line) for line in history] == [
        "payment request: waiting for payment",
        "automatic response: paid",
        "customer’s return: same result",
    ]


@pytest.mark.browser
def test_refused_payment_is_shown_and_recorded(installation: Installation, customer: BrowserContext) -> None:
    page = customer.new_page()
    reference = place_order(page, installation.shop)
    follow(page.get_by_role("button", name="CB"))
    give_card(page, REFUSED)
    follow(page.get_by_role("button", name=re.compile("return", re.I)))
    assert page.get_by_role("heading", name="Payment refused").is_visible()
    assert installation.received(reference) == ["refused"]
    assert installation.order(reference) == "refused"


@pytest.mark.browser
def test_cancelled_order_can_be_paid_later(installation: Installation, customer: BrowserContext) -> None:
    page = customer.new_page()
    reference = place_order(page, installation.shop)
    follow(page.get_by_role("button", name="MASTERCARD"))
    follow(page.get_by_role("button", name=re.compile("cancel", re.I)))
    assert page.get_by_role("heading", name="Payment cancelled").is_visible()
    assert installation.order(reference) == "cancelled"
    follow(page.get_by_role("link", name="Back to the shop"))
    follow(page.get_by_role("link", name="Pay", exact=True))
    follow(page.get_by_role("button", name="CB"))
    give_card(page, ACCEPTED)
    assert installation.order(reference) == "accepted"


def test_payment_is_recorded_if_the_customer_closes_the_window(installation: Installation) -> None:
    with browsing() as customer:
        page = customer.new_page()
        reference = place_order(page, installation.shop)
        follow(page.get_by_role("button", name="CB"))
        give_card(page, ACCEPTED)
    assert installation.received(reference) == ["accepted"]
    assert installation.order(reference) == "accepted"


@pytest.mark.browser
def test_paid_order_cannot_be_paid_again(installation: Installation, customer: BrowserContext) -> None:
    page = customer.new_page()
    reference = place_order(page, installation.shop)
    follow(page.get_by_role("button", name="CB"))
    give_card(page, ACCEPTED)
    answer = page.goto(f"{installation.apache}/cgi-bin/call_request.py?order={reference}")
    assert answer
    assert answer.status == 200
    assert page.get_by_role("heading", name="This order is paid").is_visible()
    assert page.get_by_role("button").count() == 0


def test_chunked_response_is_accepted_and_a_huge_one_rejected(installation: Installation) -> None:
    reference = TRIALS[-1]
    urllib.request.urlopen(f"{installation.apache}/cgi-bin/call_request.py?order={reference}").close()
    body = urllib.parse.urlencode(installation.acceptance(reference)).encode()
    url = f"{installation.apache}/cgi-bin/call_autoresponse.py"
    assert post_in_chunks(url, body) == 200
    assert (installation.received(reference), installation.order(reference)) == (["accepted"], "accepted")
    # More than a pipe holds: Apache is still writing it to a CGI process that has read enough.
    for size in (70_000, 200_000, 600_000):
        assert post_in_chunks(url, b"DATA=" + b"0" * size) == 413


@pytest.mark.parametrize(("path", "status"), [
    ("/cgi-bin/call_request.py", 400), ("/cgi-bin/call_request.py?order=none", 404), ("/cgi-bin/call_response.py", 400),
    ("/cgi-bin/call_autoresponse.py", 405), ("/cgi-bin/pathfile", 403), ("/cgi-bin/", 403), ("/sogenactif/logos/", 404),
    ("/kit/var/conf/pathfile", 403), ("/sogenactif/logos/../../kit/var/conf/pathfile", 403),
    ("/sogenactif/logos/CB.svg", 200), ("/logos/CB.svg", 403), ("/cgi-bin/wsgi.py", 403),
])  # fmt: skip
def test_apache_serves_only_the_scripts_and_the_logos(
    installation: Installation, path: str, status: int
) -> None:
    try:
        with urllib.request.urlopen(installation.apache + path) as answer:
            found, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        found, body = error.code, error.read()
    assert found == status
    assert b"Traceback" not in body
    assert b"sogenactif.web" not in body


@pytest.mark.browser
def test_internal_error_has_a_page_and_a_line_in_the_log_of_apache(
    installation: Installation, customer: BrowserContext
) -> None:
    page = customer.new_page()
    reference = place_order(page, installation.shop)
    name, words = {
        "sips": (f"certif.fr.{MERCHANT}.php", "certificate file"),
        "paypage": (f"key.{MERCHANT}", "secret key"),
    }[installation.protocol]
    certificate = installation.kit / "var" / "conf" / name
    certificate.rename(certificate.with_suffix(".away"))
    try:
        answer = page.goto(f"{installation.apache}/cgi-bin/call_request.py?order={reference}")
    finally:
        certificate.with_suffix(".away").rename(certificate)
    assert answer
    assert answer.status == 500
    assert page.get_by_text("nothing was charged").is_visible()
    incident = page.locator(".note b").inner_text()
    log = (installation.folder / "error.log").read_text()
    assert re.search(f"sogenactif call_request 500 {incident} Error reading {words}", log)


def test_secrets_are_readable_for_the_web_server_only_and_code_is_not_writable(
    installation: Installation,
) -> None:
    var = installation.kit / "var"
    for folder in (var, var / "conf"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o750
        assert folder.group() == web_user()
        assert folder.owner() == pwd.getpwuid(os.getuid()).pw_name
    for file in (var / "conf").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert file.group() == web_user()
    assert stat.S_IMODE((var / "data").stat().st_mode) == 0o700
    assert (var / "data").owner() == web_user()
    for file in installation.kit.glob("[!v]*/**/*"):
        assert not stat.S_IMODE(file.stat().st_mode) & 0o022


def test_pathfile_contains_absolute_paths(installation: Installation) -> None:
    pathfile = read_pathfile(f"{installation.kit}/cgi-bin/pathfile")
    for keyword in ("F_DEFAULT", "F_PARAM", "F_CERTIFICATE"):
        assert pathfile.keywords[keyword].startswith(f"{installation.kit}/")


def test_upgrade_keeps_edited_files_of_the_shop(installation: Installation) -> None:
    kit, conf = installation.kit, installation.kit / "var" / "conf"
    for changed in (kit / "cgi-bin" / "call_request.py", conf / f"parmcom.{MERCHANT}"):
        changed.write_text(changed.read_text() + "# ours\n")
    (kit / "logos" / "ours.gif").write_text("ours")
    style = kit / "templates" / "style.css"
    style.write_text(style.read_text() + "/* ours */")
    kept = [kit / "cgi-bin" / "call_request.py", kit / "logos" / "ours.gif", style, *conf.iterdir()]
    before = {path: path.read_bytes() for path in kept}
    install(installation.folder, "--shop", "http://127.0.0.1:1", "--payment", "http://127.0.0.1:1/payment")
    assert {path: path.read_bytes() for path in kept} == before
