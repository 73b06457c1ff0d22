"""How a figure is told: one JSON object a line, at once."""

from __future__ import annotations

import json
from typing import Any


def tell(figure: dict[str, Any]) -> None:
    print(json.dumps(figure, ensure_ascii=False), flush=True)
