"""Words of the choice of warehouses."""

from __future__ import annotations

from wms.platform.pages import lazy

PREFER_WORDS = {
    "nearest": lazy("The nearest to the buyer"), "cheapest": lazy("The cheapest carriage"),
    "first": lazy("The first of my list"),
}  # fmt: skip
WHY_WORDS = {
    "complete": lazy("It has everything, and is the best that does."),
    "split": lazy("No warehouse has everything; together these do."),
    "most": lazy("No warehouse has everything; most of it is here."), "only": lazy("No other may take it."),
}  # fmt: skip
WHY_NOT_WORDS = {
    "closed": lazy("closed"), "no_service": lazy("does not offer the service"),
    "bonded": lazy("its customs regime does not allow it"),
}  # fmt: skip
