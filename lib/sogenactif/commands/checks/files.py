"""The pathfile and the parmcom files: each line, each path."""

import os
import re
from collections.abc import Collection
from difflib import get_close_matches

from sogenactif.commands.checks.finding import Finding, fault, ok, warning
from sogenactif.commands.checks.rights import READ, SEARCH, may
from sogenactif.commands.checks.site import Site
from sogenactif.errors import KitError
from sogenactif.fields import PARMCOM, to_bytes, to_text
from sogenactif.settings import KEYWORDS, NEEDED, read_file, read_pathfile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
INDIRECT = "F_PARAM!D_PARM!parmcom!"
LIKE_ENOUGH = 0.75


def pathfile(site: Site) -> list[Finding]:
    """The pathfile, line by line."""
    found = _lines(site.path, KEYWORDS, PARMCOM)
    if found and found[0].name in ("missing", "unreadable"):
        return found
    if not site.pathfile:
        lines = to_text(read_file(site.path)).split("\n")
        absent = [k for k in NEEDED if not any(re.match(f"{k}!.", line) for line in lines)]
        found += [fault("keyword_absent", site.path, keyword=keyword) for keyword in absent]
    if not any(finding.level == "fault" for finding in found):
        try:
            read_pathfile(site.path)
        except KitError as error:
            found.append(fault("kit_refuses", site.path, error=error))
    return found or [ok("well_formed", site.path)]


def parameters(site: Site) -> list[Finding]:
    """Each parmcom file, line by line."""
    if not site.pathfile:
        return []
    files = [site.pathfile["F_DEFAULT"], *(merchant.path for merchant in site.merchants)]
    found = [
        finding for path in files for finding in _lines(path, PARMCOM, KEYWORDS) or [ok("well_formed", path)]
    ]
    if not site.merchants:
        found.append(fault("no_merchant", site.pathfile["F_PARAM"] + ".<merchant_id>"))
    return found


def paths(site: Site) -> list[Finding]:
    """Where F_DEFAULT, F_PARAM and F_CERTIFICATE lead, and whether the web server gets there."""
    if not site.pathfile:
        return []
    found = []
    for keyword in ("F_DEFAULT", "F_PARAM", "F_CERTIFICATE"):
        value = site.pathfile[keyword]
        if not value:
            continue
        line = line_of(site.path, keyword)
        needed, wanted = (value, READ) if keyword == "F_DEFAULT" else (os.path.dirname(value), SEARCH)
        if not os.path.isabs(value):
            found.append(fault("relative", site.path, line, keyword=keyword, value=value))
        elif not os.path.exists(needed):
            found.append(fault("leads_nowhere", site.path, line, keyword=keyword, path=needed))
        elif not may(site.user, needed, wanted):
            found.append(fault("not_for_user", needed, user=site.user.name))
        else:
            found.append(ok("leads_there", site.path, line, keyword=keyword, user=site.user.name))
    for path in [site.path, *(merchant.path for merchant in site.merchants)]:
        if not may(site.user, path, READ):
            found.append(fault("not_for_user", path, user=site.user.name))
    return found


def debug(site: Site) -> list[Finding]:
    """The debug mode, which shows every parameter to every customer."""
    if not site.pathfile:
        return []
    line, value = line_of(site.path, "DEBUG"), site.pathfile["DEBUG"]
    if site.pathfile.debug:
        return [(warning if site.only_demonstration else fault)("debug_on", site.path, line)]
    if value not in ("", "NO"):
        return [warning("debug_neither", site.path, line)]
    return [ok("debug_off", site.path, line)]


def line_of(path: str, keyword: str) -> int:
    """The line of a file that sets a keyword, the last one; 0 where there is none."""
    lines = read_file(path).split(b"\n")
    numbers = [n for n, line in enumerate(lines, 1) if line.startswith(keyword.encode() + b"!")]
    return numbers[-1] if numbers else 0


def _lines(path: str, known: Collection[str], elsewhere: Collection[str]) -> list[Finding]:
    """What is wrong with the lines of a file; ``elsewhere`` are keywords of another kind of file."""
    try:
        content = read_file(path)
    except FileNotFoundError:
        return [fault("missing", path)]
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        return [fault("unreadable", path, error=getattr(error, "strerror", error))]
    found = []
    if content.startswith(BYTE_ORDER_MARK):
        found.append(fault("byte_order_mark", path, 1))
        content = content.removeprefix(BYTE_ORDER_MARK)
    rows = to_text(content).split("\n")
    returns = [number for number, row in enumerate(rows, 1) if row.endswith("\r")]
    if returns:
        found.append(warning("carriage_returns", path, returns[0], count=len(returns)))
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        row = row.removesuffix("\r")
        if row and not row.startswith("#"):
            found += _line(path, number, row, known, elsewhere, seen)
    return found


def _line(
    path: str, number: int, row: str, known: Collection[str], elsewhere: Collection[str], seen: dict[str, int]
) -> list[Finding]:
    """What is wrong with one line. Values are never shown: one may be a secret."""
    keyword, *rest = row.split("!")
    if "\r" in row:
        return [fault("carriage_return_inside", path, number)]
    if not row.strip():
        return [fault("blank_line", path, number)]
    if row == INDIRECT and "F_PARAM" in known:
        return []
    if len(rest) != 2:
        return [fault("separators", path, number, count=len(rest))]
    value, end = rest
    found = []
    if end:
        found.append(warning("after_the_end" if end.strip() else "trailing_spaces", path, number))
    if value != value.strip():
        found.append(fault("spaces_around", path, number, keyword=_shown(keyword)))
    if keyword != keyword.strip():
        found.append(fault("spaces_around_keyword", path, number, keyword=_shown(keyword.strip())))
    elif keyword not in known:
        likely = get_close_matches(keyword.upper(), known, 1, LIKE_ENOUGH)
        if keyword in elsewhere:
            found.append(fault("misplaced", path, number, keyword=keyword))
        elif likely:
            found.append(fault("misspelled", path, number, keyword=_shown(keyword), likely=likely[0]))
        else:
            found.append(warning("unknown_keyword", path, number, keyword=_shown(keyword)))
    elif keyword in seen:
        found.append(warning("repeated", path, number, keyword=keyword, first=seen[keyword]))
    elif keyword in PARMCOM and known is PARMCOM:
        field = PARMCOM[keyword]
        length = len(to_bytes(value))
        if field.max_length is not None and length > field.max_length:
            found.append(
                fault("too_long", path, number, keyword=keyword, length=length, most=field.max_length)
            )
    seen[keyword] = number
    return found


def _shown(keyword: str) -> str:
    return keyword if len(keyword) <= 32 else keyword[:32] + "…"
