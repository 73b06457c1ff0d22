"""Identity's pages, one file per matter: the doors, one's own account, API keys, people, sellers."""

from __future__ import annotations

from wms.identity.pages import account, door, keys, people, sellers

BLUEPRINTS = [door.blueprint, account.blueprint, keys.blueprint, people.blueprint, sellers.blueprint]
