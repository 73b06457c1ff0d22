"""A secret as a picture, made when it is shown and kept nowhere: the code of a badge, the key of an app."""

from __future__ import annotations

import base64
import re

from labels.barcodes import encode

_RUN = re.compile(r"(\d+) (\d+) (\d+) 1 re")


def badge_picture(code: str) -> str:
    """The QR code of a badge as a `data:` address of an SVG, its quiet zone included."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr_picture(code).encode()).decode()


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
