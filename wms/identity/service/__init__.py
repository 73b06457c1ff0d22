"""Use cases of identity, one file per noun."""

from __future__ import annotations

from wms.identity.service.keys import IssuedKey, issue_api_key, revoke_api_key
from wms.identity.service.people import (
    add_membership,
    add_staff_role,
    change_password,
    create_user,
    deactivate_user,
    let_first_admin_in,
    remove_badge,
    remove_membership,
    reopen_user,
    reset_password,
    set_badge,
    set_language,
    set_password,
    set_pin,
)
from wms.identity.service.sellers import create_seller, create_shop, ensure_roles
from wms.identity.service.sessions import (
    Opened,
    bind_station,
    end_all_sessions,
    end_session,
    end_sessions,
    login,
    login_with_badge,
    logout,
    open_session,
    prove,
)

__all__ = [
    "IssuedKey",
    "Opened",
    "add_membership",
    "add_staff_role",
    "bind_station",
    "change_password",
    "create_seller",
    "create_shop",
    "create_user",
    "deactivate_user",
    "end_all_sessions",
    "end_session",
    "end_sessions",
    "ensure_roles",
    "issue_api_key",
    "let_first_admin_in",
    "login",
    "login_with_badge",
    "logout",
    "open_session",
    "prove",
    "remove_badge",
    "remove_membership",
    "reopen_user",
    "reset_password",
    "revoke_api_key",
    "set_badge",
    "set_language",
    "set_password",
    "set_pin",
]
