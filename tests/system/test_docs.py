"""The documentation: its examples are run, its links and its table are checked."""

import ast
import importlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from graphlib import TopologicalSorter
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from sogenactif import errors
from sogenactif.commands.certificate import Refused
from sogenactif.configuration import KEYWORDS, Pathfile, read_pathfile
from sogenactif.fields import FIELDS
from sogenactif.http import HttpError
from sogenactif.payment import PaymentResponse
from sogenactif.protocols.certificate import issue_certificate, read_certificate
from sogenactif.protocols.sips import open_request, seal_response
from sogenactif.web import Order, Unverified, call_autoresponse, call_request, call_response
from tests.support.serving import free_port, public_folder, web_user
from tests.support.shop import ask, post
from tests.support.vectors import MERCHANT, ROOT, need

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "lib" / "sogenactif_sandbox" / "README.md"]
FRENCH = ROOT / "docs" / "fr"
PAGES += FRENCH.glob("*.md")
KIT = "/usr/local/lib/sogenactif"
MODULES = {
    ".".join(path.relative_to(ROOT / "lib").with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("sogenactif", "sogenactif_sandbox")
    for path in (ROOT / "lib" / package).rglob("*.py")
}
ORDER = "INSERT INTO orders (reference, cents, title) VALUES ('A-1', 1250, 'Tea')"


def example(kind: str) -> str:
    """The code of shop.md under a kind, blocks that belong together joined."""
    blocks = re.findall(
        rf"^```{kind}\n(.*?)^```$", (ROOT / "docs" / "shop.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert blocks, kind
    return "\n".join(blocks)


@pytest.fixture
def ledger(pathfile: Pathfile, tmp_path: Path) -> Pathfile:
    """The usual pathfile, with a ledger."""
    path = Path(pathfile.path)
    path.write_text(path.read_text().rstrip("\n") + f"\nLEDGER!sqlite:///{tmp_path}/ledger.db!\n")
    return read_pathfile(str(path))


def answer_to(data: str, pathfile: Pathfile) -> str:
    """The sealed response of a bank that accepts what it is asked."""
    asked, certificate = open_request(data, pathfile)
    return seal_response({**asked, "response_code": "00", "payment_means": "CB"}, certificate)


def the_data(page: str) -> str:
    [data] = re.findall(r'name="?DATA"? value="?([0-9A-Fa-f]+)', page, re.IGNORECASE)
    return str(data)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def orders(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, str, Callable[[str], list[tuple[Any, ...]]]]]:
    """A kind of database with the order A-1 of 12.50, its address, and what runs a statement in it."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as shop:
            shop.execute(example("sql"))
            shop.execute(ORDER)
            yield request.param, f"{tmp_path}/shop.db", lambda sql: shop.execute(sql).fetchall()
    else:
        import psycopg

        address: str = request.getfixturevalue("postgresql_url")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(example("sql").encode())
            connection.execute(ORDER)
            yield request.param, address, lambda sql: connection.execute(sql.encode()).fetchall()


def test_example_for_a_database_pays_the_order(
    orders: tuple[str, str, Callable[[str], list[tuple[Any, ...]]]], ledger: Pathfile
) -> None:
    kind, address, query = orders
    code = re.sub(r'^SHOP = ".*"$', f'SHOP = "{address}"', example(f"python {kind}"), flags=re.MULTILINE)
    shop: dict[str, Any] = {}
    exec(compile(code, "shop.md", "exec"), shop)
    pay = call_request(shop["order_to_pay"], ledger.path)
    receive = call_autoresponse(shop["record_outcome"], ledger.path, log="")
    page = ask(pay, query="order=A-1")
    assert page.status == 200, page.log
    assert ask(pay, query="order=B-2").status == 404
    sealed = answer_to(the_data(page.body), ledger)
    assert query("SELECT paid FROM orders") == [(False,)]
    for _ in range(2):
        answer = post(receive, DATA=sealed)
        assert (answer.status, answer.log) == (200, "")
    assert query("SELECT paid FROM orders") == [(True,)]
    again = ask(pay, query="order=A-1", HTTP_ACCEPT_LANGUAGE="en")
    assert again.status == 200 and "This order is paid" in again.body and "DATA" not in again.body


def test_example_of_next_page_links_to_the_order(ledger: Pathfile) -> None:
    shop: dict[str, Any] = {}
    exec(compile(example("python next_page"), "shop.md", "exec"), shop)
    parameters = {"merchant_id": MERCHANT, "amount": "1250", "order_id": "A 1"}
    page = ask(call_request(lambda reference: Order(parameters), ledger.path), query="order=1")
    back = call_response(shop["next_page"], lambda response: None, ledger.path)
    answer = post(back, DATA=answer_to(the_data(page.body), ledger))
    assert 'href="/order/A%201"' in unescape(answer.body)


def run(arguments: list[str]) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def here(code: str, pathfile: Pathfile) -> str:
    """An example with the paths of this kit, which may be in a folder with a space, and of this pathfile."""
    kit = Path(pathfile.path).with_name("kit")
    if not kit.exists():
        kit.symlink_to(ROOT)
    return code.replace(f"{KIT}/var/conf/pathfile", pathfile.path).replace(f"{KIT}/bin", f"{kit}/bin")


def test_example_in_php_calls_request_and_response(ledger: Pathfile, tmp_path: Path) -> None:
    need(shutil.which("php"), "php-cli")
    for name in ("request", "response"):
        (tmp_path / f"{name}.php").write_text(here(example(f"php {name}"), ledger))
    functions = "function amount_of_order($o) { return $o === 'A-1' ? 1250 : 0; }"
    functions += 'function order_is_paid($o, $a) { echo "$o is paid $a"; return $o === "A-1"; }'

    def php(script: str, given: str) -> str:
        return run(
            [
                "php",
                "-d",
                "error_log=/dev/stderr",
                "-r",
                f"{functions} {given} require '{tmp_path}/{script}.php';",
            ]
        )

    page = php("request", "$_GET['order'] = 'A-1';")
    sealed = answer_to(the_data(page), ledger)
    assert page.endswith(">")
    assert php("response", f"$_POST['DATA'] = '{sealed}';") == "A-1 is paid 1250"
    forged = sealed[:-1] + ("1" if sealed.endswith("0") else "0")
    assert php("response", f"$_POST['DATA'] = '{forged}';") == ""
    assert "can't be made" in php("request", "$_GET['order'] = str_repeat('x', 33);")


def test_example_in_shell_calls_request_and_response(ledger: Pathfile) -> None:
    page = run(["sh", "-c", here(example("sh request"), ledger)])
    assert page.startswith("!0!!<")
    sealed = answer_to(the_data(page), ledger)
    answer = run(["sh", "-c", f"DATA={sealed}\n" + here(example("sh response"), ledger)])
    assert answer.split("!")[1:6] == ["0", "", MERCHANT, "fr", "1000"]


def test_dictionary_has_every_field_with_its_length_and_format() -> None:
    page = (ROOT / "docs" / "dictionary.md").read_text()
    tables = [
        [[cell.strip(" `") for cell in re.split(r"(?<!\\)\|", row)[1:-2]] for row in table.splitlines()[2:]]
        for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
    ]
    printed = sorted(
        ((f.response_position or 0, f) for f in FIELDS if f.response_position), key=lambda row: row[0]
    )
    assert tables == [
        [[f.name, f.keyword, str(f.max_length), f.format] for f in FIELDS if f.call],
        [[str(place), f.name, str(f.response_max_length), f.format] for place, f in printed],
        [[f.name, str(f.max_length), f.format] for f in FIELDS if not (f.call or f.response_position)],
    ]


def test_merchant_of_the_examples_has_a_certificate(pathfile: Pathfile) -> None:
    assert read_certificate(pathfile, "fr", MERCHANT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_existing_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_docstrings_cite_pages_and_sections_that_exist() -> None:
    """As ``Source: docs/PAGE.md, TITLE and TITLE; docs/PAGE.md.``; a numbered section is cited by its number."""
    for path in sorted((ROOT / "lib").glob("sogenactif*/**/*.py")):
        for line in re.findall(r"Source: ([^\n]*)", path.read_text()):
            for source in re.split(r"\.(?: |$)", line)[0].split("; "):
                page, *sections = re.split(r", | and | to ", source)
                assert re.fullmatch(r"docs/[\w-]+\.md", page), f"{path.name}: {line}"
                titles = re.findall(r"^#+ (?:(\d+)\. )?(.+)", (ROOT / page).read_text(), re.MULTILINE)
                assert {*sections} <= {name for title in titles for name in title}, f"{path.name}: {line}"


CODE = ("bench", "cgi-bin", "docs", "installer", "lib/sogenactif", "lib/sogenactif_sandbox", "tests/support")
IMPERATIVE = re.compile(
    r"(?!(?:A|All|An|How|It|One|That|The|They|What|When|Whether|Where|Which|Who|Why)\b)[A-Z][a-z]*(?<![^s]s)(?=\W)"
)


def test_docstrings_begin_with_an_imperative_verb() -> None:
    for path in (path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                text = ast.get_docstring(node)
                assert text is None or IMPERATIVE.match(text), f"{path}:{node.lineno}: {text}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_each_page_is_linked_from_both_readmes(page: Path) -> None:
    for entry in ("README.md", "README.fr.md"):
        translated = entry == "README.fr.md" and (FRENCH / page.name).exists()
        assert f"(docs/{'fr/' if translated else ''}{page.name})" in (ROOT / entry).read_text(), entry


# What the French pages say in French where the English ones have an example or a word.
SAID_IN_FRENCH = {"exit status": "code de retour", "printed guides:": "guides imprimés\u00a0:"}


@pytest.mark.parametrize("french", sorted(FRENCH.glob("*.md")), ids=lambda page: page.name)
def test_french_page_has_the_headings_commands_and_messages_of_the_english_one(french: Path) -> None:
    english = ROOT / "docs" / french.name
    assert headings(french) == headings(english)
    assert sorted(commands(french)) == sorted(commands(english))
    assert first_cells(french) == first_cells(english)


@pytest.mark.parametrize("page", [*FRENCH.glob("*.md"), ROOT / "README.fr.md"], ids=lambda page: page.name)
def test_french_page_has_french_spaces_and_apostrophes(page: Path) -> None:
    prose = re.sub(r"^    .*|`[^`]*`|\]\([^)]*\)", "code", page.read_text(), flags=re.MULTILINE)
    assert re.findall(r".*(?: [:;?!»]|« |\w'\w).*", prose) == []


def headings(page: Path) -> list[int]:
    """The level of each heading."""
    return [len(level) for level in re.findall(r"^(#+) ", page.read_text(), re.MULTILINE)]


def first_cells(page: Path) -> list[str]:
    """What each table is about: its first column, as far as it is code."""
    rows = re.findall(r"^\| (`.*?) \| ", page.read_text(), re.MULTILINE)
    return [
        re.sub("|".join(map(re.escape, SAID_IN_FRENCH)), lambda m: SAID_IN_FRENCH[m[0]], row) for row in rows
    ]


HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
# What wrong_values raises: each of its calls has the words.
OF_PATHFILE = f"Error reading pathfile (line {HOLE}: {HOLE})"
KIT_ERRORS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
# What the kit raises and catches again itself, so that nobody reads its words.
INTERNAL = {"AttributeError", "Failed", "OSError", "ValueError", "WrongSchedule"}


class Hole(str):
    """A value that only the running kit knows, in the words of an error."""

    strerror = HOLE


def raised(path: Path) -> Iterator[BaseException]:
    """The errors that a module of the kit raises or logs, with holes for the values in their words."""
    module = importlib.import_module(".".join(path.relative_to(ROOT / "lib").with_suffix("").parts))
    kinds: dict[str, Callable[..., BaseException]] = {**KIT_ERRORS, "Match": the_reason, "exit": SystemExit}
    kinds |= {"HttpError": HttpError, "Unverified": Unverified, "Refused": Refused}
    kinds["wrong"] = lambda keyword, message, *_: KIT_ERRORS["PathfileError"](message, Hole(HOLE))

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Constant(constant):
                return constant
            case ast.JoinedStr(parts):
                return "".join(str(value(part)) for part in parts)
            case ast.Name(name) if isinstance(getattr(module, name, None), str):
                return getattr(module, name)
        return Hole(HOLE)

    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(ast.Name(name) | ast.Attribute(attr=name), arguments, keywords) if name in kinds:
                named = {keyword.arg: value(keyword.value) for keyword in keywords if keyword.arg}
                yield kinds[name](*map(value, arguments), **named)
            case ast.Raise(ast.Name(name)) if name in kinds:
                yield kinds[name]()
            case ast.Raise(ast.Name(name) | ast.Call(ast.Name(name))) if name not in INTERNAL:
                assert name in kinds or name == "error", f"{path}:{node.lineno}: {name}"


def the_reason(verdict: str, outcome: str = "", why: str = "", *_: object, **__: object) -> errors.KitError:
    """What the log says of a response that the ledger doesn't trust."""
    return errors.KitError(why)


def raised_messages() -> set[str]:
    """Every message of the kit, with holes for its values."""
    return {
        str(error)
        for path in sorted((ROOT / "lib" / "sogenactif").rglob("*.py"))
        if path.name not in ("errors.py", "__init__.py") or path.parent.name != "sogenactif"
        for error in raised(path)
        if str(error).strip(HOLE + ": ;,") and str(error) != OF_PATHFILE
    }


def documented_messages() -> list[str]:
    """The messages in the first column of docs/errors.md, as its examples word them."""
    rows = re.findall(r"^\| (`.*?) \| ", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    return [
        message.replace(r"\|", "|") for row in rows for message in re.findall(r"(?:^|<br>)`([^`]+)`", row)
    ]


def fits(message: str, example: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, message.split(HOLE))), example) is not None


def test_each_message_of_the_kit_is_documented() -> None:
    """An example belongs to the message that shares the most words with it; each message has one."""
    messages, found = raised_messages(), set()
    for example in documented_messages():
        fitting = [message for message in messages if fits(message, example)]
        longest = max(map(own_words, fitting), default=0)
        found |= {message for message in fitting if own_words(message) == longest}
    assert sorted(messages - found) == []


def own_words(message: str) -> int:
    return len(message.replace(HOLE, ""))


# Examples of what Python, a database or the original kit's scripts say.
OTHERS = re.compile(
    r"500 |record_outcome |erreur appel|executable request|Error loading the kit|sogenactif: this is Python"
)
# The log and a page put the verdict of the ledger before its reason.
VERDICT = re.compile(r"^(?:unknown|conflicting): ")


def test_each_documented_message_exists() -> None:
    messages = raised_messages()
    lost = [
        example
        for example in documented_messages()
        if not OTHERS.match(example)
        and not any(fits(message, VERDICT.sub("", example)) for message in messages)
    ]
    assert lost == []


def blocks(page: Path) -> list[list[str]]:
    """The indented blocks of a page, as lines."""
    return [
        [line[4:] for line in block.strip("\n").splitlines()]
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", page.read_text(), re.MULTILINE)
    ]


def commands(page: Path) -> list[str]:
    """The commands that a page says to give, in its blocks and in its text; without their comments."""
    text = re.findall(
        r"`((?:sudo (?:-[gu] www-data )?)?(?:bin/sogenactif|\./install\.sh) [^`]+)`", page.read_text()
    )
    lines = [line for block in blocks(page) for line in block if COMMAND.match(line)]
    return [re.sub(r"\s+", " ", line.partition("  #")[0]).strip() for line in [*lines, *text]]


COMMAND = re.compile(
    r"(?:sudo (?:-[gu] www-data )?)?(?:bin/|/usr/local/lib/sogenactif/bin/|\./install\.sh\b|sqlite3 )|[0-9]+ [0-9]+ \* \* \* "
)
SPOKEN = [page for page in PAGES if page.parent != FRENCH and page.name != "CHANGELOG.md" and commands(page)]
# What to give in place of the words that stand for somebody's own.
MINE = {
    r"^(?:sudo(?: -[gu] www-data)?|[0-9]+ [0-9]+ \* \* \* (?:www-data|root)) ": "",
    KIT: "{kit}",
    r"^bin/": "{kit}/bin/",
    "/path/to/pathfile": "{kit}/var/conf/pathfile",
    "/path/to/new": "{folder}/certif.fr.014213245611118.php",
    "PATHFILE": "{folder}/pathfile",
    "--template FILE": f"--template '{ROOT}/lib/sogenactif_sandbox/examples/market'",
    r"\bFILE$": "{folder}/certif.fr.014213245611118.php",
    "FOLDER": "{folder}/bundle",
    r"//HOST\b": "//shop.example",
    r"\b0\.0\.0\.0\b": "127.0.0.1",
    "AAAAMMJJ-NNNNNN": "{reference}",
    "AAAAMMJJ": "{day}",
    "/backup/": "{folder}/",
    r"\bSTATE\b": "waiting",
    r"table\|csv\|json": "csv",
    r"[][]": "",
    r"\bTASK\b": "apache",
}
# What a person stops, and what other tests do for real.
SERVES = re.compile(r"\./install\.sh (?:demo|payment)")
ELSEWHERE = re.compile(r"\./install\.sh (?:test|lint|format|docs|release|postgresql)\b")


def beside(kit: Path) -> list[str]:
    """Options that install somewhere, away from this machine's Apache."""
    return ["--prefix", str(kit), "--config", f"{kit}.conf", "--no-enable", "--user", web_user()]


@pytest.fixture(scope="module")
def kit() -> Iterator[tuple[Path, dict[str, str]]]:
    """The kit as ``./install.sh apache`` puts it somewhere, with a payment: its folder, and what that is called."""
    with public_folder() as folder:
        run([f"{ROOT}/install.sh", "apache", *beside(folder / "kit")])
        pathfile = read_pathfile(f"{folder}/kit/var/conf/pathfile")
        call = [f"merchant_id={MERCHANT}", "amount=1000", f"pathfile={pathfile.path}"]
        page = run([f"{folder}/kit/bin/request", *call])
        [line] = run([f"{folder}/kit/bin/sogenactif", "transactions", "--format", "csv"]).splitlines()[1:]
        reference = line.partition(",")[0]
        known = {"DATA": answer_to(the_data(page), pathfile), "reference": reference, "day": reference[:8]}
        yield folder / "kit", known


@pytest.mark.parametrize("page", SPOKEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_each_page_work(page: Path, kit: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    place, known = kit
    for name in ("pathfile", "parmcom.sogenactif", f"parmcom.{MERCHANT}"):
        content = (place / "var" / "conf" / name).read_text().replace(f"{place}/var/conf", str(tmp_path))
        (tmp_path / name).write_text(content.replace("ledger.db", f"{tmp_path.name}.db"))
    renewed = issue_certificate("http://127.0.0.1:8080/payment", "014213245611118")
    (tmp_path / "certif.fr.014213245611118.php").write_bytes(renewed)
    for command in commands(page):
        given = command
        for words, mine in MINE.items():
            given = re.sub(words, mine, given)
        given = given.format(kit=place, folder=tmp_path, **known)
        if elsewhere := ELSEWHERE.match(given):
            given = f"{elsewhere[0]} --help"
        elif given.startswith("./install.sh apache"):
            given += f" --dry-run {' '.join(beside(place))}"
        elif SERVES.match(given):
            given = f"exec {given} --port {free_port()}"
            given += f" --root {demonstration(tmp_path)}" if " demo" in given else " --database payment.db"
        given = given.replace("./install.sh", f"'{ROOT}/install.sh'")
        done, said = follow(given, {**os.environ, "DATA": known["DATA"], "LC_ALL": "C"}, tmp_path)
        assert done, f"{command}: {said}"
    assert not (ROOT / "payment.db").exists()


def test_example_for_the_simulator_makes_an_html_page(tmp_path: Path) -> None:
    page = ROOT / "docs" / "paypage.md"
    [block] = [block for block in blocks(page) if block[0].startswith("bin/sogenactif paypage")]
    for command in block:
        here = command.replace("bin/", f"'{ROOT}'/bin/", 1).replace("FOLDER", f"{tmp_path}/conf")
        run(["sh", "-c", f"cd {tmp_path} && {here}"])
    html = (tmp_path / "pay.html").read_text()
    assert html.startswith("<") and html.rstrip().endswith(">")
    assert 'action="https://payment-webinit.simu.sogenactif.com/paymentInit"' in html


def test_manual_pages_are_installed_beside_the_folder_of_the_programs(
    kit: tuple[Path, dict[str, str]],
) -> None:
    """That is beside a folder of PATH; see manpath(1)."""
    place, _ = kit
    written = {page.name for page in (ROOT / "docs" / "man").iterdir()}
    assert {page.name for page in (place / "bin" / ".." / "share" / "man" / "man1").iterdir()} == written


def demonstration(folder: Path) -> Path:
    """What a demonstration writes in, so that it stays out of the kit."""
    root = folder / "demonstration"
    if not root.exists():
        shutil.copytree(ROOT / "cgi-bin", root / "cgi-bin", ignore=shutil.ignore_patterns("pathfile"))
    return root


def follow(command: str, environment: dict[str, str], folder: Path) -> tuple[bool, str]:
    """Whether a command does what it should, and what it says; a server is stopped once it serves."""
    with subprocess.Popen(
        ["sh", "-c", command],
        cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C stops" in line:
                [address] = re.findall(r"at (http://\S+/payment);", line)
                assert urllib.request.urlopen(f"{address}/console/health").status == 200
                process.send_signal(signal.SIGINT)
    # Where no web server runs, a check finds faults: that it looked is enough.
    looked = "sogenactif check" in command and "Faults: " in said
    return process.returncode == 0 or looked, said


@pytest.mark.parametrize("page", ["README.md", "README.fr.md", "lib/sogenactif_sandbox/README.md"])
def test_example_of_a_test_suite_runs_the_payment_server(
    page: str, pathfile: Pathfile, tmp_path: Path
) -> None:
    [block] = [block for block in blocks(ROOT / page) if block[0].startswith("from ")]
    code = "\n".join(block).replace("...", "seen = urlopen(f'{address}/console/health').status", 1)
    for words, mine in (("/path/to/pathfile", pathfile.path), ("path/of/pathfile", pathfile.path),
                        ("/tmp/payment.db", f"{tmp_path}/payment.db"), ("payments.db", f"{tmp_path}/payment.db")):  # fmt: skip
        code = code.replace(f'"{words}"', f'"{mine}"')
    known: dict[str, Any] = {"urlopen": urllib.request.urlopen}
    exec(compile(code, page, "exec"), known)
    assert known["seen"] == 200


def test_both_readmes_have_the_same_commands_links_and_structure() -> None:
    english, french = (ROOT / "README.md", ROOT / "README.fr.md")

    def parts(page: Path) -> dict[str, Any]:
        text = page.read_text()
        return {
            "commands": commands(page),
            # Each README leads to pages and pictures in its own language.
            "links": [
                re.sub(r"\.(en|fr)(?=\.png$)|(?<=^docs/)fr/|#.*$", "", link)
                for link in re.findall(r"\]\(([^)]+)\)", text)[1:]
            ],
            "titles": re.findall(r"^#+", text, re.MULTILINE),
            "keywords": re.findall(r"[A-Z_]+!", text),
            "rows": len(re.findall(r"^\|", text, re.MULTILINE)),
            "points": re.findall(r"^(?:[0-9]\.|-) ", text, re.MULTILINE),
        }

    assert parts(french) == parts(english)


def test_each_keyword_of_the_pathfile_is_documented() -> None:
    pages = "".join((ROOT / page).read_text() for page in ("docs/configuration.md", "docs/paypage.md"))
    assert [keyword for keyword in KEYWORDS if not re.search(rf"`{keyword}[`!]", pages)] == []


def test_options_of_the_installation_are_documented() -> None:
    page = (ROOT / "docs" / "install.md").read_text()
    shown = set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE))
    taken = {
        option
        for task in ("apache", "bundle")
        for option in re.findall(r"^ +(--[a-z-]+)", run([f"{ROOT}/install.sh", task, "--help"]), re.MULTILINE)
    }
    assert shown == taken - {"--version"}


def imports_of(path: Path) -> tuple[set[str], set[str]]:
    """The modules of ours that one imports: when it is loaded, and later, in its functions or for type checkers."""
    loaded: set[str] = set()
    later: set[str] = set()

    def visit(node: ast.AST, imported: set[str]) -> None:
        for child in ast.iter_child_nodes(node):
            names: list[str] = []
            if isinstance(child, ast.Import):
                names = [alias.name for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                # A name may be a module, or something in one.
                parts = [f"{child.module}.{alias.name}" for alias in child.names]
                names = [part if part in MODULES else str(child.module) for part in parts]
            imported |= MODULES.keys() & names
            is_type = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            visit(child, later if is_type or is_function else imported)

    visit(ast.parse(path.read_text()), loaded)
    return loaded, later


def places_of(package: str, page: str) -> dict[str, int]:
    """The row of each module in the table of a page; a folder there stands for all modules in it."""
    rows = re.findall(r"^\| ((?:`[\w/]+`(?:, )?)+) \|", (ROOT / page).read_text(), re.MULTILINE)
    listed = {
        f"{package}.{name.strip('`/').replace('/', '.')}".removesuffix(".__init__"): (number, name.endswith("/`"))
        for number, row in enumerate(rows)
        for name in row.split(", ")
    }  # fmt: skip
    places = {name: number for name, (number, _) in listed.items()}
    for name in MODULES:
        for folder, (number, is_folder) in listed.items():
            if is_folder and name.startswith(f"{folder}."):
                places[name] = number
    return places


@pytest.mark.parametrize(
    ("package", "page"),
    [("sogenactif", "docs/code.md"), ("sogenactif_sandbox", "lib/sogenactif_sandbox/README.md")],
)
def test_modules_import_only_modules_below_them(package: str, page: str) -> None:
    """As the page lists them, from the top down; those of a row may know each other."""
    places = places_of(package, page)
    modules = {name: path for name, path in MODULES.items() if name.startswith(f"{package}.")}
    assert set(modules) <= set(places)
    for name, path in modules.items():
        loaded, later = imports_of(path)
        own = ".".join(name.split(".")[:2])
        # Inside a package a function may load what is above it.
        strict = loaded | {other for other in later if not f"{other}.".startswith(f"{own}.")}
        above = [other for other in strict & modules.keys() if places[other] < places[name]]
        assert above == [], f"{name} imports {above}"


def test_modules_have_no_import_cycle() -> None:
    TopologicalSorter({name: imports_of(path)[0] for name, path in MODULES.items()}).prepare()


def test_imports_are_found_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "import os, sogenactif.money\nfrom sogenactif.ledger import (\n    journal,\n    POOL,\n)\n"
        "from sogenactif import kit\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    from sogenactif.log import SYSLOG\n"
        "try:\n    from sogenactif import dates\nfinally:\n    pass\n"
        "class A:\n    def f(self):\n        import sogenactif.ledger.sqlite\n"
    )
    names = (
        "sogenactif.money",
        "sogenactif.ledger.journal",
        "sogenactif.ledger",
        "sogenactif.kit",
        "sogenactif.dates",
    )
    assert imports_of(path) == ({*names}, {"sogenactif.log", "sogenactif.ledger.sqlite"})


@pytest.mark.parametrize("change", [{"amount": "1251"}, {"order_id": "B-2"}, {"currency_code": "840"}, {"merchant_id": "014213245611112"}])  # fmt: skip
def test_examples_raise_an_error_for_an_accepted_payment_without_an_order(
    orders: tuple[str, str, Callable[[str], list[tuple[Any, ...]]]], change: dict[str, str]
) -> None:
    kind, address, query = orders
    code = re.sub(r'^SHOP = ".*"$', f'SHOP = "{address}"', example(f"python {kind}"), flags=re.MULTILINE)
    shop: dict[str, Any] = {}
    exec(compile(code, "shop.md", "exec"), shop)
    paid = {"merchant_id": MERCHANT, "currency_code": "978", "order_id": "A-1", "amount": "1250", "response_code": "00"}  # fmt: skip
    for _ in range(2):
        with pytest.raises(LookupError):
            shop["record_outcome"](PaymentResponse({**paid, **change}))
        shop["record_outcome"](PaymentResponse({**paid, **change, "response_code": "17"}))
    assert query("SELECT paid FROM orders") == [(False,)]
    for _ in range(2):
        shop["record_outcome"](PaymentResponse(paid))
    assert query("SELECT paid FROM orders") == [(True,)]


def test_kit_and_installer_do_not_import_the_sandbox() -> None:
    files = [*(ROOT / "lib" / "sogenactif").rglob("*.py"), *(ROOT / "installer").glob("*.py")]
    assert [path.name for path in files if "sogenactif_sandbox" in path.read_text()] == []
