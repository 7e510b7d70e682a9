"""The files of shops that are installed on the server: logos, style sheets, page templates.

They lie in one folder, or in a folder in it named after a merchant_id, which is looked at first;
there are no folders below. Source: docs/payment-server.md, Appearance.
"""

import re
from dataclasses import dataclass
from pathlib import Path

NAME = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z_.-]*")
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class ShopFiles:
    """The installed files in ``folder``; none where it is None. ``address`` is where browsers find them."""

    folder: Path | None
    address: str

    def find(self, merchant_id: str, name: str) -> Path | None:
        """The file that a merchant calls by this name, if it is installed."""
        if self.folder is None or not (NAME.fullmatch(name) and NAME.fullmatch(merchant_id)):
            return None
        for path in (self.folder / merchant_id / name, self.folder / name):
            if path.is_file():
                return path
        return None

    def url(self, merchant_id: str, name: str) -> str:
        """The address of an installed file, empty where it isn't installed or isn't for browsers."""
        path = self.find(merchant_id, name)
        return f"{self.base(merchant_id)}{name}" if path and path.suffix.lower() in CONTENT_TYPES else ""

    def base(self, merchant_id: str) -> str:
        """The address that the names in a merchant's own template are relative to."""
        return f"{self.address}/{merchant_id}/"

    def read(self, merchant_id: str, name: str) -> tuple[bytes, str] | None:
        """An installed file for a browser, with its content type. Templates are not for browsers."""
        path = self.find(merchant_id, name)
        content_type = CONTENT_TYPES.get(path.suffix.lower()) if path else None
        return (path.read_bytes(), content_type) if path and content_type else None
