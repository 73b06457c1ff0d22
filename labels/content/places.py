"""Labels of places, people and tools: what hangs in the building."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labels.content.rules import Label, captions, choice, text
from labels.media import A4_LANDSCAPE, SIZE_60X40, SIZE_100X60, SIZE_CARD, Size


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationLabel(Label):
    """A bin. `code` is what people read, `barcode` what the scanner reads.

    `check` is the check character that a picker reads aloud or types to prove that he stands there.
    `arrow` points to the bin from where the label hangs, when it is not beside it.
    """

    size: Size = SIZE_100X60
    code: str = text(24, required=True)
    barcode: str = text(48, required=True)
    check: str = text(4)
    zone: str = text(24)
    note: str = text(40)
    arrow: Literal["up", "down", "left", "right"] | None = choice(None, "up", "down", "left", "right", shared=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneSign(Label):
    """A zone, to be read from the far end of the aisle."""

    size: Size = A4_LANDSCAPE
    code: str = text(16, required=True)
    name: str = text(60)
    barcode: str = text(48)
    note: str = text(80)
    arrow: Literal["up", "down", "left", "right"] | None = choice(None, "up", "down", "left", "right", shared=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class StationSign(Label):
    """A packing, receiving or inspection bench, with the code that signs a tablet on to it."""

    size: Size = A4_LANDSCAPE
    code: str = text(24, required=True)
    name: str = text(60)
    barcode: str = text(48, required=True)
    note: str = text(80)


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandCard(Label):
    """A command that is scanned instead of tapped: OK, UNDO, SKIP, SHORT…"""

    size: Size = SIZE_CARD
    command: str = text(20, required=True)
    barcode: str = text(48, required=True)
    explanation: str = text(80)


@dataclass(frozen=True, kw_only=True, slots=True)
class BadgeLabel(Label):
    """A person's badge. `barcode` is a revocable token, never the staff number."""

    size: Size = SIZE_CARD
    name: str = text(60, required=True)
    barcode: str = text(60, required=True)
    role: str = text(40)
    site: str = text(40, shared=True)
    number: str = text(20)
    valid_until: str = text(40)


@dataclass(frozen=True, kw_only=True, slots=True)
class ToteLabel(Label):
    """A tote. It is read from above and from the side, so it carries bars and a matrix."""

    size: Size = SIZE_100X60
    code: str = text(24, required=True)
    barcode: str = text(48, required=True)
    note: str = text(40)


@dataclass(frozen=True, kw_only=True, slots=True)
class CartLabel(Label):
    """A picking cart. `slots` says what it holds: "12 slots"."""

    size: Size = SIZE_100X60
    code: str = text(24, required=True)
    barcode: str = text(48, required=True)
    slots: str = text(40)
    note: str = text(40)


@dataclass(frozen=True, kw_only=True, slots=True)
class PutWallSlotLabel(Label):
    """One opening of a put wall; `arrow` points to it when the label hangs beside."""

    size: Size = SIZE_60X40
    wall: str = text(16)
    slot: str = text(8, required=True)
    barcode: str = text(48, required=True)
    arrow: Literal["up", "down", "left", "right"] | None = choice(None, "up", "down", "left", "right", shared=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfTestCaptions:
    title: str = text(60)
    instruction: str = text(200)
    linear: str = text(30)
    matrix: str = text(30)


SELF_TEST_CAPTIONS = SelfTestCaptions(
    title="Scanner self-test",
    instruction="Scan the bars on the first use of the day. The screen says at once whether keyboard layout, "
    "capital letters and Enter are right.",
    linear="1  Bars",
    matrix="2  Matrix",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SelfTestCard(Label):
    """The card at a bench that proves a scanner types what it reads."""

    size: Size = SIZE_100X60
    barcode: str = text(48, required=True)
    station: str = text(24)
    captions: SelfTestCaptions = captions(SELF_TEST_CAPTIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class PrinterTestCaptions:
    title: str = text(40)
    instruction: str = text(200)


PRINTER_TEST_CAPTIONS = PrinterTestCaptions(
    title="Printer test",
    instruction="The frame stands 1 mm from every edge. Measure it and the ruler, enter the difference as the "
    "printer's offset, print again. Every code must scan.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PrinterTestLabel(Label):
    """Frame, ruler and codes of every module width: what a printer does to a label, measured with a ruler."""

    size: Size = SIZE_100X60
    printer: str = text(60, required=True)
    media: str = text(40)
    details: str = text(80)
    printed_at: str = text(40)
    captions: PrinterTestCaptions = captions(PRINTER_TEST_CAPTIONS)
