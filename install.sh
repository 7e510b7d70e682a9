#!/bin/sh
# Sets up the payment kit; see README.md. Asks nothing, may be run again.
set -eu
umask 022
# Debian's su leaves root without these.
PATH=$PATH:/usr/sbin:/sbin
START=$PWD
cd -P -- "$(dirname -- "$0")"
ROOT=$PWD

usage() {
    cat <<'TEXT'
./install.sh                  set up in place: dependencies, the demonstration's configuration
./install.sh demo [--port N] [--protocol sips|paypage]
                              set up, then serve shop, kit and payment server until Ctrl-C
./install.sh payment [...]    set up, then serve the payment server alone; --help lists its options
./install.sh postgresql       set up, with the driver for a ledger in PostgreSQL
./install.sh bundle [DIR]     write a folder to copy by FTP to a shared hosting, without root; --help lists its options
./install.sh release          write an archive in dist/ that installs without network
./install.sh test [...]       set up, then run every check and test; what follows is for pytest
./install.sh --version        say which version this is
./install.sh bench [...]      set up, then measure; --help lists its options
./install.sh TASK --help      say what a task takes
./install.sh apache [...]     install on this machine's Apache, as root:
    --prefix DIR     where the kit goes (/usr/local/lib/sogenactif)
    --shop URL       address of the shop, for its return URLs (http://localhost)
    --payment URL    address of the payment server (http://127.0.0.1:8080/payment)
    --protocol NAME  sips, the guide's message, or paypage, today's (sips)
    --python FILE    interpreter that runs the scripts (/usr/bin/python3)
    --user NAME      user and group of the web server (www-data)
    --config FILE    Apache configuration (/etc/apache2/conf-available/00-sogenactif.conf)
    --wsgi           run the scripts with mod_wsgi instead of CGI
    --no-enable      write that configuration, leave Apache alone
    --dry-run        say what would be done, change nothing
    --uninstall      take away what was installed; configuration, ledger and journal stay
Python 3.10 or newer; PYTHON=/path/to/python3 names another than python3.
TEXT
}

# What the task takes, of the text above.
usage_of() { usage | awk -v task="./install.sh $1" '/^[^ ]/ { on = index($0, task " ") == 1 } on'; }

say_version() { printf 'Sogenactif payment kit %s\n' "$(version_in <lib/sogenactif/__init__.py)"; }

die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

version_in() { sed -n 's/^__version__ = "\(.*\)"$/\1/p'; }

is_root() { [ "$(id -u)" -eq 0 ]; }

# Installs Debian packages, or says which are missing.
need_packages() {
    is_root && command -v apt-get >/dev/null ||
        die "missing: $*. As root: apt-get install $*"
    printf 'Installing %s\n' "$*"
    apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >/dev/null
}

check_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

set_up() {
    case $ROOT in *[!A-Za-z0-9._/\ -]*) die "the kit can't work in $ROOT: move it to a path of letters, digits, - . _ and /" ;; esac
    python=${PYTHON:-python3}
    if ! command -v "$python" >/dev/null; then
        [ -z "${PYTHON:-}" ] || die "there is no $PYTHON"
        need_packages python3
    fi
    python=$(command -v "$python")
    check_python "$python" || die "$python is no Python 3.10 or newer; name one with PYTHON=..."
    if [ "$(cat .venv/made-for 2>/dev/null)" != "$ROOT $python" ]; then
        rm -rf .venv
        "$python" -m venv .venv >/dev/null 2>&1 || {
            rm -rf .venv
            need_packages python3-venv
            "$python" -m venv .venv
        }
        printf '%s\n%s\n%s\n' "$ROOT" "$ROOT/lib" "$ROOT/lib/packages" >"$(site_packages)/sogenactif.pth"
        printf '%s\n' "$ROOT $python" >.venv/made-for
    fi
    # The kit's own dependencies go beside it, so that a copy of the folder is complete.
    if ! cmp -s requirements/kit.txt lib/packages/installed.txt; then
        printf 'Installing the dependencies of the kit\n'
        driver=
        [ ! -d lib/packages/psycopg ] || driver="-r requirements/postgresql.txt"
        rm -rf lib/packages
        # shellcheck disable=SC2086
        pip_install --target lib/packages -r requirements/kit.txt $driver
        cp requirements/kit.txt lib/packages/installed.txt
    fi
    compile .venv/bin/python lib
    give_back .venv lib templates
}

# What root makes in somebody's folder is theirs.
give_back() { ! is_root || [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:$SUDO_GID" "$@"; }

# Compiles the modules and templates of a kit ($2, its lib) for an interpreter ($1), so that no request has to.
compile() {
    "$1" -m compileall -q "$2" || true
    PYTHONPATH=$2:$2/packages "$1" -c 'from sogenactif.pages import compile_templates; compile_templates()' || true
}

# Installs from the wheels of a release where they have everything, else from the package index.
pip_install() {
    set -- .venv/bin/python -m pip --disable-pip-version-check -q install --root-user-action ignore "$@"
    [ -d wheels ] && "$@" --no-index --find-links wheels 2>/dev/null || "$@"
}

site_packages() { .venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

# Installs a file of requirements into .venv, once.
add_requirements() {
    installed=$(site_packages)/sogenactif-$1.txt
    cmp -s "requirements/$1.txt" "$installed" && return
    printf 'Installing what the %s needs\n' "$2"
    pip_install -r "requirements/$1.txt"
    cp "requirements/$1.txt" "$installed"
}

# The servers that host the kit in tests and measurements.
need_servers() {
    missing=
    [ -x /usr/sbin/apache2 ] || missing="$missing apache2"
    [ -e /usr/lib/apache2/modules/mod_wsgi.so ] || missing="$missing libapache2-mod-wsgi-py3"
    [ -x /usr/bin/gunicorn ] || missing="$missing gunicorn"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || need_packages $missing
}

run_tests() {
    need_servers
    missing=
    command -v chromium >/dev/null || missing="$missing chromium"
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
    for program in shellcheck mandoc; do
        command -v "$program" >/dev/null || missing="$missing $program"
    done
    command -v php >/dev/null || missing="$missing php-cli"
    command -v ip >/dev/null || missing="$missing iproute2"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || need_packages $missing
    .venv/bin/python -m ruff check .
    .venv/bin/python -m ruff format --check .
    .venv/bin/python -m mypy
    exec .venv/bin/python -m pytest "$@"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
-h | --help | help) usage && exit ;;
--version) say_version && exit ;;
"" | demo | payment | postgresql | bundle | release | test | bench | apache) ;;
*) usage >&2 && exit 2 ;;
esac
case $command,${1:-} in
*,--version) say_version && exit ;;
# These say themselves what they take.
demo,* | payment,* | bundle,* | bench,*) ;;
*,-h | *,--help) usage_of "$command" && exit ;;
release,?* | postgresql,?*) die "$command takes no $1" ;;
esac
if [ "$command" = apache ]; then
    . installer/apache.sh
    read_apache_options "$@"
    case $task$dry_run in
    install_on_apacheno) set_up ;;
    install_on_apacheyes) printf 'set up the dependencies in %s; install python3-venv for that, if it is missing\n' "$ROOT" ;;
    esac
    $task
    exit
