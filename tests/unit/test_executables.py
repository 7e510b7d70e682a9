"""bin/request and bin/response, started the way shops' programs start them."""

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sogenactif import executables
from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.ledger.history import transactions
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import seal_response
from tests.support.shop import PAID, LedgerShop, missing
from tests.support.vectors import MERCHANT, ROOT, as_recorded, use_paypage, vectors

BUY = [f"merchant_id={MERCHANT}", "merchant_country=fr", "amount=1000", "transaction_id=1"]


def run(program: str, *arguments: str | bytes, cwd: Path | str = "/") -> tuple[str, int]:
    """What a program prints, a character a byte, and its exit status, without any environment."""
    result = subprocess.run(
        [ROOT / "bin" / program, *arguments], capture_output=True, env={}, cwd=cwd, check=False
    )
    assert result.stderr == b""
    return result.stdout.decode("latin-1"), result.returncode


def as_argument(recorded: str, param: Path) -> bytes:
    return recorded.replace("@PARAM@", str(param)).encode("latin-1")


class Form(HTMLParser):
    """A form as the vectors describe it; anything but HTML 4 elements within one form fails."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.form: dict[str, Any] = {"blocks": []}
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert tag in {"form", "input", "div", "b", "img"}
        assert self.inside or tag == "form"
        if tag == "form":
            self.inside = True
            assert values["method"] == "POST"
            self.form |= {"action": values["action"], "target": values.get("target")}
        elif values.get("type") == "hidden":
            self.form["data"] = values["value"]
        elif values.get("class") == "block":
            self.form["blocks"].append({"align": values["align"], "header": False, "means": [], "logos": []})
        elif tag == "b":
            self.form["blocks"][-1]["header"] = True
        elif values.get("type") == "image":
            self.form["blocks"][-1]["means"].append(values["name"])
            self.form["blocks"][-1]["logos"].append(values["src"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


@pytest.mark.parametrize("case", vectors("request.json"))
def test_request_prints_a_form_on_one_line(case: dict[str, Any], param: Path) -> None:
    arguments = [as_argument(argument, param) for argument in case["arguments"]]
    output, status = run("request", *arguments, f"pathfile={param}/{case['pathfile']}")
    assert status == 0
    assert output.isascii() and output.isprintable()
    assert "%" not in output
    before, code, error, buffer, after = output.split("!")
    assert (before, code, error, after) == ("", "0", "", "")
    form = Form(buffer).form
    recorded = case["form"]
    assert form.pop("data")[:20] == recorded.pop("data")[:20]
    assert form == recorded


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", vectors("errors.json"))
def test_error_of_request_equals_that_of_the_original_kit(case: dict[str, Any], param: Path) -> None:
    pathfile = param / "pathfile"
    if case["name"].startswith("pathfile-"):
        pathfile = param / "pathfile.case"
        if "pathfile.case" in case:
            pathfile.write_bytes(as_argument(case["pathfile.case"], param))
    if "parmcom.case" in case:
        (param / "parmcom.case").write_bytes(as_argument(case["parmcom.case"], param))
        pathfile.write_text(pathfile.read_text().replace("parmcom.sogenactif", "parmcom.case"))
    arguments = [as_argument(argument, param) for argument in case["arguments"]]
    output, status = run("request", *arguments, f"pathfile={pathfile}")
    before, code, error, buffer, after = output.split("!")
    assert (code, as_recorded(error.encode("latin-1"), param), status) == (
        case["code"],
        case["error"],
        case["exit"],
    )
    assert (before, after) == ("", "")
    assert bool(buffer) == (code == "0")


def response_arguments(case: dict[str, Any], param: Path) -> list[bytes]:
    recorded = case.get(
        "arguments", [f"message={case.get('message')}", f"pathfile=@PARAM@/{case.get('pathfile')}"]
    )
    return [as_argument(argument, param) for argument in recorded]


def without_separators(case: dict[str, Any]) -> str:
    """What the original kit printed, but for the separator or line end that it let a value make."""
    output: str = case["output"]
    if case["name"] in ("separator-in-a-value", "newline-in-a-value"):
        return re.sub("abc!a[!\n]b!", "abc!a b!", output)
    return output


@pytest.mark.parametrize("case", vectors("response.json"))
def test_response_prints_44_strings_if_the_pathfile_sets_kit_version_615(
    case: dict[str, Any], param: Path
) -> None:
    for pathfile in param.glob("pathfile*"):
        with pathfile.open("a") as file:
            file.write("KIT_VERSION!615!\n")
    output, status = run("response", *response_arguments(case, param))
    output = as_recorded(output.encode("latin-1"), param)
    assert status == case["exit"]
    if case["code"] == "0":
        assert output == without_separators(case)
    else:
        before, code, error, *rest = output.split("!")
        assert (before, code) == ("", "-1")
        assert set(rest) == {""}
        if case.get("same_words", True):
            assert error == case["error"]
        if str(param / "pathfile").encode() in b"".join(response_arguments(case, param)):
            assert len(rest) == 42


@pytest.mark.parametrize("case", [case for case in vectors("response.json") if "message" in case.values[0]])
def test_response_prints_the_32_strings_of_the_guide_and_a_last_separator(
    case: dict[str, Any], param: Path
) -> None:
    output, _ = run("response", *response_arguments(case, param))
    if case["code"] == "0":
        recorded = "!".join(without_separators(case).split("!")[:-12]) + "!"
        assert as_recorded(output.encode("latin-1"), param) == recorded
    else:
        _, code, error, *fields = output.split("!")
        assert (code, bool(error), fields) == ("-1", True, [""] * 31)


def test_pathfile_is_read_from_the_current_directory_by_default(param: Path) -> None:
    assert run("request", *BUY, cwd=param)[0].startswith("!0!!<form ")
    assert run("request", *BUY)[0] == "!-1!Error reading pathfile ()!!"


def test_executable_can_be_started_through_a_link(param: Path, tmp_path: Path) -> None:
    (tmp_path / "request").symlink_to(ROOT / "bin" / "request")
    result = subprocess.run([tmp_path / "request", *BUY], capture_output=True, env={}, cwd=param, check=True)
    assert result.stdout.startswith(b"!0!!<form ")


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", "a!b", "100%s", "one\ntwo", "\x1b[2J", "\udcff"]
)
def test_request_escapes_separators_and_html_in_values(param: Path, value: str) -> None:
    argument = f"target={value}".encode("utf-8", "surrogateescape")
    output, _ = run("request", *BUY, argument, f"pathfile={param}/pathfile")
    assert output.count("!") == 4
    assert not re.search(r"[%\n\x1b]|<script", output)
    output, status = run("request", f"{value}=1".encode("utf-8", "surrogateescape"))
    assert status == 255
    assert output.count("!") == 4
    assert not re.search(r"[%\n\x1b]|<script", output)


def test_means_of_payment_without_a_logo_gets_a_text_button(param: Path) -> None:
    with (param / "pathfile").open("a") as file:
        file.write("LOGO_TYPE!svg!\n")
    output, _ = run("request", *BUY, "payment_means=CB,1,SHOPCARD,1", f"pathfile={param}/pathfile")
    assert '<input type="image" name="CB" src="/logos/CB.svg"' in output
    assert '<input type="submit" class="badge" name="SHOPCARD.x" value="SHOPCARD">' in output


LANGUAGES = [("fr", "Choisissez"), ("en", "Choose"), ("ge", "Wählen"), ("de", "Wählen"), ("sp", "Elija"), ("es", "Elija"), ("it", "Scelga"), ("zz", "Choose")]  # fmt: skip


@pytest.mark.parametrize(("language", "word"), LANGUAGES)
def test_heading_of_a_block_is_in_the_language_of_the_request(param: Path, language: str, word: str) -> None:
    output, _ = run(
        "request", *BUY, f"language={language}", "payment_means=CB,1", f"pathfile={param}/pathfile"
    )
    assert output.isascii()
    assert word in html.unescape(output)


def test_block_2_shows_a_padlock(param: Path) -> None:
    output, _ = run("request", *BUY, "header_flag=yes", "payment_means=CB,2", f"pathfile={param}/pathfile")
    assert '<img src="/logos/CLEF.gif" alt="" border="0">' in output


def test_debug_mode_rejects_a_merchant_id_with_a_path(param: Path) -> None:
    (param / "parmcom.secret").mkdir()
    (param / "parmcom.s").write_text("CADDIE!SECRET!\n")
    output, _ = run("request", "merchant_id=secret/../parmcom.s", "amount=1000", debugging(param))
    assert "SECRET" not in output
    assert output.startswith("!-1!")


def test_executable_without_dependencies_says_to_run_the_installation(tmp_path: Path) -> None:
    for program, separators in (("request", 4), ("response", 33)):
        (tmp_path / "bin").mkdir(exist_ok=True)
        shutil.copy(ROOT / "bin" / program, tmp_path / "bin")
        result = subprocess.run(
            [sys.executable, "-S", tmp_path / "bin" / program],
            capture_output=True,
            text=True,
            check=True,
            env={},
        )
        assert result.stdout.startswith("!-1!Error loading the kit (run install.sh")
        assert result.stdout.count("!") == separators


def test_closed_pipe_is_not_an_error(param: Path) -> None:
    command = f"'{ROOT}/bin/request' pathfile={param}/pathfile >&-; '{ROOT}/bin/request' | true"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert result.stderr == ""


@pytest.mark.parametrize("path", ["/dev/zero", "/", "/etc/hostname\0"[:-1]])
def test_file_that_is_not_a_pathfile_is_rejected(path: str) -> None:
    output, status = run("request", *BUY, f"pathfile={path}")
    assert (output[:4], status) == ("!-1!", 0)


def debugging(param: Path) -> str:
    path = param / "pathfile"
    path.write_text(path.read_text().replace("DEBUG!NO!", "DEBUG!YES!"))
    return f"pathfile={path}"


def test_debug_mode_prints_a_report_and_the_form(param: Path) -> None:
    output, status = run("request", *BUY, "caddie=<b>100%!</b>", debugging(param))
    _, code, report, form, _ = output.split("!")
    assert (code, status) == ("0", 0)
    assert form.startswith("<form ")
    for said in (
        f"{param}/parmcom.sogenactif",
        f"{param}/certif.fr.{MERCHANT}.php",
        "http://127.0.0.1:8080/payment/callpayment",
        "<td>caddie</td><td>&#60;b&#62;100&#37;&#33;&#60;/b&#62;</td>",
        "&#60;form method=",
    ):
        assert said in report
    assert "\n" not in output


def test_debug_mode_does_not_print_the_password_of_the_ledger(param: Path) -> None:
    path = debugging(param)
    with (param / "pathfile").open("a") as file:
        file.write(f"LEDGER!postgresql://kit:SECRET@127.0.0.1:1/shop!\nJOURNAL!{param}/journal!\n")
    output, _ = run("request", *BUY, path)
    assert "<td>LEDGER</td><td>postgresql:" in output
    assert "SECRET" not in output


def test_report_of_the_debug_mode_ends_with_the_error(param: Path) -> None:
    (param / f"parmcom.{MERCHANT}").unlink()
    output, status = run("request", *BUY, debugging(param))
    error = f"Error reading merchant parameters definition ({param}/parmcom.{MERCHANT})"
    assert output.startswith("!-1!<div ")
    assert output.endswith(f"</div>{error}!!")
    assert f"<td>{error}</td>" in output
    assert status == 0


def test_debug_mode_reports_a_missing_certificate(param: Path) -> None:
    certificate = param / f"certif.fr.{MERCHANT}.php"
    certificate.unlink()
    output, _ = run("request", *BUY, debugging(param))
    assert f"<td>{certificate}</td><td>Error reading certificate file ({certificate})</td>" in output


def test_debug_mode_reports_a_missing_secret_key(param: Path) -> None:
    use_paypage(param)
    key = param / f"key.{MERCHANT}"
    key.unlink()
    output, _ = run("request", *BUY, debugging(param))
    assert f"<td>{key}</td><td>Error" in output


@pytest.mark.parametrize("value", ["1<2&3", "a%b!c"])
def test_error_message_is_the_same_with_and_without_the_debug_mode(param: Path, value: str) -> None:
    call = [f"merchant_id={MERCHANT}", f"amount={value}"]
    plain, _ = run("request", *call, f"pathfile={param}/pathfile")
    words = plain.removeprefix("!-1!")
    assert run("request", *call, debugging(param))[0].endswith(f"</div>{words}")
    plain, _ = run("response", f"pathfile={param}/pathfile", f"{value}=1")
    words = plain.removeprefix("!-1!")
    assert run("response", debugging(param), f"{value}=1")[0].endswith(words)


def test_debug_mode_prints_a_report_and_the_fields_of_a_response(param: Path) -> None:
    [accepted] = [case.values[0] for case in vectors("response.json") if case.id == "accepted"]
    output, _ = run("response", f"message={accepted['message']}", debugging(param))
    _, code, report, *fields = output.split("!")
    assert (code, fields[0], fields[8]) == ("0", MERCHANT, "00")
    assert accepted["message"] in report
    assert "<td>order_id</td><td>CMD-42</td>" in report
    assert "\n" not in output


def test_debug_mode_does_not_print_the_fields_of_a_forged_response(param: Path) -> None:
    [forged] = [case.values[0] for case in vectors("response.json") if case.id == "wrong-mac"]
    output, _ = run("response", f"message={forged['message']}", debugging(param))
    _, code, report, *fields = output.split("!")
    assert code == "-1"
    assert report.endswith("Invalid message MAC (mac received diffrent than mac computed)")
    assert "CMD-42" not in report
    assert set(fields) == {""}


SHOP = r"""
path_bin="$1/request"
parm="merchant_id=014213245611111 merchant_country=fr amount=100 currency_code=978"
parm="$parm pathfile=$2/pathfile order_id=CMD-42 caddie= transaction_id=123456"
result=`"$path_bin" $parm`
code=`echo "$result" | cut -d'!' -f2`
error=`echo "$result" | cut -d'!' -f3`
form=`echo "$result" | cut -d'!' -f4`
if [ "$code" = "" ] && [ "$error" = "" ]; then
    echo "erreur appel request, executable request non trouve $path_bin"
