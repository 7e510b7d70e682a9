"""``sogenactif trigger`` and ``audit``: they reach shops written on the library, on the executables and on neither."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.payment import PaymentResponse, make_request
from sogenactif.web import Order, call_autoresponse, call_request
from sogenactif_sandbox import pay
from sogenactif_sandbox.browser import NotPaid
from sogenactif_sandbox.default_merchant import DefaultMerchant, create_default_merchant
from sogenactif_sandbox.serving import payment_server, serving
from tests.support.shop import ask
from tests.support.vectors import MERCHANT, ROOT

REFUSED = "is not this machine"


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [f"{ROOT}/bin/sogenactif", *arguments],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


def wsgi(answer: Callable[[bytes], str]) -> Any:
    """A shop that answers what a function says of a post's body."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        text = answer(body)
        start("200 OK", [("Content-Type", "text/plain")])
        return [text.encode()]

    return application


@pytest.fixture
def ready(tmp_path: Path) -> DefaultMerchant:
    return create_default_merchant(tmp_path / "sandbox", "http://127.0.0.1:8080/payment")


@pytest.mark.parametrize("protocol", ["sips", "paypage"])
def test_trigger_posts_responses_that_the_executable_accepts(protocol: str, ready: DefaultMerchant) -> None:
    def call_response(body: bytes) -> str:
        message = body.decode() if protocol == "paypage" else parse_qs(body.decode())["DATA"][0]
        arguments = [f"{ROOT}/bin/response", f"message={message}", f"pathfile={ready.pathfile}"]
        return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout

    to = [
        "--to",
        "",
        "--order",
        "A-1",
        "--amount",
        "1250",
        "--protocol",
        protocol,
        "--pathfile",
        str(ready.pathfile),
    ]
    with serving(wsgi(call_response)) as address:
        to[1] = address
        for event, code in (("accepted", "00"), ("refused", "05"), ("cancelled", "17")):
            report = json.loads(command("trigger", event, *to, "--json").stdout)
            [answer] = report["answers"]
            values = answer["answer"].partition("\n")[2].split("!")
            assert (values[1], values[3], values[11]) == ("0", ready.merchant_id, code), values
        altered = json.loads(command("trigger", "accepted", *to, "--altered", "--json").stdout)
        assert "!-1!" in altered["answers"][0]["answer"]


