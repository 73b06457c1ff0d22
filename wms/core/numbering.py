"""Human document numbers: `<KIND><seller>-<yymmdd>-<seq>` (DESIGN.md section 5).

The seller is readable in the number, so that staff can tell the owner from a label by eye. Uniqueness comes from the
sequence, never from the date.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class DocumentKind(StrEnum):
    """First letters of a number. One kind, one counter per seller."""

    BOOKING = "IN"
    ORDER = "SO"
    RETURN = "RT"
    WAVE = "WV"
    MANIFEST = "MF"
    BAG = "BG"
    COUNT = "CT"
    SERVICE = "VS"
    SETTLEMENT = "ST"
    COLLECTION = "CL"


SEQUENCE_WIDTH = 4


def document_number(kind: DocumentKind, seller_code: str, day: date, sequence: int) -> str:
    """`SOACME-261124-0007`. `sequence` counts from 1 and may outgrow its four digits."""
    if sequence < 1:
        raise ValueError("a document sequence counts from 1")
    return f"{kind.value}{seller_code}-{day:%y%m%d}-{sequence:0{SEQUENCE_WIDTH}d}"
