"""The scripts in processes that stay, configured as docs/hosting.md says."""

import re
import shlex
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from installer.configure import TRIALS
from sogenactif.configuration import read_pathfile
from sogenactif.protocols.sips import open_request, seal_response
from tests.support.machine import wait_for
from tests.support.serving import apache, free_port, post_in_chunks, wait_for_port, web_user
from tests.support.vectors import ACCEPTED, MERCHANT, ROOT, need

PAGES = "\n".join((ROOT / "docs" / name).read_text() for name in ("hosting.md", "nginx.md"))
PREFIX = "/usr/local/lib/sogenactif"
NGINX = "/usr/sbin/nginx"


def example(kind: str, kit: Path, port: int) -> str:
    """A block of the page, for a kit elsewhere, another port and the user that runs the tests."""
    [block] = re.findall(rf"^```{kind}\n(.*?)^```$", PAGES, re.MULTILINE | re.DOTALL)
    return str(block).replace(PREFIX, str(kit)).replace("8000", str(port)).replace("www-data", web_user())


@contextmanager
def mod_wsgi(kit: Path) -> Iterator[str]:
    need(Path("/usr/lib/apache2/modules/mod_wsgi.so").exists(), "libapache2-mod-wsgi-py3")
    with apache(kit.parent, free_port(), example("apache", kit, 0)) as address:
        yield address


@contextmanager
def gunicorn(kit: Path) -> Iterator[str]:
    need(shutil.which("gunicorn", path="/usr/bin"), "gunicorn")
    port = free_port()
    _, *options = shlex.split(example("sh", kit, port))
    # The system's own, for the system's Python; the tests have another.
    process = subprocess.Popen(["/usr/bin/gunicorn", *options, "--log-level", "warning"], cwd="/")
    try:
        wait_for_port(port, process)
        with apache(kit.parent, free_port(), example("apache-proxy", kit, port)) as address:
            yield address
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def nginx(kit: Path) -> Iterator[str]:
    need(Path(NGINX).exists(), "nginx")
    folder, port = kit.parent, free_port()
    socket, user = f"{folder}/gunicorn.sock", web_user()
    service = example("systemd", kit, 0).replace("/run/sogenactif/gunicorn.sock", socket)
    [start] = re.findall("^ExecStart=(.*)$", service, re.MULTILINE)
    [umask] = re.findall("^UMask=(.*)$", service, re.MULTILINE)
    [place] = re.findall("^WorkingDirectory=(.*)$", service, re.MULTILINE)
    (folder / "temporary").mkdir()
    (folder / "shop").mkdir()
    (folder / "nginx.conf").write_text(
        f"user {user};\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n"
        "types { image/svg+xml svg; }\naccess_log off;\n"
        + "".join(
            f"{name}_temp_path {folder}/temporary/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"server {{\nlisten 127.0.0.1:{port};\nroot {folder}/shop;\n"
        + example("nginx", kit, 0).replace("/run/sogenactif/gunicorn.sock", socket)
        + "}\n}\n"
    )
    shutil.chown(folder, user)
    hosts = subprocess.Popen(
        [*shlex.split(start), "--log-level", "warning"], cwd=place, user=user, group=user, umask=int(umask, 8)
    )
    process = subprocess.Popen(
        [NGINX, "-e", folder / "error.log", "-c", folder / "nginx.conf", "-g", "daemon off;"],
        stderr=subprocess.PIPE,
    )
    try:
        wait_for_port(port, process)
        wait_for(Path(socket).exists)
        yield f"http://127.0.0.1:{port}"
    finally:
        for server in (process, hosts):
            server.terminate()
            server.communicate(timeout=20)


@pytest.fixture(params=[mod_wsgi, gunicorn, nginx], ids=lambda server: server.__name__)
def hosted(request: pytest.FixtureRequest, installed_folder: Path) -> Iterator[tuple[Path, str]]:
    """An installed kit, and the address that a server in front of it answers at."""
    with request.param(installed_folder / "kit") as address:
        yield installed_folder / "kit", address


def ask(url: str, body: str | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, body.encode() if body is not None else None) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_scripts_hosted_in_one_application_handle_a_payment(hosted: tuple[Path, str]) -> None:
    kit, address = hosted
    status, page = ask(f"{address}/cgi-bin/call_request.py?order={TRIALS[0]}")
    assert status == 200
    [data] = re.findall(r'name="DATA" value="([0-9a-f]+)"', page)
    asked, certificate = open_request(data, read_pathfile(f"{kit}/cgi-bin/pathfile"))
    sealed = f"DATA={seal_response({**asked, **ACCEPTED}, certificate)}"
    assert ask(f"{address}/cgi-bin/call_autoresponse.py", sealed) == (200, "")
    assert post_in_chunks(f"{address}/cgi-bin/call_autoresponse.py", sealed.encode()) == 200
    status, page = ask(f"{address}/cgi-bin/call_response.py", sealed)
    assert (status, "Paiement accepté" in page) == (200, True)
    assert ask(f"{address}/cgi-bin/call_autoresponse.py")[0] == 405
    assert ask(f"{address}/sogenactif/logos/CB.svg")[0] == 200
    assert ask(f"{address}/cgi-bin/pathfile")[0] in (403, 404)


def test_changed_files_are_read_again_without_a_restart(hosted: tuple[Path, str]) -> None:
    kit, address = hosted
    url = f"{address}/cgi-bin/call_request.py?order={TRIALS[0]}"
    assert "Our own title" not in ask(url)[1]
    template = kit / "templates" / "call_request.html"
    template.write_text(template.read_text().replace("<h1>", "<h1>Our own title "))
    assert "Our own title" in ask(url)[1]
    parameters = kit / "var" / "conf" / "parmcom.sogenactif"
    parameters.write_text(re.sub("PAYMENT_MEANS!.*!", "PAYMENT_MEANS!AMEX,1!", parameters.read_text()))
    page = ask(url)[1]
    assert "AMEX.svg" in page
    assert "VISA.svg" not in page
    certificate = kit / "var" / "conf" / f"certif.fr.{MERCHANT}.php"
    certificate.rename(f"{certificate}.away")
    assert ask(url)[0] == 500
    Path(f"{certificate}.away").rename(certificate)
    assert ask(url)[0] == 200
