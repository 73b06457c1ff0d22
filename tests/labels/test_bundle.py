"""Bundles: one label a page, exact sizes, the same bytes for the same labels, one page cut out."""

from __future__ import annotations

import ctypes
import hashlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from labels import KINDS, Label, LabelRefused, LocationLabel, ProductLabel, Size, extract_page, render_bundle
from labels.samples import samples, samples_of
from tests.labels.reading import page_pixels

EVERYTHING = tuple(label for labels in samples().values() for label in labels)
BUNDLES = [EVERYTHING[at : at + 100] for at in range(0, len(EVERYTHING), 100)]
POINTS_PER_MM = 72 / 25.4


@pytest.mark.parametrize("labels", BUNDLES)
def test_sizes_are_exact_and_pages_upright(labels: tuple[Label, ...]) -> None:
    bundle = render_bundle(labels)
    document = pypdfium2.PdfDocument(bundle.pdf)
    assert len(document) == len(bundle.pages) == len(labels)
    for page, info, label in zip(document, bundle.pages, labels, strict=True):
        left, bottom, right, top = page.get_mediabox()
        assert (left, bottom) == (0, 0)
        assert abs(right / POINTS_PER_MM - label.size.width_mm) < 0.01
        assert abs(top / POINTS_PER_MM - label.size.height_mm) < 0.01
        assert (info.width_mm, info.height_mm) == (label.size.width_mm, label.size.height_mm)
    document.close()
    assert b"/Rotate" not in bundle.pdf
    assert b"ASCII85" not in bundle.pdf


def test_same_labels_same_bytes_in_another_process() -> None:
    here = [hashlib.sha256(render_bundle(labels).pdf).hexdigest() for labels in BUNDLES]
    assert [hashlib.sha256(render_bundle(labels).pdf).hexdigest() for labels in BUNDLES] == here
    program = (
        "import hashlib; from labels import render_bundle; from labels.samples import samples\n"
        "every = [label for labels in samples().values() for label in labels]\n"
        "for at in range(0, len(every), 100): print(hashlib.sha256(render_bundle(every[at : at + 100]).pdf).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
    )
    assert there.stdout.decode().split() == here


