"""The folder for shared hosting, copied into the cgi-bin of a real Apache."""

import html
import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.dates import PARIS
from sogenactif.ledger.journal import Journal
from sogenactif.protocols import sips
from sogenactif_sandbox import paypage
from tests.support.serving import apache, free_port, public_folder, wait_for_port, web_user
from tests.support.vectors import MERCHANT, ROOT, need

# A hosting runs what is in a folder of scripts, or scripts by their name among the documents.
HOSTINGS = {
    "scripts": 'ScriptAlias "/cgi-bin/" "{folder}/www/cgi-bin/"\n<Directory "{folder}/www">\nRequire all granted\n</Directory>\n',
    "documents": '<Directory "{folder}/www">\nRequire all granted\nOptions ExecCGI\nAddHandler cgi-script .py\n'
    "AllowOverride All\n</Directory>\n",
}


def bundle(folder: Path, *options: str) -> str:
    return subprocess.run(
        [ROOT / "install.sh", "bundle", folder.name, *options],
        cwd=folder.parent,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def upload(bundle: Path, www: Path) -> None:
    """Copy as FTP does, without rights, then give those that README.txt says."""
    for part in ("cgi-bin", "sogenactif"):
        shutil.copytree(bundle / part, www / part, copy_function=shutil.copyfile)
    inside = www / "cgi-bin" / "sogenactif"
    for script in [*(www / "cgi-bin").glob("call_*.py"), *(inside / "bin").iterdir()]:
        script.chmod(0o755)
    for secret in (inside / "var" / "conf").iterdir():
        secret.chmod(0o600)
    (inside / "var" / "data").chmod(0o700)
    if os.getuid() == 0:
        # The hosting runs the scripts as who owns them.
        subprocess.run(["chown", "-R", f"{web_user()}:", www], check=True)


def ask(address: str, posted: dict[str, str] | None = None) -> tuple[int, str]:
    data = urllib.parse.urlencode(posted).encode() if posted else None
    try:
        with urllib.request.urlopen(address, data) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def accepted(page: str, pathfile: Pathfile) -> tuple[Mapping[str, str], dict[str, str]]:
    """What a page asks for, and what the bank's server posts when it accepts that."""
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page, re.IGNORECASE)
    form = {name: html.unescape(value) for name, value in hidden}
    yes = {"response_code": "00", "payment_means": "CB", "bank_response_code": "00"}
    if pathfile.protocol != "paypage":
        asked, certificate = sips.open_request(form["DATA"], pathfile)
        return asked, {"DATA": sips.seal_response({**asked, **yes}, certificate)}
    now = datetime.now(PARIS)
    opened = paypage.open_request(form, pathfile, now.date())
    day, number = f"{now:%Y%m%d}", opened.fields["transaction_id"]
    moment = {"payment_date": day, "payment_time": f"{now:%H%M%S}", "s10_day": day, "s10_number": number}
    answered = {**opened.fields, **yes, **moment}
    return opened.fields, paypage.seal_response(answered, opened.envelope, pathfile, opened.old)


