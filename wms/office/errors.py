"""Refusals of the office's pages."""

from __future__ import annotations

from wms.platform.i18n import N_

TEXTS = {
    "job_not_waiting": N_("This job runs, is done, or was resumed by somebody else."),
    "paper_nothing": N_("Type how many were picked at one line at least."),
    "paper_tote": N_("No tote of this warehouse."),
    "day_form": N_("“%(day)s” is no date. Write one a line, as 2026-12-25."),
    "nothing_ticked": N_("Tick at least one."),
    "mm_range": N_("A length in mm that printers take."),
}
