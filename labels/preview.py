"""What a template prints, as a picture for the office: one pixel a dot of the printer, at true size."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from labels.bundle import one_at_a_time, render_bundle
from labels.content import Label
from labels.vocabulary import Template


def preview_png(label: Label, *, dpi: int = 203, template: Template | None = None) -> bytes:
    """A label as a grey PNG with one pixel per printer dot: bars are as many pixels wide as dots.

    Its pHYs chunk carries the resolution, so that it can be shown as large as it prints: width in CSS mm is
    pixels × 25.4 / dpi. Raises LabelRefused as `render_bundle`.
    """
    pdf = render_bundle([label], dpi=dpi, templates=[] if template is None else [template]).pdf
    with one_at_a_time():
        document = pypdfium2.PdfDocument(pdf)
        try:
            picture = _dots(document[0], dpi)
        finally:
            document.close()
    written = BytesIO()
    picture.save(written, "PNG", dpi=(dpi, dpi), optimize=False)
    return written.getvalue()


def _dots(page: pypdfium2.PdfPage, dpi: int) -> Image.Image:
    """The page through a matrix of exactly dpi / 72. Fitted to a whole number of pixels, as PDFium does by itself, it would
    be stretched by up to one of them in its width, and some bars with it."""
    width, height = (round(side * dpi / 72) for side in page.get_size())
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    matrix = pdfium.FS_MATRIX(dpi / 72, 0, 0, dpi / 72, 0, 0)
    pdfium.FPDF_RenderPageBitmapWithMatrix(bitmap, page, matrix, pdfium.FS_RECTF(0, 0, width, height), 0)
    picture: Image.Image = bitmap.to_pil().convert("L")
    bitmap.close()
    return picture
