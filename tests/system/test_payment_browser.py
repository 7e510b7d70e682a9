"""A person pays, in a real browser without scripts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import read_pathfile
from sogenactif.pages import form
from sogenactif_sandbox.serving import serving
from tests.support.bank import Bank, Shop, bank, sealed
from tests.support.browser import browsing, follow, wait_for_page
from tests.support.paypage import ask
from tests.support.vectors import use_paypage

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 640}
END_OF_TEXT = """cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    return Math.round(text.getBoundingClientRect().right);
}"""
ENROLLED = "014213245611112"


@pytest.fixture
def running(param: Path) -> Iterator[Bank]:
    with bank(param) as running:
        yield running


@pytest.fixture
def paypage_server(param: Path) -> Iterator[Bank]:
    use_paypage(param)
    with bank(param) as running:
        yield running


def open_payment(page: Any, running: Bank, means: str = "CB", **fields: str) -> None:
    """Press the button of a means of payment on a page of the shop's own."""
    data = running.request(**fields)
    running.shop.page = (
        f'<form method="POST" action="{running.url}/callpayment"><input type="hidden" name="DATA" value="{data}">'
        f'<input type="image" name="{means}" src="data:," alt="{means}"></form>'
    )
    page.goto(f"{running.shop.url}/order")
    follow(page.get_by_role("button", name=means))


def give_card(page: Any, number: str = "4974 9341 2549 7800") -> None:
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Month").select_option("12")
    page.get_by_label("Year").select_option(index=5)
    page.get_by_label("Security code", exact=True).fill("600")
    follow(page.get_by_role("button", name=re.compile("^Pay ")))


def fits(page: Any, window: dict[str, int]) -> bool:
    """Whether nothing sticks out at the side."""
    ends = """[...document.querySelectorAll("html, body *")].map(element => element.getBoundingClientRect().right)"""
    return bool(max(page.evaluate(ends)) <= window["width"] + 1)


@pytest.mark.parametrize("window", [WIDE, NARROW])
@pytest.mark.browser
def test_payment_with_3d_secure_in_three_instalments_is_accepted(
    running: Bank, window: dict[str, int]
) -> None:
    with browsing(viewport=window) as browser:
        page = browser.new_page()
        schedule = {
            "amount": "65000",
            "capture_mode": "PAYMENT_N",
            "capture_day": "5",
            "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=15000",
        }
        open_payment(page, running, "VISA", merchant_id=ENROLLED, **schedule)
        assert page.get_by_text("€250.00").count() == 2 and fits(page, window)
        give_card(page)
        wait_for_page(page, "Authentication")
        assert "/information?" in page.url and fits(page, window)  # which is reloaded without a question
        page.wait_for_url(re.compile("authentication"))  # by itself
        assert fits(page, window)
        page.get_by_label("Password").fill("00000000")
        with page.expect_navigation():
            page.keyboard.press("Enter")  # confirms, though another button cancels
        wait_for_page(page, "Payment accepted")
        assert page.get_by_text("€250.00").count() == 2 and fits(page, window)
        assert len(running.shop.automatic()) == 1
        follow(page.get_by_role("button", name="Return to the shop"))
        page.wait_for_url(f"{running.shop.url}/accepted")
        assert running.shop.received[-1] == ("/accepted", running.shop.automatic()[0])


@pytest.mark.parametrize(
    ("fields", "colour"),
    [
        ({"templatefile": "market"}, "rgb(253, 246, 227)"),
        ({"data": "<USE_CSS>;dusk.css</USE_CSS>;"}, "rgb(34, 26, 51)"),
        ({"bgcolor": "#ffe9d6", "textcolor": "402010"}, "rgb(255, 233, 214)"),
    ],
    ids=["template", "style sheet", "colours"],
)
@pytest.mark.parametrize("window", [WIDE, NARROW])
@pytest.mark.browser
def test_pages_have_the_colours_of_the_shop(
    running: Bank, window: dict[str, int], fields: dict[str, str], colour: str
) -> None:
    with browsing(viewport=window, java_script_enabled=True) as browser:
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        open_payment(page, running, **fields)
        for heading in ("Card payment", "Payment accepted"):
            wait_for_page(page, heading)
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert background == colour and fits(page, window)
            if heading == "Card payment":
                give_card(page)
        assert not [text for text in complaints if "Content Security Policy" in text]


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect"])
@pytest.mark.parametrize("button", ["Return to the shop", "Cancel and return to the shop", "Pay"])
@pytest.mark.browser
def test_return_address_of_the_shop_may_redirect(running: Bank, status: str, button: str) -> None:
    with serving(Shop()) as elsewhere, browsing() as browser:
        page = browser.new_page()
        open_payment(page, running, data="NO_RESPONSE_PAGE" if button == "Pay" else "")
        if button == "Return to the shop":
            give_card(page)
        running.shop.status, running.shop.headers = status, [("Location", f"{elsewhere}/thanks")]
        if button == "Pay":
            give_card(page)
        else:
            follow(page.get_by_role("button", name=button, exact=True))
        page.wait_for_url(f"{elsewhere}/thanks")


