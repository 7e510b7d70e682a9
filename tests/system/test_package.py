"""The Python package: ``pip install .`` in an empty environment gives the kit, its commands and the sandbox."""

import os
import re
import subprocess
import sys
from glob import glob
from pathlib import Path

import pytest

from sogenactif import __version__
from sogenactif.configuration import Pathfile
from tests.support.vectors import MERCHANT, ROOT

pytestmark = pytest.mark.system
# Debian has one of these; a machine may have more.
PYTHONS = sorted(glob("/usr/bin/python3.1[0-9]")) or [sys.executable]
REQUEST = f"merchant_id={MERCHANT} amount=1000 order_id=A-1"


# What the extra "sandbox" doesn't bring: pytest runs the plugin, the extra "postgresql" has the driver.
OF_OTHERS = {"psycopg", "pytest"}


class Environment:
    """Hold an empty environment into which a wheel of this checkout, and nothing else, was installed."""

    def __init__(self, folder: Path, python: str, wheel: str) -> None:
        self.folder = folder
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        self.run("python", "-m", "pip", "-q", "--disable-pip-version-check", "install", wheel)

    def run(self, program: str, *arguments: str) -> str:
        """Return what a program of the environment prints, outside the checkout."""
        return self.attempt(program, *arguments, check=True).stdout

    def attempt(
        self, program: str, *arguments: str, check: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment outside the checkout, whether or not it succeeds."""
        return subprocess.run(
            [self.folder / "venv" / "bin" / program, *arguments],
            check=check, capture_output=True, text=True, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                 **{name: value for name, value in os.environ.items() if name.startswith("PIP_")}},
        )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", "wheel", "--no-deps",
         "--no-build-isolation", "-w", folder, ROOT],
        check=True, cwd=folder,
    )  # fmt: skip
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=PYTHONS)
def installed(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """Install the package with the sandbox."""
    return Environment(
        tmp_path_factory.mktemp("package"), request.param, f"sogenactif[sandbox] @ {wheel.as_uri()}"
    )


@pytest.fixture(scope="module")
def without_sandbox(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Install the package alone, without an extra."""
    return Environment(tmp_path_factory.mktemp("bare"), PYTHONS[0], f"sogenactif @ {wheel.as_uri()}")


def test_form_is_made_with_templates_and_logos_of_the_package(
    installed: Environment, pathfile: Pathfile
) -> None:
    path = Path(pathfile.path)
    path.write_text(path.read_text().rstrip("\n") + "\nLOGO_TYPE!svg!\n")
    code = f"""
from sogenactif import Kit
payment = Kit({pathfile.path!r}).request(merchant_id="{MERCHANT}", amount=1000, payment_means="CB,1,NOLOGO,1")
print(payment.html)
"""
    html = installed.run("python", "-c", code)
    assert re.search(r"<INPUT[^>]*CB\.svg", html, re.IGNORECASE)
    assert "NOLOGO.svg" not in html
    printed = installed.run("sogenactif-request", *REQUEST.split(), f"pathfile={pathfile.path}")
    assert printed.startswith("!0!!<")
    assert installed.run("sogenactif-response", f"pathfile={pathfile.path}", "message=x").startswith(
        "!-1!Error"
    )


def test_commands_of_the_package_run(installed: Environment, pathfile: Pathfile) -> None:
    for program in ("sogenactif", "sogenactif-request", "sogenactif-response"):
        assert installed.run(program, "--version") == f"Sogenactif payment kit {__version__}\n"
    assert "--pathfile" in installed.run("sogenactif", "check", "--help")
    assert installed.run("sogenactif", "certificate", "show", "--pathfile", pathfile.path)
    installed.run("sogenactif", "preview", "--output", "page.html", "entry")
    assert "<html" in (installed.folder / "page.html").read_text()
    assert "--pathfile" in installed.run("sogenactif-sandbox", "--help")


def test_installed_sandbox_can_be_used_by_a_test_suite(installed: Environment, pathfile: Pathfile) -> None:
    code = f"""
from urllib.request import urlopen
from sogenactif_sandbox import payment_server
with payment_server({pathfile.path!r}, "payment.db") as address:
    print(urlopen(f"{{address}}/console/health").status)
    print(urlopen(address.removesuffix("/payment") + "/logos/CB.svg").headers["Content-Type"])
"""
    assert installed.run("python", "-c", code).splitlines() == ["200", "image/svg+xml; charset=utf-8"]


def test_every_module_of_the_package_can_be_imported(installed: Environment) -> None:
    code = f"""
import pkgutil, sogenactif, sogenactif_sandbox
from importlib import import_module
for package in (sogenactif, sogenactif_sandbox):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        try:
            import_module(module.name)
        except ModuleNotFoundError as error:
            if error.name not in {OF_OTHERS}:
                raise
        print(module.name)
"""
    modules = installed.run("python", "-c", code).split()
    assert {"sogenactif.web", "sogenactif_sandbox.commands.preview"} <= set(modules)


def test_preview_refers_to_pictures_of_the_package(installed: Environment) -> None:
    installed.run("sogenactif", "preview", "--output", "preview.html", "entry")
    [logo] = set(re.findall(r'src="file://([^"]*/CB\.svg)"', (installed.folder / "preview.html").read_text()))
    assert Path(logo).is_file()


def test_sandbox_database_is_in_the_home_folder_by_default(installed: Environment) -> None:
    """As ``sogenactif sandbox`` does; the folder of the package is for programs."""
    shown = installed.run("sogenactif-sandbox", "--help")
    state = installed.folder / ".local" / "state" / "sogenactif-sandbox" / "payment-server.db"
    assert str(state) in re.sub(r"\s+", "", shown)


def test_package_without_the_sandbox_says_how_to_install_it(
    without_sandbox: Environment, pathfile: Pathfile
) -> None:
    assert "sandbox" in without_sandbox.run("sogenactif", "--help")
    checked = without_sandbox.attempt("sogenactif", "check", "--pathfile", pathfile.path, "--json")
    assert checked.returncode in (0, 1) and '"findings"' in checked.stdout, checked
    for program, *arguments in (["sogenactif-sandbox", "--help"], ["sogenactif", "sandbox"]):
        refused = without_sandbox.attempt(program, *arguments)
        assert refused.returncode == 1 and "pip install 'sogenactif[sandbox]'" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1, refused.stderr


def test_package_has_type_information_and_a_version(installed: Environment) -> None:
    code = "import sogenactif, sogenactif_sandbox as s; from pathlib import Path; print(*(Path(m.__file__).with_name('py.typed').exists() for m in (sogenactif, s)))"
    assert installed.run("python", "-c", code) == "True True\n"
    shown = installed.run("python", "-m", "pip", "show", "sogenactif")
    assert f"Version: {__version__}" in shown


def test_dependencies_of_the_package_are_pinned_by_the_installation(installed: Environment) -> None:
    """But for what these depend on themselves."""
    code = "import importlib.metadata as metadata; print('\\n'.join(metadata.requires('sogenactif')))"
    for line in installed.run("python", "-c", code).splitlines():
        [name, extra] = re.findall(r"^([\w-]+)[^;]*(?:; extra == '(\w+)')?$", line)[0]
        pinned = (ROOT / "requirements" / f"{extra or 'kit'}.txt").read_text()
        assert re.search(rf"^{name}\b", pinned, re.MULTILINE | re.IGNORECASE), line
