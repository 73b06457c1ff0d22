"""Every built-in label can be restyled: the editor opens on it with samples, the version draws what it is of."""

from __future__ import annotations

from typing import Any

import orjson
import pypdfium2
import pytest

from labels import KINDS, CustomsWaybillLabel, Size, builtin_template, template_data
from labels.samples import samples, samples_of
from tests.office.test_pages import form
from wms.core.ids import new_id
from wms.office import design_words
from wms.platform.database import session, transaction
from wms.printing.designs import service
from wms.printing.designs.choice import versions_for
from wms.printing.designs.service import Place
from wms.printing.models import LabelDocument

PLACES = [(kind, size) for kind, found in KINDS.items() for size in found.every_size]


def words_of(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def restyled(kind: str, size: Size) -> dict[str, Any]:
    """The built-in template without its texts' boxes at one place: a word of the house's own in the first free corner."""
    data = template_data(builtin_template(kind, size))
    return {**data, "elements": [each for each in data["elements"] if each["type"] != "text"]}


def published(boss: Any, kind: str, size: Size, data: dict[str, Any]) -> Any:
    with transaction():
        made = service.save(boss, Place(kind, size, None), data, 0, None)
        return service.publish(boss, made.design_id, made.number)


def test_the_editor_opens_on_every_kind_and_size_without_a_fault(cast, client, life):
    boss = cast.sign_in(client, cast.supervisor)
    listed = boss.get("/office/designs").text
    for kind in KINDS:
        assert f'name="kind" value="{kind}"' in listed, kind
        assert design_words.kind_name(kind) != kind, f"{kind} has a name"
    boss.post("/language", data={"language": "zh-CN"})
    for kind, size in PLACES:
        page = boss.get(f"/office/designs/new?kind={kind}&size={size.name}")
        assert page.status_code == 200, (kind, size)
        asked = {"data": template_data(builtin_template(kind, size)), "dpi": 203, "sample": 1}
        seen = boss.post("/office/designs/preview", json=asked).json
        assert str(seen["picture"]).startswith("data:image/png;base64,"), (kind, size, seen["findings"])
        assert [each["text"] for each in seen["findings"] if each["severity"] == "error"] == [], (kind, size)


@pytest.mark.parametrize("kind", ["command", "self-test"])
def test_cards_are_drawn_with_the_houses_design(kind: str, cast, client, life):
    boss = cast.sign_in(client, cast.admin)
    before = words_of(boss.get("/office/warehouses/cards.pdf").data)
    (size,) = {each.size for each in samples()[next(name for name in samples() if name.startswith(f"{kind}-"))]}
    with life.app.app_context():
        published(cast.admin, kind, size, restyled(kind, size))
    after = words_of(boss.get("/office/warehouses/cards.pdf").data)
    changed = [place for place, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    assert changed == ([len(before) - 1] if kind == "self-test" else list(range(len(before) - 1)))


@pytest.mark.parametrize(
    ("kind", "stored"), [("waybill-customs", "waybill"), ("printer-test", "printer"), ("manifest", "manifest")]
)
def test_what_a_document_says_decides_which_design_draws_it(kind: str, stored: str, cast, life):
    """A waybill across a border has a customs form below; a printer's document is a test label."""
    size = KINDS[kind].sizes[0]
    content = next(each for each in samples_of(kind, size))
    document = LabelDocument(
        id=new_id(), kind=stored, width_mm=size.width_mm, height_mm=size.height_mm, owner_id=cast.ACME.id
    )
    with life.app.app_context():
        assert versions_for([document], [content]) == [None]
        version = published(cast.supervisor, kind, size, restyled(kind, size))
        assert versions_for([document], [content]) == [version.id]
        if isinstance(content, CustomsWaybillLabel):
            plain = next(iter(samples_of("waybill", size)))
            assert versions_for([document, document], [plain, content]) == [None, version.id]
        session().rollback()


def test_a_design_is_kept_as_it_came_and_changes_nothing_until_it_is_published(cast, client, life):
    boss = cast.sign_in(client, cast.supervisor)
    size = KINDS["pallet"].sizes[0]
    data = template_data(builtin_template("pallet", size))
    sent = form(kind="pallet", size=size.name, base="0", note="as it came", data=orjson.dumps(data).decode())
    answer = boss.post("/office/designs/save", data=sent)
    assert answer.status_code in (302, 303)
    assert boss.get(answer.headers["Location"]).status_code == 200
