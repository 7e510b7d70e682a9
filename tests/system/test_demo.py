"""The demonstration, started as ./install.sh demo starts it."""

import http.client
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif.addresses import PORTS
from tests.support.browser import browsing, follow
from tests.support.customer import ACCEPTED, REFUSED, give_card, place_order, put_in_order
from tests.support.serving import free_port
from tests.support.vectors import ROOT

BEFORE = {str(path.relative_to(ROOT)) for path in ROOT.glob("*/*")}


@pytest.fixture(scope="module", params=["sips", "paypage"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def port(protocol: str) -> int:
    """A free port; for Paypage one that the bank itself would not call."""
    if protocol == "sips":
        return free_port()
    with socket.create_server(("127.0.0.1", 0)) as server:
        free: int = server.getsockname()[1]
    assert free not in PORTS
    return free


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, so that what the demonstration writes stays out of it."""
    folder = tmp_path_factory.mktemp("demonstration")
    for name in ("conf", "cgi-bin"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True)
    for name in ("lib", "templates", "logos"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def demonstration(folder: Path, port: int, protocol: str) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "sogenactif_sandbox.demonstration",
        "--port",
        str(port),
        "--root",
        str(folder),
        "--protocol",
        protocol,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("number", "button", "page_says", "shop_says"),
    [
        (ACCEPTED, "return", "Payment accepted", "paid"),
        (REFUSED, "return", "Payment refused", "payment refused"),
        ("", "cancel", "Payment cancelled", "payment cancelled"),
    ],
)
@pytest.mark.parametrize("window", [{"width": 1280, "height": 900}, {"width": 360, "height": 640}])
def test_payment_can_be_accepted_refused_and_cancelled_in_a_browser(
    demonstration: str, number: str, button: str, page_says: str, shop_says: str, window: dict[str, int]
) -> None:
    with browsing(viewport=window) as customer:
        page = customer.new_page()
        place_order(page, demonstration)
        follow(page.get_by_role("button", name="CB"))
        if number:
            give_card(page, number)
        follow(page.get_by_role("button", name=re.compile(button, re.I)))
        assert page.get_by_role("heading", name=page_says).is_visible()
        shown = page.locator("main").inner_text()
        page.reload()
        assert page.locator("main").inner_text() == shown
        follow(page.get_by_role("link", name="Back to the shop"))
        assert page.locator(".state").inner_text() == shop_says
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= window["width"]


@pytest.mark.parametrize("way", ["3-D Secure", "In 3 instalments", "Sips 2.0"])
def test_other_payment_options_are_linked_from_the_order(demonstration: str, protocol: str, way: str) -> None:
    with browsing(java_script_enabled=True) as customer:
        page = customer.new_page()
        reference = put_in_order(page, demonstration)
        if protocol == "paypage":
            assert page.get_by_role("link", name="In 3 instalments").count() == 1
            assert page.get_by_role("link", name="3-D Secure").or_(page.get_by_text("Sips 2.0")).count() == 0
            if way != "In 3 instalments":
                return
        follow(page.get_by_role("link", name=way))
        if way == "In 3 instalments":
            assert page.get_by_role("heading", name="Schedule").is_visible()
        follow(page.get_by_role("button", name="CB"))
        give_card(page, ACCEPTED)
        if way == "3-D Secure":
            follow(page.get_by_role("link", name="Open my bank’s page now"))
            page.get_by_label("Password").fill("00000000")
            follow(page.get_by_role("button", name="Confirm"))
        follow(page.get_by_role("button", name="Return to the shop"))
        follow(page.get_by_role("link", name="Back to the shop"))
        assert page.url == f"{demonstration}/order/{reference}"
        assert page.locator(".state").inner_text() == "paid"
        page.get_by_text("History").click()
        assert page.get_by_text("payment request").is_visible()
        follow(page.get_by_role("link", name="Console for developers"))
        assert page.get_by_role("heading", name="Payment server console").is_visible()


def test_basket_article_can_be_removed_and_its_quantity_changed(demonstration: str) -> None:
    with browsing() as customer:
        page = customer.new_page()
        page.goto(f"{demonstration}/")
        for article in ("Green tea", "Stoneware cup"):
            follow(page.get_by_role("button", name=f"Add {article}"))
        follow(page.get_by_role("button", name="Remove Stoneware cup"))
        page.get_by_label("Quantity Green tea").select_option("3")
        follow(page.get_by_role("button", name="Order"))
        assert page.get_by_text("3 × Green tea, 100\u00a0g").is_visible()
        assert page.get_by_text("Stoneware cup").count() == 0
        assert page.get_by_role("cell", name="€19.50").count() == 2


def test_back_office_refunds_a_payment_of_paypage(demonstration: str, protocol: str) -> None:
    with browsing() as customer:
        page = customer.new_page()
        reference = put_in_order(page, demonstration)
        follow(page.get_by_role("link", name="Pay" if protocol == "paypage" else "Sips 2.0", exact=True))
        follow(page.get_by_role("button", name="CB"))
        give_card(page, ACCEPTED)
        follow(page.get_by_role("button", name=re.compile("return", re.I)))
        page.goto(f"{demonstration}/")
        follow(page.get_by_role("link", name="Refunds"))
        page.get_by_label("Amount in euros").first.fill("2.50")
        follow(page.get_by_role("button", name=f"Refund {reference}"))
        assert page.get_by_role("row", name="Refunded €2.50").first.is_visible()


def test_files_are_written_under_var_and_secrets_are_private(
    demonstration: str, folder: Path, protocol: str
) -> None:
    written = {str(path.relative_to(folder)) for path in folder.glob("*/*")} - BEFORE
    assert {path for path in written if not path.startswith("var/")} <= {
        "cgi-bin/pathfile",
        "cgi-bin/__pycache__",
    }
    assert len(list((folder / "var" / "conf").glob("key.*"))) == 2
    for certificate in (folder / "var" / "conf").glob("[ck]e[ry]*.*"):
        assert certificate.stat().st_mode & 0o777 == 0o600


def test_port_in_use_is_reported(demonstration: str, folder: Path, port: int) -> None:
    command = [
        sys.executable,
        "-m",
        "sogenactif_sandbox.demonstration",
        "--port",
        str(port),
        "--root",
        str(folder),
    ]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 1
    assert f"Port {port} can't be served" in result.stderr
    assert "Traceback" not in result.stderr


def test_bank_ports_option_rejects_other_ports(folder: Path) -> None:
    command = [sys.executable, "-m", "sogenactif_sandbox.demonstration", "--bank-ports", "--port=49152"]
    result = subprocess.run(
        [*command, "--root", str(folder)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert result.returncode == 2 and "port 49152 is not one of 80 to 9999" in result.stderr


@pytest.mark.parametrize("port", ["0", "99999", "-1", "x"])
def test_invalid_port_is_a_usage_error(port: str, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sogenactif_sandbox.demonstration",
        f"--port={port}",
        "--root",
        str(folder),
    ]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (result.returncode, "argument --port" in result.stderr) == (2, True)


def test_second_demonstration_does_not_change_the_configuration(
    demonstration: str, folder: Path, port: int
) -> None:
    conf = folder / "var" / "conf"
    before = {path.name: path.read_bytes() for path in conf.iterdir()}
    test_port_in_use_is_reported(demonstration, folder, port)
    assert {path.name: path.read_bytes() for path in conf.iterdir()} == before


def shop_answer(
    demonstration: str, method: str, path: str, cookie: str = "", **form: str
) -> tuple[int, str, str]:
    """Status, cookie or place to go, and page of what the shop answers."""
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en"}
    with closing(http.client.HTTPConnection(demonstration.removeprefix("http://"))) as connection:
        connection.request(method, path, urlencode(form), headers)
        answer = connection.getresponse()
        said = answer.headers.get("Set-Cookie") or answer.headers.get("Location") or ""
        return answer.status, said, answer.read().decode()


@pytest.mark.parametrize(
    ("cookie", "form", "basket"),
    [
        ("", {"add": "tea"}, "tea1"),
        ("basket=tea1", {"add": "tea"}, "tea2"),
        ("basket=tea9", {"add": "tea"}, "tea9"),
        ("basket=tea1.cup2", {"cup": "0"}, "tea1"),
        ("basket=tea1", {"tea": "-5"}, "tea1"),
        ("basket=gold9.tea1", {}, "tea1"),
        ("basket=<script>", {"add": "<script>"}, ""),
    ],
)
def test_basket_holds_known_articles_in_limited_quantities(
    demonstration: str, cookie: str, form: dict[str, str], basket: str
) -> None:
    status, set_cookie, _ = shop_answer(demonstration, "POST", "/basket", cookie, **form)
    assert status == 303
    assert set_cookie.split(";")[0] == f"basket={basket}"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/order/none", 404),
        ("POST", "/", 405),
        ("GET", "/order", 405),
        ("GET", "/logos/../conf/pathfile", 404),
    ],
)
def test_unknown_page_of_the_shop_has_an_error_page(
    demonstration: str, method: str, path: str, status: int
) -> None:
    found, _, body = shop_answer(demonstration, method, path)
    assert found == status
    assert "There is no such page" in body


@pytest.mark.parametrize("language", ["fr", "en", "de", "es", "it"])
def test_shop_is_shown_in_the_language_of_the_browser(demonstration: str, language: str) -> None:
    request = urllib.request.Request(
        demonstration, headers={"Accept-Language": language, "Cookie": "basket=tea1"}
    )
    with urllib.request.urlopen(request) as answer:
        body = answer.read().decode()
    assert f'<html lang="{language}">' in body
    assert "built-in" not in body
