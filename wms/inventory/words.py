"""Words for what the stock tables say in codes; shown by pages of several features."""

from __future__ import annotations

from flask_babel import lazy_gettext as lazy

CONDITION_WORDS = {
    "good": lazy("Good"), "damaged": lazy("Damaged"), "inspect": lazy("To inspect"), "grade_b": lazy("Grade B"),
    "grade_c": lazy("Grade C"),
}  # fmt: skip
