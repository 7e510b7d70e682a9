"""Change the core in random places, one at a time, and list the changes that no test notices.

``.venv/bin/python tests/mutation.py [COUNT [SEED]]`` takes COUNT places (150). mutmut writes the changes into a copy of the
repository. There all tests of the core run once, and note the functions that each of them calls, also in the processes that it
starts; then, for each change, those that call its function run until one fails, the fastest first. A dot is printed
for each change that a test notices, else an exclamation mark. 120 changes take half an hour on two cores.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Those of the sandbox and of the commands say little about the core, and a process that its test kills says nothing.
LEFT_OUT = (
    "test_check",
    "test_command_texts",
    "test_every_command",
    "test_migrate",
    "test_payment_",
    "test_sandbox",
)
MORE = [
    "tests/system/test_reconciliation.py",
    "tests/system/test_refunds.py",
    "tests/system/test_refund_notifications.py",
    "tests/system/test_bank_report.py",
    "tests/system/test_api.py",
]
CHOICE = ["-m", "not browser", "-k", "not kills_the_process", "-p", "no:cacheprovider", "-q", "--no-header"]

SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/sogenactif/*"]
do_not_mutate = ["src/packages/*", "src/sogenactif_sandbox/*", "src/sogenactif/commands/*", "src/sogenactif/texts.py"]
also_copy = [
    "bin", "cgi-bin", "conf", "templates", "logos", "docs", "installer", "bench", "requirements", "install.sh", "README.md"
]
pytest_add_cli_args_test_selection = ["tests/unit/test_money.py"]
"""
# A function that was called, and the test, however far down in its processes.
NOTE_CALLS = """


_noted = set()


def record_trampoline_hit(name, caller=None):
    import os

    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if test and "CALLS" in os.environ and (name, test) not in _noted:
        _noted.add((name, test))
        with open(os.environ["CALLS"], "a") as calls:
            calls.write(f"{name}\\t{test}\\n")
"""
# A process that gets an environment of its own gets the change, too; and the seconds of each test that passes.
FOLLOW = """


def _start(process, *arguments, env=None, start=__import__("subprocess").Popen.__init__, **options):
    if env is not None:
        names = ("MUTANT_UNDER_TEST", "PYTEST_CURRENT_TEST", "CALLS")
        env = {**env, **{name: os.environ[name] for name in names if name in os.environ}}
    start(process, *arguments, env=env, **options)


__import__("subprocess").Popen.__init__ = _start


def pytest_runtest_logreport(report):
    if "SECONDS" in os.environ and report.when == "call" and report.passed and not hasattr(report, "node"):
        with open(os.environ["SECONDS"], "a") as seconds:
            seconds.write(f"{report.duration}\\t{report.nodeid}\\n")
"""


def copy_repository(copy: Path) -> None:
    """Copy what git knows, and mutmut beside the packages of the kit: the changed code imports it."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["xargs", "-0", "cp", "--parents", "-t", str(copy)], cwd=ROOT, check=True, input=names)
    shutil.copytree(ROOT / "lib" / "packages", copy / "lib" / "packages", dirs_exist_ok=True)
    for folder in Path(sysconfig.get_path("purelib")).glob("mutmut*"):
        shutil.copytree(folder, copy / "lib" / "packages" / folder.name)
    for path, more in (
        ("pyproject.toml", SETTINGS),
        ("lib/packages/mutmut/stats.py", NOTE_CALLS),
        ("tests/conftest.py", FOLLOW),
    ):
        with (copy / path).open("a") as file:
            file.write(more)
    # Some processes of the tests run as another user. mutmut knows where code is imported from by the name of src only.
    copy.chmod(0o755)
    (copy / "lib").rename(copy / "src")
    (copy / "lib").symlink_to("src")
    (copy / "mutants").mkdir()
    (copy / "mutants" / "lib").symlink_to("src")


def environment(copy: Path, change: str, **more: str) -> dict[str, str]:
    """Return the environment of tests on a change; the copy's code goes before that of the virtual environment."""
    code = copy / "mutants" / "src"
    return {**os.environ, "PYTHONPATH": f"{code}:{code / 'packages'}", "MUTANT_UNDER_TEST": change, **more}


def note_calls(copy: Path) -> dict[str, list[str]]:
    """Run the tests once; the tests that pass and call a function, by its name, the fastest first."""
    files = [
        str(path.relative_to(ROOT))
        for path in sorted(ROOT.glob("tests/unit/test_*.py"))
        if not path.name.startswith(LEFT_OUT) and not path.name.endswith("_command.py")
    ]
    calls, seconds = copy / "calls", copy / "seconds"
    calls.touch()
    calls.chmod(0o666)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "auto", *CHOICE, *files, *MORE],
        cwd=copy / "mutants",
        env=environment(copy, "stats", CALLS=str(calls), SECONDS=str(seconds)),
        check=False,
    )
    took = {
        test: float(long) for long, test in (line.split("\t", 1) for line in seconds.read_text().splitlines())
    }
    tests: dict[str, set[str]] = defaultdict(set)
    for line in calls.read_text().splitlines():
        function, test = line.split("\t", 1)
        if test in took:
            tests[function].add(test)
    return {function: sorted(its, key=lambda test: took[test]) for function, its in tests.items()}


def is_noticed(copy: Path, change: str, tests: list[str]) -> bool:
    """Run the tests of a change until one fails."""
    if not tests:
        return False
    chosen = copy / f"{change}.tests"
    chosen.write_text("\n".join(tests))
    command = [sys.executable, "-m", "pytest", "-x", "-o", "timeout=60", *CHOICE, f"@{chosen}"]
    try:
        done = subprocess.run(
            command,
            cwd=copy / "mutants",
            env=environment(copy, change),
            capture_output=True,
            timeout=600,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    if done.returncode in (4, 5):
        raise RuntimeError(f"pytest did not run the tests of {change}: {done.stdout.decode()}")
    return done.returncode != 0


def main(count: int, seed: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    subprocess.run([*pip, "-r", ROOT / "requirements/mutation.txt"], check=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_repository(copy)
        mutmut = [sys.executable, "-m", "mutmut"]
        subprocess.run([*mutmut, "run", "sogenactif.money*"], cwd=copy, check=True, stdout=subprocess.DEVNULL)
        changes = [
            name
            for path in sorted((copy / "mutants/src/sogenactif").rglob("*.meta"))
            for name in json.loads(path.read_text())["exit_code_by_key"]
        ]
        tests = note_calls(copy)
        random.seed(seed)
        chosen = random.sample(changes, min(count, len(changes)))

        def try_change(change: str) -> bool:
            seen = is_noticed(copy, change, tests.get(change.rpartition("__mutmut_")[0], []))
            print("." if seen else "!", end="", flush=True)
            return seen

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            noticed = list(pool.map(try_change, chosen))
        for change, seen in zip(chosen, noticed, strict=True):
            if not seen:
                print(f"\nNot noticed: {change}", flush=True)
                subprocess.run([*mutmut, "show", change], cwd=copy, check=True)
        print(f"\n{sum(noticed)} of {len(chosen)} changes noticed, of {len(changes)} possible ones")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150, sys.argv[2] if len(sys.argv) > 2 else "1")
