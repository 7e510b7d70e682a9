"""The shop's own part of the scripts, as far as their text tells: its merchants, and an SQLite database."""

import ast
import os
import re
from collections.abc import Iterator, Mapping
from glob import escape, glob
from urllib.parse import parse_qs, unquote, urlsplit

from sogenactif.commands.check.finding import Finding, ok, warning
from sogenactif.commands.check.rights import READ, SEARCH, WRITE, refused
from sogenactif.commands.check.site import Site
from sogenactif.commands.places import ROOT
from sogenactif.files import read_file

# Those that the shop asks for payments and takes outcomes in.
SCRIPTS = ("call_request.py", "call_autoresponse.py")
MERCHANT_ID = re.compile(r"[0-9]{15}")


def shop(site: Site) -> list[Finding]:
    """The merchants that the scripts name, and the rights of the SQLite files that they open."""
    if not site.pathfile or not site.merchants:
        return []
    found = []
    for script in SCRIPTS:
        path = os.path.join(site.scripts, script)
        try:
            tree = ast.parse(read_file(path))
        except (FileNotFoundError, SyntaxError, ValueError):  # said where the scripts are looked at
            continue
        for line, name in _merchants(tree):
            if not glob(escape(f"{site.pathfile['F_PARAM']}.{name}") + "*"):
                found.append(warning("merchant_unknown", path, line, merchant=name))
        for opened in _databases(tree, {"ROOT": ROOT, "HERE": site.scripts}):
            found += _database(site, opened)
    return found or [ok("shop", site.scripts, user=site.user.name)]


def _merchants(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a script writes what looks like a merchant_id, and which."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and MERCHANT_ID.fullmatch(node.value)
        ):
            yield node.lineno, node.value


def _databases(tree: ast.AST, names: Mapping[str, str]) -> Iterator[str]:
    """What a script calls ``sqlite3.connect`` with, where that is a text made of these names alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sqlite3.connect" and node.args:
            parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else node.args[:1]
            texts = [_text(part, names) for part in parts]
            if None not in texts:
                yield "".join(filter(None, texts))


def _text(part: ast.expr, names: Mapping[str, str]) -> str | None:
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        return part.value
    if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
        return names.get(part.value.id)
    return None


def _database(site: Site, opened: str) -> list[Finding]:
    """What keeps the web server's user from an SQLite file, named by its path or its URI."""
    path, wanted = opened, READ | WRITE
    if opened.startswith("file:"):
        address = urlsplit(opened)
        path = unquote(address.path)
        if parse_qs(address.query).get("mode") == ["ro"]:
            wanted = READ
    if not os.path.isabs(path):
        return []
    try:
        os.stat(path)
    except FileNotFoundError:
        return [warning("database_missing", path)]
    except PermissionError:
        # Whose it is may be the web server's user itself: what keeps that out is said below.
        pass
    # SQLite makes files beside one that it writes.
    beside = refused(site.user, os.path.dirname(path), WRITE | SEARCH) if wanted & WRITE else []
    return beside or refused(site.user, path, wanted)
