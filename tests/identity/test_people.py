"""Roles and who may give them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from wms.core.permissions import ROLE_PERMISSIONS
from wms.core.refusals import Refused
from wms.identity import queries, service
from wms.identity.models import Role


def refusal_of(call, *arguments) -> str:
    with pytest.raises(Refused) as refused:
        call(*arguments)
    return refused.value.errors[0]["code"] if refused.value.errors else refused.value.code


def test_the_five_roles_come_with_the_migration(cast, db_session):
    stored = {role.name: set(role.permissions) for role in db_session.scalars(select(Role))}
    assert stored == {name: {str(p) for p in permissions} for name, permissions in ROLE_PERMISSIONS.items()}


def test_actors_carry_their_scope(cast):
    assert cast.acme_person.seller_ids == {cast.ACME.id}
    assert cast.agency.seller_ids == {cast.ACME.id, cast.RIVAL.id}
    assert cast.receiver.seller_ids is None
    assert cast.receiver.warehouse_ids is None
    assert cast.customs_clerk.warehouse_ids == {cast.bonded.id}
    assert cast.picker.language == "zh_CN"
    assert cast.acme.permissions < cast.acme_person.permissions


def test_only_who_manages_people_gives_roles(cast, db_session):
    for actor in (cast.supervisor, cast.receiver, cast.acme_person, cast.acme):
        assert refusal_of(service.add_staff_role, actor, cast.receiver.id, "admin") == "not_found"
        assert refusal_of(service.create_user, actor, "new@demo", "New") == "not_found"
        assert refusal_of(service.add_membership, actor, cast.acme_person.id, cast.RIVAL.id) == "not_found"
    assert queries.actor_of_user(cast.receiver.id) == cast.receiver


def test_staff_and_sellers_people_are_never_one(cast, db_session):
    assert refusal_of(service.add_membership, cast.admin, cast.receiver.id, cast.ACME.id) == "person_is_staff"
    assert refusal_of(service.add_staff_role, cast.admin, cast.acme_person.id, "floor") == "person_is_seller"
    assert refusal_of(service.add_staff_role, cast.admin, cast.receiver.id, "seller") == "role_is_seller"
    assert refusal_of(service.add_membership, cast.admin, cast.acme_person.id, cast.ACME.id, "floor") == "role_is_staff"


def test_a_role_in_one_warehouse_never_spills_into_another(cast, db_session):
    clerk = cast.customs_clerk.id
    service.add_staff_role(cast.admin, clerk, "floor", cast.bonded.id)
    assert refusal_of(service.add_staff_role, cast.admin, clerk, "supervisor", cast.overseas.id) == "role_scope_differs"
    assert queries.actor_of_user(clerk).warehouse_ids == {cast.bonded.id}


@pytest.mark.parametrize("pin", ["123", "1234567", "12a4", "1111", ""])
def test_pins_have_four_to_six_digits(cast, db_session, pin):
    assert refusal_of(service.set_badge, cast.admin, cast.receiver.id, pin) == "pin_form"


@pytest.mark.parametrize("code", ["A", "acme", "1AB", "ACME-1", "TOOLONGCODE"])
def test_seller_codes_fit_into_numbers(cast, db_session, code):
    assert refusal_of(service.create_seller, cast.admin, code, "X") == "pattern"
