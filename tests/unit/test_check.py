"""bin/sogenactif check: an installation that is sound, then broken in each way that it names."""

import json
import os
import pwd
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import pytest

from sogenactif.commands.check import machine, pages, records
from sogenactif.commands.check.site import Site
from sogenactif.commands.migrate import SERVERS
from sogenactif.configuration import read_pathfile
from sogenactif.files import write_secret
from sogenactif.http import Application, Environ
from sogenactif.ledger.ledger import opened_ledger
from sogenactif.ledger.schema import MIGRATIONS, schema_version
from sogenactif.payment import PaymentResponse
from sogenactif.protocols.certificate import issue_certificate
from sogenactif_sandbox.server import PaymentServer
from sogenactif_sandbox.servers import serving
from sogenactif_sandbox.shop import Shop
from tests.support import serving as serving_module
from tests.support.serving import apache, free_port, public_folder, web_user
from tests.support.shop import register
from tests.support.vectors import ACCEPTED, ASKED, ENROLLED, MERCHANT, ROOT, need, speak_paypage

# Each looks at an installed kit.
pytestmark = pytest.mark.system

PRODUCTION, TESTS = SERVERS["production"], SERVERS["test"]


class Found(NamedTuple):
    """What a check printed: its status, and its findings that are no ``ok``, by name."""

    status: int
    answer: dict[str, Any]

    @property
    def bad(self) -> dict[str, dict[str, Any]]:
        return {f["name"]: f for f in self.answer["findings"] if f["level"] != "ok"}

    @property
    def well(self) -> set[str]:
        return {f["name"] for f in self.answer["findings"] if f["level"] == "ok"}


class Kit(NamedTuple):
    """An installation of a test's own; ``conf`` has its configuration, ``data`` its ledger and journal."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "kit"

    @property
    def conf(self) -> Path:
        return self.root / "var" / "conf"

    @property
    def data(self) -> Path:
        return self.root / "var" / "data"

    @property
    def pathfile(self) -> Path:
        return self.conf / "pathfile"

    @property
    def parmcom(self) -> Path:
        return self.conf / f"parmcom.{MERCHANT}"

    @property
    def key(self) -> Path:
        return self.conf / f"key.{MERCHANT}"

    @property
    def certificate(self) -> Path:
        return self.conf / f"certif.fr.{MERCHANT}.php"

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        result = subprocess.run(
            [self.root / "bin" / "sogenactif", "check", *arguments],
            capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **environment},
        )  # fmt: skip
        assert "Traceback" not in result.stderr
        return result

    def check(self, *arguments: str) -> Found:
        result = self.run("--json", *arguments)
        return Found(result.returncode, json.loads(result.stdout))

    def issue(
        self, payment_url: str, expired: str = "20991231", merchant: str = MERCHANT, **changes: str
    ) -> None:
        """Put another certificate in the place of the first merchant's."""
        content = issue_certificate(payment_url, merchant, expired=expired, **changes)
        self.put(self.certificate, content)

    def put_own(self, path: Path, content: bytes) -> None:
        """Put a file of this kit alone in the place of one that the kits of all tests share."""
        path.unlink()
        path.write_bytes(content)

    def put(self, path: Path, content: bytes) -> None:
        write_secret(str(path), content, as_folder=True)

    def change(self, path: Path, keyword: str, value: str = "") -> None:
        """Set a keyword of a file to another value; without one take its line out."""
        line = f"{keyword}!{value}!\n" if value else ""
        path.write_text(re.sub(f"(?m)^{keyword}!.*\n", line, path.read_text()))

    def add(self, path: Path, text: str | bytes) -> None:
        with path.open("ab") as file:
            file.write(text if isinstance(text, bytes) else text.encode())

    def as_a_banks(self) -> None:
        """Make every certificate a bank's, its payment server anywhere."""
        for merchant in (MERCHANT, ENROLLED):
            content = issue_certificate("https://payment.invalid/pay", merchant)
            path = self.conf / f"certif.fr.{merchant}.php"
            self.put(path, content.replace(b"V4,SANDBOX,DEMO", b"V4,A BANK ,PROD"))

    def speak_paypage(self, url: str = "http://127.0.0.1:9/payment/paymentInit", **keywords: str) -> None:
        """Pay on Paypage, sealed with the public keys of test shops."""
        speak_paypage(self.conf, url, **keywords)
        for path in self.conf.glob("key.*"):
            self.put(path, path.read_bytes())
        if os.getuid() == 0:
            shutil.chown(self.pathfile, "root", web_user())

    def open_shop(self, url: str = "https://shop.example/") -> None:
        """Have every merchant sell at a public address."""
        for path in self.conf.glob("parmcom.0*"):
            path.write_text(path.read_text().replace("http://127.0.0.1:8/", url))

    def record(self, *answers: dict[str, str]) -> None:
        """Have the ledger register a request, and receive these answers to it."""
        with opened_ledger(read_pathfile(str(self.pathfile))) as ledger:
            assert ledger
            number = register(ledger, ASKED)
            for answer in answers:
                ledger.receive(PaymentResponse({**ASKED, "transaction_id": number, **answer}), "automatic")


