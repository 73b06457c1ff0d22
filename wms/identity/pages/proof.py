"""What changes a way in wants a fresh proof of who one is (ASVS 5.0, 7.5.1): an open tablet or office screen is none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from wms.core import clock
from wms.identity import queries, rules
from wms.platform.access import actor

View = TypeVar("View", bound=Callable[..., Any])


def proved(page: str) -> Callable[[View], View]:
    """Below `@requires`: only for a login whose person showed who they are lately; others are asked for it first.

    `page` is the endpoint of the page the form stands on: the way leads back there, and nothing has been changed.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            session_id = actor().session_id
            since = queries.proved_at(session_id) if session_id is not None else None
            if since is None or clock.now() - since > rules.FRESH_TIME:
                flash(_("Nothing was changed yet: first show once more who you are."), "warn")
                place = {name: value for name, value in (request.view_args or {}).items() if name == "user_id"}
                return redirect(url_for("identity_pages.confirm", next=url_for(page, **place)), 303)
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate
