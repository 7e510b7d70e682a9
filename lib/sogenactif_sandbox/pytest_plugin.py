"""Fixtures for the tests of shops: ``sips_sandbox`` and ``sips_shop``. The package's entry point loads them.

Nothing is imported before a test uses them.
"""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sogenactif_sandbox.default_merchant import DefaultMerchant

SECONDS = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting that starts the shop."""
    parser.addini(
        "sips_shop_command",
        "command that serves the shop for the fixture sips_shop; {port} in it is a free port of 127.0.0.1",
        default="",
    )
    parser.addini(
        "sips_shop_prepare", "command that runs before it, for instance to make a database", default=""
    )


@pytest.fixture(scope="session")
def sips_sandbox(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[DefaultMerchant]":
    """Run a sandbox payment server with a merchant of its own, on a free port; each process of the tests has one."""
    from sogenactif_sandbox.default_merchant import create_default_merchant
    from sogenactif_sandbox.serving import listen, payment_server

    folder = tmp_path_factory.mktemp("sips-sandbox")
    with listen() as listening:
        port = listening.getsockname()[1]
        merchant = create_default_merchant(folder, f"http://127.0.0.1:{port}/payment")
        with payment_server(str(merchant.pathfile), str(folder / "payments.db"), listening):
            yield merchant


@pytest.fixture(scope="session")
def sips_shop(
    sips_sandbox: "DefaultMerchant", pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Start the shop of the setting sips_shop_command; return its address, and stop it in the end.

    The shop finds its merchant in the environment: SIPS_URL, SIPS_MERCHANT, SIPS_KEY_FILE, SIPS_CERTIFICATE,
    SIPS_PATHFILE. SHOP_FOLDER is a folder for its data, which the tests have in their environment too.
    """
    from sogenactif_sandbox.serving import listen

    command = pytestconfig.getini("sips_shop_command")
    if not command:
        raise pytest.UsageError("the fixture sips_shop needs the setting sips_shop_command")
    values = {
        "SIPS_URL": f"{sips_sandbox.address}/paymentInit",
        "SIPS_MERCHANT": sips_sandbox.merchant_id,
        "SIPS_KEY_FILE": str(sips_sandbox.key_file),
        "SIPS_CERTIFICATE": str(sips_sandbox.certificate),
        "SIPS_PATHFILE": str(sips_sandbox.pathfile),
        "SHOP_FOLDER": str(tmp_path_factory.mktemp("sips-shop")),
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        prepare = pytestconfig.getini("sips_shop_prepare")
        if prepare:
            subprocess.run(shlex.split(prepare), cwd=pytestconfig.rootpath, check=True)
        with listen() as listening:
            port = listening.getsockname()[1]
        with _running(shlex.split(command.replace("{port}", str(port))), pytestconfig.rootpath, port):
            yield f"http://127.0.0.1:{port}"
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a server until the end of the block, with all the processes that it starts."""
    with subprocess.Popen(command, cwd=folder, start_new_session=True) as process:
        try:
            end = time.monotonic() + SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"the shop doesn't answer on port {port}: {shlex.join(command)}")
                time.sleep(0.05)
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
