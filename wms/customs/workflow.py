"""States of a declaration that settles what is unaccounted. Services apply them; nothing else changes a state."""

from __future__ import annotations

from enum import StrEnum

from wms.core.workflow import Workflow, move


class SettlementState(StrEnum):
    DECLARED = "declared"  # customs has been told, and has not answered
    ACCEPTED = "accepted"  # its permit stands; the goods have still to be put away, destroyed or sent back
    SETTLED = "settled"  # the stock followed
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by us, before an answer


S = SettlementState

SETTLEMENT = Workflow(
    "settlement",
    SettlementState,
    S.DECLARED,
    {
        # An acceptance may cross our withdrawal on its way, or put right a refusal: the last word is customs'.
        "accept": move([S.DECLARED, S.WITHDRAWN, S.REFUSED], S.ACCEPTED),
        "refuse": move(S.DECLARED, S.REFUSED),
        "withdraw": move(S.DECLARED, S.WITHDRAWN),
        "settle": move(S.ACCEPTED, S.SETTLED),
    },
)
