"""Checks of the pathfile and the parmcom files: each line, each path."""

import glob
import os
import re
from collections.abc import Collection, Generator
from difflib import get_close_matches

from sogenactif.addresses import is_local
from sogenactif.commands.check.findings import Finding, Findings, all_well, fault, first, ok, warning
from sogenactif.commands.check.machine import SCRIPTS
from sogenactif.commands.check.rights import READ, SEARCH, exists, missing_rights
from sogenactif.commands.places import ROOT
from sogenactif.commands.site import Location, Site
from sogenactif.configuration import CHOICES, FORMS, INDIRECT, KEYWORDS, Row, parse, settings, wrong_values
from sogenactif.fields import PARMCOM, is_platform_key, to_bytes
from sogenactif.files import read_file

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_SHOWN_LENGTH = 32
LIKE_ENOUGH = 0.75


def pathfile(path: str) -> Findings:
    """Check the pathfile: each line, then each value that the kit refuses."""
    rows = yield from _lines(path, KEYWORDS, PARMCOM)
    if rows is None:
        return
    values, lines = settings(path, rows)
    misspelled = {_likely(keyword, KEYWORDS) for keyword in values if keyword not in (*KEYWORDS, *PARMCOM)}
    for error in wrong_values(values, lines):
        keyword, value = error.keyword, values.get(error.keyword, "")
        if keyword not in misspelled:
            choices = [choice for choice in CHOICES.get(keyword, ()) if choice]
            likely, example = _likely(value, choices), FORMS[keyword][1] if keyword in FORMS else ""
            kind = "misspelled_value" if likely else error.kind or "kit_refuses"
            line = lines.get(keyword, 0) if kind == "keyword_absent" else error.line
            yield fault(
                kind, path, line, keyword=keyword, value=value, url=value, error=error,
                choices=", ".join(choices), likely=likely, example=example,
            )  # fmt: skip
    yield all_well("well_formed", path)


def parameters(site: Site) -> Findings:
    """Check each parmcom file, line by line."""
    for path in filter(os.path.exists, [site.pathfile.default_parameters, *(m.path for m in site.merchants)]):
        yield from list(_lines(path, PARMCOM, KEYWORDS, site.paypage)) or [ok("well_formed", path)]
    prefix = f"{site.pathfile.merchant_parameters}."
    known = {merchant.id for merchant in site.merchants}
    for path in sorted(glob.glob(f"{glob.escape(prefix)}*")):
        number = re.match(r"[0-9]{1,15}", path.removeprefix(prefix))
        if number and number[0] not in known:
            yield warning("parameters_misnamed", path, likely=os.path.basename(prefix) + number[0])
    # A folder that can't be searched raises PermissionError: it may hold merchants.
    if not site.merchants and not exists(f"{prefix}<merchant_id>"):
        yield fault("no_merchant", f"{prefix}<merchant_id>")


def paths(site: Site) -> Findings:
    """Check that the paths of the pathfile exist, and that the web server may read them, the scripts and the code."""
    pathfile = site.pathfile
    values = {"F_DEFAULT": pathfile.default_parameters, "F_PARAM": pathfile.merchant_parameters}
    secret = (
        {"PAYPAGE_KEY": pathfile.paypage.key} if site.paypage else {"F_CERTIFICATE": pathfile.certificates}
    )
    for keyword, value in (values | secret).items():
        place = site.where(keyword)
        needed, wanted = (value, READ) if keyword == "F_DEFAULT" else (os.path.dirname(value), SEARCH)
        if not os.path.isabs(value):
            yield fault("relative", *place, keyword=keyword, value=value)
        elif not exists(needed):
            yield fault("leads_nowhere", *place, keyword=keyword, path=needed)
        else:
            well = ok("leads_there", *place, keyword=keyword, user=site.user.pw_name)
            yield next(missing_rights(site.user, needed, wanted), well)
    scripts = (os.path.join(site.scripts, script) for script in SCRIPTS)
    parameters = (merchant.path for merchant in site.merchants)
    for path in [site.path, *parameters, *filter(os.path.exists, scripts)]:
        yield from missing_rights(site.user, path)
    lib = f"{ROOT}/lib"
    for folder, _, names in os.walk(lib):
        files = [os.path.join(folder, name) for name in names if name.endswith((".py", ".so"))]
        for path, wanted in [(folder, READ | SEARCH), *((file, READ) for file in files)]:
            for closed in missing_rights(site.user, path, wanted):
                above = not closed.file.startswith(lib)
                yield closed if above else fault("code_closed", lib, user=site.user.pw_name, path=closed.file)
                return  # one remedy opens them all