def test_the_library_stands_alone(tmp_path: Path) -> None:
    """Copied away from the rest, without what only tests have installed, it still makes its samples, the same bytes."""
    shutil.copytree(Path(__file__).parents[2] / "labels", tmp_path / "labels")
    program = (
        "import sys; sys.modules.update(numpy=None, cv2=None); from labels.__main__ import main;"
        "sys.exit(main(['samples', '--out', 'out']))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    name = "waybill-100x150"
    assert (tmp_path / "out" / f"{name}.pdf").read_bytes() == render_bundle(samples()[name]).pdf


@pytest.mark.parametrize("kind", KINDS)
def test_a_label_in_a_bundle_looks_as_it_does_alone(kind: str) -> None:
    """What is kept for the pages to come never ends up on one where it does not belong."""
    by_size = [samples_of(kind, size) for size in KINDS[kind].sizes]
    mixed = [label for labels in zip(*by_size, strict=True) for label in labels]
    together = render_bundle(mixed)
    for place, label in enumerate(mixed):
        alone = page_pixels(render_bundle([label]).pdf, 0, 100)
        assert np.array_equal(page_pixels(together.pdf, place, 100), alone), label


WITHOUT_FONTS = """
import ctypes, hashlib, sys
import pypdfium2, pypdfium2.raw as pdfium
pdfium.FPDF_DestroyLibrary()
none = (ctypes.POINTER(ctypes.c_char) * 1)(None)
pdfium.FPDF_InitLibraryWithConfig(pdfium.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=none))
for page in pypdfium2.PdfDocument(sys.stdin.buffer.read()):
    print(hashlib.sha256(page.render(scale=2, grayscale=True).to_numpy().tobytes()).hexdigest())
"""


@pytest.mark.parametrize("labels", BUNDLES)
def test_every_page_prints_the_same_without_any_font_of_the_system(labels: tuple[Label, ...]) -> None:
    """Rendered, not extracted: text that is only named in the file would be missing or look different."""
    pdf = render_bundle(labels).pdf
    done = subprocess.run([sys.executable, "-c", WITHOUT_FONTS], input=pdf, capture_output=True, check=True)
    document = pypdfium2.PdfDocument(pdf)
    here = [hashlib.sha256(page.render(scale=2, grayscale=True).to_numpy().tobytes()).hexdigest() for page in document]
    document.close()
    assert done.stdout.decode().split() == here


def test_other_labels_other_bytes() -> None:
    assert (
        render_bundle([LocationLabel(code="A", barcode="A")]).pdf
        != render_bundle([LocationLabel(code="A", barcode="B")]).pdf
    )


@pytest.mark.parametrize("page", [0, 7, 99])
def test_one_page_cut_out_prints_the_same(page: int) -> None:
    bundle = render_bundle(EVERYTHING[-100:])
    single = extract_page(bundle.pdf, page)
    assert len(pypdfium2.PdfDocument(single)) == 1
    assert np.array_equal(page_pixels(single, 0, 203), page_pixels(bundle.pdf, page, 203))
    assert extract_page(bundle.pdf, page) == single


def test_a_page_cut_in_another_second_is_the_same_file() -> None:
    """PDFium writes the time into what it makes; files are known by their content."""
    bundle = render_bundle(EVERYTHING[:5])
    first = extract_page(bundle.pdf, 2)
    time.sleep(1.1)
    assert extract_page(bundle.pdf, 2) == first
    assert extract_page(bundle.pdf, 3) != first
    document = pypdfium2.PdfDocument(first)
    assert document.get_metadata_dict()["CreationDate"].startswith("D:20000101000000")
    document.close()


@pytest.mark.parametrize("page", [-1, 1])
def test_pages_that_are_not_there(page: int) -> None:
    with pytest.raises(LabelRefused) as refused:
        extract_page(render_bundle(EVERYTHING[:1]).pdf, page)
    assert (refused.value.code, refused.value.params) == ("no_such_page", {"page": page, "pages": 1})


def test_a_page_is_small_and_shares_its_constant_part() -> None:
    labels = [LocationLabel(code=f"A-{place:02d}", barcode=f"L-A-{place:02d}", arrow="up") for place in range(100)]
    bundle = render_bundle(labels)
    assert len(bundle.pdf) < 100 * 2000
    assert len(re.findall(rb"/Subtype /Form", bundle.pdf)) == 1


def test_limits() -> None:
    labels: list[Label] = [LocationLabel(code="A", barcode="A")] * 101
    assert len(render_bundle(labels[:100]).pages) == 100
    with pytest.raises(LabelRefused) as refused:
        render_bundle(labels)
    assert (refused.value.code, refused.value.params) == ("too_many_pages", {"pages": 101, "limit": 100})
    with pytest.raises(LabelRefused, match="no_labels"):
        render_bundle([])
    with pytest.raises(LabelRefused, match="bad_dpi"):
        render_bundle(labels[:1], dpi=100)
    with pytest.raises(LabelRefused, match="size_not_offered"):
        render_bundle([ProductLabel(barcode="1", sku="1", size=Size(33, 33))])
    with pytest.raises(LabelRefused, match="unknown_label"):
        render_bundle([Label(size=Size(60, 40))])


def _objects(handle: Any, count: Any, get: Any) -> list[Any]:
    found = []
    for place in range(count(handle)):
        each = get(handle, place)
        if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_FORM:
            found += _objects(each, pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject)
        else:
            found.append(each)
    return found


@pytest.mark.parametrize("labels", BUNDLES)
def test_every_text_is_drawn_with_an_embedded_font(labels: tuple[Label, ...]) -> None:
    document = pypdfium2.PdfDocument(render_bundle(labels).pdf)
    texts = 0
    for page in document:
        for each in _objects(page.raw, pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject):
            if pdfium.FPDFPageObj_GetType(each) == pdfium.FPDF_PAGEOBJ_TEXT:
                assert pdfium.FPDFFont_GetIsEmbedded(pdfium.FPDFTextObj_GetFont(each)) == 1
                size = ctypes.c_float()
                assert pdfium.FPDFTextObj_GetFontSize(each, size)
                assert size.value >= 3.4, "smaller than a thermal printer can show"
                texts += 1
    document.close()
    assert texts > 300
