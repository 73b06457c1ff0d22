"""Papers and labels of one order as one PDF, drawn when somebody asks for them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from labels import Label, LabelRefused, pages_of, render_bundle
from labels.kinds import kind_of
from wms.core.refusals import Refused, not_found
from wms.printing.designs.choice import house_templates

MOST_PAGES = 1_000


def drawn(contents: Sequence[Label], owner_id: uuid.UUID) -> bytes:
    """The pages of these contents, in their seller's design or the house's where there is one. 404 where there are none;
    refuses `too_many_labels`, `label_not_drawn`.
    """
    if not contents:
        raise not_found("label")
    if len(contents) > MOST_PAGES:
        raise Refused("too_many_labels", {"limit": MOST_PAGES})
    templates = {
        (each.kind, each.size): each for each in house_templates({kind_of(each).name for each in contents}, owner_id)
    }
    try:
        pages = [page for each in contents for page in pages_of(each, templates.get((kind_of(each).name, each.size)))]
        return render_bundle(pages, templates=list(templates.values())).pdf
    except LabelRefused as fault:
        raise Refused("label_not_drawn", {"reason": fault.code}) from fault
