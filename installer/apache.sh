# shellcheck shell=sh
# Installs the kit on this machine's Apache, and takes it away; sourced by install.sh.
# shellcheck disable=SC2154  # ROOT is install.sh's

prefix=/usr/local/lib/sogenactif shop=http://localhost payment=http://127.0.0.1:8080/payment protocol=sips
interpreter=/usr/bin/python3 user=www-data config=/etc/apache2/conf-available/00-sogenactif.conf
protocol=sips enable=yes through=cgi dry_run=no task=install_on_apache

read_apache_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --no-enable) enable=no && shift && continue ;;
        --wsgi) through=wsgi && shift && continue ;;
        --dry-run) dry_run=yes && shift && continue ;;
        --uninstall) task=uninstall_from_apache && shift && continue ;;
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
    check_paths
    [ "$task" = uninstall_from_apache ] || check_installation
    [ "$enable" = no ] || [ "$dry_run" = yes ] || is_root ||
        die "only root can change this machine's Apache; see --no-enable"
}

# Refuses what would make a wrong or dangerous installation, before anything is written.
check_paths() {
    for path in "$prefix" "$interpreter" "$config"; do
        case $path in
        *[!A-Za-z0-9._/-]* | *..*) die "$path may hold letters, digits, - . _ and / only" ;;
        /?*) ;;
        *) die "$path is no absolute path" ;;
        esac
    done
    case $ROOT/ in "$prefix"/*) die "$prefix is where this copy of the kit is: choose another --prefix" ;; esac
    case $prefix/ in "$ROOT"/*) die "$prefix is inside this copy of the kit: choose another --prefix" ;; esac
    [ -e "$prefix/.sogenactif" ] || [ "$task" = install_on_apache ] || die "no kit is installed in $prefix; see --prefix"
}

check_installation() {
    [ ! -e "$prefix" ] || [ -e "$prefix/.sogenactif" ] || [ -z "$(ls -A "$prefix")" ] ||
        die "$prefix holds other things: choose an empty or a new --prefix"
    [ -d "$(dirname "$config")" ] || [ "$enable" = yes ] || die "there is no folder $(dirname "$config") for --config"
    for address in "$shop" "$payment"; do
        printf '%s' "$address" | grep -Eqx 'https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?' ||
            die "$address is no http or https address"
    done
    case $protocol in sips | paypage) ;; *) die "no protocol $protocol; there are sips and paypage" ;; esac
    check_python "$interpreter" || die "$interpreter is no Python 3.10 or newer; name one with --python"
    [ "$through" = cgi ] || [ "$(readlink -f "$interpreter")" = "$(readlink -f /usr/bin/python3)" ] ||
        die "mod_wsgi runs Debian's /usr/bin/python3 and not $interpreter: leave out --python or --wsgi"
    id -u "$user" >/dev/null 2>&1 || die "no user $user; name the web server's with --user"
    getent group "$user" >/dev/null || die "no group $user: --user names the web server's user, whose group has its name"
}

# Does a step, or only says what it would be.
step() {
    if [ "$dry_run" = yes ]; then
        printf '%s\n' "$1"
    else
        shift
        "$@"
    fi
}

install_on_apache() {
    [ "$enable" = no ] || need_apache
    step "make folders in $prefix" make_folders
    for folder in lib/sogenactif lib/packages demo conf; do
        step "put $folder in $prefix, whole" replace_folder "$folder" "$folder"
    done
    # man finds the pages of a program in PATH here.
    step "put the manual pages in $prefix/share/man" replace_folder docs/man share/man/man1
    for folder in bin cgi-bin templates logos; do
        step "put the files of $folder in $prefix" true
        for file in "$folder"/*; do [ ! -f "$file" ] || [ -L "$file" ] || put_file "$file"; done
    done
    step "write what is missing in $prefix/var/conf, for $shop" prepare_configuration
    step "give $prefix/var to root and the group $user, $prefix/var/data to $user" set_rights
    step "write $config:
$(apache_config | sed 's/^/    /')" write_config
    [ "$enable" = no ] || step "turn on $(apache_modules) and $config, reload Apache" enable_on_apache
    [ "$dry_run" = no ] || { printf 'Nothing was changed.\n' && return; }
    printf 'Installed in %s; Apache configuration: %s\n' "$prefix" "$config"
    printf 'The shop'\''s own part: %s/cgi-bin/*.py; its parameters and certificate: %s/var/conf\n' "$prefix" "$prefix"
    grep -qF "RETURN_URL!$shop/" "$prefix"/var/conf/parmcom.* 2>/dev/null ||
        printf 'Parameters that were there stay: their return addresses are not at %s.\n' "$shop"
}

# Takes away what was installed and is as it was; what the shop changed or made stays.
uninstall_from_apache() {
    ! grep -qsF "\"$prefix/cgi-bin" "$config" || step "turn off and remove $config" remove_config
    while read -r _ file; do
        [ -e "$prefix/$file" ] || continue
        if unchanged "$file"; then
            step "remove $prefix/$file" rm "$prefix/$file"
        else
            printf 'It was changed and stays: %s\n' "$prefix/$file"
        fi
    done <"$prefix/.sogenactif"
    for folder in lib demo conf share; do step "remove $prefix/$folder" rm -rf "${prefix:?}/$folder"; done
    for folder in bin cgi-bin templates logos; do
        step "remove $prefix/$folder, if nothing is left in it" remove_if_empty "$folder"
    done
    # The empty list stays: it says that the folder is the kit's.
    step "forget what was installed" tee "$prefix/.sogenactif" </dev/null
    [ "$dry_run" = no ] || { printf 'Nothing was changed.\n' && return; }
    printf 'Removed. Configuration, certificates, ledger and journal stay in %s/var.\n' "$prefix"
}

need_apache() {
    [ -x /usr/sbin/apache2 ] || step "install apache2" need_packages apache2
    [ "$through" = cgi ] || [ -e /usr/lib/apache2/modules/mod_wsgi.so ] ||
        step "install libapache2-mod-wsgi-py3" need_packages libapache2-mod-wsgi-py3
    [ "$dry_run" = yes ] || apachectl configtest 2>/dev/null ||
        die "Apache's configuration is wrong already: apachectl configtest tells where"
}

make_folders() {
    for folder in lib bin cgi-bin templates logos share/man var; do mkdir -p "$prefix/$folder"; done
    touch "$prefix/.sogenactif"
    chmod 755 "$prefix"
}

# Puts a folder of the kit ($1) in place of the installed one ($2), in one moment.
replace_folder() {
    target=${prefix:?}/$2
    rm -rf "$target.new" "$target.gone"
    cp -RL "$1" "$target.new"
    find "$target.new" -name __pycache__ -prune -exec rm -rf {} +
    [ ! -e "$target" ] || mv "$target" "$target.gone"
    mv "$target.new" "$target"
    rm -rf "$target.gone"
}

# Puts a file of the kit among the shop's own. Of those that the shop changed, a script stays,
# and a page or logo is kept as FILE.before.
put_file() {
    if [ -e "$prefix/$1" ] && ! unchanged "$1"; then
        case $1 in
        bin/*) ;;
        cgi-bin/*) step "    leave $1, which holds the shop's own part" true && return ;;
        *)
            cmp -s "$1" "$prefix/$1" ||
                step "    keep your $1 as $1.before" mv "$prefix/$1" "$prefix/$1.before"
            ;;
        esac
    fi
    [ "$dry_run" = yes ] || copy_file "$1"
}

# Copies a file, the first line of a program naming the interpreter, and remembers what it was.
copy_file() {
    case $1 in
    bin/* | cgi-bin/*)
        { printf '#!%s\n' "$interpreter" && sed 1d "$1"; } >"$prefix/$1"
        chmod 755 "$prefix/$1"
        ;;
    *) cp "$1" "$prefix/$1" ;;
    esac
    remembered=$(grep -v "  $1\$" "$prefix/.sogenactif" || true)
    printf '%s\n%s\n' "$remembered" "$(sum_of "$1")" | sed '/^$/d' >"$prefix/.sogenactif.new"
    mv "$prefix/.sogenactif.new" "$prefix/.sogenactif"
}

sum_of() { (cd "$prefix" && sha256sum "$1"); }

# Whether a file is as the kit installed it.
unchanged() { grep -qsxF "$(sum_of "$1")" "$prefix/.sogenactif"; }

remove_if_empty() {
    rm -rf "${prefix:?}/$1/__pycache__"
    [ ! -L "$prefix/$1/pathfile" ] || rm "$prefix/$1/pathfile"
    rmdir "$prefix/$1" 2>/dev/null || true
}

prepare_configuration() {
    "$interpreter" -m compileall -q "$prefix/lib" || true
    .venv/bin/python -m demo.prepare "$prefix" --shop "$shop" --payment "$payment" --protocol "$protocol"
}

# Everyone may read the code; the web server's user alone gets at var, and writes in var/data only.
set_rights() {
    for folder in bin cgi-bin lib demo templates logos conf share; do
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

write_config() {
    apache_config >"$config"
    chmod 644 "$config"
}

apache_config() {
    scripts="\"^/cgi-bin/(call_(?:request|response|autoresponse)\\.py)\$\" \"$prefix/cgi-bin/\$1\""
    printf '# The payment kit: its three scripts, and its logos.\n'
    if [ "$through" = wsgi ]; then
        printf 'WSGIDaemonProcess sogenactif user=%s group=%s processes=2 threads=5' "$user" "$user"
        printf ' lang=C.UTF-8 locale=C.UTF-8 umask=0077 request-timeout=60\n'
        printf 'WSGIScriptAliasMatch %s process-group=sogenactif application-group=%%{GLOBAL}\n' "$scripts"
    else
        printf 'ScriptAliasMatch %s\n' "$scripts"
    fi
    cat <<TEXT
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

apache_modules() { if [ "$through" = wsgi ]; then echo wsgi; else echo cgid; fi; }

enable_on_apache() {
    name=$(basename "$config" .conf)
    running=reload
    # A module that was not loaded yet needs a new start.
    [ -e "/etc/apache2/mods-enabled/$(apache_modules).load" ] || running=restart
    a2enmod -q "$(apache_modules)" alias
    a2enconf -q "$name"
    apachectl configtest 2>/dev/null || {
        a2disconf -q "$name"
        die "Apache refuses $config, which is turned off again: apachectl configtest tells why"
    }
    service apache2 "$running" >/dev/null
}

remove_config() {
    if [ "$enable" = yes ]; then
        a2disconf -q "$(basename "$config" .conf)"
        service apache2 reload >/dev/null
    fi
    rm "$config"
}
