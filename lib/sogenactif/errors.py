"""Errors of the kit, each with its documented message.

All derive from :class:`KitError`, whose text is what ``request`` and ``response`` print and what
the log shows. The classes below say who can act: the program that calls (``CallError``),
the merchant's files (``ConfigurationError``), or the sender of a DATA message
(``MessageError``). Source: docs/errors.md.
"""


class KitError(Exception):
    """Report what failed, and in parentheses with what; ``exit_status`` is that of the executables."""

    exit_status = 0

    @property
    def logged(self) -> str:
        """Return the message for a log, without a value that may be personal."""
        return str(self)


class CallError(KitError):
    """Report that a payment request can't be made of the parameters of a call."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error in call parameters structure ({what})")


class ValueTooLong(CallError):
    """Report a value, from a file or the call, of more bytes than its field allows."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name} ({value}) too long")
        self.name = name

    @property
    def logged(self) -> str:
        return f"Error in call parameters structure ({self.name} too long)"


class InvalidKeyword(KitError):
    """Report an argument that isn't ``keyword=value``, or whose keyword the dictionary lacks."""

    exit_status = 255

    def __init__(self, argument: str) -> None:
        super().__init__(f"Invalid Keyword in parameter ({argument})")
        self.name = argument.partition("=")[0]

    @property
    def logged(self) -> str:
        return f"Invalid Keyword in parameter ({self.name})"


class ParameterTooLong(KitError):
    """Report an argument whose value has more bytes than its field allows."""

    exit_status = 255

    def __init__(self, argument: str) -> None:
        super().__init__(f"Error parameter ({argument}) too long")
        self.name = argument.partition("=")[0]

    @property
    def logged(self) -> str:
        return f"Error parameter ({self.name}) too long"


class InvalidArgumentCount(KitError):
    """Report that ``response`` was called with no argument or with more than two; ``bound`` is the limit."""

    exit_status = 255

    def __init__(self, bound: str) -> None:
        super().__init__(f"invalid number of arguments (must be {bound})")


class ConfigurationError(KitError):
    """Report a missing, unreadable or wrong file, which only the merchant can correct."""


class PathfileError(ConfigurationError):
    """Report a pathfile that is unreadable, lacks a keyword or has a wrong value; ``line`` is 0 if none is wrong.

    ``kind`` names the rule that ``keyword`` breaks, empty for one without a name.
    """

    def __init__(self, what: str, line: int = 0, kind: str = "", keyword: str = "") -> None:
        super().__init__(f"Error reading pathfile ({f'line {line}: ' if line else ''}{what})")
        self.line = line
        self.kind = kind
        self.keyword = keyword


class ParametersUnreadable(ConfigurationError):
    """Report a parmcom file that can't be opened; ``whose`` is ``default`` or ``merchant``."""

    def __init__(self, whose: str, path: str) -> None:
        super().__init__(f"Error reading {whose} parameters definition ({path})")


class InvalidSeparator(ConfigurationError):
    """Report a line of a pathfile or parmcom file that isn't ``KEYWORD!value!``."""


class SecretError(ConfigurationError):
    """Report a merchant's certificate (Sips 1.0) or secret key (Paypage) that can't be used."""


class CertificateError(SecretError):
    """Report a certificate that exists and can't be used."""


class KeyUnusable(SecretError):
    """Report a secret key that exists and can't be used."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error reading secret key ({what})")


class SecretMissing(SecretError):
    """Report that a merchant has no certificate or no secret key here."""


class CertificateMissing(SecretMissing):
    """Report that a merchant has no certificate here."""

    def __init__(self, path: str) -> None:
        super().__init__(f"Error reading certificate file ({path})")


class KeyMissing(SecretMissing):
    """Report that a merchant has no secret key here."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error reading secret key ({what})")


class MessageError(KitError):
    """Report DATA, or Data of Paypage, that can't be trusted."""


class MessageLengthError(MessageError):
    """Report that DATA is missing, empty, or shorter than any message."""

    def __init__(self) -> None:
        super().__init__("Error get DATA response parameter  (wrong length)")


class MessageEncodingError(MessageError):
    """Report that DATA isn't in the encoding of the kit."""

    def __init__(self) -> None:
        super().__init__("Error in message decryption ()")