elif [ "$code" != 0 ]; then
    echo "erreur appel API de paiement: $error"
else
    echo "$form"
fi
"""


def test_shell_script_for_the_original_executables_gets_a_form(param: Path) -> None:
    result = subprocess.run(
        ["/bin/sh", "-c", SHOP, "shop", ROOT / "bin", param],
        capture_output=True,
        text=True,
        env={},
        cwd="/",
        check=True,
    )
    form = Form(result.stdout.removesuffix("\n")).form
    assert form["action"] == "http://127.0.0.1:8080/payment/callpayment"
    assert form["blocks"][0]["means"] == ["CB", "VISA", "MASTERCARD"]


READER = r"""
result=`"$1/response" message="$3" pathfile="$2/pathfile"`
IFS='!'
set -- $result
echo "code=$2 error=$3 amount=$6 transaction=$7 response_code=${12} order=${28}"
"""


def test_link_named_response_615_prints_44_strings(param: Path, tmp_path: Path) -> None:
    link = tmp_path / "response-615"
    link.symlink_to(ROOT / "bin" / "response")
    [accepted] = [case.values[0] for case in vectors("response.json") if case.id == "accepted"]
    for message, code in ((accepted["message"], "0"), (accepted["message"][:-1] + "z", "-1")):
        result = subprocess.run(
            [link, f"message={message}", f"pathfile={param}/pathfile"],
            capture_output=True,
            env={},
            check=True,
        )
        assert result.stdout.count(b"!") == 44
        assert result.stdout.startswith(f"!{code}!".encode())
    assert result.stdout.endswith(b"!" * 42)
    plain = run("response", f"message={message}", f"pathfile={param}/pathfile")[0]
    assert plain.count("!") == 33


def sealed_response(param: Path, **fields: str) -> str:
    """DATA of a cancelled payment, with these fields besides."""
    certificate = read_certificate(read_pathfile(str(param / "pathfile")), "fr", MERCHANT)
    return seal_response({**CANCELLED, **fields}, certificate)


CANCELLED = {
    "merchant_id": MERCHANT, "merchant_country": "fr", "amount": "100", "transaction_id": "000001",
    "transmission_date": "20261123120000", "currency_code": "978", "response_code": "17", "order_id": "CHEAP",
}  # fmt: skip
MOVES_PLACES = "x\n!0!!014213245611111!fr!99900!000001!CB!x!x!x!00!x!x!978!x!x!x!x!x!x!x!x!x!x!x!x!DEAR!"


@pytest.mark.parametrize(
    "name", ["caddie", "return_context", "customer_email", "receipt_complement", "data", "order_id"]
)
@pytest.mark.parametrize("program", ["response", "response-615"])
def test_response_replaces_separators_and_line_ends_in_values(
    param: Path, tmp_path: Path, name: str, program: str
) -> None:
    value = MOVES_PLACES if name not in ("order_id",) else "a!b\nc\rd\0e\x85f\u2028g"
    (tmp_path / program).symlink_to(ROOT / "bin" / "response")
    message = sealed_response(param, **{name: value})
    result = subprocess.run(
        [tmp_path / program, f"message={message}", f"pathfile={param}/pathfile"],
        capture_output=True, env={}, check=True,
    )  # fmt: skip
    output = result.stdout.decode()
    assert output.splitlines() == [output]
    strings = output.split("!")
    assert len(strings) == {"response": 34, "response-615": 45}[program]
    assert (strings[1], strings[5], strings[11]) == ("0", "100", "17")
    printed = {
        "caddie": 22,
        "return_context": 21,
        "customer_email": 28,
        "receipt_complement": 23,
        "data": 32,
        "order_id": 27,
    }
    assert strings[printed[name]] == re.sub("[!\n\r\0\x85\u2028]", " ", value)


def test_response_prints_values_without_escaping(param: Path) -> None:
    value = "caf\u00e9 <b>100%</b> &amp; 'x' \"y\" \u0153"
    output, _ = run(
        "response", f"message={sealed_response(param, caddie=value)}", f"pathfile={param}/pathfile"
    )
    assert output.split("!")[22] == value.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("accepted", "code=0 error= amount=1000 transaction=123456 response_code=00 order=CMD-42"),
        (
            "wrong-mac",
            "code=-1 error=Invalid message MAC (mac received diffrent than mac computed)"
            " amount= transaction= response_code= order=",
        ),
    ],
)
def test_shell_script_reads_the_strings_of_response_by_position(param: Path, name: str, said: str) -> None:
    [case] = [case.values[0] for case in vectors("response.json") if case.id == name]
    result = subprocess.run(
        ["/bin/sh", "-c", READER, "shop", ROOT / "bin", param, case["message"]],
        capture_output=True,
        text=True,
        env={},
        cwd="/",
        check=True,
    )
    assert result.stdout == said + "\n"


def test_executables_have_less_than_20_lines() -> None:
    for program in ("request", "response"):
        assert len((ROOT / "bin" / program).read_text().splitlines()) < 20


def answer_of_response(arguments: list[str]) -> tuple[list[str], int]:
    """The strings that ``response`` prints, and its exit status."""
    printed, status = executables.response(arguments)
    return printed.decode().split("!"), status


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "invalid number of arguments (must be > 1)"),
        (["message=x", "pathfile=y", "message=z"], "invalid number of arguments (must be < 2)"),
        (["message=x", "amount=100"], "Invalid Keyword in parameter (amount=100)"),
        (["message"], "Invalid Keyword in parameter (message)"),
        (["Message=x"], "Invalid Keyword in parameter (Message=x)"),
        (["=x"], "Invalid Keyword in parameter (=x)"),
    ],
)
def test_response_rejects_other_arguments_than_message_and_pathfile(arguments: list[str], words: str) -> None:
    assert answer_of_response(arguments) == (["", "-1", words, *[""] * 31], 255)


def test_message_with_an_equals_sign_or_without_a_value_is_parsed(param: Path) -> None:
    pathfile = f"pathfile={param}/pathfile"
    too_short = "Error get DATA response parameter  (wrong length)"
    for arguments in ([pathfile], [pathfile, "message="], ["message=a=b", pathfile]):
        assert answer_of_response(arguments) == (["", "-1", too_short, *[""] * 31], 0)


def test_last_pathfile_of_a_call_decides_how_many_strings_are_printed(param: Path) -> None:
    newer = param / "pathfile.newer"
    newer.write_text((param / "pathfile").read_text() + "KIT_VERSION!615!\n")
    for names, strings in (
        (["pathfile", "pathfile.newer"], 45),
        (["pathfile.newer", "pathfile"], 34),
        (["nowhere"], 34),
    ):
        printed, _ = answer_of_response([f"pathfile={param}/{name}" for name in names])
        assert (len(printed), set(printed[3:])) == (strings, {""})


@pytest.mark.parametrize(
    ("option", "said"), [("--version", "Sogenactif payment kit "), ("--help", "keyword=value")]
)
def test_request_prints_help_and_version(option: str, said: str) -> None:
    output, status = run("request", option)
    assert (said in output, output[-1], status) == (True, "\n", 0)
    assert run("request", option, option)[0].startswith("!-1!Invalid Keyword in parameter (--")


def test_request_prints_json(param: Path) -> None:
    said, status = run("request", "--json", *BUY, "caddie=1 & 2", f"pathfile={param}/pathfile")
    answer = json.loads(said)
    assert (answer["code"], answer["error"], answer["transaction_id"], status) == (0, "", "1", 0)
    assert answer["action"].startswith("http")
    assert Form(answer["form"]).form["data"] == answer["posts"][""]["DATA"]


def test_request_prints_its_error_as_json(param: Path) -> None:
    said, status = run("request", "merchant_id=<b>", "amount=1000", f"pathfile={param}/pathfile", "--json")
    answer = json.loads(said)
    assert (answer["code"], answer["form"], answer["posts"], status) == (-1, "", {}, 0)
    assert "<b>" in answer["error"]
    assert json.loads(run("request", "--json", "nothing")[0])["code"] == -1


def test_response_prints_json(pathfile: Pathfile) -> None:
    answer = {**PAID, "caddie": "a!b\u00e9"}
    data = seal_response(answer, read_certificate(pathfile, "fr", MERCHANT))
    said, status = run("response", f"message={data}", "--json", f"pathfile={pathfile.path}")
    opened = json.loads(said)
    assert (opened["code"], opened["outcome"], opened["original"], status) == (0, "accepted", {}, 0)
    assert (opened["fields"]["caddie"], opened["fields"]["amount"]) == ("a!bé", "1250")


def test_response_prints_its_error_as_json(pathfile: Pathfile) -> None:
    said, _ = run("response", "message=forged", "--json", f"pathfile={pathfile.path}")
    rejected = json.loads(said)
    assert (rejected["code"], rejected["outcome"], rejected["fields"]) == (-1, "", {})
    assert rejected["error"]


def test_each_executable_prints_its_own_help() -> None:
    for program in ("request", "response"):
        assert run(program, "--help")[0].startswith(f"{program} ")


@pytest.fixture
def shop(param: Path, tmp_path: Path) -> Iterator[LedgerShop]:
    shop = LedgerShop(param, f"sqlite:///{tmp_path}/ledger.db", tmp_path / "journal")
    yield shop
    shop.restart()


def asked_by_request(shop: LedgerShop) -> tuple[str, str]:
    """Make a payment request with ``request``; the transaction_id and the moment that the ledger has."""
    call = [f"merchant_id={MERCHANT}", "amount=100", "order_id=CHEAP", f"pathfile={shop.pathfile.path}"]
    printed, status = executables.request(call)
    assert (printed[:9], status) == (b"!0!!<form", 0)
    with shop.ledger() as ledger:
        fields = list(transactions(ledger))[-1].fields
    return fields["transaction_id"], fields["transmission_date"]


def states(shop: LedgerShop) -> list[tuple[str, str, str]]:
    with shop.ledger() as ledger:
        return [(t.reference[-6:], t.state, t.notified) for t in transactions(ledger)]


def test_request_is_recorded_with_a_number_assigned_by_the_ledger(shop: LedgerShop) -> None:
    assert asked_by_request(shop)[0] == "000001"
    assert states(shop) == [("000001", "waiting", "yes")]


def test_response_to_a_recorded_request_is_printed_and_recorded(shop: LedgerShop, param: Path) -> None:
    number, moment = asked_by_request(shop)
    message = sealed_response(param, transaction_id=number, transmission_date=moment, response_code="00")
    for _ in range(2):
        printed, status = answer_of_response([f"message={message}", f"pathfile={shop.pathfile.path}"])
        assert (printed[1:7], printed[11], status) == (["0", "", MERCHANT, "fr", "100", number], "00", 0)
    assert states(shop) == [(number, "accepted", "printed")]
    assert shop.verdicts() == ["accepted", "duplicate"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": "99900"}, "conflicting, another amount"),
        ({"currency_code": "840"}, "conflicting, another currency_code"),
        ({"order_id": "DEAR"}, "conflicting, another order_id"),
        ({"transmission_date": "{other}"}, "conflicting, another transmission_date"),
        ({"transaction_id": "000009"}, "unknown, no such request"),
    ],
)
def test_conflicting_or_unknown_response_is_not_printed(
    shop: LedgerShop, param: Path, fields: dict[str, str], words: str
) -> None:
    number, moment = asked_by_request(shop)
    other = f"{moment[:-1]}{(int(moment[-1]) + 1) % 10}"
    said = {"transaction_id": number, "transmission_date": moment, "response_code": "00", **fields}
    message = sealed_response(
        param, **{name: value.replace("{other}", other) for name, value in said.items()}
    )
    printed, status = answer_of_response([f"message={message}", f"pathfile={shop.pathfile.path}"])
    assert (printed[1], status, set(printed[3:])) == ("-1", 0, {""})
    assert printed[2] == f"Error in the response structure ({words})"
    assert states(shop) == [(number, "waiting", "yes")]


def test_response_is_printed_during_an_outage_and_recorded_by_the_next_call(
    shop: LedgerShop, param: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number, moment = asked_by_request(shop)
    message = sealed_response(param, transaction_id=number, transmission_date=moment, response_code="00")
    arguments = [f"message={message}", f"pathfile={shop.pathfile.path}"]
    with missing(shop, tmp_path / "ledger.db"):
        printed, status = answer_of_response(arguments)
    assert (printed[1], printed[2], printed[11], status) == ("0", "", "00", 0)
    assert "executable response Error in the ledger" in capsys.readouterr().err
    assert states(shop) == [(number, "waiting", "yes")]
    # The next call enters what only the journal has.
    assert answer_of_response(arguments)[0][1] == "0"
    assert states(shop) == [(number, "accepted", "printed")]
    assert capsys.readouterr().err == ""
