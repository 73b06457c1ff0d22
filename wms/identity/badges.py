"""A secret as a picture, made when it is shown and kept nowhere: the code of a badge, the key of an app."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence

from labels import BadgeLabel, LabelRefused, Template, render_bundle
from labels.barcodes import encode

_RUN = re.compile(r"(\d+) (\d+) (\d+) 1 re")


def badge_picture(code: str) -> str:
    """The QR code of a badge as a `data:` address of an SVG, its quiet zone included."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr_picture(code).encode()).decode()


class Designs:
    """The house's designs of badges, which stand above: the composition root says how they are asked for."""

    published: Callable[[], Sequence[Template]] = staticmethod(lambda: ())


def badge_card(code: str, name: str, site: str = "") -> str | None:
    """The badge as a card of a wallet's size, to be printed: a `data:` address of a PDF. None where the name holds a character
    that cannot be printed.
    """
    try:
        card = render_bundle([BadgeLabel(name=name, barcode=code, site=site)], templates=Designs.published()).pdf
    except LabelRefused:
        return None
    return "data:application/pdf;base64," + base64.b64encode(card).decode()


def qr_picture(content: str) -> str:
    """A QR code as an SVG to stand in a page, its quiet zone included. Nothing of `content` is in it as text."""
    symbol = encode("qr", content)
    quiet = symbol.quiet_left
    runs = "".join(
        f"M{int(x) + quiet} {symbol.height - 1 - int(y) + quiet}h{width}v1h-{width}z"
        for x, y, width in _RUN.findall(symbol.path)
    )
    side = symbol.width + 2 * quiet
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path d="{runs}"/></svg>'
    )