@pytest.mark.browser
def test_cancellation_takes_one_click(running: Bank) -> None:
    with browsing() as browser:
        page = browser.new_page()
        open_payment(page, running)
        follow(page.get_by_role("button", name="Cancel and return to the shop"))
        page.wait_for_url(f"{running.shop.url}/cancelled")
        path, data = running.shop.received[-1]
        assert path == "/cancelled" and running.shop.automatic() == [data]


@pytest.mark.browser
def test_cancellation_on_the_3d_secure_page_refuses_the_payment(running: Bank) -> None:
    with browsing() as browser:
        page = browser.new_page()
        open_payment(page, running, merchant_id=ENROLLED)
        give_card(page)
        follow(page.get_by_role("link", name="Open my bank’s page now"))
        follow(page.get_by_role("button", name="Cancel"))
        wait_for_page(page, "Your payment was refused")
        assert page.get_by_text("Your bank could not confirm your identity").is_visible()
        response = running.last()["response"]
        assert (response["response_code"], response["transaction_condition"]) == ("05", "3D_FAILURE")
        assert not response.get("authorisation_id")


@pytest.mark.browser
def test_no_response_page_redirects_to_the_shop(running: Bank) -> None:
    with browsing() as browser:
        page = browser.new_page()
        open_payment(page, running, data="NO_RESPONSE_PAGE")
        give_card(page)
        page.wait_for_url(re.compile(re.escape(f"{running.shop.url}/accepted?DATA=")))


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.browser
def test_no_response_page_post_posts_the_response_to_the_shop(running: Bank, script: bool) -> None:
    with browsing(java_script_enabled=script) as browser:
        page = browser.new_page()
        open_payment(page, running, data="NO_RESPONSE_PAGE_POST")
        give_card(page)
        if not script:
            wait_for_page(page, "Payment accepted")
            follow(page.get_by_role("button", name="Return to the shop"))
        page.wait_for_url(f"{running.shop.url}/accepted")
        assert running.shop.received[-1] == ("/accepted", running.shop.automatic()[-1])


@pytest.mark.browser
def test_payment_can_be_made_with_the_keyboard(running: Bank) -> None:
    with browsing() as browser:
        page = browser.new_page()
        open_payment(page, running)
        page.get_by_label("Card number").focus()
        for keys in ("4974934125497800", "Tab", "Tab", "12", "Tab", "2030", "Tab", "600", "Enter"):
            page.keyboard.press(keys) if keys in ("Tab", "Enter") else page.keyboard.type(keys)
        wait_for_page(page, "Payment accepted")


@pytest.mark.parametrize(
    ("script", "number", "shown"),
    [
        (True, "4974934125497800", "4974 9341 2549 7800"),
        (True, "4974-9341 2549.7800", "4974 9341 2549 7800"),
        (True, "371449635398431", "3714 496353 98431"),
        (False, "4974934125497800", "4974934125497800"),
    ],
)
@pytest.mark.browser
def test_card_number_is_grouped_during_typing(running: Bank, script: bool, number: str, shown: str) -> None:
    with browsing(java_script_enabled=script) as browser:
        page = browser.new_page()
        open_payment(page, running)
        field = page.get_by_label("Card number")
        field.press_sequentially(number)
        assert field.input_value() == shown
        follow(page.get_by_role("button", name=re.compile("^Pay ")))
        assert field.input_value() == ("4974 9341 2549 7800" if not script else shown)


@pytest.mark.browser
def test_cursor_keeps_its_place_when_a_digit_in_the_middle_is_corrected(running: Bank) -> None:
    with browsing(java_script_enabled=True) as browser:
        page = browser.new_page()
        open_payment(page, running)
        field = page.get_by_label("Card number")
        field.press_sequentially("497493412549780")
        field.evaluate("field => field.setSelectionRange(9, 9)")  # after 4974 9341
        for key in ("Backspace", "1", "5"):
            page.keyboard.press(key)
        assert field.input_value() == "4974 9341 5254 9780"
        assert field.evaluate("field => field.selectionStart") == 11


