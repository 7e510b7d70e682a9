"""Find the shop's files that Debian's Apache no longer serves because the kit's addresses hide them."""

import os
import re
from collections.abc import Collection
from glob import glob

from sogenactif.commands.check.machine import SCRIPTS

APACHE = "/etc/apache2"
ARGUMENT = r'("[^"]*"|\S+)'
FLAGS = re.IGNORECASE | re.MULTILINE
PLACE = re.compile(rf"^\s*(?:DocumentRoot|(?:Script)?Alias\s+{ARGUMENT})\s+{ARGUMENT}\s*$", FLAGS)
INCLUDE = re.compile(rf"^\s*Include(?:Optional)?\s+{ARGUMENT}\s*$", FLAGS)


def shadowed_files(kit: str, logos: str, sites: Collection[str] = ()) -> list[str]:
    """Return the files and folders of the shop at addresses that an installed kit takes.

    ``kit`` is its folder, ``logos`` the path of their address, and ``sites`` the names of the only sites that
    have the kit; without them all enabled ones have it. Known is what Apache's files say in plain
    words: DocumentRoot, Alias and ScriptAlias.
    """
    chosen = [f"{APACHE}/sites-available/{site}.conf" for site in sites]
    files = chosen or glob(f"{APACHE}/sites-enabled/*.conf")
    texts = map(_read, [*files, *glob(f"{APACHE}/conf-enabled/*.conf")])
    covered = {
        _covered(address.strip('"') or "/", place.strip('"'), ours)
        for text in texts
        if f'"{kit}/cgi-bin' not in text
        for address, place in PLACE.findall(text)
        if "$" not in address + place
        for ours in [logos, *(f"/cgi-bin/{script}" for script in SCRIPTS)]
    }
    return sorted(path for path in covered if path and not os.path.realpath(path).startswith(f"{kit}/"))


def sites_of(kit: str) -> list[str] | None:
    """Return the names of the enabled sites that include a kit; none if all have it, None if Apache doesn't."""
    sites = []
    for path in sorted(glob(f"{APACHE}/sites-enabled/*.conf")):
        included = (name.strip('"') for name in INCLUDE.findall(_read(path)))
        if any(f'"{kit}/' in _read(name) for name in included if name.endswith(".site")):
            sites.append(os.path.basename(path).removesuffix(".conf"))
    everywhere = re.compile(rf'^Alias .*"{re.escape(kit)}/', re.MULTILINE)
    has_all = any(everywhere.search(_read(path)) for path in glob(f"{APACHE}/conf-enabled/*.conf"))
    return sites if sites or has_all else None


def _covered(address: str, place: str, ours: str) -> str:
    """Return what Apache has at an address, if the kit's address is put before it; empty if there is nothing."""
    address, wanted = f"{address.rstrip('/')}/", f"{ours.rstrip('/')}/"
    if wanted.startswith(address):
        path = os.path.join(place, wanted[len(address) :]).rstrip("/")
    elif ours.endswith("/") and address.startswith(ours):
        path = place
    else:
        return ""
    is_empty = not os.path.exists(path) or (os.path.isdir(path) and not os.listdir(path))
    return "" if is_empty else path


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
