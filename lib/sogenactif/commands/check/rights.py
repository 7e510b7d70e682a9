"""Who may read or write a file: as the web server's user sees it, whoever asks."""

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from sogenactif.commands.check.findings import Finding, fault

READ, WRITE, SEARCH = 4, 2, 1


class Account(NamedTuple):
    """A user of this machine, the group that its files get, and all that it is in."""

    name: str
    uid: int
    gid: int
    group: str
    groups: frozenset[int]


def account(name: str) -> Account:
    """The user of that name. Raises KeyError where there is none."""
    entry = pwd.getpwnam(name)
    groups = frozenset(os.getgrouplist(name, entry.pw_gid))
    return Account(name, entry.pw_uid, entry.pw_gid, _group(entry.pw_gid), groups)


def nearest(path: str) -> str:
    """A file or folder, or the nearest folder above it that is there."""
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def owner_of(path: str) -> Account:
    """The user whose a file is, or the nearest folder above it that is there."""
    found = os.stat(nearest(path))
    try:
        return account(pwd.getpwuid(found.st_uid).pw_name)
    except KeyError:  # a number without a name, as in a container
        name, group = str(found.st_uid), _group(found.st_gid)
        return Account(name, found.st_uid, found.st_gid, group, frozenset([found.st_gid]))


def namesake_of_group(path: str) -> Account | None:
    """The user that has the name of a file's group, as on Debian; None where there is none, or it is root."""
    try:
        user = account(_group(os.stat(path).st_gid))
    except (KeyError, OSError):
        return None
    return user if user.uid else None


def in_the_way(path: str) -> str:
    """The first folder on the way to a path that whoever asks can't enter, or the path itself."""
    path = os.path.realpath(path)
    return next((folder for folder in _folders(path) if not os.access(folder, os.X_OK)), path)


def let_see(path: str) -> None:
    """Raises PermissionError where a folder is closed to whoever asks, so that what is in it only seems not to be there."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.stat(path)


def refused(user: Account, path: str, wanted: int = READ) -> list[Finding]:
    """What keeps a user from reading, writing or searching a file or folder that is there: that, or one above it.

    Raises PermissionError where whoever asks may not even look.
    """
    path = os.path.realpath(path)
    for folder in _folders(path):
        if not _allows(user, folder, SEARCH):
            return [fault("not_entered", folder, user=user.name, group=user.group)]
    if _allows(user, path, wanted):
        return []
    name = "not_writable" if wanted & WRITE else "not_entered" if wanted & SEARCH else "not_readable"
    return [fault(name, path, user=user.name, group=user.group)]


def open_to_all(path: str) -> bool:
    """Whether the rights of a file give everybody on the machine anything: the kit refuses such a key."""
    return bool(os.stat(path).st_mode & 0o007)


def described(path: str) -> dict[str, Any]:
    """The rights of a file as a sentence needs them: mode, owner, group."""
    found = os.stat(path)
    mode = f"{stat.S_IMODE(found.st_mode):03o}"
    return {"mode": mode, "owner": owner_of(path).name, "group": _group(found.st_gid)}


def _folders(path: str) -> list[str]:
    """The folders above an absolute path, from / on."""
    above = [path]
    while above[-1] != "/":
        above.append(os.path.dirname(above[-1]))
    return above[:0:-1]


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _allows(user: Account, path: str, wanted: int) -> bool:
    if user.uid == os.geteuid():
        return os.access(path, wanted)
    found = os.stat(path)
    mode = found.st_mode
    if user.uid == found.st_uid:
        mode >>= 6
    elif found.st_gid in user.groups:
        mode >>= 3
    return user.uid == 0 or mode & wanted == wanted


@contextmanager
def acting_as(user: Account) -> Iterator[None]:
    """Use the rights of a user if root runs this, and those of root again afterwards."""
    if os.geteuid() != 0 or user.uid == 0:
        yield
        return
    # That user may not be allowed to read the interpreter's own modules.
    import sqlite3  # noqa: F401
    import urllib.parse  # noqa: F401

    groups = os.getgroups()
    os.setgroups(sorted(user.groups))
    os.setegid(int(user.group) if user.group.isdigit() else grp.getgrnam(user.group).gr_gid)
    os.seteuid(user.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