fi
set_up
case $command in
"")
    [ -e var/conf/pathfile ] || {
        .venv/bin/python -Bm installer.configure "$ROOT"
        give_back var cgi-bin
    }
    printf 'Ready. ./install.sh demo shows a payment; bin/request and bin/response work with var/conf/pathfile.\n'
    ;;
demo)
    add_requirements sandbox sandbox
    exec .venv/bin/python -m sogenactif_sandbox.demonstration "$@"
    ;;
payment)
    add_requirements sandbox sandbox
    # Files are named from where the command was given.
    cd "$START"
    exec "$ROOT/.venv/bin/python" -m sogenactif_sandbox "$@"
    ;;
release)
    . installer/release.sh
    write_release
    ;;
bundle)
    # As in payment.
    cd "$START"
    exec "$ROOT/.venv/bin/python" "$ROOT/installer/bundle.py" "$@"
    ;;
postgresql)
    pip_install --target lib/packages -r requirements/postgresql.txt
    printf 'Ready. LEDGER may name a database of PostgreSQL; ./install.sh apache takes the driver along.\n'
    ;;
test)
    add_requirements sandbox sandbox
    add_requirements postgresql "ledger in PostgreSQL"
    add_requirements test "test suite"
    run_tests "$@"
    ;;
bench)
    add_requirements sandbox sandbox
    add_requirements test "test suite"
    command -v wrk >/dev/null || need_packages wrk
    need_servers
    exec .venv/bin/python -m bench "$@"
    ;;
esac