@pytest.fixture(
    scope="module",
    params=[("scripts", "sips"), ("documents", "sips"), ("documents", "paypage")],
    ids=lambda param: "-".join(param),
)
def hosting(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    kind, protocol = request.param
    with public_folder() as folder:
        port = free_port()
        bundle(folder / "bundle", "--shop", f"http://127.0.0.1:{port}", "--protocol", protocol)
        upload(folder / "bundle", folder / "www")
        shutil.rmtree(folder / "bundle")
        with apache(folder, port, HOSTINGS[kind].format(folder=folder), folder / "www") as address:
            yield address, folder / "www" / "cgi-bin" / "sogenactif"


def test_trial_order_is_shown_and_paid(hosting: tuple[str, Path]) -> None:
    address, inside = hosting
    status, page = ask(f"{address}/cgi-bin/call_request.py?order=TRIAL")
    assert status == 200, page
    assert "10,00" in page
    assert 'src="/sogenactif/logos/CB.svg"' in page
    [action] = set(re.findall(r'ACTION="([^"]+)"', page, re.I))
    assert action.startswith("http://127.0.0.1:8080/payment/")
    assert ask(f"{address}/sogenactif/logos/CB.svg")[0] == 200
    pathfile = read_pathfile(str(inside / "var" / "conf" / "pathfile"))
    asked, answer = accepted(page, pathfile)
    assert asked["automatic_response_url"] == f"{address}/cgi-bin/call_autoresponse.py"
    assert ask(f"{address}/cgi-bin/call_autoresponse.py", answer)[0] == 200
    [verdict] = [
        entry["verdict"]
        for entry in Journal(str(inside / "var" / "data" / "journal")).entries()
        if entry["kind"] == "response"
    ]
    assert verdict == "accepted"
    status, page = ask(f"{address}/cgi-bin/call_request.py?order=TRIAL")
    assert status == 200
    assert "Cette commande est payée" in page
    assert "<form" not in page.lower()


def test_passenger_serves_the_scripts_and_reloads_them_after_an_edit(tmp_path: Path) -> None:
    need(Path("/usr/bin/gunicorn").exists(), "gunicorn")
    bundle(tmp_path / "new", "--shop", "http://127.0.0.1:8")
    application = tmp_path / "new" / "cgi-bin"
    port = free_port()
    # Passenger too loads the file of that name in the application's folder.
    command = ["/usr/bin/gunicorn", f"--bind=127.0.0.1:{port}", "--log-level=warning", "passenger_wsgi"]
    process = subprocess.Popen(command, cwd=application)
    try:
        wait_for_port(port, process)
        page = f"http://127.0.0.1:{port}/payment/call_request.py?order=TRIAL"
        status, shown = ask(page)
        assert (status, "10,00" in shown) == (200, True)
        script = application / "call_request.py"
        script.write_text(
            script.read_text().replace(
                "return Order(parameters, lines,", "return Order(parameters, [('Tea', 1000)],"
            )
        )
        assert "Tea" in ask(page)[1]
        assert ask(f"http://127.0.0.1:{port}/payment/call_autoresponse.py")[0] == 405
    finally:
        process.terminate()
        process.wait(20)


def test_private_files_are_not_served(hosting: tuple[str, Path]) -> None:
    address, _ = hosting
    for path in ("var/conf/pathfile", f"var/conf/certif.fr.{MERCHANT}.php", f"var/conf/key.{MERCHANT}", "var/data/shop.db", "bin/request",
                 "lib/sogenactif/web.py", "var/conf/"):  # fmt: skip
        status, page = ask(f"{address}/cgi-bin/sogenactif/{path}")
        assert status in (403, 404, 500), path
        assert "F_PARAM" not in page


def test_executables_work_in_the_copied_folder(hosting: tuple[str, Path]) -> None:
    _, inside = hosting
    call = [f"merchant_id={MERCHANT}", "amount=1000", "order_id=A-1", "pathfile=var/conf/pathfile"]
    answer = subprocess.run(["bin/request", *call], cwd=inside, check=True, capture_output=True).stdout
    assert answer.startswith(b"!0!!<"), answer


def check(inside: Path, *arguments: str) -> dict[str, Any]:
    command: list[str | Path] = [inside / "bin" / "sogenactif", "check", "--json", *arguments]
    said = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def test_check_finds_no_fault_in_the_copied_folder(hosting: tuple[str, Path]) -> None:
    address, inside = hosting
    found = check(inside, "--url", address)
    assert [finding["saw"] for finding in found["findings"] if finding["level"] != "ok"] == []
    assert {"script_runs", "logos", "templates", "shop"} <= {finding["name"] for finding in found["findings"]}


def test_check_names_the_missing_part_to_copy_again(tmp_path: Path) -> None:
    bundle(tmp_path / "new", "--shop", "http://127.0.0.1:8", "--python", "/usr/bin/python3")
    scripts, inside = tmp_path / "new" / "cgi-bin", tmp_path / "new" / "cgi-bin" / "sogenactif"
    (scripts / "call_request.py").rename(tmp_path / "call_request.py")
    [missing] = [f for f in check(inside)["findings"] if f["level"] == "fault"]
    assert missing["file"] == str(scripts / "call_request.py")
    assert missing["do"] == "Copy it from the bundle again, or name the folder of the scripts with --scripts."
    moved = inside.rename(tmp_path / "moved")
    (tmp_path / "call_request.py").rename(scripts / "call_request.py")
    assert [f for f in check(moved, "--scripts", str(scripts))["findings"] if f["level"] == "fault"] == []
    shutil.rmtree(moved / "lib" / "packages")
    [missing] = check(moved, "--scripts", str(scripts))["findings"]
    assert missing["do"].startswith("Copy the folder lib/packages of the bundle here again")


def test_logos_are_placed_in_the_chosen_folder(tmp_path: Path) -> None:
    options = ["--shop", "https://tea.example/shop", "--logos", "pictures/means"]
    assert "copy cgi-bin and pictures" in bundle(tmp_path / "new", *options)
    inside = tmp_path / "new" / "cgi-bin" / "sogenactif"
    assert read_pathfile(str(inside / "var" / "conf" / "pathfile")).logos == "/shop/pictures/means/"
    assert (tmp_path / "new" / "pictures" / "means" / "CB.svg").exists()
    for name in ("README.txt", "LISEZMOI.txt"):
        readme = (tmp_path / "new" / name).read_text()
        assert "- pictures/ " in readme
        assert "https://tea.example/shop/pictures/means/CB.svg" in readme
    for path in ("cgi-bin/logos", "../logos", "/"):
        with pytest.raises(subprocess.CalledProcessError):
            bundle(tmp_path / "other", "--logos", path)


def test_instructions_contain_the_address_of_the_shop_and_a_full_folder_is_rejected(tmp_path: Path) -> None:
    bundle(tmp_path / "new", "--shop", "https://tea.example/", "--python", "/opt/python/bin/python3")
    readmes = [(tmp_path / "new" / name).read_text() for name in ("README.txt", "LISEZMOI.txt")]
    for readme in readmes:
        assert "https://tea.example/cgi-bin/call_request.py?order=TRIAL" in readme
        assert "@" not in readme.replace("@HERE@", "")
    english, french = (
        (
            re.findall("^(?:[0-9]\\.| +-) ", readme, re.MULTILINE),
            sorted(re.findall(r"bin/sogenactif \w+|[\w./]+/[\w.*]+\b", readme)),
        )
        for readme in readmes
    )
    assert french == english
    scripts = sorted((tmp_path / "new" / "cgi-bin").glob("call_*.py"))
    assert [script.read_text().split("\n")[0] for script in scripts] == ["#!/opt/python/bin/python3"] * 3
    again = subprocess.run(
        [ROOT / "install.sh", "bundle", tmp_path / "new"], check=False, capture_output=True, text=True
    )
    assert again.returncode == 1
    assert "is not empty: name a new folder" in again.stderr
