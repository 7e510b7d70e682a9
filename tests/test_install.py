import subprocess

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["help"], 0, "./install.sh demo"),
        (["nonsense"], 2, "./install.sh demo"),
        (["apache", "--prefix", "here", "--no-enable"], 1, "--prefix wants an absolute path"),
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
