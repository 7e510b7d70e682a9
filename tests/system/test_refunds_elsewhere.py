"""Refunds on PostgreSQL, of one of two merchants, and over what a merchant may get wrong."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sogenactif import Kit
from sogenactif.errors import CallError
from sogenactif.ledger.history import transactions
from tests.support.office import OfficeShop, office_shop
from tests.support.vectors import MERCHANT

OTHER = "014213245611112"


@pytest.fixture
def shop(param: Path) -> Iterator[OfficeShop]:
    with office_shop(param) as running:
        yield running


@pytest.fixture
def on_postgresql(shop: OfficeShop, postgresql_url: str) -> OfficeShop:
    with (shop.param / "pathfile").open("a") as pathfile:
        pathfile.write(f"LEDGER!{postgresql_url}!\nJOURNAL!{shop.param}/journal!\n")
    return shop


@pytest.mark.postgresql
def test_refunds_add_up_on_postgresql_and_are_not_made_twice(on_postgresql: OfficeShop) -> None:
    shop = on_postgresql
    reference = shop.arrive()
    assert shop.run("refund", reference, "250", "--yes")[0] == 0
    shop.bank.console("office", {"office": "silent", "messages": "operations"})
    assert shop.run("refund", reference, "400", "--yes")[0] == 2
    shop.bank.console("office", {})
    assert shop.run("refund", reference, "400", "--yes")[0] == 0
    assert shop.operations() == [("cancel", 250), ("cancel", 400)]
    assert shop.row(reference).given_back == 650
    assert json.loads(shop.run("verify", "--json")[1])["differences"] == []


@pytest.mark.postgresql
def test_killed_refund_on_postgresql_leaves_no_lock_and_is_not_made_twice(on_postgresql: OfficeShop) -> None:
    shop = on_postgresql
    reference = shop.arrive()
    process = shop.begin_refund(reference)
    status, _, complaint = shop.run("refund", reference, "250", "--yes")
    assert (status, "another operation on this transaction is under way" in complaint) == (1, True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    shop.bank.console("office", {})
    for _ in range(50):
        # The server notices after a moment that its client is gone.
        status, _, complaint = shop.run("refund", reference, "250", "--yes")
        if "under way" not in complaint:
            break
        time.sleep(0.1)
    assert (status, shop.operations()) == (0, [("cancel", 250)]), complaint


def test_refund_of_a_number_of_two_merchants_needs_the_merchant(shop: OfficeShop) -> None:
    (shop.param / f"parmcom.{OTHER}").write_text((shop.param / f"parmcom.{MERCHANT}").read_text())
    key = shop.param / f"key.{OTHER}"
    key.write_text(f"{OTHER}_KEY1\n")
    key.chmod(0o600)
    ours = shop.arrive()
    shop.merchant = OTHER
    theirs = shop.arrive("CMD43")
    assert ours == theirs
    status, _, complaint = shop.run("refund", ours, "--yes")
    assert (status, OTHER in complaint, MERCHANT in complaint) == (1, True, True)
    with pytest.raises(CallError, match="2 payments"):
        Kit(shop.pathfile.path).refund(ours)
    assert shop.run("refund", ours, "250", "--yes", "--merchant", OTHER)[0] == 0
    with shop.ledger() as ledger:
        given_back = {row.fields["merchant_id"]: row.given_back for row in transactions(ledger)}
    assert given_back == {MERCHANT: 0, OTHER: 250}
    assert shop.run("refund", ours, "--yes", "--merchant", "014213245611199")[0] == 1
    assert Kit(shop.pathfile.path).refund(ours, 100, MERCHANT)["order_id"] == "CMD42"


def test_payment_in_another_currency_at_the_bank_is_not_refunded(shop: OfficeShop) -> None:
    reference = shop.arrive()
    with shop.ledger() as ledger, ledger.database.transaction() as execute:
        [[fields]] = execute("SELECT fields FROM sogenactif_request")
        changed = json.dumps({**json.loads(fields), "currency_code": "840"})
        execute("UPDATE sogenactif_request SET fields = ?", changed)
    status, _, complaint = shop.run("refund", reference, "--yes")
    assert (status, "currency" in complaint, shop.operations()) == (1, True, [])


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("OFFICE_URL!", "#", "OFFICE_URL"),
        ("PROTOCOL!paypage!", "PROTOCOL!sips!", ""),
        ("/rs-services/v2!", "/nowhere!", "HTTP"),
        ("OFFICE_URL!http://127.0.0.1", "OFFICE_URL!https://127.0.0.1", "can't be reached"),
        ("OFFICE_URL!http://127.0.0.1", "OFFICE_URL!http://127.0.0.9", "can't be reached"),
        (
            "OFFICE_URL!http://127.0.0.1",
            "OFFICE_URL!http://bank.example",
            "OFFICE_URL is not an https address",
        ),
    ],
)
def test_refund_without_a_reachable_office_server_is_not_sent(
    shop: OfficeShop, before: str, after: str, words: str
) -> None:
    reference = shop.arrive()
    pathfile = shop.param / "pathfile"
    assert before in shop.text
    pathfile.write_text(shop.text.replace(before, after))
    status, _, complaint = shop.run("refund", reference, "--yes")
    if words:
        assert (status, words in complaint) == (2, True)
        assert shop.operations() == []
    else:
        # A payment on Paypage is refunded though new ones are on Sips 1.0.
        assert (status, shop.operations()) == (0, [("cancel", 1250)])
