"""Two thousand generated contents, printed and read back to exactly the content."""

from __future__ import annotations

from collections import Counter

import pytest

from labels import render_bundle
from labels.media import SUPPORTED_DPI
from tests.labels.generated import COUNT, MAKERS, Case, cases, document_of, mixed_labels, page_of
from tests.labels.reading import OFFSETS, misread, opened

CASES = list(cases())
PART = 250


def wrong_of(given: list[Case]) -> list[str]:
    pages = [page_of(case) for case in given]
    with opened(document_of([operators for operators, _ in pages])) as drawn:
        return [
            wrong
            for page, (_, info), case in zip(drawn, pages, given, strict=True)
            for wrong in misread(page, info, case.dpi, case.offset, one_bit=case.one_bit)
        ]


@pytest.mark.parametrize("start", range(0, COUNT, PART))
def test_generated_contents_read_back(start: int) -> None:
    assert wrong_of(CASES[start : start + PART]) == []


def test_they_are_of_every_sort() -> None:
    """The draw leaves out no resolution, offset or mode, nor what the contents are meant to hold."""
    assert len(CASES) == COUNT
    ways = Counter((case.dpi, case.offset, case.one_bit) for case in CASES)
    assert len(ways) == len(SUPPORTED_DPI) * len(OFFSETS) * 2
    per_symbology = Counter(case.symbology for case in CASES)
    assert min(per_symbology.values()) >= COUNT // len(MAKERS)
    code128 = [case.content for case in CASES if case.symbology == "code128"]
    assert {len(content) for content in code128} >= {1, 80}
    assert sum(content.startswith("99") for content in code128) > 150
    assert len({character for content in code128 for character in content}) == 128


@pytest.mark.parametrize("dpi", SUPPORTED_DPI)
def test_labels_of_mixed_scripts_read_back(dpi: int) -> None:
    labels = mixed_labels(60)
    bundle = render_bundle(labels, dpi=dpi)
    wrong: list[str] = []
    with opened(bundle.pdf) as pages:
        for number, (page, info) in enumerate(zip(pages, bundle.pages, strict=True)):
            wrong += misread(page, info, dpi, OFFSETS[number % len(OFFSETS)], one_bit=number % 2 == 1)
    assert wrong == []
