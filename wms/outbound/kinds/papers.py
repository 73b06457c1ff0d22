"""Papers and labels of one order as one PDF, drawn when somebody asks for them."""

from __future__ import annotations

from collections.abc import Sequence

from labels import Label, LabelRefused, pages_of, render_bundle
from wms.core.refusals import Refused, not_found

MOST_PAGES = 1_000


def drawn(contents: Sequence[Label]) -> bytes:
    """The pages of these contents. 404 where there are none; refuses `too_many_labels`, `label_not_drawn`."""
    if not contents:
        raise not_found("label")
    if len(contents) > MOST_PAGES:
        raise Refused("too_many_labels", {"limit": MOST_PAGES})
    try:
        return render_bundle([page for each in contents for page in pages_of(each)]).pdf
    except LabelRefused as fault:
        raise Refused("label_not_drawn", {"reason": fault.code}) from fault
