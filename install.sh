#!/bin/sh
# Sets up the payment kit; see README.md. Asks nothing, may be run again.
set -eu
cd -P -- "$(dirname -- "$0")"
ROOT=$PWD

usage() {
    cat <<'TEXT'
./install.sh                  set up in place: dependencies, the demonstration's configuration
./install.sh demo [--port N]  set up, then serve shop, kit and payment server until Ctrl-C
./install.sh postgresql       set up, with the driver for a ledger in PostgreSQL
./install.sh test             set up, then run every check and test
./install.sh apache [...]     install on this machine's Apache, as root:
    --prefix DIR     where the kit goes (/usr/local/lib/sogenactif)
    --shop URL       address of the shop, for its return URLs (http://localhost)
    --payment URL    address of the payment server (http://127.0.0.1:8080/payment)
    --python FILE    interpreter that runs the scripts (/usr/bin/python3)
    --user NAME      user and group of the web server (www-data)
    --config FILE    Apache configuration (/etc/apache2/conf-available/00-sogenactif.conf)
    --no-enable      write that configuration, leave Apache alone
Python 3.10 or newer; PYTHON=/path/to/python3 names another than python3.
TEXT
}

die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

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
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null || need_packages python3
    check_python "$python" || die "$python is no Python 3.10 or newer; name one with PYTHON=..."
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        rm -rf .venv
        "$python" -m venv .venv >/dev/null 2>&1 || {
            need_packages python3-venv
            "$python" -m venv .venv
        }
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
    printf '%s\n%s\n%s\n' "$ROOT" "$ROOT/lib" "$ROOT/lib/packages" >"$(site_packages)/sogenactif.pth"
}

pip_install() {
    .venv/bin/python -m pip --disable-pip-version-check -q install --root-user-action ignore "$@"
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

run_tests() {
    missing=
    [ -x /usr/sbin/apache2 ] || missing="$missing apache2"
    command -v chromium >/dev/null || missing="$missing chromium"
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || need_packages $missing
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy
    exec .venv/bin/pytest "$@"
}

install_on_apache() {
    prefix=/usr/local/lib/sogenactif shop=http://localhost payment=http://127.0.0.1:8080/payment
    interpreter=/usr/bin/python3 user=www-data config=/etc/apache2/conf-available/00-sogenactif.conf enable=yes
    while [ $# -gt 0 ]; do
        case $1 in
        --no-enable) enable=no && shift && continue ;;
        --prefix | --shop | --payment | --python | --user | --config) [ $# -gt 1 ] || die "$1 wants a value" ;;
        *) die "no option $1; ./install.sh help lists them" ;;
        esac
        case $1 in
        --prefix) prefix=$2 ;;
        --shop) shop=$2 ;;
        --payment) payment=$2 ;;
        --python) interpreter=$2 ;;
        --user) user=$2 ;;
        --config) config=$2 ;;
        esac
        shift 2
    done
    case $prefix in /*) ;; *) die "--prefix wants an absolute path" ;; esac
    check_python "$interpreter" || die "$interpreter is no Python 3.10 or newer; name one with --python"
    id -u "$user" >/dev/null 2>&1 || die "no user $user; name the web server's with --user"
    [ "$enable" = no ] || is_root || die "only root can change this machine's Apache; see --no-enable"

    mkdir -p "$prefix/cgi-bin" "$prefix/bin" "$prefix/var"
    for folder in lib templates logos conf; do
        rm -rf "${prefix:?}/$folder"
        cp -R "$folder" "$prefix/$folder"
    done
    find "$prefix/lib" -name __pycache__ -prune -exec rm -rf {} +
    # A script that is there already holds the shop's own part.
    for script in cgi-bin/*.py; do
        [ -e "$prefix/$script" ] || run_with "$interpreter" "$script" "$prefix/$script"
    done
    for program in request response; do
        run_with "$interpreter" "bin/$program" "$prefix/bin/$program"
    done
    "$interpreter" -m compileall -q "$prefix/lib" || true
    .venv/bin/python -m demo.prepare "$prefix" --shop "$shop" --payment "$payment"
    set_rights
    write_apache_config >"$config"
    if [ "$enable" = yes ]; then
        a2enmod -q cgid alias
        a2enconf -q "$(basename "$config" .conf)"
        apachectl configtest
        apachectl graceful
    fi
    printf 'Installed in %s for %s; Apache configuration: %s\n' "$prefix" "$shop" "$config"
    printf 'The shop'\''s own part: %s/cgi-bin/*.py; its parameters and certificate: %s/var/conf\n' "$prefix" "$prefix"
}

# Copies a program, its first line naming the interpreter.
run_with() {
    { printf '#!%s\n' "$1" && sed 1d "$2"; } >"$3"
    chmod 755 "$3"
}

# Everyone may read the code; the web server's user alone gets at var, and can't write its configuration.
set_rights() {
    chmod -R go-w,a+rX "$prefix/bin" "$prefix/cgi-bin" "$prefix/lib" "$prefix/templates" "$prefix/logos" "$prefix/conf"
    if is_root; then
        chown -R root:root "$prefix"
        chown -R "$user:$user" "$prefix/var"
        chown -R "root:$user" "$prefix/var/conf"
    fi
    chmod 700 "$prefix/var"
    chmod 750 "$prefix/var/conf"
    chmod 640 "$prefix"/var/conf/*
}

write_apache_config() {
    cat <<TEXT
# The payment kit: its three scripts as CGI, and its logos.
ScriptAliasMatch "^/cgi-bin/(call_(?:request|response|autoresponse)\.py)\$" "$prefix/cgi-bin/\$1"
Alias "/logos/" "$prefix/logos/"
<Directory "$prefix/cgi-bin">
    AllowOverride None
    Options None
    Require all granted
</Directory>
<Directory "$prefix/logos">
    AllowOverride None
    Options None
    AddType image/svg+xml .svg
    Require all granted
</Directory>
TEXT
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
-h | --help | help) usage && exit ;;
"" | demo | postgresql | test | apache) ;;
*) usage >&2 && exit 2 ;;
esac
set_up
case $command in
"")
    [ -e var/conf/pathfile ] || .venv/bin/python -m demo.prepare "$ROOT"
    printf 'Ready. ./install.sh demo shows a payment; bin/request and bin/response work with var/conf/pathfile.\n'
    ;;
demo)
    add_requirements demo demonstration
    exec .venv/bin/python -m demo "$@"
    ;;
postgresql)
    pip_install --target lib/packages -r requirements/postgresql.txt
    ;;
test)
    add_requirements demo demonstration
    add_requirements postgresql "ledger in PostgreSQL"
    add_requirements test "test suite"
    run_tests "$@"
    ;;
apache) install_on_apache "$@" ;;
esac
