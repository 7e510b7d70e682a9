"""The three applications, called as a web server calls them."""

import html
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sogenactif import log
from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.web import Order, call_request, call_response, dispatch
from tests.support.shop import ORDER, PAID, Shop, ask, post
from tests.support.vectors import MERCHANT, ROOT, use_paypage


@pytest.fixture
def shop(pathfile: Pathfile, tmp_path: Path) -> Shop:
    return Shop(pathfile, tmp_path / "autoresponse.log")


def test_call_request_shows_the_order_and_the_means_of_payment(shop: Shop) -> None:
    answer = ask(shop.request, query="order=CMD-42")
    assert answer.status == 200
    for shown in ("CMD-42", "Tea", "4,50\u00a0€", "12,50\u00a0€", 'name="CB"', 'name="DATA"'):
        assert shown in answer.body
    assert '<html lang="fr">' in answer.body
    assert answer.log == ""


def test_page_of_a_paid_order_has_no_form(shop: Shop) -> None:
    shop.order = Order({**ORDER.parameters, "language": "en"}, ORDER.lines, paid=True)
    answer = ask(shop.request, query="order=CMD-42")
    assert (answer.status, answer.log) == (200, "")
    assert "<h1" in answer.body and "This order is paid" in answer.body and "CMD-42" in answer.body
    assert "<form" not in answer.body


def test_every_page_shows_the_shop_and_links_to_it(shop: Shop, param: Path) -> None:
    with (param / "pathfile").open("a") as file:
        file.write("SHOP_NAME!Thé & Cie!\nSHOP_URL!https://shop.example/!\n")
    pages = [
        ask(shop.request, query="order=CMD-42"),
        ask(shop.request, query="order=other"),
        ask(shop.request),
        post(shop.response, DATA=shop.seal()),
        post(shop.response, DATA="zz" * 40),
    ]
    shop.order = Order(ORDER.parameters, paid=True)
    for page in [*pages, ask(shop.request, query="order=CMD-42")]:
        assert '<header><a href="https://shop.example/">Thé &#38; Cie</a></header>' in page.body
    for page in pages[1:3]:
        assert '<a class="button" href="https://shop.example/">' in page.body


def test_page_shows_the_host_of_a_shop_without_a_name(shop: Shop, param: Path) -> None:
    assert "<header>" not in ask(shop.request, query="order=CMD-42").body
    with (param / "pathfile").open("a") as file:
        file.write("SHOP_URL!https://shop.example/fr/!\n")
    page = ask(shop.request, query="order=CMD-42").body
    assert '<header><a href="https://shop.example/fr/">shop.example</a></header>' in page


@pytest.mark.parametrize(
    ("fields", "said", "again"),
    [
        ({"response_code": "05", "bank_response_code": "05"}, "Your bank refused this payment", True),
        ({"response_code": "05", "transaction_condition": "3D_FAILURE"}, "could not confirm your identity", True),
        ({"response_code": "05", "bank_response_code": "00", "cvv_response_code": "4E"}, "security code was wrong", True),
        ({"response_code": "90"}, "can’t be reached", True),
        ({"response_code": "75"}, "Too many wrong entries", True),
        ({"response_code": "97"}, "time to pay has run out", True),
        ({"response_code": "12"}, "could not process this request", False),
        ({"response_code": "94"}, "had already been presented", False),
        ({"response_code": "17"}, "You cancelled this payment", True),
        ({"response_code": "00"}, "The bank has accepted your payment", False),
    ],
)  # fmt: skip
def test_page_of_an_outcome_explains_it_and_offers_a_retry_if_useful(
    shop: Shop, fields: dict[str, str], said: str, again: bool
) -> None:
    page = call_response(
        lambda _: "/order",
        shop.record_outcome,
        shop.pathfile.path,
        retry_page=lambda r: f"/pay/{r['order_id']}",
    )
    body = post(page, DATA=shop.seal(**fields)).body
    assert said in body
    assert ('<a class="button" href="/pay/CMD-42">Try again</a>' in body) == again
    assert 'href="/order">Back to the shop</a>' in body
    beside = ask(
        shop.response,
        "POST",
        body=urlencode({"DATA": shop.seal(**fields)}).encode(),
        SCRIPT_NAME="/cgi-bin/call_response.py",
    )
    assert ('href="call_request.py?order=CMD-42">Try again<' in beside.body) == again


