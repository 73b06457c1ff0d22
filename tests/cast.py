"""The fixed cast of all tests: two sellers, their keys, the warehouse's people, two small warehouses, a dozen products
of each seller. It is the demonstration cast (`wms/seed.py`) in smaller buildings, put once into the template database.

    def test_…(cast, db_session):
        create_order(cast.acme, …)                      # an Actor: for service tests

    def test_…(cast, client):
        api = cast.api(client, "ACME")                  # the seller's system, over HTTP
        api.post("/api/v1/products", {...})             # an Idempotency-Key of its own each time
        floor = cast.sign_in(client, cast.picker)       # a person with a cookie, over HTTP
        floor.post("/floor/…", {"raw": "…"})            # with the anti-forgery token

Actors: acme, rival (the sellers' API keys), acme_person, rival_person, agency (both sellers), receiver, picker,
supervisor, admin (every warehouse), customs_clerk (NGB1 only). Warehouses: overseas (DE1), bonded (NGB1).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.facility.models import Location, Station, Warehouse
from wms.identity import authentication, queries, service
from wms.identity.models import Seller
from wms.platform import access
from wms.platform.database import commit, session
from wms.seed import Extent, demo_key, seed_demo_cast

EXTENT = Extent(aisles=2, bays=3, levels=2, stations=1, totes=4, services=False)  # tests define their own


def build(app: Flask) -> None:
    """Put the cast into an empty, migrated database."""
    seed_demo_cast(app, EXTENT)


@dataclass(frozen=True)
class SellerFacts:
    """`products` by SKU: the same SKUs exist with both sellers."""

    id: uuid.UUID
    code: str
    key: str
    products: dict[str, uuid.UUID]


@dataclass(frozen=True)
class WarehouseFacts:
    """`locations` and `stations` by code; `labels` from a location's code to its barcode."""

    id: uuid.UUID
    code: str
    locations: dict[str, uuid.UUID]
    labels: dict[str, str]
    stations: dict[str, uuid.UUID]


class Caller:
    """A client with credentials. `post`, `patch`, `put`, `delete` send what the surface wants; `get` as it is."""

    def __init__(
        self, client: FlaskClient, headers: dict[str, str], cookie: str | None = None, key: bool = False
    ) -> None:
        # A client of its own: a shared cookie jar would make one person of two.
        self.client = type(client)(client.application, client.application.response_class, use_cookies=False)
        self.headers, self.cookie, self.needs_key = headers, cookie, key
        self.get = partial(self.send, "GET")
        self.post = partial(self.send, "POST")
        self.patch = partial(self.send, "PATCH")
        self.put = partial(self.send, "PUT")
        self.delete = partial(self.send, "DELETE")

    def send(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = None,
        match: int | None = None,
        **options: Any,
    ) -> TestResponse:
        """`key`: the Idempotency-Key (a new one by default); `match`: the version for If-Match; `data=`: a form."""
        headers = {**self.headers, **options.pop("headers", {})}
        if self.cookie is not None:
            headers["Cookie"] = f"{self.client.application.extensions['wms_cookie']}={self.cookie}"
        if method != "GET" and (self.needs_key or key is not None):
            headers.setdefault("Idempotency-Key", key or str(new_id()))
        if match is not None:
            headers["If-Match"] = f'"v{match}"'
        if json is not None:
            options["json"] = json
        return self.client.open(path, method=method, headers=headers, **options)


@dataclass(frozen=True)
class Cast:
    """Everything by name. Ids are the same in every database of the run."""

    ACME: SellerFacts
    RIVAL: SellerFacts
    overseas: WarehouseFacts
    bonded: WarehouseFacts
    acme: Actor
    rival: Actor
    acme_person: Actor
    rival_person: Actor
    agency: Actor
    receiver: Actor
    picker: Actor
    customs_clerk: Actor
    supervisor: Actor
    admin: Actor

    def people(self) -> dict[str, Actor]:
        """Those who log in, by the name they have here."""
        names = (
            "acme_person",
            "rival_person",
            "agency",
            "receiver",
            "picker",
            "customs_clerk",
            "supervisor",
            "admin",
        )
        return {name: getattr(self, name) for name in names}

    def api(self, client: FlaskClient, seller_code: str = "ACME") -> Caller:
        """The seller's system, on `/api/`."""
        seller: SellerFacts = getattr(self, seller_code)
        return Caller(client, {"Authorization": f"Bearer {seller.key}"}, key=True)

    def sign_in(self, client: FlaskClient, person: Actor, face: str | None = None) -> Caller:
        """A person with an open login (made directly: a password takes a tenth of a second to check)."""
        app = client.application
        with _context(app):
            app.extensions["wms_cookie"] = authentication.cookie_name()
            opened = service.open_session(person.id, face or ("floor" if "floor" in person.roles else "portal"))
            commit()
            known = queries.session_by_hash(authentication.hash_random(opened.token))
            assert known is not None
            token = access._token_of(queries.actor_from_person(known, opened.session_id))
        return Caller(client, {"X-CSRF-Token": token}, cookie=opened.token)


def load(app: Flask) -> Cast:
    """Read the cast of a database that has it."""
    with _context(app):
        people = {
            name: queries.actor_of_user(user.id)
            for name, login in {
                "acme_person": "acme@demo", "rival_person": "rival@demo", "agency": "agency@demo",
                "receiver": "receiver@demo", "picker": "picker@demo", "customs_clerk": "clerk@demo",
                "supervisor": "supervisor@demo", "admin": "admin@demo",
            }.items()
            if (user := queries.user_by_login(login)) is not None
        }  # fmt: skip
        acme, rival = _seller("ACME"), _seller("RIVAL")
        keys = {"acme": authentication.by_key(acme.key), "rival": authentication.by_key(rival.key)}
        found = Cast(acme, rival, _warehouse("DE1"), _warehouse("NGB1"), **people, **keys)  # type: ignore[arg-type]
        session().rollback()
    return found


@contextmanager
def _context(app: Flask) -> Iterator[None]:
    """The active context of a service test, or one of its own."""
    if has_app_context():
        yield
        return
    with app.app_context():
        yield


def _seller(code: str) -> SellerFacts:
    key = session().scalars(select(Seller.id).where(Seller.code == code)).one()
    products = session().execute(select(Product.sku, Product.id).where(Product.owner_id == key))
    return SellerFacts(key, code, demo_key(code), {row[0]: row[1] for row in products})


def _warehouse(code: str) -> WarehouseFacts:
    key = session().scalars(select(Warehouse.id).where(Warehouse.code == code)).one()
    locations = session().scalars(select(Location).where(Location.warehouse_id == key)).all()
    stations = session().scalars(select(Station).where(Station.warehouse_id == key)).all()
    return WarehouseFacts(
        key, code, {each.code: each.id for each in locations}, {each.code: each.barcode for each in locations},
        {each.code: each.id for each in stations},
    )  # fmt: skip
