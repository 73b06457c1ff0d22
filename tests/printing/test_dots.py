"""What goes to a printer: pages as dots and their languages, IPP on the wire, the mark of a reprint, printers' own words."""

from __future__ import annotations

import random

import pypdfium2
import pytest
from PIL import Image, ImageChops

from labels import Size, WaybillLabel, render_bundle
from labels.samples import samples
from tests.printing.ordeal import codes_on
from tests.printing.simulator import read_tspl, read_zpl
from wms.printing.agent import ipp_wire as wire
from wms.printing.agent import raster
from wms.printing.agent.backend import Look, plain
from wms.printing.agent.raster import Dots, WrongPage
from wms.printing.agent.raw import read_tspl as tspl_status
from wms.printing.agent.raw import read_zpl as zpl_status
from wms.printing.printfile import make_print_file


@pytest.fixture(scope="module")
def bundle() -> bytes:
    """Three waybills, a page each."""
    return render_bundle([
        WaybillLabel(service_name="Standard", carrier_code="TEST", tracking_number=f"TS{number:012}",
                     consignee_name="Kim Example", consignee_lines=("Street 1", "DE"), size=Size(100, 150))
        for number in range(3)
    ]).pdf  # fmt: skip


def picture(pdf: bytes, page: int = 0) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        return document[page].render(scale=203 / 72, grayscale=True).to_pil()


def random_dots(dice: random.Random) -> Dots:
    """Rows of every kind: empty, full, repeated, long runs, noise; widths that end within a byte."""
    width, rows = dice.choice([1, 7, 8, 9, 200, 799, 800, 2400, 3400]), []
    row_bytes = (width + 7) // 8
    for _ in range(dice.randint(1, 9)):
        kind = dice.random()
        if rows and kind < 0.2:
            rows.append(rows[-1])
        elif kind < 0.4:
            rows.append(bytes([dice.choice([0x00, 0xFF])]) * row_bytes)
        else:
            rows.append(bytes(dice.getrandbits(8) if dice.random() < kind else 0 for _ in range(row_bytes)))
    return Dots(width, len(rows), row_bytes, b"".join(rows))


def test_dots_come_back_from_zpl_as_they_went():
    """Three hundred pages, through a reader that undoes the compression letter by letter."""
    dice = random.Random(3)
    for _ in range(300):
        dots = random_dots(dice)
        inverted = bytes(255 - value for value in dots.bits)
        wanted = Image.frombytes("1", (dots.row_bytes * 8, dots.height), inverted).crop((0, 0, dots.width, dots.height))
        assert read_zpl(raster.as_zpl([dots], "wms-x")).image.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("dpi", [203, 300])
def test_a_label_still_scans_in_both_languages(bundle: bytes, dpi: int):
    pages = raster.pages_as_dots(bundle, dpi)
    for page in pages:
        assert abs(page.width - 100 * dpi / 25.4) <= 1
        assert abs(page.height - 150 * dpi / 25.4) <= 1
    for number, page in enumerate(pages):
        zpl, tspl = read_zpl(raster.as_zpl([page], "wms-a")), read_tspl(raster.as_tspl([page], "wms-a", 100, 150))
        assert set(codes_on(zpl.image)) == set(codes_on(tspl.image)) == {f"TS{number:012}"}
        assert (zpl.name, tspl.name) == ("wms-a", "wms-a")


def test_a_page_of_another_size_or_no_pdf_is_refused(bundle: bytes):
    assert raster.check_pages(bundle, 100, 150) == 3
    for wrong in ((150, 100), (102, 150), (100, 148)):
        with pytest.raises(WrongPage):
            raster.check_pages(bundle, *wrong)
    for content in (b"", b"%PDF-1.4", b"PK\x03\x04", bundle[:200]):
        with pytest.raises(WrongPage):
            raster.check_pages(content, 100, 150)


def test_a_reprint_is_marked_on_an_empty_spot_and_still_scans(bundle: bytes):
    for mark in ("R2", "R3", "R10", "R123"):
        made = make_print_file(bundle, 1, 1, mark=mark)
        assert made.marked
        place = ImageChops.difference(picture(made.pdf), picture(bundle, 1)).getbbox()
        assert place is not None
        assert picture(bundle, 1).crop(place).getextrema() == (255, 255)
        assert set(codes_on(made.pdf)) == {"TS000000000001"}
    assert make_print_file(bundle, 1, 1, mark="R2").pdf == make_print_file(bundle, 1, 1, mark="R2").pdf


