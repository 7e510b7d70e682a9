"""The documentation: its examples are run, its links and its table are checked."""

import ast
import importlib
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from docs.errors import sections
from sogenactif import errors
from sogenactif.certificate import read_certificate
from sogenactif.commands.certificate import Refused
from sogenactif.http import HttpError
from sogenactif.message import open_request, seal_response
from sogenactif.settings import Pathfile, read_pathfile
from sogenactif.web import Unverified, call_autoresponse, call_request
from tests.conftest import MERCHANT, ROOT, need
from tests.serving import postgresql
from tests.test_web import ask, post

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "demo" / "payment" / "README.md"]
KIT = "/usr/local/lib/sogenactif"
TABLE = (
    "CREATE TABLE orders (reference TEXT PRIMARY KEY, cents INTEGER, title TEXT, paid BOOLEAN DEFAULT FALSE)"
)
ORDER = "INSERT INTO orders VALUES ('A-1', 1250, 'Tea')".replace("orders", "orders (reference, cents, title)")


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


@pytest.fixture(params=["sqlite", "postgresql"])
def orders(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, str, Callable[[str], list[tuple[Any, ...]]]]]:
    """A kind of database with the order A-1 of 12.50, its address, and what runs a statement in it."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as shop:
            shop.execute(TABLE)
            shop.execute(ORDER)
            yield request.param, f"{tmp_path}/shop.db", lambda sql: shop.execute(sql).fetchall()
    else:
        import psycopg

        with postgresql() as server, psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(TABLE)
            connection.execute(ORDER)
            yield request.param, server.url, lambda sql: connection.execute(sql.encode()).fetchall()


def test_an_order_in_a_database_is_paid(
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
    assert ask(pay, query="order=A-1").status == 404


def run(arguments: list[str]) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def here(code: str, pathfile: Pathfile) -> str:
    """An example with the paths of this kit and this pathfile."""
    return code.replace(f"{KIT}/var/conf/pathfile", pathfile.path).replace(f"{KIT}/bin", f"{ROOT}/bin")


def test_a_php_shop_keeps_calling_request_and_response(ledger: Pathfile, tmp_path: Path) -> None:
    need(shutil.which("php"), "php-cli")
    for name in ("request", "response"):
        (tmp_path / f"{name}.php").write_text(here(example(f"php {name}"), ledger))
    functions = "function amount_of_order($o) { return $o === 'A-1' ? 1250 : 0; }"
    functions += 'function order_is_paid($o, $a) { echo "$o is paid $a"; }'

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
    assert php("response", f"$_POST['DATA'] = '{sealed[:-1]}0';") == ""
    assert "can't be made" in php("request", "$_GET['order'] = str_repeat('x', 33);")


def test_a_shell_calls_them_too(ledger: Pathfile) -> None:
    page = run(["sh", "-c", here(example("sh request"), ledger)])
    assert page.startswith("!0!!<")
    sealed = answer_to(the_data(page), ledger)
    answer = run(["sh", "-c", f"DATA={sealed}\n" + here(example("sh response"), ledger)])
    assert answer.split("!")[1:6] == ["0", "", MERCHANT, "fr", "1000"]


def test_the_dictionary_is_what_the_table_says() -> None:
    printed = subprocess.run(
        [sys.executable, ROOT / "docs" / "dictionary.py"], check=True, capture_output=True
    ).stdout
    assert (ROOT / "docs" / "dictionary.md").read_bytes() == printed


def test_the_example_s_merchant_has_a_certificate(pathfile: Pathfile) -> None:
    assert read_certificate(pathfile, "fr", MERCHANT)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_each_page_is_linked_from_both_entries(page: Path) -> None:
    for entry in ("README.md", "README.fr.md"):
        assert f"(docs/{page.name})" in (ROOT / entry).read_text(), entry


HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
KIT_ERRORS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
# What the kit raises and catches again itself, so that nobody reads its words.
INTERNAL = {"Failed", "OSError", "ValueError", "WrongSchedule"}


class Hole(str):
    """A value that only the running kit knows, in the words of an error."""

    strerror = HOLE


def raised(path: Path) -> Iterator[BaseException]:
    """The errors that a module of the kit raises or tells, with holes for the values in their words."""
    module = importlib.import_module(".".join(path.relative_to(ROOT / "lib").with_suffix("").parts))
    kinds: dict[str, Callable[..., BaseException]] = {**KIT_ERRORS, "Match": the_reason, "exit": SystemExit}
    kinds |= {"HttpError": HttpError, "Unverified": Unverified, "Refused": Refused}

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Constant(found):
                return found
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
    """What the log says of a response that the ledger doesn't believe."""
    return errors.KitError(why)


def test_the_page_of_errors_is_printed_from_them() -> None:
    printed = subprocess.run(
        [sys.executable, ROOT / "docs" / "errors.py"], check=True, capture_output=True
    ).stdout
    assert (ROOT / "docs" / "errors.md").read_bytes() == printed


def test_each_error_that_the_kit_raises_has_its_row() -> None:
    rows = [error for section in sections().values() for row in section for error in row.errors]
    told = {
        (type(error), str(error))
        for path in sorted((ROOT / "lib" / "sogenactif").rglob("*.py"))
        if path.name != "errors.py"
        for error in raised(path)
        if str(error).strip(HOLE)
    }
    shown = set()
    for row in rows:
        if isinstance(row, str):
            continue
        # Where several fit, a row is the one with the most words of its own.
        fitting = [(kind, text) for kind, text in told if type(row) is kind and fits(text, str(row))]
        assert fitting, f"nothing raises {row!r}"
        most = max(map(own_words, fitting))
        shown |= {one for one in fitting if own_words(one) == most}
    assert sorted(text for _, text in told - shown) == []


def fits(text: str, row: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, text.split(HOLE))), row) is not None


def own_words(told: tuple[type[BaseException], str]) -> int:
    return len(told[1].replace(HOLE, ""))


def test_each_class_of_error_is_on_the_page() -> None:
    made = {type(error) for section in sections().values() for row in section for error in row.errors}
    bases = {base for kind in KIT_ERRORS.values() for base in kind.__bases__}
    assert {kind for kind in KIT_ERRORS.values() if kind not in bases} - made == set()
