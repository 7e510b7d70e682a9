"""The kit's files: a pathfile, the parmcom files it names, and the merge with the call.

Files are lines ``KEYWORD!value!``; ``#`` begins a comment. Values are text that keeps
every byte (``fields.to_text``). In a pathfile ``@HERE@`` is its own folder. Source: docs/configuration.md.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from sogenactif.addresses import host, is_safe_address
from sogenactif.errors import CallError, InvalidSeparator, ParametersUnreadable, PathfileError
from sogenactif.fields import PARMCOM, is_platform_key, to_bytes, to_text
from sogenactif.files import cached_until_changed, read_file, stays_in_directory

DEFAULTS = {
    "block_align": "center",
    "block_order": "1,2,3,4,5,6,7,8,9",
    "currency_code": "978",
    "header_flag": "no",
}
REQUIRED = ("D_LOGO", "F_DEFAULT", "F_PARAM", "F_CERTIFICATE")
REQUIRED_BY_PAYPAGE = ("D_LOGO", "F_DEFAULT", "F_PARAM", "PAYPAGE_URL", "PAYPAGE_KEY")
# F_PARAM as the original kit's samples write it: the folder D_PARM, then parmcom.
INDIRECT = ["F_PARAM", "D_PARM", "parmcom", ""]
# The number of a line, from 1, and its parts between exclamation marks.
Row = tuple[int, list[str]]
SIPS, PAYPAGE = "sips", "paypage"
# The values that a keyword may have; the first applies if the keyword is absent or empty.
CHOICES = {
    "PROTOCOL": (SIPS, PAYPAGE),
    "KIT_VERSION": ("", "615"),
    "LOG": ("", "syslog"),
    "PAYPAGE_SEAL": ("HMAC-SHA-256", "SHA-256", "HMAC-SHA-512"),
    "PAYPAGE_ENCODE": ("base64url", "base64", "none"),
    "PAYPAGE_MEANS": ("shop", "server"),
    "PAYPAGE_REFERENCE": ("transactionId", "transactionReference", "server"),
}
# The form of a value, and what applies if the keyword is absent or empty.
FORMS = {
    "PAYPAGE_KEY_VERSION": ("[0-9]+", "1"),
    "PAYPAGE_INTERFACE": (r"HP_[0-9]+\.[0-9]+", "HP_3.4"),
    "NUMBERS": (r"[0-9]{1,6}-[0-9]{1,6}", "1-999999"),
}
# In a PostgreSQL address a special character is written as its number, %40 for @: any other could be read as another part.
_HOST = r"(\[[^]]+\]|[^][:/?,@]*)(:[0-9]{0,5})?"
POSTGRESQL_FORM = (
    r"postgres(ql)?://(?!.*%(?![0-9A-Fa-f]{2}))"
    rf"([^@/]*@)?{_HOST}(,{_HOST})*(/[^?]*)?(\?([^=&]+=[^=&]*(&|$))*)?"
)
# Every keyword that a pathfile may have.
KEYWORDS = (
    *REQUIRED, *CHOICES, *FORMS,
    "D_PARM", "DEBUG", "F_CTYPE", "JOURNAL", "LEDGER", "LOGO_TYPE", "OFFICE_URL", "PAYPAGE_URL",
    "PAYPAGE_KEY", "SHOP_NAME", "SHOP_URL",
)  # fmt: skip


class LedgerAddress:
    """Hold the value of LEDGER: ``file`` is the path of an SQLite ledger, empty for a PostgreSQL one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.file = url.removeprefix("sqlite:///") if url.startswith("sqlite:") else ""

    @property
    def host(self) -> str:
        """Return the host of a PostgreSQL ledger, empty if the address names none."""
        return host(self.url)

    @property
    def has_password(self) -> bool:
        """Return whether the address of a PostgreSQL ledger holds a password."""
        return re.search("://[^@/:]*:[^@/]+@|[?&]password=", self.url) is not None

    def __repr__(self) -> str:
        return f"LedgerAddress({self.url.partition(':')[0]}:…)"


class Paypage:
    """Hold the keywords that begin with ``PAYPAGE_``, each under the rest of its name."""

    def __init__(self, keywords: Mapping[str, str]) -> None:
        self.url = keywords.get("PAYPAGE_URL", "")
        self.key = keywords.get("PAYPAGE_KEY", "")
        self.key_version = _value(keywords, "PAYPAGE_KEY_VERSION")
        self.seal = _value(keywords, "PAYPAGE_SEAL")
        self.encode = _value(keywords, "PAYPAGE_ENCODE")
        self.interface = _value(keywords, "PAYPAGE_INTERFACE")
        self.means = _value(keywords, "PAYPAGE_MEANS")
        self.reference = _value(keywords, "PAYPAGE_REFERENCE")

    def __repr__(self) -> str:
        return f"Paypage({self.url!r})"


