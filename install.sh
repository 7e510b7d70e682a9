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
./install.sh test [--fast] [-- ...]
                              set up, then run the checkers and all tests; as root, install the Debian packages that they need
    --fast           only the quick tests, without the checkers: about a minute, needs no package
    -- ARGUMENTS     arguments for pytest: run only those tests
./install.sh lint             set up, then check code and scripts without running them
./install.sh format           set up, then format the Python code
./install.sh docs             set up, then write the manual pages from the commands
./install.sh --version        print the version
./install.sh bench [...]      set up, then measure; --help lists its options
./install.sh TASK --help      show the options of a task
./install.sh apache [...]     install on this machine's Apache, as root:
    --prefix DIR     folder of the kit (/usr/local/lib/sogenactif)
    --shop URL       address of the shop, for its return URLs (http://localhost)
    --payment URL    address of the payment server (http://127.0.0.1:8080/payment)
    --protocol NAME  sips (Sips 1.0) or paypage (Sips 2.0) (sips)
    --python FILE    interpreter that runs the scripts (/usr/bin/python3)
    --user NAME      user and group of the web server (www-data)
    --config FILE    Apache configuration (/etc/apache2/conf-available/00-sogenactif.conf)
    --logos PATH     address of the logos, without its host (/sogenactif/logos/)
    --site NAME      only in the virtual hosts of /etc/apache2/sites-available/NAME.conf; may be repeated (all)
    --cgi            run the scripts by CGI, a process for each page, instead of mod_wsgi
    --wsgi           use mod_wsgi, and fail if it is not available
    --no-enable      write that configuration, leave Apache alone
    --dry-run        show what would be done, change nothing
    --uninstall      remove what was installed; configuration, ledger and journal stay
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
    apt-get update -q >/dev/null || die "apt-get can't download the lists of packages: is there a network connection? Missing: $*"
    size=$(LC_ALL=C apt-get install -q --no-install-recommends --assume-no "$@" 2>/dev/null |
        sed -n 's/.* \([0-9]*\) newly installed.*/\1 packages./p; s/.*Installing: *\([0-9]*\).*/\1 packages./p
            s/^ *\(Need to get .*\|After this operation.*used\.\|Download size: .*\|Space needed: .*\)/\1/p' | tr '\n' ' ')
    printf 'Installing %s%s\n' "$*" "${size:+ ($(printf %s "$size" | sed 's/ *$//'))}"
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >/dev/null ||
        die "apt-get could not install $*"
}

# As need_packages; the servers among them are not started, now or when the machine is: the tests start their own.
need_test_packages() {
    policy=/usr/sbin/policy-rc.d
    services=
    if is_root; then
        for service in apache2 nginx postgresql; do
            [ -e "/etc/init.d/$service" ] || services="$services $service"
        done
        if [ ! -e $policy ]; then
            trap 'rm -f "$policy"' EXIT
            trap 'exit 130' INT TERM
            printf '#!/bin/sh\nexit 101\n' >$policy
            chmod 755 $policy
        else
            policy=
        fi
    fi
    need_packages "$@"
    [ -z "$policy" ] || rm -f $policy
    trap - EXIT INT TERM
    for service in $services; do
        [ ! -e "/etc/init.d/$service" ] || {
            update-rc.d "$service" disable
            deb-systemd-helper disable "$service.service"
        } >/dev/null 2>&1 || true
    done
}

check_python() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

set_up() {
    # Letters of other alphabets are bytes above 127.
    [ -z "$(printf %s "$ROOT" | LC_ALL=C tr -d 'A-Za-z0-9._/ \200-\377-')" ] ||
        die "the kit can't run in $ROOT: move it to a path that has only letters, digits, spaces, - . _ and /"
    python=${PYTHON:-python3}
    if ! command -v "$python" >/dev/null; then
        [ -z "${PYTHON:-}" ] || die "there is no $PYTHON"
        need_packages python3
    fi
    python=$(command -v "$python")
    check_python "$python" || die "$python is not Python 3.10 or newer; name one with PYTHON=..."
    if [ "$(cat .venv/made-for 2>/dev/null)" != "$ROOT $python" ]; then
        rm -rf .venv
        "$python" -m venv .venv >/dev/null 2>&1 || {
            rm -rf .venv
            need_packages python3-venv
            "$python" -m venv .venv
        }
        # Relative, since Python reads the file as ASCII where LC_ALL=C, and the folder's name may have an accent.
        printf '../../../..%s\n' '' /lib /lib/packages >"$(site_packages)/sogenactif.pth"
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
    # A quarter of all files, which no shop runs.
    rm -rf lib/packages/Crypto/SelfTest
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

# Installs from the wheels of a release if it has all of them, else from the package index.
pip_install() {
    set -- .venv/bin/python -m pip --disable-pip-version-check -q install --root-user-action ignore "$@"
    # Built wheels go through the cache, if the home can be written.
    cache=${XDG_CACHE_HOME:-${HOME:-/nowhere}/.cache}
    { [ -w "$cache" ] || mkdir -p "$cache"; } 2>/dev/null || export PIP_NO_CACHE_DIR=1
    [ -d wheels ] && "$@" --no-index --find-links wheels 2>/dev/null || "$@" ||
        die "pip could not install the dependencies. Without network use an archive made by ./install.sh release"
}

site_packages() { .venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

# Installs a file of requirements into .venv, once.
add_requirements() {
    installed=$(site_packages)/sogenactif-$1.txt
    cmp -s "requirements/$1.txt" "$installed" && return
    printf 'Installing the dependencies of the %s\n' "$2"
    pip_install -r "requirements/$1.txt"
    cp "requirements/$1.txt" "$installed"
}

# Adds to $missing the packages of the servers that host the kit in tests and measurements.
look_for_servers() {
    [ -x /usr/sbin/apache2 ] || missing="$missing apache2"
    [ -e /usr/lib/apache2/modules/mod_wsgi.so ] || missing="$missing libapache2-mod-wsgi-py3"
    [ -x /usr/bin/gunicorn ] || missing="$missing gunicorn"
}

# Installs what $missing names for tests and measurements.
install_missing() {
    # shellcheck disable=SC2086
    [ -z "$missing" ] || need_test_packages $missing
}

look_for_test_packages() {
    look_for_servers
    command -v chromium-headless-shell >/dev/null || missing="$missing chromium-headless-shell"
    # Playwright's driver is a Node.js that is linked with it.
    ldconfig -p | grep -q 'libatomic\.so\.1 ' || missing="$missing libatomic1"
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
    for program in openssl shellcheck mandoc sqlite3 strace; do
        command -v "$program" >/dev/null || missing="$missing $program"
    done
    [ -x /usr/sbin/nginx ] || missing="$missing nginx"
    command -v php >/dev/null || missing="$missing php-cli"
    command -v ip >/dev/null || missing="$missing iproute2"
}

lint() {
    .venv/bin/python -m ruff check .
    .venv/bin/python -m ruff format --check .
    .venv/bin/python -m mypy
    if command -v shellcheck >/dev/null; then
        shellcheck -x -S warning install.sh installer/*.sh
    else
        printf 'The shell scripts are not checked: shellcheck is missing\n'
    fi
}

run_tests() {
    fast=no missing=
    while [ $# -gt 0 ]; do
        case $1 in
        --fast) fast=yes && shift ;;
        --) shift && break ;;
        -h | --help) usage_of test && exit ;;
        *) die "test accepts --fast, and pytest's arguments after --, but not $1" ;;
        esac
    done
    if [ $fast = yes ]; then
        set -- -n auto --ignore tests/system -m "not (browser or system or postgresql or exhaustive)" "$@"
    else
        look_for_test_packages
        [ -z "$missing" ] || is_root ||
            die "missing:$missing. As root: apt-get install$missing. ./install.sh test --fast needs none of them"
        install_missing
        [ $# -gt 0 ] || {
            lint
            # One more than cores: many tests wait, for Apache to stop or for a time limit.
            set -- -n "$(($(nproc) + 1))" --dist load
        }
    fi
    exec .venv/bin/python -m pytest "$@"
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
-h | --help | help) usage && exit ;;
--version) say_version && exit ;;
"" | demo | payment | postgresql | bundle | release | test | lint | format | docs | bench | apache) ;;
*) usage >&2 && exit 2 ;;
esac
case $command,${1:-} in
*,--version) say_version && exit ;;
# These say themselves what they take.
demo,* | payment,* | bundle,* | bench,*) ;;
*,-h | *,--help) usage_of "$command" && exit ;;
release,?* | postgresql,?* | lint,?* | format,?* | docs,?*) die "$command accepts no $1" ;;
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
    printf 'Ready. LEDGER can name a database of PostgreSQL; ./install.sh apache also installs the driver.\n'
    ;;
test)
    add_requirements sandbox sandbox
    add_requirements postgresql "ledger in PostgreSQL"
    add_requirements test "test suite"
    run_tests "$@"
    ;;
lint | format)
    # The type checker reads what the tests import.
    add_requirements sandbox sandbox
    add_requirements postgresql "ledger in PostgreSQL"
    add_requirements test "test suite"
    if [ "$command" = lint ]; then lint; else exec .venv/bin/python -m ruff format .; fi
    ;;
docs)
    add_requirements sandbox sandbox
    add_requirements test "test suite"
    .venv/bin/python docs/manual.py
    ;;
bench)
    add_requirements sandbox sandbox
    add_requirements test "test suite"
    missing=
    command -v wrk >/dev/null || missing=" wrk"
    look_for_servers
    install_missing
    exec .venv/bin/python -m bench "$@"
    ;;
esac
