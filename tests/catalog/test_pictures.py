"""The picture of a product: by API and in the portal, shown to its own people and to the floor."""

from __future__ import annotations

import base64
import io
import uuid
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from tests.refused_forms import refused
from wms.catalog import service
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.platform import files, pictures, uploads
from wms.platform.database import session, transaction
from wms.platform.pictures import drawn_small

MUG = "MUG-450-BLUE"


def photo(colour: str = "red", size: tuple[int, int] = (1000, 500)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


def sent(content: bytes, name: str = "mug.png") -> dict[str, str]:
    return {"name": name, "content": base64.b64encode(content).decode()}


def stored() -> int:
    return int(session().execute(text("SELECT count(*) FROM stored_file")).scalar_one())


@pytest.fixture
def api(cast, client) -> Any:
    return cast.api(client, "ACME")


@pytest.fixture
def path(cast) -> str:
    return f"/api/v1/products/{cast.ACME.products[MUG]}"


def test_a_picture_is_set_read_and_replaced(api, path):
    before = api.get(path).json
    assert before["picture"] is None
    done = api.send("PUT", f"{path}/picture", sent(photo()))
    assert (done.status_code, done.json["version"]) == (200, before["version"] + 1)
    shown = api.get(path).json
    assert shown["picture"] == done.json["picture"]
    assert shown["updated_at"] > before["updated_at"], "who keeps a copy hears of it"
    got = api.get(shown["picture"])
    assert (got.status_code, got.mimetype) == (200, "image/jpeg")
    assert got.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(got.data)).size == (800, 400)
    second = api.send("PUT", f"{path}/picture", sent(photo("blue"))).json["picture"]
    assert second != shown["picture"]
    assert api.get(shown["picture"]).status_code == 404
    red, _, blue = Image.open(io.BytesIO(api.get(second).data)).getpixel((400, 200))  # type: ignore[misc]
    assert blue > 200 > 50 > red
    assert stored() == 1, "the one before is forgotten"
    with transaction():
        files.sweep_orphans(0)
    assert sum(len(batch) for batch in files.store().listing()) == 1


def test_a_retry_sets_it_once(api, path):
    key = str(new_id())
    first, again = (api.send("PUT", f"{path}/picture", sent(photo()), key=key) for _ in range(2))
    assert (first.status_code, first.json) == (200, again.json)
    assert again.headers["Idempotent-Replay"] == "true"
    assert stored() == 1


def test_a_retry_that_a_newer_release_draws_otherwise_is_the_same_command(api, path, monkeypatch):
    key = str(new_id())
    first = api.send("PUT", f"{path}/picture", sent(photo()), key=key)
    monkeypatch.setattr(pictures, "QUALITY", 60)
    again = api.send("PUT", f"{path}/picture", sent(photo()), key=key)
    assert (again.status_code, again.json) == (200, first.json)
    other = api.send("PUT", f"{path}/picture", sent(photo("blue")), key=key)
    assert (other.status_code, other.json["code"]) == (422, "command_id_reused")


def test_a_picture_is_taken_away(api, path):
    picture = api.send("PUT", f"{path}/picture", sent(photo())).json["picture"]
    gone = api.send("DELETE", f"{path}/picture", None)
    assert (gone.status_code, gone.json["picture"]) == (200, None)
    assert api.get(path).json["picture"] is None
    assert api.get(picture).status_code == 404
    assert stored() == 0
    assert api.send("DELETE", f"{path}/picture", None).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (sent(b"%PDF-1.4 %%EOF", "mug.pdf"), "/content", "file_kind"),
        (sent(photo(), "mug.exe"), "/content", "file_kind"),
        (sent(photo()[:-20]), "/content", "file_broken"),
        (sent(photo(size=(6000, 5000))), "/content", "picture_too_large"),
        ({"name": "mug.png", "content": "not base64!"}, "/content", "file_not_base64"),
        ({"name": "mug.png"}, "/content", "required"),
        (sent(photo()) | {"colour": "red"}, "/colour", "unknown_field"),
    ],
)
def test_a_bad_file_is_refused_at_its_field(api, path, body, pointer, code):
    answer = api.send("PUT", f"{path}/picture", body)
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [(pointer, code)]
    assert stored() == 0


