"""Every row of what the payment server does, over HTTP: cards, codes, 3-D Secure, instalments, errors, options."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.dates import format_day
from sogenactif.money import CURRENCIES
from sogenactif.payment import make_request
from sogenactif.protocols.sips import open_response
from sogenactif_sandbox import pay
from sogenactif_sandbox.default_merchant import WITH_3D_SECURE, create_default_merchant
from sogenactif_sandbox.merchants import Merchant
from sogenactif_sandbox.rules import MEANS, WITHOUT_EXPIRY
from sogenactif_sandbox.serving import listen, payment_server
from tests.support.bank import MERCHANT, Bank, HttpReply, bank, send
from tests.support.vectors import ROOT

pytestmark = pytest.mark.exhaustive

ENROLLED = "014213245611112"
NUMBERS = count(1)
MERCHANTS = {
    MERCHANT: Merchant("Plain shop"),
    ENROLLED: Merchant("Enrolled shop", enrolled=True, may_force=True, fraud_checks=True),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    folder = tmp_path_factory.mktemp("param")
    for file in (ROOT / "tests" / "vectors" / "param").iterdir():
        (folder / file.name).write_bytes(file.read_bytes().replace(b"@PARAM@", str(folder).encode()))
    with bank(folder, merchants=MERCHANTS) as running:
        yield running


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Pathfile]]:
    """A sandbox as the fixture sips_sandbox runs it, and the pathfile of a shop on Sips 1.0."""
    folder: Path = tmp_path_factory.mktemp("ready")
    with listen() as listening:
        port = listening.getsockname()[1]
        merchant = create_default_merchant(folder, f"http://127.0.0.1:{port}/payment")
        of_sips = folder / "pathfile.sips"
        of_sips.write_text(merchant.pathfile.read_text().replace("PROTOCOL!paypage!", "PROTOCOL!sips!"))
        with payment_server(str(merchant.pathfile), str(folder / "payments.db"), listening) as address:
            yield address, read_pathfile(str(of_sips))


def today() -> date:
    return datetime.now(ZoneInfo("Europe/Paris")).date()


@dataclass
class Case:
    """A payment, and what the response must hold; ``""`` is a field that must be absent."""

    expected: dict[str, str]
    number: str = "4974934125497800"
    code: str = "600"
    means: str = "CB"
    merchant: str = MERCHANT
    password: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def pay(self, running: Bank) -> HttpReply:
        request = running.request(merchant_id=self.merchant, **self.fields)
        page = running.card(running.call(request, self.means), self.number, self.code)
        if self.password:
            page = running.authenticate(page, self.password)
        return page


def outcome(code: str, bank_code: str = "", **others: str) -> dict[str, str]:
    accepted = code == "00"
    absent = {} if accepted else {"authorisation_id": "", "payment_certificate": ""}
    return {"response_code": code, "bank_response_code": bank_code or code, **absent, **others}


REFUSED_BY_THE_BANK = [
    f"{code:02}"
    for code in (4, 5, 7, 8, 13, 14, 15, 31, 33, 41, 43, 51, *range(54, 62), 63, 68, 91, *range(96, 100))
]

CARDS = {
    "accepted": Case(outcome("00", card_number="4974.00")),
    "refused": Case(outcome("05", card_number="4972.05"), "4972187615205"),
    "19 digits": Case(outcome("00", card_number="4974.00"), "4974934125497801200"),
    "10 digits": Case(outcome("00", card_number="4974.00"), "4974934100"),
    "call the bank, not allowed to force": Case(outcome("05", "02"), "4974934125497802"),
    **{
        f"bank {code} stays": Case(outcome(code), f"49749341254978{code}")
        for code in ("03", "12", "30", "34", "90")
    },
    **{
        f"bank {code} is refused": Case(outcome("05", code), f"49749341254978{code}")
        for code in REFUSED_BY_THE_BANK
    },
    "code 600": Case(outcome("00", cvv_flag="1", cvv_response_code="4D"), code="600"),
    "code 640": Case(outcome("00", cvv_flag="1", cvv_response_code="4D"), code="640"),
    "code 650": Case(outcome("00", cvv_flag="1", cvv_response_code="50"), code="650"),
    "code 653": Case(outcome("00", cvv_flag="1", cvv_response_code="53"), code="653"),
    "code 655": Case(outcome("00", cvv_flag="1", cvv_response_code="55"), code="655"),
    "wrong code": Case(outcome("05", "00", cvv_flag="1", cvv_response_code="4E"), code="611"),
    "AMEX": Case(outcome("00", cvv_flag="1", cvv_response_code=""), code="6000", means="AMEX"),
    "AMEX, wrong code": Case(outcome("05", "00", cvv_response_code=""), code="6011", means="AMEX"),
    **{
        f"AMEX {code}": Case(outcome("05", code), f"3749341254978{code}", "6000", "AMEX")
        for code in ("02", "04", "05", "97")
    },
    **{
        f"FINAREF {code}": Case(outcome("00", code, cvv_flag="0"), f"49749341254978{code}", means="FINAREF")
        for code in ("00", "80", "81", "82")
    },
    **{
        f"FINAREF {code}": Case(outcome("05", code), f"49749341254978{code}", means="FINAREF")
        for code in ("05", "11", "16", "20", "83")
    },
    **{
        means: Case(
            outcome("00", payment_means=means, **({"card_validity": ""} if means in WITHOUT_EXPIRY else {})),
            code="6000" if means == "AMEX" else "600",
            means=means,
        )
        for means in sorted(MEANS)
    },
}

WITH_PASSWORD = {"VISA": "4974934125497800", "MASTERCARD": "5974934125497800"}
SECURE = {
    **{
        f"{means}, right password": Case(
            outcome("00", transaction_condition="3D_SUCCESS"), number, "600", means, ENROLLED, "00000000"
        )
        for means, number in WITH_PASSWORD.items()
    },
    "wrong password": Case(
        {
            "response_code": "05",
            "bank_response_code": "",
            "cvv_response_code": "",
            "transaction_condition": "3D_FAILURE",
            "card_number": "4974.00",
            "authorisation_id": "",
        },
        merchant=ENROLLED,
        password="12345678",
    ),
    "7 equal digits": Case(
        {"response_code": "05", "transaction_condition": "3D_FAILURE"}, merchant=ENROLLED, password="1111111"
    ),
    "8 other equal digits": Case(
        outcome("00", transaction_condition="3D_ATTEMPT"), merchant=ENROLLED, password="77777777"
    ),
    "authenticated, then refused": Case(
        outcome("05", "51", transaction_condition="3D_SUCCESS"),
        "4974934125497851",
        merchant=ENROLLED,
        password="00000000",
    ),
    "technical error": Case(
        outcome("00", transaction_condition="3D_ERROR"), "9974934125497800", merchant=ENROLLED
    ),
    **{
        f"card {digit} not enrolled": Case(
            outcome("00", transaction_condition="3D_NOTENROLLED"),
            f"{digit}974934125497800",
            merchant=ENROLLED,
        )
        for digit in "01236 78".replace(" ", "")
    },
    "merchant not enrolled": Case(outcome("00", transaction_condition="SSL")),
    "means without 3-D Secure": Case(
        outcome("00", transaction_condition="SSL"), code="6000", means="AMEX", merchant=ENROLLED
    ),
    "capture_day over 6 becomes 6": Case(
        {"capture_day": "6"}, merchant=ENROLLED, password="00000000", fields={"capture_day": "30"}
    ),
    "capture_day under 6 stays": Case(
        {"capture_day": "5"}, merchant=ENROLLED, password="00000000", fields={"capture_day": "5"}
    ),
    "capture_day over 6 without 3-D Secure": Case({"capture_day": "30"}, fields={"capture_day": "30"}),
    "call the bank, allowed to force": Case(
        outcome("02", transaction_condition="3D_SUCCESS"),
        "4974934125497802",
        merchant=ENROLLED,
        password="00000000",
    ),
    "fraud checks": Case(
        {"response_code": "00", "complementary_code": "00"}, merchant=ENROLLED, password="00000000"
    ),
    "no fraud checks": Case({"response_code": "00", "complementary_code": ""}),
}

CAPTURE = {
    "nothing asked": Case({"capture_mode": "AUTHOR_CAPTURE", "capture_day": "0"}),
    "VALIDATION": Case(
        {"capture_mode": "VALIDATION", "capture_day": "99"},
        fields={"capture_mode": "VALIDATION", "capture_day": "99"},
    ),
    "IMMEDIATE, with a card": Case({"capture_mode": "AUTHOR_CAPTURE"}, fields={"capture_mode": "IMMEDIATE"}),
    "IMMEDIATE, with a means that can": Case(
        {"capture_mode": "IMMEDIATE"}, means="PAYPAL", fields={"capture_mode": "IMMEDIATE"}
    ),
}


@pytest.mark.parametrize("case", [pytest.param(c, id=n) for n, c in (CARDS | SECURE | CAPTURE).items()])
def test_payment_returns_the_documented_fields(running: Bank, case: Case) -> None:
    response = running.read(case.pay(running))
    assert {name: response.get(name, "") for name in case.expected} == case.expected


def test_3d_secure_shows_an_information_page_and_a_password_page(running: Bank) -> None:
    entry = running.call(running.request(merchant_id=ENROLLED, language="it"), "VISA")
    assert "/logos/VISA_3D.svg" in entry.text
    information = running.card(entry)
    assert "Autenticazione della sua banca" in information.text and "VISA_3D.svg" in information.text
    refresh = re.search(r'http-equiv="refresh" content="5;url=([^"]+)"', information.text)
    link = re.search(r'<a [^>]*href="([^"]+authentication[^"]+)"', information.text)
    assert refresh and link and refresh[1] == link[1]
    assert running.shop.automatic().count(entry.hidden("DATA")) == 0
    control = send(running.url + link[1].removeprefix("/payment"))
    assert "Confermi la sua identità" in control.text and "4974 #### #### ##00" in control.text
    assert running.read(running.authenticate(information, "00000000"))["response_code"] == "00"


@pytest.mark.parametrize(
    ("outcome", "code", "condition"),
    [
        ("accepted", "00", "3D_SUCCESS"),
        ("refused", "05", "3D_SUCCESS"),
        ("cancelled", "17", ""),
        ("FAILURE", "05", "3D_FAILURE"),
        ("CANCEL", "05", "3D_FAILURE"),
        ("ATTEMPT", "00", "3D_ATTEMPT"),
        ("ERROR", "00", "3D_ERROR"),
        ("NOT_ENROLLED", "00", "3D_NOTENROLLED"),
    ],
)
def test_pay_returns_each_result_of_3d_secure_for_the_default_merchant(
    ready: tuple[str, Pathfile], outcome: str, code: str, condition: str
) -> None:
    address, pathfile = ready
    urls = {"normal_return_url": "http://127.0.0.1/accepted", "cancel_return_url": "http://127.0.0.1/back"}
    request = make_request(
        {"merchant_id": WITH_3D_SECURE, "amount": "1250", "transaction_id": f"{next(NUMBERS)}", **urls},
        pathfile,
    )
    returned = pay(f"{address}/callpayment", request.posts[""], outcome=outcome, means="CB")
    response = open_response(returned.post["DATA"], pathfile)
    assert (response["response_code"], response.get("transaction_condition", "")) == (code, condition)
    assert returned.url == urls["normal_return_url" if code == "00" else "cancel_return_url"]
    asks_for_password = outcome not in ("cancelled", "ERROR", "NOT_ENROLLED")
    assert ("Confirmez votre identité" in returned.pages) is asks_for_password


def test_card_with_second_digit_0_gets_the_3d_secure_page_in_english(running: Bank) -> None:
    entry = running.call(running.request(merchant_id=ENROLLED, language="fr"))
    information = running.card(entry, number="4074934125497800")
    control = send(f"{running.url}/authentication?session={information.session}")
    assert '<html lang="en">' in control.text and "Confirm your identity" in control.text


def test_payment_opened_again_needs_a_new_card_entry_before_the_password(running: Bank) -> None:
    data = running.request(merchant_id=ENROLLED)
    information = running.card(running.call(data))
    again = running.call(data)
    assert "Card number" in again.text
    assert "Card number" in running.authenticate(information, "00000000").text
    assert running.last()["response_code"] == ""


# Payment in instalments: amount, capture_day, data, and the schedule as days from today and amounts.
SCHEDULES = {
    "three times": ("65000", "5", "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=15000", [(5, 15000), (35, 25000), (65, 25000)]),
    "twice": ("1000", "0", "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=1", [(0, 1), (1, 999)]),
    "90 days": ("1000", "9", "NB_PAYMENT=2;PERIOD=90;INITIAL_AMOUNT=500", [(9, 500), (99, 500)]),
    "remainder": ("1000", "0", "PERIOD=7;NB_PAYMENT=4;INITIAL_AMOUNT=100", [(0, 100), (7, 300), (14, 300), (21, 300)]),
    "remainder last": ("1001", "0", "NB_PAYMENT=4;PERIOD=7;INITIAL_AMOUNT=100", [(0, 100), (7, 300), (14, 300), (21, 301)]),
    "with an option": ("1000", "0", "NO_COPYRIGHT;NB_PAYMENT=2;PERIOD=7;INITIAL_AMOUNT=100", [(0, 100), (7, 900)]),
}  # fmt: skip


@pytest.mark.parametrize(("amount", "day", "data", "parts"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedule_of_instalments_is_shown_and_returned(
    running: Bank, amount: str, day: str, data: str, parts: list[tuple[int, int]]
) -> None:
    dates = [(today() + timedelta(days=after), value) for after, value in parts]
    fields = {"amount": amount, "capture_day": day, "capture_mode": "PAYMENT_N", "data": data}
    entry = running.call(running.request(**fields))
    accepted = running.card(entry)
    for page in (entry, accepted):
        assert all(
            format_day(day, "en") in page.text and f"€{value / 100:,.2f}" in page.text for day, value in dates
        )
        assert "Schedule" in page.text and f"€{int(amount) / 100:,.2f}" in page.text
    due = ",".join(f"{day:%Y%m%d}/{value}" for day, value in dates)
    response = running.read(accepted)
    assert response["data"] == f"{data};PAYMENT_DUE_DATES={due}"
    assert response["capture_mode"] == "PAYMENT_N" and response["amount"] == amount
    states = [part["state"] for part in running.last()["payments"]]
    assert states == ["TO_CAPTURE", *["WAITING_AUTHOR"] * (len(parts) - 1)]


WRONG_SCHEDULES = {
    "no capture_day": ("", "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=500", "capture_day"),
    "no data": ("0", "", "data"),
    "no NB_PAYMENT": ("0", "PERIOD=30;INITIAL_AMOUNT=500", "data"),
    "once": ("0", "NB_PAYMENT=1;PERIOD=30;INITIAL_AMOUNT=1250", "data"),
    "91 days": ("0", "NB_PAYMENT=2;PERIOD=91;INITIAL_AMOUNT=500", "data"),
    "4 times 31 days": ("0", "NB_PAYMENT=4;PERIOD=31;INITIAL_AMOUNT=500", "data"),
    "the same day": ("0", "NB_PAYMENT=2;PERIOD=0;INITIAL_AMOUNT=500", "data"),
    "nothing left": ("0", "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=1250", "data"),
    "more than the amount": ("0", "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=2000", "data"),
    "nothing first": ("0", "NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=0", "data"),
    "words": ("0", "NB_PAYMENT=two;PERIOD=1;INITIAL_AMOUNT=10", "data"),
    "negative": ("0", "NB_PAYMENT=2;PERIOD=-1;INITIAL_AMOUNT=10", "data"),
    "endless": ("0", f"NB_PAYMENT={'9' * 500};PERIOD=1;INITIAL_AMOUNT=10", "data"),
    "no room for the schedule": (
        "0", "NB_PAYMENT=91;PERIOD=1;INITIAL_AMOUNT=100;" + "x" * 1900, "data"),
}  # fmt: skip


@pytest.mark.parametrize(("day", "data", "named"), WRONG_SCHEDULES.values(), ids=WRONG_SCHEDULES)
def test_invalid_schedule_is_rejected(running: Bank, day: str, data: str, named: str) -> None:
    answer = running.call(running.request(capture_mode="PAYMENT_N", capture_day=day, data=data))
    assert (
        answer.status == 400
        and "Invalid transaction" in answer.text
        and f"<code>{named}</code>" in answer.text
    )


def test_card_that_expires_before_the_last_instalment_is_rejected(running: Bank) -> None:
    data = "NB_PAYMENT=2;PERIOD=70;INITIAL_AMOUNT=500"
    entry = running.call(running.request(capture_mode="PAYMENT_N", capture_day="0", data=data))
    soon = {"month": f"{today():%m}", "year": f"{today():%Y}"}
    answer = running.card(entry, **soon)
    assert answer.status == 400 and "Invalid transaction" in answer.text
    assert running.read(running.card(entry))["response_code"] == "00"


def test_due_dates_sent_by_the_shop_are_ignored(running: Bank) -> None:
    for mode in ("PAYMENT_N", "AUTHOR_CAPTURE"):
        data = "PAYMENT_DUE_DATES=x/y;NB_PAYMENT=2;PERIOD=1;INITIAL_AMOUNT=10"
        page = running.card(running.call(running.request(capture_mode=mode, capture_day="0", data=data)))
        assert page.status == 200 and "Payment accepted" in page.text
        assert running.last()["payments"]


def test_refused_payment_returns_no_schedule(running: Bank) -> None:
    data = "NB_PAYMENT=2;PERIOD=7;INITIAL_AMOUNT=100"
    entry = running.call(running.request(capture_mode="PAYMENT_N", capture_day="0", data=data))
    assert running.read(running.card(entry, number="4974934125497851"))["data"] == data


# Sips 1.0 has fewer currencies than Paypage.
OF_SIPS = {
    "032", "036", "116", "124", "208", "392", "410", "484", "554", "578", "702", "752", "756", "826", "840", "901", "949",
    "952", "953", "978", "986",
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(CURRENCIES))
def test_currencies_of_sips_1_0_are_accepted_and_others_rejected(running: Bank, code: str) -> None:
    entry = running.call(running.request(currency_code=code, amount="123456"))
    if code not in OF_SIPS:
        assert (entry.status, "currency_code" in entry.text) == (400, True)
        return
    assert {0: "123,456", 2: "1,234.56"}[CURRENCIES[code][1]] in entry.text
    assert running.read(running.card(entry))["currency_code"] == code


@pytest.mark.parametrize(
    ("code", "without"), [("392", "¥123,456"), ("410", "123,456"), ("953", "123,456"), ("952", "123,456")]
)
def test_currency_without_decimals_is_shown_without_them(running: Bank, code: str, without: str) -> None:
    assert without in running.call(running.request(currency_code=code, amount="123456")).text


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("fr", "1\u202f234,56\u00a0€"),
        ("en", "€1,234.56"),
        ("ge", "1.234,56\u00a0€"),
        ("sp", "1.234,56\u00a0€"),
    ],
)
def test_amount_is_written_in_the_notation_of_the_language(running: Bank, language: str, shown: str) -> None:
    assert shown in running.call(running.request(language=language, amount="123456")).text


STATES = {
    ("AUTHOR_CAPTURE", "0", "00"): "TO_CAPTURE",
    ("AUTHOR_CAPTURE", "30", "00"): "WAITING_AUTHOR",
    ("VALIDATION", "2", "00"): "TO_VALIDATE",
    ("VALIDATION", "20", "00"): "TO_REPLAY",
    ("AUTHOR_CAPTURE", "0", "51"): "REFUSED",
}


@pytest.mark.parametrize(("asked", "state"), STATES.items())
def test_console_shows_the_state_after_the_payment(
    running: Bank, asked: tuple[str, str, str], state: str
) -> None:
    mode, day, code = asked
    entry = running.call(running.request(capture_mode=mode, capture_day=day))
    running.card(entry, number=f"49749341254978{code}")
    assert [payment["state"] for payment in running.last()["payments"]] == [state]


# Options: what they take away, and from which page.
OPTIONS = {
    "CARD_NO_LOGO": ("entry", "/logos/CB.svg"),
    "NO_COPYRIGHT": ("every", "sips_footer_message"),
    "NO_DISPLAY_CARD": ("errors", 'value="4974 9341 2549 7800"'),
    "NO_DISPLAY_CANCEL": ("entry", "sips_customer_return_button"),
    "NO_SSL_SYMBOLS": ("entry", "CLEF.svg"),
    "NO_WINDOWS_MSG": ("accepted", "sips_no_windows_message"),
    "NO_DISPLAY_URL": ("accepted", "sips_trans_ref_table_url"),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_option_removes_its_element_from_the_page(running: Bank, option: str) -> None:
    where, what = OPTIONS[option]
    for data, shown in (("", True), (option, False), (f"OTHER;{option};", False)):
        request = running.request(data=data)
        entry = running.call(request)
        errors = running.card(entry, number="4974934125497800", code="1")
        pages = {
            "entry": entry,
            "errors": errors,
            "accepted": running.card(entry),
            "processed": running.call(request),
            "refused": running.card(running.call(running.request(data=data)), number="4974934125497851"),
        }
        for name, page in pages.items():
            if where in (name, "every"):
                assert (what in page.text) is shown, name


def test_no_ssl_symbols_keeps_the_sentence_on_security(running: Bank) -> None:
    assert "This server is secured" in running.call(running.request(data="NO_SSL_SYMBOLS")).text


def test_card_no_logo_removes_the_logo_from_the_3d_secure_information_page(running: Bank) -> None:
    for data, shown in (("", True), ("CARD_NO_LOGO", False)):
        page = running.card(running.call(running.request(merchant_id=ENROLLED, data=data), "VISA"))
        assert ("VISA_3D.svg" in page.text) is shown


REFERENCE = ("id_customer", "id_transaction", "amount_transaction")
CLASSES = {
    "entry": [
        "sips_body_page", "sips_shop_name_table", "sips_shop_name_font", "sips_footer_message", "sips_trans_ref_table",
        *(f"sips_trans_ref_table_{name}{end}" for name in REFERENCE for end in ("", "_result")),
        "sips_secure_message", "sips_card_number_title", "sips_card_number_input", "sips_expiry_date_card_title",
        "sips_expiry_month_card_input", "sips_expiry_year_card_input", "sips_cryptogram_code_input",
        "sips_cryptogram_example", "sips_popup_message", "sips_submit_message", "sips_submit_button",
        "sips_customer_return_button",
    ],
    "amex": ["sips_card_4dbc_message", "sips_card_4dbc_input"],
    "errors": ["sips_error_message", "sips_error", "sips_last_try_message"],
    "accepted": [
        "sips_payment_accepted_message", "sips_keep_reference_message", "sips_no_windows_message",
        *(f"sips_trans_ref_table_{name}{end}" for name in (*REFERENCE, "date", "url") for end in ("", "_result")),
        *(f"sips_trans_ref_{name}{end}" for name in ("msg_cardholder_nb", "card_auth_nb", "card_auth_certif")
          for end in ("", "_result")),
    ],
    "refused": ["sips_refusal_message", "sips_customer_return_button"],
    "processed": ["sips_error_trans", "sips_error_trans_message", "sips_after_message_on_payment"],
    "pending": ["sips_pending_message", "sips_trans_ref_message", "sips_submit_customer_button"],
    "information": [
        "sips_threeD_redirect_info_message", "sips_threeD_noredirect_action_message", "sips_threeD_after_message",
        "sips_redirect_message",
    ],
}  # fmt: skip


@pytest.mark.parametrize("page", CLASSES)
def test_pages_have_the_css_classes_of_the_guide(page: str) -> None:
    from sogenactif_sandbox.commands.preview import preview

    name, means = {"amex": ("entry", "AMEX")}.get(page, (page, "CB"))
    text = preview(name, {"data": ""}, means=means).decode()
    classes = {word for group in re.findall(r'class="([^"]*)"', text) for word in group.split()}
    assert set(CLASSES[page]) <= classes
    if page == "entry":
        assert re.search(r'<select class="sips_expiry_month_card_input"', text)
