"""Who does something: a person, a system with a key, a print agent, or the warehouse system itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum

from wms.core.permissions import Permission

# Faces of logins that may do one thing only, and nothing else before it is done.
MUST_CHOOSE = "password"  # signed in with a temporary password: choose one's own
MUST_ENROL = "enrol"  # a role demands the second step: set it up
UNFINISHED = frozenset({MUST_CHOOSE, MUST_ENROL})


class ActorKind(StrEnum):
    USER = "user"
    API_KEY = "api_key"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """`seller_ids` None means operator's staff (all sellers); `warehouse_ids` None means every warehouse."""

    kind: ActorKind
    id: uuid.UUID
    name: str
    permissions: frozenset[Permission]
    seller_ids: frozenset[uuid.UUID] | None = None
    warehouse_ids: frozenset[uuid.UUID] | None = None
    language: str = "en"
    roles: tuple[str, ...] = ()
    session_id: uuid.UUID | None = None
    face: str = "portal"
    handedness: str = "right"
    extra: dict[str, str] = field(default_factory=dict)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def must_choose(self) -> bool:
        """Whether this login has still to choose a password."""
        return self.face == MUST_CHOOSE

    @property
    def must_enrol(self) -> bool:
        """Whether this login has still to set up the second step."""
        return self.face == MUST_ENROL

    @property
    def is_unfinished(self) -> bool:
        return self.face in UNFINISHED

    @property
    def is_staff(self) -> bool:
        return self.seller_ids is None

    @property
    def scope(self) -> str:
        """The name under which this actor's command ids are unique."""
        return f"{self.kind.value}:{self.id}"

    def sees_seller(self, seller_id: uuid.UUID) -> bool:
        return self.seller_ids is None or seller_id in self.seller_ids

    def sees_warehouse(self, warehouse_id: uuid.UUID) -> bool:
        return self.warehouse_ids is None or warehouse_id in self.warehouse_ids


SYSTEM = Actor(ActorKind.SYSTEM, uuid.UUID(int=0), "system", frozenset(Permission))
