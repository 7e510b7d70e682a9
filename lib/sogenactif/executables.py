"""The two executables of the guide: they print strings separated by ``!``, on one line.

Source: docs/shop.md. Arguments are text that keeps every byte (``fields.to_text``).
"""

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sogenactif import __version__
from sogenactif.configuration import Pathfile, read_pathfile
from sogenactif.errors import InvalidArgumentCount, InvalidKeyword, KitError, ResponseError
from sogenactif.escape import html_entities, without_separators
from sogenactif.fields import PRINTED, readable, to_bytes, to_text
from sogenactif.ledger import borrow_ledger, close_pool
from sogenactif.payment import PaymentResponse, make_request, parse_call, read_response

GUIDE_FIELDS = 30
# Programs that regenerate their pathfile can't set KIT_VERSION in it; they can call a link of this name.
NAME_OF_KIT_615 = "response-615"
HELP = {
    "request": """request [--json] keyword=value... makes a payment request and prints !code!error!form!

With --json it prints an object: code, error, transaction_id, form, and the form's action and posts.
merchant_id, amount (in cents), order_id, pathfile and the rest are the fields of docs/dictionary.md.""",
    "response": """response [--json] message=DATA [pathfile=PATH] opens a payment response and prints !code!error!fields...

With --json it prints an object: code, error, outcome, fields, original (the keys of Paypage).
The fields are in the order of docs/dictionary.md: 32 strings, or the 44 of kit 6.15 if the pathfile
has KIT_VERSION!615! or the executable is called through a link named response-615.""",
}


def request(arguments: Sequence[str]) -> tuple[bytes, int]:
    """Return ``!code!error!buffer!`` of a payment request, and the exit status; JSON if ``--json`` is an argument.

    In ASCII, which fits every encoding that the page around the form may have.
    """
    call, pathfile, payment_request = {}, None, None
    error, status, buffer = "", 0, ""
    arguments, as_json = _without_json(arguments)
    try:
        call = parse_call(arguments)
        pathfile = read_pathfile(call.get("pathfile", ""))
        with borrow_ledger(pathfile) as ledger:
            payment_request = make_request(call, pathfile, ledger=ledger)
            if ledger:
                if ledger.warning:
                    _log(pathfile, "request", KitError(ledger.warning))
                ledger.make_up_for_outage(partial(_log, pathfile, "request"))
    except KitError as failure:
        error, status = str(failure) if as_json else _words(failure), failure.exit_status
    if pathfile and pathfile.debug and not as_json:
        from sogenactif.debug import request_report

        error = str(request_report(call, pathfile, payment_request)) + error
    if pathfile and payment_request:
        from sogenactif.pages import form

        buffer = form(payment_request, pathfile)
    if as_json:
        return _json(
            {
                "code": 0 if payment_request else -1,
                "error": error,
                "transaction_id": payment_request.fields["transaction_id"] if payment_request else "",
                "action": payment_request.action if payment_request else "",
                "posts": payment_request.posts if payment_request else {},
                "form": buffer,
            }
        ), status
    answer = "!".join(("", "0" if payment_request else "-1", error, buffer, ""))
    return answer.encode("ascii", "xmlcharrefreplace"), status


def response(arguments: Sequence[str]) -> tuple[bytes, int]:
    """Return ``!code!error!`` and the fields of a payment response, and the exit status.

    32 strings and a last ``!``; 44 strings without it if the pathfile says KIT_VERSION!615!, or if
    the executable is called as ``response-615``. Every field of a rejected message is empty. If ``--json`` is an
    argument: JSON, with the outcome, the fields that aren't empty, and the keys of Paypage as they arrived.
    """
    arguments, as_json = _without_json(arguments)
    call: dict[str, str] = {}
    pathfile, payment_response = None, None
    error, status = "", 0
    try:
        call = _parse_response_call(arguments)
        pathfile = read_pathfile(call.get("pathfile", ""))
        payment_response = _read(call.get("message", ""), pathfile)
    except KitError as failure:
        error, status = str(failure) if as_json else _words(failure), failure.exit_status
    if as_json:
        fields = payment_response.fields if payment_response else {}
        return _json(
            {
                "code": 0 if payment_response else -1,
                "error": error,
                "outcome": payment_response.outcome if payment_response else "",
                "fields": {name: value for name, value in fields.items() if value},
                "original": payment_response.stored["original"] if payment_response else {},
            }
        ), status
    if pathfile and pathfile.debug:
        from sogenactif.debug import response_report

        error = str(response_report(call.get("message", ""), pathfile, payment_response)) + error
    is_kit_615 = _asks_for_kit_615(arguments)
    printed = PRINTED if is_kit_615 else PRINTED[:GUIDE_FIELDS]
    values = [without_separators(payment_response[name]) if payment_response else "" for name in printed]
    return to_bytes(
        "!".join(("", "0" if payment_response else "-1", error, *values, *([] if is_kit_615 else [""])))
    ), status


