"""Identity's pages, one file per matter: the doors, one's own account, API keys, people."""

from __future__ import annotations

from wms.identity.pages import account, door, keys, people

BLUEPRINTS = [door.blueprint, account.blueprint, keys.blueprint, people.blueprint]
