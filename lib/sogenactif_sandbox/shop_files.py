"""Files of shops that are installed on the server: logos, style sheets, page templates.

They are in one folder, or in its sub-folder of a merchant_id, which is searched first;
there are no further sub-folders. Source: docs/payment-server.md, Appearance.
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
    """Find the installed files in ``folder``, none if it is None; ``address`` is theirs for browsers."""

    folder: Path | None
    address: str

    def find(self, merchant_id: str, name: str) -> Path | None:
        """Return the path of a merchant's file, None if it isn't installed."""
        if self.folder is None or not (NAME.fullmatch(name) and NAME.fullmatch(merchant_id)):
            return None
        for path in (self.folder / merchant_id / name, self.folder / name):
            if path.is_file():
                return path
        return None

    def url(self, merchant_id: str, name: str) -> str:
        """Return the address of a file, empty if it isn't installed or isn't for browsers."""
        path = self.find(merchant_id, name)
        return f"{self.base(merchant_id)}{name}" if path and path.suffix.lower() in CONTENT_TYPES else ""

    def base(self, merchant_id: str) -> str:
        """Return the address that the names in a merchant's template are relative to."""
        return f"{self.address}/{merchant_id}/"

    def read(self, merchant_id: str, name: str) -> tuple[bytes, str] | None:
        """Return the content of a file and its content type, None if it isn't installed or is a template."""
        path = self.find(merchant_id, name)
        content_type = CONTENT_TYPES.get(path.suffix.lower()) if path else None
        return (path.read_bytes(), content_type) if path and content_type else None
