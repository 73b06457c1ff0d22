"""Who is asking, and may they. Every route carries `@requires(permission)` or `@public`; a test fails on any other.

Surfaces: `/api/` takes a bearer key and nothing else, `/agent/v1/` the bearer token of a print agent; every other surface
takes the session cookie, and then a state change needs the session's anti-forgery token (form field `csrf_token` or header
`X-CSRF-Token`).
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable, Collection
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import abort, current_app, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as BaseResponse

from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused

View = TypeVar("View", bound=Callable[..., Any])
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
AUTHENTICATED = "authenticated"  # for `requires`: anybody who is known, whatever they may


class Authenticators:
    """How a surface finds its actor. Filled once, by the features that know them: identity, and printing its agents."""

    def __init__(self) -> None:
        self.bearer: Callable[[str], Actor | None] = lambda _: None
        self.agent: Callable[[str], Actor | None] = lambda _: None
        self.session: Callable[[], Actor | None] = lambda: None
        self.cookie: Callable[[], str | None] = lambda: None


authenticators = Authenticators()


def is_api_surface() -> bool:
    return request.path.startswith("/api/")


def is_agent_surface() -> bool:
    return request.path.startswith("/agent/v1/")


def takes_bearer() -> bool:
    """Surfaces where no cookie counts: nothing that a foreign page could send along."""
    return is_api_surface() or is_agent_surface()


def is_machine_surface() -> bool:
    """Answers in JSON problems instead of pages and redirects."""
    return takes_bearer() or request.path.startswith("/floor/v1/")


def current_actor() -> Actor | None:
    """The actor of this request, found once."""
    known: Actor | None = g.get("actor", _UNASKED)
    if known is _UNASKED:
        known = g.actor = _authenticate()
    return known


_UNASKED: Any = object()  # unlike None, who is nobody


def _authenticate() -> Actor | None:
    presented = presented_credential()
    if presented is None:
        return None
    if presented[0] == "cookie":
        return authenticators.session()
    return authenticators.agent(presented[1]) if is_agent_surface() else authenticators.bearer(presented[1])


def presented_credential() -> tuple[str, str] | None:
    """What this surface would look at: ("bearer", key) or ("cookie", token), genuine or not."""
    if takes_bearer():
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return ("bearer", token.strip()) if scheme.lower() == "bearer" and token.strip() else None
    cookie = authenticators.cookie()
    return ("cookie", cookie) if cookie else None


def actor() -> Actor:
    """The actor of a route that requires one."""
    found = current_actor()
    if found is None:
        raise RuntimeError("a route without @requires asked for its actor")
    return found


def requires(permission: Permission | str, *, unfinished: Collection[str] = ()) -> Callable[[View], View]:
    """Only for actors with `permission` (or `AUTHENTICATED`): 401 (or the login page) for nobody, 403 for others.

    `unfinished`: the faces of unfinished logins (core/actor.py) that it is open to as well; others of them are led to
    what they have to do first.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            answer = check(permission, unfinished=unfinished)
            return answer if answer is not None else view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


class NeedsPermission(Forbidden):
    """403 that knows what is missing."""

    def __init__(self, permission: str) -> None:
        super().__init__()
        self.permission = permission


def check(permission: Permission | str, *, unfinished: Collection[str] = ()) -> BaseResponse | None:
    """None when the current actor may; otherwise aborts, or answers with the way to the login page."""
    found = current_actor()
    if found is None:
        if is_machine_surface():
            abort(401)
        return redirect(url_for(_login_endpoint(), next=request.full_path if request.method == "GET" else None))
    if found.is_unfinished and found.face not in unfinished:
        if is_machine_surface():
            abort(403)
        return redirect(url_for("identity_account.account"))
    if permission != AUTHENTICATED and not found.may(Permission(permission)):
        raise NeedsPermission(str(permission))
    if request.method not in SAFE_METHODS and not takes_bearer():
        require_csrf(found)
    return None


def _login_endpoint() -> str:
    return "identity_pages.badge" if request.path.startswith("/floor") else "identity_pages.login"


def public(view: View) -> View:
    """Open to nobody in particular: login, health, the API's description. A state change must come from our pages."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if request.method not in SAFE_METHODS and not is_api_surface():
            require_same_origin()
        return view(*args, **kwargs)

    guarded.permission = None  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def require_same_origin() -> None:
    """Refuse what a foreign page sent, where no session can carry a token (login, language).

    Browsers say where a request comes from: `Sec-Fetch-Site`, or, before it existed, `Origin` on every POST. A request
    with neither was not made by a browser, so nobody's browser was tricked into it (the rule of Go's
    net/http.CrossOriginProtection; ASVS 3.5.1, 3.5.3).
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("Origin")
        ours = {request.host, urlsplit(current_app.extensions["wms_config"].public_url).netloc} - {""}
        allowed = origin is None or urlsplit(origin).netloc in ours
    if not allowed:
        raise Refused("csrf_token_wrong", {}, kind=RefusalKind.INVALID)


def csrf_token() -> str:
    """The anti-forgery token of this login session (empty for nobody)."""
    found = current_actor()
    return "" if found is None or found.session_id is None else _token_of(found)


def _token_of(found: Actor) -> str:
    secret = current_app.config["SECRET_KEY"].encode()
    return hmac.new(secret, f"csrf:{found.session_id}".encode(), hashlib.sha256).hexdigest()


def require_csrf(found: Actor) -> None:
    """Refuse a state change that a foreign page could have caused (ASVS 3.5.1): twice, by its origin and its token."""
    require_same_origin()
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), _token_of(found).encode()):
        raise Refused("csrf_token_wrong", {}, kind=RefusalKind.INVALID)
