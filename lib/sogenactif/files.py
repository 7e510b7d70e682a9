"""Files of the merchant: read within limits, written safely, and cached until they change."""

import contextlib
import errno
import os
import time
from functools import wraps

from sogenactif.fields import to_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    Read = TypeVar("Read", bound=Callable[..., Any])

PACKAGE = os.path.dirname(os.path.abspath(__file__))
# Templates and logos are inside an installed Python package, else at the top of the kit's folder.
ROOT = PACKAGE if os.path.isdir(f"{PACKAGE}/templates") else os.path.dirname(os.path.dirname(PACKAGE))
MAX_BYTES = 1024 * 1024
FILE_NAME_CHARACTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
# The clock of files is coarse: one that changed less long ago may change again unnoticed, and is not cached.
SETTLE_SECONDS = 2


def version_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what changes with the content of a file."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def cached_until_changed(read: "Read") -> "Read":
    """Cache what a function reads of a file, whose path is its last argument, until the file changes.

    The result is shared and must not be modified. An exception is not cached.
    """
    memory: dict[tuple[str, ...], tuple[tuple[int, ...], object]] = {}

    @wraps(read)
    def read_once(*call: str) -> object:
        try:
            status = os.stat(call[-1])
        except (OSError, ValueError):
            return read(*call)
        version = version_of(status)
        cached = memory.get(call)
        if cached and cached[0] == version:
            return cached[1]
        content = read(*call)
        if time.time() - max(status.st_mtime, status.st_ctime) > SETTLE_SECONDS:
            memory[call] = version, content
        return content

    return read_once  # type: ignore[return-value]


def stays_in_directory(value: str) -> bool:
    """Return whether a value can be part of a file name without leading out of its directory."""
    return value != "" and FILE_NAME_CHARACTERS.issuperset(value)


def read_file(path: str) -> bytes:
    """Return the content of a file of the merchant, 1 MiB at most. Raises OSError, ValueError."""
    if os.path.exists(to_bytes(path)) and not os.path.isfile(to_bytes(path)):
        raise OSError(errno.EINVAL, "not a file")
    with open(to_bytes(path), "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(errno.EFBIG, "larger than 1 MiB")
    return content


def write_secret(path: str, content: bytes, as_folder: bool = False) -> None:
    """Write a file that only its owner may read, whole or not at all.

    With ``as_folder`` its group is that of its folder, and may read it if the folder is open to
    that group and to nobody else; if root writes, its owner is that of the folder too. Raises OSError.
    """
    draft = path + ".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(draft)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        if as_folder:
            folder = os.stat(os.path.dirname(path) or ".")
            os.fchown(file.fileno(), folder.st_uid if os.geteuid() == 0 else -1, folder.st_gid)
            os.fchmod(file.fileno(), 0o640 if folder.st_mode & 0o011 == 0o010 else 0o600)
    os.replace(draft, path)


def open_private(path: str, flags: int = 0) -> int:
    """Open a file for reading and writing, made if it is missing, and return its descriptor. Raises OSError.

    Only its owner may read a new file. If root makes it, it belongs to the owner of its folder, whose
    programs go on writing it. A link is refused, and an existing file keeps its owner: a user who
    may write in the folder must not turn root's rights on a file elsewhere.
    """
    flags |= os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags)
        with contextlib.suppress(FileExistsError):
            file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
            _give_to_owner_of(os.path.dirname(path), file)
            return file


def append_line(path: str, file: int, line: bytes, flush: bool = True) -> None:
    """Append a line to an open file; if a full disk cuts it, remove it. Raises OSError.

    It is flushed to the disk, or without ``flush`` together with the next one; the name of a new file always is.
    """
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX)
    end = os.fstat(file).st_size
    if end and os.pread(file, 1, end - 1) != b"\n":
        line = b"\n" + line
    try:
        written = os.write(file, line)
        if written < len(line):
            raise OSError(f"{written} bytes of {len(line)} written")
        if flush:
            os.fsync(file)
        if not end:
            flush_folder(os.path.dirname(path) or ".")
    except OSError:
        os.ftruncate(file, end)
        raise


def make_private_folder(path: str) -> None:
    """Make a folder that only its owner may use, and those above it; owned as ``open_private`` says. Raises OSError."""
    os.makedirs(path, mode=0o700, exist_ok=True)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _give_to_owner_of(os.path.dirname(path), folder)
    finally:
        os.close(folder)


def flush_folder(path: str) -> None:
    """Flush the names in a folder to the disk. Raises OSError."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def become_owner(*paths: str) -> None:
    """Drop root's privileges: become the first owner of these files and folders who is not root, if there is one.

    That user may make links there, which root must not follow. The group is that of the file, as the web server's
    processes may have it, but for a named user never root's; the user's own groups come with it.
    """
    if os.geteuid() != 0:
        return
    import pwd

    for path in paths:
        # Both the link and its target: either may belong to the user.
        for look in (os.lstat, os.stat):
            with contextlib.suppress(OSError):
                owner = look(path)
                if owner.st_uid != 0:
                    group, groups = owner.st_gid, [owner.st_gid]
                    with contextlib.suppress(KeyError):
                        user = pwd.getpwuid(owner.st_uid)
                        group = group or user.pw_gid
                        groups = sorted({group, *os.getgrouplist(user.pw_name, user.pw_gid)})
                    os.setgroups(groups)
                    os.setgid(group)
                    os.setuid(owner.st_uid)
                    return


def _give_to_owner_of(folder: str, file: int) -> None:
    if os.geteuid() == 0:
        owner = os.stat(folder)
        os.fchown(file, owner.st_uid, owner.st_gid)
