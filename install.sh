#!/bin/sh
# Sets up the payment kit; see README.md. Asks nothing, may be run again.
set -eu
umask 022
cd -P -- "$(dirname -- "$0")"
ROOT=$PWD

usage() {
    cat <<'TEXT'
./install.sh                  set up in place: dependencies, the demonstration's configuration
./install.sh demo [--port N] [--protocol sips|paypage]
                              set up, then serve shop, kit and payment server until Ctrl-C
./install.sh payment [...]    set up, then serve the payment server alone; --help lists its options
./install.sh postgresql       set up, with the driver for a ledger in PostgreSQL
./install.sh test             set up, then run every check and test
./install.sh apache [...]     install on this machine's Apache, as root:
    --prefix DIR     where the kit goes (/usr/local/lib/sogenactif)
    --shop URL       address of the shop, for its return URLs (http://localhost)
    --payment URL    address of the payment server (http://127.0.0.1:8080/payment)
    --protocol NAME  sips, the guide's message, or paypage, today's (sips)
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
    # What root made in somebody's folder stays theirs.
    [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:$SUDO_GID" .venv lib/packages
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
    .venv/bin/python -m ruff check .
    .venv/bin/python -m ruff format --check .
    .venv/bin/python -m mypy
    exec .venv/bin/python -m pytest "$@"
}

install_on_apache() {
    prefix=/usr/local/lib/sogenactif shop=http://localhost payment=http://127.0.0.1:8080/payment protocol=sips
    interpreter=/usr/bin/python3 user=www-data config=/etc/apache2/conf-available/00-sogenactif.conf enable=yes
    while [ $# -gt 0 ]; do
        case $1 in
        --no-enable) enable=no && shift && continue ;;
        --prefix | --shop | --payment | --protocol | --python | --user | --config) [ $# -gt 1 ] || die "$1 wants a value" ;;
        *) die "no option $1; ./install.sh help lists them" ;;
        esac
        case $1 in
        --prefix) prefix=${2%/} ;;
        --shop) shop=${2%/} ;;
        --payment) payment=${2%/} ;;
        --protocol) protocol=$2 ;;
        --python) interpreter=$2 ;;
        --user) user=$2 ;;
        --config) config=$2 ;;
        esac
        shift 2
    done
    check_apache_options
    if [ "$enable" = yes ]; then
        is_root || die "only root can change this machine's Apache; see --no-enable"
        [ -x /usr/sbin/apache2 ] || need_packages apache2
        apachectl configtest 2>/dev/null || die "Apache's configuration is wrong already: apachectl configtest tells where"
    fi

    mkdir -p "$prefix/lib" "$prefix/cgi-bin" "$prefix/bin" "$prefix/var"
    touch "$prefix/.sogenactif"
    chmod 755 "$prefix"
    for folder in lib/sogenactif lib/packages demo conf; do replace_folder "$folder"; done
    for folder in templates logos; do add_files "$folder"; done
    # A script that is there already holds the shop's own part.
    for script in cgi-bin/*.py; do
        [ -e "$prefix/$script" ] || run_with "$interpreter" "$script" "$prefix/$script"
    done
    for program in bin/*; do
        run_with "$interpreter" "$program" "$prefix/$program"
    done
    "$interpreter" -m compileall -q "$prefix/lib" || true
    .venv/bin/python -m demo.prepare "$prefix" --shop "$shop" --payment "$payment" --protocol "$protocol"
    set_rights
    write_apache_config >"$config"
    chmod 644 "$config"
    [ "$enable" = no ] || enable_on_apache
    printf 'Installed in %s; Apache configuration: %s\n' "$prefix" "$config"
    printf 'The shop'\''s own part: %s/cgi-bin/*.py; its parameters and certificate: %s/var/conf\n' "$prefix" "$prefix"
    grep -qF "RETURN_URL!$shop/" "$prefix"/var/conf/parmcom.* 2>/dev/null ||
        printf 'Parameters that were there stay: their return addresses are not at %s.\n' "$shop"
}

# Refuses what would make a wrong or dangerous installation, before anything is written.
check_apache_options() {
    for path in "$prefix" "$interpreter" "$config"; do
        case $path in
        *[!A-Za-z0-9._/-]* | *..*) die "$path may hold letters, digits, - . _ and / only" ;;
        /?*) ;;
        *) die "$path is no absolute path" ;;
        esac
    done
    case $ROOT/ in "$prefix"/*) die "$prefix is where this copy of the kit is: choose another --prefix" ;; esac
    case $prefix/ in "$ROOT"/*) die "$prefix is inside this copy of the kit: choose another --prefix" ;; esac
    [ ! -e "$prefix" ] || [ -e "$prefix/.sogenactif" ] || [ -z "$(ls -A "$prefix")" ] ||
        die "$prefix holds other things: choose an empty or a new --prefix"
    [ -d "$(dirname "$config")" ] || [ "$enable" = yes ] || die "there is no folder $(dirname "$config") for --config"
    for address in "$shop" "$payment"; do
        printf '%s' "$address" | grep -Eqx 'https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?' ||
            die "$address is no http or https address"
    done
    case $protocol in sips | paypage) ;; *) die "no protocol $protocol; there are sips and paypage" ;; esac
    check_python "$interpreter" || die "$interpreter is no Python 3.10 or newer; name one with --python"
    id -u "$user" >/dev/null 2>&1 || die "no user $user; name the web server's with --user"
}

# Puts a folder of the kit in place of the one that is there, in one moment.
replace_folder() {
    rm -rf "${prefix:?}/$1.new" "${prefix:?}/$1.gone"
    cp -R "$1" "$prefix/$1.new"
    find "$prefix/$1.new" -name __pycache__ -prune -exec rm -rf {} +
    [ ! -e "$prefix/$1" ] || mv "$prefix/$1" "$prefix/$1.gone"
    mv "$prefix/$1.new" "$prefix/$1"
    rm -rf "${prefix:?}/$1.gone"
}

# Copies the kit's files among the shop's own; a file that the shop changed is kept as FILE.before.
add_files() {
    mkdir -p "$prefix/$1"
    for file in "$1"/*; do
        if [ -e "$prefix/$file" ] && ! cmp -s "$file" "$prefix/$file"; then
            mv "$prefix/$file" "$prefix/$file.before"
        fi
        cp "$file" "$prefix/$file"
    done
}

enable_on_apache() {
    name=$(basename "$config" .conf)
    running=reload
    [ -e /etc/apache2/mods-enabled/cgid.load ] || running=restart
    a2enmod -q cgid alias
    a2enconf -q "$name"
    apachectl configtest 2>/dev/null || {
        a2disconf -q "$name"
        die "Apache refuses $config, which is turned off again: apachectl configtest tells why"
    }
    # A module that was not loaded yet needs a new start.
    service apache2 "$running" >/dev/null
}

# Copies a program, its first line naming the interpreter.
run_with() {
    { printf '#!%s\n' "$1" && sed 1d "$2"; } >"$3"
    chmod 755 "$3"
}

# Everyone may read the code; the web server's user alone gets at var, and writes in var/data only.
set_rights() {
    for folder in bin cgi-bin lib demo templates logos conf; do
        chmod -R go-w,a+rX "$prefix/$folder"
        ! is_root || chown -R root:root "$prefix/$folder"
    done
    if is_root; then
        chown "root:$user" "$prefix/var"
        chown -R "root:$user" "$prefix/var/conf"
        chown "$user:$user" "$prefix/var/data"
    fi
    chmod 750 "$prefix/var" "$prefix/var/conf"
    chmod 640 "$prefix"/var/conf/*
    chmod 700 "$prefix/var/data"
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
"" | demo | payment | postgresql | test | apache) ;;
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
payment)
    add_requirements demo demonstration
    exec .venv/bin/python -m demo.payment "$@"
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
