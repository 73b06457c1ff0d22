"""Bundles: up to 100 labels in one PDF, one label a page, always the same bytes for the same labels."""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import pypdfium2
from reportlab.pdfbase import pdfdoc

from labels.checks import check_content
from labels.content import Label
from labels.errors import LabelRefused
from labels.geometry import Box
from labels.images import Raster
from labels.kinds import Plans
from labels.layouts import Layout
from labels.media import POINTS_PER_MM, Resolution, Size
from labels.placement import Placement
from labels.plan import Plan
from labels.sheet import Sheet
from labels.typeface import FontInDocument
from labels.vocabulary import Template

MOST_PAGES = 100
# The font file is read through one shared cursor, and PDFium is not thread-safe.
_ONE_AT_A_TIME = threading.Lock()


def one_at_a_time() -> AbstractContextManager[object]:
    """What must be held while PDFium is used in this process."""
    return _ONE_AT_A_TIME


@dataclass(frozen=True, slots=True)
class Code:
    """A symbol on a page and what a scanner must read from it."""

    symbology: str
    content: str


@dataclass(frozen=True, slots=True)
class PageInfo:
    """A page's size and symbols. `placements` are where these stand: on dots of `dot_mm`, in a cell whose
    corner is so many dots from the page's."""

    width_mm: float
    height_mm: float
    codes: tuple[Code, ...]
    placements: tuple[tuple[Placement, tuple[int, int]], ...] = ()
    dot_mm: float = 0.0

    @property
    def code_boxes(self) -> tuple[Box, ...]:
        """The places of the symbols, with their quiet zones, in mm."""
        return tuple(placed.box(self.dot_mm, *corner) for placed, corner in self.placements)


@dataclass(frozen=True, slots=True)
class Bundle:
    pdf: bytes
    pages: tuple[PageInfo, ...]


def render_bundle(
    labels: Sequence[Label],
    *,
    dpi: int = 203,
    templates: Sequence[Template] = (),
    chosen: Sequence[Template | None] = (),
) -> Bundle:
    """One PDF with a page per label, in the given order; sizes may be mixed.

    `dpi` is the printer's resolution (203, 300 or 600): bars fall on its whole dots. `templates` take the
    place of the built-in ones of their kind and size; `chosen` gives single labels one of their own (None:
    as all), where a bundle holds the labels of several owners. Raises LabelRefused, with `label` (0-based)
    in its params when one label is at fault; nothing is rendered then. Codes: no_labels, too_many_pages,
    bad_dpi, unknown_label, size_not_offered (also of a chosen template that is another kind's or size's),
    those of `checks.check_content`, `barcodes.encode`, `placement.place` and of a template:
    text_does_not_fit, too_many_entries, unknown_field, not_a_list_field, unknown_image.
    """
    if not labels:
        raise LabelRefused("no_labels")
    if len(labels) > MOST_PAGES:
        raise LabelRefused("too_many_pages", {"pages": len(labels), "limit": MOST_PAGES})
    plans = Plans(Resolution(dpi), templates)
    with _ONE_AT_A_TIME:
        writer = _BundleWriter(plans)
        for place, label in enumerate(labels):
            try:
                writer.add(label, chosen[place] if chosen else None)
            except LabelRefused as refusal:
                raise refusal.within(label=place) from refusal
        return Bundle(writer.pdf(), tuple(writer.pages))