def _read(message: str, pathfile: Pathfile) -> PaymentResponse:
    """Return the response in a message; with a ledger, one that answers a request of this shop.

    If the ledger can't be reached, return the response as it was sealed; the journal has it.
    """
    with borrow_ledger(pathfile) as ledger:
        if not ledger:
            return read_response(message, pathfile)
        from sogenactif.ledger.ledger import EXECUTABLE
        from sogenactif.reception import receive

        received = receive(message, pathfile, ledger, EXECUTABLE, partial(_log, pathfile))
        match = received.match
        if match and match.is_recorded:
            if not match.is_trusted:
                raise ResponseError(f"{match.verdict}, {match.why}")
            ledger.make_up_for_outage(partial(_log, pathfile, "executable response"))
        return received.response


def _log(pathfile: Pathfile, event: str, error: BaseException) -> None:
    # Loaded when there is something to log: bin/request starts for every customer.
    from sogenactif.log import log_error

    log_error(pathfile.log == "syslog", event, error)


def _asks_for_kit_615(arguments: Sequence[str]) -> bool:
    """Return whether the executable's name, or the pathfile of a call, even a malformed one, asks for 44 strings."""
    if os.path.basename(sys.argv[0]) == NAME_OF_KIT_615:
        return True
    paths = [argument.removeprefix("pathfile=") for argument in arguments if argument.startswith("pathfile=")]
    try:
        return read_pathfile(paths[-1] if paths else "").kit_version == "615"
    except KitError:
        return False


def _without_json(arguments: Sequence[str]) -> tuple[Sequence[str], bool]:
    others = [argument for argument in arguments if argument != "--json"]
    return others, len(others) < len(arguments)


def _json(answer: Mapping[str, object]) -> bytes:
    """Return an answer as JSON in ASCII; bytes of a value that aren't UTF-8 are taken for Latin-1."""
    import json

    def characters(value: object) -> object:
        if isinstance(value, str):
            return readable(value)
        return {name: characters(one) for name, one in value.items()} if isinstance(value, dict) else value

    return (json.dumps(characters(answer), indent=2) + "\n").encode("ascii")


def _words(error: KitError) -> str:
    """Return the message of an error, escaped; the ``<`` or ``>`` of a wrong count is the kit's own."""
    return str(error) if isinstance(error, InvalidArgumentCount) else html_entities(str(error))


def run(program: Callable[[Sequence[str]], tuple[bytes, int]]) -> int:
    """Print the result of a program for this process's arguments; return its exit status."""
    if sys.argv[1:] in (["--help"], ["--version"]):
        print(HELP[program.__name__] if sys.argv[1] == "--help" else f"Sogenactif payment kit {__version__}")
        return 0
    # No garbage collection: the process ends with its output. No code of a shop runs in it, so none at the end either.
    gc.disable()
    answer, status = program([to_text(os.fsencode(argument)) for argument in sys.argv[1:]])
    if sys.stdout:
        try:
            sys.stdout.buffer.write(answer)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more when it ends, and older ones complain then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    close_pool()
    gc.freeze()
    return status


def _parse_response_call(arguments: Sequence[str]) -> dict[str, str]:
    if not arguments:
        raise InvalidArgumentCount("> 1")
    if len(arguments) > 2:
        raise InvalidArgumentCount("< 2")
    call = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or name not in ("message", "pathfile"):
            raise InvalidKeyword(argument)
        call[name] = value
    return call


def run_request() -> int:
    """Run ``request``, as a command of the installed Python package."""
    return run(request)


def run_response() -> int:
    """Run ``response``, as a command of the installed Python package."""
    return run(response)