@pytest.fixture(scope="module")
def installed() -> Iterator[Path]:
    """The kit as ./install.sh apache puts it, to be copied."""
    with public_folder() as folder:
        subprocess.run(
            [ROOT / "install.sh", "apache", "--prefix", folder / "kit", "--config", folder / "kit.conf",
             "--no-enable", "--user", web_user(), "--shop", "http://127.0.0.1:8", "--payment", "http://127.0.0.1:9/payment"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        orders = folder / "kit" / "var" / "data" / "shop.db"
        Shop(str(orders), read_pathfile(f"{folder}/kit/var/conf/pathfile"))
        if os.getuid() == 0:
            shutil.chown(orders, web_user(), web_user())
        yield folder


@pytest.fixture
def kit(installed: Path) -> Iterator[Kit]:
    with public_folder() as folder:
        subprocess.run(["cp", "-al", f"{installed}/.", folder], check=True)
        own = [installed / "kit" / name for name in ("cgi-bin", "logos", "var")]
        subprocess.run(["cp", "-a", "--remove-destination", *own, folder / "kit"], check=True)
        subprocess.run(["cp", "-a", "--remove-destination", installed / "kit.conf", folder], check=True)
        for path in (folder / "kit.conf", *(folder / "kit" / "var" / "conf").iterdir()):
            text = path.read_bytes()
            if str(installed).encode() in text:
                with path.open("r+b") as file:
                    file.truncate()
                    file.write(text.replace(str(installed).encode(), str(folder).encode()))
        yield Kit(folder)


def test_a_sound_installation_has_no_fault(kit: Kit) -> None:
    found = kit.check()
    assert (found.status, found.bad) == (0, {})
    assert found.answer["level"] == "ok"
    assert found.well >= {"python", "well_formed", "leads_there", "certificate_own", "sealed", "address", "logos",
                          "debug_off", "ledger_to_come", "journal_to_come", "secrets"}  # fmt: skip
    assert found.answer["skipped"] == ["clock", "scripts", "served_logos", "payment"]


def test_people_read_it_in_their_language(kit: Kit) -> None:
    kit.pathfile.write_text(kit.pathfile.read_text().replace("DEBUG!NO!", "DEBUG!YES!"))
    english, french = kit.run(), kit.run(LC_ALL="fr_FR.UTF-8")
    assert (
        f"{kit.root}/cgi-bin/pathfile, line 3: DEBUG is YES: every customer is shown every parameter"
        in english.stdout
    )
    assert "→ Write DEBUG!NO!" in english.stdout
    assert "ligne 3 : DEBUG vaut YES : chaque client voit tous les paramètres" in french.stdout
    assert "Faults: 0. Warnings: 1." in english.stdout
    assert "Défauts : 0. Avertissements : 1." in french.stdout
    assert not re.search(r"\b(line|Faults|every|the)\b", french.stdout)


def test_quiet_says_only_what_is_wrong(kit: Kit) -> None:
    assert kit.run("--quiet").stdout == "Faults: 0. Warnings: 0. All well: 27.\n"


def test_a_locale_without_the_characters_is_no_fault(kit: Kit) -> None:
    kit.add(kit.parmcom, "RETRUN_URL!x!\n")
    result = kit.run(PYTHONIOENCODING="ascii", LC_ALL="fr_FR")
    assert (result.returncode, "RETRUN_URL" in result.stdout) == (1, True)


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_terminals(kit: Kit, environment: dict[str, str], coloured: bool) -> None:
    import pty

    terminal, side = pty.openpty()
    subprocess.run(
        [kit.root / "bin" / "sogenactif", "check", "--quiet", "--pathfile", "/nowhere"],
        stdout=side, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **environment},
    )  # fmt: skip
    os.close(side)
    assert (b"\033[1;31mFAULT" in os.read(terminal, 4096)) is coloured
    os.close(terminal)
    assert "\033" not in kit.run("--pathfile", "/nowhere").stdout


@pytest.mark.parametrize(
    "arguments",
    [["--url", "shop"], ["--payment"], ["--payment", "--url", "http://h"], ["--user", "nobody-of-that-name"], ["--order", "1"], ["more"]],
)  # fmt: skip
def test_a_wrong_call_is_status_2(kit: Kit, arguments: list[str]) -> None:
    assert kit.run(*arguments).returncode == 2


# Lines of files: what is added, the finding, and words that it says with line 21 of the pathfile.
LINES = [
    ("LEGDER!x!\n", "misspelled", "unknown keyword LEGDER", "Did you mean LEDGER?"),
    ("f_ctype!php!\n", "misspelled", "unknown keyword f_ctype", "Did you mean F_CTYPE?"),
    ("SOMETHING!x!\n", "unknown_keyword", "unknown keyword SOMETHING", "remove the line"),
    ("RETURN_URL!http://h/!\n", "misplaced", "RETURN_URL is not read in this file", "other"),
    ("LOGO_TYPE!svg\n", "separators", "exclamation marks: 1, where a line has 2", "KEYWORD!value!"),
    ("F_CTYPE!p!hp!\n", "separators", "exclamation marks: 3", "without ! in the value"),
    ("   \n", "blank_line", "a line of blanks", "Remove it"),
    ("DEBUG!NO!  \n", "trailing_spaces", "spaces after the last exclamation mark", "Remove them"),
    ("DEBUG!NO! # off\n", "after_the_end", "text after the last", "a comment begins with #"),
    ("F_DEFAULT!/conf/parmcom !\n", "spaces_around", "the value of F_DEFAULT begins or ends with a space", "out"),
    (" DEBUG!NO!\n", "spaces_around_keyword", "a space before or after the keyword DEBUG", "Begin the line"),
    ("DEBUG!NO!\n", "repeated", "DEBUG was set on line 3 already", "Keep one"),
    ("DEBUG!NO!\r\n", "carriage_returns", "end in a carriage return: 1", "sed -i 's/\\r$//'"),
    ("DEBUG!NO!\rDEBUG!NO!\n", "carriage_return_inside", "a carriage return inside the line", "line feed"),
    ("PROTOCOL!paypge!\n", "misspelled_value", "PROTOCOL must be one of these: sips, paypage", "Did you mean paypage?"),
    ("PAYPAGE_SEAL!SHA256!\n", "misspelled_value", "PAYPAGE_SEAL must be one of these: HMAC", "Did you mean SHA-256?"),
    ("PAYPAGE_MEANS!bank!\n", "wrong_value", "PAYPAGE_MEANS must be one of these: shop, server", "Write one of them"),
    ("PAYPAGE_KEY_VERSION!v2!\n", "wrong_form", "PAYPAGE_KEY_VERSION is malformed; 1 is valid", "Correct"),
    ("PAYPAGE_INTERFACE!3.4!\n", "wrong_form", "PAYPAGE_INTERFACE is malformed; HP_3.4 is valid", "Correct"),
    ("PAYPAGE_KEYVERSION!2!\n", "misspelled", "unknown keyword PAYPAGE_KEYVERSION", "Did you mean PAYPAGE_KEY_VERSION?"),
    ("LOG!sylog!\n", "misspelled_value", "LOG must be one of these: syslog", "Did you mean syslog?"),
    ("KIT_VERSION!7!\n", "wrong_value", "KIT_VERSION must be one of these: 615", "Write one of them"),
    ("PAYPAGE_KEY!hunter2!x!\n", "separators", "exclamation marks: 3", "without ! in the value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "name", "saw", "do"), LINES, ids=[f"{line[1]}-{n}" for n, line in enumerate(LINES)]
)
def test_a_wrong_line_of_the_pathfile_is_named(kit: Kit, line: str, name: str, saw: str, do: str) -> None:
    number = kit.pathfile.read_text().count("\n") + 1
    kit.add(kit.pathfile, line)
    found = kit.check().bad[name]
    assert (found["file"], found["line"]) == (f"{kit.root}/cgi-bin/pathfile", number)
    assert saw in found["saw"]
    assert do in found["do"]


def test_a_byte_order_mark_is_named(kit: Kit) -> None:
    for path in (kit.pathfile, kit.parmcom):
        kit.put(path, b"\xef\xbb\xbf" + path.read_bytes())
        found = kit.check()
        assert (found.status, found.bad["byte_order_mark"]["line"]) == (1, 1)
        assert "byte order mark (BOM)" in found.bad["byte_order_mark"]["saw"]


@pytest.mark.parametrize(
    ("line", "name", "saw"),
    [
        ("RETRUN_URL!http://h/!\n", "misspelled", "unknown keyword RETRUN_URL"),
        ("D_LOGO!/logos/!\n", "misplaced", "D_LOGO is not read in this file"),
        ("LOGO!" + "x" * 33 + "!\n", "too_long", "LOGO has 33 bytes, 32 at most"),
        ("CADDIE!a\n", "separators", "exclamation marks: 1"),
    ],
)
def test_a_wrong_line_of_a_parmcom_file_is_named(kit: Kit, line: str, name: str, saw: str) -> None:
    kit.add(kit.parmcom, line)
    found = kit.check()
    assert found.status == 1
    assert (found.bad[name]["file"], found.bad[name]["line"]) == (str(kit.parmcom), 5)
    assert saw in found.bad[name]["saw"]


def test_values_and_control_characters_are_never_printed(kit: Kit) -> None:
    kit.add(kit.pathfile, "\033[2JX!hunter2!\nLEDGER!postgresql://kit:hunter2@h/d!x!\n")
    result = kit.run()
    assert "unknown keyword ?[2JX" in result.stdout
    assert "hunter2" not in result.stdout + kit.run("--json").stdout


def test_missing_pathfile(kit: Kit) -> None:
    found = kit.check("--pathfile", "/nowhere/pathfile")
    assert found.status == 1
    assert found.bad["missing"]["saw"] == "there is no such file"
    assert found.bad["missing"]["file"] == "/nowhere/pathfile"


def test_a_keyword_that_is_needed(kit: Kit) -> None:
    text = kit.pathfile.read_text()
    for changed, line in (("", 0), ("F_PARAM!!\n", 10)):
        kit.pathfile.write_text(re.sub("F_PARAM!.*\n", changed, text))
        found = kit.check().bad
        assert (list(found), found["keyword_absent"]["line"]) == (["keyword_absent"], line)
        assert found["keyword_absent"]["do"] == "Add the line F_PARAM!value!"
    kit.pathfile.write_text(text.replace("F_PARAM!", "F_PARM!"))
    assert list(kit.check().bad) == ["misspelled"]


def test_what_only_the_kit_knows_is_in_its_words(kit: Kit) -> None:
    kit.change(kit.pathfile, "F_CTYPE", "p/hp")
    found = kit.check().bad["kit_refuses"]
    assert "F_CTYPE (p/hp) may hold letters" in found["saw"]
    assert found["do"] == f"{kit.root}/docs/errors.md names the remedy."
    assert (kit.root / "docs" / "errors.md").exists()


def test_no_merchant_at_all(kit: Kit) -> None:
    for path in kit.conf.glob("parmcom.0*"):
        path.unlink()
    assert kit.check().bad["no_merchant"]["file"] == f"{kit.conf}/parmcom.<merchant_id>"


def test_a_parmcom_file_under_another_name(kit: Kit) -> None:
    kit.parmcom.rename(f"{kit.parmcom}.txt")
    found = kit.check().bad
    assert (list(found), found["parameters_misnamed"]["file"]) == (
        ["parameters_misnamed"],
        f"{kit.parmcom}.txt",
    )
    assert f"Name it {kit.parmcom.name}" in found["parameters_misnamed"]["do"]


def test_one_fault_is_reported_once(kit: Kit) -> None:
    (kit.conf / "parmcom.sogenactif").unlink()
    found = kit.check()
    assert [f["name"] for f in found.answer["findings"] if f["level"] != "ok"] == ["leads_nowhere"]
    assert found.bad["leads_nowhere"]["line"] == 9


@pytest.mark.parametrize(
    ("keyword", "value", "name", "saw"),
    [
        ("F_DEFAULT", "conf/parmcom.sogenactif", "relative", "F_DEFAULT is conf/parmcom.sogenactif"),
        ("F_PARAM", "/nowhere/parmcom", "leads_nowhere", "F_PARAM leads to /nowhere, which does not exist"),
        ("F_CERTIFICATE", "/no/certif", "leads_nowhere", "F_CERTIFICATE leads to /no, which does not exist"),
    ],
)
def test_a_path_that_leads_elsewhere(kit: Kit, keyword: str, value: str, name: str, saw: str) -> None:
    kit.change(kit.pathfile, keyword, value)
    found = kit.check().bad[name]
    assert saw in found["saw"]
    assert found["line"] > 0


def test_files_that_the_web_server_cannot_read(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.parmcom.chmod(0o600)
    found = kit.check().bad["not_readable"]
    assert (found["file"], found["saw"]) == (str(kit.parmcom), "the web server's user www-data can't read it")
    subprocess.run(found["do"], shell=True, check=True)
    assert kit.check().bad == {}
    kit.conf.chmod(0o700)
    found = kit.check().bad["not_entered"]
    assert (found["file"], "www-data can't enter this folder" in found["saw"]) == (str(kit.conf), True)
    assert kit.check("--user", "root").bad == {}


@pytest.mark.parametrize("path", ["lib", "lib/sogenactif", "lib/packages/jinja2/filters.py"])
def test_code_that_the_web_server_cannot_read(kit: Kit, path: str) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    closed = kit.root / path
    if closed.is_file():
        kit.put_own(closed, closed.read_bytes())
    closed.chmod(0o700)
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["code_closed"])
    assert f"www-data can't read {closed}" in found.bad["code_closed"]["saw"]
    subprocess.run(found.bad["code_closed"]["do"], shell=True, check=True)
    assert kit.check().bad == {}


def test_scripts_that_the_web_server_cannot_read(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    (kit.root / "cgi-bin" / "call_response.py").chmod(0o700)
    assert kit.check().bad["not_readable"]["file"] == str(kit.root / "cgi-bin" / "call_response.py")
    (kit.root / "cgi-bin").chmod(0o700)
    found = kit.check().bad
    assert (list(found), found["not_entered"]["file"]) == (["not_entered"], str(kit.root / "cgi-bin"))


def test_journal_folder_of_root_hides_the_web_servers_user(kit: Kit) -> None:
    need(os.getuid() == 0, "root, to own the folder,")
    shutil.chown(kit.data, "root", "root")
    found = kit.check()  # the pathfile's group says who it is
    assert (found.status, list(found.bad), found.bad["not_writable"]["file"]) == (
        1,
        ["not_writable"],
        str(kit.data),
    )
    shutil.chown(kit.pathfile, "root", "root")
    found = kit.check()
    assert (found.status, found.bad["user_unknown"]["level"]) == (1, "fault")
    assert "its folder belongs to root, and no web server runs as root" in found.bad["user_unknown"]["saw"]
    assert kit.check("--user", web_user()).bad["not_writable"]["file"] == str(kit.data)
    shutil.chown(kit.pathfile, "root", web_user())
    shutil.chown(kit.data, web_user(), web_user())
    assert kit.check().bad == {}


def check_as(kit: Kit, user: str, group: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The check as another user runs it."""
    need(os.getuid() == 0, "root, to be somebody else,")
    result = subprocess.run(
        [kit.root / "bin" / "sogenactif", "check", "--quiet", *arguments],
        capture_output=True, text=True, check=False, user=user, group=group, extra_groups=[],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, cwd="/",
    )  # fmt: skip
    assert "Traceback" not in result.stderr
    return result


def test_missing_permission_is_named(kit: Kit) -> None:
    result = check_as(kit, "nobody", "nogroup")
    assert result.returncode == 1
    assert f"{kit.root}/var: you may not read it" in result.stdout
    assert "Run the check as root, or as the web server's user." in result.stdout


def test_the_web_servers_user_may_look_itself(kit: Kit) -> None:
    result = check_as(kit, web_user(), web_user())
    assert (result.returncode, result.stdout) == (0, "Faults: 0. Warnings: 0. All well: 27.\n")


def test_closed_folder_is_reported_once(kit: Kit) -> None:
    elsewhere = kit.folder / "pathfile"
    shutil.copy(kit.pathfile, elsewhere)
    elsewhere.chmod(0o644)
    kit.conf.chmod(0o700)
    for arguments in ([], ["--pathfile", str(elsewhere)]):
        result = check_as(kit, web_user(), web_user(), *arguments)
        assert result.returncode == 1
        assert f"{kit.conf}: the web server's user www-data can't enter this folder" in result.stdout
        assert "Faults: 1. Warnings: 0." in result.stdout
        found = [f for f in kit.check(*arguments).answer["findings"] if f["level"] != "ok"]
        assert [(f["name"], f["file"]) for f in found] == [("not_entered", str(kit.conf))]
        assert kit.check(*arguments).answer["skipped"] == ["clock", "scripts", "served_logos", "payment"]
    subprocess.run(found[0]["do"].partition(",")[0], shell=True, check=True)
    assert kit.check().bad == {}


def test_debug_is_a_fault_in_production_only(kit: Kit) -> None:
    kit.pathfile.write_text(kit.pathfile.read_text().replace("DEBUG!NO!", "DEBUG!YES!"))
    assert kit.check().bad["debug_on"]["level"] == "warning"
    kit.as_a_banks()
    assert kit.check().bad["debug_on"]["level"] == "fault"
    kit.pathfile.write_text(kit.pathfile.read_text().replace("DEBUG!YES!", "DEBUG!yes!"))
    assert "neither YES nor NO" in kit.check().bad["debug_neither"]["saw"]


# Certificates


def test_missing_certificate(kit: Kit) -> None:
    kit.certificate.unlink()
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["certificate_missing"])
    assert found.bad["certificate_missing"]["file"] == str(kit.certificate)
    assert "sogenactif certificate install" in found.bad["certificate_missing"]["do"]


def test_a_certificate_under_another_name(kit: Kit) -> None:
    kit.certificate.rename(kit.conf / f"certif.be.{MERCHANT}.php")
    assert f"there is certif.be.{MERCHANT}.php" in kit.check().bad["certificate_misnamed"]["saw"]


def test_a_certificate_that_everybody_reads(kit: Kit) -> None:
    kit.certificate.chmod(0o644)
    found = kit.check()
    assert found.status == 1
    assert "open to everybody on the machine (mode 644" in found.bad["open_to_all"]["saw"]
    assert found.bad["open_to_all"]["do"] == f"chmod o= {kit.certificate}"


def test_a_certificate_that_the_web_server_cannot_read(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.certificate.chmod(0o600)
    assert kit.check().bad["not_readable"]["file"] == str(kit.certificate)


@pytest.mark.parametrize(
    ("days", "name", "level", "saw"),
    [(-1, "expired", "fault", "it expired on {}"), (20, "expires_soon", "warning", "it expires on {}; days left: 20")],
)  # fmt: skip
def test_a_certificate_that_expires(kit: Kit, days: int, name: str, level: str, saw: str) -> None:
    last = date.today() + timedelta(days=days)
    kit.issue("http://127.0.0.1:9/payment", last.strftime("%Y%m%d"))
    found = kit.check()
    assert found.status == (level == "fault")
    assert (found.bad[name]["level"], found.bad[name]["saw"]) == (level, saw.format(last))


def test_certificate_with_an_impossible_last_day(kit: Kit) -> None:
    kit.issue("http://127.0.0.1:9/payment", "2099-31")
    assert "not a day of the form yyyymmdd" in kit.check().bad["expiry_unreadable"]["saw"]


@pytest.mark.parametrize(
    ("changes", "name", "saw"),
    [
        ({"merchant": "014213245611119"}, "another_merchant_id", "that of merchant 014213245611119, not"),
        ({"country": "be"}, "another_merchant_country", "of the country be, MERCHANT_COUNTRY of fr"),
        ({"type_": "asp"}, "another_certificate_type", "of the type asp, F_CTYPE is php"),
    ],
)
def test_a_certificate_of_another(kit: Kit, changes: dict[str, str], name: str, saw: str) -> None:
    kit.issue("http://127.0.0.1:9/payment", **changes)
    found = kit.check()
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)


def test_a_country_that_would_lead_elsewhere(kit: Kit) -> None:
    kit.add(kit.parmcom, "MERCHANT_COUNTRY!./!\n")
    found = kit.check()
    assert (found.status, found.bad["kit_refuses"]["file"]) == (1, str(kit.parmcom))


def test_a_certificate_that_was_cut(kit: Kit) -> None:
    kit.put(kit.certificate, kit.certificate.read_bytes()[:1500])
    found = kit.check().bad
    assert list(found) == ["certificate_damaged"]
    assert "it is cut or altered: Error in MAC key generation" in found["certificate_damaged"]["saw"]


def test_the_certificate_before_counts_too(kit: Kit) -> None:
    old = kit.conf / f"certif.fr.{MERCHANT}.old.php"
    kit.put(old, kit.certificate.read_bytes())
    assert "certificate_before" in kit.check().well
    old.chmod(0o604)
    assert kit.check().bad["open_to_all"]["file"] == str(old)


@pytest.mark.parametrize(
    ("line", "saw"),
    [
        ("PAYMENT_MEANS!CB,1,AMEX!\n", "(payment_means,block_order)"),
        ("LANGUAGE!FR!\n", "language (FR) must be lower case"),
        ("CURRENCY!eur!\n", "currency_code (eur) not numeric"),
    ],
)
def test_parameters_that_make_no_request(kit: Kit, line: str, saw: str) -> None:
    kit.add(kit.parmcom, line)
    found = kit.check()
    assert (found.status, saw in found.bad["request_refused"]["saw"]) == (1, True)
    assert (found.bad["request_refused"]["file"], found.bad["request_refused"]["line"]) == (
        str(kit.parmcom),
        5,
    )


# Secret keys


def test_an_installation_on_paypage_is_sound(kit: Kit) -> None:
    kit.speak_paypage()
    found = kit.check()
    assert (found.status, found.bad) == (0, {})
    assert found.well >= {"key", "key_before", "certificate_former", "sealed", "address"}
    assert "certificate_own" not in found.well
    for path in kit.conf.glob("certif.*"):
        path.unlink()
    kit.change(kit.pathfile, "F_CERTIFICATE")
    assert kit.check().bad == {}


@pytest.mark.parametrize("keyword", ["PAYPAGE_URL", "PAYPAGE_KEY"])
def test_a_keyword_that_paypage_needs(kit: Kit, keyword: str) -> None:
    kit.speak_paypage()
    kit.change(kit.pathfile, keyword)
    kit.change(kit.pathfile, "F_CERTIFICATE")
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["keyword_absent"])
    assert found.bad["keyword_absent"]["do"] == f"Add the line {keyword}!value!"


def test_missing_secret_key(kit: Kit) -> None:
    kit.speak_paypage()
    kit.key.rename(f"{kit.key}.txt")
    found = kit.check()
    assert (found.status, found.bad["key_misnamed"]["file"]) == (1, str(kit.key))
    assert f"but there is {kit.key.name}.txt" in found.bad["key_misnamed"]["saw"]
    Path(f"{kit.key}.txt").unlink()
    kit.key.with_suffix(f".{MERCHANT}.old").unlink()
    assert "Paste the key from the bank's extranet" in kit.check().bad["key_missing"]["do"]
    kit.key.mkdir()
    assert kit.check().bad["not_a_file"]["file"] == str(kit.key)


@pytest.mark.parametrize(("value", "name"), [("conf/key", "relative"), ("/nowhere/key", "leads_nowhere")])
def test_a_path_of_keys_that_leads_elsewhere(kit: Kit, value: str, name: str) -> None:
    kit.speak_paypage()
    kit.change(kit.pathfile, "PAYPAGE_KEY", value)
    found = kit.check().bad
    assert (list(found), found[name]["line"] > 0) == ([name], True)


@pytest.mark.parametrize(
    ("content", "name", "saw"),
    [
        (b"", "key_empty", "it holds no secret key"),
        (b" \n", "key_empty", "it holds no secret key"),
        (b"# ours\nhunter2\n", "key_lines", "2 lines, where a secret key is one"),
        (b"hunter2 \n", "key_spaces", "a space before, in or after the key"),
        (b"\thunter2", "key_spaces", "a space before, in or after the key"),
        (b"\xef\xbb\xbfhunter2\n", "byte_order_mark", "byte order mark (BOM)"),
    ],
)
def test_a_secret_key_that_is_not_one_line(kit: Kit, content: bytes, name: str, saw: str) -> None:
    kit.speak_paypage()
    kit.put(kit.key, content)
    found = kit.check()
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)
    assert found.bad[name]["file"] == str(kit.key)
    result = kit.run()
    assert "hunter2" not in result.stdout + result.stderr


def test_the_remedy_for_spaces_in_a_key_takes_them_out(kit: Kit) -> None:
    kit.speak_paypage()
    kit.put(kit.key, b" hunter 2\t\n")
    remedy = kit.check().bad["key_spaces"]["do"].partition(": ")[2]
    subprocess.run(remedy, shell=True, check=True)
    assert kit.key.read_bytes() == b"hunter2\n"
    assert kit.check().bad == {}


@pytest.mark.parametrize("mode", [0o644, 0o642, 0o641])
@pytest.mark.parametrize("old", [False, True])
def test_secret_key_that_everybody_may_read(kit: Kit, mode: int, old: bool) -> None:
    kit.speak_paypage()
    key = kit.conf / f"{kit.key.name}.old" if old else kit.key
    key.chmod(mode)
    found = kit.check()
    assert (found.status, found.bad["open_to_all"]["file"]) == (1, str(key))
    assert f"open to everybody on the machine (mode {mode:o}" in found.bad["open_to_all"]["saw"]
    subprocess.run(found.bad["open_to_all"]["do"], shell=True, check=True)
    assert kit.check().bad == {}


def test_a_secret_key_that_the_web_server_cannot_read(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.speak_paypage()
    kit.key.chmod(0o600)
    assert kit.check().bad["not_readable"]["file"] == str(kit.key)


@pytest.mark.parametrize("protocol", ["sips", "paypage"])
def test_rights_of_the_other_protocols_secrets_are_checked(kit: Kit, protocol: str) -> None:
    kit.speak_paypage()
    kit.change(kit.pathfile, "PROTOCOL", protocol)
    former = kit.key if protocol == "sips" else kit.certificate
    former.chmod(0o644)
    found = kit.check().bad
    assert (list(found), found["open_to_all"]["file"]) == (["open_to_all"], str(former))
    kit.put(former, b"neither a key nor\na certificate")
    name = "key_former" if protocol == "sips" else "certificate_former"
    again = kit.check()
    assert (again.bad, name in again.well) == ({}, True)


@pytest.mark.parametrize(
    ("url", "name", "level", "saw"),
    [
        ("payment.example/paymentInit", "address_malformed", "fault", "PAYPAGE_URL is no address"),
        ("https://payment.example/pay;Init", "address_malformed", "fault", "PAYPAGE_URL is no address"),
        ("http://payment.example/paymentInit", "server_in_clear", "fault", "PAYPAGE_URL is not https"),
        (TESTS, "server_for_tests", "warning", "the bank's server for tests, where nobody is charged"),
    ],
)
def test_wrong_address_of_paypage(kit: Kit, url: str, name: str, level: str, saw: str) -> None:
    kit.open_shop()
    kit.speak_paypage(url)
    found = kit.check().bad[name]
    assert (found["file"], found["line"] > 0) == (f"{kit.root}/cgi-bin/pathfile", True)
    assert (found["level"], saw in found["saw"]) == (level, True)


def test_paypage_in_production(kit: Kit) -> None:
    kit.open_shop()
    kit.speak_paypage(PRODUCTION)
    found = kit.check()
    assert (found.status, set(found.bad)) == (1, {"key_public"})
    assert "the key of the bank's test shops, which is published" in found.bad["key_public"]["saw"]
    for merchant in (MERCHANT, ENROLLED):
        kit.put(kit.conf / f"key.{merchant}", b"a-key-that-the-extranet-gave_0123456789abcde\n")
    assert kit.check().bad == {}
    kit.change(kit.pathfile, "DEBUG", "YES")
    assert kit.check().bad["debug_on"]["level"] == "fault"
    kit.change(kit.pathfile, "DEBUG", "NO")
    kit.change(kit.parmcom, "RETURN_URL", "https://localhost/return")
    assert kit.check().bad["address_local"]["line"] == 2


def test_the_banks_server_for_tests_left_in_production(kit: Kit) -> None:
    kit.open_shop()
    kit.speak_paypage(TESTS)
    assert kit.check().status == 0
    kit.put(kit.key, b"a-key-that-the-extranet-gave_0123456789abcde\n")
    found = kit.check()
    assert (found.status, found.bad["key_in_tests"]["file"]) == (1, str(kit.key))
    assert f"PAYPAGE_URL!{PRODUCTION}!" in found.bad["key_in_tests"]["do"]


def test_an_address_that_paypage_does_not_send(kit: Kit) -> None:
    kit.speak_paypage()
    kit.change(kit.parmcom, "CANCEL_URL", "http://127.0.0.1:8/cancelled")
    found = kit.check().bad
    assert (list(found), found["address_unsent"]["line"]) == (["address_unsent"], 3)


def test_a_parameter_that_paypage_cannot_send(kit: Kit) -> None:
    kit.speak_paypage()
    kit.add(kit.parmcom, "RETURN_CONTEXT!a|amount=1!\n")
    found = kit.check()
    assert (found.status, "returnContext holds a |" in found.bad["request_refused"]["saw"]) == (1, True)
    assert found.bad["request_refused"]["line"] == 5


# Addresses, logos


@pytest.mark.parametrize(
    ("url", "name", "saw"),
    [
        ("shop.example/return", "address_malformed", "RETURN_URL is not a web address"),
        ("http://shop.example/a b", "address_malformed", "RETURN_URL is not a web address"),
        ("http://shop.example:http/", "address_malformed", "RETURN_URL is not a web address"),
        (
            "http://localhost/return",
            "address_local",
            "which neither customers nor the payment server can reach",
        ),
        (
            "http://127.0.0.1/return",
            "address_local",
            "which neither customers nor the payment server can reach",
        ),
        (
            "http://192.168.1.7/return",
            "address_local",
            "which neither customers nor the payment server can reach",
        ),
        ("http://shop.example/return", "address_in_clear", "RETURN_URL is not https"),
        ("", "address_absent", "RETURN_URL is not set"),
    ],
)
def test_a_wrong_address_in_production(kit: Kit, url: str, name: str, saw: str) -> None:
    kit.as_a_banks()
    kit.open_shop()
    assert kit.check().bad == {}
    kit.parmcom.write_text(re.sub("RETURN_URL!.*!", f"RETURN_URL!{url}!", kit.parmcom.read_text(), count=1))
    found = kit.check().bad
    assert list(found) == [name]
    assert saw in found[name]["saw"]


def test_a_public_shop_whose_payments_stay_on_this_machine(kit: Kit) -> None:
    kit.open_shop()
    for protocol in ("sips", "paypage"):
        found = kit.check()
        assert (found.status, list(found.bad)) == (1, ["server_local"]), protocol
        assert "but payments go to http://127.0.0.1:9/payment" in found.bad["server_local"]["saw"]
        kit.speak_paypage()


def test_missing_logo(kit: Kit) -> None:
    (kit.root / "logos" / "AMEX.svg").unlink()
    found = kit.check()
    assert (found.status, "no picture for AMEX" in found.bad["logo_as_text"]["saw"]) == (0, True)
    kit.pathfile.write_text(kit.pathfile.read_text().replace("LOGO_TYPE!svg!\n", ""))
    found = kit.check()
    assert (found.status, "customers see a broken one" in found.bad["logo_missing"]["saw"]) == (1, True)


def test_a_means_or_an_address_of_logos_that_is_misspelled(kit: Kit) -> None:
    kit.add(kit.parmcom, "PAYMENT_MEANS!CB,1,VISSA,1!\n")
    assert "Did you mean VISA?" in kit.check().bad["means_misspelled"]["do"]
    kit.change(kit.pathfile, "D_LOGO", "/logos")
    found = kit.check().bad["logo_address"]
    assert (found["line"], "pictures are expected at /logosCB" in found["saw"]) == (5, True)


# Templates, the shop's part of the scripts


@pytest.mark.parametrize(
    ("template", "added", "name", "saw"),
    [
        ("call_request.html", b"{% if %}", "template_syntax", "has a syntax error: Expected an expression"),
        ("debug.html", b"{{ title | upside_down }}", "template_syntax", "No filter named 'upside_down'"),
        ("base.html", b"<p>Termin\xe9</p>", "not_utf8", "the line is not UTF-8"),
        ("form.html", b"{{ total }}", "template_fails", "UndefinedError: 'total' is undefined"),
        ("debug.html", b"{{ 1 / 0 }}", "template_fails", "ZeroDivisionError: division by zero"),
        ("base.html", b'{% include "footer.html" %}', "template_fails", "TemplateNotFound: 'footer.html' not found"),
    ],
)  # fmt: skip
def test_a_template_that_makes_no_page(kit: Kit, template: str, added: bytes, name: str, saw: str) -> None:
    path = kit.root / "templates" / template
    content = path.read_bytes()
    kit.put_own(path, content + added)
    found = kit.check()
    assert (found.status, list(found.bad), saw in found.bad[name]["saw"]) == (1, [name], True)
    assert (found.bad[name]["file"], found.bad[name]["line"]) == (str(path), content.count(b"\n") + 1)


def test_missing_or_unreadable_template(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    templates = kit.root / "templates"
    assert {path.name for path in templates.iterdir() if path.is_file()} == set(pages.NAMES)
    (templates / "error.html").unlink()
    kit.put_own(templates / "style.css", b"")
    (templates / "style.css").chmod(0o600)
    found = kit.check().bad
    assert (set(found), found["template_missing"]["file"], found["not_readable"]["file"]) == (
        {"template_missing", "not_readable"},
        str(templates / "error.html"),
        str(templates / "style.css"),
    )


def test_script_that_names_a_merchant_without_parameters_is_a_fault(kit: Kit) -> None:
    path = kit.root / "cgi-bin" / "call_request.py"
    before = path.read_text()
    path.write_text(before.replace(f'"{MERCHANT}"', '"014213245611119"'))
    [line] = [n for n, text in enumerate(before.splitlines(), 1) if f'"{MERCHANT}"' in text]
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["merchant_unknown"])
    assert found.bad["merchant_unknown"]["line"] == line
    assert "014213245611119 looks like a merchant_id" in found.bad["merchant_unknown"]["saw"]


def test_payments_that_one_script_makes_and_the_other_ignores_are_a_fault(kit: Kit) -> None:
    kit.add(kit.root / "cgi-bin" / "call_autoresponse.py", f'\nMERCHANT_ID = "{ENROLLED}"\n')
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["merchant_not_recorded"])
    assert MERCHANT in found.bad["merchant_not_recorded"]["saw"]


def type_remedy(do: str) -> None:
    """Type what a check says to do, as it is printed."""
    subprocess.run(["sh", "-c", do], check=True, stdout=subprocess.DEVNULL)


def test_lost_orders_of_the_shop_are_a_fault(kit: Kit) -> None:
    (kit.data / "shop.db").unlink()
    found = kit.check()
    assert (found.status, list(found.bad)) == (1, ["order_fails"])
    assert "OperationalError: unable to open database file" in found.bad["order_fails"]["saw"]


def test_orders_that_the_web_server_cannot_read_are_a_fault(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    shutil.chown(kit.data / "shop.db", "root", "root")
    (kit.data / "shop.db").chmod(0o600)
    assert kit.check().bad["order_fails"]["level"] == "fault"


def test_script_that_cannot_be_loaded_is_a_fault(kit: Kit) -> None:
    script = kit.root / "cgi-bin" / "call_request.py"
    script.write_text(script.read_text().replace("import sqlite3", "import sqlite3, no_such_module"))
    assert "ModuleNotFoundError" in kit.check().bad["order_fails"]["saw"]


def test_trying_a_form_registers_nothing(kit: Kit) -> None:
    assert "shop" in kit.check().well
    assert not (kit.data / "ledger.db").exists()


def test_strict_counts_warnings(kit: Kit) -> None:
    kit.add(kit.pathfile, "SOMETHING!x!\n")
    assert (kit.check().status, kit.check("--strict").status) == (0, 1)


def test_quiet_json_has_faults_and_warnings_only(kit: Kit) -> None:
    kit.add(kit.pathfile, "SOMETHING!x!\n")
    assert {f["level"] for f in kit.check("--quiet").answer["findings"]} == {"warning"}


def test_debug_mode_of_a_public_shop_is_a_fault(kit: Kit) -> None:
    kit.change(kit.pathfile, "DEBUG", "YES")
    assert kit.check().bad["debug_on"]["level"] == "warning"
    kit.open_shop()
    assert kit.check().bad["debug_on"]["level"] == "fault"


def test_damaged_ledger_is_mended_by_the_remedy_as_printed(kit: Kit) -> None:
    kit.record()
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (kit.data / name).unlink(missing_ok=True)
    (kit.data / "ledger.db").write_bytes(os.urandom(5000))
    found = kit.check()
    assert found.status == 1
    type_remedy(found.bad["ledger_damaged"]["do"])
    assert kit.check().bad == {}


def test_data_of_root_are_given_to_the_web_server_by_one_remedy(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    shutil.chown(kit.data, "root", "root")
    kit.data.chmod(0o700)
    found = kit.check("--user", web_user())
    remedies = {
        finding["do"]
        for finding in found.answer["findings"]
        if finding["file"] == str(kit.data) and finding["do"]
    }
    assert len(remedies) == 1
    type_remedy(remedies.pop())
    assert kit.check("--user", web_user()).status == 0


# Ledger and journal


def test_a_ledger_in_use_is_well(kit: Kit) -> None:
    kit.record()
    found = kit.check()
    assert (found.status, found.bad) == (0, {})
    assert found.well >= {"ledger", "journal"}


def test_pending_notifications_are_a_fault(kit: Kit) -> None:
    kit.record(ACCEPTED)
    assert kit.check().bad == {}  # a moment ago: the script may be at it
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger, ledger:
        ledger.execute("UPDATE sogenactif_response SET received = '2026-01-01T00:00:00'")
    found = kit.check()
    assert (found.status, found.bad["not_notified"]["saw"]) == (
        1,
        "outcomes of which the shop was not notified: 1",
    )
    assert "sogenactif replay" in found.bad["not_notified"]["do"]


def test_lines_that_only_the_journal_has(kit: Kit) -> None:
    kit.record(ACCEPTED)
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger, ledger:
        ledger.execute("DELETE FROM sogenactif_response")
    assert kit.check().bad["unentered"]["saw"] == "lines that the ledger lacks: 1"


def test_missing_ledger_with_a_journal(kit: Kit) -> None:
    kit.record()
    for path in kit.data.glob("ledger.db*"):
        path.unlink()
    found = kit.check()
    assert (found.status, found.bad["ledger_gone"]["saw"]) == (1, "it is missing, though its journal exists")
    assert not (kit.data / "ledger.db").exists()


def test_a_ledger_of_another_kit_or_emptied(kit: Kit) -> None:
    kit.record()
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger:
        ledger.execute("PRAGMA user_version = 99")
    assert "made by a newer kit (schema 99" in kit.check().bad["ledger_newer"]["saw"]
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger:
        ledger.execute("PRAGMA user_version = 0")
    assert "it is missing" in kit.check().bad["ledger_gone"]["saw"]


def test_a_ledger_of_an_older_kit_is_brought_up_to_date_by_the_next_payment(kit: Kit) -> None:
    kit.record()
    with closing(sqlite3.connect(kit.data / "ledger.db")) as ledger:
        ledger.execute(f"PRAGMA user_version = {len(MIGRATIONS) - 1}")
    found = kit.check()
    assert (found.bad, "ledger_older" in found.well) == ({}, True)


def test_a_ledger_or_a_journal_of_another_kind(kit: Kit) -> None:
    (kit.data / "ledger.db").mkdir()
    found = kit.check().bad
    assert (list(found), found["not_a_file"]["file"]) == (["not_a_file"], f"{kit.data}/ledger.db")
    (kit.data / "ledger.db").rmdir()
    (kit.data / "journal").touch()
    found = kit.check().bad
    assert (list(found), found["not_a_folder"]["file"]) == (["not_a_folder"], f"{kit.data}/journal")


@pytest.mark.parametrize(
    ("options", "name", "saw"),
    [("size=64k", "disk_full", "free on its disk: 0 MiB"), ("ro", "disk_read_only", "its disk is read-only")],
)
def test_a_disk_that_takes_no_journal(kit: Kit, options: str, name: str, saw: str) -> None:
    need(os.getuid() == 0, "root, to mount a disk,")
    owner = pwd.getpwnam(web_user()).pw_uid
    mount = f"mount -t tmpfs -o {options},mode=700,uid={owner} tmpfs {kit.data}"
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", f"{mount}; exec {kit.root}/bin/sogenactif check --json"],
        capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )  # fmt: skip
    found = Found(result.returncode, json.loads(result.stdout))
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)


def test_ledger_file_is_not_a_database(kit: Kit) -> None:
    (kit.data / "ledger.db").write_text("not a database, but long enough to be read as one" * 100)
    if os.getuid() == 0:
        shutil.chown(kit.data / "ledger.db", web_user(), web_user())
    assert "not a database" in kit.check().bad["ledger_damaged"]["saw"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("LEDGER!sqlite://ledger.db!", "ledger_malformed"),
        ("LEDGER!postgresql://h/d!", "keyword_absent"),
        ("LEDGER!sqlite:////nowhere/ledger.db!", "leads_nowhere"),
        ("LEDGER!postgresql://kit:hunter2@127.0.0.1:1/d!\nJOURNAL!{}/journal!", "ledger_fails"),
    ],
)
def test_invalid_ledger_address(kit: Kit, line: str, name: str) -> None:
    text = re.sub("LEDGER!.*!", line.format(kit.data), kit.pathfile.read_text())
    kit.pathfile.write_text(text)
    result = kit.run("--json")
    assert name in {finding["name"] for finding in json.loads(result.stdout)["findings"]}
    assert "hunter2" not in result.stdout


@pytest.mark.postgresql
def test_a_ledger_in_postgresql_is_left_as_it_is(kit: Kit, postgresql_url: str) -> None:
    assert [schema_version(postgresql_url), schema_version(postgresql_url)] == [0, 0]
    text = re.sub(
        "LEDGER!.*!", f"LEDGER!{postgresql_url}!\nJOURNAL!{kit.data}/journal!", kit.pathfile.read_text()
    )
    kit.pathfile.write_text(text)
    kit.record()
    assert schema_version(postgresql_url) == len(MIGRATIONS)


def test_a_journal_whose_path_depends_on_where_a_program_is_started(kit: Kit) -> None:
    kit.add(kit.pathfile, "JOURNAL!journal!\n")
    found = kit.check()
    assert (found.status, found.bad["relative"]["line"]) == (1, 18)
    assert "JOURNAL is journal, which depends on where" in found.bad["relative"]["saw"]


def test_no_ledger_is_no_fault(kit: Kit) -> None:
    kit.change(kit.pathfile, "LEDGER")
    found = kit.check()
    assert (found.bad, "no_ledger" in found.well) == ({}, True)


def test_paypage_without_a_ledger_is_a_warning(kit: Kit) -> None:
    kit.change(kit.pathfile, "LEDGER")
    kit.speak_paypage()
    found = kit.check()
    assert (found.status, list(found.bad)) == (0, ["ledger_needed"])
    assert "caddie is lost" in found.bad["ledger_needed"]["saw"]


def test_a_ledger_that_the_web_server_cannot_write(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.record()
    os.chown(kit.data / "ledger.db", 0, 0)
    found = kit.check()
    assert (found.status, found.bad["not_writable"]["file"]) == (1, str(kit.data / "ledger.db"))
    assert f"chown {web_user()}" in found.bad["not_writable"]["do"]


def test_a_journal_that_the_web_server_cannot_write(kit: Kit) -> None:
    need(os.getuid() == 0, "root, whose files aren't the web server's,")
    kit.record()
    [day] = (kit.data / "journal").iterdir()
    os.chown(day, 0, 0)
    assert kit.check().bad["not_writable"]["file"] == str(day)
    os.chown(kit.data / "journal", 0, 0)
    assert kit.check("--user", web_user()).bad["not_writable"]["file"] == str(kit.data / "journal")


@pytest.mark.parametrize("name", ["ledger.db", "journal/20261123.jsonl"])
def test_customers_data_that_everybody_reads(kit: Kit, name: str) -> None:
    kit.record()
    (kit.data / name).chmod(0o644)
    found = kit.check()
    assert (found.status, found.bad["open_to_all"]["file"]) == (1, str(kit.data / name))


def test_events_for_a_syslog(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.add(kit.pathfile, "LOG!syslog!\n")
    monkeypatch.setattr(records, "SYSLOG", f"{kit.folder}/log")
    [found] = records.log(Site(read_pathfile(str(kit.pathfile))))
    assert (found.level, found.name, found.line) == ("warning", "syslog_unreachable", 18)
    assert found.values["error"] == "No such file or directory"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as taker:
        taker.bind(f"{kit.folder}/log")
        assert [found.name for found in records.log(Site(read_pathfile(str(kit.pathfile))))] == ["syslog"]


def test_a_password_in_a_pathfile_that_everybody_reads(kit: Kit) -> None:
    kit.add(kit.pathfile, f"LEDGER!postgresql://kit:hunter2@127.0.0.1:1/d!\nJOURNAL!{kit.data}/journal!\n")
    kit.pathfile.chmod(0o644)
    assert kit.check().bad["open_to_all"]["file"] == f"{kit.root}/cgi-bin/pathfile"


# Python, the clock


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("#!/usr/bin/python9.9\n", "no_interpreter"),
        ("#!/bin/cat\n", "no_interpreter"),
        ("#!/usr/bin/python3\r\n", "script_carriage_return"),
        ("# a script\n", "script_unnamed"),
    ],
)
def test_a_script_that_no_interpreter_runs(kit: Kit, first: str, name: str) -> None:
    script = kit.root / "cgi-bin" / "call_request.py"
    lines = script.read_text().splitlines(keepends=True)
    script.write_bytes("".join([first, *lines[1:]]).encode())
    found = kit.check()
    assert (found.status, found.bad[name]["file"], found.bad[name]["line"]) == (1, str(script), 1)


def test_a_script_that_is_not_executable_or_not_there(kit: Kit) -> None:
    (kit.root / "cgi-bin" / "call_request.py").chmod(0o644)
    (kit.root / "cgi-bin" / "call_response.py").unlink()
    found = kit.check().bad
    assert found["script_not_executable"]["do"] == f"chmod 755 {kit.root}/cgi-bin/call_request.py"
    assert "the script is missing" in found["script_missing"]["saw"]


def test_a_script_that_cannot_be_understood(kit: Kit) -> None:
    script = kit.root / "cgi-bin" / "call_request.py"
    number = len(script.read_text().splitlines()) + 1
    kit.add(script, "def price(:\n")
    found = kit.check()
    assert (found.status, found.bad["script_syntax"]["file"]) == (1, str(script))
    assert found.bad["script_syntax"]["line"] == number


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        (
            ".sogenactif",
            "Run ./install.sh apache again, with the same options, in the kit that you unpacked.",
        ),
        ("install.sh", "./install.sh, with this Python"),
    ],
)
def test_missing_dependencies(kit: Kit, file: str, remedy: str) -> None:
    shutil.rmtree(kit.root / "lib" / "packages")
    (kit.root / ".sogenactif").rename(kit.root / file)
    found = kit.check()
    assert (found.status, [f["do"] for f in found.answer["findings"]]) == (1, [remedy])
    assert "can't import Crypto.Cipher.DES" in found.answer["findings"][0]["saw"]


def test_a_python_that_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 3.9\n")
    old.chmod(0o755)
    for script in machine.SCRIPTS:
        (tmp_path / script).write_text(f"#!{old}\n")
        (tmp_path / script).chmod(0o755)
    found = [finding for finding in machine.python(str(tmp_path)) if finding.name == "old_python"]
    assert [finding.values["version"] for finding in found] == ["3.9"] * 3


def test_the_time_in_paris_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    assert machine.paris() == []
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath([])
    monkeypatch.setitem(sys.modules, "tzdata", None)
    try:
        assert [finding.name for finding in machine.paris()] == ["no_paris"]
    finally:
        zoneinfo.reset_tzpath()


@pytest.mark.parametrize(("ahead", "name"), [(0, "clock"), (3600, "clock_wrong")])
def test_the_clock_beside_that_of_the_payment_server(kit: Kit, ahead: int, name: str) -> None:
    from email.utils import formatdate
    from time import time

    def server(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [("Date", formatdate(time() + ahead, usegmt=True))])
        return []

    with serving(server) as address:
        kit.issue(f"{address}/payment")
        found = kit.check()
    said = {
        finding["name"]: finding["saw"] for finding in found.answer["findings"] if finding["check"] == "clock"
    }
    assert list(said) == [name]
    [seconds] = re.findall(r"[+-]\d+(?= s)", said[name])
    assert abs(int(seconds) + ahead) <= 5


# The web server


class Served(NamedTuple):
    kit: Kit
    apache: str
    shop: str


@pytest.fixture
def start(kit: Kit) -> Iterator[Any]:
    """Starts the kit on Apache, with more configuration before it, and the shop with its payment server."""
    with ExitStack() as stack:

        def serve(more: str = "", included: bool = True, **paypage: str) -> Served:
            ports = free_port(), free_port()
            shop_address, apache_address = (f"http://127.0.0.1:{port}" for port in ports)
            for path in kit.conf.glob("parmcom.0*"):
                path.write_text(path.read_text().replace("http://127.0.0.1:8/", f"{apache_address}/"))
            for merchant in (MERCHANT, ENROLLED):
                path = kit.conf / f"certif.fr.{merchant}.php"
                kit.put(path, issue_certificate(f"{shop_address}/payment", merchant))
            if paypage:
                kit.speak_paypage(f"{shop_address}/payment/paymentInit", **paypage)
            pathfile = read_pathfile(str(kit.pathfile))
            shop = Shop(str(kit.data / "shop.db"), pathfile)
            payment = PaymentServer(pathfile, str(kit.folder / "payment.db"))
            stack.callback(payment.close)
            stack.enter_context(serving(_mounted(shop, payment), ports[0]))
            include = f"Include {kit.folder}/kit.conf\n" if included else ""
            stack.enter_context(apache(kit.folder, ports[1], more.format(kit.root) + include))
            return Served(kit, apache_address, shop_address)

        yield serve


def _mounted(shop: Application, payment: Application) -> Application:
    def application(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        path = environ["PATH_INFO"]
        if path.startswith("/payment/"):
            return payment({**environ, "SCRIPT_NAME": "/payment", "PATH_INFO": path[8:]}, start_response)
        return shop(environ, start_response)

    return application


def place_order(kit: Kit, amount: int = 650) -> str:
    """An order of the shop, as its database holds it."""
    with closing(sqlite3.connect(kit.data / "shop.db")) as shop, shop:
        shop.execute(
            "INSERT INTO orders (reference, amount, language, placed) VALUES ('CHECK1', ?, 'en', '2026-11-23')",
            [amount],
        )
    return "CHECK1"


def test_an_installation_on_apache_is_sound(start: Any) -> None:
    served = start()
    found = served.kit.check("--url", served.apache)
    assert (found.status, found.bad) == (0, {})
    assert found.well >= {"script_runs", "logos_served", "clock"}
    assert found.answer["skipped"] == ["payment"]


def test_a_web_server_that_shows_the_source(start: Any) -> None:
    served = start(
        'Alias "/cgi-bin/" "{0}/cgi-bin/"\n<Directory "{0}/cgi-bin">\nRequire all granted\n</Directory>\n'
        'Alias "/logos/" "{0}/logos/"\n<Directory "{0}/logos">\nRequire all granted\n</Directory>\n',
        included=False,
    )
    found = served.kit.check("--url", served.apache)
    assert found.status == 1
    assert "SHOWS EVERYBODY THE SOURCE OF THE SCRIPT" in found.bad["source_served"]["saw"]
    assert "Turn CGI on" in found.bad["source_served"]["do"]
    assert "SHOWS EVERYBODY THE PATHFILE" in found.bad["configuration_served"]["saw"]
    assert "F_CERTIFICATE!" not in served.kit.run("--url", served.apache).stdout


def test_a_web_server_that_shows_secret_keys(start: Any) -> None:
    folder = 'Alias "/var/" "{0}/var/"\n<Directory "{0}/var">\nRequire all granted\n</Directory>\n'
    served = start(folder, MEANS="shop")
    found = served.kit.check("--url", served.apache)
    assert (found.status, set(found.bad)) == (1, {"configuration_served", "key_served"})
    assert (
        f"{served.apache}/var/conf/key.{ENROLLED} SHOWS EVERYBODY A SECRET KEY"
        in found.bad["key_served"]["saw"]
    )
    assert "_KEY1" not in served.kit.run("--url", served.apache).stdout


def test_a_web_server_that_does_not_know_the_kit(start: Any) -> None:
    served = start(included=False)
    found = served.kit.check("--url", served.apache)
    assert (found.status, "(403): CGI is off, or access denied" in found.bad["script_forbidden"]["saw"]) == (
        1,
        True,
    )
    assert "is not a picture (40" in found.bad["logo_not_served"]["saw"]


def test_a_web_server_that_does_not_run_scripts(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "MODULES", serving_module.MODULES.replace("cgid ", ""))
    served = start()
    found = served.kit.check("--url", served.apache)
    assert (found.status, set(found.bad)) == (1, {"script_forbidden"})
    assert "a2enmod cgid, then restart Apache" in found.bad["script_forbidden"]["do"]


def test_a_host_that_is_not_the_shops(start: Any) -> None:
    served = start(
        '<Directory "{0}">\nRequire all granted\n</Directory>\nDocumentRoot "{0}/logos"\n', included=False
    )
    found = served.kit.check("--url", served.apache)
    assert (found.status, "is not found (404)" in found.bad["script_not_found"]["saw"]) == (1, True)
    assert "a2enconf 00-sogenactif" in found.bad["script_not_found"]["do"]
    assert "this address may be another host's" in found.bad["script_not_found"]["do"]


def test_a_script_that_fails_on_the_web_server(start: Any) -> None:
    served = start()
    script = served.kit.root / "cgi-bin" / "call_request.py"
    script.write_text(script.read_text().replace("import os", "import nothing_of_that_name", 1))
    found = served.kit.check("--url", served.apache)
    assert found.status == 1
    saw = [finding["saw"] for finding in found.answer["findings"] if finding["name"] == "script_fails"]
    assert f"{served.apache}/cgi-bin/call_request.py fails (500)" in saw


def test_something_else_at_the_address(kit: Kit) -> None:
    def server(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<p>Hello</p>"]

    with serving(server) as address:
        found = kit.check("--url", address)
    assert "answers 200 where the kit answers" in found.bad["script_not_run"]["saw"]
    assert "is not a picture (200, text/html)" in found.bad["logo_not_served"]["saw"]


def test_nothing_at_the_address(kit: Kit) -> None:
    found = kit.check("--url", f"http://127.0.0.1:{free_port()}")
    assert (found.status, "does not answer (Connection refused)" in found.bad["no_answer"]["saw"]) == (
        1,
        True,
    )


def _answering(status: str, *headers: tuple[str, str]) -> Application:
    def server(environ: Environ, start_response):  # type: ignore[no-untyped-def]
        start_response(status, [("Content-Type", "text/html"), *headers])
        return [b"<p>Thank you</p>"]

    return server


@pytest.mark.parametrize("keyword", ["RETURN_URL", "AUTO_RESPONSE_URL"])
@pytest.mark.parametrize(
    ("status", "name", "level", "saw"),
    [
        ("404 Not Found", "address_not_served", "fault", "/shop/paid, which answers 404"),
        ("500 Error", "address_not_served", "fault", "/shop/paid, which answers 500"),
        ("301 Moved", "address_redirects", "fault", "which redirects to http://127.0.0.1:"),
        ("200 OK", "address_unknown", "warning", "where something else than the kit's script answers (200)"),
    ],
)
def test_an_address_where_the_kit_does_not_answer(
    start: Any, keyword: str, status: str, name: str, level: str, saw: str
) -> None:
    served = start()
    at = f"{served.apache}/cgi-bin/call_request.py"
    with serving(_answering(status, ("Location", at))) as other:
        served.kit.change(served.kit.parmcom, keyword, f"{other}/shop/paid")
        found = served.kit.check("--url", served.apache)
    assert (found.status, list(found.bad)) == (int(level == "fault"), [name])
    assert (found.bad[name]["file"], found.bad[name]["level"]) == (str(served.kit.parmcom), level)
    assert found.bad[name]["saw"].startswith(f"{keyword} is {other}") and saw in found.bad[name]["saw"]


def test_an_address_where_nothing_answers_or_the_kit_with_more(start: Any) -> None:
    served = start()
    served.kit.change(served.kit.parmcom, "AUTO_RESPONSE_URL", f"http://127.0.0.1:{free_port()}/told")
    found = served.kit.check("--url", served.apache)
    assert (found.status, list(found.bad), found.bad["no_answer"]["line"]) == (1, ["no_answer"], 4)
    again = f"{served.apache}/cgi-bin/call_autoresponse.py?shop=1"
    served.kit.change(served.kit.parmcom, "AUTO_RESPONSE_URL", again)
    found = served.kit.check("--url", served.apache)
    assert (found.bad, "address_served" in found.well) == ({}, True)


def test_scripts_that_were_mixed_up(kit: Kit) -> None:
    kit.change(kit.parmcom, "AUTO_RESPONSE_URL", "http://127.0.0.1:8/cgi-bin/call_response.py")
    found = kit.check()
    assert (found.status, list(found.bad), found.bad["address_of_another"]["line"]) == (
        1,
        ["address_of_another"],
        4,
    )
    assert (
        found.bad["address_of_another"]["saw"]
        == "AUTO_RESPONSE_URL leads to call_response.py instead of call_autoresponse.py"
    )


def test_a_script_that_cannot_be_understood_is_named_beside_what_the_web_server_answers(start: Any) -> None:
    served = start()
    script = served.kit.root / "cgi-bin" / "call_request.py"
    number = len(script.read_text().splitlines()) + 1
    served.kit.add(script, "def price(:\n")
    found = served.kit.check("--url", served.apache).bad
    assert set(found) == {"script_syntax", "script_fails"}
    assert (found["script_syntax"]["file"], found["script_syntax"]["line"]) == (str(script), number)


# A payment


def test_a_whole_payment(start: Any) -> None:
    served = start()
    reference = place_order(served.kit)
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert (found.status, found.bad) == (0, {})
    [paid] = [f for f in found.answer["findings"] if f["check"] == "payment"]
    assert paid["saw"] == "transaction 000001 was accepted, and is in the ledger"
    again = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "shows no form for this order (404)" in again.bad["payment_no_order"]["saw"]


@pytest.mark.parametrize("means", ["shop", "server"])
def test_a_whole_payment_on_paypage(start: Any, means: str) -> None:
    served = start(MEANS=means)
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert (found.status, found.bad) == (0, {})
    [paid] = [f for f in found.answer["findings"] if f["check"] == "payment"]
    assert paid["saw"] == "transaction 000001 was accepted, and is in the ledger"


def test_a_payment_whose_automatic_response_is_lost(start: Any) -> None:
    served = start()
    text = served.kit.parmcom.read_text()
    served.kit.parmcom.write_text(
        re.sub("AUTO_RESPONSE_URL!.*!", f"AUTO_RESPONSE_URL!{served.shop}/lost!", text)
    )
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert found.status == 1
    assert "the ledger says waiting" in found.bad["payment_not_notified"]["saw"]
    assert f"{served.shop}/lost" in found.bad["payment_not_notified"]["do"]


def test_a_payment_that_the_payment_server_refuses(start: Any) -> None:
    served = start()
    served.kit.add(served.kit.parmcom, "BGCOLOR!red!\n")
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert "asks for no card (400)" in found.bad["payment_no_entry"]["saw"]


def test_a_payment_without_a_ledger(start: Any) -> None:
    served = start()
    served.kit.change(served.kit.pathfile, "LEDGER")
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert (found.bad, "payment_done" in found.well) == ({}, True)


def _ask_for_3d_secure(served: Served) -> None:
    script = served.kit.root / "cgi-bin" / "call_request.py"
    script.write_text(script.read_text().replace(f'"{MERCHANT}"', f'"{ENROLLED}"'))


def _have_the_bank_unavailable(served: Served) -> None:
    urlopen(f"{served.shop}/payment/console/switches", b"unavailable=1").close()


def _lose_the_way_back(served: Served) -> None:
    served.kit.change(served.kit.parmcom, "RETURN_URL", f"{served.shop}/lost")


def _take_the_certificates_away(served: Served) -> None:
    for path in served.kit.conf.glob("certif.*"):
        path.unlink()


@pytest.mark.parametrize(
    ("break_it", "name", "saw"),
    [
        (_ask_for_3d_secure, "payment_no_receipt", "/payment/card shows no receipt (200)"),
        (_have_the_bank_unavailable, "payment_not_accepted", "is not accepted: refused (response_code 90)"),
        (_lose_the_way_back, "payment_no_return", "/lost answers 404 to the customer who comes back"),
        (_take_the_certificates_away, "payment_unknown", "the address of the payment server is not known"),
    ],
)
def test_a_payment_that_stops_on_its_way(
    start: Any, break_it: Callable[[Served], None], name: str, saw: str
) -> None:
    served = start()
    break_it(served)
    found = served.kit.check("--url", served.apache, "--payment", "--order", place_order(served.kit))
    assert (found.status, saw in found.bad[name]["saw"]) == (1, True)


def test_a_request_that_another_pathfiles_key_sealed(start: Any) -> None:
    served = start(MEANS="shop")
    for merchant in (MERCHANT, ENROLLED):
        served.kit.put(served.kit.conf / f"other.{merchant}", b"another")
    other = served.kit.conf / "pathfile.other"
    served.kit.put(other, served.kit.pathfile.read_bytes())
    served.kit.change(other, "PAYPAGE_KEY", str(served.kit.conf / "other"))
    order = place_order(served.kit)
    found = served.kit.check("--pathfile", str(other), "--url", served.apache, "--payment", "--order", order)
    assert "call_request.py: Invalid message MAC" in found.bad["payment_unsealed"]["saw"]


def test_no_payment_is_ever_tried_against_a_bank(start: Any) -> None:
    served = start()
    reference = place_order(served.kit)
    served.kit.as_a_banks()
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "the check never pays at a bank" in found.bad["payment_bank"]["saw"]
    of_this_kit = issue_certificate("https://payment.invalid/pay", ENROLLED)
    served.kit.put(served.kit.conf / f"certif.fr.{ENROLLED}.php", of_this_kit)
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "the check never pays at a bank" in found.bad["payment_bank"]["saw"]
    served.kit.speak_paypage("https://payment.invalid/paymentInit")
    found = served.kit.check("--url", served.apache, "--payment", "--order", reference)
    assert "the check never pays at a bank" in found.bad["payment_bank"]["saw"]
    assert not (served.kit.data / "ledger.db").exists()
