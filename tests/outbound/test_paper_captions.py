"""The words that the system itself puts on papers and labels are whole: two languages need more room than one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pypdfium2
import pytest

from labels import KINDS, render_bundle
from labels.samples import samples_of
from labels.typeface import ELLIPSIS
from wms.outbound.kinds import slips
from wms.outbound.pick_lists import CAPTIONS as PICK_LIST
from wms.outbound.service.load_lists import CAPTIONS as LOAD_LIST
from wms.printing.unit_labels import CAPTIONS as UNIT
from wms.returns.documents import CAPTIONS as RETURN


@pytest.mark.parametrize(("kind", "captions"), [
    ("pick-list", PICK_LIST), ("manifest", LOAD_LIST), ("packing-slip", slips.CAPTIONS), ("packing-slip", None),
    ("gate-pass", None), ("return", RETURN), ("pallet", UNIT),
])  # fmt: skip
def test_no_caption_is_cut(kind: str, captions: Any):
    """On each size, with the shortest contents, which are never cut themselves."""
    for size in KINDS[kind].sizes:
        label = samples_of(kind, size)[3]
        if captions is not None:
            label = replace(label, captions=captions)  # type: ignore[call-arg]
        document = pypdfium2.PdfDocument(render_bundle([label]).pdf)
        said = document[0].get_textpage().get_text_range()
        assert ELLIPSIS not in said, (size.name, said)
