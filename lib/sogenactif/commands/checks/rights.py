"""Who may read or write a file: as the web server's user sees it, whoever asks."""

import grp
import os
import pwd
import stat
from typing import Any, NamedTuple

READ, WRITE, SEARCH = 4, 2, 1


class Account(NamedTuple):
    """A user of this machine, and the groups it is in."""

    name: str
    uid: int
    groups: frozenset[int]


def account(name: str) -> Account:
    """The user of that name. Raises KeyError where there is none."""
    entry = pwd.getpwnam(name)
    return Account(name, entry.pw_uid, frozenset(os.getgrouplist(name, entry.pw_gid)))


def owner_of(path: str) -> Account:
    """The user whose a file is, or the nearest folder above it that is there."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    found = os.stat(path)
    try:
        return account(pwd.getpwuid(found.st_uid).pw_name)
    except KeyError:  # a number without a name, as in a container
        return Account(str(found.st_uid), found.st_uid, frozenset([found.st_gid]))


def may(user: Account, path: str, wanted: int) -> bool:
    """Whether a user may read, write or search a file or folder that is there, its folders included.

    Raises PermissionError where whoever asks may not even look.
    """
    path = os.path.realpath(path)
    folders = [path]
    while folders[-1] != "/":
        folders.append(os.path.dirname(folders[-1]))
    return all(_allows(user, folder, SEARCH) for folder in folders[1:]) and _allows(user, path, wanted)


def open_to_all(path: str) -> bool:
    """Whether the rights of a file let everybody on the machine read or change it."""
    return bool(os.stat(path).st_mode & 0o006)


def described(path: str) -> dict[str, Any]:
    """The rights of a file as a sentence needs them: mode, owner, group."""
    found = os.stat(path)
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return {"mode": f"{stat.S_IMODE(found.st_mode):03o}", "owner": owner_of(path).name, "group": group}


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
