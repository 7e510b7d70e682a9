import subprocess

import pytest

from tests.conftest import ROOT


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
        (["apache", "--what"], 1, "no option --what"),
        (["apache", "--python", "/bin/true/python", "--no-enable"], 1, "no Python 3.10 or newer"),
        (["apache", "--user", "nobody-here", "--no-enable"], 1, "no user nobody-here"),
    ],
)
def test_it_says_what_is_wrong_and_what_to_do(arguments: list[str], status: int, words: str) -> None:
    result = subprocess.run([ROOT / "install.sh", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == status
    assert words in result.stdout + result.stderr
