# shellcheck shell=sh
# Installs the kit on this machine's Apache, and uninstalls it; sourced by install.sh.
# shellcheck disable=SC2154  # ROOT is install.sh's

prefix=/usr/local/lib/sogenactif shop=http://localhost payment='' protocol=''
available=/etc/apache2/conf-available all_sites=/etc/apache2/sites-available
interpreter=/usr/bin/python3 user=www-data config=$available/00-sogenactif.conf logos='' sites=''
enable=yes through='' dry_run=no task=install_on_apache
mod_wsgi=/usr/lib/apache2/modules/mod_wsgi.so

read_apache_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --no-enable) enable=no && shift && continue ;;
        --cgi) through=cgi && shift && continue ;;
        --wsgi) through=wsgi && shift && continue ;;
        --dry-run) dry_run=yes && shift && continue ;;
        --uninstall) task=uninstall_from_apache && shift && continue ;;
        -h | --help) usage && exit ;;
        --prefix | --shop | --payment | --protocol | --python | --user | --config | --logos | --site) [ $# -gt 1 ] || die "$1 needs a value" ;;
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
        --logos) logos=/$(printf %s "$2" | sed 's|^/*||; s|/*$||')/ ;;
        --site) sites="$sites ${2%.conf}" ;;
        esac
        shift 2
    done
    config_of_sites=${config%.conf}.site
    check_paths
    [ "$task" = uninstall_from_apache ] || check_installation
    [ "$enable" = no ] || [ "$dry_run" = yes ] || is_root ||
        die "only root can change this machine's Apache: use sudo, or --no-enable"
    [ "$task" = uninstall_from_apache ] || need_python
}

# Refuses what would make a wrong or dangerous installation, before anything is written.
check_paths() {
    case $ROOT/ in "$prefix"/*) die "$prefix contains this copy of the kit: choose another --prefix" ;; esac
    case $prefix/ in "$ROOT"/*) die "$prefix is inside this copy of the kit: choose another --prefix" ;; esac
    for path in "$prefix" "$interpreter" "$config"; do
        case $path in
        *[!A-Za-z0-9._/-]* | *..*) die "$path may contain letters, digits, - . _ and / only" ;;
        /?*) ;;
        *) die "$path is not an absolute path" ;;
        esac
    done
    [ -e "$prefix/.sogenactif" ] || [ "$task" = install_on_apache ] || die "no kit is installed in $prefix; see --prefix"
    [ "$enable" = no ] || [ "$config" = "$available/$(basename "$config" .conf).conf" ] ||
        die "Apache reads $available/NAME.conf, not $config; with --no-enable any file can be written"
}

check_installation() {
    [ ! -e "$prefix" ] || [ -e "$prefix/.sogenactif" ] || [ -z "$(ls -A "$prefix")" ] ||
        die "$prefix contains other files: choose an empty or a new folder with --prefix"
    [ -d "$(dirname "$config")" ] || [ "$enable" = yes ] || die "there is no folder $(dirname "$config") for --config"
    [ ! -e "$config" ] || is_of_this_kit "$config" ||
        die "$config already exists and does not belong to the kit in $prefix: name another file with --config"
    for address in "$shop" ${payment:+"$payment"}; do
        printf '%s' "$address" | grep -Eqx 'https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?' ||
            die "$address is not an http or https address"
    done
    case $protocol in "" | sips | paypage) ;; *) die "no protocol $protocol; it must be sips or paypage" ;; esac
    case ${logos#/} in
    "") ;;
    / | cgi-bin/* | *[!A-Za-z0-9._~/-]* | *..* | *//*) die "$logos can't be the path of the logos; write one like /sogenactif/logos/" ;;
    esac
    for site in $sites; do
        case $site in *[!A-Za-z0-9._-]* | .*) die "$site is not the name of a file in $all_sites" ;; esac
    done
    choose_module
    choose_logos
    id -u "$user" >/dev/null 2>&1 || die "no user $user; name the web server's with --user"
    getent group "$user" >/dev/null || die "no group $user: --user names the web server's user, whose group has its name"
}

# mod_wsgi, unless CGI was asked for or mod_wsgi can't be had.
choose_module() {
    [ "$through" != cgi ] || return 0
    if [ "$(readlink -f "$interpreter")" != "$(readlink -f /usr/bin/python3)" ]; then
        [ -z "$through" ] ||
            die "mod_wsgi runs Debian's /usr/bin/python3, not $interpreter: leave out --python or --wsgi"
        use_cgi "mod_wsgi runs Debian's /usr/bin/python3, not $interpreter"
    elif [ -z "$through" ] && [ "$enable" = no ] && [ ! -e $mod_wsgi ]; then
        use_cgi "this machine has no mod_wsgi"
    fi
}

use_cgi() {
    printf 'Using CGI, which starts Python for each page: %s.\n' "$1"
    through=cgi
}

# An existing pathfile names the address of the logos; a dry run without root may be unable to read it.
choose_logos() {
    chosen=$(sed -n 's/^D_LOGO!\([^!]*\)!.*/\1/p' "$prefix/var/conf/pathfile" 2>/dev/null) ||
        chosen=$(sed -n "s|^ *Alias \"\(.*\)\" \"$prefix/logos/\"|\1|p" "$config" 2>/dev/null) || true
    case $chosen in
    "") logos=${logos:-/sogenactif/logos/} ;;
    /*) logos_there=$chosen ;;
    *://*/*) logos_there=/${chosen#*://*/} ;;
    *) logos_there=/logos/ ;;
    esac
    [ -n "${logos_there:-}" ] || return 0
    [ -z "$logos" ] || [ "$logos" = "$logos_there" ] ||
        printf 'The existing pathfile stays, and its D_LOGO is not %s. Change it, then run this command again.\n' "$logos"
    logos=$logos_there
}

