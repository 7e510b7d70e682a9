"""What a route of the server answers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from demo.payment.pages import Page
from sogenactif.http import Headers


@dataclass
class Answer:
    """A status, a body, and ``after``: what is to be done once it was sent."""

    body: bytes
    status: int = 200
    headers: Headers = field(default_factory=list)
    content_type: str = "text/html; charset=utf-8"
    after: Callable[[], None] | None = None

    @classmethod
    def of(cls, page: Page, status: int = 200) -> "Answer":
        """The answer that shows a page."""
        return cls(page.html, status, [("Content-Security-Policy", page.policy)])
