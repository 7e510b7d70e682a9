"""Checks of the pathfile and the parmcom files: each line, each path."""

import glob
import os
import re
from collections.abc import Collection
from difflib import get_close_matches

from sogenactif.addresses import is_web_address
from sogenactif.commands.check.findings import Finding, fault, ok, warning
from sogenactif.commands.check.machine import SCRIPTS
from sogenactif.commands.check.rights import READ, SEARCH, refused, require_search_permission
from sogenactif.commands.check.site import Site
from sogenactif.commands.places import ROOT
from sogenactif.configuration import (
    CHOICES,
    FORMS,
    KEYWORDS,
    LEDGERS,
    NEEDED,
    PAYPAGE,
    PAYPAGE_NEEDED,
    POSTGRESQL,
    read_pathfile,
)
from sogenactif.errors import KitError, PathfileError
from sogenactif.fields import PARMCOM, is_platform_key, to_bytes, to_text
from sogenactif.files import read_file

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
INDIRECT = "F_PARAM!D_PARM!parmcom!"
LIKE_ENOUGH = 0.75


def pathfile(path: str) -> list[Finding]:
    """Check the pathfile, line by line."""
    found = _lines(path, KEYWORDS, PARMCOM)
    if found and found[0].name in ("missing", "unreadable"):
        return found
    misspelled = {finding.values.get("likely") for finding in found}
    for keyword in sorted(_absent(path) - misspelled):
        found.append(fault("keyword_absent", path, line_of(path, keyword), keyword=keyword))
    if not any(finding.level == "fault" for finding in found):
        try:
            read_pathfile(path)
        except KitError as error:
            line = error.line if isinstance(error, PathfileError) else 0
            found.append(fault("kit_refuses", path, line, error=error))
    return found or [ok("well_formed", path)]


def parameters(site: Site) -> list[Finding]:
    """Check each parmcom file, line by line."""
    files = [site.pathfile.default_parameters, *(merchant.path for merchant in site.merchants)]
    found = [
        finding
        for path in files
        if os.path.exists(path)
        for finding in _lines(path, PARMCOM, KEYWORDS, site.paypage) or [ok("well_formed", path)]
    ]
    known = {merchant.id for merchant in site.merchants}
    prefix = site.pathfile.merchant_parameters + "."
    for path in sorted(glob.glob(glob.escape(prefix) + "*")):
        number = re.match(r"[0-9]{1,15}", path.removeprefix(prefix))
        if number and number[0] not in known:
            found.append(warning("parameters_misnamed", path, likely=os.path.basename(prefix) + number[0]))
    if not site.merchants:
        require_search_permission(prefix)
        found.append(fault("no_merchant", f"{prefix}<merchant_id>"))
    return found


def paths(site: Site) -> list[Finding]:
    """Check that the paths of the pathfile exist, and that the web server may read them."""
    found = []
    for keyword in ("F_DEFAULT", "F_PARAM", "PAYPAGE_KEY" if site.paypage else "F_CERTIFICATE"):
        value = site.pathfile.keywords.get(keyword)
        if not value:
            continue
        line = line_of(site.path, keyword)
        needed, wanted = (value, READ) if keyword == "F_DEFAULT" else (os.path.dirname(value), SEARCH)
        if not os.path.isabs(value):
            found.append(fault("relative", site.path, line, keyword=keyword, value=value))
        elif not os.path.exists(needed):
            require_search_permission(needed)
            found.append(fault("leads_nowhere", site.path, line, keyword=keyword, path=needed))
        else:
            well = ok("leads_there", site.path, line, keyword=keyword, user=site.user.name)
            found += refused(site.user, needed, wanted) or [well]
    scripts = [os.path.join(site.scripts, script) for script in SCRIPTS]
    needed_too = [
        site.path,
        *(merchant.path for merchant in site.merchants),
        *filter(os.path.exists, scripts),
    ]
    for path in needed_too:
        found += refused(site.user, path)
    return found + _code(site)


def debug(site: Site) -> list[Finding]:
    """Check that the debug mode, which shows every parameter to every customer, is off."""
    line, value = site.pathfile.lines.get("DEBUG", 0), site.pathfile.keywords.get("DEBUG", "")
    if site.pathfile.debug:
        return [(fault if site.is_public else warning)("debug_on", site.path, line)]
    if value not in ("", "NO"):
        return [warning("debug_neither", site.path, line)]
    return [ok("debug_off", site.path, line)]


