"""Switches of the console, which make the next payment differ."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sogenactif.fields import is_digits

BEFORE, AFTER, NEVER = "before", "after", "never"
MAX_DELAY, MAX_SLOW = 600, 60


UNAVAILABLE, SILENT, UNSEALED, ALTERED, SLOW = "unavailable", "silent", "unsealed", "altered", "slow"
OFFICE = ("", UNAVAILABLE, SILENT, UNSEALED, ALTERED, SLOW)
ALL, OPERATIONS = "all", "operations"


class WrongSwitch(Exception):
    """Report an impossible value of a switch, and the possible ones."""


@dataclass(frozen=True)
class Switches:
    """Hold the switches that are set for the next payment, which takes them when it begins.

    ``automatic`` says when the automatic response is sent: ``before`` the page, ``after`` it, or
    ``never``; ``delay`` is its delay after the page, in seconds (0 to 600); ``unavailable`` makes the
    bank answer 90; ``slow`` is the time of each page and of the authorisation, in seconds (0 to 60);
    ``complementary_code`` is the result of the fraud checks, for merchants who subscribed.
    """

    automatic: str = BEFORE
    delay: int = 0
    unavailable: bool = False
    slow: int = 0
    complementary_code: str = "00"

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "Switches":
        """Return the switches of a form or a JSON object; those that it lacks are off. Raises WrongSwitch."""
        names = {field.name for field in fields(cls)}
        for name in values:
            if name not in names:
                raise WrongSwitch(f"{name!a} is no switch; they are {', '.join(sorted(names))}")
        automatic = str(values.get("automatic", BEFORE))
        if automatic not in (BEFORE, AFTER, NEVER):
            raise WrongSwitch("automatic is before, after or never")
        code = str(values.get("complementary_code", "") or "00")
        if not (len(code) == 2 and is_digits(code)):
            raise WrongSwitch("complementary_code is two digits")
        return cls(
            automatic=automatic,
            delay=_seconds("delay", values.get("delay", 0), MAX_DELAY),
            unavailable=str(values.get("unavailable", "")).lower() in ("1", "true", "on", "yes"),
            slow=_seconds("slow", values.get("slow", 0), MAX_SLOW),
            complementary_code=code,
        )


@dataclass(frozen=True)
class OfficeSwitches:
    """Set for the messages of Office until they are set otherwise.

    ``office`` is empty or ``unavailable`` (90), ``silent`` (done, but the answer breaks off), ``unsealed``,
    ``altered`` (after it was sealed) or ``slow`` by ``seconds`` (0 to 60). ``messages`` are ``all``, or the
    ``operations`` alone: queries are answered.
    """

    office: str = ""
    messages: str = ALL
    seconds: int = 40

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "OfficeSwitches":
        """Return the switches of a form or a JSON object. Raises WrongSwitch."""
        names = {field.name for field in fields(cls)}
        for name in values:
            if name not in names:
                raise WrongSwitch(f"{name!a} is no switch; they are {', '.join(sorted(names))}")
        office, messages = str(values.get("office", "")), str(values.get("messages", ALL))
        if office not in OFFICE:
            raise WrongSwitch(f"office is empty or {', '.join(OFFICE[1:])}")
        if messages not in (ALL, OPERATIONS):
            raise WrongSwitch("messages is all or operations")
        return cls(office, messages, _seconds("seconds", values.get("seconds", 40), MAX_SLOW))


def _seconds(name: str, value: object, most: int) -> int:
    text = str(value or "0")
    if not (is_digits(text) and len(text) < 5 and int(text) <= most):
        raise WrongSwitch(f"{name} is a number of seconds, 0 to {most}")
    return int(text)