def test_another_sellers_picture_is_not_there(cast, client, api, path):
    picture = api.send("PUT", f"{path}/picture", sent(photo())).json["picture"]
    rival = cast.api(client, "RIVAL")
    assert rival.get(picture).status_code == 404
    assert rival.send("PUT", f"{path}/picture", sent(photo("blue"))).status_code == 404
    assert rival.send("DELETE", f"{path}/picture", None).status_code == 404
    mine = f"/api/v1/products/{cast.RIVAL.products[MUG]}"
    assert rival.get(picture.replace(path, mine)).status_code == 404, "nor under a product of one's own"
    assert api.get(picture).status_code == 200


def test_pages_show_it_to_its_own_people_and_to_the_warehouse(cast, client, api, path):
    api.send("PUT", f"{path}/picture", sent(photo()))
    product = cast.ACME.products[MUG]
    picture_id = session().execute(text("SELECT picture_id FROM product WHERE id = :id"), {"id": product}).scalar_one()
    address = f"/pictures/{product}/{picture_id}"
    assert client.get(address).status_code == 302, "nobody is asked to sign in first"
    for person in (cast.acme_person, cast.receiver, cast.supervisor):
        caller = cast.sign_in(client, person)
        got = caller.get(address)
        assert (got.status_code, got.mimetype) == (200, "image/jpeg")
        assert f'src="{address}"' in caller.get("/portal/products").get_data(as_text=True)
    stranger = cast.sign_in(client, cast.rival_person)
    assert stranger.get(address).status_code == 404
    assert str(picture_id) not in stranger.get("/portal/products").get_data(as_text=True)
    assert cast.sign_in(client, cast.acme_person).get(f"/pictures/{product}/{uuid.uuid4()}").status_code == 404


def form(**files_: Any) -> dict[str, Any]:
    return {"command_id": str(new_id()), **files_}


def test_a_seller_sets_and_removes_it_in_the_portal(cast, client):
    seller, product = cast.sign_in(client, cast.acme_person), cast.ACME.products[MUG]
    page = f"/portal/products/{product}"
    assert "None yet." in seller.get(page).get_data(as_text=True)
    done = seller.post(f"{page}/picture", data=form(file=(io.BytesIO(photo()), "mug.png")))
    assert done.status_code == 302
    shown = seller.get(page).get_data(as_text=True)
    assert f'class="product-picture" src="/pictures/{product}/' in shown
    assert "Another picture" in shown
    assert seller.post(f"{page}/picture/remove", data=form()).status_code == 302
    assert "None yet." in seller.get(page).get_data(as_text=True)
    assert stored() == 0


@pytest.mark.parametrize(
    ("files_", "told"),
    [
        ({}, "Required."),
        ({"file": (b"%PDF-1.4 %%EOF", "mug.pdf")}, "Not a file of the kinds taken here, or named as another kind."),
        ({"file": (b"\x89PNG\r\n\x1a\nrest", "mug.png")}, "The file is damaged or not complete."),
    ],
)
def test_a_bad_file_is_told_at_the_forms_field(cast, client, files_, told):
    seller, page = cast.sign_in(client, cast.acme_person), f"/portal/products/{cast.ACME.products[MUG]}"
    sent_files = {name: (io.BytesIO(content), called) for name, (content, called) in files_.items()}
    answer = seller.post(f"{page}/picture", data={**form(), "file": (io.BytesIO(b""), "")} | sent_files)
    assert refused(answer, f"{page}/picture", "file")[0] == told
    assert stored() == 0


def test_a_picture_that_another_product_is_about_to_have_stays(api, cast, path):
    """The same photo serves two sizes of a shirt: one is given it in the moment in which the other gets another."""
    api.send("PUT", f"{path}/picture", sent(photo()))
    kept = drawn_small(
        uploads.checked(photo(), "mug.png", uploads.PHOTOS), "/content"
    ).keep()  # its row is still to come
    api.send("PUT", f"{path}/picture", sent(photo("blue")))
    red = f"/api/v1/products/{cast.ACME.products['MUG-450-RED']}"
    with transaction():
        service.set_picture(SYSTEM, cast.ACME.products["MUG-450-RED"], kept)
    assert api.get(api.get(red).json["picture"]).status_code == 200
