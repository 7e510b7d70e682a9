"""Checks of the pathfile and the parmcom files: each line, each path."""

import glob
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import partial

from sogenactif.commands.check.findings import Finding, fault, ok, warning
from sogenactif.commands.check.machine import SCRIPTS
from sogenactif.commands.check.rights import READ, SEARCH, refused, require_search_permission
from sogenactif.commands.check.site import Site
from sogenactif.commands.places import ROOT
from sogenactif.configuration import CHOICES, FORMS, INDIRECT, KEYWORDS, Row, parse, settings, wrong_values
from sogenactif.errors import PathfileError
from sogenactif.fields import PARMCOM, is_platform_key, to_bytes
from sogenactif.files import read_file

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_SHOWN = 32
LIKE_ENOUGH = 0.75


def pathfile(path: str) -> list[Finding]:
    """Check the pathfile: each line, then each value."""
    findings, rows = _lines(path, KEYWORDS, PARMCOM)
    if rows is None:
        return findings
    keywords, lines = settings(path, rows)
    misspelled = {finding.values.get("likely") for finding in findings}
    for error in wrong_values(keywords, lines):
        if error.keyword not in misspelled:
            line = error.line if error.kind != "keyword_absent" else lines.get(error.keyword, 0)
            findings.append(_wrong_value(path, line, error, keywords.get(error.keyword, "")))
    return findings or [ok("well_formed", path)]


def parameters(site: Site) -> list[Finding]:
    """Check each parmcom file, line by line."""
    files = [site.pathfile.default_parameters, *(merchant.path for merchant in site.merchants)]
    findings = [
        finding
        for path in files
        if os.path.exists(path)
        for finding in _lines(path, PARMCOM, KEYWORDS, site.paypage)[0] or [ok("well_formed", path)]
    ]
    known = {merchant.id for merchant in site.merchants}
    prefix = site.pathfile.merchant_parameters + "."
    for path in sorted(glob.glob(glob.escape(prefix) + "*")):
        number = re.match(r"[0-9]{1,15}", path.removeprefix(prefix))
        if number and number[0] not in known:
            findings.append(warning("parameters_misnamed", path, likely=os.path.basename(prefix) + number[0]))
    if not site.merchants:
        require_search_permission(prefix)
        findings.append(fault("no_merchant", f"{prefix}<merchant_id>"))
    return findings


def paths(site: Site) -> list[Finding]:
    """Check that the paths of the pathfile exist, and that the web server may read them."""
    findings = []
    for keyword in ("F_DEFAULT", "F_PARAM", "PAYPAGE_KEY" if site.paypage else "F_CERTIFICATE"):
        value = site.pathfile.keywords.get(keyword)
        if not value:
            continue
        line = site.pathfile.lines.get(keyword, 0)
        needed, wanted = (value, READ) if keyword == "F_DEFAULT" else (os.path.dirname(value), SEARCH)
        if not os.path.isabs(value):
            findings.append(fault("relative", site.path, line, keyword=keyword, value=value))
        elif not os.path.exists(needed):
            require_search_permission(needed)
            findings.append(fault("leads_nowhere", site.path, line, keyword=keyword, path=needed))
        else:
            well = ok("leads_there", site.path, line, keyword=keyword, user=site.user.name)
            findings += refused(site.user, needed, wanted) or [well]
    scripts = [os.path.join(site.scripts, script) for script in SCRIPTS]
    needed_too = [
        site.path,
        *(merchant.path for merchant in site.merchants),
        *filter(os.path.exists, scripts),
    ]
    for path in needed_too:
        findings += refused(site.user, path)
    return findings + _code(site)


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


def _lines(
    path: str, known: Collection[str], elsewhere: Collection[str], platform_keys: bool = False
) -> tuple[list[Finding], list[Row] | None]:
    """Return the findings on the lines of a file, and its rows; ``elsewhere`` are keywords of another kind of file.

    ``platform_keys`` says that it may have keys of Paypage's data dictionary too.
    """
    try:
        content = read_file(path)
    except FileNotFoundError:
        return [fault("missing", path)], None
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        return [fault("unreadable", path, error=getattr(error, "strerror", error))], None
    findings = []
    if content.startswith(BYTE_ORDER_MARK):
        findings.append(fault("byte_order_mark", path, 1))
        content = content.removeprefix(BYTE_ORDER_MARK)
    returns = [match.start() for match in re.finditer(rb"\r(?=\n|\Z)", content)]
    if returns:
        first = content[: returns[0]].count(b"\n") + 1
        findings.append(warning("carriage_returns", path, first, count=len(returns)))
    rows = list(parse(content))
    seen: dict[str, int] = {}
    for number, parts in rows:
        if parts != INDIRECT or "F_PARAM" not in known:
            given = parts[:1] if platform_keys and is_platform_key(parts[0]) else []
            findings += [finding(path, number) for finding in _line(parts, [*known, *given], elsewhere, seen)]
            seen[parts[0]] = number
    return findings, rows


def _line(
    parts: list[str], known: Collection[str], elsewhere: Collection[str], seen: Mapping[str, int]
) -> Iterator[Callable[[str, int], Finding]]:
    """Yield the findings on a line, for its place. Values are never shown: one may be a secret."""
    keyword, shown = parts[0], parts[0].strip()
    shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"
    if any("\r" in part for part in parts):
        yield partial(fault, "carriage_return_inside")
    elif not "!".join(parts).strip():
        yield partial(fault, "blank_line")
    elif len(parts) != 3:
        yield partial(fault, "separators", count=len(parts) - 1)
    else:
        value, end = parts[1:]
        most = PARMCOM[keyword].max_length if keyword in PARMCOM and keyword in known else None
        likely = get_close_matches(keyword.upper(), known, 1, LIKE_ENOUGH)
        if end:
            yield partial(warning, "after_the_end" if end.strip() else "trailing_spaces")
        if value != value.strip():
            yield partial(fault, "spaces_around", keyword=shown)
        if keyword != keyword.strip():
            yield partial(fault, "spaces_around_keyword", keyword=shown)
        elif keyword in elsewhere and keyword not in known:
            yield partial(fault, "misplaced", keyword=keyword)
        elif keyword not in known and likely:
            yield partial(fault, "misspelled", keyword=shown, likely=likely[0])
        elif keyword not in known:
            yield partial(warning, "unknown_keyword", keyword=shown)
        elif keyword in seen:
            yield partial(warning, "repeated", keyword=keyword, first=seen[keyword])
        if most is not None and len(to_bytes(value)) > most:
            yield partial(fault, "too_long", keyword=keyword, length=len(to_bytes(value)), most=most)


def _wrong_value(path: str, line: int, error: PathfileError, value: str) -> Finding:
    """Return the finding of a value that the kit refuses; if a choice is alike, with that choice."""
    keyword, kind = error.keyword, error.kind or "kit_refuses"
    choices = {choice.lower(): choice for choice in CHOICES.get(keyword, ()) if choice}
    values = {"keyword": keyword, "choices": ", ".join(choices.values()), "value": value, "url": value}
    values["example"] = FORMS[keyword][1] if keyword in FORMS else ""
    likely = get_close_matches(value.lower(), choices, 1, LIKE_ENOUGH)
    if likely:
        return fault("misspelled_value", path, line, likely=choices[likely[0]], **values)
    return fault(kind, path, line, error=error, **values)
