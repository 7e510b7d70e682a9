"""The public face: the Flask, Django and WSGI shops of docs/api.md take a payment; what ``Kit`` returns and raises."""

import importlib
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

import sogenactif
import sogenactif_sandbox
from sogenactif import Kit, KitError, UntrustedResponse
from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.ledger import open_ledger
from sogenactif.ledger.notification import pending_outcomes
from sogenactif.ledger.rebuild import note_unrecorded
from sogenactif.protocols.sips import open_request, seal_response
from tests.support.shop import ask
from tests.support.vectors import MERCHANT, ROOT, use_paypage

Application = Callable[..., Any]
DJANGO_SITE = """
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="only a test", ALLOWED_HOSTS=["*"], ROOT_URLCONF="shop.urls", INSTALLED_APPS=["shop"],
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {database!r}}}}},
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
)
django.setup()
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
DJANGO_MODELS = """
from django.db import models

class Order(models.Model):
    reference = models.CharField(primary_key=True, max_length=32)
    cents = models.IntegerField()
    paid = models.BooleanField(default=False)
    class Meta:
        db_table = "orders"
"""
DJANGO_URLS = """
from django.urls import path
from shop import views
urlpatterns = [
    path("pay/<reference>", views.pay),
    path("payment/notify", views.notify),
    path("payment/return", views.back),
]
"""


def example(kind: str) -> str:
    [block] = re.findall(
        rf"^```python {kind}\n(.*?)^```$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE | re.DOTALL
    )
    return str(block)


@pytest.fixture
def ledger(pathfile: Pathfile, tmp_path: Path) -> Pathfile:
    """The usual pathfile, with a ledger."""
    path = Path(pathfile.path)
    path.write_text(path.read_text().rstrip("\n") + f"\nLEDGER!sqlite:///{tmp_path}/ledger.db!\n")
    return read_pathfile(str(path))


def accepted(data: str, pathfile: Pathfile, **changed: str) -> str:
    """DATA of a response that accepts a request, as the bank would seal it."""
    fields, certificate = open_request(data, pathfile)
    return seal_response({**fields, "response_code": "00", "payment_means": "CB", **changed}, certificate)


def make_shop(kind: str, pathfile: Pathfile, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Application:
    """The shop of an example, with a database in ``folder``."""
    code = example(kind)
    for path, actual in {
        "/path/to/pathfile": pathfile.path,
        "/path/to/shop.db": f"{folder}/shop.db",
        "/path/to/autoresponse.log": f"{folder}/autoresponse.log",
    }.items():
        code = code.replace(path, actual)
    if kind == "django":
        (folder / "shop").mkdir()
        for name, content in (
            ("__init__", ""), ("models", DJANGO_MODELS), ("urls", DJANGO_URLS), ("views", code),
            ("site", DJANGO_SITE.format(database=f"{folder}/shop.db")),
        ):  # fmt: skip
            (folder / "shop" / f"{name}.py").write_text(content)
        monkeypatch.syspath_prepend(str(folder))
        application: Application = importlib.import_module("shop.site").application
        return application
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(code, "api.md", "exec"), names)
    return names["app"] if kind == "flask" else names["application"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["flask", "django", "wsgi"])
def test_example_shop_of_the_documentation_is_paid(
    kind: str, ledger: Pathfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ: dict[str, Any] = {
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "wsgi.url_scheme": "https",
    }
    # A browser that other tests of this process share leaves a running event loop, which Django takes for its own.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    wsgi = kind == "wsgi"
    notify = {"PATH_INFO": "/call_autoresponse" if wsgi else "/payment/notify", **environ}
    back = {"PATH_INFO": "/call_response" if wsgi else "/payment/return", **environ}

    def pay(reference: str) -> Any:
        path = "/call_request" if wsgi else f"/pay/{reference}"
        return ask(shop, query=f"order={reference}" if wsgi else "", PATH_INFO=path, **environ)

    def send(place: dict[str, Any], data: str) -> Any:
        return ask(shop, "POST", body=urlencode({"DATA": data}).encode(), **place)

    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as database:
        database.execute(
            "CREATE TABLE orders (reference TEXT PRIMARY KEY, cents INTEGER, paid BOOLEAN DEFAULT 0)"
        )
        database.execute("INSERT INTO orders (reference, cents) VALUES ('A-1', 1250)")
        shop = make_shop(kind, ledger, tmp_path, monkeypatch)
        page = pay("A-1")
        assert page.status == 200, page.log
        assert pay("B-2").status == 404
        [data] = re.findall(r'name="?DATA"? value="?([0-9A-Fa-f]+)', page.body, re.IGNORECASE)
        sealed = accepted(data, ledger)
        forged = sealed[:-1] + ("1" if sealed.endswith("0") else "0")
        assert [send(place, forged).status for place in (notify, back)] == [403, 403]
        assert send(notify, accepted(data, ledger, amount="100")).status in (200, 403)
        assert database.execute("SELECT paid FROM orders").fetchall() == [(0,)]
        for place in (notify, back, notify):
            answer = send(place, sealed)
            assert answer.status in (200, 302, 303), answer.log
        assert database.execute("SELECT paid FROM orders").fetchall() == [(1,)]
        assert pay("A-1").status == 404
    returned = send(back, sealed)
    if kind == "django":
        importlib.import_module("django.db").connections.close_all()
    assert "/order/A-1" in (returned.headers.get("Location", "") + unescape(returned.body))


def test_kit_makes_a_request_and_receives_its_response_without_a_ledger(pathfile: Pathfile) -> None:
    kit = Kit(pathfile.path)
    payment = kit.request(merchant_id=MERCHANT, amount=1250, order_id="A-1", transaction_id="000123")
    assert (payment.transaction_id, payment.fields["currency_code"]) == ("000123", "978")
    assert payment.posts[""]["DATA"] in payment.html
    assert payment.action in payment.html
    response = kit.receive({"DATA": accepted(payment.posts[""]["DATA"], pathfile)})
    assert (response.outcome, response["order_id"], response["amount"]) == ("accepted", "A-1", "1250")
    assert "A-1" in repr(payment)
    assert pathfile.path in repr(kit)


def test_kit_makes_a_request_on_paypage_and_rejects_a_wrong_seal(param: Path) -> None:
    kit = Kit(use_paypage(param))
    payment = kit.request(merchant_id=MERCHANT, amount=1250, order_id="A-1", payment_means="CB,1,VISA,1")
    assert {"Data", "Seal"} <= set(payment.posts["CB"])
    with pytest.raises(UntrustedResponse):
        kit.receive({**payment.posts["CB"], "Seal": "0" * 64})


def test_received_outcome_is_not_pending(ledger: Pathfile) -> None:
    kit = Kit(ledger.path)
    payment = kit.request(merchant_id=MERCHANT, amount=1250, order_id="A-1")
    sealed = accepted(payment.posts[""]["DATA"], ledger)
    outcomes = [kit.receive(message).outcome for message in ({"DATA": sealed}, sealed)]
    assert outcomes == ["accepted", "accepted"]
    with open_ledger(ledger) as opened:
        assert opened
        assert pending_outcomes(opened) == 0


def test_error_while_recovering_from_an_outage_is_logged(
    ledger: Pathfile, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = Kit(ledger.path)
    first, second = (
        kit.request(merchant_id=MERCHANT, amount=1250, order_id=order_id) for order_id in ("A-1", "A-2")
    )
    # The journal of this day is a folder, so that recording it fails each time.
    note_unrecorded(ledger.journal, "20261101")
    (Path(ledger.journal) / "20261101.jsonl").mkdir()
    for payment in (first, second):
        sealed = accepted(payment.posts[""]["DATA"], ledger)
        assert kit.receive(sealed).outcome == "accepted"
        assert " executable response " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"amount": "100"}, "conflicting: another amount"), ({"transaction_id": "999"}, "unknown")],
)
def test_conflicting_or_unknown_response_is_untrusted(
    ledger: Pathfile, changed: dict[str, str], words: str
) -> None:
    kit = Kit(ledger.path)
    payment = kit.request(merchant_id=MERCHANT, amount=1250, order_id="A-1")
    with pytest.raises(UntrustedResponse, match=words):
        kit.receive({"DATA": accepted(payment.posts[""]["DATA"], ledger, **changed)})


@pytest.mark.parametrize("message", [{}, {"DATA": ""}, {"DATA": "2020"}, "", "nonsense"])
def test_invalid_message_is_untrusted(pathfile: Pathfile, message: dict[str, str] | str) -> None:
    with pytest.raises(UntrustedResponse):
        Kit(pathfile.path).receive(message)


def test_request_received_as_a_response_is_untrusted(pathfile: Pathfile) -> None:
    kit = Kit(pathfile.path)
    payment = kit.request(merchant_id=MERCHANT, amount=1250)
    with pytest.raises(UntrustedResponse, match="response_code"):
        kit.receive(payment.posts[""])


def test_error_on_this_side_is_not_untrusted_response(pathfile: Pathfile, tmp_path: Path) -> None:
    kit = Kit(pathfile.path)
    for parameters in ({"merchant_id": MERCHANT}, {"merchant_id": MERCHANT, "toto": 1}):
        with pytest.raises(KitError) as caught:
            kit.request(**parameters)
        assert not isinstance(caught.value, UntrustedResponse)
    with pytest.raises(KitError, match="Error reading pathfile"):
        Kit(f"{tmp_path}/none").receive({"DATA": ""})


def test_public_names_are_loaded_on_first_use() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, sogenactif; print('sogenactif.kit' in sys.modules, sogenactif.Kit.__name__)"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert loaded == "False Kit\n"
    assert all(hasattr(sogenactif, name) and name in dir(sogenactif) for name in sogenactif.__all__)
    with pytest.raises(AttributeError):
        _ = sogenactif.nothing


def test_list_of_public_names_is_complete() -> None:
    section = (ROOT / "docs" / "api.md").read_text().partition("\n## What is public\n")[2]
    rows = re.findall(r"^\| `([\w.]+)` \| (.+) \|$", section, re.MULTILINE)
    public = {module: re.findall(r"`(\w+)`", names) for module, names in rows}
    for module, names in public.items():
        assert all(hasattr(importlib.import_module(module), name) for name in names), module
    for package in (sogenactif, sogenactif_sandbox):
        assert public[package.__name__] == package.__all__
    imported = re.compile(r"^ *from (sogenactif[\w.]*) import ([\w, ]+)", re.MULTILINE)
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "cgi-bin").glob("call_*.py")]
    for page in [*pages, ROOT / "lib" / "sogenactif_sandbox" / "README.md"]:
        for module, names in imported.findall(page.read_text()):
            assert {*names.split(", ")} <= {*public[module]}, page
