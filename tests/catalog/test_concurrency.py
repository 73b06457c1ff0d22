"""Two at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from wms.catalog import service
from wms.core.ids import new_id
from wms.platform import commands

DATA = {
    "sku": "SAME-1", "name_en": "Same", "name_zh": "同一个", "declared_weight_g": 1, "declared_length_mm": 1,
    "declared_width_mm": 1, "declared_height_mm": 1,
}  # fmt: skip


def test_one_of_many_creates_a_sku_and_the_others_are_told(cast, fresh_app):
    together = Barrier(4)

    def create(_: int) -> str:
        with fresh_app.app_context():
            command = commands.command_for(cast.acme, str(new_id()), "products.create", DATA)
            together.wait()
            outcome = commands.execute(
                command, lambda: service.create_product(cast.acme, DATA), lambda product: {"id": product.id}
            )
            return getattr(outcome, "code", "done")

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(create, range(4)))
    assert outcomes == ["done", "sku_taken", "sku_taken", "sku_taken"]
