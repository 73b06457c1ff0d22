"""Services from the catalogue to the proof: every state with every action, what is kept, posted, shown and announced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from tests.added_services.desk import PHOTO, Desk
from tests.outbound.stage import BIN1, BIN2, CABLE, MUG, RED
from wms.added_services import catalogue, queries, service, working
from wms.added_services.models import Effect, ProofKind, Unit, Work
from wms.added_services.service import About, Asked
from wms.added_services.words import EFFECT_WORDS, PROOF_WORDS, UNIT_WORDS, WORK_WORDS
from wms.added_services.workflow import SERVICE, RequestState
from wms.added_services.working import Report
from wms.core.refusals import RefusalKind
from wms.customs.processing import permit_conversion
from wms.floor import service_work
from wms.inventory import service as inventory
from wms.inventory.converting import service as converting
from wms.platform.database import session

# action → how the warehouse or the seller does it, on a request of two units
ACTS = {
    "accept": lambda desk, key: service.accept(desk.cast.supervisor, key),
    "reject": lambda desk, key: service.reject(desk.cast.supervisor, key, "no room"),
    "take": lambda desk, key: working.take(desk.cast.picker, key),
    "put_back": lambda desk, key: working.put_back(desk.cast.supervisor, key),
    "report": lambda desk, key: working.report(desk.cast.picker, key, Report(1)),
    "finish": lambda desk, key: working.finish(desk.cast.picker, key),
    "cancel": lambda desk, key: service.cancel(desk.cast.acme, key),
}
# Where a nearer reason is told, or the same is so already.
ELSE: dict[tuple[str, str], str | None] = {
    **{(action, state.value): "service_not_yours" for action in ("report", "finish") for state in RequestState
       if state is not RequestState.WORKING},
    ("finish", "working"): "nothing_done",
    ("take", "working"): None,  # one's own: one goes on with it
}  # fmt: skip


@pytest.mark.parametrize("state", list(RequestState))
def test_every_action_in_every_state(desk: Desk, state: RequestState):
    found = desk.at(state.value)
    for action, act in ACTS.items():
        before = found.version
        with session().begin_nested() as savepoint:
            wanted = ELSE.get((action, state.value), None if SERVICE.permitted(action, state) else "not_allowed_now")
            if wanted is None:
                act(desk, found.id)
                session().expire_all()
                same = (action, state) == ("take", RequestState.WORKING)
                assert (found.state, found.version > before) == (SERVICE.moves[action].target, not same)
            else:
                with pytest.raises(service.Refused, match=wanted):
                    act(desk, found.id)
            session().flush()
            savepoint.rollback()
        session().info.pop("locks", None)
        session().expire_all()
        assert (found.state, found.version) == (state, before)


def test_the_words_are_there_for_every_code():
    assert set(WORK_WORDS) == set(Work)
    assert set(UNIT_WORDS) == set(Unit)
    assert set(EFFECT_WORDS) == set(Effect)
    assert set(PROOF_WORDS) == set(ProofKind)


def test_photos_are_asked_for_done_and_shown(desk: Desk):
    found = desk.at("working")
    picker, boss = desk.cast.picker, desk.cast.supervisor
    assert desk.refused(working.take, boss, found.id).code == "service_taken"
    assert desk.refused(working.report, boss, found.id, Report(1)).code == "service_not_yours"
    desk.do(working.report, picker, found.id, Report(1))
    assert desk.refused(working.report, picker, found.id, Report(2)).errors[0]["params"] == {"min": 1, "max": 1}
    lacking = desk.refused(working.finish, picker, found.id)
    assert (lacking.code, lacking.params) == ("proof_missing_photo", {"kinds": ["photo"]})
    proof = desk.photo(found)
    assert desk.refused(working.finish, picker, found.id).code == "service_less"
    desk.do(working.finish, picker, found.id, "one was broken")
    row = queries.request_row(desk.cast.acme, found.id)
    assert (row.state, row.done, row.answer, row.service_zh) == ("done", 1, "one was broken", "拍照")
    assert [(each.kind, each.value) for each in queries.proofs_of(found.id)] == [("count", 1), ("photo", None)]
    assert queries.proof_content(desk.cast.acme, found.id, proof.id)[1:] == ("image/jpeg", "done.jpg")
    for stranger, key in ((desk.cast.rival, proof.id), (desk.cast.acme, found.id)):
        refused = desk.refused(queries.proof_content, stranger, found.id, key)
        assert refused.kind is RefusalKind.NOT_FOUND
    (told,) = desk.events("service.done")
    assert (told["code"], told["unit"], told["quantity"], told["asked"]) == ("PHOTO", "unit", 1, 2)


def test_a_relabel_keeps_its_goods_and_each_report_posts_its_part(desk: Desk):
    here = desk.stock(MUG, 10, BIN1)
    found = desk.ask("RELABEL", 6, to_sku=RED)  # nobody needs to accept it
    assert (found.state, desk.free(MUG)) == ("accepted", (10, 6))
    assert desk.refused(converting.convert, desk.cast.supervisor, found.conversion_id, converting.Made(1)).code == (
        "conversion_of_another"
    )
    assert desk.refused(converting.cancel, desk.cast.acme, found.conversion_id).code == "conversion_of_another"
    desk.do(working.take, desk.cast.picker, found.id)
    desk.do(working.report, desk.cast.picker, found.id, Report(4))
    there = replace(here, product_id=desk.cast.ACME.products[RED])
    assert (desk.amounts(here), desk.amounts(there), desk.free(MUG)) == ((6, 2), (4, 0), (6, 2))
    desk.do(working.finish, desk.cast.picker, found.id, "labels ran out")
    assert (desk.free(MUG), desk.free(RED)) == ((6, 0), (4, 0))
    (told,) = desk.events("service.done")
    assert (told["quantity"], told["asked"]) == (4, 6)


def test_a_kit_is_made_at_the_bench_and_weighed(desk: Desk):
    desk.kit(RED, {MUG: 2, CABLE: 1})
    desk.stock(MUG, 5, BIN1)
    desk.stock(CABLE, 5, BIN2)
    short = desk.refused(desk.ask, "KIT", 3, sku=RED)
    assert (short.code, short.params["lines"]) == ("conversion_short", [{"sku": MUG, "wanted": 6, "free": 5}])
    found = desk.ask("KIT", 2, sku=RED)
    desk.do(service.accept, desk.cast.supervisor, found.id)
    desk.do(working.take, desk.cast.picker, found.id)
    desk.do(working.report, desk.cast.picker, found.id, Report(2, desk.cast.overseas.locations[BIN2]))
    assert desk.refused(working.finish, desk.cast.picker, found.id).params == {"kinds": ["weight"]}
    assert desk.refused(working.add_weight, desk.cast.picker, found.id, 0).kind is RefusalKind.INVALID
    desk.do(working.add_weight, desk.cast.picker, found.id, 1_250)
    desk.do(working.finish, desk.cast.picker, found.id)
    assert (desk.free(MUG), desk.free(CABLE), desk.free(RED)) == ((1, 0), (3, 0), (2, 0))


@pytest.mark.parametrize("how", ["reject", "cancel", "stop"])
def test_what_is_not_done_frees_its_goods(desk: Desk, how: str):
    desk.kit(RED, {MUG: 1})
    desk.stock(MUG, 5, BIN1)
    found = desk.ask("KIT", 3, sku=RED)
    if how == "reject":
        assert desk.refused(service.reject, desk.cast.supervisor, found.id, " ").code == "service_answer_needed"
        desk.do(service.reject, desk.cast.supervisor, found.id, "no room")
    elif how == "cancel":
        desk.do(service.cancel, desk.cast.acme, found.id, found.version)
    else:
        desk.do(service.accept, desk.cast.supervisor, found.id)
        desk.do(working.take, desk.cast.picker, found.id)
        desk.do(working.report, desk.cast.picker, found.id, Report(1))
        assert desk.refused(service.cancel, desk.cast.acme, found.id).code == "not_allowed_now"
        desk.do(working.put_back, desk.cast.picker, found.id)
        desk.do(service.cancel, desk.cast.acme, found.id)
    made = 1 if how == "stop" else 0
    session().expire_all()
    assert found.state == {"reject": "rejected", "cancel": "cancelled", "stop": "done"}[how]
    assert (desk.free(MUG), desk.free(RED)) == ((5 - made, 0), (made, 0))
    assert [each["quantity"] for each in desk.events("service.done")] == [1] * made


def test_goods_lost_meanwhile_are_looked_for_again(desk: Desk):
    here = desk.stock(MUG, 4, BIN1)
    found = desk.ask("RELABEL", 4, to_sku=RED)
    desk.do(inventory.count, desk.cast.supervisor, here, 1, inventory.Subject("test", None))
    desk.do(working.take, desk.cast.picker, found.id)
    gone = desk.refused(working.report, desk.cast.picker, found.id, Report(4))
    assert (gone.code, gone.params) == ("conversion_goods_gone", {"left": 1, "wanted": 4})
    session().expire_all()
    assert found.done == 0
    desk.do(service.renew_goods, desk.cast.supervisor, found.id)
    assert desk.refused(service.renew_goods, desk.cast.supervisor, found.id).code == "conversion_short"
    desk.stock(MUG, 5, BIN2)
    desk.do(service.renew_goods, desk.cast.supervisor, found.id)
    desk.do(working.report, desk.cast.picker, found.id, Report(4))
    desk.do(working.finish, desk.cast.picker, found.id)
    assert desk.free(RED) == (4, 0)
    photo = desk.ask("PHOTO")
    assert desk.refused(service.renew_goods, desk.cast.supervisor, photo.id).code == "not_allowed_now"


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"code": "NONE"}, "/service", "added_service_unknown"), ({"quantity": 0}, "/quantity", "not_between"),
    ({"sku": None}, "/sku", "service_of_what"), ({"sku": "NONE"}, "/sku", "product_unknown"),
    ({"code": "KIT", "sku": None, "container": "X"}, "/sku", "service_needs_product"),
    ({"location": "Z-9"}, "/location", "bin_unknown"), ({"condition": "shiny"}, "/condition", "invalid"),
    ({"container": "NONE"}, "/container", "container_unknown"),
    ({"code": "RELABEL"}, "/to_sku", "required"), ({"code": "RELABEL", "to_sku": "NONE"}, "/to_sku", "product_unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer", "code"), BAD)
def test_what_cannot_be_is_refused_at_its_field(desk: Desk, changes, pointer, code):
    desk.stock(MUG, 3, BIN1)
    wanted = {"code": "PHOTO", "quantity": 1} | changes
    refused = desk.refused(desk.ask, **wanted)
    assert [(each["pointer"], each["code"]) for each in refused.errors] == [(pointer, code)]


def test_nobody_photographs_more_than_there_is(desk: Desk):
    desk.stock(MUG, 3, BIN1)
    refused = desk.refused(desk.ask, "PHOTO", 4)
    assert (refused.code, refused.params) == ("service_more_than_there", {"there": 3, "wanted": 4})
    assert desk.refused(desk.ask, "PHOTO", 1, location=BIN2).params == {"there": 0, "wanted": 1}


def test_goods_in_bond_are_photographed_and_relabelled_once_customs_permits_it(desk: Desk):
    house = desk.cast.bonded
    desk.stock(MUG, 3, BIN1, house=house)
    session().execute(
        text("UPDATE product SET customs_item_number = 'RED-1' WHERE id = :id"), {"id": desk.cast.ACME.products[RED]}
    )
    session().commit()
    ask = (service.ask, desk.cast.acme, house.id, desk.cast.ACME.id)
    desk.do(*ask, Asked("PHOTO", 2, sku=MUG))
    asked = desk.do(*ask, Asked("RELABEL", 2, sku=MUG, to_sku=RED))
    desk.do(working.take, desk.cast.picker, asked.id)
    assert desk.refused(working.report, desk.cast.picker, asked.id, Report(1)).code == "customs_permit_needed"
    desk.do(permit_conversion, desk.cast.customs_clerk, house.id, asked.conversion_id, "JG-1")
    desk.do(working.report, desk.cast.picker, asked.id, Report(2))


def test_what_is_asked_about_a_thing_above_changes_no_book(desk: Desk):
    carton = About("carton", desk.cast.ACME.id)
    made = desk.do(service.ask_about, desk.cast.acme, desk.cast.overseas.id, desk.cast.ACME.id, desk.services["PHOTO"],
                   3, carton)  # fmt: skip
    assert (made.subject_kind, made.quantity, made.state) == ("carton", 3, "requested")
    assert service.request_about("carton", carton.id).id == made.id
    refused = desk.refused(service.ask_about, desk.cast.acme, desk.cast.overseas.id, desk.cast.ACME.id,
                           desk.services["KIT"], 1, carton)  # fmt: skip
    assert refused.code == "service_needs_product"


def test_others_see_nothing_of_it(desk: Desk):
    found = desk.at("accepted")
    cast = desk.cast
    for act, who in (
        (service.cancel, cast.rival), (service.accept, cast.acme), (service.accept, cast.picker),
        (working.take, cast.acme), (working.take, cast.customs_clerk), (queries.request_row, cast.rival),
    ):  # fmt: skip
        assert desk.refused(act, who, found.id).kind is RefusalKind.NOT_FOUND
    refused = desk.refused(service.ask, cast.rival, cast.overseas.id, cast.ACME.id, Asked("PHOTO", 1, sku=MUG))
    assert refused.kind is RefusalKind.NOT_FOUND
    assert queries.requests_page(cast.rival) == []
    assert [row.id for row in queries.requests_page(cast.acme, states=["accepted"])] == [found.id]
    assert queries.open_counted(cast.supervisor) == {"accepted": 1}
    assert service_work.next_work(cast.overseas.id, cast.picker.id) == found.id
    assert service_work.next_work(cast.bonded.id, cast.picker.id) is None


def test_the_catalogue_is_changed_and_never_rewrites_what_was_asked(desk: Desk):
    boss, photo = desk.cast.supervisor, desk.services["PHOTO"]
    assert desk.refused(catalogue.define_service, boss, PHOTO).errors[0]["code"] == "added_service_code_taken"
    assert desk.refused(catalogue.define_service, desk.cast.acme, PHOTO).kind is RefusalKind.NOT_FOUND
    label = replace(PHOTO, code="NEWLABEL", effect="none", for_differences=True)
    first = desk.define(label)
    second = desk.refused(catalogue.define_service, boss, replace(label, code="OTHER"))
    assert second.errors[0]["code"] == "service_for_differences_taken"
    assert catalogue.service_for_differences().code == "NEWLABEL"
    wrong = desk.refused(catalogue.define_service, boss, replace(label, code="KIT2", effect="kit"))
    assert wrong.errors[0]["pointer"] == "/effect"
    for name in ("work", "unit", "effect"):
        refused = desk.refused(catalogue.define_service, boss, replace(PHOTO, code="X1", **{name: "nonsense"}))
        assert refused.errors[0]["pointer"] == f"/{name}"
    gone = replace(PHOTO, is_active=False, effect="kit")
    desk.do(catalogue.change_service, boss, photo.id, gone, photo.version)
    assert (photo.is_active, photo.effect) == (False, "none")
    assert desk.refused(catalogue.change_service, boss, photo.id, PHOTO, 1).kind is RefusalKind.STALE
    assert "PHOTO" not in {each.code for each in catalogue.services()}
    assert first.version == 1


@pytest.mark.parametrize("wrong", [
    "UPDATE service_request SET done = done + 1 WHERE conversion_id IS NOT NULL",
    "UPDATE conversion SET subject_id = gen_random_uuid()",
    "UPDATE service_proof SET value = value + 1 WHERE kind = 'count'",
    "UPDATE event SET name = 'service.lost' WHERE name = 'service.done'",
])  # fmt: skip
def test_the_audit_names_what_is_wrong(desk: Desk, wrong: str):
    from wms.added_services.audit import CHECKS
    from wms.platform.auditing import run_checks

    desk.at("done")
    found = desk.ask("RELABEL", 4, to_sku=RED)
    desk.do(working.take, desk.cast.picker, found.id)
    desk.do(working.report, desk.cast.picker, found.id, Report(1))
    result = run_checks(CHECKS)
    assert result["ok"]
    assert all(each["rows"] for each in result["checks"])
    with session().begin_nested() as savepoint:
        session().execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
        session().execute(text(wrong))
        assert not run_checks(CHECKS)["ok"]
        savepoint.rollback()
