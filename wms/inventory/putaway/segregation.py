"""Which dangerous goods may share a bin.

The pairs are those for which the general segregation table of the IMDG Code (chapter 7.2.4) asks for a distance: goods
that a ship may not stow side by side do not stand in one bin either. Where editions of the table differ, the stricter
one is taken. Explosives (1), infectious (6.2) and radioactive goods (7) are not stored: `CLASSES` does not have them.
"""

from __future__ import annotations

CLASSES = ("2.1", "2.2", "2.3", "3", "4.1", "4.2", "4.3", "5.1", "5.2", "6.1", "8", "9")

# Class → the classes behind it in `CLASSES` that it is kept apart from.
_APART = {
    "2.1": {"3", "4.1", "4.2", "4.3", "5.1", "5.2", "8"},
    "2.2": {"3", "4.2", "5.2"},
    "2.3": {"3", "4.2", "5.2"},
    "3": {"4.2", "4.3", "5.1", "5.2"},
    "4.1": {"4.2", "5.1", "5.2", "8"},
    "4.2": {"4.3", "5.1", "5.2", "6.1", "8"},
    "4.3": {"5.1", "5.2", "8"},
    "5.1": {"5.2", "6.1", "8"},
    "5.2": {"6.1", "8"},
}


def may_stand_together(one: str, other: str) -> bool:
    """Whether goods of these two classes may stand in one bin. Classes that the table does not know: no."""
    if one not in CLASSES or other not in CLASSES:
        return False
    return other not in _APART.get(one, set()) and one not in _APART.get(other, set())
