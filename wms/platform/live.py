"""The live part of a page: it looks again by itself (`static/js/poll.js`), and is sent again only when it shows something else."""

from __future__ import annotations

import hashlib
import re

from flask import Response, request

_COMMAND_ID = re.compile(r'name="command_id" value="[^"]*"')


def live_tag(content: str) -> str:
    """The ETag of what it shows. The ids of its forms are new each time, and do not count."""
    return f'"{hashlib.sha256(_COMMAND_ID.sub("", content).encode()).hexdigest()[:32]}"'


def answer_live(content: str) -> Response:
    """It, or 304 while it would show the same."""
    tag = live_tag(content)
    same = request.headers.get("If-None-Match") == tag
    return Response(None if same else content, 304 if same else 200, {"ETag": tag})
