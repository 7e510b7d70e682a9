"""A shop moves to Paypage with payments in flight; one ledger knows them all."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif.configuration import read_pathfile
from sogenactif.dates import read_day
from sogenactif.executables import response as run_response
from sogenactif.ledger.history import differences, responses_to, transactions
from sogenactif.protocols import paypage
from sogenactif.web import Order
from tests.support.paypage import sealed
from tests.support.shop import MovingShop, Shop, ask, missing, post
from tests.support.vectors import MERCHANT, use_paypage

KEEP = {
    "caddie": "3 books|!",
    "customer_email": "anne@shop.example",
    "language": "en",
    "merchant_country": "fr",
}


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> MovingShop:
    shop = MovingShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    assert shop.order
    shop.order = Order({**shop.order.parameters, **KEEP}, shop.order.lines)
    return shop


def test_payments_begun_before_a_change_of_protocol_are_matched(shop: MovingShop, param: Path) -> None:
    before = [shop.show_form() for _ in range(3)]
    shop.move(param)
    during = [shop.show_form() for _ in range(2)]
    assert shop.post_acceptance(before[0]).status == 200
    assert shop.post_response(shop.paypage_post(during[0])).status == 200
    page = post(shop.response, **shop.paypage_post(during[1], responseCode="17", authorisationId=""))
    assert "Payment cancelled" in page.body
    shop.go_back(param)
    after = shop.show_form()
    assert shop.post_response(shop.paypage_post(during[1])).status == 200
    assert shop.post_acceptance(before[1]).status == 200
    assert shop.post_acceptance(after).status == 200
    with shop.ledger() as ledger:
        states = {t.reference[-6:]: t.state for t in transactions(ledger)}
        assert list(differences(ledger, lambda count: None)) == []
    waiting = before[2]
    assert states == {n: "waiting" if n == waiting else "accepted" for n in (*before, *during, after)}
    assert [(o["transaction_id"], o.outcome) for o in shop.outcomes] == [
        (before[0], "accepted"),
        (during[0], "accepted"),
        (during[1], "cancelled"),
        (during[1], "accepted"),
        (before[1], "accepted"),
        (after, "accepted"),
    ]


@pytest.mark.postgresql
def test_ledger_in_postgresql_matches_payments_of_both_protocols(
    param: Path, tmp_path: Path, postgresql_url: str
) -> None:
    shop = MovingShop(param, postgresql_url, tmp_path / "journal")
    before = shop.show_form()
    shop.move(param)
    after = shop.show_form()
    assert shop.post_response(shop.paypage_post(after)).log == ""
    assert "paid already: refund one of them" in shop.post_acceptance(before).log
    assert [outcome.outcome for outcome in shop.outcomes] == ["accepted", "accepted"]


def test_shop_receives_fields_of_sips_and_the_journal_stores_the_original_keys(
    shop: MovingShop, param: Path
) -> None:
    shop.move(param)
    number = shop.show_form()
    assert shop.post_response(shop.paypage_post(number)).status == 200
    [notified] = shop.outcomes
    assert {name: notified[name] for name in KEEP} == KEEP
    assert notified["transaction_condition"] == ""
    assert notified["transmission_date"] and notified["payment_time"] == "103100"
    page = post(shop.response, **shop.paypage_post(number))
    assert "Payment accepted" in page.body and '<html lang="en">' in page.body
    with shop.ledger() as ledger:
        *_, entry = ledger.journal.entries()
        [transaction] = transactions(ledger)
        assert [a.verdict for a in responses_to(ledger, transaction)] == ["accepted", "duplicate"]
    assert (entry["original"]["newKey"], entry["original"]["s10TransactionId"]) == ("x", number)


def test_response_reads_a_post_of_paypage_and_prints_the_strings_of_the_guide(
    shop: MovingShop, param: Path
) -> None:
    shop.move(param)
    number = shop.show_form()
    message = urlencode(shop.paypage_post(number))
    output, status = run_response([f"message={message}", f"pathfile={shop.pathfile.path}"])
    strings = output.decode().split("!")
    assert (status, strings[1], strings[2]) == (0, "0", "")
    assert strings[3:7] == [MERCHANT, "fr", "1250", number]
    altered = message.replace("Seal=", "Seal=0")
    output, _ = run_response([f"message={altered}", f"pathfile={shop.pathfile.path}"])
    assert output.decode().split("!")[1] == "-1"
    assert set(output.decode().split("!")[3:]) == {""}


@pytest.mark.parametrize(("said", "why"), [
    ({"amount": "1"}, "conflicting"), ({"currencyCode": "840"}, "conflicting"), ({"orderId": "CMD-43"}, "conflicting"),
    ({"s10TransactionId": "000009"}, "unknown"), ({"s10TransactionIdDate": "20200101"}, "unknown"),
    ({"s10TransactionId": "", "transactionReference": "ELSE"}, "unknown"),
])  # fmt: skip
def test_response_with_other_values_or_number_is_not_accepted(
    shop: MovingShop, param: Path, said: dict[str, str], why: str
) -> None:
    shop.move(param)
    number = shop.show_form()
    assert why in shop.post_response(shop.paypage_post(number, **said)).log
    assert post(shop.response, **shop.paypage_post(number, **said)).status == 403
    assert shop.outcomes == []


def test_response_of_another_merchant_is_unknown_or_rejected(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    number = shop.show_form()
    secret = paypage.read_key(paypage.key_path(shop.pathfile, "014213245611112"))
    pairs, _ = paypage.open_sealed(shop.paypage_post(number), shop.pathfile, "HMAC-SHA-256")
    other = paypage.seal(pairs | {"merchantId": "014213245611112"}, secret, "HMAC-SHA-256", "base64url")
    assert "unknown" in shop.post_response(other).log
    ours = paypage.seal(pairs, secret, "HMAC-SHA-256", "base64url")
    assert shop.post_response(ours).status == 403
    assert shop.outcomes == []
    assert shop.verdicts() == ["unknown"]


def test_responses_97_and_94_do_not_block_a_later_acceptance(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    number = shop.show_form()
    for code in ("97", "94"):
        shop.post_response(shop.paypage_post(number, responseCode=code, authorisationId=""))
    shop.post_response(shop.paypage_post(number))
    page = post(shop.response, **shop.paypage_post(number, responseCode="94", authorisationId=""))
    assert "Payment accepted" in page.body
    assert shop.verdicts() == ["refused", "duplicate", "accepted", "duplicate"]


def test_payment_made_after_midnight_matches_the_request_of_the_day_before(
    shop: MovingShop, param: Path
) -> None:
    shop.move(param)
    number, day = shop.show_form(), shop.day()
    following = f"{read_day(day) + timedelta(days=1):%Y%m%d}"
    assert shop.post_response(shop.paypage_post(number, following)).log == ""
    assert [outcome.outcome for outcome in shop.outcomes] == ["accepted"]


def test_response_stored_only_in_the_journal_is_recorded_by_replay(
    shop: MovingShop, param: Path, tmp_path: Path
) -> None:
    shop.move(param)
    number = shop.show_form()
    response = shop.paypage_post(number)
    with missing(shop, tmp_path / "ledger.db"):
        assert shop.post_response(response).status == 200
    assert shop.verdicts() == ["unentered"]
    assert shop.replay()[0] == 0
    assert shop.notified_by_replay() == "CMD-42 accepted\n"


def test_debug_report_lists_fields_that_are_not_sent(shop: MovingShop, param: Path) -> None:
    shop.move(param)
    path = Path(shop.pathfile.path)
    path.write_text(path.read_text().replace("DEBUG!NO!", "DEBUG!YES!"))
    body = ask(shop.request, query="order=CMD-42").body
    assert "<td>caddie</td><td>stored in the ledger" in body
    number = "000001"
    shown = post(shop.response, **shop.paypage_post(number)).body
    assert "<td>newKey</td><td>x</td>" in shown
    assert f"{MERCHANT}_KEY1" not in body + shown
    path.write_text("\n".join(line for line in path.read_text().split("\n") if not line.startswith("LEDGER")))
    assert "<td>caddie</td><td>LOST" in ask(shop.request, query="order=CMD-42").body


def test_scripts_accept_and_reject_responses_without_a_ledger(param: Path, tmp_path: Path) -> None:
    pathfile = read_pathfile(use_paypage(param))
    shop = Shop(pathfile, tmp_path / "autoresponse.log")
    sound = sealed(MERCHANT + "_KEY1", merchantId=MERCHANT, amount="1250", orderId="CMD-42")
    assert post(shop.autoresponse, **sound).status == 200
    assert "12.50" in post(shop.response, **sound).body
    assert ask(shop.response, query=urlencode(sound)).status == 200
    assert [outcome.outcome for outcome in shop.outcomes] == ["accepted"] * 3
    assert shop.logged()[0]["fields"]["order_id"] == "CMD-42"
    for form, status in (
        (sound | {"Seal": "0" * 64}, 403),
        (sound | {"Encode": "hex"}, 400),
        (sound | {"DATA": "20" * 200}, 400),
        ({"Seal": sound["Seal"]}, 400),
        (sealed(merchantId="999"), 403),
        (sealed(MERCHANT + "_KEY1", merchantId=MERCHANT, responseCode=""), 400),
    ):
        for application in (shop.response, shop.autoresponse):
            answer = post(application, **form)
            assert (answer.status, "CMD-42" in answer.body, answer.log.count("\n")) == (status, False, 1)
    assert len(shop.outcomes) == 3
