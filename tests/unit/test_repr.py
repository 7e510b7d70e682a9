"""What objects show of themselves, in a log or a debugger: which one it is, and nothing personal or secret."""

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import sogenactif
from sogenactif.configuration import LedgerAddress, Pathfile, read_pathfile
from sogenactif.kit import Kit
from sogenactif.ledger.history import responses_to, transactions
from sogenactif.ledger.ledger import Ledger
from sogenactif.payment import PaymentResponse, make_request
from sogenactif.protocols import OpenedResponse, gateway, paypage
from sogenactif.protocols.office import Office
from sogenactif.reception import Received
from sogenactif.web import Order
from sogenactif_sandbox.request import Request
from sogenactif_sandbox.transactions import Transactions
from tests.support.vectors import ACCEPTED, ASKED, MERCHANT, use_paypage

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
PERSONAL = {
    "customer_email": "anna@example.com",
    "customer_ip_address": "192.0.2.7",
    "card_number": "4974.00",
}


def shown(*objects: object) -> str:
    """Return what objects show of themselves, after looking that none of it is personal."""
    text = " ".join(map(repr, objects))
    assert not [value for value in (*PERSONAL.values(), "secret") if value in text]
    return text


def test_every_class_of_the_kit_has_a_repr() -> None:
    for module in pkgutil.walk_packages(sogenactif.__path__, "sogenactif."):
        # The commands hand no object on.
        if module.name.startswith("sogenactif.commands"):
            continue
        for name, value in vars(import_module(module.name)).items():
            own = isinstance(value, type) and value.__module__ == module.name
            if own and value.__bases__ == (object,) and not name.startswith("_"):
                assert "__repr__" in vars(value), f"{module.name}.{name}"


def test_repr_of_a_payment_has_the_order_id_and_no_personal_values(pathfile: Pathfile) -> None:
    parameters = {"merchant_id": MERCHANT, "amount": "1250", "order_id": "A-1", "transaction_id": "000123"}
    call = parameters | {"customer_email": PERSONAL["customer_email"]}
    response = PaymentResponse({**call, **PERSONAL, **ACCEPTED})
    request = make_request(call, pathfile)
    assert shown(request) == "<PaymentRequest 'A-1' 000123>"
    # Paypage's server may assign the number.
    request.fields = {"order_id": "A-1"}
    assert shown(request) == "<PaymentRequest 'A-1' without a number>"
    assert shown(Kit(pathfile.path).request(**call)) == "<PaymentForm 'A-1' 000123>"
    assert shown(response) == "<PaymentResponse 'A-1' 000123 accepted>"
    assert shown(
        Received(response, None), OpenedResponse("sips", response.fields, response.fields, "20261123")
    )
    assert shown(Order(call, [("T-shirt", 1250)])) == "<Order 'A-1'>"
    assert shown(*request.blocks)


def test_response_with_an_invalid_date_has_a_repr() -> None:
    response = PaymentResponse({"order_id": "A\n1", "transmission_date": "20261399999999"})
    assert repr(response) == r"<PaymentResponse 'A\n1'  refused>"


def test_repr_of_a_gateway_has_its_address_and_no_secret(param: Path, pathfile: Pathfile) -> None:
    sips = gateway(pathfile, "fr", MERCHANT)
    assert shown(sips) == f"<Gateway sips {sips.action}>"
    assert shown(Office("https://office.example/", MERCHANT, "1", [b"secret"]))
    settings = read_pathfile(use_paypage(param))
    sealing = paypage.Gateway(settings.paypage, b"secret", "key", ledger=False)
    assert shown(sealing, settings.paypage).startswith(f"<Gateway paypage {settings.paypage.url}>")


@pytest.mark.parametrize("kind", DATABASES)
def test_repr_of_a_ledger_has_no_password_and_no_personal_values(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql_url").replace("postgres@", "postgres:secret@")
    ledger = Ledger(LedgerAddress(url), str(tmp_path / "journal"))
    fields = ledger.register({**ASKED, "customer_email": PERSONAL["customer_email"]})
    match = ledger.receive(PaymentResponse({**fields, **PERSONAL, **ACCEPTED}), "manual")
    [transaction] = transactions(ledger)
    assert str(tmp_path / "journal") in shown(ledger, ledger.journal)
    assert shown(ledger.database, match, transaction, *responses_to(ledger, transaction))
    ledger.close()


def test_repr_of_the_sandbox_has_no_personal_values(tmp_path: Path) -> None:
    fields = {**ASKED, **PERSONAL, "transaction_id": "000123"}
    request = Request("sips", fields, "VISA", {"DATA": "secret"}, old=False)
    table = Transactions(str(tmp_path / "payment.db"))
    transaction = table.begin(request, "20261123")
    table.record(transaction.id, "2026-11-23T09:30:00Z", "REQUEST", {"DATA": "secret"}, fields)
    assert transaction.token not in shown(request, transaction, *table.messages(transaction.id))