@pytest.mark.parametrize("name", samples())
def test_the_mark_of_a_reprint_keeps_out_of_the_white_beside_bars(name: str):
    """That belongs to the bars: a scanner that finds ink in it reads nothing. Full labels have a spot elsewhere."""
    drawn = render_bundle(samples()[name])
    for number, info in enumerate(drawn.pages):
        made = make_print_file(drawn.pdf, number, 1, mark="R12")
        place = ImageChops.difference(picture(made.pdf), picture(drawn.pdf, number)).getbbox()
        assert place is not None
        left, top, right, bottom = (side * 25.4 / 203 for side in place)
        assert not [
            code.content
            for code, box in zip(info.codes, info.code_boxes, strict=True)
            if min(right, box.right) > max(left, box.left) and min(bottom, box.bottom) > max(top, box.top)
        ]


def test_the_offset_moves_the_content_and_nothing_else(bundle: bytes):
    plain_box = ImageChops.invert(picture(bundle)).getbbox()
    moved = picture(make_print_file(bundle, 0, 1, offset_mm=(1.0, -0.5)).pdf)
    moved_box = ImageChops.invert(moved).getbbox()
    assert plain_box is not None
    assert moved_box is not None
    assert moved.size == picture(bundle).size
    assert (moved_box[0] - plain_box[0], moved_box[1] - plain_box[1]) == (8, -4)


@pytest.mark.parametrize(("first", "pages"), [(-1, 1), (3, 1), (2, 2), (0, 0), (0, 10_000), (0, -1)])
def test_pages_that_are_not_there_are_refused(bundle: bytes, first: int, pages: int):
    with pytest.raises(ValueError, match="pages"):
        make_print_file(bundle, first, pages)


def test_ipp_is_read_as_it_was_written():
    more = (wire.Attribute("job-id", wire.INTEGER, (-7,)), wire.Attribute("job-name", wire.NAME, ("wms-1",)),
            wire.Attribute("last-document", wire.BOOLEAN, (True,)), wire.Attribute("x", wire.KEYWORD, ("a", "b")))  # fmt: skip
    found = wire.read(wire.ask(wire.SEND_DOCUMENT, "ipp://p/", *more, data=b"%PDF"))
    assert (found.code, found.data) == (wire.SEND_DOCUMENT, b"%PDF")
    assert (found.value("job-id"), found.value("job-name"), found.value("last-document")) == (-7, "wms-1", True)
    assert found.values("x") == ["a", "b"]
    whole = wire.ask(wire.GET_JOBS, "ipp://p/", *more)
    for cut in range(len(whole)):
        with pytest.raises(wire.WrongIpp):
            wire.read(whole[:cut])


def test_printers_words_are_understood():
    def hs(first: str, second: str) -> bytes:
        return f"\x02{first}\x03\r\n\x02{second}\x03\r\n\x021234,0\x03\r\n".encode()

    idle, second = "030,0,0,1245,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000,1,000"
    assert zpl_status(hs(idle, second)) == Look("ready")
    assert zpl_status(hs("030,1,0,1245,000,0,0,0,000,0,0,0", second)) == Look("stopped", "paper_out")
    assert zpl_status(hs("030,0,1,1245,001,0,0,0,000,0,0,0", second)) == Look("stopped", "paused")
    assert zpl_status(hs("030,0,0,1245,002,0,0,0,000,0,0,0", second)) == Look("busy")
    assert zpl_status(hs(idle, "000,0,1,1,0,2,4,0,00000000,1,000")) == Look("stopped", "head_open,ribbon_out")
    assert zpl_status(b"\x02nonsense\x03") == Look("ready", "no_status")
    assert tspl_status(0x00) == Look("ready")
    assert tspl_status(0x20) == Look("busy")
    assert tspl_status(0x05) == Look("stopped", "head_open,paper_out")
    assert plain("a\x00b\n" + "c" * 200) == "a b " + "c" * 116
