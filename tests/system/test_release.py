"""The archive: made twice it is the same, and it installs on a machine without network."""

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sogenactif import __version__
from tests.support.serving import public_folder
from tests.support.vectors import MERCHANT, ROOT, need

NAME = f"sogenactif-kit-{__version__}"


@pytest.fixture(scope="module")
def clone() -> Iterator[Path]:
    """A clone of the kit, where a release is made: what is committed."""
    need(shutil.which("git") and (ROOT / ".git").exists(), "git")
    with public_folder() as folder:
        subprocess.run(["git", "clone", "-q", ROOT, folder / "clone"], check=True)
        yield folder / "clone"


def release(clone: Path) -> Path:
    subprocess.run(["./install.sh", "release"], cwd=clone, check=True, stdout=subprocess.DEVNULL)
    return clone / "dist" / f"{NAME}.tar.gz"


def test_release_is_reproducible_and_installs_without_network(clone: Path, tmp_path: Path) -> None:
    archive = release(clone)
    first = hashlib.sha256(archive.read_bytes()).digest()
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
        names = [member.name.split("/") for member in members]
        assert names == sorted(names)
        assert {(member.mtime, member.uid) for member in members} == {(members[0].mtime, 0)}
        assert not [m.name for m in members if "/.ci" in m.name or "/var/" in m.name or "/.git" in m.name]
    archive.unlink()
    assert hashlib.sha256(release(clone).read_bytes()).digest() == first

    subprocess.run(["tar", "-xzf", archive, "-C", tmp_path], check=True)
    kit = tmp_path / NAME
    offline = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_CACHE_DIR": "1",
    }
    subprocess.run(["./install.sh"], cwd=kit, env=offline, check=True, stdout=subprocess.DEVNULL)
    answer = subprocess.run(
        [kit / "bin" / "request", f"merchant_id={MERCHANT}", "amount=1000", f"pathfile={kit}/var/conf/pathfile"],
        env={}, check=True, capture_output=True,
    ).stdout  # fmt: skip
    assert answer.startswith(b"!0!!<")
    # The demonstration's dependencies are inside as well.
    subprocess.run(
        ["./install.sh", "demo", "--help"], cwd=kit, env=offline, check=True, stdout=subprocess.DEVNULL
    )


def test_release_outside_a_git_clone_is_rejected(clone: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(clone, copy, ignore=shutil.ignore_patterns(".git", ".venv", "dist"), symlinks=True)
    result = subprocess.run(
        ["./install.sh", "release"],
        cwd=copy, check=False, capture_output=True, text=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)},
    )  # fmt: skip
    assert result.returncode == 1
    assert "a release is made from a clone" in result.stderr
