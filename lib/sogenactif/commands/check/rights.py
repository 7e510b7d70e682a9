"""Rights on files: those of the web server's user, whatever user runs the check."""

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
    """Hold a user of this machine, the group of its files, and all of its groups."""

    name: str
    uid: int
    gid: int
    group: str
    groups: frozenset[int]


def account(name: str) -> Account:
    """Return the user of a name. Raises KeyError if there is none."""
    entry = pwd.getpwnam(name)
    groups = frozenset(os.getgrouplist(name, entry.pw_gid))
    return Account(name, entry.pw_uid, entry.pw_gid, _group(entry.pw_gid), groups)


def nearest(path: str) -> str:
    """Return a path, or the nearest folder above it that exists."""
    path = os.path.abspath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def owner_of(path: str) -> Account:
    """Return the owner of a path, or of the nearest folder above it that exists."""
    status = os.stat(nearest(path))
    try:
        return account(pwd.getpwuid(status.st_uid).pw_name)
    except KeyError:  # a number without a name, as in a container
        name, group = str(status.st_uid), _group(status.st_gid)
        return Account(name, status.st_uid, status.st_gid, group, frozenset([status.st_gid]))


def namesake_of_group(path: str) -> Account | None:
    """Return the user with the name of a file's group, as on Debian; None if there is none, or it is root."""
    try:
        user = account(_group(os.stat(path).st_gid))
    except (KeyError, OSError):
        return None
    return user if user.uid else None


def in_the_way(path: str) -> str:
    """Return the first folder of a path that the current user can't enter, or the path itself."""
    path = os.path.realpath(path)
    return next((folder for folder in _folders(path) if not os.access(folder, os.X_OK)), path)


def require_search_permission(path: str) -> None:
    """Raise PermissionError if the folder can't be searched, instead of reporting its files as missing."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.stat(path)


def refused(user: Account, path: str, wanted: int = READ) -> list[Finding]:
    """Return why a user can't read, write or search an existing file or folder: its rights, or those of a folder above.

    Raises PermissionError if the current user can't see the rights.
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
    """Return whether everybody on the machine has any right on a file: the kit refuses such a key."""
    return bool(os.stat(path).st_mode & 0o007)


def described(path: str) -> dict[str, Any]:
    """Return the values of a text on a file's rights: mode, owner, group."""
    status = os.stat(path)
    mode = f"{stat.S_IMODE(status.st_mode):03o}"
    return {"mode": mode, "owner": owner_of(path).name, "group": _group(status.st_gid)}


def _folders(path: str) -> list[str]:
    """Return the folders above an absolute path, from / on."""
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
    status = os.stat(path)
    mode = status.st_mode
    if user.uid == status.st_uid:
        mode >>= 6
    elif status.st_gid in user.groups:
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
    os.setegid(user.gid)
    os.seteuid(user.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
