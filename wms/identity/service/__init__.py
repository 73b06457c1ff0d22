"""Use cases of identity, one file per noun."""

from __future__ import annotations

from wms.identity.service.keys import IssuedKey, issue_api_key, revoke_api_key
from wms.identity.service.people import (
    add_membership,
    add_staff_role,
    create_user,
    deactivate_user,
    remove_membership,
    set_badge,
    set_language,
    set_password,
)
from wms.identity.service.sellers import create_seller, create_shop, ensure_roles
from wms.identity.service.sessions import (
    Opened,
    bind_station,
    end_sessions,
    login,
    login_with_badge,
    logout,
    open_session,
)

__all__ = [
    "IssuedKey",
    "Opened",
    "add_membership",
    "add_staff_role",
    "bind_station",
    "create_seller",
    "create_shop",
    "create_user",
    "deactivate_user",
    "end_sessions",
    "ensure_roles",
    "issue_api_key",
    "login",
    "login_with_badge",
    "logout",
    "open_session",
    "remove_membership",
    "revoke_api_key",
    "set_badge",
    "set_language",
    "set_password",
]
