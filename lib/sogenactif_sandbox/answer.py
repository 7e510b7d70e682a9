"""What a route of the server answers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sogenactif.http import Headers
from sogenactif_sandbox.pages import Page


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


class Body:
    """The body of an answer; ``after`` is called once a server has sent it."""

    def __init__(self, content: bytes, after: Callable[[], None]) -> None:
        self.content = content
        self.after = after

    def __iter__(self) -> Iterator[bytes]:
        yield self.content

    def close(self) -> None:
        self.after()