def test_schedule_of_instalments_is_shown_before_and_after_the_payment(shop: Shop) -> None:
    several = {"capture_mode": "PAYMENT_N", "data": "NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=450"}
    shop.order = Order({**ORDER.parameters, **several, "capture_day": "0", "language": "en"})
    body = ask(shop.request, query="order=CMD-42").body
    assert "Payment schedule" in body and "Total amount" in body
    assert re.findall(r">€([\d.]+)<", body) == ["12.50", "4.50", "4.00", "4.00"]
    agreed = several["data"] + ";PAYMENT_DUE_DATES=20261201/450,20261231/400,20270130/400"
    back = post(shop.response, DATA=shop.seal(capture_mode="PAYMENT_N", data=agreed)).body
    assert re.findall(r'<th scope="row">(\d+ \w+ \d{4})</th>', back) == [
        "1 December 2026",
        "31 December 2026",
        "30 January 2027",
    ]
    assert (
        "Payment schedule" not in post(shop.response, DATA=shop.seal(capture_mode="PAYMENT_N", data=";")).body
    )


@pytest.mark.parametrize("means", ["CB,1,VISA,1", ""])
def test_page_has_one_button_if_the_server_offers_the_means_of_payment(
    shop: Shop, param: Path, means: str
) -> None:
    use_paypage(param, MEANS="server")
    shop.order = Order({**ORDER.parameters, "language": "en", "payment_means": means})
    body = ask(shop.request, query="order=CMD-42").body
    assert body.count('type="submit"') == 1 and 'value="Pay €12.50"' in body
    assert "How would you like to pay?" not in body and 'type="image"' not in body


@pytest.mark.parametrize(
    ("language", "words"), [("de", "12,50 € bezahlen"), ("en", "Pay €12.50"), ("xx", "Pay €12.50")]
)
def test_button_shows_the_amount_in_the_language_of_the_order(
    shop: Shop, param: Path, language: str, words: str
) -> None:
    use_paypage(param, MEANS="server")
    shop.order = Order({**ORDER.parameters, "language": language})
    body = html.unescape(ask(shop.request, query="order=CMD-42").body)
    assert f'value="{words}"' in body.replace("\N{NO-BREAK SPACE}", " ")


def test_call_request_accepts_post(shop: Shop) -> None:
    assert "CMD-42" in post(shop.request, order="CMD-42").body


def test_amount_in_the_address_is_ignored(shop: Shop) -> None:
    answer = ask(shop.request, query="order=CMD-42&amount=001&merchant_id=1")
    assert "12,50\u00a0€" in answer.body
    assert "0,01" not in answer.body


def test_page_is_not_cached_and_can_post_to_the_payment_server_only(shop: Shop) -> None:
    answer = ask(shop.request, query="order=CMD-42")
    refused = ask(shop.request)
    for page in (
        answer,
        refused,
        post(shop.response, DATA=shop.seal()),
        post(shop.autoresponse, DATA=shop.seal()),
    ):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "same-origin"
    for part in ("base-uri 'none'", "frame-ancestors 'self'", "form-action 'none'"):
        assert part in refused.headers["Content-Security-Policy"]
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action https: http://127.0.0.1:8080;" in policy
    [nonce] = re.findall(r"'nonce-(\w+)'", policy)
    assert f'<style nonce="{nonce}">' in answer.body
    assert ask(shop.request, query="order=CMD-42").body.count(nonce) == 0
    assert "<script" not in answer.body


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("fr", "Votre commande"),
        ("en", "Your order"),
        ("ge", "Ihre Bestellung"),
        ("sp", "Su pedido"),
        ("it", "Il suo ordine"),
    ],
)
def test_page_is_in_the_language_of_the_order(shop: Shop, language: str, title: str) -> None:
    shop.order = Order({**ORDER.parameters, "language": language})
    assert f"<h1>{title}</h1>" in ask(shop.request, query="order=CMD-42").body


