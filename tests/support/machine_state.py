"""What a run of the tests might leave on a machine: kits, configurations, users, services."""

import hashlib
import os
from pathlib import Path

PLACES = [
    "/usr/local/lib",
    "/usr/local/bin",
    "/etc/apache2",
    "/etc/systemd/system",
    "/etc/init.d",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/var/www",
    "/usr/sbin/policy-rc.d",
]
FILES = ["/etc/passwd", "/etc/group", "/etc/crontab"]
DEPTH = 3


def state_outside() -> dict[str, str]:
    """Return each path of the places, with a digest of what it is."""
    state = {}
    for place in map(Path, PLACES):
        for path in [place, *_below(place, DEPTH)]:
            if path.is_symlink():
                state[str(path)] = os.readlink(path)
            elif path.exists():
                state[str(path)] = _digest(path) if path.is_file() and os.access(path, os.R_OK) else ""
    for path in map(Path, FILES):
        state[str(path)] = _digest(path) if path.exists() else ""
    return state


def changed_outside(before: dict[str, str]) -> list[str]:
    """Return a line for each path that was added, changed or removed since."""
    after = state_outside()
    words = {True: "changed", False: "removed"}
    return [
        f"{path} was {words[path in after] if path in before else 'added'}"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _below(folder: Path, depth: int) -> list[Path]:
    if depth == 0 or folder.is_symlink() or not folder.is_dir():
        return []
    inside = sorted(folder.iterdir())
    return inside + [path for child in inside for path in _below(child, depth - 1)]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
