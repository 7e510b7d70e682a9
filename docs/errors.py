"""Prints docs/errors.md: ``python docs/errors.py > docs/errors.md``.

The table makes the very errors that the kit raises, and reads their words; tests/system/test_docs.py finds
each place that raises one, and fails for one without a row here.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path[:0] = [f"{Path(__file__).parents[1]}/lib{folder}" for folder in ("", "/packages")]

from sogenactif.commands.certificate import Refused
from sogenactif.errors import (
    CallError,
    CertificateError,
    CertificateMissing,
    DayFull,
    InitialisationError,
    InvalidArgumentCount,
    InvalidKeyword,
    InvalidSeparator,
    JournalError,
    JournalUnreadable,
    JsonResponse,
    KeyMissing,
    KeyUnusable,
    KitError,
    LedgerDamaged,
    LedgerError,
    LedgerMissing,
    MessageEncodingError,
    MessageLengthError,
    MessageStructureError,
    ParametersUnreadable,
    ParameterTooLong,
    PathfileError,
    ResponseError,
    SealError,
    SealMissing,
    TransactionUsed,
    ValueTooLong,
)
from sogenactif.http import HttpError
from sogenactif.ledger.postgresql import PSYCOPG_MISSING
from sogenactif.web import Unverified

HEAD = """# What the kit says when it refuses

Printed by `python docs/errors.py` from the errors themselves; causes and remedies are changed there.

