"""The recipe of a posting, written beside it by the ledger: what `flask audit` holds the legs against."""

from __future__ import annotations

import uuid

from wms.inventory.converting.rules import Recipe
from wms.platform.statements import Statement

_NOTE = Statement(
    "WITH noted AS (INSERT INTO posting_recipe (posting_id, kind, batches) VALUES (:posting, :kind, :batches))"
    " INSERT INTO posting_recipe_leg (posting_id, is_yield, product_id, units) SELECT :posting, k.is_yield, k.product_id,"
    " k.units FROM unnest(CAST(:sides AS bool[]), CAST(:products AS uuid[]), CAST(:units AS int[]))"
    " AS k(is_yield, product_id, units)"
)


def note_recipe(posting_id: uuid.UUID, recipe: Recipe, batches: int) -> None:
    legs = [(False, *each) for each in recipe.consumes] + [(True, *each) for each in recipe.yields]
    _NOTE.run(
        {
            "posting": posting_id, "kind": recipe.kind.value, "batches": batches, "sides": [leg[0] for leg in legs],
            "products": [leg[1] for leg in legs], "units": [leg[2] for leg in legs],
        }
    )  # fmt: skip
