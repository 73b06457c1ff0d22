"""Sample contents of every built-in label: typical in English and Chinese, longest and shortest.

They feed the command line, the validator, the proof and the benchmark. Names, numbers and addresses are
invented.
"""

from __future__ import annotations

from dataclasses import replace

from labels.content import Label
from labels.kinds import KINDS, layouts_of
from labels.layouts import Layout
from labels.media import Size
from labels.samples import goods, papers, parcels, places

_BY_KIND: dict[str, dict[str, Label]] = {**places.SAMPLES, **goods.SAMPLES, **parcels.SAMPLES, **papers.SAMPLES}


def samples_of(kind: str, size: Size) -> tuple[Label, ...]:
    """The sample contents of a kind on one stock: English, Chinese, longest, shortest."""
    return tuple(replace(label, size=size) for label in _BY_KIND[kind].values())


def samples() -> dict[str, tuple[Label, ...]]:
    """'waybill-100x150' → its sample labels, for every built-in label and each of its sizes."""
    return {f"{kind.name}-{size.name}": samples_of(kind.name, size) for kind in KINDS.values() for size in kind.sizes}


def sheet_samples() -> dict[str, tuple[Layout, tuple[Label, ...]]]:
    """'product-a4-21' → the sheet and the labels on it, a full page."""
    found: dict[str, tuple[Layout, tuple[Label, ...]]] = {}
    for kind in KINDS.values():
        for layout in layouts_of(kind):
            given = places.COMMAND_SHEET if kind.name == "command" else tuple(_BY_KIND[kind.name].values())
            labels = tuple(replace(given[cell % len(given)], size=layout.cell) for cell in range(layout.cells))
            found[f"{kind.name}-{layout.name}"] = (layout, labels)
    return found