`request` and `response` print these words after the code −1, with exit status 0 where none is named. The web server's
error log has them too, after the HTTP status and the reference that the customer saw, without values that may be
personal. (The bank's kit shows them in a table with the title API ERROR.) Words between parentheses are yours: a
parameter, a path, a field. `bin/sogenactif check` finds most of it before a customer does.
"""


class Row(NamedTuple):
    """Errors that have one cause and one remedy; ``printed`` is how the bank's printed guides word them.

    An error is a string where it isn't the kit's own, or can't be made here.
    """

    errors: Sequence[BaseException | str]
    cause: str
    remedy: str
    printed: str = ""


def sections() -> dict[str, Sequence[Row]]:
    """The rows of the page, under their titles."""
    return {
        "The call": (
            Row(
                [InvalidKeyword("toto=12"), InvalidKeyword("toto")],
                "No `=` in it, or no keyword of the [data dictionary](dictionary.md).",
                "Write `keyword=value`. `response` takes `message` and `pathfile` only.",
            ),
            Row(
                [ParameterTooLong("transaction_id=1234567")],
                "A value of the call that is longer than its field.",
                "Shorten it; lengths count bytes.",
            ),
            Row(
                [InvalidArgumentCount("> 1")],
                "`response` without arguments.",
                "Give it `message=`.",
            ),
            Row(
                [InvalidArgumentCount("< 2")],
                "`response` with more than two.",
                "Give it `message=` and `pathfile=`, each quoted for the shell.",
            ),
            Row(
                [
                    CallError("amount not filled"),
                    CallError("merchant_id not filled"),
                    CallError("merchant_country not filled"),
                ],
                "Neither the call nor a parmcom file gives it; merchant_id, the call alone.",
                "Give it in the call; merchant_country may stand in a parmcom file.",
            ),
            Row(
                [CallError("merchant_id (../1) may hold letters, digits, - and _ only")],
                "merchant_id is part of the names of files.",
                "Give the number that the bank gave.",
            ),
            Row(
                [CallError("invalid amount length (12)")],
                "Fewer than 3 digits.",
                "Amounts are in cents: 12 cents are `012`.",
            ),
            Row(
                [
                    CallError("amount (abc) not numeric"),
                    CallError("transaction_id (abc) not numeric"),
                    CallError("currency_code (EUR) not numeric"),
                ],
                "Something that is no digit.",
                "Digits only: no point, no sign, `978` for euros.",
            ),
            Row([CallError("language (FR) must be lower case")], "Capitals in language.", "Write `fr`."),
            Row(
                [ValueTooLong("logo_id2", "…")],
                "A value of a parmcom file that is longer than its field.",
                "Shorten it in the file; lengths count bytes.",
            ),
            Row(
                [CallError("payment_means,block_order")],
                "An odd list, no block number, or one that block_order lacks.",
                "payment_means is means and block numbers in turn (`CB,1,AMEX,2`); each number, 1 to 9,"
                " stands in block_order.",
            ),
        ),
        "The files": (
            Row(
                [PathfileError("PATH"), PathfileError("")],
                "The pathfile can't be opened; `()`: the call names none, and there is none in the current"
                " directory.",
                "Check path and rights; `sogenactif check --pathfile PATH`.",
            ),
            Row(
                [
                    PathfileError(f"no key word {keyword}")
                    for keyword in ("F_PARAM", "D_LOGO", "F_DEFAULT", "F_CERTIFICATE")
                ],
                "The pathfile lacks it, or has it without a value.",
                "Add the line `KEYWORD!value!`.",
                "no keyword F_PARAM",
            ),
            Row(
                [
                    PathfileError("F_CTYPE (../php) may hold letters, digits, - and _ only", 3),
                    PathfileError("LOGO_TYPE (a.svg) may hold letters, digits, - and _ only", 3),
                ],
                "It is the end of the names of files.",
                "Write the extension alone, without its dot.",
            ),
            Row(
                [PathfileError("KIT_VERSION is 600, and may only be 615", 3)],
                "Only kit 6.15 has a longer answer.",
                "Write `KIT_VERSION!615!`, or leave the line out for the 32 strings of the guide.",
            ),
            Row(
                [PathfileError("LOG is sylog, and may only be syslog", 3)],
                "Events go to syslog or to the web server's error log.",
                "Write `LOG!syslog!`, or leave the line out for the web server's error log.",
            ),
            Row(
                [PathfileError("PROTOCOL is 2, and may only be sips or paypage", 3)],
                "No protocol of that name.",
                "Write one of the two, or leave the line out.",
            ),
            Row(
                [InvalidSeparator("+ Invalid separator in file at line 3 (PATH)")],
                "A line of the pathfile that hasn't exactly two `!`.",
                "Write it as `KEYWORD!value!`, a comment with `#` first. Lines are counted from 1.",
                "Error invalid separator in file (PATH)",
            ),
            Row(
                [InvalidSeparator("Invalid separator in file at line 16 3 attendu, 4 recu (PATH)")],
                "Likewise in a parmcom file, where 2 `!` part 3 fields.",
                "No `!` in values.",
                "Error invalid separator in file (PATH)",
            ),
            Row(
                [ParametersUnreadable("default", "PATH")],
                "The file of F_DEFAULT can't be opened.",
                "Check F_DEFAULT, the file and its rights.",
            ),
            Row(
                [ParametersUnreadable("merchant", "PATH")],
                "The file of F_PARAM with .merchant_id can't be opened.",
                "Check F_PARAM, merchant_id, the file and its rights.",
            ),
            Row(
                [CertificateMissing("PATH"), CertificateError("Error reading certificate file (PATH)")],
                "The certificate isn't there, or can't be opened.",
                "Check F_CERTIFICATE, F_CTYPE, merchant_id, merchant_country and the file's rights:"
                " the name is F_CERTIFICATE.country.merchant_id.type.",
                "Error open certificate file",
            ),
            Row(
                [
                    CertificateError(
                        f"Error reading certificate file field ({words} differ certificate file {found})"
                    )
                    for words, found in (
                        ("error merchant id request A", "B"),
                        ("error merchant country request fr", "be"),
                        ("error certificat type pathfile php", "asp"),
                    )
                ],
                "The certificate is of another shop, country or type.",
                "Correct merchant_id, merchant_country or F_CTYPE, or ask the bank for the right one."
                " `sogenactif certificate show FILE` says whose it is.",
            ),
            Row(
                [
                    CertificateError("Error reading certificate data at line  (43)"),
                    CertificateError("Error in MAC key generation (PATH)"),
                    CertificateError("Error reading URL (PATH)"),
                ],
                "The certificate is cut or altered.",
                "Put the bank's file back as it came, in binary mode if by FTP.",
            ),
            Row(
                [CertificateError("Error writing URL (ftp://shop.example)")],
                "`certificate issue` with no http or https address, or one over 125 characters.",
                "Give the address of the payment server, `http://127.0.0.1:8080/payment`.",
            ),
        ),
        "Today's server": (
            Row(
                [PathfileError("PAYPAGE_URL (…) is no http or https address", 3)],
                "PAYPAGE_URL is missing or wrong.",
                "Write the whole address, up to `/paymentInit`.",
            ),
            Row(
                [PathfileError("PAYPAGE_SEAL is MD5, and may only be HMAC-SHA-256 or SHA-256", 3)],
                "Likewise PAYPAGE_ENCODE, PAYPAGE_MEANS, PAYPAGE_REFERENCE: no such choice.",
                "Write one of those named, or leave the line out for the first.",
            ),
            Row(
                [PathfileError("PAYPAGE_KEY_VERSION (one) is not in the form of 1", 3)],
                "It is not the version of a key.",
                "Write the number that the bank's extranet shows.",
            ),
            Row(
                [KeyMissing("no key word PAYPAGE_KEY"), KeyMissing("PATH"), KeyUnusable("PATH")],
                "The secret key of this merchant isn't there, or can't be opened.",
                "Write it to the file that PAYPAGE_KEY names, with .merchant_id at the end of its name; the web"
                " server's group reads it.",
            ),
            Row(
                [KeyUnusable("PATH: others may read it, chmod o= makes it yours")],
                "Users other than its owner and group may read the key.",
                "`chmod o= PATH`; where strangers had accounts on the machine, ask the bank for a new key.",
            ),
            Row(
                [KeyUnusable("PATH: not one line")],
                "The file is empty, or has several lines.",
                "Write the key alone, as the extranet shows it.",
            ),
            Row(
                [CallError("return_context has more than 255 bytes, the most that Paypage accepts")],
                "The guide's server took 256.",
                "Shorten it, or keep it in the shop under order_id.",
            ),
            Row(
                [
                    CallError(
                        "PAYMENT_N needs capture_day, and NB_PAYMENT, PERIOD and INITIAL_AMOUNT in data,"
                        " within 90 days"
                    )
                ],
                "A payment in several times without its schedule, or with one beyond the limits.",
                "Write `capture_day=0` and `data=NB_PAYMENT=3;PERIOD=30;INITIAL_AMOUNT=1000`; each part is a cent"
                " at least.",
            ),
            Row(
                [CallError("caddie holds a | that would end its value")],
                "A value in which `|` and something like `amount=` follow each other would read as another"
                " parameter; with `PAYPAGE_ENCODE!none!` no value may hold a `|`.",
                "Take the `|` out of the field that is named.",
            ),
        ),
        "A message": (
            Row(
                [HttpError(400, "no DATA"), MessageLengthError()],
                "DATA is missing, or too short to be a message: somebody opened the address by hand, or the"
                " script didn't pass on what was posted.",
                "A shop's own script gives `response` the whole DATA.",
            ),
            Row(
                [MessageEncodingError()],
                "DATA is not in the kit's encoding.",
                "It was altered on the way, or made up. Look whether the script changes it: quotes, line ends.",
            ),
            Row(
                [
                    MessageStructureError(part)
                    for part in (
                        "header",
                        "record 3",
                        "length",
                        "length of field 12",
                        "number of fields",
                        "transaction_id",
                        "customer_id",
                    )
                ],
                "DATA was cut or altered.",
                "Likewise.",
            ),
            Row(
                [
                    MessageStructureError(part)
                    for part in (
                        "Data",
                        "amount twice",
                        "merchantId",
                        "amount",
                        "s10TransactionId",
                        "s10TransactionIdDate",
                        "transactionDateTime",
                        "instalmentData",
                    )
                ],
                "Likewise of today's server: the parameter has no value that can be.",
                "Keep the line of the log, and ask the bank what it sent.",
            ),
            Row(
                [MessageStructureError("keyVersion")],
                "Today's server sealed with a version of the key that PAYPAGE_KEY_VERSION doesn't name.",
                "Write key and version as the extranet shows them.",
            ),
            Row(
                [SealMissing()],
                "Paypage: the server knows no such merchant, or no such key, and can't seal; or somebody posted by hand.",
                "Look at merchant_id, the key and PAYPAGE_KEY_VERSION. No outcome is taken from it.",
            ),
            Row(
                [JsonResponse()],
                "Paypage: the request asked for responses in JSON.",
                "Leave out interfaceVersionAutomaticResponse and interfaceVersionNormalResponse, or give HP_3.4.",
            ),
            Row(
                [InitialisationError("12", "Invalid keyword: colour=blue")],
                "Paypage: the request could not begin; the server says why.",
                "docs/paypage.md lists these messages with their causes.",
            ),
            Row(
                [SealError()],
                "Sealed with another certificate or key, altered, or forged.",
                "After a new certificate keep the one before it (`sogenactif certificate install` does); after a"
                " new key, as `.old`. With today's server check the key and PAYPAGE_SEAL too.",
            ),
            Row(
                [ResponseError("response_code")],
                "A sealed message that says no outcome: the request itself, which the customer's browser holds too.",
                "Nothing: no response of the bank's lacks it.",
            ),
            Row(
                [ResponseError("authorisation_id"), ResponseError("transmission_date")],
                "In a sealed response this value is longer than its field, or no date.",
                "Ask the bank what it sent; look in its back office before you deliver.",
            ),
            Row(
                [
                    KitError("no such request"),
                    Unverified(403, "unknown: no such request"),
                    ResponseError("unknown, no such request"),
                ],
                "Sealed, but the ledger knows no request that it answers: one made before LEDGER was set, with another"
                " ledger, or by another program with the same certificate.",
                "One shop, one ledger. Look in the bank's back office before you deliver.",
            ),
            Row(
                [
                    KitError("another amount"),
                    Unverified(403, "conflicting: another amount"),
                    ResponseError("conflicting, another amount"),
                ],
                "Sealed, but its amount, currency_code or order_id isn't that of the request with its"
                " transaction_id.",
                "Don't deliver. Two programs that give out numbers without a common ledger meet like this;"
                " otherwise ask the bank.",
            ),
            Row(
                [
                    KitError("refused after accepted"),
                    Unverified(403, "conflicting: refused after accepted"),
                    ResponseError("conflicting, refused after accepted"),
                ],
                "It contradicts an authorisation that is decided; what was decided stays.",
                "Look in the bank's back office which one counts.",
            ),
        ),
        "The ledger and the journal": (
            Row(
                [LedgerError("PATH", "database is locked"), LedgerError("PATH", "…")],
                "The rest says why: locked, read-only, disk full, not a database, no connection.",
                "Mend that. Responses are kept in the journal meanwhile; then run `sogenactif replay`.",
            ),
            Row(
                [LedgerMissing("PATH")],
                "The ledger's file or tables are gone.",
                "Put them back, or run `sogenactif replay`, which makes them again from the journal.",
            ),
            Row(
                [LedgerDamaged("PATH", "damaged"), LedgerDamaged("PATH", "…")],
                "The ledger's file is damaged, or no database.",
                "Run `sogenactif replay`: it sets the file aside as `PATH.damaged-…` and makes the ledger again from the journal.",
            ),
            Row(
                [
                    LedgerError("PATH", "replaced while it was open"),
                    LedgerError("PATH", "put back meanwhile; run sogenactif replay again"),
                    LedgerError("PATH", "used by another program"),
                ],
                "The ledger's file was moved, lost or made again while a process had it open; nothing was written.",
                "Run `sogenactif replay`.",
            ),
            Row(
                [LedgerError("PATH", "a link that leads nowhere")],
                "The ledger's path is a symbolic link to a file that is missing.",
                "Remove the link, or put the file back.",
            ),
            Row(
                [JournalUnreadable("PATH", OSError(13, "Permission denied"))],
                "A day of the journal can't be read; the other days are.",
                "Make it readable for the web server's user, or put it back; then run `sogenactif replay`.",
            ),
            Row(
                [LedgerError("PATH", "made by a newer kit (schema 3, this kit knows 2)")],
                "An older kit runs on the ledger of a newer one.",
                "Install the newer kit again, or restore the backup from before it.",
            ),
            Row(
                [PathfileError("LEDGER is sqlite:////absolute/path or postgresql://…", 3)],
                "LEDGER is of no kind that the kit knows.",
                "Write one of the two; SQLite's path begins with `/` after `sqlite:///`.",
            ),
            Row(
                [LedgerError("postgresql", "LEDGER is no address of PostgreSQL")],
                "It can't be read.",
                "Write `postgresql://user@host/database`, characters such as `@` in a password as `%40`.",
            ),
            Row(
                [LedgerError("postgresql", PSYCOPG_MISSING)],
                "The driver isn't installed.",
                "`./install.sh postgresql`, then `./install.sh apache` again.",
            ),
            Row(
                [PathfileError("no key word JOURNAL, which this LEDGER needs", 3)],
                "PostgreSQL has no folder to put the journal beside.",
                "Add `JOURNAL!/path/to/folder!`, a folder that every web server shares.",
            ),
            Row(
                [PathfileError("JOURNAL (journal) is no absolute path", 3)],
                "Scripts run from anywhere.",
                "Begin it with `/` or `@HERE@`.",
            ),
            Row(
                [DayFull("fr.014213245611111", "20261123")],
                "999999 requests in a day.",
                "Nothing before tomorrow, in Paris; a program that asks in a loop is to be stopped.",
            ),
            Row(
                [TransactionUsed("123", "20261123", "amount")],
                "The shop gave a number that it gave that day for something else.",
                "Let the ledger give the number: leave transaction_id out.",
            ),
            Row(
                [JournalError("PATH", OSError(28, "No space left on device"))],
                "The disk is full, or the right to write is gone. No payment begins; a response that the ledger"
                " records is answered 200, one that it can't record either 500.",
                "Make room, give the web server's user `var/data`; then `sogenactif replay`.",
            ),
            Row(
                [
                    KitError(
                        "…; the journal keeps the response: run sogenactif replay once the ledger is back"
                    )
                ],
                "A response came while the ledger failed; nothing is lost.",
                "Mend the ledger, then `sogenactif replay`.",
            ),
        ),
        "The pages": (
            Row(
                [HttpError(400, "no order named")],
                "`call_request.py` without `?order=`.",
                "Link to it with the order's reference.",
            ),
            Row(
                [HttpError(404, "no order A-1 to pay")],
                "`order_to_pay` gave None: no such order, or it is paid.",
                "Nothing, where that is so; else look at your function.",
            ),
            Row(
                [HttpError(404, "no script at /cgi-bin/other.py")],
                "A server that hosts `cgi-bin/wsgi.py` was asked for an address that is none of the three scripts'.",
                "Nothing: others try addresses. Where it is yours: write the script's name as it is.",
            ),
            Row(
                [
                    HttpError(405, "method PUT"),
                    HttpError(400, "content type text/xml"),
                    HttpError(400, "content length -1"),
                    HttpError(400, "10 bytes of 20"),
                    HttpError(400, "more than 100 fields"),
                    HttpError(413, "70000 bytes"),
                ],
                "What came is no form that a browser or the bank's server sends.",
                "Nothing: others try addresses. Where it is your page: post a form of 64 KiB at most.",
            ),
            Row(
                [HttpError(411, "a body in chunks")],
                "The body was sent in chunks, by the bank's server or by a proxy in front of yours, and the server"
                " that hosts `cgi-bin/wsgi.py` does not say where it ends. CGI, gunicorn and waitress read it.",
                "With mod_wsgi: `WSGIChunkedRequest On`. Or have the proxy send a `Content-Length`.",
            ),
            Row(
                ["500 TypeError: … (call_request.py:31)"],
                "Your function, or the kit, failed there.",
                "Mend that line; one in the kit's own files, report it.",
            ),
            Row(
                ["record_outcome TypeError: … (call_autoresponse.py:31)"],
                "Your `record_outcome` failed; the response is recorded.",
                "Mend it; the next response to this order calls it again, or `sogenactif replay` at once.",
            ),
        ),
        "The commands": (
            Row(
                [SystemExit("sogenactif: Error reading pathfile (PATH)")],
                "One of the errors above, in a command.",
                "As above.",
            ),
            Row(
                [SystemExit("sogenactif: PATH names no LEDGER")],
                "The pathfile turns no ledger on.",
                "Name another with `--pathfile`, or add LEDGER.",
            ),
            Row(
                [SystemExit("sogenactif: no transaction 20261123-000001")],
                "Nobody asked for it, with this ledger.",
                "`sogenactif transactions --day 20261123` lists those of a day.",
            ),
            Row(
                [
                    SystemExit("sogenactif: no script PATH; name it with --script"),
                    SystemExit("sogenactif: PATH gives no record_outcome: ModuleNotFoundError: …"),
                ],
                "`replay` can't load the shop's function.",
                "Name the script; run `replay` with the Python of the web server.",
            ),
            Row(
                [
                    SystemExit("sogenactif: PATH speaks to today's server already"),
                    SystemExit("sogenactif: PATH is there already; name another with --output"),
                ],
                "`migrate` has been here.",
                "Use what is there, or name another `--output`.",
            ),
            Row(
                [Refused("exists", path="PATH"), Refused("exists_output", path="PATH")],
                "`certificate issue` never writes over one.",
                "Add `--rotate`; with `--output`, name another file.",
            ),
            Row(
                [Refused("none", path="PATH")],
                "`certificate show` found none.",
                "Check F_PARAM and F_CERTIFICATE, or name a file.",
            ),
            Row(
                [
                    Refused("untyped", path="PATH"),
                    Refused("other_type", path="PATH", says="asp", wanted="php"),
                    Refused("is_expired", path="PATH", day="2026-11-23"),
                    Refused("same", path="PATH"),
                    Refused("no_place", path="PATH"),
                    Refused("paypage", path="PATH", key="PATH"),
                    Refused("is_a_key", path="PATH"),
                ],
                "`certificate install` would put there what doesn't work, or is there.",
                "As it says.",
            ),
            Row(
                [KitError("order_id")],
                "In `check`: a request that was sealed doesn't open to what it was.",
                "Report it: it is a fault of the kit's.",
            ),
        ),
        "When nothing answers": (
            Row(
                [
                    "Error loading the kit (run install.sh, with Python 3.10 or newer)",
                    "sogenactif: this is Python 3.9; run it with Python 3.10 or newer",
                ],
                "The dependencies aren't there, or Python is too old.",
                "Run `./install.sh`; name another Python with `PYTHON=` or, for Apache, `--python`. An installed"
                " copy: `./install.sh apache` again, in the kit that was unpacked; a bundle: copy its `lib/packages`"
                " again.",
            ),
            Row(
                [
                    SystemExit(
                        "sogenactif: preview needs jinja2, which is missing: run ./install.sh in a whole copy of the kit"
                    )
                ],
                "The dependencies, or a folder of the kit, aren't there.",
                "As it says; a shared hosting has no `preview`.",
            ),
            Row(
                ["erreur appel request", "executable request non trouve"],
                "Words of the bank's sample scripts: `request` can't be started (likewise `response`).",
                "Check its path and its right to be executed.",
            ),
        ),
    }


def errors_page() -> str:
    """The page, as Markdown."""
    page = HEAD
    for title, rows in sections().items():
        page += f"\n## {title}\n\n| message | cause | what to do |\n| --- | --- | --- |\n"
        for row in rows:
            words = list(dict.fromkeys(_words(error) for error in row.errors))
            if row.printed:
                words.append(f"printed guides: `{row.printed}`")
            page += (
                "| " + " | ".join([_cell("<br>".join(words)), _cell(row.cause), _cell(row.remedy)]) + " |\n"
            )
    return page


def _words(error: BaseException | str) -> str:
    """An error as the page shows it, with its HTTP or exit status where it has one of its own."""
    if isinstance(error, HttpError):
        return f"`{error}` ({error.status})"
    status = error.exit_status if isinstance(error, KitError) else 0
    return f"`{error}`" + (f" (exit status {status})" if status else "")


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    os.environ["LC_ALL"] = "C"
    print(errors_page(), end="")
