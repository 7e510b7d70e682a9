"""The kit's files: a pathfile, the parmcom files it names, and the merge with the call.

Files are lines ``KEYWORD!value!``; ``#`` begins a comment. Values are text that keeps
every byte (``fields.to_text``). In a pathfile ``@HERE@`` is the folder that it is in. Source: guide, chapters 2.1 and 2.2.
"""

import os
from collections.abc import Iterator, Mapping

from sogenactif.errors import CallError, InvalidSeparator, ParametersUnreadable, PathfileError
from sogenactif.fields import PARMCOM, to_text
from sogenactif.files import cached_until_changed, read_file, stays_in_directory

DEFAULTS = {
    "block_align": "center",
    "block_order": "1,2,3,4,5,6,7,8,9",
    "currency_code": "978",
    "header_flag": "no",
}
NEEDED = ("D_LOGO", "F_DEFAULT", "F_PARAM", "F_CERTIFICATE")
PROTOCOLS = ("", "sips", "paypage")
# Every keyword that a pathfile may have.
KEYWORDS = (
    *NEEDED, "D_PARM", "DEBUG", "F_CTYPE", "JOURNAL", "KIT_VERSION", "LEDGER", "LOG", "LOGO_TYPE", "PROTOCOL",
    *(f"PAYPAGE_{name}" for name in ("URL", "KEY", "KEY_VERSION", "SEAL", "ENCODE", "INTERFACE", "MEANS", "REFERENCE")),
)  # fmt: skip


class Pathfile:
    """A pathfile that was read: where it is, and the value of each keyword."""

    def __init__(self, path: str, keywords: Mapping[str, str]) -> None:
        self.path = path
        self.keywords = keywords

    def __getitem__(self, keyword: str) -> str:
        """The value of a keyword, empty where the file has none."""
        return self.keywords.get(keyword, "")

    @property
    def debug(self) -> bool:
        """Whether the debug mode is on."""
        return self["DEBUG"] == "YES"

    @property
    def logo_extension(self) -> str:
        """Extension of the logos, after the dot; ``gif`` as in the bank's kit unless LOGO_TYPE says otherwise."""
        return self["LOGO_TYPE"] or "gif"

    def parameter_files(self, merchant_id: str) -> tuple[tuple[str, str], ...]:
        """The two parmcom files, in the order they are read: whose it is, and its path.

        Raises CallError for a merchant_id that would lead out of their directory.
        """
        if not stays_in_directory(merchant_id):
            raise CallError(f"merchant_id ({merchant_id}) may hold letters, digits, - and _ only")
        return ("default", self["F_DEFAULT"]), ("merchant", f"{self['F_PARAM']}.{merchant_id}")


@cached_until_changed
def read_pathfile(path: str) -> Pathfile:
    """Read and check the pathfile; an empty ``path`` is ``pathfile`` in the current directory.

    Raises PathfileError and InvalidSeparator.
    """
    try:
        lines = list(_lines(path or "pathfile"))
    except (OSError, ValueError) as error:
        raise PathfileError(path) from error
    keywords = {}
    here = os.path.dirname(os.path.realpath(path or "pathfile"))
    indirect = False
    for number, line in lines:
        parts = line.split("!")
        if parts == ["F_PARAM", "D_PARM", "parmcom", ""]:
            indirect = True
        elif len(parts) == 3:
            keywords[parts[0]] = parts[1].replace("@HERE@", here)
        else:
            raise InvalidSeparator(f"+ Invalid separator in file at line {number} ({path})")
    if indirect:
        keywords["F_PARAM"] = keywords.get("D_PARM", "") + "parmcom"
    if keywords.get("PROTOCOL", "") not in PROTOCOLS:
        raise PathfileError(f"PROTOCOL is {keywords['PROTOCOL']}, and may be {' or '.join(PROTOCOLS[1:])}")
    for keyword in NEEDED:
        if keyword == "F_CERTIFICATE" and keywords.get("PROTOCOL") == "paypage":
            continue
        if not keywords.get(keyword):
            raise PathfileError(f"no key word {keyword}")
    for keyword in ("F_CTYPE", "LOGO_TYPE"):
        value = keywords.get(keyword)
        if value and not stays_in_directory(value):
            raise PathfileError(f"{keyword} ({value}) may hold letters, digits, - and _ only")
    for keyword, only in (("KIT_VERSION", "615"), ("LOG", "syslog")):
        if keywords.get(keyword, "") not in ("", only):
            raise PathfileError(f"{keyword} is {keywords[keyword]}, and may only be {only}")
    return Pathfile(path, keywords)


@cached_until_changed
def read_parameters(whose: str, path: str) -> dict[str, str]:
    """The fields that a parmcom file sets; ``whose`` is ``default`` or ``merchant``.

    Raises ParametersUnreadable and InvalidSeparator. Unknown keywords are left out.
    """
    fields = {}
    try:
        for number, line in _lines(path):
            parts = line.split("!")
            if len(parts) != 3:
                raise InvalidSeparator(
                    f"Invalid separator in file at line {number} 3 attendu, {len(parts)} recu ({path})"
                )
            if parts[0] in PARMCOM:
                fields[PARMCOM[parts[0]].name] = parts[1]
    except (OSError, ValueError) as error:
        raise ParametersUnreadable(whose, path) from error
    return fields


def merge(*sources: Mapping[str, str]) -> dict[str, str]:
    """The final value of each field: the defaults, then each source in turn where it isn't empty."""
    merged = dict(DEFAULTS)
    for source in sources:
        merged.update((name, value) for name, value in source.items() if value)
    return merged


def _lines(path: str) -> Iterator[tuple[int, str]]:
    """The numbered lines of a file that say something: no empty ones, no comments."""
    for number, line in enumerate(to_text(read_file(path)).split("\n"), 1):
        line = line.removesuffix("\r")
        if line and not line.startswith("#"):
            yield number, line
