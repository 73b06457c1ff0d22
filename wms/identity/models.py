"""Tables of people and tenants. One operator per installation; a seller is a tenant (DESIGN.md section 5)."""

from __future__ import annotations

import uuid

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from wms.platform.database import Base, DocumentId, Instant, Reference


class Seller(Base):
    """The tenant whose goods these are (货主). `code` is part of every document number."""

    __tablename__ = "seller"
    __table_args__ = (
        CheckConstraint("rotation IN ('fefo', 'fifo', 'lefo')", name="rotation_known"),
        CheckConstraint("least_shelf_days BETWEEN 0 AND 3650", name="shelf_sane"),
    )

    id: Mapped[DocumentId]
    code: Mapped[str] = mapped_column(String(8), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    credit_state: Mapped[str] = mapped_column(String(8), default="good")  # good | blocked, pushed down by billing
    rotation: Mapped[str] = mapped_column(String(4), default="fefo", server_default="fefo")  # core.rotation
    least_shelf_days: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))  # left when it goes
    sees_carrier_costs: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[Instant]


class AllocationRule(Base):
    """What was agreed with a seller about which of its goods leave first, and when: never changed, the last one stands in the
    seller too.
    """

    __tablename__ = "allocation_rule"
    __table_args__ = (Index("ix_allocation_rule_seller", "seller_id", "id"),)

    id: Mapped[DocumentId]
    seller_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    rotation: Mapped[str] = mapped_column(String(4))
    least_shelf_days: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[Reference]
    changed_at: Mapped[Instant]


class Shop(Base):
    """A seller's shop on a platform. Orders carry it, stock does not."""

    __tablename__ = "shop"
    __table_args__ = (
        UniqueConstraint("seller_id", "platform", "account"),
        UniqueConstraint("seller_id", "id"),
    )

    id: Mapped[DocumentId]
    seller_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    platform: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[Instant]


class Role(Base):
    """A named set of permissions. Roles are data; five come with the system."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    is_staff: Mapped[bool] = mapped_column(Boolean)
    demands_second_step: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    permissions: Mapped[list[str]] = mapped_column(ARRAY(String(64)))


class User(Base):
    """A person. Staff have roles of their own; sellers' people have memberships. Passwords are argon2id hashes."""

    __tablename__ = "app_user"

    id: Mapped[DocumentId]
    login: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8), default="en")
    handedness: Mapped[str] = mapped_column(String(5), default="right")
    theme: Mapped[str] = mapped_column(String(5), default="auto")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_expires_at: Mapped[Instant | None]  # of a temporary one; None: it is their own and stays good
    badge_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    pin_hash: Mapped[str | None] = mapped_column(String(200))
    failed_logins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[Instant | None]
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]


class StaffRole(Base):
    """A role of the operator's staff; `warehouse_id` None means every warehouse."""

    __tablename__ = "staff_role"
    __table_args__ = (
        Index(
            "uq_staff_role",
            "user_id",
            "role",
            "warehouse_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[DocumentId]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"))
    role: Mapped[str] = mapped_column(ForeignKey("role.name"))
    warehouse_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)


class Membership(Base):
    """A person's role with one seller. An agency (代运营) user has many."""

    __tablename__ = "membership"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    seller_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    role: Mapped[str] = mapped_column(ForeignKey("role.name"))


class ApiKey(Base):
    """A seller's system. The secret is shown once; only its keyed hash is stored."""

    __tablename__ = "api_key"

    id: Mapped[DocumentId]
    seller_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"), index=True)
    public_part: Mapped[str] = mapped_column(String(12), unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    created_by: Mapped[Reference]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
    last_used_at: Mapped[Instant | None]


class LoginSession(Base):
    """A server-side session: the cookie holds a random token, this row its hash. Ends when idle or too old."""

    __tablename__ = "login_session"

    id: Mapped[DocumentId]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    face: Mapped[str] = mapped_column(
        String(8)
    )  # portal | office | floor, or unfinished: password | enrol (core/actor.py)
    warehouse_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    station_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


class SecondFactor(Base):
    """The secret that a person's authenticator app shares, sealed to the person. Not `confirmed_at`: it asks nothing yet."""

    __tablename__ = "second_factor"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    secret_key: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[Instant]
    confirmed_at: Mapped[Instant | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)  # of the last code taken: none is taken twice
    wrong_codes: Mapped[int] = mapped_column(Integer, default=0)  # in a row


class RecoveryCode(Base):
    """One of the ten codes for who has lost the app; argon2id, as they are short."""

    __tablename__ = "recovery_code"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)  # 0 to 9
    code_hash: Mapped[str] = mapped_column(String(200))
    used_at: Mapped[Instant | None]


class LoginStep(Base):
    """A password was right and the code is still to come. No login: what looks for logins does not look here."""

    __tablename__ = "login_step"

    id: Mapped[DocumentId]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    created_at: Mapped[Instant]
