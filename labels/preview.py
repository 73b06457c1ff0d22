"""What a template prints, as a picture for the office: one pixel a dot of the printer, at true size."""

from __future__ import annotations

from io import BytesIO

import pypdfium2

from labels.bundle import one_at_a_time, render_bundle
from labels.content import Label
from labels.vocabulary import Template


def preview_png(label: Label, *, dpi: int = 203, template: Template | None = None) -> bytes:
    """A label as a grey PNG with one pixel per printer dot.

    Its pHYs chunk carries the resolution, so that it can be shown as large as it prints: width in CSS mm is
    pixels × 25.4 / dpi. Raises LabelRefused as `render_bundle`.
    """
    pdf = render_bundle([label], dpi=dpi, templates=[] if template is None else [template]).pdf
    with one_at_a_time():
        document = pypdfium2.PdfDocument(pdf)
        try:
            picture = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
        finally:
            document.close()
    written = BytesIO()
    picture.save(written, "PNG", dpi=(dpi, dpi), optimize=False)
    return written.getvalue()