@pytest.mark.parametrize(("method", "query", "status"), [
    ("GET", "", 400), ("GET", "order=", 400), ("GET", "order=other", 404),
        ("GET", "order=%ff", 400),
        ("GET", "order=%00", 400),
        ("GET", "order=" + "x" * 70000, 413), ("PUT", "order=CMD-42", 405), ("", "", 405),
])  # fmt: skip
def test_call_request_without_a_valid_order_is_rejected(
    shop: Shop, method: str, query: str, status: int
) -> None:
    answer = ask(shop.request, method, query)
    assert answer.status == status
    assert "DATA" not in answer.body
    assert f"Z sogenactif call_request {status} " in answer.log
    if status == 405:
        assert answer.headers["Allow"] == "GET, HEAD, POST"


def test_internal_error_is_explained_to_the_customer_and_logged_with_its_reason(
    shop: Shop, param: Path
) -> None:
    (param / f"certif.fr.{MERCHANT}.php").unlink()
    answer = ask(shop.request, query="order=CMD-42", HTTP_ACCEPT_LANGUAGE="fr")
    assert answer.status == 500
    assert "À notre connaissance, rien n’a été débité. Contactez la boutique" in answer.body
    assert str(param) not in answer.body
    [incident] = re.findall(r"call_request 500 (\w{8}) Error reading certificate file", answer.log)
    assert incident in answer.body


def test_exception_in_a_function_of_the_shop_is_logged_on_one_line(shop: Shop, pathfile: Pathfile) -> None:
    def order_to_pay(reference: str) -> Order:
        raise ValueError(f"bad\nreference {reference}")

    answer = ask(call_request(order_to_pay, pathfile.path), query="order=<script>")
    assert answer.status == 500
    assert "Traceback" not in answer.body
    assert "<script" not in answer.body
    assert answer.log.count("\n") == 1
    assert r"ValueError: bad\nreference <script> (test_web.py:" in answer.log


def test_log_line_is_truncated(shop: Shop) -> None:
    answer = ask(shop.request, query="order=" + "x" * 60000)
    assert answer.status == 404
    assert len(answer.log) < 700


def test_head_request_makes_no_payment_request(shop: Shop, param: Path) -> None:
    (param / f"certif.fr.{MERCHANT}.php").unlink()
    answer = ask(shop.request, "HEAD", query="order=CMD-42")
    assert (answer.status, answer.body, answer.log) == (200, "", "")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert ask(shop.request, query="order=CMD-42").status == 500


def test_scripts_for_customers_answer_html_and_call_autoresponse_text(shop: Shop) -> None:
    data = shop.seal()
    for application, type_ in (
        (shop.request, "text/html; charset=utf-8"),
        (shop.response, "text/html; charset=utf-8"),
        (shop.autoresponse, "text/plain; charset=utf-8"),
    ):
        for answer in (post(application, DATA=data, order="CMD-42"), post(application)):
            assert answer.headers["Content-Type"] == type_


def test_repr_of_an_order_shows_its_order_id_only() -> None:
    assert repr(Order({"order_id": "CMD-42", "customer_email": "anne@shop.example"})) == "<Order 'CMD-42'>"
    assert repr(Order({})) == "<Order ''>"


def test_personal_values_are_not_logged(shop: Shop) -> None:
    shop.order = Order({**ORDER.parameters, "customer_email": "anne@shop.example" + "x" * 128})
    answer = ask(shop.request, query="order=CMD-42")
    assert answer.status == 500
    assert "customer_email" in answer.log
    assert "anne" not in answer.log


