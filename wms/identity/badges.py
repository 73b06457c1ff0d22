"""A badge as a picture, made when it is shown and kept nowhere: its code is a secret."""

from __future__ import annotations

import base64
import re

from labels.barcodes import encode

_RUN = re.compile(r"(\d+) (\d+) (\d+) 1 re")


def badge_picture(code: str) -> str:
    """The QR code of a badge as a `data:` address of an SVG, its quiet zone included."""
    symbol = encode("qr", code)
    quiet = symbol.quiet_left
    runs = "".join(
        f"M{int(x) + quiet} {symbol.height - 1 - int(y) + quiet}h{width}v1h-{width}z"
        for x, y, width in _RUN.findall(symbol.path)
    )
    side = symbol.width + 2 * quiet
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path d="{runs}"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()
