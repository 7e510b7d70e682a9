"""``sogenactif trigger``: post one sealed automatic response to a shop, without a browser."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sogenactif.commands import new_parser
from sogenactif.commands.common import print_json
from sogenactif.commands.texts import printable
from sogenactif_sandbox import automatic_response, responses
from sogenactif_sandbox.commands.common import add_options, attempt, check_host, read_options
from sogenactif_sandbox.commands.texts import say
from sogenactif_sandbox.events import ENVELOPE, EVENTS, event_response, field_name

STATUS = (
    "0 if the shop answered with a status below 500, 1 if it did not answer or failed,"
    " 2 for a usage error, or if a file or the ledger can't be used."
)
# What a fixture holds, beside "fields": an object of names and values.
TEXTS = ("event", "order", "amount", "currency", "protocol", "transaction", "reference", "day")
SWITCHES = ("late", "twice", "altered")
NAMES = ", ".join((*TEXTS, *SWITCHES, "fields"))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = new_parser(
        "trigger",
        "Post a sealed automatic response to a shop as the bank would, and print what it sent and what the shop answered."
        " Without --key, --certificate or --pathfile it is sealed for the merchant of sogenactif sandbox.",
        STATUS,
    )
    parser.add_argument(
        "event", nargs="?", choices=EVENTS, metavar="event", help=f"one of {', '.join(EVENTS)}"
    )
    parser.add_argument("--list", action="store_true", help="list the events and what each means")
    parser.add_argument("--to", metavar="URL", help="address at which the shop receives automatic responses")
    add_options(parser)
    parser.add_argument("--late", action="store_true", help="the customer paid a day ago")
    parser.add_argument("--twice", action="store_true", help="post it twice")
    parser.add_argument("--altered", action="store_true", help="alter one byte after it was sealed")
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value of a field, by either name",
    )
    parser.add_argument(
        "--fixture", metavar="FILE", type=Path, help="a JSON file in place of the options it names"
    )
    parser.add_argument("--save", metavar="FILE", type=Path, help="write these options as such a file")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; its status is 1 if the shop did not answer or failed."""
    parser = make_parser()
    args = parser.parse_args(arguments)
    if args.list:
        _list(args.json)
        return 0
    fields = dict(_fixture(parser, args)) if args.fixture else {}
    for text in args.field:
        name, equals, value = text.partition("=")
        if not equals:
            parser.error(say("no_pair", text=text))
        fields[name] = value
    if not args.event:
        parser.error(say("no_event"))
    known = attempt(parser, lambda: {field_name(name): value for name, value in fields.items()})
    if args.save:
        values = {name: getattr(args, name) for name in (*TEXTS, *SWITCHES) if getattr(args, name)}
        content = json.dumps(values | ({"fields": fields} if fields else {}), indent=2)
        attempt(parser, lambda: args.save.write_text(content + "\n"))
        if not args.to:
            if args.json:
                print_json({"saved": str(args.save)})
            else:
                print(say("saved", path=args.save))
            return 0
    if not args.to:
        parser.error(say("no_option", options="--to"))
    host = check_host(parser, args.to, args.allow_host)
    sender, payment = read_options(parser, args)
    sender = sender.with_envelope(**{name: known.pop(name) for name in ENVELOPE if name in known})
    sent = attempt(parser, lambda: event_response(sender, payment(), args.event, known, args.late))
    post = attempt(parser, lambda: sender.seal(sent))
    if args.altered:
        post = responses.altered(post)
    sent |= sender.envelope
    answers = [automatic_response.post(args.to, post, [host]) for _ in range(2 if args.twice else 1)]
    if args.json:
        shown: dict[str, Any] = {"event": args.event, "to": args.to, "protocol": sender.protocol}
        shown |= {"merchant_id": sender.merchant_id, "fields": sent, "post": post}
        print_json(shown | {"answers": [{"status": one.status, "answer": one.answer} for one in answers]})
    else:
        print(say("sent", url=args.to, event=args.event))
        for name, value in (*sent.items(), *post.items()):
            print(f"  {name}={printable(value)}")
        for number, answer in enumerate(answers, 1):
            text = answer.answer.replace("\n", " ")
            if answer.status:
                print(say("answered", number=number, answer=text))
            else:
                print(say("not_answered", number=number, url=args.to, error=text))
    return 0 if all(0 < answer.status < 500 for answer in answers) else 1


def _list(as_json: bool) -> None:
    if as_json:
        events = {
            name: {"meaning": say(f"event_{name}"), "protocols": list(event.protocols)}
            for name, event in EVENTS.items()
        }
        print_json(events)
        return
    for name in EVENTS:
        print(f"{name:16} {say(f'event_{name}')}")


def _fixture(parser: argparse.ArgumentParser, args: argparse.Namespace) -> Mapping[str, str]:
    """Set the options that a fixture names and the command line does not; return its fields."""
    try:
        content = json.loads(attempt(parser, args.fixture.read_bytes))
        fields = content.pop("fields", {})
        right = all(isinstance(value, str) for value in fields.values())
        for name, value in content.items():
            right = (
                right and isinstance(value, str if name in TEXTS else bool) and name in (*TEXTS, *SWITCHES)
            )
        if not right or content.get("event", "accepted") not in EVENTS:
            raise ValueError
    except (ValueError, AttributeError, RecursionError):
        parser.error(say("no_fixture", path=args.fixture, names=NAMES))
    for name, value in content.items():
        if not getattr(args, name):
            setattr(args, name, value)
    named: dict[str, str] = fields
    return named
