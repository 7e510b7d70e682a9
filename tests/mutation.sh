#!/bin/sh
# mutation.sh [COUNT [SEED]]: changes the kit in COUNT random places (300), one at a time, runs the unit tests of the core on each
# change, and lists the changes that none of them noticed. Works in a copy of the repository; run ./install.sh test --fast before.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
count=${1:-300} seed=${2:-1}
python=$root/.venv/bin/python
"$python" -m pip --disable-pip-version-check -q install -r requirements/mutation.txt
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
cp -R lib/packages "$copy/lib/"
# Processes that a test starts run the changed code too, and that code imports mutmut.
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp -R "$site"/mutmut "$site"/mutmut-*.dist-info "$copy/lib/packages/"
cd "$copy"
# mutmut knows where code is imported from by this name only.
mv lib src
ln -s src lib
mkdir mutants
ln -s src mutants/lib
tests=
# Those of the core; a process that a test ends can't say what it ran.
for test in tests/unit/test_*.py tests/system/test_operations.py tests/system/test_refunds.py; do
    case $test in
    */test_check* | */test_command* | */test_payment_* | */test_sandbox* | */test_migrate* | */*_command*) ;;
    *) tests="$tests\"$test\", " ;;
    esac
done
cat >>pyproject.toml <<TOML

[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/sogenactif/*"]
do_not_mutate = ["src/packages/*", "src/sogenactif_sandbox/*", "src/sogenactif/commands/*", "src/sogenactif/texts.py"]
also_copy = ["bin", "cgi-bin", "conf", "templates", "logos", "docs", "installer", "bench", "requirements", "install.sh", "README.md"]
pytest_add_cli_args_test_selection = [$tests]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not browser and not postgresql and not exhaustive", "-k", "not kills_the_process"]
TOML
# The first call writes the changed code and learns which test runs which function.
"$python" -m mutmut run --max-children 2 'sogenactif.escape*' >/dev/null
names=$("$python" - "$count" "$seed" <<'PYTHON'
import json, random, sys
from pathlib import Path

changes = [
    name
    for path in sorted(Path("mutants/src/sogenactif").rglob("*.meta"))
    for name in json.loads(path.read_text())["exit_code_by_key"]
]
random.seed(sys.argv[2])
print(*random.sample(changes, min(int(sys.argv[1]), len(changes))))
PYTHON
)
# shellcheck disable=SC2086
"$python" -m mutmut run --max-children 2 $names | tail -n 1
"$python" -m mutmut results | grep -E 'survived|no tests' || true
