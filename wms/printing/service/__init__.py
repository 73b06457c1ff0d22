"""Use cases of printing. The owners of orders and bookings call these inside their own transaction."""

from __future__ import annotations

from wms.printing.service.ageing import age_prints
from wms.printing.service.claims import Word, arm_claimed, claim, fetch, offers, tell, unwanted
from wms.printing.service.confirming import confirm_printed
from wms.printing.service.erasure import erase_due, erase_labels_of, redraw
from wms.printing.service.files import bundle_pdf, document_pdf, print_pdf
from wms.printing.service.fleet import (
    PrinterDraft,
    Told,
    add_agent,
    bind_station,
    enrol,
    note_poll,
    pause_printer,
    renew_code,
    revoke_agent,
    save_printer,
    unbind_station,
)
from wms.printing.service.incoming import LabelPage, add_incoming, keep_label_file
from wms.printing.service.prints import (
    arm,
    report_lost,
    reprint,
    request_print,
)
from wms.printing.service.requests import DocumentDraft, hold_documents, request_documents, void_documents
from wms.printing.service.sending import (
    batch_jobs,
    cancel_print,
    print_bundle,
    print_label,
    print_when_made,
    redirect,
    reprint_job,
    resume_batch,
    send_again,
)

__all__ = [
    "DocumentDraft",
    "LabelPage",
    "PrinterDraft",
    "Told",
    "Word",
    "add_agent",
    "add_incoming",
    "age_prints",
    "arm",
    "arm_claimed",
    "batch_jobs",
    "bind_station",
    "bundle_pdf",
    "cancel_print",
    "claim",
    "confirm_printed",
    "document_pdf",
    "enrol",
    "erase_due",
    "erase_labels_of",
    "fetch",
    "hold_documents",
    "keep_label_file",
    "note_poll",
    "offers",
    "pause_printer",
    "print_bundle",
    "print_label",
    "print_pdf",
    "print_when_made",
    "redirect",
    "redraw",
    "renew_code",
    "report_lost",
    "reprint",
    "reprint_job",
    "request_documents",
    "request_print",
    "resume_batch",
    "revoke_agent",
    "save_printer",
    "send_again",
    "tell",
    "unbind_station",
    "unwanted",
    "void_documents",
]
