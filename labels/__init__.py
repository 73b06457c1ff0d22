"""Labels as PDF: frozen dataclasses in, bytes out. See README.md in this folder."""

from labels.barcodes import encode
from labels.bundle import Bundle, Code, PageInfo, extract_page, render_bundle, render_sheets
from labels.content import *  # noqa: F403  the content classes, all of them
from labels.content import __all__ as _contents
from labels.errors import LabelRefused
from labels.incoming import Incoming, check_incoming
from labels.kinds import KINDS, builtin_template
from labels.layouts import LAYOUTS, Layout
from labels.media import Size
from labels.paging import pages_of
from labels.preview import preview_png
from labels.template_data import Finding, read_template, template_data
from labels.typeface import missing_glyphs
from labels.validator import check_template, check_template_data
from labels.vocabulary import Template

__all__ = [
    *_contents,
    "KINDS",
    "LAYOUTS",
    "Bundle",
    "Code",
    "Finding",
    "Incoming",
    "LabelRefused",
    "Layout",
    "PageInfo",
    "Size",
    "Template",
    "builtin_template",
    "check_incoming",
    "check_template",
    "check_template_data",
    "encode",
    "extract_page",
    "missing_glyphs",
    "pages_of",
    "preview_png",
    "read_template",
    "render_bundle",
    "render_sheets",
    "template_data",
]