class Pathfile:
    """Hold the settings of a pathfile.

    ``path`` is that of the file; ``keywords`` are its values as they are written, and ``lines`` their line
    numbers, from 1. The paths of ``default_parameters`` (F_DEFAULT), ``merchant_parameters`` (F_PARAM)
    and ``certificates`` (F_CERTIFICATE) are without their extensions. ``numbers`` are the first and the
    last transaction_id that the ledger gives on a day. ``ledger`` is None and
    ``journal`` empty if there is no LEDGER. ``office_url``, ``shop_name`` and ``shop_url`` are empty without their
    keyword.
    """

    def __init__(
        self, path: str, keywords: Mapping[str, str], lines: Mapping[str, int] | None = None
    ) -> None:
        self.path = path
        self.keywords = keywords
        self.lines = lines or {}
        self.debug = keywords.get("DEBUG") == "YES"
        self.logos = keywords.get("D_LOGO", "")
        self.logo_type = keywords.get("LOGO_TYPE", "")
        self.default_parameters = keywords.get("F_DEFAULT", "")
        self.merchant_parameters = keywords.get("F_PARAM", "")
        self.certificates = keywords.get("F_CERTIFICATE", "")
        self.certificate_type = keywords.get("F_CTYPE", "")
        self.protocol = _value(keywords, "PROTOCOL")
        self.kit_version = _value(keywords, "KIT_VERSION")
        self.log = _value(keywords, "LOG")
        self.paypage = Paypage(keywords)
        self.office_url = keywords.get("OFFICE_URL", "")
        self.shop_name = keywords.get("SHOP_NAME", "")
        self.shop_url = keywords.get("SHOP_URL", "")
        first, _, last = _value(keywords, "NUMBERS").partition("-")
        self.numbers = int(first), int(last)
        self.ledger = LedgerAddress(keywords["LEDGER"]) if keywords.get("LEDGER") else None
        self.journal = ""
        if self.ledger:
            beside = os.path.join(os.path.dirname(self.ledger.file), "journal")
            self.journal = keywords.get("JOURNAL") or beside

    def __repr__(self) -> str:
        return f"Pathfile({self.path!r})"

    @property
    def logo_extension(self) -> str:
        """Return the extension of the logos, after the dot: LOGO_TYPE, or ``gif`` as in the original kit."""
        return self.logo_type or "gif"

    def parameter_files(self, merchant_id: str) -> tuple[tuple[str, str], ...]:
        """Return the two parmcom files in the order they are read: ``default`` or ``merchant``, and the path.

        Raises CallError for a merchant_id that would lead out of their directory.
        """
        if not stays_in_directory(merchant_id):
            raise CallError(f"merchant_id ({merchant_id}) may contain letters, digits, - and _ only")
        return ("default", self.default_parameters), ("merchant", f"{self.merchant_parameters}.{merchant_id}")


class Parameters:
    """Hold what a parmcom file sets: ``fields``, and keys of Paypage; ``lines`` are those of its keywords, from 1."""

    def __init__(self, path: str, fields: Mapping[str, str], lines: Mapping[str, int]) -> None:
        self.path, self.fields, self.lines = path, fields, lines

    def __repr__(self) -> str:
        return f"Parameters({self.path!r})"


@cached_until_changed
def read_pathfile(path: str) -> Pathfile:
    """Read a pathfile and check every value; an empty ``path`` is ``pathfile`` in the current directory.

    Raises PathfileError and InvalidSeparator, with the line of what is wrong.
    """
    try:
        rows = list(parse(read_file(path or "pathfile")))
    except (OSError, ValueError) as cause:
        raise PathfileError(path) from cause
    for number, parts in rows:
        if len(parts) != 3 and parts != INDIRECT:
            raise InvalidSeparator(f"+ Invalid separator in file at line {number} ({path})")
    keywords, lines = settings(path, rows)
    error = next(wrong_values(keywords, lines), None)
    if error:
        raise error
    return Pathfile(path, keywords, lines)


def settings(path: str, rows: Iterable[Row]) -> tuple[dict[str, str], dict[str, int]]:
    """Return the value of each keyword of a pathfile's rows, and its line. Malformed rows are left out."""
    keywords, lines = {}, {}
    here = os.path.dirname(os.path.realpath(path or "pathfile"))
    indirect = 0
    for number, parts in rows:
        if parts == INDIRECT:
            indirect = number
        elif len(parts) == 3:
            keywords[parts[0]] = parts[1].replace("@HERE@", here)
            lines[parts[0]] = number
    if indirect:
        keywords["F_PARAM"] = keywords.get("D_PARM", "") + "parmcom"
        lines["F_PARAM"] = indirect
    return keywords, lines


def _value(keywords: Mapping[str, str], keyword: str) -> str:
    return keywords.get(keyword) or (CHOICES[keyword][0] if keyword in CHOICES else FORMS[keyword][1])


