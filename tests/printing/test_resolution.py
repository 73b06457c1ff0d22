"""Bars stand on whole dots of the printer that a label goes to, whichever that is; papers have as many pages as they need."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from flask.testing import FlaskClient

from labels import Label, LabelRefused, Manifest, ManifestLine, Size, check_incoming
from tests.cast import Cast
from tests.printing.agents import Bench
from tests.printing.conftest import Desk
from tests.printing.test_agents import send
from tests.printing.test_incoming import NUMBERS, SIZE, sellers_pdf
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.facility.service import create_station
from wms.platform.database import session, transaction
from wms.printing import service as printing
from wms.printing.agent import raster
from wms.printing.models import LabelBundle, LabelDocument
from wms.printing.service import DocumentDraft
from wms.printing.sources import sources


def printed(bench: Bench, document: LabelDocument) -> bytes:
    """What the agent of the bench wrote into its folder."""
    job = send(bench, document)
    bench.settled(2)
    return (bench.folder / "printed" / "out" / f"wms-{job.id}.pdf").read_bytes()


def is_even(pdf: bytes, dpi: int) -> bool:
    """Whether the bars and gaps of each linear code, as the head burns them, are of whole modules."""
    (page,) = raster.pages_as_dots(pdf, dpi)
    black = np.unpackbits(np.frombuffer(page.bits, np.uint8)).reshape(page.height, -1)[:, : page.width]
    grey = np.ascontiguousarray(255 - 255 * black)
    found = [each for each in zxingcpp.read_barcodes(grey) if each.format == zxingcpp.BarcodeFormat.Code128]
    assert found, "it is read"
    widths: list[int] = []
    for code in found:
        at = code.position
        row = black[(at.top_left.y + at.bottom_left.y) // 2]
        edges = np.flatnonzero(np.diff(row))
        inside = edges[(edges >= at.top_left.x - 3) & (edges <= at.top_right.x + 3)]
        widths += np.diff(inside).tolist()
    return all(width % min(widths) == 0 for width in widths)


def dpi_of(document: LabelDocument) -> int:
    with transaction():
        return session().get_one(LabelBundle, document.bundle_id).dpi


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_a_label_is_drawn_for_the_printer_it_goes_to(
    dpi: int, desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path
):
    before = desk.ready()  # nobody knows yet where it will be printed
    bench = Bench(cast, fresh_client, tmp_path, None, dpi=dpi)
    after = desk.ready()
    bench.settled()
    assert (dpi_of(before), dpi_of(after)) == (203, dpi)
    for document in (before, after):
        assert is_even(printed(bench, document), dpi)
    with transaction():
        in_the_file = printing.document_pdf(SYSTEM, before.id)
    assert is_even(in_the_file, dpi) is (dpi == 203), "or this test could not fail"


def test_the_resolution_of_most_benches_counts_and_the_others_are_drawn_for(
    desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path
):
    """Two benches print waybills with 300 dots an inch, one with 203: the wave is drawn for the two."""
    benches = []
    for number, dpi in enumerate([203, 300, 300], 2):
        (tmp_path / str(number)).mkdir()
        bench = Bench(cast, fresh_client, tmp_path / str(number), None, dpi=dpi)
        with transaction():
            place = next(iter(cast.overseas.locations.values()))
            made = create_station(cast.admin, cast.overseas.id, f"P{number:02}", f"Bench {number}", place)
            bench.station_id = made.id
            printing.bind_station(cast.supervisor, bench.station_id, "waybill", bench.printer_id)
        bench.settled()
        benches.append(bench)
    (bundle_id,) = desk.request(*(desk.draft() for _ in benches))
    desk.work()
    documents = desk.documents(bundle_id)
    assert dpi_of(documents[0]) == 300
    for bench, document, dpi in zip(benches, documents, (203, 300, 300), strict=True):
        assert is_even(printed(bench, document), dpi)


def test_what_others_drew_is_printed_as_it_is_at_any_resolution(
    desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path
):
    bench = Bench(cast, fresh_client, tmp_path, None, dpi=600)
    bench.settled()
    parcel = new_id()
    desk.refused[parcel] = "sellers_own"
    (page,) = printing.keep_label_file(sellers_pdf(NUMBERS[0]), SIZE, NUMBERS[:1])
    with transaction():
        draft = desk.draft(parcel, barcode=NUMBERS[0], size_mm=SIZE)
        document_id = printing.add_incoming(SYSTEM, cast.overseas.id, draft, page.kept)
    with transaction():
        document = session().get_one(LabelDocument, document_id)
        lies_there = printing.document_pdf(SYSTEM, document_id)
    came = printed(bench, document)
    assert check_incoming(came, Size(*SIZE), tracking_number=NUMBERS[0]).confirmed
    with pypdfium2.PdfDocument(came) as one, pypdfium2.PdfDocument(lies_there) as other:
        assert one[0].render(scale=2).to_numpy().tobytes() == other[0].render(scale=2).to_numpy().tobytes()


def papers(lines: dict[uuid.UUID, int]):
    """Manifests of so many parcels."""

    def contents(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
        return [
            Manifest(number=str(each.barcode), barcode=str(each.barcode), carrier="DHL",
                     lines=tuple(ManifestLine(tracking_number=f"TS{number:010}")
                                 for number in range(lines[each.subject_id])))
            for each in documents
        ]  # fmt: skip

    return contents


def test_a_paper_has_as_many_pages_as_its_list_needs(desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path):
    short, long, endless = new_id(), new_id(), new_id()
    sources.add({"manifest": papers({short: 3, long: 150, endless: 1900})})
    bench = Bench(cast, fresh_client, tmp_path, None, dpi=600, width_mm=210.0, height_mm=297.0)
    with transaction():
        printing.bind_station(cast.supervisor, bench.station_id, "manifest", bench.printer_id)
    bench.settled()
    drafts = [
        DocumentDraft("manifest", "manifest", subject, barcode=f"MF-{place}", copies=2)
        for place, subject in enumerate((short, long, endless))
    ]
    (bundle_id,) = desk.request(*drafts)
    desk.work()
    first, second, third = desk.documents(bundle_id)
    assert (first.sheets, first.page_index, second.page_index) == (1, 0, 2)
    assert second.sheets > 1
    assert (third.state, third.refusal) == ("refused", "too_many_pages")  # the others are printed
    came = printed(bench, second)
    with pypdfium2.PdfDocument(came) as document, transaction():
        assert len(document) == 2 * second.sheets
        assert "150" in document[second.sheets - 1].get_textpage().get_text_bounded(), (
            "its numbers go on from page to page"
        )
        with pypdfium2.PdfDocument(printing.document_pdf(SYSTEM, second.id)) as one_copy:
            assert len(one_copy) == second.sheets
