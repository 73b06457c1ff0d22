"""Use cases of printing. The owners of orders and bookings call these inside their own transaction."""

from __future__ import annotations

from wms.printing.service.erasure import erase_due, erase_labels_of, redraw
from wms.printing.service.files import bundle_pdf, document_pdf
from wms.printing.service.prints import (
    age_prints,
    arm,
    arm_bundle,
    confirm_printed,
    report_lost,
    reprint,
    request_print,
)
from wms.printing.service.requests import DocumentDraft, request_documents, void_documents

__all__ = [
    "DocumentDraft",
    "age_prints",
    "arm",
    "arm_bundle",
    "bundle_pdf",
    "confirm_printed",
    "document_pdf",
    "erase_due",
    "erase_labels_of",
    "redraw",
    "report_lost",
    "reprint",
    "request_documents",
    "request_print",
    "void_documents",
]
