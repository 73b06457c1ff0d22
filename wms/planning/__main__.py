"""python -m wms.planning route|batch|carton|slotting: one problem as JSON on standard input, its plan as JSON on standard
output. What is wrong with a problem goes to standard error as JSON, with exit status 2 (docs/planning.md).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, Final

from wms.planning.wire import batches, cartons, routes, slots
from wms.planning.wire.fields import MAX_BYTES, Field, InputError, read_json

PLANNERS: Final[dict[str, Callable[[Field], dict[str, Any]]]] = {
    "route": routes.plan,
    "batch": batches.plan,
    "carton": cartons.plan,
    "slotting": slots.plan,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m wms.planning", description="Numbers in, plans out.")
    parser.add_argument("problem", choices=sorted(PLANNERS), help="the kind of problem on standard input")
    chosen = parser.parse_args(arguments)
    try:
        plan = PLANNERS[chosen.problem](read_json(sys.stdin.buffer.read(MAX_BYTES + 1)))
    except InputError as fault:
        sys.stderr.write(json.dumps(fault.as_data(), ensure_ascii=False) + "\n")
        return 2
    sys.stdout.write(json.dumps(plan, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