is_of_this_kit() { grep -qsF "\"$prefix/cgi-bin" "$1"; }

need_python() {
    if [ ! -e "$interpreter" ] && [ "$interpreter" = /usr/bin/python3 ]; then
        step "install python3" need_packages python3
        [ "$dry_run" = no ] || return 0
    fi
    check_python "$interpreter" || die "$interpreter is not Python 3.10 or newer; name one with --python"
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
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    [ "$dry_run" = yes ] || check_pathfile
    [ "$enable" = no ] || need_apache
    step "make folders in $prefix, var/data for $user" make_folders
    for folder in lib/sogenactif lib/sogenactif_sandbox lib/packages conf docs; do
        step "put $folder in $prefix, whole" replace_folder "$folder" "$folder"
    done
    # man finds the pages of a program in PATH here.
    step "put the manual pages in $prefix/share/man" replace_folder docs/man share/man/man1
    for folder in bin cgi-bin templates logos; do
        step "put the files of $folder in $prefix" true
        set --
        for file in "$folder"/*; do [ ! -f "$file" ] || [ -L "$file" ] || set -- "$@" "$file"; done
        put_files "$@"
    done
    step "write what is missing in $prefix/var: configuration for $shop, orders to try with" prepare_configuration
    step "give $prefix/var/conf to root and the group $user" set_rights
    for file in "$config" ${sites:+"$config_of_sites"}; do
        step "write $file:
$(content_of "$file" | sed 's/^/    /')" true
    done
    [ "$enable$dry_run" != yesno ] || save_state
    put_files "$config" ${sites:+"$config_of_sites"}
    if [ -z "$sites" ] && is_mentioned "$config_of_sites"; then
        remove_file "$config_of_sites"
        [ "$dry_run" = yes ] || forget "$config_of_sites"
    fi
    if [ "$enable" = yes ]; then
        step "turn on $config and Apache's modules $(apache_module) and alias, reload Apache or start it" enable_on_apache
        [ "$dry_run" = no ] || for site in $sites; do
            printf 'include %s in each virtual host of %s\n' "$config_of_sites" "$all_sites/$site.conf"
        done
    elif [ -n "$sites" ]; then
        printf 'In the virtual host, before its own aliases: IncludeOptional "%s"\n' "$config_of_sites"
    fi
    say_what_is_hidden
    [ "$dry_run" = no ] || { printf 'Nothing was changed.\n' && return; }
    printf 'Installed in %s; Apache configuration: %s\n' "$prefix" "$config"
    printf 'Scripts to edit: %s/cgi-bin/*.py; parameters and certificates: %s/var/conf\n' "$prefix" "$prefix"
    [ "$enable" = no ] || printf 'To check it, as root: %s/bin/sogenactif check --url %s\n' "$prefix" "$shop"
}

# Ends the installation before it changes anything if the new kit would refuse the existing pathfile.
check_pathfile() {
    [ ! -e "$prefix/var/conf/pathfile" ] || .venv/bin/python -Bc 'import sys
from sogenactif.configuration import read_pathfile
from sogenactif.errors import KitError
try:
    read_pathfile(sys.argv[1])
except KitError as error:
    sys.exit(f"install.sh: {error}. Nothing was changed.")' "$prefix/var/conf/pathfile"
}

# Removes the installed files that are unchanged; files that the shop changed or made stay.
uninstall_from_apache() {
    for file in $(sed -n 's|^[0-9a-f]*  /|/|p' "$prefix/.sogenactif" | sort -r); do
        [ "$enable" = yes ] && is_of_this_kit "$file" || continue
        case $file in
        *.site) step "take $file out of the virtual hosts" leave_sites "$file" ;;
        *) step "turn off $file, reload Apache" turn_off "$file" ;;
        esac
    done
    while read -r _ file; do remove_file "$file"; done <"$prefix/.sogenactif"
    for folder in lib demo conf docs share; do step "remove $prefix/$folder" rm -rf "${prefix:?}/$folder"; done
    for folder in bin cgi-bin templates logos; do
        step "remove $prefix/$folder, if nothing is left in it" remove_if_empty "$folder"
    done
    # The empty list stays: it says that the folder is the kit's.
    [ "$dry_run" = yes ] || : >"$prefix/.sogenactif"
    [ "$dry_run" = no ] || { printf 'Nothing was changed.\n' && return; }
    printf 'Removed. Configuration, certificates, ledger and journal stay in %s/var.\n' "$prefix"
}

# Removes an installed file unless it was changed, and what was put beside it.
remove_file() {
    find_target "$1"
    [ ! -e "$target.new" ] || step "remove $target.new" rm "$target.new"
    [ -e "$target" ] || return 0
    if is_listed "$(sum_of "$1" <"$target")" "$prefix/.sogenactif"; then
        step "remove $target" rm "$target"
    else
        printf 'Changed by you, so it stays: %s\n' "$target"
    fi
}

need_apache() {
    [ -x /usr/sbin/apache2 ] || step "install apache2" need_packages apache2
    if [ "$through" != cgi ] && [ ! -e $mod_wsgi ]; then
        if [ "$through" = wsgi ] || [ "$dry_run" = yes ]; then
            step "install libapache2-mod-wsgi-py3; if it can't be had, use CGI, unless --wsgi asks for it" need_mod_wsgi
        else
            (need_mod_wsgi) || use_cgi "libapache2-mod-wsgi-py3 can't be installed"
        fi
    fi
    [ ! -d $all_sites ] || for site in $sites; do
        [ -f "$all_sites/$site.conf" ] || die "there is no site $site; $all_sites has: $(cd $all_sites && echo *.conf)"
        grep -qi '^[[:space:]]*<VirtualHost[[:space:]]' "$all_sites/$site.conf" || die "$all_sites/$site.conf has no <VirtualHost>"
        [ -e "/etc/apache2/sites-enabled/$site.conf" ] || printf 'The site %s is not enabled: a2ensite %s\n' "$site" "$site"
    done
    [ "$dry_run" = yes ] || apache_accepts ||
        die "Apache's configuration already has an error; correct it first:
$output"
}

need_mod_wsgi() {
    need_packages libapache2-mod-wsgi-py3
    [ -e $mod_wsgi ] || die "there is no $mod_wsgi, although libapache2-mod-wsgi-py3 is installed"
}

# Succeeds if Apache accepts its configuration; sets $output.
apache_accepts() {
    output=$(apachectl configtest 2>&1) || {
        output=$(printf '%s\n' "$output" | sed "/^AH00558/d; /^Action '/d; /^The Apache error log/d")
        return 1
    }
}

make_folders() {
    for folder in lib bin cgi-bin templates logos share/man var/data; do mkdir -p "$prefix/$folder"; done
    touch "$prefix/.sogenactif"
    # The web server creates files in it.
    ! is_root || chown "$user:$user" "$prefix/var/data"
    chmod 700 "$prefix/var/data"
    chmod 755 "$prefix"
}

# Replaces an installed folder ($2) with one of the kit ($1) by renaming.
replace_folder() {
    target=${prefix:?}/$2
    rm -rf "$target.new" "$target.gone"
    # With the modification times compiled modules stay valid.
    cp -RL --preserve=timestamps "$1" "$target.new"
    case $1 in lib/*) ;; *) rm -rf "$target.new/__pycache__" ;; esac
    [ ! -e "$target" ] || mv "$target" "$target.gone"
    mv "$target.new" "$target"
    rm -rf "$target.gone"
}

# Puts files of the kit in place. One that was changed since stays, and the kit's is put beside it as
# FILE.new, unless it is the one that the shop changed.
put_files() {
    [ $# -gt 0 ] || return 0
    rm -rf "$work/new" "$work/listed"
    [ ! -e "$prefix/.sogenactif" ] || cp "$prefix/.sogenactif" "$work/listed"
    for file; do
        [ -d "$work/new/${file%/*}" ] || mkdir -p "$work/new/${file%/*}"
        content_of "$file" >"$work/new/$file"
        case $file in bin/* | cgi-bin/*) chmod 755 "$work/new/$file" ;; esac
    done
    sums_of_new "$@" >"$work/sums"
    for file; do put_file "$file"; done
    [ "$dry_run" = yes ] || {
        awk 'NR == FNR { ours[$2] } NR == FNR || !($2 in ours)' "$work/sums" "$prefix/.sogenactif" >"$prefix/.sogenactif.new"
        mv "$prefix/.sogenactif.new" "$prefix/.sogenactif"
    }
}

put_file() {
    find_target "$1"
    if [ ! -e "$target" ] || cmp -s "$work/new/$1" "$target"; then
        replace_file "$1"
    elif is_listed "$(sum_of "$1" <"$target")" "$work/listed"; then
        # Listed first: an upgrade that is interrupted here must not take its own file for one of the shop's.
        [ "$dry_run" = yes ] || new_sum_of "$1" >>"$prefix/.sogenactif"
        replace_file "$1"
    elif is_listed "$(new_sum_of "$1")" "$work/listed"; then
        printf 'Changed by you, so it stays: %s\n' "$target"
    else
        printf 'Changed by you, so it stays: %s; the new version is %s\n' "$target" "$target.new"
        [ "$dry_run" = yes ] || cp -p "$work/new/$1" "$target.new"
    fi
}

replace_file() { [ "$dry_run" = yes ] || { cp -p "$work/new/$1" "$target.new" && mv "$target.new" "$target"; }; }

# Sets $target to where a file is installed: in the kit's folder, or by the whole path of Apache's configuration.
find_target() { case $1 in /*) target=$1 ;; *) target=$prefix/$1 ;; esac }

# A file as the kit installs it, the first line of a program naming the interpreter.
content_of() {
    case $1 in
    *.site) addresses_in_apache ;;
    /*)
        apache_config
        [ -n "$sites" ] || addresses_in_apache
        ;;
    bin/* | cgi-bin/*) printf '#!%s\n' "$interpreter" && sed 1d "$1" ;;
    *) cat "$1" ;;
    esac
}

# The line of the list for a file, whose content is read: what the kit installed last.
sum_of() { sha256sum | sed "s|-\$|$1|"; }

# The lines for files that are to be put in place.
sums_of_new() {
    (cd "$work/new" && for file; do set -- "$@" "./$file" && shift; done && sha256sum "$@") | sed 's|  \./|  |'
}

new_sum_of() { grep "  $1\$" "$work/sums"; }

# Whether a list ($2) has a line.
is_listed() { grep -qsxF "$1" "$2"; }

is_mentioned() { grep -qs "  $1\$" "$prefix/.sogenactif"; }

forget() {
    { grep -v "  $1\$" "$prefix/.sogenactif" || true; } >"$prefix/.sogenactif.new"
    mv "$prefix/.sogenactif.new" "$prefix/.sogenactif"
}

remove_if_empty() {
    rm -rf "${prefix:?}/$1/__pycache__"
    [ ! -L "$prefix/$1/pathfile" ] || rm "$prefix/$1/pathfile"
    rmdir "$prefix/$1" 2>/dev/null || true
}

prepare_configuration() {
    compile "$interpreter" "$prefix/lib"
    .venv/bin/python -Bm installer.configure "$prefix" --shop "$shop" \
        --logos "$logos" ${payment:+--payment "$payment"} ${protocol:+--protocol "$protocol"}
}

# Everyone may read the code; only the web server's user may read var, and it writes in var/data only.
set_rights() {
    for folder in bin cgi-bin lib templates logos conf docs share; do
        chmod -R go-w,a+rX "$prefix/$folder"
        ! is_root || chown -R root:root "$prefix/$folder"
    done
    if is_root; then
        chown "root:$user" "$prefix/var"
        chown -R "root:$user" "$prefix/var/conf"
    fi
    chmod 750 "$prefix/var" "$prefix/var/conf"
    find "$prefix/var/conf" -type f -exec chmod 640 {} +
}

# Prints the server-wide directives.
apache_config() {
    printf '# The payment kit: its three scripts, and its logos.\n'
    if [ "$through" = cgi ]; then
        cat <<TEXT
<Directory "$prefix/cgi-bin">
    AllowOverride None
    Options None
    # Without CGI Apache would show the scripts themselves.
    Require all denied
    <IfModule cgid_module>
        Require all granted
    </IfModule>
    <IfModule cgi_module>
        Require all granted
    </IfModule>
</Directory>
TEXT
    else
        cat <<TEXT
<IfModule wsgi_module>
    WSGIDaemonProcess $(process_name) user=$user group=$user processes=2 threads=5 lang=C.UTF-8 locale=C.UTF-8 umask=0077 request-timeout=60
</IfModule>
<Directory "$prefix/cgi-bin">
    AllowOverride None
    Options ExecCGI
    # Without mod_wsgi Apache would show the scripts themselves.
    Require all denied
    <IfModule wsgi_module>
        SetHandler wsgi-script
        WSGIProcessGroup $(process_name)
        WSGIApplicationGroup %{GLOBAL}
        WSGIChunkedRequest On
        Require all granted
    </IfModule>
</Directory>
TEXT
    fi
    cat <<TEXT
<Directory "$prefix/logos">
    AllowOverride None
    Options None
    AddType image/svg+xml .svg
    Require all granted
</Directory>
TEXT
}

# Prints the aliases, for all virtual hosts or for --site.
addresses_in_apache() {
    scripts='"^/cgi-bin/(call_(?:request|response|autoresponse)\.py)$"'
    # Of aliases the first counts: with mod_cgid on, Debian has one for all of /cgi-bin/, which goes before any
    # WSGIScriptAlias.
    if [ "$through" = cgi ]; then
        printf 'ScriptAliasMatch %s "%s"\n' "$scripts" "$prefix/cgi-bin/\$1"
    else
        printf 'AliasMatch %s "%s"\n' "$scripts" "$prefix/cgi-bin/wsgi.py"
    fi
    printf 'Alias "%s" "%s"\n' "$logos" "$prefix/logos/"
}

# Two kits on one Apache have a configuration each, and no process in common.
process_name() { basename "$config" .conf | sed 's/^[0-9]*-//'; }

apache_module() { if [ "$through" = cgi ]; then echo cgid; else echo wsgi; fi; }

# Saves Apache's configuration, and the list, until Apache has taken the new one.
save_state() {
    saved=$work/saved
    for file in "$config" "$config_of_sites" "$prefix/.sogenactif" "$all_sites"/*.conf; do
        [ -f "$file" ] || continue
        mkdir -p "$saved$(dirname "$file")"
        cp -p "$file" "$saved$file"
    done
}

restore_state() {
    for file in "$config" "$config_of_sites" "$prefix/.sogenactif" "$all_sites"/*.conf; do
        [ -f "$file" ] || continue
        if [ -f "$saved$file" ]; then
            cmp -s "$saved$file" "$file" || cp -p "$saved$file" "$file"
        else
            rm -f "$file"
        fi
    done
}

# Includes the addresses in each virtual host of the chosen sites, before its own aliases, and in no other.
enter_sites() {
    leave_sites "$config_of_sites"
    for site in $sites; do
        sed -i --follow-symlinks "/^[[:space:]]*<VirtualHost[[:space:]]/Ia\\    IncludeOptional \"$config_of_sites\"" \
            "$all_sites/$site.conf"
    done
}

leave_sites() {
    for file in "$all_sites"/*.conf; do
        ! grep -qs "^ *IncludeOptional \"$1\"\$" "$file" || sed -i --follow-symlinks "\\|^ *IncludeOptional \"$1\"\$|d" "$file"
    done
}

# Names the files of the shop that Apache would serve without the kit.
say_what_is_hidden() {
    [ -x "$interpreter" ] || return 0
    # shellcheck disable=SC2086
    PYTHONPATH=lib "$interpreter" -Bc 'import sys
from sogenactif.commands.apache import shadowed_files
for path in shadowed_files(*sys.argv[1:3], sys.argv[3:]):
    print("Apache serves the kit in place of the shop'\''s own", path)' "$prefix" "$logos" $sites
}

# Enables the configuration; if Apache rejects it, restores the previous one or disables it.
enable_on_apache() {
    name=$(basename "$config" .conf)
    running=reload
    # A module that was not loaded yet needs a new start.
    is_running && [ -e "/etc/apache2/mods-enabled/$(apache_module).load" ] || running=restart
    a2enmod -q "$(apache_module)" alias
    enter_sites
    a2enconf -q "$name"
    apache_accepts || {
        refused=$output
        [ -e "$saved$config" ] || a2disconf -q "$name"
        restore_state
        apache_accepts || a2disconf -q "$name"
        die "Apache rejects the kit's configuration; its previous configuration stays in use:
$refused"
    }
    service apache2 "$running" >/dev/null ||
        die "Apache does not $running: see the cause in its log, /var/log/apache2/error.log"
}

is_running() { service apache2 status >/dev/null 2>&1; }

turn_off() {
    # If Apache is uninstalled, a2disconf is missing too.
    a2disconf -q "$(basename "$1" .conf)" 2>/dev/null || rm -f "/etc/apache2/conf-enabled/$(basename "$1")"
    ! is_running || service apache2 reload >/dev/null ||
        printf 'Apache was not reloaded; apachectl configtest shows why. Then run: service apache2 reload\n'
}
