"""Files: those of the merchant that are read, and those that are made where another user may write."""

import errno
import os
from pathlib import Path

import pytest

from sogenactif.files import (
    MAX_BYTES,
    become_owner,
    flush_folder,
    make_private_folder,
    open_private,
    read_file,
)
from tests.support.vectors import need

NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of another user's, where root runs the tests."""
    need(os.getuid() == 0, "root, who may give a folder away,")
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    return folder


def test_new_file_belongs_to_the_owner_of_its_folder(folder: Path) -> None:
    os.close(open_private(f"{folder}/file"))
    made = os.stat(folder / "file")
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (NOBODY, NOBODY, 0o600)
    make_private_folder(f"{folder}/journal")
    made = os.stat(folder / "journal")
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (NOBODY, NOBODY, 0o700)


@pytest.mark.parametrize("there", [True, False])
def test_symbolic_link_is_not_followed_and_its_target_keeps_its_owner(folder: Path, there: bool) -> None:
    target = folder.parent / "secret"
    if there:
        target.write_text("x")
    (folder / "file").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        open_private(f"{folder}/file")
    assert target.exists() == there
    assert not there or target.stat().st_uid == 0


def test_existing_file_keeps_its_owner(folder: Path) -> None:
    target = folder.parent / "secret"
    target.write_text("x")
    os.link(target, folder / "file")
    os.close(open_private(f"{folder}/file"))
    assert target.stat().st_uid == 0


@pytest.mark.parametrize("link", ["none", "of the user", "to the user"])
def test_become_owner_drops_root_for_the_owner_of_the_data(folder: Path, link: str) -> None:
    place = folder
    if link != "none":
        place = folder.parent / "link"
        place.symlink_to("/etc" if link == "of the user" else folder)
        if link == "of the user":
            os.chown(place, NOBODY, NOBODY, follow_symlinks=False)
    child = os.fork()
    if not child:
        become_owner("/nowhere", str(place))
        os._exit(rights() == ((NOBODY,) * 3, (NOBODY,) * 3, [NOBODY]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def rights() -> tuple[tuple[int, ...], tuple[int, ...], list[int]]:
    return os.getresuid(), os.getresgid(), os.getgroups()


@pytest.mark.parametrize(
    ("owner", "group", "groups"),
    [
        (NOBODY, NOBODY, (NOBODY, [NOBODY])),
        # The web server's processes may have a group that the user is no member of.
        (NOBODY, 54321, (54321, [54321, NOBODY])),
        # As chown without a group leaves a folder of root.
        (NOBODY, 0, (NOBODY, [NOBODY])),
        (54321, 0, (0, [0])),
    ],
    ids=["its own group", "another", "that of root", "that of root, without a name"],
)
def test_become_owner_takes_the_group_of_the_folder_and_those_of_the_user(
    folder: Path, owner: int, group: int, groups: tuple[int, list[int]]
) -> None:
    os.chown(folder, owner, group)
    child = os.fork()
    if not child:
        become_owner(str(folder))
        os._exit(rights() == ((owner,) * 3, (groups[0],) * 3, groups[1]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_flushing_a_missing_folder_raises_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        flush_folder(f"{tmp_path}/nowhere")


def test_file_larger_than_1_mib_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "parmcom"
    path.write_bytes(b"x" * MAX_BYTES)
    assert len(read_file(str(path))) == MAX_BYTES
    path.write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(OSError, match="larger than 1 MiB") as refusal:
        read_file(str(path))
    assert refusal.value.errno == errno.EFBIG
