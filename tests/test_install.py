import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import MERCHANT, ROOT, need
from tests.serving import public_folder, web_user


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["help"], 0, "./install.sh demo"),
        (["nonsense"], 2, "./install.sh demo"),
        (["apache", "--prefix", "here", "--no-enable"], 1, "here is no absolute path"),
        (["apache", "--prefix", "/usr/local", "--no-enable"], 1, "/usr/local holds other things"),
        (["apache", "--prefix", str(ROOT), "--no-enable"], 1, "is where this copy of the kit is"),
        (["apache", "--prefix", str(ROOT / "lib" / "x"), "--no-enable"], 1, "is inside this copy of the kit"),
        (["apache", "--prefix", "/tmp/a$1b", "--no-enable"], 1, "may hold letters, digits"),
        (["apache", "--config", "/nowhere/x.conf", "--no-enable"], 1, "there is no folder /nowhere"),
        (["apache", "--shop", "shop.example", "--no-enable"], 1, "shop.example is no http or https address"),
        (["apache", "--payment", "http://bank!/", "--no-enable"], 1, "no http or https address"),
        (["apache", "--shop"], 1, "--shop wants a value"),
        (["--version"], 0, "Sogenactif payment kit"),
        (["apache", "--what"], 1, "no option --what"),
        (["apache", "--wsgi", "--python", sys.executable, "--no-enable"], 1, "mod_wsgi runs Debian's"),
        (
            ["apache", "--uninstall", "--prefix", "/usr/local", "--no-enable"],
            1,
            "no kit is installed in /usr/local",
        ),
        (["apache", "--python", "/bin/true/python", "--no-enable"], 1, "no Python 3.10 or newer"),
        (["apache", "--user", "nobody-here", "--no-enable"], 1, "no user nobody-here"),
        (["apache", "--user", "nobody", "--no-enable"], 1, "no group nobody"),
        (["release", "--quick"], 1, "release takes no --quick"),
    ],
)
def test_it_says_what_is_wrong_and_what_to_do(arguments: list[str], status: int, words: str) -> None:
    result = subprocess.run([ROOT / "install.sh", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == status
    assert words in result.stdout + result.stderr


def install(folder: Path, *options: str) -> str:
    """Install in a folder, away from this machine's Apache; what was printed."""
    return subprocess.run(
        [ROOT / "install.sh", "apache", "--prefix", folder / "kit", "--config", folder / "kit.conf", "--no-enable",
         "--user", web_user(), *options],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip


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


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(folder: Path) -> None:
    said = install(folder, "--dry-run", "--shop", "https://shop.example")
    assert f"put lib/sogenactif in {folder}/kit" in said
    assert "for https://shop.example" in said
    assert 'Alias "/logos/"' in said
    assert said.endswith("Nothing was changed.\n")
    assert not list(folder.iterdir())
    install(folder)
    (folder / "kit" / "cgi-bin" / "call_request.py").write_text("# ours\n")
    (folder / "kit" / "templates" / "style.css").write_text("/* ours */\n")
    before = contents(folder)
    for options in ([], ["--wsgi"], ["--uninstall"]):
        said = install(folder, "--dry-run", *options)
        assert contents(folder) == before
    assert "It was changed and stays" in said
    said = install(folder, "--dry-run")
    assert "leave cgi-bin/call_request.py" in said
    assert "keep your templates/style.css as templates/style.css.before" in said


def test_an_upgrade_renews_what_nobody_changed(folder: Path) -> None:
    install(folder)
    kit = folder / "kit"
    changed, old, style = (
        kit / "cgi-bin" / "call_request.py",
        kit / "cgi-bin" / "call_response.py",
        kit / "templates" / "style.css",
    )
    changed.write_text("# ours\n")
    # What an older kit installed, and nobody touched since.
    for path in (old, style):
        path.write_text("old\n")
    listed = (kit / ".sogenactif").read_text()
    for path in (old, style):
        name = str(path.relative_to(kit))
        [line] = subprocess.run(
            ["sha256sum", name], cwd=kit, check=True, capture_output=True, text=True
        ).stdout.splitlines()
        listed = re.sub(rf".*  {re.escape(name)}\n", f"{line}\n", listed)
    (kit / ".sogenactif").write_text(listed)
    install(folder)
    assert changed.read_text() == "# ours\n"
    assert "def next_page" in old.read_text()
    assert style.read_text() == (ROOT / "templates" / "style.css").read_text()
    assert not list(kit.rglob("*.before"))


def test_uninstalling_leaves_what_is_the_shop_s(folder: Path) -> None:
    kit = folder / "kit"
    install(folder)
    (kit / "cgi-bin" / "call_request.py").write_text("# ours\n")
    (kit / "logos" / "ours.gif").write_text("ours")
    (kit / "var" / "data" / "ledger.db").write_text("payments")
    before = {name: content for name, content in contents(kit).items() if name.startswith("var/")}
    assert f"var/conf/certif.fr.{MERCHANT}.php" in before
    said = install(folder, "--uninstall")
    assert f"It was changed and stays: {kit}/cgi-bin/call_request.py" in said
    assert not (folder / "kit.conf").exists()
    left = contents(kit)
    assert left == {
        **before, ".sogenactif": b"", "cgi-bin/call_request.py": b"# ours\n", "logos/ours.gif": b"ours"
    }  # fmt: skip
    install(folder)
    again = contents(kit)
    assert {name: again[name] for name in left if name != ".sogenactif"} == {
        name: content for name, content in left.items() if name != ".sogenactif"
    }
    assert "bin/request" in again


def test_uninstalling_leaves_a_configuration_of_somebody_else_s(folder: Path) -> None:
    install(folder)
    (folder / "kit.conf").write_text("# another program's\n")
    install(folder, "--uninstall")
    assert (folder / "kit.conf").read_text() == "# another program's\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root changes Apache")
@pytest.mark.parametrize(("options", "module"), [([], "cgid"), (["--wsgi"], "wsgi")])
def test_apache_is_told_to_take_the_configuration_and_to_leave_it(
    folder: Path, options: list[str], module: str
) -> None:
    need(Path("/usr/sbin/apache2").exists(), "apache2")
    need(module == "cgid" or Path("/usr/lib/apache2/modules/mod_wsgi.so").exists(), "libapache2-mod-wsgi-py3")
    # This machine's Apache is left alone: what would change it only notes how it was called.
    (folder / "bin").mkdir()
    for program in ("a2enmod", "a2enconf", "a2disconf", "apachectl", "service"):
        (folder / "bin" / program).write_text(f'#!/bin/sh\necho {program} "$@" >>{folder}/calls\n')
        (folder / "bin" / program).chmod(0o755)
    environ = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    install: list[str | Path] = [
        ROOT / "install.sh",
        "apache",
        "--prefix",
        folder / "kit",
        "--config",
        folder / "kit.conf",
        *options,
    ]
    subprocess.run([*install, "--dry-run"], env=environ, check=True, stdout=subprocess.DEVNULL)
    assert not (folder / "calls").exists()
    subprocess.run(install, env=environ, check=True, stdout=subprocess.DEVNULL)
    *calls, last = (folder / "calls").read_text().splitlines()
    assert calls == [
        "apachectl configtest",
        f"a2enmod -q {module} alias",
        "a2enconf -q kit",
        "apachectl configtest",
    ]
    assert re.fullmatch("service apache2 (reload|restart)", last)
    (folder / "calls").unlink()
    subprocess.run([*install, "--uninstall"], env=environ, check=True, stdout=subprocess.DEVNULL)
    assert (folder / "calls").read_text().splitlines() == ["a2disconf -q kit", "service apache2 reload"]


def test_the_shell_is_clean() -> None:
    need(shutil.which("shellcheck"), "shellcheck")
    scripts = [ROOT / "install.sh", *sorted((ROOT / "installer").glob("*.sh"))]
    result = subprocess.run(
        ["shellcheck", "-x", "-S", "warning", *scripts], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not result.stdout
