"""From an agent's token to its actor. Nothing is cached: a revoked token is refused with the next request."""

from __future__ import annotations

from sqlalchemy import select

from wms.core.actor import Actor, ActorKind
from wms.platform.access import Authenticators
from wms.platform.database import session
from wms.printing.models import PrintAgent
from wms.printing.rules import hash_secret


def register(authenticators: Authenticators) -> None:
    """Tell the platform how the agents' surface finds its actor."""
    authenticators.agent = by_token


def by_token(token: str) -> Actor | None:
    """The enrolled agent that holds this token; it may nothing but what its own surface offers every agent."""
    query = select(PrintAgent.id, PrintAgent.name, PrintAgent.warehouse_id)
    row = session().execute(query.where(PrintAgent.token_hash == hash_secret(token))).first()
    if row is None or not token.startswith("wpa_"):
        return None
    return Actor(ActorKind.AGENT, row.id, row.name, frozenset(), None, frozenset({row.warehouse_id}))
