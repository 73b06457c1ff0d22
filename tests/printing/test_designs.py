"""Designs: saved in versions, published, drawn with; and everything that must not get in."""

from __future__ import annotations

import base64
import json
import struct
import threading
import tracemalloc
import uuid
import zlib
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from labels import ProductLabel, Size, builtin_template, render_bundle, template_data
from tests.cast import Cast
from tests.printing.conftest import Desk
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.platform.database import session, transaction
from wms.platform.events import EventRow
from wms.printing import queries as printing_queries
from wms.printing import service as printing
from wms.printing.designs import queries, service
from wms.printing.designs.models import LabelDesign, LabelDesignVersion, LabelPicture
from wms.printing.designs.service import Place
from wms.printing.models import LabelKind
from wms.printing.service import DocumentDraft

SIZE = Size(60, 40)
CODE = {"type": "code", "box": [2, 2, 56, 14], "symbology": "code128", "value": "{barcode}"}


def text(value: str, box: list[float] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "text", "box": box or [2, 20, 40, 6], "value": value, "largest_pt": 10, "smallest_pt": 4, **more}


def design(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "product", "size": [60, 40], "margin_mm": 1.5, "elements": [CODE, *elements], **more}


def png(shade: int = 0) -> bytes:
    data = BytesIO()
    Image.new("L", (16, 16), shade).save(data, "PNG")
    return data.getvalue()


def logo(content: bytes) -> dict[str, Any]:
    image = {"type": "image", "box": [46, 20, 10, 10], "image": "logo"}
    return design(image, images={"logo": base64.b64encode(content).decode()})


