"""Cut-offs and closed days in the office, fill rules in the portal: saved, shown, refused by field."""

from __future__ import annotations

from html import unescape

from wms.core.ids import new_id

TYPED = {"warehouse": "DE1", "carrier": "HOUSE", "orders_until": "14:00", "truck_at": "17:30", "work_minutes": "90",
         "days": ["0", "1", "4"]}  # fmt: skip


def form(**fields: object) -> dict[str, object]:
    return {"command_id": str(new_id()), **fields}


def test_a_cut_off_is_set_shown_and_removed(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    assert supervisor.post("/office/cut-offs", data=form(**TYPED)).status_code == 302
    assert life.ask("SELECT (orders_until, truck_at, work_minutes, weekdays, priority)::text FROM cut_off") == (
        "(840,1050,90,19,0)"
    )
    page = unescape(supervisor.get("/office/cut-offs").get_data(as_text=True))
    assert "17:30" in page
    key = life.ask("SELECT id FROM cut_off")
    assert f"/office/cut-offs/{key}/drop" in page
    assert supervisor.post(f"/office/cut-offs/{key}/drop", data=form()).status_code == 302
    assert life.ask("SELECT count(*) FROM cut_off") == 0
    for name, wrong in (("truck_at", "13:00"), ("truck_at", "25:00"), ("days", []), ("carrier", "X"), ("warehouse", "X"),
                        ("work_minutes", "x"), ("service", "X"), ("priority", "10")):  # fmt: skip
        answer = supervisor.post("/office/cut-offs", data=form(**TYPED | {name: wrong}))
        assert answer.status_code == 422, name
        assert f'id="{name}-error"' in answer.get_data(as_text=True) or name == "days"
    assert life.ask("SELECT count(*) FROM cut_off") == 0


def test_closed_days_are_replaced_as_a_whole(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    for typed, count in (("2026-12-25\n2026-12-26\n2026-12-25", 2), ("2027-01-01", 1), ("", 0)):
        fields = form(closed_warehouse="DE1", closed_days=typed)
        assert supervisor.post("/office/cut-offs/closed", data=fields).status_code == 302
        assert life.ask("SELECT count(*) FROM closed_day") == count
    for wrong in (form(closed_warehouse="DE1", closed_days="Christmas"), form(closed_warehouse="X", closed_days="")):
        assert supervisor.post("/office/cut-offs/closed", data=wrong).status_code == 422
    typed = form(closed_warehouse="DE1", closed_days="2026-12-25\n26.12.2026")
    assert "“26.12.2026” is no date." in unescape(
        supervisor.post("/office/cut-offs/closed", data=typed).get_data(as_text=True)
    )


def test_a_seller_says_what_becomes_of_orders_without_stock(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    assert seller.post("/portal/orders/terms", data=form(seller="ACME", fill="partial")).status_code == 302
    assert life.ask("SELECT fill_rule FROM order_terms") == "partial"
    assert 'value="partial" checked' in seller.get("/portal/orders/terms").get_data(as_text=True)
    for wrong in ({"seller": "RIVAL", "fill": "partial"}, {"seller": "ACME", "fill": "some"}):
        assert seller.post("/portal/orders/terms", data=form(**wrong)).status_code == 404


def test_the_list_shows_what_is_at_risk(cast, client, life):
    supervisor = cast.sign_in(client, cast.supervisor)
    shown = supervisor.get("/office/orders?risk=1").get_data(as_text=True)
    assert life.promised.number not in shown
    with life.app.app_context():
        from sqlalchemy import text

        from wms.platform.database import session

        session().execute(
            text("UPDATE outbound_order SET release_by = now() - interval '1 minute' WHERE id = :id"),
            {"id": life.promised.id},
        )
        session().commit()
    shown = supervisor.get("/office/orders?risk=1").get_data(as_text=True)
    assert life.promised.number in shown
    assert life.short.number not in shown
