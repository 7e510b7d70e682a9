"""Everything the kit can refuse, each error in its documented words.

One root, :class:`KitError`; its text is what ``request`` and ``response`` print and what
the log shows. The classes below say who can act: the program that calls (``CallError``),
the merchant's files (``ConfigurationError``), or whoever sent a DATA message
(``MessageError``). Source of the words: spec of the kit, Errors.
"""


class KitError(Exception):
    """What failed, and in parentheses with what; ``exit_status`` is that of the executables."""

    exit_status = 0

    @property
    def logged(self) -> str:
        """The words for a log: without a value that may be personal."""
        return str(self)


class CallError(KitError):
    """The parameters of the call can't make a payment request."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error in call parameters structure ({what})")


class ValueTooLong(CallError):
    """A value, from a file or the call, that has more bytes than its field."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name} ({value}) too long")
        self.name = name

    @property
    def logged(self) -> str:
        return f"Error in call parameters structure ({self.name} too long)"


class InvalidKeyword(KitError):
    """An argument that is no ``keyword=value`` of the dictionary."""

    exit_status = 255

    def __init__(self, argument: str) -> None:
        super().__init__(f"Invalid Keyword in parameter ({argument})")
        self.name = argument.partition("=")[0]

    @property
    def logged(self) -> str:
        return f"Invalid Keyword in parameter ({self.name})"


class ParameterTooLong(KitError):
    """An argument whose value has more bytes than its field."""

    exit_status = 255

    def __init__(self, argument: str) -> None:
        super().__init__(f"Error parameter ({argument}) too long")
        self.name = argument.partition("=")[0]

    @property
    def logged(self) -> str:
        return f"Error parameter ({self.name}) too long"


class InvalidArgumentCount(KitError):
    """``response`` takes one or two arguments; ``bound`` says which limit was passed."""

    exit_status = 255

    def __init__(self, bound: str) -> None:
        super().__init__(f"invalid number of arguments (must be {bound})")


class ConfigurationError(KitError):
    """A file of the merchant's is missing, unreadable or wrong: only the merchant can mend it."""


class PathfileError(ConfigurationError):
    """The pathfile can't be opened, lacks a keyword, or has a wrong value; ``line`` is 0 if no line is wrong."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(f"Error reading pathfile ({f'line {line}: ' if line else ''}{what})")
        self.line = line


class ParametersUnreadable(ConfigurationError):
    """A parmcom file can't be opened; ``whose`` is ``default`` or ``merchant``."""

    def __init__(self, whose: str, path: str) -> None:
        super().__init__(f"Error reading {whose} parameters definition ({path})")


class InvalidSeparator(ConfigurationError):
    """A line of a pathfile or parmcom file that isn't ``KEYWORD!value!``."""


class SecretError(ConfigurationError):
    """The certificate (Sips 1.0) or the secret key (Paypage) of a merchant can't be used."""


class CertificateError(SecretError):
    """The certificate is there and can't be used."""


class KeyUnusable(SecretError):
    """The secret key is there and can't be used."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error reading secret key ({what})")


class SecretMissing(SecretError):
    """There is no certificate and no secret key of that merchant here."""


class CertificateMissing(SecretMissing):
    """There is no certificate of that merchant here."""

    def __init__(self, path: str) -> None:
        super().__init__(f"Error reading certificate file ({path})")


class KeyMissing(SecretMissing):
    """There is no secret key of that merchant here."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error reading secret key ({what})")


class MessageError(KitError):
    """DATA, or Data of Paypage, that can't be trusted."""


class MessageLengthError(MessageError):
    """DATA is missing, empty, or shorter than any message."""

    def __init__(self) -> None:
        super().__init__("Error get DATA response parameter  (wrong length)")


class MessageEncodingError(MessageError):
    """DATA isn't in the encoding of the kit."""

    def __init__(self) -> None:
        super().__init__("Error in message decryption ()")


class MessageStructureError(MessageError):
    """DATA was decoded, and its parts don't agree."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error in loading the response structure ({what})")


class SealError(MessageError):
    """DATA was sealed with none of the merchant's certificates, or altered since."""

    def __init__(self, what: str = "mac received diffrent than mac computed") -> None:
        super().__init__(f"Invalid message MAC ({what})")


class SealMissing(SealError):
    """A Paypage response came without a seal: its server knows no such merchant or key, or nobody sealed it."""

    def __init__(self) -> None:
        super().__init__("no seal: the server knows no such merchant or key")


class JsonResponse(MessageError):
    """A Paypage response is written in JSON, which the kit doesn't read."""

    def __init__(self) -> None:
        super().__init__(
            "Error in loading the response structure (Data is JSON: the request asked for responses of version JS_)"
        )


class InitialisationError(MessageError):
    """Paypage reports that a request could not begin: no outcome of a payment.

    ``logged`` are the server's own code and words, without the values that a request sent.
    """

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"Error in the payment request (code {code}: {words})")


class ResponseError(MessageError):
    """DATA is sealed, and a field of it can't be part of a response."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Error in the response structure ({what})")


class UntrustedResponse(KitError):
    """A payment response that must not change an order: ``Kit.receive`` raises it, and its words say why."""


class LedgerError(KitError):
    """The ledger can't be reached or can't be used."""

    def __init__(self, name: str, error: object) -> None:
        super().__init__(f"Error in the ledger ({name}: {error})")


class LedgerLost(LedgerError):
    """The ledger has to be made again from the journal."""


class LedgerMissing(LedgerLost):
    """There is a journal and no ledger: somebody moved it or lost it."""

    def __init__(self, path: str) -> None:
        super().__init__(
            path, "gone, though its journal is here: put it back, or run sogenactif replay to make it again"
        )


class LedgerDamaged(LedgerLost):
    """The ledger's file is no database, or a damaged one."""

    def __init__(self, path: str, error: object) -> None:
        super().__init__(
            path,
            f"{error}: run sogenactif replay, which sets it aside and makes it again from the journal",
        )


class DayFull(LedgerError):
    """A merchant has used every transaction_id of a day, or of the part of them that the pathfile allows."""

    def __init__(self, merchant: str, day: str, count: int) -> None:
        super().__init__(
            merchant, f"all {count} values of transaction_id are used on {day}; the next are given tomorrow"
        )


class OrderFull(KitError):
    """An order has too many requests of a day that nothing answered."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Error in the ledger (order_id: {most} requests of today without a response; try again tomorrow)"
        )


class TransactionUsed(KitError):
    """The shop gave a transaction_id that was used on this day for another request."""

    def __init__(self, transaction_id: str, day: str, how: str) -> None:
        super().__init__(
            f"Error in the ledger (transaction_id {transaction_id}: used on {day} {how}; give a new one)"
        )


class JournalError(KitError):
    """A line of the journal couldn't be written."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"Error writing the journal ({path}: {error.strerror or error})")


class JournalUnreadable(KitError):
    """A day of the journal couldn't be read."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"Error reading the journal ({path}: {error.strerror or error})")


class OfficeError(KitError):
    """The Office server gave no answer that can be trusted; ``sent`` says whether the message may have reached it."""

    def __init__(self, what: str, sent: bool) -> None:
        super().__init__(f"Error of the Office server ({what})")
        self.sent = sent