class Studio:
    """An operator at the designs."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.actor = desk.cast.supervisor

    def place(self, seller: str | None = None) -> Place:
        return Place("product", SIZE, getattr(self.desk.cast, seller).id if seller else None)

    def save(self, data: dict[str, Any], base: int = 0, seller: str | None = None) -> LabelDesignVersion:
        with transaction():
            return service.save(self.actor, self.place(seller), data, base, "a note")

    def published(self, data: dict[str, Any], base: int = 0, seller: str | None = None) -> LabelDesignVersion:
        version = self.save(data, base, seller)
        with transaction():
            return service.publish(self.actor, version.design_id, version.number)

    def refused(self, data: dict[str, Any], **more: Any) -> Refused:
        with pytest.raises(Refused) as caught, transaction():
            service.save(self.actor, more.pop("place", self.place()), data, more.pop("base", 0))
        return caught.value

    def drawn(self, seller: str) -> tuple[bytes, uuid.UUID | None]:
        """A product label of a seller, and the version that drew it."""
        facts = getattr(self.desk.cast, seller)
        product = next(iter(facts.products.values()))
        (bundle,) = self.desk.request(DocumentDraft(LabelKind.PRODUCT, "product", product, facts.id, size_mm=(60, 40)))
        self.desk.work()
        (document,) = self.desk.documents(bundle)
        with transaction():
            return printing.document_pdf(self.actor, document.id), document.design_version_id


@pytest.fixture
def studio(desk: Desk) -> Studio:
    return Studio(desk)


def codes(refusal: Refused) -> list[str]:
    return [error["code"] for error in refusal.errors] or [refusal.code]


def count(table: Any) -> int:
    with transaction():
        return session().scalar(select(func.count()).select_from(table)) or 0


def test_a_published_design_draws_and_the_label_keeps_which(studio: Studio):
    plain, none = studio.drawn("ACME")
    assert none is None
    draft = studio.save(design(text("HOUSE {sku}")))
    assert studio.drawn("ACME") == (plain, None), "a draft changes nothing"
    with transaction():
        house = service.publish(studio.actor, draft.design_id, 1)
    styled, version = studio.drawn("ACME")
    assert (styled != plain, version) == (True, house.id)
    own = studio.published(logo(png()), seller="ACME")
    assert studio.drawn("ACME")[1] == own.id, "a seller's own design goes before the house's"
    assert studio.drawn("RIVAL")[1] == house.id
    with transaction():
        service.withdraw(studio.actor, own.design_id)
    assert studio.drawn("ACME") == (styled, house.id)
    with transaction():
        rows = session().scalars(select(EventRow).where(EventRow.name == "printing.design_published")).all()
        assert [(row.data["number"], row.data["by"]) for row in rows] == [
            (1, str(studio.actor.id)), (1, str(studio.actor.id)), (0, str(studio.actor.id))
        ]  # fmt: skip


def test_the_labels_of_two_sellers_in_one_bundle_look_like_each(studio: Studio):
    own = studio.published(logo(png()), seller="ACME")
    facts = [studio.desk.cast.ACME, studio.desk.cast.RIVAL]
    drafts = [
        DocumentDraft(LabelKind.PRODUCT, "product", next(iter(each.products.values())), each.id, copies=2)
        for each in facts
    ]
    (bundle,) = studio.desk.request(*drafts)
    studio.desk.work()
    assert [each.design_version_id for each in studio.desk.documents(bundle)] == [own.id, None]


def test_a_label_drawn_again_is_drawn_by_the_version_that_drew_it(studio: Studio):
    first = studio.published(design(text("FIRST")))
    product = next(iter(studio.desk.cast.ACME.products.values()))
    (bundle,) = studio.desk.request(DocumentDraft(LabelKind.PRODUCT, "product", product, studio.desk.cast.ACME.id))
    studio.desk.work()
    with transaction():
        before = printing.bundle_pdf(studio.actor, bundle)
        sha256 = session().connection().exec_driver_sql("SELECT sha256 FROM stored_file").scalar_one()
    second = studio.published(design(text("SECOND")), base=1)
    with transaction():
        printing.redraw([sha256])
    studio.desk.work()
    (document,) = studio.desk.documents(bundle)
    with transaction():
        assert printing.bundle_pdf(studio.actor, bundle) == before
    assert document.design_version_id == first.id != second.id


def test_versions_are_kept_restored_and_told_with_their_makers(studio: Studio):
    first = studio.published(design(text("FIRST")))
    studio.save(design(text("SECOND")), base=1)
    with transaction():
        service.restore(studio.actor, first.design_id, 1)
    with transaction():
        told = queries.versions_of(first.design_id)
        newest = queries.load_version(first.design_id, 3)
        assert newest.data == queries.load_version(first.design_id, 1).data
        assert [(row.number, row.note, row.restored_from) for row in told] == [
            (3, None, 1),
            (2, "a note", None),
            (1, "a note", None),
        ]
        assert {row.made_by for row in told} == {told[-1].published_by} == {"Sam Supervisor"}
        (row,) = queries.designs()
        assert (row.newest, row.published) == (3, 1)


def test_two_people_do_not_save_over_each_other(studio: Studio):
    studio.save(design(text("FIRST")))
    refusal = studio.refused(design(text("MINE")))
    assert (refusal.code, refusal.params) == ("design_changed", {"number": 1})
    done: list[object] = []

    def save(app: Any, value: str) -> None:
        with app.app_context():
            try:
                with transaction():
                    done.append(service.save(studio.actor, studio.place(), design(text(value)), 1).number)
            except Refused as refused:
                done.append(refused.code)

    from flask import current_app

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    threads = [threading.Thread(target=save, args=(app, name)) for name in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, done)) == ["2", "design_changed"]


def test_the_same_picture_is_stored_once(studio: Studio):
    studio.save(logo(png()))
    studio.save(logo(png()), base=1)
    studio.save(logo(png(200)), base=2)
    assert (count(LabelPicture), count(LabelDesignVersion)) == (2, 3)


def bomb(width: int, height: int, packed: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


SVG_BOMB = b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;'>]><svg>&b;</svg>"


REFUSED: list[tuple[dict[str, Any], str]] = [
        (logo(SVG_BOMB), "label.image_not_png"),
        (logo(b"\xff\xd8\xff\xe0 a photograph"), "label.image_not_png"),
        (logo(bomb(4000, 2000, zlib.compress(bytes(60_000_000), 9))), "label.image_too_large"),
        (logo(bomb(65_000, 65_000, zlib.compress(b"\0" * 1000))), "label.image_too_large"),
        (logo(bomb(8, 8, zlib.compress(bytes(30_000_000), 9))), "label.image_too_large"),
        (logo(png()[:-20]), "label.image_broken"),
        (logo(png() + bytes(1_000_000)), "label.image_too_large"),
        (design(images={"logo": "?"}), "label.image_broken"),
        (design(text("{sku}", [2, 20, -5, 5])), "label.out_of_range"),
        (design(text("{sku}", [2, 20, 1e9, 5])), "label.out_of_range"),
        (design(text("x" * 501)), "label.bad_value"),
        (design(text("{sku")), "label.bad_braces"),
        (design({"type": "script"}), "label.unknown_word"),
        (design(*[text("x")] * 401), "label.too_many_elements"),
        ({**design(), "size": [-60, 40]}, "label.out_of_range"),
        ({**design(), "size": [70, 50]}, "design_elsewhere"),
        ({**design(), "kind": "carton"}, "design_elsewhere"),
        ({"elements": 7}, "label.bad_name"),
]  # fmt: skip


def test_what_cannot_be_kept_is_refused_and_nothing_changes(studio: Studio):
    for data, expected in REFUSED:
        tracemalloc.start()
        refusal = studio.refused(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert expected in codes(refusal), expected
        assert peak < 150_000_000, f"{expected}: no more than the header of a picture may promise"
    assert (count(LabelDesign), count(LabelDesignVersion), count(LabelPicture)) == (0, 0, 0)


FAULTY: list[tuple[dict[str, Any], str]] = [
        (text("{colour}"), "label.unknown_field"), (text("{sku}", [55, 20, 20, 5]), "label.outside_page"),
        (text("{sku}", [2, 4, 20, 5]), "label.quiet_zone"), (text("\U0001f600"), "label.missing_glyph"),
        ({**CODE, "box": [2, 20, 8, 14]}, "label.module_below_two_dots"),
        ({"type": "image", "box": [2, 20, 9, 9], "image": "logo"}, "label.unknown_image"),
        (text("{name}", [2, 20, 3, 3], overflow="refuse"), "label.text_does_not_fit"),
]  # fmt: skip


def test_a_draft_may_be_wrong_but_is_not_published(studio: Studio):
    for base, (element, expected) in enumerate(FAULTY):
        version = studio.save(design(element), base)
        with pytest.raises(Refused) as caught, transaction():
            service.publish(studio.actor, version.design_id, version.number)
        assert caught.value.code == "design_has_faults"
        named = {(error["code"], "/".join(error["pointer"].split("/")[:3])) for error in caught.value.errors}
        assert (expected, "/elements/1") in named
    assert studio.drawn("ACME")[1] is None


def test_a_place_must_be_a_kind_and_size_of_the_labels(studio: Studio):
    bins = {**design(), "kind": "location", "size": [100, 60]}
    acme = studio.desk.cast.ACME.id
    assert studio.refused(bins, place=Place("location", Size(100, 60), acme)).code == "design_of_house_only"
    assert studio.refused(bins, place=Place("location", Size(100, 61))).code == "not_found"
    assert studio.refused(bins, place=Place("banner", Size(100, 60))).code == "not_found"


def test_what_a_design_cannot_print_is_refused_for_that_label_with_its_numbers(studio: Studio):
    """The builtin label falls back to another code; this design does not, and one long barcode does not fit."""
    studio.published({**design(text("{sku}")), "elements": [{**CODE, "box": [2, 2, 30, 14]}, text("{sku}")]})
    cast = studio.desk.cast
    wanted = [
        DocumentDraft(LabelKind.PRODUCT, "product", each, cast.ACME.id, size_mm=(60, 40))
        for each in cast.ACME.products.values()
    ]
    (bundle,) = studio.desk.request(*wanted)
    studio.desk.work()
    refused = [each for each in studio.desk.documents(bundle) if each.state == "refused"]
    if not refused:
        pytest.fail("a barcode of the cast must be too long for 30 mm")
    assert refused[0].refusal == "code_does_not_fit"
    assert refused[0].refusal_facts is not None
    assert refused[0].refusal_facts["box_width_mm"] == pytest.approx(30, abs=0.2)
    with pytest.raises(Refused) as caught, transaction():
        printing_queries.require_ready(refused[0])
    from flask import current_app

    from wms.platform.pages import show_refusal

    with current_app.test_request_context(headers={"Accept-Language": "en"}):
        assert "and has 29.9" in show_refusal(caught.value)


# ---------- pages ----------


def form(**fields: object) -> dict[str, str]:
    return {"command_id": str(new_id()), **{name: str(value) for name, value in fields.items()}}


def test_an_operator_designs_in_the_browser(studio: Studio, cast: Cast, fresh_client: FlaskClient):
    caller = cast.sign_in(fresh_client, cast.supervisor)
    assert "Label designs" in caller.get("/office/designs").get_data(as_text=True)
    opened = caller.get("/office/designs/new?kind=product&size=60x40&seller=ACME").get_data(as_text=True)
    assert "data-design-overlay" in opened
    place = {"kind": "product", "size": "60x40", "seller": "ACME"}
    made = caller.post("/office/designs/save", data=form(**place, base=0, note="logo", data=json.dumps(logo(png()))))
    assert made.status_code == 302, made.get_data(as_text=True)[:500]
    where = made.headers["Location"]
    again = caller.get("/office/designs/new?kind=product&size=60x40&seller=ACME")
    assert again.headers["Location"] == where
    assert f"{where}/1/publish" in caller.get(where).get_data(as_text=True)
    assert caller.post(f"{where}/1/publish", data=form()).status_code == 302
    page = caller.get(where).get_data(as_text=True)
    assert "Version 1 is in force" in page
    assert f"{where}/1/publish" not in page, "what is in force is not offered again"
    assert "Sam Supervisor" in page
    picture = caller.get(f"{where}/1.png")
    assert Image.open(BytesIO(picture.data)).size == (479, 319) or picture.mimetype == "image/png"
    refused = caller.post("/office/designs/save", data=form(**place, base=1, data=json.dumps(design({"type": "x"}))))
    assert refused.status_code == 422
    assert "is no kind of element" in refused.get_data(as_text=True)
    for wrong in ({"note": "a\x00b"}, {"data": json.dumps(design(text("\x00")))}, {"data": '{"\\ud800": 1}'}):
        given = {"data": json.dumps(design()), "base": 1, **wrong}
        assert caller.post("/office/designs/save", data=form(**place, **given)).status_code == 422, wrong
    for number in ("0", "99", "3000000000"):
        assert caller.get(f"{where}/{number}.png").status_code == 404
        assert caller.get(f"{where}?version={number}").status_code == 404
        assert caller.post(f"{where}/{number}/publish", data=form()).status_code == 404
    for step in (f"{where}/1/restore", f"{where}/withdraw"):
        assert caller.post(step, data=form()).status_code == 302
    assert "Not published" in caller.get(where).get_data(as_text=True)
    for path in (
        "new?kind=product&size=9x9",
        "new?kind=toaster&size=60x40",
        "new?kind=product&size=60x40&seller=NO",
        f"{new_id()}",
    ):
        assert caller.get(f"/office/designs/{path}").status_code == 404, path


def test_the_preview_shows_the_label_and_says_what_is_wrong(studio: Studio, cast: Cast, fresh_client: FlaskClient):
    caller = cast.sign_in(fresh_client, cast.supervisor)

    def look(data: object, **more: object) -> dict[str, Any]:
        answer = caller.post("/office/designs/preview", json={"data": data, **more})
        assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
        return answer.json

    for dpi in (203, 300, 600):
        shown = look(template_data(builtin_template("product", SIZE)), dpi=dpi, sample=1)
        picture = Image.open(BytesIO(base64.b64decode(shown["picture"].split(",")[1])))
        assert abs(picture.width - 60 / 25.4 * dpi) <= 1
        assert all(each["severity"] == "warning" for each in shown["findings"])
    wrong = look(design(text("{sku}", [2, 4, 20, 5])), sample=999, dpi="x")
    assert wrong["picture"], "a wrong design is shown all the same"
    assert {"at": "elements[1]", "severity": "error", "other": "elements[0]",
            "text": "disturbs the white space that a bar code needs around it"} in wrong["findings"]  # fmt: skip
    assert look({"kind": "x"})["picture"] is None
    assert look(None)["findings"][0]["text"] == "must be an object"
    assert look(design(text("{colour}")))["picture"] is None
    assert len(look(design(*[text("{sku}")] * 300))["findings"]) == 60
    for body in (b"{", b"[" * 40, b"7", b'{"data": {"\\ud800": 1}}', b'{"data": ' + b"9" * 400 + b"}"):
        answer = caller.send("POST", "/office/designs/preview", data=body, content_type="application/json")
        assert answer.status_code == 422


def test_only_who_may_design_gets_in(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    for person in (cast.picker, cast.customs_clerk, cast.acme_person):
        caller = cast.sign_in(fresh_client, person, face="portal")
        assert caller.get("/office/designs").status_code == 403
        assert caller.post("/office/designs/preview", json={"data": {}}).status_code == 403
        assert caller.post("/office/designs/save", data=form(kind="product", size="60x40")).status_code == 403


def test_a_chosen_template_is_for_its_kind_and_size_only():
    label = ProductLabel(barcode="100200345671", sku="A")
    own = builtin_template("product", Size(50, 30))
    from labels import LabelRefused

    with pytest.raises(LabelRefused) as refused:
        render_bundle([label], chosen=[own])
    assert (refused.value.code, refused.value.params["label"]) == ("size_not_offered", 0)
