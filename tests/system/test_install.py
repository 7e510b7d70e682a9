import hashlib
import json
import os
import pwd
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.installation import install
from tests.support.machine import Machine, machine, wait_for
from tests.support.serving import public_folder, web_user
from tests.support.vectors import MERCHANT, ROOT, need

# Prints what a virtual host answers at a path, and the status.
GET = """
import http.client, sys
connection = http.client.HTTPConnection("localhost")
connection.request("GET", sys.argv[2], headers={"Host": sys.argv[1]})
answer = connection.getresponse()
print(answer.read().decode(), answer.status, end="")
"""


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["help"], 0, "./install.sh demo"),
        (["nonsense"], 2, "./install.sh demo"),
        (["apache", "--prefix", "here", "--no-enable"], 1, "here is not an absolute path"),
        (["apache", "--prefix", "/usr/local", "--no-enable"], 1, "/usr/local contains other files"),
        (["apache", "--prefix", str(ROOT), "--no-enable"], 1, "contains this copy of the kit"),
        (["apache", "--prefix", str(ROOT / "lib" / "x"), "--no-enable"], 1, "is inside this copy of the kit"),
        (["apache", "--prefix", "/tmp/a$1b", "--no-enable"], 1, "may contain letters, digits"),
        (["apache", "--config", "/nowhere/x.conf", "--no-enable"], 1, "there is no folder /nowhere"),
        (
            ["apache", "--shop", "shop.example", "--no-enable"],
            1,
            "shop.example is not an http or https address",
        ),
        (["apache", "--payment", "http://bank!/", "--no-enable"], 1, "not an http or https address"),
        (["apache", "--shop"], 1, "--shop needs a value"),
        (["--version"], 0, "Sogenactif payment kit"),
        (["apache", "--what"], 1, "no option --what"),
        (["apache", "--help"], 0, "--uninstall"),
        (["apache", "--config", "/etc/x.conf"], 1, "Apache reads /etc/apache2/conf-available/NAME.conf"),
        (["apache", "--wsgi", "--python", "/usr/bin/env", "--no-enable"], 1, "mod_wsgi runs Debian's"),
        (
            ["apache", "--python", "/usr/bin/env", "--no-enable"],
            1,
            "Using CGI, which starts Python for each page: mod_wsgi runs Debian's /usr/bin/python3, not /usr/bin/env",
        ),
        (["apache", "--logos", "/", "--no-enable"], 1, "// can't be the path of the logos"),
        (["apache", "--logos", "/cgi-bin/x", "--no-enable"], 1, "/cgi-bin/x/ can't be the path of the logos"),
        (["apache", "--site", "../shop", "--no-enable"], 1, "../shop is not the name of a file"),
        (
            ["apache", "--uninstall", "--prefix", "/usr/local", "--no-enable"],
            1,
            "no kit is installed in /usr/local",
        ),
        (["apache", "--python", "/bin/true/python", "--no-enable"], 1, "not Python 3.10 or newer"),
        (["apache", "--user", "nobody-here", "--no-enable"], 1, "no user nobody-here"),
        (["apache", "--user", "nobody", "--no-enable"], 1, "no group nobody"),
        (["release", "--quick"], 1, "release accepts no --quick"),
    ],
)
def test_invalid_arguments_are_reported_with_the_remedy(
    arguments: list[str], status: int, words: str
) -> None:
    if arguments[0] == "apache":
        # Whatever a machine makes of it, nothing is installed.
        arguments = ["apache", "--dry-run", *arguments[1:]]
    result = subprocess.run([ROOT / "install.sh", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == status
    assert words in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Téléchargements/mon kit", "there is no /nowhere/python3"),
        ("a;b", "can't run in"),
        ("a!b", "can't run in"),
        ("$HOME", "can't run in"),
    ],
)
def test_folder_may_contain_spaces_and_accents_but_no_shell_characters(
    tmp_path: Path, name: str, words: str
) -> None:
    root = tmp_path / name
    root.mkdir(parents=True)
    shutil.copy(ROOT / "install.sh", root)
    environment = {**os.environ, "PYTHON": "/nowhere/python3"}
    result = subprocess.run(
        [root / "install.sh"], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert words in result.stderr


@pytest.fixture
def folder() -> Iterator[Path]:
    with public_folder() as folder:
        yield folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def installed_by_an_older_kit(path: Path, content: str = "older") -> None:
    """Note in the kit's list that it installed a file with another content than today's."""
    kit = path.parents[1]
    name = path.relative_to(kit)
    line = f"{hashlib.sha256(content.encode()).hexdigest()}  {name}"
    listed = (kit / ".sogenactif").read_text()
    (kit / ".sogenactif").write_text(re.sub(rf"(?m)^\w+  {re.escape(str(name))}$", line, listed))


def new(path: Path) -> Path:
    """Where an upgrade puts the kit's file beside the shop's own."""
    return path.with_name(f"{path.name}.new")


def test_dry_run_prints_the_steps_and_changes_nothing(folder: Path) -> None:
    said = install(folder, "--dry-run", "--shop", "https://shop.example")
    assert f"put lib/sogenactif in {folder}/kit" in said
    assert "for https://shop.example" in said
    assert 'Alias "/sogenactif/logos/"' in said
    assert said.endswith("Nothing was changed.\n")
    assert not list(folder.iterdir())
    install(folder)
    (folder / "kit" / "cgi-bin" / "call_request.py").write_text("# ours\n")
    (folder / "kit" / "templates" / "style.css").write_text("/* ours */\n")
    before = contents(folder)
    for options in ([], ["--cgi"], ["--uninstall"]):
        said = install(folder, "--dry-run", *options)
        assert contents(folder) == before
    assert "Changed by you, so it stays" in said
    said = install(folder, "--dry-run")
    for name in ("cgi-bin/call_request.py", "templates/style.css"):
        assert f"Changed by you, so it stays: {folder}/kit/{name}\n" in said


def test_upgrade_replaces_unchanged_files(installed_folder: Path) -> None:
    kit = installed_folder / "kit"
    changed, old, style = (
        kit / "cgi-bin" / "call_request.py",
        kit / "cgi-bin" / "call_response.py",
        kit / "templates" / "style.css",
    )
    changed.write_text("# ours\n")
    for path in (old, style):
        path.write_text("old\n")
        installed_by_an_older_kit(path, "old\n")
    install(installed_folder)
    assert changed.read_text() == "# ours\n"
    assert "def next_page" in old.read_text()
    assert style.read_text() == (ROOT / "templates" / "style.css").read_text()
    assert not list(kit.rglob("*.new"))


def test_upgrade_keeps_edited_files_and_writes_new_versions_beside_them(installed_folder: Path) -> None:
    kit = installed_folder / "kit"
    edited = [kit / name for name in ("cgi-bin/call_request.py", "templates/style.css", "logos/CB.svg")]
    for path in edited:
        path.write_text("ours")
    # The same kit again has nothing new to show.
    said = install(installed_folder)
    for path in edited:
        assert f"Changed by you, so it stays: {path}\n" in said
        assert path.read_text() == "ours"
    assert not list(kit.rglob("*.new"))
    for path in edited:
        installed_by_an_older_kit(path)
    assert f"{edited[1]}; the new version is {edited[1]}.new\n" in install(installed_folder, "--dry-run")
    assert not list(kit.rglob("*.new"))
    said = install(installed_folder)
    for path in edited:
        assert f"Changed by you, so it stays: {path}; the new version is {path}.new\n" in said
        assert path.read_text() == "ours"
    assert new(edited[1]).read_bytes() == (ROOT / "templates" / "style.css").read_bytes()
    assert "def order_to_pay" in new(edited[0]).read_text()
    # What the shop takes over is the kit's again, and renewed from then on.
    new(edited[1]).rename(edited[1])
    assert str(edited[1]) not in install(installed_folder)
    said = install(installed_folder, "--uninstall")
    assert not edited[1].exists()
    assert not list(kit.rglob("*.new"))
    assert edited[2].read_text() == "ours"


def test_interrupted_upgrade_is_completed_by_the_next(installed_folder: Path) -> None:
    templates = installed_folder / "kit" / "templates"
    edited, unchanged = templates / "base.html", templates / "error.html"
    edited.write_text("ours")
    unchanged.write_text("older")
    for path in (edited, unchanged):
        installed_by_an_older_kit(path)
    # Nothing can be renamed to this file, the last of its folder.
    obstacle = new(templates / "style.css")
    obstacle.mkdir()
    with pytest.raises(subprocess.CalledProcessError):
        install(installed_folder)
    assert unchanged.read_bytes() == (ROOT / "templates" / "error.html").read_bytes()
    assert sum(line.endswith("  templates/error.html") for line in listed(installed_folder)) == 2
    shutil.rmtree(obstacle)
    said = install(installed_folder)
    assert said.count("Changed by you") == 1
    assert f"Changed by you, so it stays: {edited}; the new version is {new(edited)}\n" in said
    assert edited.read_text() == "ours"
    assert sum(line.endswith("  templates/error.html") for line in listed(installed_folder)) == 1


def listed(folder: Path) -> list[str]:
    """The lines of the kit's list of what it installed."""
    return (folder / "kit" / ".sogenactif").read_text().splitlines()


def test_uninstall_keeps_files_of_the_shop(installed_folder: Path) -> None:
    kit = installed_folder / "kit"
    (kit / "cgi-bin" / "call_request.py").write_text("# ours\n")
    (kit / "logos" / "ours.gif").write_text("ours")
    (kit / "var" / "data" / "ledger.db").write_text("payments")
    before = {name: content for name, content in contents(kit).items() if name.startswith("var/")}
    assert f"var/conf/certif.fr.{MERCHANT}.php" in before
    said = install(installed_folder, "--uninstall")
    assert f"Changed by you, so it stays: {kit}/cgi-bin/call_request.py" in said
    assert not (installed_folder / "kit.conf").exists()
    left = contents(kit)
    assert left == {
        **before, ".sogenactif": b"", "cgi-bin/call_request.py": b"# ours\n", "logos/ours.gif": b"ours"
    }  # fmt: skip
    install(installed_folder)
    again = contents(kit)
    assert {name: again[name] for name in left if name != ".sogenactif"} == {
        name: content for name, content in left.items() if name != ".sogenactif"
    }
    assert "bin/request" in again


def test_configuration_of_another_program_is_not_changed(installed_folder: Path) -> None:
    (installed_folder / "kit.conf").write_text("# another program's\n")
    with pytest.raises(subprocess.CalledProcessError):
        install(installed_folder)
    install(installed_folder, "--uninstall")
    assert (installed_folder / "kit.conf").read_text() == "# another program's\n"


def test_upgrade_and_uninstall_keep_an_edited_apache_configuration(installed_folder: Path) -> None:
    config = installed_folder / "kit.conf"
    edited = config.read_text() + "# ours\n"
    config.write_text(edited)
    said = install(installed_folder, "--cgi")
    assert f"Changed by you, so it stays: {config}; the new version is {config}.new\n" in said
    assert config.read_text() == edited
    assert "ScriptAliasMatch" in new(config).read_text()
    said = install(installed_folder, "--uninstall")
    assert f"Changed by you, so it stays: {config}\n" in said
    assert config.read_text() == edited
    assert not new(config).exists()


def test_upgrade_keeps_folders_in_the_configuration_readable_for_the_web_server(
    installed_folder: Path,
) -> None:
    ours = installed_folder / "kit" / "var" / "conf" / "ours"
    ours.mkdir(mode=0o750)
    (ours / "key").write_text("secret")
    install(installed_folder)
    assert stat.S_IMODE(ours.stat().st_mode) == 0o750
    assert stat.S_IMODE((ours / "key").stat().st_mode) == 0o640


def test_existing_configuration_that_is_kept_is_reported(folder: Path) -> None:
    asked = ["--shop", "https://shop.example", "--payment", "http://pay.example:8080/payment"]
    assert "stay" not in install(folder, *asked)
    assert "stay" not in install(folder, *asked, "--protocol", "sips")
    said = install(folder, "--shop", "https://tea.example", "--payment", "https://other.example/payment")
    assert (
        "The existing parmcom files stay, and their return addresses are not at https://tea.example.\n"
        in said
    )
    assert "The existing certificates stay, and some do not pay at https://other.example/payment." in said
    said = install(folder, *asked, "--protocol", "paypage")
    assert "The existing pathfile stays, and payments use sips; " in said
    assert "\nPROTOCOL!" not in (folder / "kit" / "var" / "conf" / "pathfile").read_text()


def test_existing_paypage_settings_that_are_kept_are_reported(folder: Path) -> None:
    asked = ["--payment", "http://pay.example:8080/payment", "--protocol", "paypage"]
    assert "stay" not in install(folder, *asked)
    assert "stay" not in install(folder)
    said = install(folder, "--payment", "https://other.example/payment", "--protocol", "sips")
    assert "The existing pathfile stays, and payments use paypage; " in said
    assert "its PAYPAGE_URL is not https://other.example/payment/paymentInit.\n" in said


def test_invalid_pathfile_is_reported(installed_folder: Path) -> None:
    pathfile = installed_folder / "kit" / "var" / "conf" / "pathfile"
    pathfile.write_text(pathfile.read_text() + "PROTOCOL!carrier pigeon!\n")
    (installed_folder / "kit" / "lib" / "sogenactif" / "web.py").write_text("older")
    before = contents(installed_folder)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        install(installed_folder)
    assert contents(installed_folder) == before
    assert failed.value.stderr.startswith("install.sh: ")
    assert "PROTOCOL is carrier pigeon, and must be sips or paypage" in failed.value.stderr


def test_trial_orders_are_created_only_if_the_shop_has_no_order_database(installed_folder: Path) -> None:
    orders = installed_folder / "kit" / "var" / "data" / "shop.db"
    assert orders.owner() == web_user()
    with closing(sqlite3.connect(orders)) as shop, shop:
        assert shop.execute("SELECT amount, state FROM orders WHERE reference = 'TRIAL'").fetchall() == [
            (1000, "waiting")
        ]
        shop.execute("UPDATE orders SET state = 'accepted'")
    before = orders.read_bytes()
    install(installed_folder)
    assert orders.read_bytes() == before
    # Where the shop keeps its orders on a disk that isn't there now, none are put in their place.
    orders.unlink()
    orders.symlink_to(installed_folder / "elsewhere.db")
    install(installed_folder)
    assert orders.is_symlink()
    assert not orders.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes files for somebody else")
def test_files_that_root_installs_belong_to_the_owner_of_the_folder(folder: Path) -> None:
    kit, somebody = folder / "Téléchargements kit", pwd.getpwnam(web_user())
    shutil.copytree(
        ROOT, kit, ignore=shutil.ignore_patterns(".git", ".venv", "var", "__pycache__"), symlinks=True
    )
    subprocess.run(["chown", "-R", f"{somebody.pw_name}:", kit], check=True)
    by_sudo = {"PATH": os.environ["PATH"], "SUDO_UID": str(somebody.pw_uid), "SUDO_GID": str(somebody.pw_gid)}
    subprocess.run([kit / "install.sh"], env=by_sudo, check=True, stdout=subprocess.DEVNULL)
    assert (kit / "var" / "data" / "shop.db").exists()
    # The folder's name is not ASCII, and Python reads what leads to the kit in the locale's encoding.
    in_c_locale = [str(kit / ".venv" / "bin" / "python"), "-c", "import sogenactif.kit, jinja2"]
    subprocess.run(in_c_locale, env={"LC_ALL": "C"}, check=True)
    assert [path for path in kit.rglob("*") if path.lstat().st_uid != somebody.pw_uid] == []


KIT = "/usr/local/lib/sogenactif"
PAGE = "/cgi-bin/call_request.py?order=CMD-42"
AVAILABLE = "/etc/apache2/conf-available/00-sogenactif.conf"
ENABLED = "/etc/apache2/conf-enabled/00-sogenactif.conf"
# A shop's own part that needs no database, and shows in the order whether it runs as CGI.
ORDER_TO_PAY = f'''def order_to_pay(reference):
    line = "Tea by CGI" if "GATEWAY_INTERFACE" in os.environ else "Tea by WSGI"
    return Order({{"merchant_id": "{MERCHANT}", "amount": "1250", "order_id": reference}}, [(line, 1250)])


'''
RECORD_OUTCOME = """def record_outcome(response):
    with open(f"{ROOT}/var/data/outcomes", "a") as file:
        print(response["order_id"], response.outcome, file=file)


"""
# Prints what the bank's server posts when that order's first payment is accepted.
ACCEPTED = f"""
import sys
sys.path[:0] = ["{KIT}/lib", "{KIT}/lib/packages"]
from sogenactif.protocols.certificate import read_certificate
from sogenactif.protocols.sips import seal_response
from sogenactif.configuration import read_pathfile
fields = dict(merchant_id="{MERCHANT}", merchant_country="fr", amount="1250", currency_code="978",
    order_id="CMD-42", transaction_id="000001", transmission_date=sys.argv[1], response_code="00")
print(seal_response(fields, read_certificate(read_pathfile("{KIT}/cgi-bin/pathfile"), "fr", "{MERCHANT}")))
"""


@pytest.fixture
def debian() -> Iterator[Machine]:
    need(Path("/usr/sbin/apache2").exists(), "apache2")
    need(Path("/usr/lib/apache2/modules/mod_wsgi.so").exists(), "libapache2-mod-wsgi-py3")
    need(shutil.which("ip"), "iproute2")
    with machine() as debian:
        yield debian


on_debian = pytest.mark.skipif(os.getuid() != 0, reason="only root makes a machine to install on")


def install_on(debian: Machine, *options: str, fails: bool = False) -> str:
    result = debian.run(ROOT / "install.sh", "apache", *options, check=False)
    assert (result.returncode != 0) == fails, result.stdout
    return result.stdout


def write_the_shops_part(debian: Machine) -> None:
    for script, function in (("call_request.py", ORDER_TO_PAY), ("call_autoresponse.py", RECORD_OUTCOME)):
        path = debian.root / f"{KIT[1:]}/cgi-bin/{script}"
        example = re.compile(r"^def .*(?=^application = )", re.DOTALL | re.MULTILINE)
        path.write_text(example.sub(function, path.read_text()))


def serves(debian: Machine, words: str) -> Callable[[], bool]:
    """Whether Apache serves a page of the order with these words."""
    return lambda: words in debian.ask(PAGE)[1]


def recorded(var: Path, copy: Path) -> list[tuple[str, str]]:
    """What the ledger holds, whether a process of the web server has it open or not."""
    shutil.copytree(var / "data", copy)
    with closing(sqlite3.connect(copy / "ledger.db")) as ledger:
        return ledger.execute("SELECT order_id, notified FROM sogenactif_request").fetchall()


@on_debian
@pytest.mark.parametrize(("options", "line"), [(["--cgi"], "Tea by CGI"), ([], "Tea by WSGI")])
def test_apache_of_debian_serves_the_kit_until_it_is_uninstalled(
    debian: Machine, options: list[str], line: str, tmp_path: Path
) -> None:
    before = contents(debian.root / "etc" / "apache2")
    install_on(debian, "--dry-run", *options)
    assert contents(debian.root / "etc" / "apache2") == before
    assert debian.ask("/")[0] == 0
    install_on(debian, "--shop", "http://localhost", *options)
    write_the_shops_part(debian)
    wait_for(serves(debian, line))
    assert debian.ask("/sogenactif/logos/CB.svg")[0] == 200
    assert debian.ask("/cgi-bin/pathfile")[0] == 404
    assert debian.ask("/cgi-bin/call_autoresponse.py")[0] == 405

    [transaction] = json.loads(debian.run(f"{KIT}/bin/sogenactif", "transactions", "--json").stdout)
    shown = json.loads(debian.run(f"{KIT}/bin/sogenactif", "show", transaction["reference"], "--json").stdout)
    data = debian.run("python3", "-c", ACCEPTED, shown[0]["fields"]["transmission_date"])
    assert debian.ask("/cgi-bin/call_autoresponse.py", f"DATA={data.stdout.strip()}")[0] == 200
    var = debian.root / f"{KIT[1:]}/var"
    assert (var / "data" / "outcomes").read_text() == "CMD-42 accepted\n"

    kept = contents(var), recorded(var, tmp_path / "before")
    assert any(name.startswith("data/journal/") for name in kept[0])
    said = install_on(debian, "--uninstall")
    assert f"Changed by you, so it stays: {KIT}/cgi-bin/call_request.py" in said
    wait_for(lambda: debian.ask(PAGE)[0] == 404)
    assert [debian.ask(path)[0] for path in ("/", "/sogenactif/logos/CB.svg", "/cgi-bin/call_response.py")] == [
        200, 404, 404
    ]  # fmt: skip
    wait_for(lambda: not (var / "data" / "ledger.db-wal").exists())
    after = contents(var), recorded(var, tmp_path / "after")
    for files, _ in (kept, after):
        for name in [name for name in files if name.startswith("data/ledger.db")]:
            del files[name]
    assert after == kept
    assert not list((debian.root / "etc" / "apache2").rglob("*sogenactif*"))


@on_debian
@pytest.mark.parametrize("options", [[], ["--protocol", "paypage"]], ids=["sips", "paypage"])
def test_trial_order_is_paid_after_the_installation(debian: Machine, options: list[str]) -> None:
    install_on(debian, *options)
    check = [f"{KIT}/bin/sogenactif", "check", "--url", "http://localhost", "--payment", "--order", "TRIAL"]
    server = f"'{ROOT}/install.sh' payment --pathfile {KIT}/var/conf/pathfile --database /run/payment.db"
    with debian.started("sh", "-c", f"{server} & cat; kill $!"):
        assert "Faults: 0" in debian.run(*check).stdout
    status, page = debian.ask("/cgi-bin/call_request.py?order=TRIAL")
    assert status == 200
    assert "Cette commande est payée" in page
    assert debian.ask("/cgi-bin/call_request.py?order=TRIAL-2")[0] == 200


@on_debian
def test_upgrade_switches_between_cgi_and_wsgi_and_keeps_edited_files(debian: Machine) -> None:
    install_on(debian)
    write_the_shops_part(debian)
    kit = debian.root / KIT[1:]
    style, parameters = kit / "templates" / "style.css", kit / "var" / "conf" / f"parmcom.{MERCHANT}"
    style.write_text(":root { --page: peru }\n")
    parameters.write_text(parameters.read_text() + "PAYMENT_MEANS!PAYLIB,2!\n")
    for path in (style, kit / "cgi-bin" / "call_request.py"):
        installed_by_an_older_kit(path)
    for options, line in (["--cgi"], "Tea by CGI"), ([], "Tea by WSGI"):
        install_on(debian, *options)
        wait_for(serves(debian, line))
        page = debian.ask(PAGE)[1]
        assert "--page: peru" in page
        assert "PAYLIB" in page
        assert "MASTERCARD" not in page
    assert new(style).read_bytes() == (ROOT / "templates" / "style.css").read_bytes()


@on_debian
@pytest.mark.parametrize("options", [[], ["--cgi"]], ids=["wsgi", "cgi"])
def test_edited_script_is_used_without_a_restart(debian: Machine, options: list[str]) -> None:
    install_on(debian, *options)
    write_the_shops_part(debian)
    scripts = debian.root / f"{KIT[1:]}/cgi-bin"
    wait_for(serves(debian, "Tea by"))
    script = scripts / "call_request.py"
    for words in ("Coffee", "Cocoas"):
        script.write_text(re.sub("(Tea|Coffee) by", f"{words} by", script.read_text()))
        # Either of two processes may answer.
        assert all(f"{words} by" in debian.ask(PAGE)[1] for _ in range(6))
    # One that breaks is named in the log, and the others go on.
    broken = scripts / "call_response.py"
    broken.write_text(broken.read_text().replace("import os", "import os, what_the_shop_forgot", 1))
    assert [debian.ask("/cgi-bin/call_response.py")[0] for _ in range(4)] == [500] * 4
    assert [debian.ask(PAGE)[0] for _ in range(4)] == [200] * 4
    assert "what_the_shop_forgot" in (debian.root / "var/log/apache2/error.log").read_text()


@on_debian
def test_scripts_run_as_cgi_if_mod_wsgi_is_missing(debian: Machine) -> None:
    modules = "/usr/lib/apache2/modules"
    overlay = f"lowerdir={modules},upperdir=/mnt/etc/modules,workdir=/mnt/etc/modules-work"
    debian.run("mkdir", "/mnt/etc/modules", "/mnt/etc/modules-work")
    debian.run("mount", "-t", "overlay", "overlay", "-o", overlay, modules)
    debian.run("rm", f"{modules}/mod_wsgi.so")
    assert "libapache2-mod-wsgi-py3" in install_on(debian, "--wsgi", fails=True)
    assert not (debian.root / KIT[1:]).exists()
    said = install_on(debian)
    assert "Using CGI, which starts Python for each page: libapache2-mod-wsgi-py3 can't be installed" in said
    write_the_shops_part(debian)
    assert "Tea by CGI" in debian.ask(PAGE)[1]


@on_debian
def test_option_site_limits_the_kit_to_the_virtual_hosts_of_one_site(debian: Machine) -> None:
    available = debian.root / "etc/apache2/sites-available"
    hosts = "<VirtualHost *:80>\nServerName {0}\nDocumentRoot /var/www/{0}\n{1}</VirtualHost>\n"
    own = "ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/\n"
    before = hosts.format("tea.example", own) + hosts.format("www.tea.example", "")
    (available / "tea.conf").write_text(before)
    (available / "books.conf").write_text(hosts.format("books.example", ""))
    debian.run("a2ensite", "-q", "tea", "books")
    for host in ("books.example", "tea.example"):
        (debian.root / f"var/www/{host}/pay").mkdir(parents=True)
        (debian.root / f"var/www/{host}/pay/CB.svg").write_text("own")
    assert (
        "there is no site coffee; /etc/apache2/sites-available has: 000-default.conf books.conf"
        in install_on(debian, "--site", "coffee", fails=True)
    )
    said = install_on(debian, "--dry-run", "--site", "tea", "--logos", "/pay")
    assert "Apache serves the kit in place of the shop's own /var/www/tea.example/pay\n" in said
    assert "books.example" not in said
    assert (available / "tea.conf").read_text() == before
    options = ["--site", "tea", "--logos", "/pay"]

    def answers(host: str) -> tuple[int, bool]:
        page, logo = (
            debian.run("/usr/bin/python3", "-c", GET, host, path).stdout
            for path in ("/cgi-bin/call_response.py", "/pay/CB.svg")
        )
        return int(page[-3:]), "<svg" in logo

    for _ in range(2):
        install_on(debian, *options)
        wait_for(lambda: answers("tea.example") == (400, True))
        assert answers("www.tea.example") == (400, True)
        assert answers("books.example") == (404, False)
        assert (available / "tea.conf").read_text().count("00-sogenactif.site") == 2
    said = debian.run(f"{KIT}/bin/sogenactif", "check").stdout
    assert "/var/www/tea.example/pay" in said
    assert "/var/www/books.example/pay" not in said
    install_on(debian)
    wait_for(lambda: answers("books.example") == (400, True))
    assert (available / "tea.conf").read_text() == before
    assert not (debian.root / AVAILABLE[1:]).with_suffix(".site").exists()
    assert "/var/www/books.example/pay" in debian.run(f"{KIT}/bin/sogenactif", "check").stdout
    install_on(debian, *options)
    install_on(debian, "--uninstall")
    wait_for(lambda: answers("www.tea.example") == (404, False))
    assert (available / "tea.conf").read_text() == before
    assert not list((debian.root / "etc" / "apache2").rglob("*sogenactif*"))


@on_debian
def test_existing_logos_of_the_shop_keep_their_address(debian: Machine) -> None:
    own = debian.root / "var/www/html/logos/brand.png"
    own.parent.mkdir(parents=True)
    own.write_text("brand")
    assert "in place of" not in install_on(debian)
    assert debian.ask("/logos/brand.png") == (200, "brand\n")
    assert '"/sogenactif/logos/CB.svg"' in debian.ask("/cgi-bin/call_request.py?order=TRIAL")[1]
    # A kit whose pathfile has another address stays there.
    pathfile = debian.root / f"{KIT[1:]}/var/conf/pathfile"
    pathfile.write_text(pathfile.read_text().replace("/sogenactif/logos/", "/logos/"))
    said = install_on(debian, "--logos", "/pay")
    assert "The existing pathfile stays, and its D_LOGO is not /pay/." in said
    assert "Apache serves the kit in place of the shop's own /var/www/html/logos\n" in said
    wait_for(lambda: debian.ask("/logos/brand.png")[0] == 404)
    assert debian.ask("/logos/CB.svg")[0] == 200


@on_debian
def test_existing_error_in_the_apache_configuration_stops_the_installation(debian: Machine) -> None:
    site = debian.root / "etc" / "apache2" / "sites-enabled" / "shop.conf"
    site.write_text("Nonsense on\n")
    before = contents(debian.root / "etc" / "apache2")
    said = install_on(debian, fails=True)
    assert "Apache's configuration already has an error" in said
    assert "Syntax error on line 1 of /etc/apache2/sites-enabled/shop.conf" in said
    assert contents(debian.root / "etc" / "apache2") == before
    assert not (debian.root / KIT[1:]).exists()


@on_debian
def test_configuration_rejected_by_apache_is_replaced_by_the_previous_one(debian: Machine) -> None:
    debian.run("a2enmod", "-q", "wsgi")
    other = debian.root / "etc" / "apache2" / "sites-enabled" / "other.conf"
    other.write_text("WSGIDaemonProcess sogenactif\n")
    said = install_on(debian, "--wsgi", fails=True)
    assert "Apache rejects the kit's configuration" in said
    assert "Name duplicates previous WSGI daemon definition" in said
    assert not (debian.root / ENABLED[1:]).is_symlink()
    debian.run("apachectl", "configtest")
    # As CGI it works; and goes on when WSGI is tried again.
    install_on(debian, "--cgi")
    write_the_shops_part(debian)
    wait_for(serves(debian, "Tea by CGI"))
    assert "Apache rejects the kit's configuration" in install_on(debian, "--wsgi", fails=True)
    debian.run("service", "apache2", "restart")
    wait_for(serves(debian, "Tea by CGI"))
    assert not list((debian.root / AVAILABLE[1:]).parent.glob("*.old"))
    other.unlink()
    install_on(debian, "--wsgi")
    wait_for(serves(debian, "Tea by WSGI"))


@on_debian
def test_source_of_the_scripts_is_not_served_if_their_module_is_off(debian: Machine) -> None:
    install_on(debian)
    assert debian.ask("/cgi-bin/call_response.py")[0] == 400
    debian.run("a2dismod", "-q", "-f", "wsgi")
    debian.run("service", "apache2", "restart")
    assert debian.ask("/cgi-bin/call_response.py")[0] == 403
    install_on(debian, "--cgi")
    assert debian.ask("/cgi-bin/call_response.py")[0] == 400
    debian.run("a2dismod", "-q", "-f", "cgid")
    debian.run("service", "apache2", "restart")
    assert debian.ask("/cgi-bin/call_response.py")[0] == 403
    assert debian.ask("/sogenactif/logos/CB.svg")[0] == 200
    # An Apache of processes has another module for it.
    debian.run("a2dismod", "-q", "-f", "mpm_event")
    debian.run("a2enmod", "-q", "mpm_prefork", "cgi")
    debian.run("service", "apache2", "restart")
    assert debian.ask("/cgi-bin/call_response.py")[0] == 400


@on_debian
def test_uninstall_keeps_a_configuration_changed_by_another_program_enabled(debian: Machine) -> None:
    install_on(debian)
    (debian.root / AVAILABLE[1:]).write_text("# another program's\n")
    install_on(debian, "--uninstall")
    assert (debian.root / ENABLED[1:]).is_symlink()


@on_debian
def test_stopped_apache_is_started_by_install_and_not_by_uninstall(debian: Machine) -> None:
    install_on(debian)
    debian.run("service", "apache2", "stop")
    install_on(debian)
    assert debian.ask("/sogenactif/logos/CB.svg")[0] == 200
    debian.run("service", "apache2", "stop")
    install_on(debian, "--uninstall")
    assert debian.ask("/")[0] == 0
    debian.run("service", "apache2", "start")
    assert debian.ask("/sogenactif/logos/CB.svg")[0] == 404


@on_debian
def test_port_in_use_makes_the_installation_fail(debian: Machine) -> None:
    listening = "import socket, sys; s = socket.create_server(('', 80)); print(flush=True); sys.stdin.read()"
    with debian.started(sys.executable, "-c", listening):
        said = install_on(debian, fails=True)
    assert "Apache does not restart" in said
    install_on(debian)
    assert debian.ask("/sogenactif/logos/CB.svg")[0] == 200


def test_shellcheck_reports_nothing() -> None:
    need(shutil.which("shellcheck"), "shellcheck")
    scripts = [ROOT / "install.sh", *sorted((ROOT / "installer").glob("*.sh"))]
    result = subprocess.run(
        ["shellcheck", "-x", "-S", "warning", *scripts], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not result.stdout
