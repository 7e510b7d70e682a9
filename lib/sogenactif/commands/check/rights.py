"""Rights on files: those of the web server's user, whatever user runs the check."""

import grp
import os
import pwd
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sogenactif.commands.check.findings import Finding, Findings, fault

READ, WRITE, SEARCH = 4, 2, 1


def nearest(path: str) -> str:
    """Return an absolute path, or the nearest folder above it that exists."""
    return path if os.path.exists(path) else nearest(os.path.dirname(path))


def owner_of(path: str) -> pwd.struct_passwd:
    """Return the owner of a path, or of the nearest folder above it that exists."""
    status = os.stat(nearest(path))
    try:
        return pwd.getpwuid(status.st_uid)
    except KeyError:  # a number without a name, as in a container
        return pwd.struct_passwd((str(status.st_uid), "", status.st_uid, status.st_gid, "", "", ""))


def group_name(number: int) -> str:
    """Return the name of a group, or its number if it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def exists(path: str) -> bool:
    """Return whether a path exists; raise PermissionError if a folder above it can't be searched."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def missing_rights(user: pwd.struct_passwd, path: str, wanted: int = READ) -> Findings:
    """Yield why a user can't read, write or search an existing path: its rights, or those of a folder above.

    Raises PermissionError if the current user can't see the rights.
    """
    path = os.path.realpath(path)
    for part, needed in [*((str(folder), SEARCH) for folder in reversed(Path(path).parents)), (path, wanted)]:
        if not _allows(user, part, needed):
            name = "not_writable" if needed & WRITE else "not_entered" if needed & SEARCH else "not_readable"
            yield fault(name, part, user=user.pw_name, group=group_name(user.pw_gid))
            return


def unwritable(user: pwd.struct_passwd, folder: str, files: Iterable[str]) -> list[Finding]:
    """Return why a user can't write in a folder, or else in those of its files that exist."""
    existing = filter(os.path.exists, files)
    in_files = (finding for path in existing for finding in missing_rights(user, path, READ | WRITE))
    return list(missing_rights(user, folder, WRITE | SEARCH)) or list(in_files)


def explain_unreadable(path: str, user: pwd.struct_passwd | None) -> Findings:
    """Yield why the current user can't read a path: a fault of its rights if it is ``user``, the web server's.

    The path is empty if the system denied something else.
    """
    if not path:
        yield fault("not_allowed")
        return
    path = os.path.realpath(path)
    closed = next((str(f) for f in reversed(Path(path).parents) if not os.access(f, os.X_OK)), path)
    wanted = SEARCH if os.path.isdir(closed) else READ
    faults = list(missing_rights(user, closed, wanted)) if user and user.pw_uid == os.geteuid() else []
    yield from faults or [fault("not_allowed", closed)]


def world_accessible(path: str) -> Findings:
    """Yield a fault if anybody on the machine has any right on a file: the kit refuses such a key."""
    if os.stat(path).st_mode & 0o007:
        yield fault("open_to_all", path, **permissions(path))


def permissions(path: str) -> dict[str, Any]:
    """Return the values of a text on a file's rights: mode, owner, group."""
    status, owner = os.stat(path), owner_of(path).pw_name
    return {"mode": f"{status.st_mode & 0o7777:03o}", "owner": owner, "group": group_name(status.st_gid)}


@cache
def groups_of(user: pwd.struct_passwd) -> list[int]:
    """Return all groups of a user."""
    return os.getgrouplist(user.pw_name, user.pw_gid)


def _allows(user: pwd.struct_passwd, path: str, wanted: int) -> bool:
    if user.pw_uid == os.geteuid():
        return os.access(path, wanted)
    status = os.stat(path)
    shift = 6 if user.pw_uid == status.st_uid else 3 if status.st_gid in groups_of(user) else 0
    return user.pw_uid == 0 or status.st_mode >> shift & wanted == wanted


@contextmanager
def acting_as(user: pwd.struct_passwd) -> Iterator[None]:
    """Use the rights of a user if root runs this, and those of root again afterwards."""
    if os.geteuid() != 0 or user.pw_uid == 0:
        yield
        return
    # That user may not be allowed to read the interpreter's own modules.
    import sqlite3  # noqa: F401
    import urllib.parse  # noqa: F401

    groups = os.getgroups()
    os.setgroups(groups_of(user))
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
