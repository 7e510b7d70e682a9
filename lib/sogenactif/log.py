"""The log: one line an event, through the standard library's logger ``sogenactif``.

A line goes to the web server's error log, or to syslog if the pathfile says ``LOG!syslog!``. A
shop that hosts the applications itself gives the logger handlers of its own instead.
"""

import logging
import os
import sys
import time
from contextlib import closing
from logging.handlers import SysLogHandler
from traceback import extract_tb
from typing import TextIO

from sogenactif.errors import KitError

LOGGER = logging.getLogger("sogenactif")
MAX_LINE_LENGTH = 500
SYSLOG = "/dev/log"


def log(event: str, why: str, errors: TextIO, syslog: bool, severe: bool) -> None:
    """Log an event and its reason on one line of ASCII, 500 characters at most; ``errors`` is the web server's log.

    ``severe`` makes it an error, on which the merchant has to act; else it is a warning.
    """
    line = f"{event} {ascii(why)[1:-1][:MAX_LINE_LENGTH]}"
    level = logging.ERROR if severe else logging.WARNING
    LOGGER.log(level, "%s", line, extra={"errors": errors, "syslog": syslog})


def log_error(
    syslog: bool, event: str, error: BaseException, errors: TextIO | None = None, severe: bool = True
) -> None:
    """Log an event and its error, without personal values of the call.

    It goes to syslog, or to ``errors``: by default to standard error, which a web server writes to its own log.
    The line of an exception that the kit doesn't expect, severe and no KitError, has the file and line that raised it.
    """
    why = error.logged if isinstance(error, KitError) else str(error)
    cause = error.__cause__ if isinstance(error, KitError) else None
    if isinstance(cause, OSError) and str(cause.strerror) not in why:
        why += f": {cause.strerror}"
    if severe and not isinstance(error, KitError):
        last = extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}: {why} ({os.path.basename(last.filename)}:{last.lineno})"
    log(event, why, sys.stderr if errors is None else errors, syslog, severe)


class Syslog(SysLogHandler):
    """Write to syslog; raise OSError if no daemon takes the line."""

    ident = "sogenactif: "

    def handleError(self, record: logging.LogRecord) -> None:
        raise


class ServerLogHandler(logging.Handler):
    """Write each event to the log of its own request: the web server's, or syslog."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.__dict__.get("syslog"):
            try:
                with closing(Syslog(SYSLOG)) as handler:
                    handler.emit(record)
                return
            except OSError as error:
                record.msg = f"%s (syslog at {SYSLOG} can't be reached: {error.strerror})"
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        print(moment, record.name, record.getMessage(), file=record.__dict__["errors"], flush=True)


if not LOGGER.handlers:
    LOGGER.addHandler(ServerLogHandler())
    LOGGER.propagate = False
