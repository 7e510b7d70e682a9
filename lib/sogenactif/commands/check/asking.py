"""Asking a web server, with limits."""

import http.client
import urllib.error
import urllib.request
from email.message import Message
from typing import NamedTuple
from urllib.parse import urlencode

SECONDS = 10
MOST_BYTES = 1024 * 1024


class Reply(NamedTuple):
    """What a web server answered; ``url`` is where redirections led."""

    status: int
    headers: Message
    body: bytes
    url: str

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def ask(url: str, form: dict[str, str] | None = None, method: str | None = None) -> Reply:
    """The answer to a GET, or to a POST of a form. Raises OSError where there is none."""
    data = None if form is None else urlencode(form).encode()
    try:
        request = urllib.request.Request(url, data, {"User-Agent": "sogenactif-check"}, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            return Reply(reply.status, reply.headers, reply.read(MOST_BYTES), reply.url)
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read(MOST_BYTES), error.url or url)
    except urllib.error.URLError as error:
        raise OSError(str(getattr(error.reason, "strerror", "") or error.reason)) from None
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(type(error).__name__) from None
