"""Reads of designs, for the office."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from labels import KINDS, Size
from wms.core.refusals import not_found
from wms.identity.models import Seller, User
from wms.platform.database import session
from wms.printing.designs.models import LabelDesign, LabelDesignVersion

MOST_VERSIONS = 2**31 - 1
# What belongs to one seller may look like theirs; bins and totes are the house's.
SELLERS_KINDS = frozenset({"product", "carton", "waybill", "waybill-customs", "return", "packing-slip"})


def offered_kinds() -> list[str]:
    """Every built-in kind can be restyled; the samples are the contents that the editor shows."""
    return list(KINDS)


def offered_sizes(kind: str) -> list[Size]:
    """The sizes of a kind that is offered; 404 for another."""
    if kind not in offered_kinds():
        raise not_found("label kind")
    return list(KINDS[kind].every_size)


def load_design(design_id: uuid.UUID) -> LabelDesign:
    design = session().get(LabelDesign, design_id, populate_existing=True)
    if design is None:
        raise not_found("design")
    return design


def load_version(design_id: uuid.UUID, number: int) -> LabelDesignVersion:
    """404 also for a number beyond every column."""
    if not 0 < number <= MOST_VERSIONS:
        raise not_found("design version")
    version = session().scalar(
        select(LabelDesignVersion).where(LabelDesignVersion.design_id == design_id, LabelDesignVersion.number == number)
    )
    if version is None:
        raise not_found("design version")
    return version


def design_at(kind: str, size_mm: tuple[float, float], owner_id: uuid.UUID | None) -> LabelDesign | None:
    """The design of a place, if somebody made one."""
    return session().scalar(
        select(LabelDesign)
        .where(
            LabelDesign.kind == kind, LabelDesign.width_mm == size_mm[0], LabelDesign.height_mm == size_mm[1],
            LabelDesign.owner_id.is_(None) if owner_id is None else LabelDesign.owner_id == owner_id,
        )
        .execution_options(populate_existing=True)
    )  # fmt: skip


def designs() -> Sequence[Any]:
    """Every design with its seller's code and name, the newest version's day and maker: `design`, `seller`, `made_at`,
    `made_by`."""
    return session().execute(
        select(
            LabelDesign.id, LabelDesign.kind, LabelDesign.width_mm, LabelDesign.height_mm, LabelDesign.newest,
            LabelDesign.published, Seller.code.label("seller"), LabelDesignVersion.made_at, User.name.label("made_by"),
        )
        .join(LabelDesignVersion, LabelDesignVersion.design_id == LabelDesign.id)
        .outerjoin(Seller, Seller.id == LabelDesign.owner_id)
        .outerjoin(User, User.id == LabelDesignVersion.made_by)
        .where(LabelDesignVersion.number == LabelDesign.newest)
        .order_by(LabelDesign.kind, LabelDesign.width_mm, LabelDesign.height_mm, Seller.code.nulls_first())
    ).all()  # fmt: skip


def versions_of(design_id: uuid.UUID) -> Sequence[Any]:
    """All versions, the newest first, with the names of who made and published them."""
    maker, publisher = User.__table__.alias("maker"), User.__table__.alias("publisher")
    version = LabelDesignVersion
    return session().execute(
        select(
            version.number, version.note, version.restored_from, version.made_at, version.published_at,
            maker.c.name.label("made_by"), publisher.c.name.label("published_by"),
        )
        .outerjoin(maker, maker.c.id == version.made_by)
        .outerjoin(publisher, publisher.c.id == version.published_by)
        .where(version.design_id == design_id)
        .order_by(version.number.desc())
    ).all()  # fmt: skip
