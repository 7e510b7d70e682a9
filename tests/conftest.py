"""Fixtures that all tests share, and what is looked at before and after them."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from sogenactif.configuration import LedgerAddress, Pathfile, read_pathfile
from sogenactif.ledger.ledger import Ledger
from tests.support.browser import CHROMIUM, stop_browser
from tests.support.installation import InstalledKit, installed_kit
from tests.support.machine_state import changed_outside, state_outside
from tests.support.serving import APACHE, Postgresql, postgresql
from tests.support.vectors import VECTORS

# The same examples in every run, and none that depends on a clock or on what an earlier run found.
hypothesis.settings.register_profile(
    "kit",
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.too_slow,
    ],
)
hypothesis.settings.load_profile("kit")

pytest_plugins = ["tests.support.check"]
OUTSIDE = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    # A shell that starts the tests in the background lets them, and all that they start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        config.stash[OUTSIDE] = state_outside()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "system" in item.path.parts[-2:-1]:
            item.add_marker("system")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Name what this machine lacks, before all tests run; if CI=true, end there."""
    config = session.config
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.markexpr
    if hasattr(config, "workerinput") or config.option.collectonly or not everything:
        return
    faults = list(_faults())
    for fault in faults:
        print(f"This machine has {fault}")
    if faults and os.environ.get("CI") == "true":
        pytest.exit("the tests need what this machine lacks", 3)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Check that the tests left nothing outside the kit's folder and their own."""
    if hasattr(session.config, "workerinput"):
        return
    changed = changed_outside(session.config.stash[OUTSIDE])
    if changed:
        print("\nThe tests changed what is outside their folders:", *changed, sep="\n    ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _faults() -> Iterator[str]:
    if not Path(APACHE).exists():
        yield "no Apache (package apache2)"
    if not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        yield "no PostgreSQL (package postgresql)"
    chromium = shutil.which(CHROMIUM)
    for name, command in (
        (f"no Chromium that runs (package {CHROMIUM})", [chromium or CHROMIUM, "--version"]),
        ("no driver of Playwright that runs (package libatomic1)", _driver()),
        ("no namespaces (root, and a root directory that is a mount point)", ["unshare", "--mount", "true"]),
    ):
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
            yield f"{name}: {said[-1] if said else error}"


def _driver() -> list[str]:
    from playwright._impl._driver import compute_driver_executable

    return [str(compute_driver_executable()[0]), "--version"]


@pytest.fixture(scope="session", autouse=True)
def _browser_ends() -> Iterator[None]:
    yield
    stop_browser()


@pytest.fixture(scope="session")
def kit_installed_once() -> Iterator[InstalledKit]:
    """Install a kit for the tests that only begin with an installation, whatever they do to it."""
    with installed_kit() as kit:
        yield kit


@pytest.fixture
def installed_folder(kit_installed_once: InstalledKit) -> Path:
    """Return a folder as ``install`` leaves it: the kit in ``kit``, the configuration of Apache in ``kit.conf``."""
    return kit_installed_once.renewed()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    """Start PostgreSQL for the tests that leave it running."""
    with postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: Postgresql) -> str:
    """Return the address of an empty database."""
    return postgresql_server.new_database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty ledger, in each database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    address: str = request.getfixturevalue("postgresql_url")
    return address


@pytest.fixture
def ledger(ledger_url: str, tmp_path: Path) -> Iterator[Ledger]:
    """Open an empty ledger in each database, with its journal."""
    ledger = Ledger(LedgerAddress(ledger_url), str(tmp_path / "journal"))
    yield ledger
    ledger.close()


@pytest.fixture
def param(tmp_path: Path) -> Path:
    """Return a folder with the files that the vectors were recorded with, their paths filled in."""
    folder = tmp_path / "param"
    folder.mkdir()
    for file in (VECTORS / "param").iterdir():
        content = file.read_bytes().replace(b"@PARAM@", str(folder).encode())
        (folder / file.name).write_bytes(content)
    return folder


@pytest.fixture
def pathfile(param: Path) -> Pathfile:
    """Return the usual pathfile of the vectors, read."""
    return read_pathfile(str(param / "pathfile"))
