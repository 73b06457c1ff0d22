"""Identity's pages, one file per matter: the doors, one's own account, the second step, API keys, people, sellers."""

from __future__ import annotations

from wms.identity.pages import account, door, keys, people, second_step, sellers

BLUEPRINTS = [
    door.blueprint,
    account.blueprint,
    second_step.blueprint,
    keys.blueprint,
    people.blueprint,
    sellers.blueprint,
]
