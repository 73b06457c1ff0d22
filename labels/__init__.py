"""Labels as PDF: frozen dataclasses in, bytes out. See README.md in this folder."""

from labels.barcodes import encode
from labels.bundle import Bundle, Code, PageInfo, extract_page, render_bundle
from labels.content import (
    CartonCaptions,
    CartonLabel,
    ContentsLine,
    Label,
    LocationLabel,
    ProductLabel,
    WaybillCaptions,
    WaybillLabel,
)
from labels.errors import LabelRefused
from labels.media import Size
from labels.typeface import missing_glyphs

__all__ = [
    "Bundle",
    "CartonCaptions",
    "CartonLabel",
    "Code",
    "ContentsLine",
    "Label",
    "LabelRefused",
    "LocationLabel",
    "PageInfo",
    "ProductLabel",
    "Size",
    "WaybillCaptions",
    "WaybillLabel",
    "encode",
    "extract_page",
    "missing_glyphs",
    "render_bundle",
]
