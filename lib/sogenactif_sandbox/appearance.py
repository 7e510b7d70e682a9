"""Appearance of a payment's pages: the shop's logos, colours, style sheet, template and options.

Source: docs/payment-server.md, Appearance.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from sogenactif.addresses import is_address
from sogenactif_sandbox import template
from sogenactif_sandbox.addresses import origin
from sogenactif_sandbox.shop_files import NAME, ShopFiles
from sogenactif_sandbox.template import Template

USE_CSS = re.compile(r"<USE_CSS>;?([^\s;<>\"]+);?</USE_CSS>")
COLOUR = re.compile(r"#?([0-9A-Fa-f]{6})")
NAMED_COLOUR = re.compile(r"#?[0-9A-Za-z]{1,30}")
WHITE, BLACK = "#ffffff", "#000000"


@dataclass(frozen=True)
class Appearance:
    """Hold the appearance of one page.

    ``options`` are those of the field data. ``left``, ``right``, ``banner`` and the three buttons are
    addresses of pictures, empty if the shop has none. ``style`` is CSS made from the colours;
    ``sheet`` the address of the shop's style sheet. With a ``template`` all of these but the
    buttons are empty, and ``files`` is the address that its names are relative to.
    """

    options: frozenset[str] = frozenset()
    left: str = ""
    right: str = ""
    banner: str = ""
    submit: str = ""
    cancel: str = ""
    back: str = ""
    style: str = ""
    sheet: str = ""
    template: Template | None = None
    files: str = ""


def options(data: str) -> frozenset[str]:
    """Return the display options of the field data."""
    return frozenset(data.split(";"))


def make_appearance(
    request: Mapping[str, str], shop_files: ShopFiles, page: str, own_sheet: str = ""
) -> Appearance:
    """Return the appearance of a page; ``page`` is CAPTURE, ACCEPTED, REFUSED, 3DINFO, or empty for any other.

    ``own_sheet`` is the style sheet that is set on the server for the shop. Raises TemplateError.
    """
    merchant_id = request["merchant_id"]

    def picture(field: str) -> str:
        name = request.get(field, "")
        return shop_files.url(merchant_id, name) if name else ""

    data = request.get("data", "")
    chosen = options(data)
    buttons = Appearance(
        chosen,
        submit=picture("submit_logo"),
        cancel=picture("cancel_return_logo"),
        back=picture("normal_return_logo"),
    )
    if request.get("templatefile"):
        frame = template.find(shop_files, merchant_id, request["templatefile"], page)
        if frame:
            return framed(buttons, frame, shop_files.base(merchant_id))
    return replace(
        buttons,
        left=picture("logo_id"),
        right=picture("logo_id2"),
        banner=picture("advert"),
        style=_style(request, picture("background_id")),
        sheet=_sheet(data, shop_files, merchant_id) or own_sheet,
    )


def framed(appearance: Appearance, frame: Template, files: str) -> Appearance:
    """Return an appearance within a template: its colours, and of the fields only the buttons."""
    return Appearance(
        appearance.options,
        submit=appearance.submit,
        cancel=appearance.cancel,
        back=appearance.back,
        style=_template_style(frame.body, files),
        template=frame,
        files=files,
    )


def policy(appearance: Appearance, shop: list[str], logos: str, nonce: str) -> str:
    """Return the Content-Security-Policy of a page: no scripts; frames only at the server's and the shop's origins."""
    # Browsers apply form-action to redirects too, and a shop may redirect its customers anywhere.
    # The forms of these pages are the server's: no value from outside can add one.
    forms = "'self' http: https:" if shop else "'self'"
    frames = " ".join(("'self'", *shop))
    images = ["'self'", *([origin(logos)] if is_address(logos) else [])]
    styles = ["'self'", *([f"'nonce-{nonce}'"] if appearance.style else [])]
    fonts = ""
    if is_address(appearance.sheet):
        styles.append(origin(appearance.sheet))
        images.append(origin(appearance.sheet))
        fonts = f" font-src {origin(appearance.sheet)};"
    base = "'none'"
    if appearance.template:  # HTML installed on the server may have its own styles and pictures
        styles, base = ["'self'", "'unsafe-inline'"], "'self'"
        images += ["http:", "https:", "data:"]
    return (
        f"default-src 'none'; style-src {' '.join(styles)}; img-src {' '.join(images)};{fonts}"
        f" base-uri {base}; form-action {forms}; frame-ancestors {frames}"
    )


def _sheet(data: str, shop_files: ShopFiles, merchant_id: str) -> str:
    """Return the address of the style sheet that data names, empty if it isn't installed."""
    named = USE_CSS.search(data)
    if not named:
        return ""
    name = named[1]
    if is_address(name):
        return name
    return shop_files.url(merchant_id, name) if NAME.fullmatch(name) else ""


def _style(request: Mapping[str, str], background: str) -> str:
    """Return the CSS of the colours in the fields; empty for white and black, which are the default by day."""
    page = _colour(request.get("bgcolor", ""), WHITE)
    text = _colour(request.get("textcolor", ""), BLACK)
    if (page, text, background) == (WHITE, BLACK, ""):
        return ""
    return _css(page, text, background)


def _template_style(body: Mapping[str, str], files: str) -> str:
    named = {name: value for name, value in body.items() if NAMED_COLOUR.fullmatch(value)}
    background = body.get("background", "")
    address = background if is_address(background) else f"{files}{background}"
    usable = bool(background) and (is_address(background) or bool(NAME.fullmatch(background)))
    page, text = named.get("bgcolor", WHITE), named.get("text", BLACK)
    return _css(page, text, address if usable else "")


def _css(page: str, text: str, background: str) -> str:
    address = quote(background, safe="/:?&=%.~_-")
    picture = f' background-image: url("{address}");' if background else ""
    return (
        f":root {{ color-scheme: light; --page: {page}; --sheet: {page}; --ink: {text}; --soft: {text};"
        f" --line: {text}; --main: {text}; --on-main: {page}; --good: {text};"
        f" --fault: {text}; }}"
        f" body {{ background-color: {page}; color: {text};{picture} }}"
    )


def _colour(value: str, otherwise: str) -> str:
    colour = COLOUR.fullmatch(value)
    return f"#{colour[1].lower()}" if colour else otherwise
