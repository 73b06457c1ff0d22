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
from wms.platform.database import session, transaction
from wms.printing import service as printing
from wms.printing.models import LabelDocument
from wms.printing.service import PrinterDraft

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


def file_of(caller, answer) -> bytes:
    """The sheets that were made: the page of their file, and the file."""
    assert answer.status_code == 302, answer.text[:300]
    where = answer.headers["Location"]
    assert f"{where}.pdf" in caller.get(where).text
    return caller.get(f"{where}.pdf").data


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
    pages, codes = read(file_of(boss, boss.post(address, data=form(zone="A", paper=layout, start=cells - 1))))
    assert wanted <= codes
    assert pages == -(-(len(wanted) + cells - 1) // cells)


def test_a_sheet_shows_the_arrow_that_the_bins_get_with_it(cast, client, life, address):
    boss = cast.sign_in(client, cast.supervisor)
    sheet = {"zone": "A", "level": 1, "paper": SHEETS[0]}
    plain = file_of(boss, boss.post(address, data=form(**sheet)))
    pointing = file_of(boss, boss.post(address, data=form(**sheet, arrow="up")))
    assert plain != pointing
    assert {each.label_arrow for each in bins(life, 1)} == {"up"}
    assert file_of(boss, boss.post(address, data=form(**sheet))) == pointing, "as they are"
    assert file_of(boss, boss.post(address, data=form(**sheet, arrow=""))) == plain


def test_a_sheet_goes_to_a_printer_that_has_a4(cast, client, life, address):
    """Once for a command that is sent twice; as it lies in the file, whatever the printer's dots."""
    with life.app.app_context(), transaction():
        agent = printing.add_agent(cast.supervisor, cast.overseas.id, "office")
        printing.enrol(agent.text, "office", "1.1.0")
        draft = PrinterDraft(
            agent.id, "A4", "ipp", "ipp://10.0.0.9/ipp/print", dpi=600, width_mm=210.0, height_mm=297.0
        )
        printer = printing.save_printer(cast.supervisor, draft).id
        printing.note_poll(agent.id, "office", "1.1.0", 0, [printing.Told(printer, "ready", "")])
    boss = cast.sign_in(client, cast.supervisor)
    command = form(zone="A", paper=SHEETS[0])
    made = {boss.post(address, data=command).headers["Location"] for _ in range(2)}
    (where,) = made
    page = boss.get(where).text
    assert f'value="{printer}"' in page
    assert f"{-(-len(bins(life)) // LAYOUTS[SHEETS[0]].cells)} sheets" in page
    assert boss.post(f"{where}/print", data=form(printer=printer, next=where)).headers["Location"] == where
    with life.app.app_context():
        with transaction():
            ((job_id, at),) = printing.offers(agent.id)
            claim = printing.claim(agent.id, job_id)
            fetched = printing.fetch(agent.id, job_id, claim.job.claim_token)
        sent = printing.print_pdf(fetched.job, (0.0, 0.0), 600).pdf
    assert at == printer
    assert read(sent) == read(boss.get(f"{where}.pdf").data)
    assert life.ask("SELECT count(*) FROM label_document WHERE kind = 'sheet'") == 1


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
def test_a_seller_gets_product_labels_on_sheets(layout, cast, client, fresh_client, life):
    seller, cells = cast.sign_in(client, cast.acme_person), LAYOUTS[layout].cells
    fields = {"seller": "ACME", "warehouse": "DE1", "size": layout, "lines.0.sku": MUG}
    answer = seller.post("/portal/labels", data=form(**fields, **{"lines.0.quantity": cells + 1, "action": "make"}))
    pages, codes = read(file_of(seller, answer))
    assert (pages, len(codes)) == (2, 1)
    too_many = seller.post("/portal/labels", data=form(**fields, **{"lines.0.quantity": 5000, "action": "make"}))
    assert too_many.status_code == (422 if 100 * cells < 5000 else 302)
    rival = cast.sign_in(fresh_client, cast.rival_person)
    assert rival.get(answer.headers["Location"]).status_code == 404
