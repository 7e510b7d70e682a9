"""The pictures of the READMEs are those that a script makes of the demonstration."""

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.vectors import ROOT


def size(picture: Path) -> tuple[int, int]:
    width, height = struct.unpack(">4x2I", picture.read_bytes()[12:24])
    return width, height


@pytest.mark.browser
def test_script_makes_the_picture_of_each_readme(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "docs/pictures.py", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    made = {path.name: size(path) for path in tmp_path.iterdir()}
    shown = set()
    for readme in ("README.md", "README.fr.md"):
        (picture,) = re.findall(r"!\[[^]]+\]\(docs/pictures/([^)]+)\)", (ROOT / readme).read_text())
        assert made[picture] == size(ROOT / "docs" / "pictures" / picture)
        shown.add(picture)
    assert shown == set(made) == {path.name for path in (ROOT / "docs" / "pictures").iterdir()}
