"""A customer who pays an order in two windows is warned before the second payment begins."""

from pathlib import Path

import pytest

from sogenactif.ledger import ledger as ledger_module
from sogenactif.ledger.history import transactions
from sogenactif.web import Order
from tests.support.shop import MovingShop, ask
from tests.support.vectors import ASKED

WAITING, PENDING, ACCEPTED = (
    "was started a few minutes ago",
    "is still processing a payment",
    "has already accepted a payment",
)


@pytest.fixture
def shop(ledger_url: str, param: Path, tmp_path: Path) -> MovingShop:
    shop = MovingShop(param, ledger_url, tmp_path / "journal")
    shop.move(param)
    set_order(shop)
    return shop


def set_order(shop: MovingShop, **parameters: str) -> None:
    assert shop.order
    shop.order = Order({**shop.order.parameters, "language": "en", **parameters}, shop.order.lines)


def page(shop: MovingShop) -> str:
    answer = ask(shop.request, query="order=CMD-42")
    assert answer.status == 200 and "<form" in answer.body
    return answer.body


def numbers(shop: MovingShop) -> list[str]:
    with shop.ledger() as ledger:
        return [transaction.reference[-6:] for transaction in transactions(ledger)]


def test_second_window_of_an_order_shows_a_warning(shop: MovingShop) -> None:
    assert 'class="warning"' not in page(shop)
    assert WAITING in page(shop)


@pytest.mark.parametrize(("code", "sentence"), [("00", ACCEPTED), ("60", PENDING), ("05", ""), ("17", "")])
def test_warning_depends_on_the_state_of_the_other_payment(
    shop: MovingShop, code: str, sentence: str
) -> None:
    page(shop)
    shop.post_response(shop.paypage_post(numbers(shop)[0], responseCode=code))
    again = page(shop)
    assert sentence in again
    assert ('class="warning"' in again) is bool(sentence)


def test_accepted_payment_takes_precedence_over_an_open_window(shop: MovingShop) -> None:
    page(shop)
    page(shop)
    shop.post_response(shop.paypage_post(numbers(shop)[0]))
    assert ACCEPTED in page(shop)


@pytest.mark.parametrize("other", [{"amount": "999"}, {"order_id": "CMD-43"}])
def test_payment_of_another_amount_or_order_shows_no_warning(shop: MovingShop, other: dict[str, str]) -> None:
    page(shop)
    set_order(shop, **other)
    assert 'class="warning"' not in page(shop)


def test_window_opened_long_ago_causes_no_warning(shop: MovingShop, monkeypatch: pytest.MonkeyPatch) -> None:
    page(shop)
    monkeypatch.setattr(ledger_module, "OPEN_MINUTES", 0)
    assert 'class="warning"' not in page(shop)


def test_same_form_of_sips_1_0_shown_again_has_no_warning(shop: MovingShop, param: Path) -> None:
    shop.go_back(param)
    assert 'class="warning"' not in page(shop)
    assert 'class="warning"' not in page(shop)
    assert len(numbers(shop)) == 1
    set_order(shop, customer_id="another")
    assert WAITING in page(shop)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "débité deux fois"),
        ("de", "zweimal abgebucht"),
        ("es", "cobrar dos veces"),
        ("it", "addebitato due volte"),
    ],
)
def test_warning_is_in_the_language_of_the_customer(shop: MovingShop, language: str, words: str) -> None:
    page(shop)
    set_order(shop, language=language)
    assert words in page(shop)


def test_looking_for_another_payment_writes_nothing_to_the_journal(shop: MovingShop) -> None:
    page(shop)
    with shop.ledger() as ledger:
        fields = ledger.register({**ASKED, "order_id": "CMD-42", "amount": "1250"})
        journal = {path: path.read_bytes() for path in Path(ledger.journal.folder).iterdir()}
        ledger.other_payment_state(fields)
        assert {path: path.read_bytes() for path in Path(ledger.journal.folder).iterdir()} == journal