def test_debug_mode_shows_every_parameter(shop: Shop, param: Path) -> None:
    path = param / "pathfile"
    path.write_text(path.read_text().replace("DEBUG!NO!", "DEBUG!YES!"))
    assert "<td>order_id</td><td>CMD-42</td>" in ask(shop.request, query="order=CMD-42").body
    assert "<td>card_number</td><td>4974.00</td>" in post(shop.response, DATA=shop.seal()).body


@pytest.mark.parametrize(
    ("code", "title"), [("00", "Payment accepted"), ("05", "Payment refused"), ("17", "Payment cancelled")]
)
def test_call_response_shows_the_outcome(shop: Shop, code: str, title: str) -> None:
    answer = post(shop.response, DATA=shop.seal(response_code=code))
    assert answer.status == 200
    assert title in answer.body
    assert "€12.50" in answer.body
    assert 'href="/order/CMD-42"' in answer.body
    assert [outcome["response_code"] for outcome in shop.outcomes] == [code]


def test_call_response_reads_data_from_the_query_string(shop: Shop) -> None:
    answer = ask(shop.response, query=urlencode({"DATA": shop.seal()}))
    assert "Payment accepted" in answer.body


BAD_RESPONSES = [
    (lambda seal: {}, 400),
    (lambda seal: {"DATA": ""}, 400),
    (lambda seal: {"DATA": "zz"}, 400),
    (lambda seal: {"DATA": "é" * 100}, 400),
    (lambda seal: {"DATA": "20" * 200}, 400),
    (lambda seal: {"DATA": seal()[:-1] + "x"}, 403),
    (lambda seal: {"DATA": seal()[:-16].upper() + seal()[-16:]}, 403),
    (lambda seal: {"DATA": seal(merchant_id="999999999999999")}, 403),
    (lambda seal: {"DATA": seal(merchant_id="../../etc/x")}, 403),
    (lambda seal: {"DATA": seal(response_code="")}, 400),
    (lambda seal: {"DATA": seal(order_id="x" * 33)}, 400),
    (lambda seal: {"DATA": "0" * 70000}, 413),
    (lambda seal: {f"x{i}": "1" for i in range(101)}, 400),
]


@pytest.mark.parametrize(("form", "status"), BAD_RESPONSES)
def test_invalid_response_is_rejected_and_not_shown(
    shop: Shop, form: Callable[[Callable[..., str]], dict[str, str]], status: int
) -> None:
    for application in (shop.response, shop.autoresponse):
        answer = post(application, **form(shop.seal))
        assert answer.status == status
        assert "CMD-42" not in answer.body
        assert answer.log.count("\n") == 1
        assert answer.log.isascii()
        assert shop.outcomes == []


@pytest.mark.parametrize(("variables", "status"), [
    ({"CONTENT_LENGTH": "-1"}, 400), ({"CONTENT_LENGTH": "x"}, 400), ({"CONTENT_LENGTH": "9" * 5000}, 413),
    ({"CONTENT_LENGTH": "50"}, 400), ({"CONTENT_TYPE": "multipart/form-data; boundary=x"}, 400), ({"CONTENT_LENGTH": "٣"}, 400),
])  # fmt: skip
def test_invalid_form_is_rejected(shop: Shop, variables: dict[str, str], status: int) -> None:
    for application in (shop.request, shop.response, shop.autoresponse):
        assert ask(application, "POST", body=b"DATA=1", **variables).status == status