def _code(site: Site) -> list[Finding]:
    """Check the rights of the kit's code; only the first unreadable file is reported: one remedy opens them all."""
    lib = f"{ROOT}/lib"
    for folder, _, names in os.walk(lib):
        files = [os.path.join(folder, name) for name in names if name.endswith((".py", ".so"))]
        for path, wanted in [(folder, READ | SEARCH), *((file, READ) for file in files)]:
            for closed in refused(site.user, path, wanted):
                above = not closed.file.startswith(lib)
                return [closed if above else fault("code_closed", lib, user=site.user.name, path=closed.file)]
    return []


def line_of(path: str, keyword: str) -> int:
    """Return the number of the last line that sets a keyword, from 1; 0 if there is none."""
    lines = read_file(path).split(b"\n")
    numbers = [n for n, line in enumerate(lines, 1) if line.startswith(keyword.encode() + b"!")]
    return numbers[-1] if numbers else 0


def _absent(path: str) -> set[str]:
    """Return the keywords that a pathfile needs and doesn't set."""
    lines = to_text(read_file(path)).split("\n")
    values = dict(line.split("!")[:2] for line in lines if "!" in line)
    needed = set(PAYPAGE_NEEDED if values.get("PROTOCOL") == PAYPAGE else NEEDED)
    if values.get("LEDGER", "").startswith(POSTGRESQL):
        needed.add("JOURNAL")
    return {keyword for keyword in needed if not values.get(keyword)}


def _lines(
    path: str, known: Collection[str], elsewhere: Collection[str], platform_keys: bool = False
) -> list[Finding]:
    """Return the findings on the lines of a file; ``elsewhere`` are keywords of another kind of file.

    ``platform_keys`` says that it may have keys of Paypage's data dictionary too.
    """
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
            keyword = row.partition("!")[0]
            given = [keyword] if platform_keys and is_platform_key(keyword) else []
            found += _line(path, number, row, [*known, *given], elsewhere, seen)
    return found


def _line(
    path: str, number: int, row: str, known: Collection[str], elsewhere: Collection[str], seen: dict[str, int]
) -> list[Finding]:
    """Return the findings on one line. Values are never shown: one may be a secret."""
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
    else:
        if keyword in seen:
            found.append(warning("repeated", path, number, keyword=keyword, first=seen[keyword]))
        found += _value(path, number, keyword, value)
    seen[keyword] = number
    return found


def _value(path: str, number: int, keyword: str, value: str) -> list[Finding]:
    """Return the findings on a value: its length in a parmcom file; its choices or its form in a pathfile."""
    most, length = PARMCOM[keyword].max_length if keyword in PARMCOM else None, len(to_bytes(value))
    if most is not None and length > most:
        return [fault("too_long", path, number, keyword=keyword, length=length, most=most)]
    if value and keyword in CHOICES and value not in CHOICES[keyword]:
        choices = {choice.lower(): choice for choice in CHOICES[keyword] if choice}
        likely = get_close_matches(value.lower(), choices, 1, LIKE_ENOUGH)
        values = {"keyword": keyword, "choices": ", ".join(choices.values())}
        if likely:
            return [fault("misspelled_value", path, number, **values, likely=choices[likely[0]])]
        return [fault("wrong_value", path, number, **values)]
    if keyword == "PAYPAGE_URL" and value and not is_web_address(value):
        return [fault("address_malformed", path, number, keyword=keyword, url=value)]
    # @HERE@ is an absolute path.
    if keyword == "LEDGER" and value and not value.replace("@HERE@", "/").startswith(LEDGERS):
        return [fault("ledger_malformed", path, number)]
    if keyword == "JOURNAL" and value and not value.startswith(("/", "@HERE@")):
        return [fault("relative", path, number, keyword=keyword, value=value)]
    if value and keyword in FORMS and not FORMS[keyword][0].fullmatch(value):
        return [fault("wrong_form", path, number, keyword=keyword, example=FORMS[keyword][1])]
    return []


def _shown(keyword: str) -> str:
    return keyword if len(keyword) <= 32 else keyword[:32] + "…"
