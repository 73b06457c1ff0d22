"""Bundles: up to 100 labels in one PDF, one label a page, always the same bytes for the same labels."""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pypdfium2
from reportlab.pdfbase import pdfdoc

from labels.checks import check_content
from labels.content import Label
from labels.errors import LabelRefused
from labels.media import POINTS_PER_MM, Resolution
from labels.sheet import Sheet
from labels.templates import Template, template_for
from labels.typeface import FontInDocument

MOST_PAGES = 100
# The font file is read through one shared cursor, and PDFium is not thread-safe.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Code:
    """A symbol on a page and what a scanner must read from it."""

    symbology: str
    content: str


@dataclass(frozen=True, slots=True)
class PageInfo:
    width_mm: float
    height_mm: float
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    pdf: bytes
    pages: tuple[PageInfo, ...]


def render_bundle(labels: Sequence[Label], *, dpi: int = 203) -> Bundle:
    """One PDF with a page per label, in the given order; sizes may be mixed.

    `dpi` is the printer's resolution (203, 300 or 600): bars fall on its whole dots. Raises
    LabelRefused, with `label` (0-based) in its params when one label is at fault; nothing is
    rendered then. Codes: no_labels, too_many_pages, bad_dpi, unknown_label, size_not_offered, those
    of `checks.check_content`, `barcodes.encode` and `placement.place`.
    """
    if not labels:
        raise LabelRefused("no_labels")
    if len(labels) > MOST_PAGES:
        raise LabelRefused("too_many_pages", {"pages": len(labels), "limit": MOST_PAGES})
    resolution = Resolution(dpi)
    with _ONE_AT_A_TIME:
        writer = _BundleWriter(resolution)
        for place, label in enumerate(labels):
            try:
                writer.add(label)
            except LabelRefused as refusal:
                raise refusal.within(label=place) from refusal
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
            return _with_fixed_id(written.getvalue())
        finally:
            bundle.close()


_FILE_ID = re.compile(rb"/ID\s*\[\s*<([0-9A-Fa-f]{32})>\s*<([0-9A-Fa-f]{32})>\s*\]")


def _with_fixed_id(pdf: bytes) -> bytes:
    """PDFium invents a random file identifier; put one made from the content in its place."""
    found = _FILE_ID.search(pdf, max(0, len(pdf) - 2048))
    if found is None:
        return pdf
    blank = pdf.replace(found[1], b"0" * 32).replace(found[2], b"0" * 32)
    made = hashlib.sha256(blank).hexdigest()[:32].upper().encode("ascii")
    return pdf[: found.start(1)] + made + pdf[found.end(1) : found.start(2)] + made + pdf[found.end(2) :]


class _Finished(pdfdoc.PDFObject):  # type: ignore[misc, unused-ignore]
    """An object whose bytes are made here: reportlab's own page and stream objects format every number
    and name one by one, which took longer than drawing the label."""

    __RefOnly__ = 1

    def __init__(self, data: bytes) -> None:
        self._data = data

    def format(self, _document: pdfdoc.PDFDocument) -> bytes:
        return self._data


def _stream(content: bytes, entries: str = "") -> _Finished:
    """A compressed stream; `entries` are further entries of its dictionary."""
    packed = zlib.compress(content, 5)
    head = f"<< {entries}/Filter /FlateDecode /Length {len(packed)} >>\nstream\n"
    return _Finished(head.encode("ascii") + packed + b"\nendstream")


class _BundleWriter:
    """One PDF under construction; all pages share one resource dictionary."""

    def __init__(self, resolution: Resolution) -> None:
        self.pages: list[PageInfo] = []
        self._resolution = resolution
        self._document = pdfdoc.PDFDocument(compression=1, invariant=1)
        self._font = FontInDocument(self._document)
        self._forms: dict[Hashable, tuple[str, list[Code]]] = {}
        self._form_references = pdfdoc.PDFDictionary({})
        resources = pdfdoc.PDFResourceDictionary()
        resources.basicFonts()
        resources.XObject = self._form_references
        self._resources = self._refer(resources)
        self._shared = f"/Parent {self._refer(self._document.Pages)} /Resources {self._resources}"

    def _refer(self, part: pdfdoc.PDFObject) -> str:
        """'12 0 R' for an object, registering it."""
        name = self._document.Reference(part).name
        return "{} {} R".format(*self._document.idToObjectNumberAndVersion[name])

    def add(self, label: Label) -> None:
        template = template_for(label)
        check_content(label)
        sheet = Sheet(label.size, self._resolution, self._font)
        name, constant_codes = self._constant_part(template, label)
        sheet.call(name)
        template.draw(sheet, label)
        content = self._refer(_stream(sheet.operators()))
        media_box = _box_in_points(label)
        page = f"<< /Type /Page {self._shared} /MediaBox {media_box} /Contents {content} >>"
        self._document.addPage(_Finished(page.encode("ascii")))
        codes = (*constant_codes, *[Code(*code) for code in sheet.codes])
        self.pages.append(PageInfo(label.size.width_mm, label.size.height_mm, codes))

    def _constant_part(self, template: Template[Any], label: Label) -> tuple[str, list[Code]]:
        """The Form XObject for what all labels of this kind, size and captions share."""
        key = (type(label), label.size, template.constant_key(label))
        known = self._forms.get(key)
        if known is None:
            sheet = Sheet(label.size, self._resolution, self._font)
            template.draw_constant(sheet, label)
            name = f"Form{len(self._forms) + 1}"
            form = _stream(
                sheet.operators(),
                f"/Type /XObject /Subtype /Form /BBox {_box_in_points(label)} /Resources {self._resources} ",
            )
            self._form_references.dict[name] = self._document.Reference(form, name)
            known = self._forms[key] = (name, [Code(*code) for code in sheet.codes])
        return known

    def pdf(self) -> bytes:
        data = self._document.GetPDFData(None)
        return data if isinstance(data, bytes) else data.encode("latin-1")


def _box_in_points(label: Label) -> str:
    return f"[0 0 {label.size.width_mm * POINTS_PER_MM:.4f} {label.size.height_mm * POINTS_PER_MM:.4f}]"
