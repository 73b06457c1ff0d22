"""Labels of bins: by level, in each size and on A4 sheets, pointing where the bin is; products on sheets."""

from __future__ import annotations

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from labels import KINDS, LAYOUTS
from tests.life import MUG
from tests.office.test_pages import form
from wms.facility.models import Location, Zone
from wms.office.pages.bin_labels import PAPERS
from wms.platform import outbox
from wms.platform.database import session
from wms.printing.models import LabelDocument

SHEETS = [name for name in PAPERS if name in LAYOUTS]


@pytest.fixture
def address(cast, life) -> str:
    return f"/office/bins/{cast.overseas.id}/labels"


def bins(life, level: int | None = None) -> list[Location]:
    house = life.ask("SELECT id FROM warehouse WHERE code = 'DE1'")
    with life.app.app_context():
        query = select(Location).join(Zone, Zone.id == Location.zone_id)
        query = query.where(Zone.code == "A", Location.warehouse_id == house)
        found = [each for each in session().scalars(query.order_by(Location.code)) if level in (None, each.level)]
        session().expunge_all()
        return found


def read(pdf: bytes) -> tuple[int, set[str]]:
    with pypdfium2.PdfDocument(pdf) as document:
        pictures = [page.render(scale=300 / 72, grayscale=True).to_pil() for page in document]
    return len(pictures), {code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)}


def test_every_size_that_the_kind_has_is_offered(cast, client, life):
    page = cast.sign_in(client, cast.supervisor).get("/office/bins?warehouse=DE1").text
    assert [each for each in PAPERS if f'value="{each}"' not in page] == []
    assert {size.name for size in KINDS["location"].sizes} | set(KINDS["location"].layouts) == set(PAPERS)


@pytest.mark.parametrize("size", [each for each in PAPERS if each not in LAYOUTS])
def test_one_level_in_a_size_with_an_arrow_that_stays(size, cast, client, life, address):
    boss = cast.sign_in(client, cast.supervisor)
    boss.post(address, data=form(zone="A", level=1, paper=size, arrow="up"))
    with life.app.app_context():
        for job_id, _ in outbox.due_jobs(age_seconds=-60):
            outbox.perform(job_id)
        made = session().scalars(select(LabelDocument).where(LabelDocument.kind == "location")).all()
    assert {each.subject_id for each in made} == {each.id for each in bins(life, 1)}
    assert {(each.state, f"{each.width_mm:g}x{each.height_mm:g}") for each in made} == {("ready", size)}
    assert {each.label_arrow for each in bins(life, 1)} == {"up"}
    boss.post(address, data=form(zone="A", level=1, paper=size))
    assert {each.label_arrow for each in bins(life, 1)} == {"up"}, "kept, where nothing is said"
    boss.post(address, data=form(zone="A", level=1, paper=size, arrow=""))
    assert {each.label_arrow for each in bins(life)} == {""}


@pytest.mark.parametrize("layout", SHEETS)
def test_a_sheet_holds_every_bin_from_the_first_free_place_on(layout, cast, client, life, address):
    boss = cast.sign_in(client, cast.supervisor)
    wanted, cells = {each.barcode for each in bins(life)}, LAYOUTS[layout].cells
    answer = boss.post(address, data=form(zone="A", paper=layout, start=cells - 1))
    assert answer.mimetype == "application/pdf"
    pages, codes = read(answer.data)
    assert wanted <= codes
    assert pages == -(-(len(wanted) + cells - 1) // cells)


@pytest.mark.parametrize("wrong", [
    {"zone": "A", "paper": "a4-21"}, {"zone": "A", "arrow": "sideways"}, {"zone": "A", "level": "-1"}, {"zone": ""},
    {"zone": "A", "start": "14", "paper": "a4-14"}, {"zone": "NOWHERE"},
], ids=str)  # fmt: skip
def test_nonsense_changes_nothing(wrong, cast, client, life, address):
    boss = cast.sign_in(client, cast.supervisor)
    assert boss.post(address, data=form(**wrong)).status_code == 302
    assert life.ask("SELECT count(*) FROM label_document WHERE kind = 'location'") == 0
    assert {each.label_arrow for each in bins(life)} == {""}


@pytest.mark.parametrize("layout", KINDS["product"].layouts)
def test_a_seller_gets_product_labels_on_sheets(layout, cast, client, life):
    seller, cells = cast.sign_in(client, cast.acme_person), LAYOUTS[layout].cells
    fields = {"seller": "ACME", "warehouse": "DE1", "size": layout, "lines.0.sku": MUG}
    answer = seller.post("/portal/labels", data=form(**fields, **{"lines.0.quantity": cells + 1, "action": "make"}))
    assert answer.mimetype == "application/pdf"
    pages, codes = read(answer.data)
    assert (pages, len(codes)) == (2, 1)
    too_many = seller.post("/portal/labels", data=form(**fields, **{"lines.0.quantity": 5000, "action": "make"}))
    assert too_many.status_code == (422 if 100 * cells < 5000 else 200)
