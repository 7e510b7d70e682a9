"""Servers that tests start on free ports of 127.0.0.1, and stop."""

import contextlib
import http.client
import os
import pwd
import random
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.support.vectors import need

APACHE = "/usr/sbin/apache2"
WEB_USER = "www-data"
MODULES = "mpm_event authn_core authz_core alias mime cgid wsgi unixd proxy proxy_http"


def _ports() -> Iterator[int]:
    """Return the ports of this worker, which browsers accept, below those of the sandbox and the system."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    mine = range(7000 + worker, 8000, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    for port in random.sample(mine, len(mine)):
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            yield port
    raise OSError("no free port is left from 7000 to 7999")


PORTS = _ports()


def free_port() -> int:
    """Return a free port that no other test uses and to which an automatic response may be sent."""
    return next(PORTS)


@contextmanager
def public_folder() -> Iterator[Path]:
    """Make a folder that the web server's user can read, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="sogenactif-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder in which a server that was just stopped may write for a moment yet."""
    for _ in range(20):
        with suppress(OSError):
            shutil.rmtree(folder)
            return
        time.sleep(0.1)
    shutil.rmtree(folder)


def web_user() -> str:
    """Return the user of Apache: its own user if root can start it so, else the user of the tests."""
    return WEB_USER if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


@contextmanager
def apache(folder: Path, port: int, configuration: str, documents: Path | None = None) -> Iterator[str]:
    """Run Debian's Apache with this configuration, its logs and sockets in ``folder``; yield its address."""
    need(Path(APACHE).exists(), "apache2")
    loaded = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES.split()
        if Path(f"/usr/lib/apache2/modules/mod_{name}.so").exists()
    )  # fmt: skip
    user = f"User {WEB_USER}\nGroup {WEB_USER}" if os.getuid() == 0 else ""
    (folder / "apache.conf").write_text(
        f"{loaded}\n{user}\nServerRoot {folder}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\n"
        f"PidFile {folder}/apache.pid\nErrorLog {folder}/error.log\n"
        f"<IfModule cgid_module>\nScriptSock {folder}/cgid.sock\n</IfModule>\n"
        f"<IfModule wsgi_module>\nWSGISocketPrefix {folder}/wsgi\n</IfModule>\n"
        f"DocumentRoot {documents or folder}\nMutex file:{folder}\nTypesConfig /etc/mime.types\n"
        f"<Directory />\n    Require all denied\n</Directory>\n{configuration}"
    )
    process = subprocess.Popen([APACHE, "-f", folder / "apache.conf", "-DFOREGROUND"], stderr=subprocess.PIPE)
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def wait_for_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"stopped: {process.communicate()[1].decode()}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}")


def post_in_chunks(url: str, body: bytes) -> int:
    """Post a form in chunks, without its length; return the status of the reply."""
    parts = urllib.parse.urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=20)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
        chunks = (body[start : start + 100] for start in range(0, len(body), 100))
        connection.request("POST", parts.path, chunks, headers, encode_chunked=True)
        return connection.getresponse().status


class Postgresql:
    """Run a separate PostgreSQL server of Debian's package."""

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        need(programs, "postgresql")
        self._programs = programs[-1]
        self._data = folder / "data"
        self._user = "postgres" if os.getuid() == 0 else None
        self._port = free_port()
        self._databases = 0
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        if self._user:
            shutil.chown(folder, self._user, self._user)
        self._run("initdb", "--auth=trust", "--username=postgres", "-D", str(self._data))

    def new_database(self) -> str:
        """Make an empty database; return its address."""
        import psycopg  # which measurements do without

        self._databases += 1
        name = f"test{self._databases}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"{self.url.rpartition('/')[0]}/{name}"

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._data}"
        self._run(
            "pg_ctl", "-w", "-D", str(self._data), "-l", str(self._data / "log"), "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self._data), "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True, user=self._user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"LC_ALL": "C"},
        )  # fmt: skip


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """Start PostgreSQL, and stop it at the end."""
    with public_folder() as folder:
        server = Postgresql(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def tls_context(folder: Path) -> ssl.SSLContext:
    """Return the context of a server at 127.0.0.1, whose certificate only ``tls.pem`` in a folder vouches for."""
    need(shutil.which("openssl"), "openssl")
    command = [
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-newkey",
        "rsa:2048",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "tls.key", "-out", "tls.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    return context
