"""The kit, installed in a folder of a test's own."""

import subprocess
from pathlib import Path

from tests.support.serving import web_user
from tests.support.vectors import ROOT


def install(folder: Path, *options: str) -> str:
    """Install in a folder, away from this machine's Apache; what was printed."""
    return subprocess.run(
        [ROOT / "install.sh", "apache", "--prefix", folder / "kit", "--config", folder / "kit.conf", "--no-enable",
         "--user", web_user(), *options],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
