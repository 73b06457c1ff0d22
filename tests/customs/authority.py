"""A customs office to play against: what declarations it has been told of, and answers in any order and number."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.customs import settling
from wms.customs.models import Settlement
from wms.platform.database import session, transaction


@dataclass
class Authority:
    """It decides once on each declaration and stays by it; what it says may come late, or more than once."""

    clerk: Actor
    accepts: Callable[[Settlement], bool] = lambda _settlement: True
    documents: dict[uuid.UUID, str] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def answer(self, settlement_id: uuid.UUID, times: int = 1) -> Sequence[str]:
        """What the clerk was told each time: the state, or the code of a refusal."""
        with transaction():
            said = session().get_one(Settlement, settlement_id)
            accepted = self.accepts(said)
        document = self.documents.setdefault(settlement_id, f"QD{next(self.numbers):04}")
        return [self._tell(settlement_id, document, accepted) for _ in range(times)]

    def _tell(self, settlement_id: uuid.UUID, document: str, accepted: bool) -> str:
        try:
            with transaction():
                if accepted:
                    return settling.accept(self.clerk, settlement_id, document).state
                return settling.refuse(self.clerk, settlement_id, document, "goods to be seen first").state
        except Refused as refusal:
            session().rollback()
            return refusal.code
