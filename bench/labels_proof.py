"""python bench/labels_proof.py: every generated content at every resolution, sub-dot offset and mode.

The suite reads each of the 2,000 once, in a way drawn from its hash; this is the whole product, 96,000
readings, on two processes. Prints what was misread and fails if anything was.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from labels.media import SUPPORTED_DPI
from tests.labels.generated import COUNT, Case, cases, document_of, page_of
from tests.labels.reading import OFFSETS, misread, opened

PART = 50


def wrong_in(given: list[Case]) -> list[str]:
    """What is misread of these contents, at one resolution, in all ways."""
    pages = [page_of(case) for case in given]
    wrong: list[str] = []
    with opened(document_of([operators for operators, _ in pages])) as drawn:
        for page, (_, info), case in zip(drawn, pages, given, strict=True):
            for offset in OFFSETS:
                for one_bit in (False, True):
                    wrong += misread(page, info, case.dpi, offset, one_bit=one_bit)
    return wrong


def parts(count: int) -> Iterator[list[Case]]:
    every = list(cases(count))
    for dpi in SUPPORTED_DPI:
        for at in range(0, count, PART):
            yield [replace(case, dpi=dpi) for case in every[at : at + PART]]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    wrong: list[str] = []
    with ProcessPoolExecutor(options.processes) as pool:
        for done, found in enumerate(pool.map(wrong_in, parts(options.count)), start=1):
            wrong += found
            print(f"{done * PART:6d} contents read, {len(wrong)} misread", end="\r", flush=True)
    print(f"\n{options.count * len(SUPPORTED_DPI) * len(OFFSETS) * 2:,} readings, {len(wrong)} wrong")
    for each in wrong[:40]:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
