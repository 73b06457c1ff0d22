"""Words for what the stock tables say in codes; shown by pages of several features."""

from __future__ import annotations

from flask_babel import lazy_gettext as lazy

CONDITION_WORDS = {
    "good": lazy("Good"), "damaged": lazy("Damaged"), "inspect": lazy("To inspect"), "grade_b": lazy("Grade B"),
    "grade_c": lazy("Grade C"),
}  # fmt: skip

# Why a pick face is to be filled, by `replenishment.rules.Tier`.
URGENCY_WORDS = {4: lazy("A picker waits"), 3: lazy("Orders want it"), 2: lazy("Below minimum"), 1: lazy("Top up")}
