"""A Debian of a test's own: this machine's programs in namespaces, where root may change all and nothing is left of it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# It has folders, processes and a network of its own, and Apache as Debian installs it. It lives as long as
# the test holds its standard input open.
SET_UP = """
read -r pid _ </proc/self/stat
mount -t proc proc /proc
mount -t tmpfs tmpfs /mnt
for folder in etc var usr/local; do
    mkdir -p /mnt/$folder/changed /mnt/$folder/work
    mount -t overlay overlay -o lowerdir=/$folder,upperdir=/mnt/$folder/changed,workdir=/mnt/$folder/work /$folder
done
mount -t tmpfs tmpfs /run
mkdir /run/lock
ip link set lo up
a2dismod -q -f cgi cgid wsgi >/dev/null
echo "$pid"
# The first process of a machine has to bury what its daemons leave behind.
exec env --ignore-signal=CHLD cat
"""
ASK = """
import sys
from urllib.error import HTTPError
from urllib.request import urlopen
try:
    answer = urlopen("http://localhost" + sys.argv[1], sys.argv[2].encode() or None, timeout=20)
except HTTPError as error:
    answer = error
print(answer.status, answer.read().decode(), sep="\\n")
"""


class Machine:
    """Hold a Debian in namespaces of its own; ``root`` is its file system, seen from outside."""

    def __init__(self, pid: int) -> None:
        self._enter = ["nsenter", "--target", str(pid), "--mount", "--net", "--pid"]
        self.root = Path(f"/proc/{pid}/root")

    def run(self, *command: str | Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a program on it as root; return its result, with errors in its output."""
        result = subprocess.run(
            [*self._enter, *command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert not check or result.returncode == 0, result.stdout
        return result

    @contextmanager
    def started(self, *command: str) -> Iterator[None]:
        """Run a program that prints a line when it is ready, and ends when its standard input does."""
        with subprocess.Popen(
            [*self._enter, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout
            process.stdout.readline()
            yield

    def ask(self, path: str, data: str = "") -> tuple[int, str]:
        """Return the reply of its web server on port 80 to a GET, or to a POST of ``data``; status 0 without a reply."""
        result = self.run(sys.executable, "-c", ASK, path, data, check=False)
        if result.returncode:
            assert "Connection refused" in result.stdout, result.stdout
            return 0, ""
        status, _, body = result.stdout.partition("\n")
        return int(status), body


@contextmanager
def machine() -> Iterator[Machine]:
    """Create a machine for the duration of a block, its Apache not started; its processes and files end with the block."""
    process = subprocess.Popen(
        ["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-euc", SET_UP],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    try:
        yield Machine(int(process.stdout.readline()))
    finally:
        process.communicate(timeout=20)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait ten seconds at most until a condition holds."""
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")