def debug(site: Site) -> Findings:
    """Check that the debug mode, which shows every parameter to every customer, is off.

    It is a fault if customers may be there: payments charge them, or the shop has a public address.
    """
    urls = filter(None, [site.url, *(m.fields.get("normal_return_url") for m in site.merchants)])
    is_trial = bool(site.merchants) and all(merchant.is_trial for merchant in site.merchants)
    is_public = not is_trial or not all(map(is_local, urls))
    rules = [
        (fault, "debug_on", site.pathfile.debug and is_public),
        (warning, "debug_on", site.pathfile.debug),
        (warning, "debug_neither", site.pathfile.keywords.get("DEBUG", "") not in ("", "NO")),
        (ok, "debug_off", True),
    ]
    yield from first(rules, *site.where("DEBUG"))


def _lines(
    path: str, known: Collection[str], elsewhere: Collection[str], platform_keys: bool = False
) -> Generator[Finding, None, list[Row] | None]:
    """Yield the findings on the lines of a file, and return its rows, None if it can't be read.

    ``elsewhere`` are keywords of another kind of file; with ``platform_keys`` it may have keys of Paypage's data
    dictionary too.
    """
    try:
        content = read_file(path)
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        name = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
        yield fault(name, path, error=getattr(error, "strerror", error))
        return None
    if content.startswith(BYTE_ORDER_MARK):
        yield fault("byte_order_mark", path, 1)
    content = content.removeprefix(BYTE_ORDER_MARK)
    returns = [match.start() for match in re.finditer(rb"\r(?=\n|\Z)", content)]
    if returns:
        line = content[: returns[0]].count(b"\n") + 1
        yield warning("carriage_returns", path, line, count=len(returns))
    rows = list(parse(content))
    seen: dict[str, int] = {}
    for number, parts in rows:
        if parts != INDIRECT or "F_PARAM" not in known:
            given = parts[:1] if platform_keys and is_platform_key(parts[0]) else []
            yield from _line((path, number), parts, [*known, *given], elsewhere)
            if len(parts) == 3 and parts[0] in known and parts[0] in seen:
                yield warning("repeated", path, number, keyword=parts[0], first=seen[parts[0]])
            seen[parts[0]] = number
    return rows


def _line(place: Location, parts: list[str], known: Collection[str], elsewhere: Collection[str]) -> Findings:
    """Yield the findings on a line. Values are never shown: one may be a secret."""
    keyword, shown, text = parts[0], parts[0].strip(), "!".join(parts)
    shown = shown if len(shown) <= MAX_SHOWN_LENGTH else f"{shown[:MAX_SHOWN_LENGTH]}…"
    of_form = [
        (fault, "carriage_return_inside", "\r" in text),
        (fault, "blank_line", not text.strip()),
        (fault, "separators", len(parts) != 3),
    ]
    if any(applies for _, _, applies in of_form):
        yield from first(of_form, *place, count=len(parts) - 1)
        return
    _, value, end = parts
    is_known, likely, length = keyword in known, _likely(keyword, known), len(to_bytes(value))
    most = PARMCOM[keyword].max_length if is_known and keyword in PARMCOM else None
    of_keyword = [
        (fault, "spaces_around_keyword", keyword != keyword.strip()),
        (fault, "misplaced", not is_known and keyword in elsewhere),
        (fault, "misspelled", not is_known and likely),
        (warning, "unknown_keyword", not is_known),
    ]
    of_value = [(fault, "spaces_around", value != value.strip())]
    of_length = [(fault, "too_long", most is not None and length > most)]
    of_end = [(warning, "after_the_end", end.strip()), (warning, "trailing_spaces", end)]
    for rules in (of_end, of_keyword, of_value, of_length):
        yield from first(rules, *place, keyword=shown, likely=likely, length=length, most=most)


def _likely(text: str, known: Collection[str]) -> str:
    """Return the word that is most like a text, whatever its case; empty if none is alike."""
    words = {word.upper(): word for word in known}
    return next((words[word] for word in get_close_matches(text.upper(), words, 1, LIKE_ENOUGH)), "")
