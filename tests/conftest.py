"""What the tests share: the recorded vectors and the files they ran on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parent / "vectors"


def vectors(name: str) -> list[Any]:
    """The recorded cases of a file, each a test's parameter under its own name."""
    cases = json.loads((VECTORS / name).read_text())
    return [pytest.param(case, id=case["name"]) for case in cases]


def as_text(recorded: str) -> str:
    """A recorded string, one character a byte, as the text that the kit works on."""
    return recorded.encode("latin-1").decode("utf-8", "surrogateescape")


@pytest.fixture
def param(tmp_path: Path) -> Path:
    """A folder with the files the vectors ran on, their paths filled in."""
    for file in (VECTORS / "param").iterdir():
        content = file.read_bytes().replace(b"@PARAM@", str(tmp_path).encode())
        (tmp_path / file.name).write_bytes(content)
    return tmp_path
