"""What a process keeps from one request to the next: what it read of a file, until the file changes."""

import os
import time
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    Read = TypeVar("Read", bound=Callable[..., Any])

# A file may change twice in one tick of its clock: what was read of one this young is not kept.
YOUNG_SECONDS = 2


def kept(read: "Read") -> "Read":
    """A function whose last argument is the path of a file, and that reads the file again only when it changed.

    What it returns is shared and must not be changed; where it raises nothing is kept.
    """
    memory: dict[tuple[str, ...], tuple[tuple[int, ...], object]] = {}

    @wraps(read)
    def read_once(*call: str) -> object:
        try:
            found = os.stat(call[-1])
        except (OSError, ValueError):
            return read(*call)
        state = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        known = memory.get(call)
        if known and known[0] == state:
            return known[1]
        made = read(*call)
        if time.time() - max(found.st_mtime, found.st_ctime) > YOUNG_SECONDS:
            memory[call] = state, made
        return made

    return read_once  # type: ignore[return-value]
