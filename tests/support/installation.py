"""The kit, installed in a folder of the tests' own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.serving import public_folder, web_user
from tests.support.vectors import ROOT


def install(folder: Path, *options: str) -> str:
    """Install in a folder, apart from this machine's Apache; return what was printed."""
    return subprocess.run(
        [ROOT / "install.sh", "apache", "--prefix", folder / "kit", "--config", folder / "kit.conf", "--no-enable",
         "--user", web_user(), *options],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


class InstalledKit:
    """Hold an installation that many tests use, each as if it were new."""

    def __init__(self, folder: Path, saved: Path) -> None:
        self._folder, self._saved = folder, saved
        install(folder)
        self._copy(folder, saved)

    def renewed(self) -> Path:
        """Return the folder, with everything in it as it was when the kit was installed."""
        for path in self._folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        self._copy(self._saved, self._folder)
        return self._folder

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        # Owners too, which shutil leaves out.
        subprocess.run(["cp", "-a", f"{source}/.", target], check=True)


@contextmanager
def installed_kit() -> Iterator[InstalledKit]:
    """Install the kit once."""
    with public_folder() as folder, public_folder() as saved:
        yield InstalledKit(folder, saved)
