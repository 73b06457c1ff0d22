"""Who says what a label says: label kind → function of the feature whose record it is about.

Contents are asked for when a bundle is rendered, never stored in the queue or the outbox. The composition root fills
the table from each feature's `documents.py` (attribute `SOURCES`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from labels import Label, LabelRefused

if TYPE_CHECKING:
    import uuid

    from wms.printing.models import LabelDocument

# One content per document, in their order; a LabelRefused stands in for a label that must not be printed.
Contents = Sequence[Label | LabelRefused]
Source = Callable[[Sequence["LabelDocument"]], Contents]
T = TypeVar("T")


def in_turn(
    documents: Sequence[LabelDocument], known: Mapping[uuid.UUID, T], content: Callable[[T, LabelDocument], Label]
) -> list[Label | LabelRefused]:
    """The contents of these documents, in their order, each from what is `known` of its subject; refused where that is gone."""
    return [
        content(known[each.subject_id], each) if each.subject_id in known else LabelRefused("source_gone", {})
        for each in documents
    ]


class SourceTable:
    def __init__(self) -> None:
        self.by_kind: dict[str, Source] = {}

    def add(self, sources: Mapping[str, Source]) -> None:
        """Names are label kinds; the last one given counts, so that a test can put its own in the place of one."""
        self.by_kind.update({str(kind): source for kind, source in sources.items()})

    def contents_of(self, documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
        """The contents of documents of any kinds, in their order: one call for each kind."""
        found: dict[int, Label | LabelRefused] = {}
        for kind in dict.fromkeys(document.kind for document in documents):
            places = [place for place, document in enumerate(documents) if document.kind == kind]
            made = self._asked(kind, [documents[place] for place in places])
            found.update(zip(places, made, strict=True))
        return [found[place] for place in range(len(documents))]

    def _asked(self, kind: str, documents: Sequence[LabelDocument]) -> Contents:
        if kind not in self.by_kind:
            return [LabelRefused("no_source", {"kind": kind})] * len(documents)
        return self.by_kind[kind](documents)


sources = SourceTable()
