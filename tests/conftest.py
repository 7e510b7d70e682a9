"""Fixtures that all tests share."""

from pathlib import Path

import pytest

from sogenactif.configuration import Pathfile, read_pathfile
from tests.support.vectors import ACCEPTED as ACCEPTED
from tests.support.vectors import ASKED as ASKED
from tests.support.vectors import ENROLLED as ENROLLED
from tests.support.vectors import MERCHANT as MERCHANT
from tests.support.vectors import ROOT as ROOT
from tests.support.vectors import VECTORS as VECTORS
from tests.support.vectors import as_recorded as as_recorded
from tests.support.vectors import as_text as as_text
from tests.support.vectors import need as need
from tests.support.vectors import slow as slow
from tests.support.vectors import speak_paypage as speak_paypage
from tests.support.vectors import vectors as vectors


@pytest.fixture
def param(tmp_path: Path) -> Path:
    """A folder with the files the vectors ran on, their paths filled in."""
    folder = tmp_path / "param"
    folder.mkdir()
    for file in (VECTORS / "param").iterdir():
        content = file.read_bytes().replace(b"@PARAM@", str(folder).encode())
        (folder / file.name).write_bytes(content)
    return folder


@pytest.fixture
def pathfile(param: Path) -> Pathfile:
    """The usual pathfile of the vectors, read."""
    return read_pathfile(str(param / "pathfile"))