def render_sheets(
    labels: Sequence[Label], layout: Layout, *, dpi: int = 203, start: int = 0, templates: Sequence[Template] = ()
) -> Bundle:
    """Labels on sheets of many, row by row; `start` cells of the first sheet are left out, as used before.

    Labels must have the size of the layout's cells. Raises LabelRefused as `render_bundle`, and
    bad_start; `label` in its params counts labels.
    """
    if not labels:
        raise LabelRefused("no_labels")
    if not isinstance(start, int) or not 0 <= start < layout.cells:
        raise LabelRefused("bad_start", {"value": str(start), "limit": layout.cells - 1})
    pages = -(-(start + len(labels)) // layout.cells)
    if pages > MOST_PAGES:
        raise LabelRefused("too_many_pages", {"pages": pages, "limit": MOST_PAGES})
    plans = Plans(Resolution(dpi), templates)
    with _ONE_AT_A_TIME:
        writer = _BundleWriter(plans)
        for page in range(pages):
            first = page * layout.cells - start
            cells = range(max(0, first), min(len(labels), first + layout.cells))
            writer.add_sheet(layout, [(number - first, labels[number], number) for number in cells])
        return Bundle(writer.pdf(), tuple(writer.pages))


def extract_page(pdf: bytes, index: int) -> bytes:
    """One page of a bundle as a PDF of its own; the same page gives the same bytes.

    Raises LabelRefused("no_such_page") with the number of pages.
    """
    with _ONE_AT_A_TIME:
        bundle = pypdfium2.PdfDocument(pdf)
        try:
            if not 0 <= index < len(bundle):
                raise LabelRefused("no_such_page", {"page": index, "pages": len(bundle)})
            single = pypdfium2.PdfDocument.new()
            single.import_pages(bundle, [index])
            written = BytesIO()
            single.save(written)
            single.close()
            return without_time_and_chance(written.getvalue())
        finally:
            bundle.close()


_FILE_ID = re.compile(rb"/ID\s*\[\s*<([0-9A-Fa-f]{32})>\s*<([0-9A-Fa-f]{32})>\s*\]")
# PDFium makes this object before it copies anything, so the first one is its own.
_MADE_AT = re.compile(rb"obj\s*<</CreationDate\(D:(\d{14})")


def without_time_and_chance(pdf: bytes) -> bytes:
    """A file as PDFium writes it, without the second it was written in and with an identifier made from the
    content in the place of its random one: the same content gives the same bytes."""
    made = _MADE_AT.search(pdf, 0, 2048)
    if made is not None:
        pdf = pdf[: made.start(1)] + b"20000101000000" + pdf[made.end(1) :]
    found = _FILE_ID.search(pdf, max(0, len(pdf) - 2048))
    if found is None:
        return pdf
    blank = pdf[: found.start()] + pdf[found.end() :]
    name = hashlib.sha256(blank).hexdigest()[:32].upper().encode("ascii")
    return pdf[: found.start(1)] + name + pdf[found.end(1) : found.start(2)] + name + pdf[found.end(2) :]


class _Finished(pdfdoc.PDFObject):  # type: ignore[misc, unused-ignore]
    """An object whose bytes are made here: reportlab's own page and stream objects format every number
    and name one by one, which took longer than drawing the label."""

    __RefOnly__ = 1

    def __init__(self, data: bytes) -> None:
        self._data = data

    def format(self, _document: pdfdoc.PDFDocument) -> bytes:
        return self._data


class _Stream(_Finished):
    """A stream that is compressed when the file is written: one after the other that takes half the time it takes
    between the drawing of two pages, which the compressor's tables push out of the processor's caches. `entries` are
    further entries of its dictionary."""

    def __init__(self, content: bytes, entries: str = "") -> None:
        super().__init__(content)
        self._entries = entries

    def pack(self) -> None:
        """To be called once."""
        packed = zlib.compress(self._data, 5)
        head = f"<< {self._entries}/Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
        self._data = head.encode("ascii") + packed + b"\nendstream"


class _BundleWriter:
    """One PDF under construction; all pages share one resource dictionary."""

    def __init__(self, plans: Plans) -> None:
        self.pages: list[PageInfo] = []
        self._plans = plans
        self._resolution = plans.resolution
        self._document = pdfdoc.PDFDocument(compression=1, invariant=1)
        self.font = FontInDocument(self._document)
        self._forms: dict[Hashable, tuple[str, list[Placement]]] = {}
        self._pictures: dict[Raster, str] = {}
        self._streams: list[_Stream] = []
        self._shared_objects = pdfdoc.PDFDictionary({})
        resources = pdfdoc.PDFResourceDictionary()
        resources.basicFonts()
        resources.XObject = self._shared_objects
        self._resources = self._refer(resources)
        self._shared = f"/Parent {self._refer(self._document.Pages)} /Resources {self._resources}"

    def _refer(self, part: pdfdoc.PDFObject) -> str:
        """'12 0 R' for an object, registering it."""
        name = self._document.Reference(part).name
        return "{} {} R".format(*self._document.idToObjectNumberAndVersion[name])

    def _stream(self, content: bytes, entries: str = "") -> _Stream:
        stream = _Stream(content, entries)
        self._streams.append(stream)
        return stream

    def picture(self, raster: Raster) -> str:
        """The resource name of a picture, stored once."""
        known = self._pictures.get(raster)
        if known is None:
            known = self._pictures[raster] = f"Picture{len(self._pictures) + 1}"
            # A mask paints black where a bit is set, and leaves the rest of the page alone.
            stream = self._stream(
                raster.bits,
                f"/Type /XObject /Subtype /Image /Width {raster.width} /Height {raster.height} "
                "/ImageMask true /BitsPerComponent 1 /Decode [1 0] ",
            )
            self._shared_objects.dict[known] = self._document.Reference(stream, known)
        return known

    def add(self, label: Label, chosen: Template | None = None) -> None:
        sheet = self._drawn(label, chosen)
        self._add_page(label.size, sheet.operators(), sheet.codes, [(0, 0)] * len(sheet.codes))

    def add_sheet(self, layout: Layout, cells: Sequence[tuple[int, Label, int]]) -> None:
        """One page of a layout: (cell, label, number of the label for refusals)."""
        operators: list[bytes] = []
        codes: list[Placement] = []
        corners: list[tuple[int, int]] = []
        dot = self._resolution.dot_pt
        for cell, label, number in cells:
            try:
                if label.size != layout.cell:
                    raise LabelRefused("size_not_offered", {"field": "size", "offered": layout.cell.name})
                sheet = self._drawn(label)
            except LabelRefused as refusal:
                raise refusal.within(label=number) from refusal
            # The cell's own top left corner goes on a whole dot of the page.
            left, top = (round(each / self._resolution.dot_mm) for each in layout.corner(cell))
            down = (layout.page.height_mm - layout.cell.height_mm) * POINTS_PER_MM - top * dot
            operators.append(b"q 1 0 0 1 %.4f %.4f cm\n%b\nQ" % (left * dot, down, sheet.operators()))
            codes += sheet.codes
            corners += [(left, top)] * len(sheet.codes)
        self._add_page(layout.page, b"\n".join(operators), codes, corners)

    def _add_page(
        self, size: Size, operators: bytes, codes: Sequence[Placement], corners: Sequence[tuple[int, int]]
    ) -> None:
        content = self._refer(self._stream(operators))
        page = f"<< /Type /Page {self._shared} /MediaBox {_box_in_points(size)} /Contents {content} >>"
        self._document.addPage(_Finished(page.encode("ascii")))
        said = tuple([Code(each.symbol.symbology, each.symbol.content) for each in codes])
        placements = tuple(zip(codes, corners, strict=True))
        self.pages.append(PageInfo(size.width_mm, size.height_mm, said, placements, self._resolution.dot_mm))

    def _drawn(self, label: Label, chosen: Template | None = None) -> Sheet:
        """A label's operators, what it shares with others first."""
        plan = self._plans.plan_for(label) if chosen is None else self._plans.plan_of(chosen, label)
        check_content(label)
        sheet = Sheet(label.size, self._resolution, self)
        if plan.shared:
            name, codes = self._shared_part(plan, label)
            sheet.call(name)
            sheet.codes += codes
        for draw in plan.varying:
            draw(sheet, label)
        return sheet

    def _shared_part(self, plan: Plan, label: Label) -> tuple[str, list[Placement]]:
        """The Form XObject for what all labels of this kind, size and captions share."""
        # A plan lives as long as the document: it is known by its identity.
        key = (id(plan), plan.shared_key(label))
        known = self._forms.get(key)
        if known is None:
            sheet = Sheet(label.size, self._resolution, self)
            for draw in plan.shared:
                draw(sheet, label)
            name = f"Form{len(self._forms) + 1}"
            form = self._stream(
                sheet.operators(),
                f"/Type /XObject /Subtype /Form /BBox {_box_in_points(label.size)} /Resources {self._resources} ",
            )
            self._shared_objects.dict[name] = self._document.Reference(form, name)
            known = self._forms[key] = (name, sheet.codes)
        return known

    def pdf(self) -> bytes:
        """The file; to be asked for once."""
        for stream in self._streams:
            stream.pack()
        data = self._document.GetPDFData(None)
        return data if isinstance(data, bytes) else data.encode("latin-1")


@cache
def _box_in_points(size: Size) -> str:
    return f"[0 0 {size.width_mm * POINTS_PER_MM:.4f} {size.height_mm * POINTS_PER_MM:.4f}]"