class MessageStructureError(MessageError):
    """Report that DATA was decoded and its parts don't agree."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error in loading the response structure ({what})")


class SealError(MessageError):
    """Report that DATA was sealed with none of the merchant's certificates, or altered since."""

    def __init__(self, what: str = "mac received diffrent than mac computed") -> None:
        super().__init__(f"Invalid message MAC ({what})")


class InitialisationError(MessageError):
    """Report that Paypage could not begin a payment: there is no outcome.

    ``logged`` is the server's code and message, without the values that a request sent.
    """

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"Error in the payment request (code {code}: {words})")


class ResponseError(MessageError):
    """Report that DATA is sealed and one of its fields can't be part of a response."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error in the response structure ({what})")


class UntrustedResponse(KitError):
    """Report a payment response that must not change an order, and why; ``Kit.receive`` raises it."""


class LedgerError(KitError):
    """Report that the ledger can't be reached or can't be used."""

    def __init__(self, name: str, error: object) -> None:
        super().__init__(f"Error in the ledger ({name}: {error})")


class LedgerLost(LedgerError):
    """Report that the ledger has to be rebuilt from the journal."""


class LedgerMissing(LedgerLost):
    """Report a journal without its ledger, which was moved or lost."""

    def __init__(self, path: str) -> None:
        super().__init__(
            path, "missing, although its journal exists: restore it, or run sogenactif replay to rebuild it"
        )


class LedgerDamaged(LedgerLost):
    """Report that the ledger's file is damaged or isn't a database."""

    def __init__(self, path: str, error: object) -> None:
        super().__init__(
            path,
            f"{error}: run sogenactif replay, which renames it and rebuilds it from the journal",
        )


class DayFull(LedgerError):
    """Report that a merchant has used every transaction_id of a day, or all that NUMBERS allows."""

    def __init__(self, merchant: str, day: str, count: int) -> None:
        super().__init__(
            merchant, f"all {count} values of transaction_id are used on {day}; the next are given tomorrow"
        )


class OrderFull(KitError):
    """Report that an order has too many requests without a response on one day."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Error in the ledger (order_id: {most} requests today without a response; try again tomorrow)"
        )


class TransactionUsed(KitError):
    """Report that the shop's transaction_id was used on this day for another request."""

    def __init__(self, transaction_id: str, day: str, how: str) -> None:
        super().__init__(
            f"Error in the ledger (transaction_id {transaction_id}: used on {day} {how}; give a new one)"
        )


class JournalError(KitError):
    """Report that a line of the journal couldn't be written."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"Error writing the journal ({path}: {error.strerror or error})")


class JournalUnreadable(KitError):
    """Report that a day of the journal couldn't be read."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"Error reading the journal ({path}: {error.strerror or error})")


class ReportError(KitError):
    """Report that a report of the bank, or the file that names its columns, can't be read."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error in the report of the bank ({what})")


class OfficeError(KitError):
    """Report that the Office server gave no trusted answer; ``sent`` says whether it may have received the message."""

    def __init__(self, what: str, sent: bool) -> None:
        super().__init__(f"Error of the Office server ({what})")
        self.sent = sent


class TransactionError(OfficeError):
    """Report that one transaction can't be asked about, or that the answer isn't about it: others may be asked."""


REFUSALS = {
    "bank": "the bank answered code {code}",
    "under_way": "another operation on this transaction is under way",
    "differs": "the bank's transaction has another {field}",
    "currency": "the bank's transaction has another currency",
    "nothing_left": "nothing is left",
    "too_much": "{wanted} is more than is left: {left}",
    "unrecorded": "the operation can't be recorded before it is sent: {error}",
    "state": "not possible in the state {status}",
}


class OperationRefused(KitError):
    """Report that nothing was cancelled, refunded or validated; ``code`` is the bank's, empty if it was not asked to.

    ``reason`` is a key of ``REFUSALS``, and ``values`` belong into its sentence.
    """

    def __init__(self, reason: str, code: str = "", **values: object) -> None:
        self.reason, self.code, self.values = reason, code, {"code": code, **values}
        super().__init__(f"Nothing was done ({REFUSALS[reason].format(**self.values)})")
