"""Check of Debian's Apache: what of the shop's own it serves no longer because of the kit."""

import os
import re
from collections.abc import Collection, Iterator
from glob import glob

from sogenactif.commands.check.machine import SCRIPTS

APACHE = "/etc/apache2"
DIRECTIVE = re.compile(
    r'^\s*(DocumentRoot|Alias|ScriptAlias|Include|IncludeOptional)\s+("[^"]*"|\S+)(?:\s+("[^"]*"|\S+))?\s*$',
    re.IGNORECASE | re.MULTILINE,
)
Directive = tuple[str, str, str]


def hidden(kit: str, logos: str, sites: Collection[str] = (), apache: str = APACHE) -> list[str]:
    """Return the files and folders of the shop at addresses that an installed kit takes.

    ``kit`` is its folder, ``logos`` the path of their address, and ``sites`` the names of the only sites that
    have the kit; without them all enabled ones have it. Known is what Apache's files say in plain
    words: DocumentRoot, Alias and ScriptAlias.
    """
    if sites:
        files = [f"{apache}/sites-available/{site}.conf" for site in sites]
    else:
        files = glob(f"{apache}/sites-enabled/*.conf")
    paths: list[str] = []
    for name, address, place in _directives([*files, *glob(f"{apache}/conf-enabled/*.conf")], kit):
        if name == "documentroot":
            address, place = "/", address
        if name in ("documentroot", "alias", "scriptalias"):
            for ours in [logos, *(f"/cgi-bin/{script}" for script in SCRIPTS)]:
                paths += _covered(address, place, ours)
    return sorted({path for path in paths if not os.path.realpath(path).startswith(f"{kit}/")})


def sites_of(kit: str, apache: str = APACHE) -> list[str] | None:
    """Return the names of the enabled sites that include a kit; none if all have it, None if Apache doesn't."""
    sites = []
    for path in sorted(glob(f"{apache}/sites-enabled/*.conf")):
        includes = [place for name, place, _ in _directives([path], "") if name.startswith("include")]
        if any(_mentions(place, kit) for place in includes if place.endswith(".site")):
            sites.append(os.path.basename(path).removesuffix(".conf"))
    everywhere = any(
        re.search(rf'^Alias .*"{re.escape(kit)}/', _read(path), re.MULTILINE)
        for path in glob(f"{apache}/conf-enabled/*.conf")
    )
    return sites if sites or everywhere else None


def _covered(address: str, place: str, ours: str) -> Iterator[str]:
    """Yield what is in a folder, or a file, that Apache has at an address, if the kit's address is put before it."""
    address, wanted = address.rstrip("/") + "/", ours.rstrip("/")
    if f"{wanted}/".startswith(address):
        path = os.path.join(place, f"{wanted}/"[len(address) :]).rstrip("/")
    elif ours.endswith("/") and address.startswith(ours):
        path = place
    else:
        return
    if os.path.exists(path) and not (os.path.isdir(path) and not os.listdir(path)):
        yield path


def _directives(files: Collection[str], kit: str) -> Iterator[Directive]:
    """Yield the directives of files that aren't of the kit, in lower case, with their arguments."""
    for path in files:
        text = _read(path)
        if kit and f'"{kit}/cgi-bin' in text:
            continue
        for name, first, second in DIRECTIVE.findall(text):
            if "$" not in first + second:
                yield name.lower(), first.strip('"'), second.strip('"')


def _mentions(path: str, kit: str) -> bool:
    return f'"{kit}/' in _read(path)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