def wrong_values(keywords: Mapping[str, str], lines: Mapping[str, int]) -> Iterator[PathfileError]:
    """Yield an error for each keyword of a pathfile that is absent or has a wrong value."""

    def wrong(keyword: str, message: str, kind: str = "") -> PathfileError:
        return PathfileError(message, lines[keyword], kind, keyword)

    for keyword, choices in CHOICES.items():
        value = keywords.get(keyword)
        if value and value not in choices:
            may = " or ".join(filter(None, choices))
            yield wrong(keyword, f"{keyword} is {value}, and must be {may}", "wrong_value")
    for keyword in REQUIRED_BY_PAYPAGE if keywords.get("PROTOCOL") == PAYPAGE else REQUIRED:
        if not keywords.get(keyword):
            yield PathfileError(f"no key word {keyword}", 0, "keyword_absent", keyword)
    for keyword in ("F_CTYPE", "LOGO_TYPE"):
        value = keywords.get(keyword)
        if value and not stays_in_directory(value):
            yield wrong(keyword, f"{keyword} ({value}) may contain letters, digits, - and _ only")
    for keyword, (form, example) in FORMS.items():
        value = keywords.get(keyword)
        if value and not re.fullmatch(form, value):
            yield wrong(keyword, f"{keyword} ({value}) is not of the form {example}", "wrong_form")
        elif value and keyword == "NUMBERS":
            first, _, last = value.partition("-")
            if not 0 < int(first) <= int(last):
                yield wrong(keyword, f"NUMBERS ({first}-{last}) is an empty range")
    for keyword in ("PAYPAGE_URL", "OFFICE_URL", "SHOP_URL"):
        url = keywords.get(keyword)
        if url and not is_safe_address(url):
            yield wrong(keyword, f"{keyword} ({url}) is not an http or https address", "address_malformed")
    journal = keywords.get("JOURNAL")
    if journal and not os.path.isabs(journal):
        yield wrong("JOURNAL", f"JOURNAL ({journal}) is not an absolute path", "relative")
    ledger = keywords.get("LEDGER", "")
    if ledger and not _is_ledger(ledger):
        # The value itself may hold a password.
        yield wrong("LEDGER", "LEDGER must be sqlite:////absolute/path or postgresql://…", "ledger_malformed")
    elif ledger and not LedgerAddress(ledger).file and not journal:
        yield PathfileError(
            "no key word JOURNAL, which this LEDGER needs", lines["LEDGER"], "keyword_absent", "JOURNAL"
        )


def _is_ledger(value: str) -> bool:
    # Each process reads the pathfile, and to compile the pattern takes half a millisecond.
    if value.startswith("sqlite:////"):
        return not value.endswith("/")
    return re.fullmatch(POSTGRESQL_FORM, value) is not None


@cached_until_changed
def read_parameters(whose: str, path: str) -> Parameters:
    """Read a parmcom file; ``whose`` is ``default`` or ``merchant``.

    Raises ParametersUnreadable and InvalidSeparator. Unknown keywords are left out.
    """
    fields, lines = {}, {}
    try:
        for number, parts in parse(read_file(path)):
            if len(parts) != 3:
                raise InvalidSeparator(
                    f"Invalid separator in file at line {number} 3 attendu, {len(parts)} recu ({path})"
                )
            keyword, value, _ = parts
            if keyword in PARMCOM or is_platform_key(keyword):
                fields[PARMCOM[keyword].name if keyword in PARMCOM else keyword] = value
                lines[keyword] = number
    except (OSError, ValueError) as error:
        raise ParametersUnreadable(whose, path) from error
    return Parameters(path, fields, lines)


def merge(*sources: Mapping[str, str]) -> dict[str, str]:
    """Return the final value of each field: the last source in which it isn't empty, or else its default."""
    merged = dict(DEFAULTS)
    for source in sources:
        merged.update((name, value) for name, value in source.items() if value)
    return merged


def parse(content: bytes) -> Iterator[Row]:
    """Yield the rows of a pathfile or parmcom file, except empty lines and comments."""
    for number, line in enumerate(to_text(content).split("\n"), 1):
        line = line.removesuffix("\r")
        if line and not line.startswith("#"):
            yield number, line.split("!")


def replace_keywords(content: bytes, values: Mapping[str, str | None]) -> bytes:
    """Return the content of a pathfile or parmcom file in which keywords have these values; None removes one.

    A line of the keyword is written anew where it is; if there is none, it is appended.
    """
    lines, left = [], dict(values)
    for line in to_text(content).rstrip("\n").split("\n"):
        keyword = line.partition("!")[0]
        value = left.pop(keyword, None)
        if keyword not in values:
            lines.append(line)
        elif value is not None:
            lines.append(f"{keyword}!{value}!")
    lines += [f"{keyword}!{value}!" for keyword, value in left.items() if value is not None]
    return to_bytes("\n".join(lines) + "\n")