@pytest.mark.parametrize(
    ("method", "query", "status", "why", "title"),
    [
        ("GET", "order=other", 404, "no order other to pay", "Nothing to pay here"),
        ("GET", "", 400, "no order in the address", "Incomplete request"),
        ("GET", "order=", 400, "no order in the address", "Incomplete request"),
        ("PUT", "order=CMD-42", 405, "method PUT", "Incomplete request"),
        ("GET", "x" * 65537, 413, "65537 bytes", "Incomplete request"),
    ],
)
def test_rejected_request_has_an_error_page_and_a_logged_reason(
    shop: Shop, method: str, query: str, status: int, why: str, title: str
) -> None:
    answer = ask(shop.request, method, query, HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status == status
    assert f"<title>{title}</title>" in answer.body
    [incident] = re.findall(rf"Z sogenactif call_request {status} (\w{{8}}) {why}\n$", answer.log)
    assert incident in answer.body


@pytest.mark.parametrize(
    ("fields", "status", "why", "title"),
    [
        ({}, 400, "no DATA", "Incomplete request"),
        ({"DATA": ""}, 400, "no DATA", "Incomplete request"),
        ({"data": "20"}, 400, "no DATA", "Incomplete request"),
        ({"DATA": "20"}, 400, "Error get DATA response parameter  (wrong length)", "Answer not verified"),
        ({"DATA": "zz" * 40}, 400, "Error in message decryption ()", "Answer not verified"),
        (
            {"Data": "a", "Seal": "f"},
            403,
            "Invalid message MAC (mac received diffrent than mac computed)",
            "Answer not verified",
        ),
    ],
)
def test_rejected_response_has_an_error_page_and_a_logged_reason(
    shop: Shop, fields: dict[str, str], status: int, why: str, title: str
) -> None:
    answer = ask(shop.response, "POST", body=urlencode(fields).encode(), HTTP_ACCEPT_LANGUAGE="en")
    assert (answer.status, re.findall("<title>(.*)</title>", answer.body)) == (status, [title])
    [said] = re.findall(rf"Z sogenactif call_response {status} \w{{8}} (.*)\n$", answer.log)
    assert said == why


def test_call_response_says_that_the_outcome_is_unknown_after_an_internal_error(
    shop: Shop, param: Path
) -> None:
    data = shop.seal()
    (param / f"certif.fr.{MERCHANT}.php").write_text("cut")
    answer = ask(shop.response, "POST", body=b"DATA=" + data.encode(), HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status == 500
    assert "cannot tell whether the payment was made" in answer.body


def test_call_autoresponse_appends_every_field_and_answers_200_without_a_body(shop: Shop) -> None:
    answer = post(shop.autoresponse, DATA=shop.seal())
    assert (answer.status, answer.body, answer.log) == (200, "", "")
    [entry] = shop.logged()
    assert entry["fields"] == PAID
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["time"])
    assert [outcome["order_id"] for outcome in shop.outcomes] == ["CMD-42"]
    assert shop.log.stat().st_mode & 0o777 == 0o600


def test_call_autoresponse_appends_the_error_of_a_rejected_response(shop: Shop) -> None:
    assert post(shop.autoresponse, DATA=shop.seal()[:-1] + "x").body == ""
    assert shop.logged()[0]["error"] == "Invalid message MAC (mac received diffrent than mac computed)"


def test_appended_error_is_truncated(shop: Shop) -> None:
    ask(shop.autoresponse, "POST", CONTENT_TYPE="x" * 10000)
    assert shop.logged()[0]["error"] == ("content type " + "x" * 10000)[:500]


def test_appended_timestamp_is_in_utc(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "gmtime", lambda *_: time.strptime("2026-11-23 09:30:00", "%Y-%m-%d %H:%M:%S"))
    post(shop.autoresponse, DATA=shop.seal())
    assert shop.logged()[0]["time"] == "2026-11-23T09:30:00Z"


@pytest.mark.parametrize(("keyword", "in_syslog"), [("LOG!syslog!", True), ("LOG!!", False), ("", False)])
def test_log_goes_to_syslog_if_the_pathfile_says_so(
    shop: Shop, param: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyword: str, in_syslog: bool
) -> None:
    monkeypatch.setattr(log, "SYSLOG", f"{tmp_path}/log")
    with (param / "pathfile").open("a") as file:
        file.write(keyword)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as system:
        system.bind(f"{tmp_path}/log")
        system.setblocking(False)
        (param / f"certif.fr.{MERCHANT}.php").unlink()
        errors = ask(shop.request, query="order=CMD-42").log
        taken = system.recv(1000).decode() if in_syslog else ""
        with pytest.raises(BlockingIOError):
            system.recv(1)
    [line] = [errors, taken][in_syslog].splitlines()
    assert "Error reading certificate file" in line
    assert [errors, taken][not in_syslog] == ""


def test_call_autoresponse_rejects_get(shop: Shop) -> None:
    answer = ask(shop.autoresponse, "GET", query=urlencode({"DATA": shop.seal()}))
    assert (answer.status, answer.headers["Allow"], answer.body) == (405, "POST", "")
    assert shop.outcomes == []


def test_call_autoresponse_answers_500_if_the_shop_cannot_record_the_outcome(shop: Shop) -> None:
    shop.failing = True
    answer = post(shop.autoresponse, DATA=shop.seal())
    assert (answer.status, answer.body) == (500, "")
    assert "RuntimeError: the shop's database is down" in answer.log
    assert shop.logged()[0]["fields"]["order_id"] == "CMD-42"


@pytest.mark.parametrize(
    ("script", "path"),
    [("", "/cgi-bin/call_request.py"), ("/cgi-bin", "/call_request"), ("/cgi-bin/call_request.py", "")],
)
def test_dispatch_chooses_the_script_by_the_end_of_the_address(shop: Shop, script: str, path: str) -> None:
    one = dispatch(call_request=shop.request)
    assert "Tea" in ask(one, query="order=CMD-42", SCRIPT_NAME=script, PATH_INFO=path).body
    refused = ask(one, SCRIPT_NAME=script, PATH_INFO=path + "/pathfile")
    assert refused.status == 404
    assert "no script at" in refused.log


def test_scripts_have_less_than_60_lines() -> None:
    for script in (ROOT / "cgi-bin").glob("*.py"):
        assert len(script.read_text().splitlines()) < 60


def answered_on_a_full_disk(pathfile: str, log: str) -> tuple[int, int, str]:
    """Post a payment response where no file may have more than 100 bytes; the status, the outcomes, the file."""
    shop = Shop(read_pathfile(pathfile), Path(log))
    shop.log.write_text('{"time": "2026-11-23"}\n')
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    status = post(shop.autoresponse, DATA=shop.seal()).status
    return status, len(shop.outcomes), shop.log.read_text()


def test_call_autoresponse_answers_500_if_the_disk_is_full(pathfile: Pathfile, tmp_path: Path) -> None:
    with ProcessPoolExecutor(1) as pool:
        answered = pool.submit(answered_on_a_full_disk, pathfile.path, f"{tmp_path}/log").result()
    assert answered == (500, 1, '{"time": "2026-11-23"}\n')


# A script whose function writes to a file that stays open; a class is only found by a search for garbage.
WRITING_SCRIPT = """
from sogenactif.web import call_request, run_cgi

{opening}

def order_to_pay(reference):
    {log}.write(f"{{reference}} was looked up")

run_cgi(call_request(order_to_pay, "pathfile"))
"""


@pytest.mark.parametrize(
    ("opening", "log"),
    [('LOG = open("log", "w")', "LOG"), ('class Shop:\n    log = open("log", "w")', "Shop.log")],
    ids=["module", "class"],
)
def test_open_file_of_a_script_is_flushed_at_the_end_of_a_cgi_request(
    param: Path, opening: str, log: str
) -> None:
    environ = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "order=CMD-42",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "PYTHONPATH": f"{ROOT}/lib:{ROOT}/lib/packages",
    }
    command = [sys.executable, "-W", "ignore", "-c", WRITING_SCRIPT.format(opening=opening, log=log)]
    answer = subprocess.run(
        command, cwd=param, env=environ, capture_output=True, text=True, check=True
    ).stdout
    assert answer.startswith("Status: 404")
    assert (param / "log").read_text() == "CMD-42 was looked up"
