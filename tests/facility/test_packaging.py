"""The catalogue of boxes and bags: in the office, over the API, and who may do what."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import select

from tests.refused_forms import refused
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.packaging import service
from wms.facility.packaging.models import Packaging
from wms.facility.packaging.queries import inserts_of, load_packaging, packaging_seen
from wms.platform.database import session
from wms.printing.documents import location_labels
from wms.printing.models import LabelDocument

SIDES = ("length", "width", "height")
TYPED = {
    "code": "BOX-XL", "name": "Carton XL", "kind": "carton", "empty_g": "650", "max_g": "30000", "cost_minor": "1.25",
    **{f"inner_{side}_mm": str(size) for side, size in zip(SIDES, (600, 400, 400), strict=True)},
    **{f"outer_{side}_mm": str(size) for side, size in zip(SIDES, (612, 412, 412), strict=True)},
    "is_active": "1",
}  # fmt: skip


def post(caller, path: str, **changes: str | None):
    body = {"command_id": str(new_id()), **TYPED, **changes}
    return caller.post(path, data={name: value for name, value in body.items() if value is not None})


@pytest.fixture
def office(cast, client, db_session):
    return cast.sign_in(client, cast.supervisor)


@pytest.fixture
def path(cast) -> str:
    return f"/office/packaging/in/{cast.overseas.id}"


def made(cast) -> Packaging:
    session().expire_all()
    query = select(Packaging).where(Packaging.warehouse_id == cast.overseas.id, Packaging.code == "BOX-XL")
    return session().scalars(query).one()


def test_a_box_is_added_and_changed(cast, office, path) -> None:
    assert post(office, path).status_code == 302
    box = made(cast)
    assert (box.barcode[:9], box.cost_minor, box.takes_dangerous, box.owner_id) == ("C-BOX-XL-", 125, False, None)
    page = unescape(office.get("/office/packaging?warehouse=DE1").get_data(as_text=True))
    assert "Carton XL" in page and "600 × 400 × 400" in page and "1.25 EUR" in page
    one = f"/office/packaging/{box.id}"
    assert 'value="1.25"' in office.get(one).get_data(as_text=True)
    change = {"code": None, "name": "Very large", "takes_dangerous": "1", "is_active": None, "version": "1"}
    assert post(office, one, **change).status_code == 302
    box = made(cast)
    assert (box.name, box.takes_dangerous, box.is_active, box.version) == ("Very large", True, False, 2)
    stale = post(office, one, **change)
    assert stale.status_code == 422
    assert made(cast).version == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "BOX-M"}, "There is already a box or bag BOX-M here."),
        ({"outer_width_mm": "399"}, "The outside is no smaller than the inside."),
        ({"max_g": "650"}, "It must carry more than it weighs."),
        ({"name": None}, 'aria-describedby="name-error"'),
        ({"inner_height_mm": "0"}, 'aria-describedby="inner_height_mm-error"'),
        ({"cost_minor": "-1"}, 'aria-describedby="cost_minor-error"'),
        ({"code": "böx"}, 'aria-describedby="code-'),
        ({"seller": "NOBODY"}, 'aria-describedby="seller-error"'),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(cast, office, path, changes, said) -> None:
    answer = post(office, path, **changes)
    assert answer.status_code == 422
    page = unescape(answer.get_data(as_text=True))
    assert said in page
    assert session().scalars(select(Packaging.code).where(Packaging.code == "BOX-XL")).all() == []


def test_a_seller_s_own_box_is_theirs_alone(cast, client, office, path) -> None:
    assert post(office, path, seller="ACME").status_code == 302
    box = made(cast)
    assert box.owner_id == cast.ACME.id
    listing = f"/api/v1/warehouses/{cast.overseas.id}/packaging"
    acme, rival = cast.api(client).get(listing).json["data"], cast.api(client, "RIVAL").get(listing).json["data"]
    assert {each["code"] for each in acme} - {each["code"] for each in rival} == {"BOX-XL"}
    (own,) = [each for each in acme if each["is_own"]]
    assert (own["inner_length_mm"], own["max_g"], own["cost_minor"]) == (600, 30_000, 125)
    assert load_packaging(cast.acme, box.id) == box
    with pytest.raises(Refused):
        load_packaging(cast.rival, box.id)


@pytest.mark.parametrize(
    ("person", "status"), [("acme_person", 403), ("receiver", 403), ("customs_clerk", 403), ("admin", 302)]
)
def test_only_who_builds_the_house_adds(cast, client, db_session, path, person, status) -> None:
    caller = cast.sign_in(client, getattr(cast, person))
    assert post(caller, path).status_code == status
    assert caller.get("/office/packaging").status_code == (200 if status == 302 else 403)


def test_services_refuse_whoever_may_not(cast, db_session) -> None:
    box = packaging_seen(cast.admin, cast.overseas.id)[0]
    for actor in (cast.acme, cast.receiver, cast.customs_clerk):
        with pytest.raises(Refused) as refused:
            service.edit_packaging(actor, box.id, None, {"name": "Mine"})
        assert refused.value.code == "not_found"
    with pytest.raises(Refused) as refused:
        service.edit_packaging(cast.admin, box.id, None, {"barcode": "X"})
    assert refused.value.errors[0] == {"pointer": "/barcode", "code": "unknown_field", "params": {}}
    with pytest.raises(Refused):
        packaging_seen(cast.customs_clerk, cast.overseas.id)


def test_what_goes_in_besides_is_set_up_and_ended(cast, client, office, path) -> None:
    def send(**typed: str):
        return office.post(f"{path}/inserts", data={"command_id": str(new_id()), **typed})

    assert send(name="Summer flyer", seller="ACME", country="de").status_code == 302
    (made,) = inserts_of(cast.overseas.id)
    assert (made.name, made.owner_id, made.country) == ("Summer flyer", cast.ACME.id, "DE")
    assert "Summer flyer" in office.get("/office/packaging?warehouse=DE1").get_data(as_text=True)
    for typed, field in (
        ({"name": "", "country": "DE"}, "name"), ({"name": "X", "country": "D"}, "country"),
        ({"name": "X", "seller": "NOBODY"}, "seller"),
    ):  # fmt: skip
        answer = send(**typed)
        stands = {name: value for name, value in typed.items() if name != "seller"}
        assert refused(answer, f"/office/packaging/in/{cast.overseas.id}/inserts", field, **stands)
    assert [each.id for each in inserts_of(cast.overseas.id)] == [made.id]
    end = f"/office/packaging/inserts/{made.id}/end"
    assert cast.sign_in(client, cast.receiver).post(end, data={"command_id": str(new_id())}).status_code == 403
    for actor in (cast.acme, cast.receiver):
        with pytest.raises(Refused):
            service.end_insert(actor, made.id)
    for _ in range(2):
        assert office.post(end, data={"command_id": str(new_id())}).status_code == 302
    assert inserts_of(cast.overseas.id) == []


def test_labels_of_boxes_carry_their_codes(cast, office, path) -> None:
    answer = office.post(f"/office/packaging/in/{cast.overseas.id}/labels", data={"command_id": str(new_id())})
    assert (answer.status_code, "/labels/bundles/" in answer.headers["Location"]) == (302, True)
    wanted = {each.code: each.barcode for each in packaging_seen(cast.admin, cast.overseas.id) if each.is_active}
    asked = session().scalars(select(LabelDocument).where(LabelDocument.subject_kind == "packaging")).all()
    drawn = location_labels(asked)
    assert {label.code: label.barcode for label in drawn} == wanted
    assert all(each.barcode.startswith("C-") and each.barcode.endswith(f"-{each.check}") for each in drawn)