@pytest.mark.browser
def test_pages_can_be_reloaded_without_a_second_payment(running: Bank) -> None:
    with browsing() as browser:
        page = browser.new_page()
        open_payment(page, running)
        page.reload()
        give_card(page)
        wait_for_page(page, "Payment accepted")
        page.reload()
        wait_for_page(page, "Payment accepted")
        page.go_back()
        wait_for_page(page, "Payment accepted")
        assert len(running.shop.automatic()) == 1


@pytest.mark.browser
def test_console_sets_a_switch_and_sends_a_response_again(running: Bank) -> None:
    running.pay()
    with browsing(viewport=NARROW) as browser:
        page: Any = browser.new_page()
        page.goto(running.url)
        page.get_by_label("The bank answers 90").check()
        follow(page.get_by_role("button", name="Set for the next payment"))
        wait_for_page(page, "Transactions")
        assert page.get_by_label("The bank answers 90").is_checked()
        assert running.pay()["response_code"] == "90"
        page.goto(f"{running.url}/console")
        page.set_viewport_size(WIDE)
        amounts = page.locator(".list .sum").all()
        ends = {amount.evaluate(END_OF_TEXT) for amount in amounts}
        assert (len(amounts), len(ends)) == (3, 1), "the heading is above the figures"
        page.set_viewport_size(NARROW)
        follow(page.get_by_role("link", name="000102"))
        page.get_by_label("Times").fill("2")
        page.get_by_label("One byte altered").check()
        follow(page.get_by_role("button", name="Send"))
        page.get_by_text("AUTOMATIC").nth(2).wait_for()
        assert len(running.shop.automatic()) == 4


@pytest.mark.parametrize(
    ("encode", "context"), [("none", "café 7 €"), ("base64", "café\n7\r\n€"), ("base64url", "café\n7\r\n€")]
)
@pytest.mark.browser
def test_form_on_a_page_of_another_encoding_keeps_its_seal(param: Path, encode: str, context: str) -> None:
    pathfile = read_pathfile(use_paypage(param, ENCODE=encode))
    with bank(param) as running, browsing() as browser:
        urls = {"normal_return_url": f"{running.shop.url}/back"}
        pathfile.paypage.url = f"{running.url}/paymentInit"
        request = ask(pathfile, payment_means="CB,1", return_context=context, language="en", **urls)
        html = str(form(request, pathfile)).encode("ascii", "xmlcharrefreplace").decode()
        running.shop.page = f'<meta charset="iso-8859-1">{html}'
        page = browser.new_page()
        page.goto(f"{running.shop.url}/order")
        follow(page.get_by_role("button", name="CB"))
        wait_for_page(page, "Card payment")
        assert running.last()["request"]["return_context"] == context


@pytest.mark.parametrize("number", [
    {"s10TransactionReference__s10TransactionId": "000{}"}, {"transactionReference": "Order{}"}, {},
], ids=["transactionId", "transactionReference", "server"])  # fmt: skip
@pytest.mark.parametrize("window", [WIDE, NARROW])
@pytest.mark.browser
def test_paypage_offers_brands_failure_and_soft_decline_of_a_co_badged_card(
    paypage_server: Bank, number: dict[str, str], window: dict[str, int]
) -> None:
    ends = (
        ("VISA", "SUCCESS", "Payment accepted", "00"),
        ("CB", "FAILURE", "Your payment was refused", "05"),
        ("CB", "SOFT_DECLINE", "Confirmation needed", "05"),
        ("CB", "SUCCESS", "Payment accepted", "00"),
    )
    with browsing(viewport=window) as browser:
        page = browser.new_page()
        for place, (brand, result, heading, code) in enumerate(ends):
            own = {name: value.format(100 + place) for name, value in number.items()}
            again = {"fraudData__challengeMode3DS": "CHALLENGE"} if place == 3 else {}
            post = sealed(paypage_server, **own, **again)
            fields = "".join(f'<input type="hidden" name="{n}" value="{v}">' for n, v in post.items())
            paypage_server.shop.page = f'<form method="POST" action="{paypage_server.url}/paymentInit">{fields}<button>Pay</button></form>'
            page.goto(f"{paypage_server.shop.url}/order")
            follow(page.get_by_role("button", name="Pay"))
            give_card(page, "4300 0000 0000 0000")
            assert fits(page, window)
            assert "/authentication?" in page.url
            page.get_by_label(brand, exact=True).check()
            assert page.get_by_role("button", name="SOFT_DECLINE").count() == (not again)
            follow(page.get_by_role("button", name=result))
            wait_for_page(page, heading)
            assert fits(page, window)
            response = paypage_server.last()["response"]
            assert (response["response_code"], response["payment_means"]) == (code, brand)
            follow(page.get_by_role("button", name=re.compile("return to the shop", re.I)))
            page.wait_for_url(f"{paypage_server.shop.url}/back")