def test_trigger_answers_the_request_in_the_ledger_of_the_shop(pathfile: Pathfile, tmp_path: Path) -> None:
    path = Path(pathfile.path)
    path.write_text(path.read_text().rstrip("\n") + f"\nLEDGER!sqlite:///{tmp_path}/ledger.db!\n")
    paid: list[PaymentResponse] = []
    order = Order({"merchant_id": MERCHANT, "amount": "1250", "order_id": "A-1"})
    ask(call_request(lambda reference: order, pathfile.path), query="order=A-1")
    with serving(call_autoresponse(paid.append, pathfile.path, log="")) as address:
        to = ["--to", address, "--order", "A-1", "--pathfile", pathfile.path, "--merchant", MERCHANT]
        done = command("trigger", "accepted", *to, "--twice", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert [answer["status"] for answer in json.loads(done.stdout)["answers"]] == [200, 200]
    assert [(response["order_id"], response["amount"], response["response_code"]) for response in paid] == [
        ("A-1", "1250", "00")
    ]


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A shop that believes everything: its address, and what was posted to it."""
    posts: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            posts.append({name: values[0] for name, values in parse_qs(body).items()})
            if place := self.path.partition("?")[2]:
                Path(place).touch()
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_error(401 if self.path == "/secret" else 405)

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", posts
        server.shutdown()
        thread.join()


def test_saved_fixture_sends_the_same_fields(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    address, posts = received
    fixture, key = str(tmp_path / "fixture.json"), ["--key", str(ready.key_file)]
    options = ["--order", "A-1", "--amount", "1250", "--field", "returnContext=été", "--late", "--twice"]
    assert command("trigger", "refused", *options, "--save", fixture).returncode == 0
    assert json.loads(Path(fixture).read_text()) == {
        "event": "refused", "order": "A-1", "amount": "1250", "late": True, "twice": True, "fields": {"returnContext": "été"},
    }  # fmt: skip
    assert command("trigger", "--fixture", fixture, "--to", address, *key).returncode == 0
    assert len(posts) == 2 and "|responseCode=05|" in posts[0]["Data"]
    assert "returnContext=été" in posts[0]["Data"] and "orderId=A-1" in posts[0]["Data"]


def test_unreachable_shop_is_reported(ready: DefaultMerchant) -> None:
    options = ["--key", str(ready.key_file), "--order", "A-1", "--amount", "1250"]
    done = command("trigger", "accepted", *options, "--to", "http://127.0.0.1:9/none")
    assert done.returncode == 1
    assert "Answer 1: none from http://127.0.0.1:9/none (ConnectionRefusedError" in done.stdout
    assert "Start the shop, or name its address with --to." in done.stdout


def test_every_event_is_listed_and_sent(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]]
) -> None:
    address, posts = received
    events = json.loads(command("trigger", "--list", "--json").stdout)
    assert sorted(events) == sorted(
        [
            "accepted",
            "refused",
            "cancelled",
            "pending",
            "expired",
            "soft-decline",
            "fraud",
            "three-d-failure",
            "instalments",
            "refunded",
        ]
    )
    for event in events:
        options = ["--to", address, "--order", "A-1", "--amount", "1250", "--key", str(ready.key_file)]
        assert command("trigger", event, *options).returncode == 0
    assert len(posts) == len(events)


@pytest.mark.parametrize("name", ["trigger", "audit"])
def test_address_of_another_machine_is_rejected_without_allow_host(name: str, ready: DefaultMerchant) -> None:
    url = "http://192.0.2.1:1/"
    call = ["trigger", "accepted", "--to", url] if name == "trigger" else ["audit", url]
    done = command(*call, "--order", "A-1", "--amount", "1250", "--key", str(ready.key_file))
    assert (done.returncode, REFUSED in done.stderr, "--allow-host 192.0.2.1" in done.stderr) == (
        2,
        True,
        True,
    )


def test_audit_without_paid_when_has_unknown_verdicts(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]]
) -> None:
    address, posts = received
    done = command(
        "audit",
        address,
        "--order",
        "A-1",
        "--amount",
        "1250",
        "--certificate",
        str(ready.certificate),
        "--json",
    )
    report = json.loads(done.stdout)
    verdicts = {check["check"]: check["verdict"] for check in report["checks"]}
    assert verdicts["other-key"] == verdicts["twice"] == "unknown"
    assert verdicts["get"] == "held" and "weaker-algorithm" not in verdicts
    assert len(posts) < 50


def test_audit_of_an_order_that_is_already_paid_exits_with_2(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]]
) -> None:
    """The order is paid from the beginning, and nothing makes it unpaid."""
    call = ["audit", received[0], "--order", "A-1", "--amount", "1250", "--key", str(ready.key_file)]
    done = command(*call, "--paid-when", "echo 1")
    assert (done.returncode, received[1]) == (2, [])
    assert "0 held, 0 failed" in done.stdout


def test_audit_fails_if_no_acceptance_pays_the_order(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]]
) -> None:
    call = ["audit", received[0], "--order", "A-1", "--amount", "1250", "--key", str(ready.key_file)]
    done = command(*call, "--paid-when", "echo 0", "--reset", "true")
    assert done.returncode == 1
    assert "No acceptance paid the order" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("outcome", "code"), [("accepted", "00"), ("refused", "05"), ("cancelled", "17"), ("SOFT_DECLINE", "05")]
)
def test_pay_returns_the_response_for_each_outcome(
    outcome: str, code: str, ready: DefaultMerchant, tmp_path: Path
) -> None:
    from sogenactif.protocols import open_response

    pathfile = read_pathfile(str(ready.pathfile))
    shop = "http://127.0.0.1:9"
    call = {
        "merchant_id": ready.merchant_id, "amount": "1250", "order_id": "A1", "transaction_id": "7",
        "normal_return_url": f"{shop}/back", "cancel_return_url": f"{shop}/back",
    }  # fmt: skip
    request = make_request(call, pathfile)
    means, post = next(iter(request.posts.items()))
    with payment_server(pathfile.path, str(tmp_path / "payments.db")) as address:
        returned = pay(f"{address}/paymentInit", post, outcome=outcome, means=means)
    assert returned.url == f"{shop}/back"
    assert open_response(dict(returned.post), pathfile).fields["response_code"] == code


def test_pay_raises_the_message_of_an_invalid_request(ready: DefaultMerchant, tmp_path: Path) -> None:
    call = {"merchant_id": ready.merchant_id, "amount": "1250", "order_id": "A1", "transaction_id": "7"}
    post = next(iter(make_request(call, read_pathfile(str(ready.pathfile))).posts.values()))
    with (
        payment_server(str(ready.pathfile), str(tmp_path / "payments.db")) as address,
        pytest.raises(NotPaid, match="Mandatory field missing: normalReturnUrl"),
    ):
        pay(f"{address}/paymentInit", post)


def test_pay_rejects_an_unknown_outcome() -> None:
    with pytest.raises(ValueError, match="outcome is one of accepted, refused, cancelled"):
        pay("http://127.0.0.1:9/payment/paymentInit", {}, outcome="lost")


def audit_with(address: str, ready: DefaultMerchant, *options: str) -> dict[str, tuple[str, str]]:
    """The verdict of each check, and what was seen."""
    order = ["--order", "A-1", "--amount", "1250", "--key", str(ready.key_file)]
    done = command("audit", address, *order, *options, "--json")
    return {check["check"]: (check["verdict"], check["saw"]) for check in json.loads(done.stdout)["checks"]}


@pytest.mark.parametrize(
    "program",
    ["ls /nowhere", "sh -c 'echo broken >&2; exit 1'", "sh -c 'kill $$'", "http://127.0.0.1:1/", "ADDRESS"],
)
def test_failing_probe_gives_unknown_verdicts(
    program: str, ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]]
) -> None:
    address, _ = received
    # The shop has a page that asks for a password.
    probe = program.replace("ADDRESS", f"{address}secret")
    verdicts = audit_with(address, ready, "--paid-when", probe)
    assert {verdict for verdict, _ in verdicts.values()} == {"unknown"}


def test_probe_without_a_number_cannot_detect_a_second_delivery(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    address, _posts = received
    # The shop pays with each acceptance, whatever came before.
    paid = tmp_path / "paid"
    verdicts = audit_with(
        f"{address}?{paid}", ready, "--paid-when", f"test -e {paid}", "--reset", f"rm -f {paid}"
    )
    assert verdicts["twice"][0] == "unknown" and "number" in verdicts["twice"][1]
    assert verdicts["altered"][0] == "failed"


def test_order_paid_by_a_forgery_is_reported(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    paid = tmp_path / "paid"
    probe = f"sh -c 'test ! -e {paid}; echo $?'"
    verdicts = audit_with(f"{received[0]}?{paid}", ready, "--paid-when", probe, "--reset", f"rm -f {paid}")
    assert verdicts["altered"] == ("failed", "the order was paid once")


def test_unreachable_shop_does_not_pass_the_audit(ready: DefaultMerchant, tmp_path: Path) -> None:
    verdicts = audit_with("http://127.0.0.1:1/", ready, "--paid-when", "echo 0", "--reset", "true")
    assert verdicts["altered"][0] == verdicts["other-amount"][0] == verdicts["refused"][0] == "unknown"
    assert verdicts["late"][0] == "failed"


def test_audit_resets_the_order_before_each_check(
    ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    address, _ = received
    resets = tmp_path / "resets"
    options = "--paid-when", "echo 0", "--reset", f"sh -c 'echo >>{resets}'"
    assert len(audit_with(address, ready, *options)) == len(resets.read_text())


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1"])
def test_invalid_time_limit_is_a_usage_error(seconds: str, ready: DefaultMerchant) -> None:
    done = command("audit", "http://127.0.0.1:1/", f"--seconds={seconds}")
    assert done.returncode == 2 and seconds in done.stderr


@pytest.mark.parametrize("url", ["http://[::1", "http:///notify", "http://127.0.0.1@192.0.2.1/"])
def test_address_without_a_local_host_is_rejected(url: str, ready: DefaultMerchant) -> None:
    done = command("trigger", "accepted", "--to", url, "--order", "A-1", "--amount", "1250")
    assert done.returncode == 2 and REFUSED in done.stderr


@pytest.mark.parametrize("call", [["trigger", "accepted", "--to"], ["audit"]])
def test_damaged_ledger_is_reported_and_nothing_is_sent(
    call: list[str], ready: DefaultMerchant, received: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    address, posts = received
    ledger = tmp_path / "ledger.db"
    ledger.write_bytes(b"no database" * 100)
    ready.pathfile.write_text(f"{ready.pathfile.read_text()}LEDGER!sqlite:///{ledger}!\n")
    for amount in ([], ["--amount", "1250"]):
        done = command(*call, address, "--order", "A-1", *amount, "--pathfile", str(ready.pathfile))
        assert (done.returncode, posts) == (2, [])
        assert str(ledger) in done.stderr and "Traceback" not in done.stderr
