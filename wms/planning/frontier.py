"""What a part of a walk looks like from the rest of it: the states of the exact method, and the moves between them.

A walk that is complete left of some aisle matters to the rest only by what it does at the points where that aisle meets
the cross aisles: which of them it has reached, which of those hang together, and how often it still has to leave them.
Ratliff and Rosenthal (1983) named the seven states of one block, Roodbergen and de Koster (2001) the twenty-five of two;
here they are found by trying every move, for any number of rows (Cambazard and Catusse, 2018, count them). The tables are
made once for a number of rows and kept.

A state is one (component, balance) for each row. Component 0: not reached. Balance: how often the walk leaves the point
more than it comes there, as far as it is known; in the end that is 0, or +1 where the walk begins and -1 where it ends.
In aisles walked both ways only odd or even matters, and no way is walked more than twice; with one-way aisles it is a
number, because a walk that went up five one-way aisles may have to come down one aisle five times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Vertex = tuple[int, int]
State = tuple[Vertex, ...]
Pairs = list[tuple[int, int]]

# What a walk does between two cross aisles, besides going through n times one way more than the other (`through`).
NOTHING: Final = "nothing"
FROM_BELOW: Final = "from below"  # in from the lower row and back
FROM_ABOVE: Final = "from above"
FROM_BOTH: Final = "from both"  # all but the widest gap
THERE_AND_BACK: Final = "there and back"  # through once each way
Way = str | int

NOT_REACHED: Final[Vertex] = (0, 0)


@dataclass(frozen=True)
class Tables:
    """Moves between states by number, for walks over `rows` cross aisles.

    * `along[way][segment]`: (state, state after) for what is done in the segment above row `segment`;
    * `onward`: (state, state after, how often the distance to the next aisle is walked);
    * `reach[row]`: the walk must come here; `leave[row]`, `arrive[row]`: it begins or ends here, and not both;
    * `done`: the states of a finished walk: one piece, nothing owed. `start`: nothing walked yet.
    """

    rows: int
    states: tuple[State, ...]
    along: dict[Way, list[Pairs]]
    onward: list[tuple[int, int, int]]
    reach: list[Pairs]
    leave: list[Pairs]
    arrive: list[Pairs]
    done: tuple[int, ...]
    start: int = 0


@lru_cache(maxsize=16)
def tables(rows: int, most: int, apart: bool) -> Tables:
    """`most` 0: only odd and even count; else the largest balance. `apart`: the walk ends elsewhere than it begins."""
    return _Search(rows, most, apart).tables()


class _Search:
    def __init__(self, rows: int, most: int, apart: bool) -> None:
        self.rows, self.most, self.apart = rows, most, apart
        self.ids: dict[State, int] = {}
        self.order: list[State] = []

    def tables(self) -> Tables:
        self._id((NOT_REACHED,) * self.rows)
        throughs = [1] if self.most == 0 else [n for n in range(-self.most, self.most + 1) if n]
        ways: list[Way] = [NOTHING, FROM_BELOW, FROM_ABOVE, FROM_BOTH, THERE_AND_BACK, *throughs]
        along: dict[Way, list[Pairs]] = {way: [[] for _ in range(self.rows - 1)] for way in ways}
        reach: list[Pairs] = [[] for _ in range(self.rows)]
        leave: list[Pairs] = [[] for _ in range(self.rows)]
        arrive: list[Pairs] = [[] for _ in range(self.rows)]
        onward: list[tuple[int, int, int]] = []
        done = []
        for number, state in enumerate(self.order):  # grows while it is walked
            for way in ways:
                for segment in range(self.rows - 1):
                    self._add(along[way][segment], number, self._walked(state, segment, way))
            for row in range(self.rows):
                self._add(reach[row], number, _reached(state, row))
                if self.apart:
                    self._add(leave[row], number, self._end(state, row, -1))
                    self._add(arrive[row], number, self._end(state, row, +1))
            onward += [(number, self._id(after), times) for after, times in _onward(state)]
            if all(balance == 0 for _, balance in state) and max(component for component, _ in state) == 1:
                done.append(number)
        return Tables(self.rows, tuple(self.order), along, onward, reach, leave, arrive, tuple(done))

    def _id(self, state: State) -> int:
        if state not in self.ids:
            self.ids[state] = len(self.order)
            self.order.append(state)
        return self.ids[state]

    def _add(self, pairs: Pairs, number: int, after: State | None) -> None:
        if after is not None:
            pairs.append((number, self._id(after)))

    def _owing(self, state: State, row: int, amount: int) -> State | None:
        """The same state with the balance of a row, now reached, changed by `amount`; None beyond the bound."""
        vertices = list(_reached(state, row))
        component, balance = vertices[row]
        balance = (balance + amount) % 2 if self.most == 0 else balance + amount
        vertices[row] = (component, balance)
        return tuple(vertices) if abs(balance) <= max(1, self.most) else None

    def _end(self, state: State, row: int, amount: int) -> State | None:
        """The walk begins (-1) or ends (+1) at a row. Over all rows the balances add up to what is still open of that."""
        if self.most and abs(sum(balance for _, balance in state) + amount) > 1:
            return None
        return self._owing(state, row, amount)

    def _walked(self, state: State, segment: int, way: Way) -> State | None:
        if way == NOTHING:
            return state
        if way == FROM_BELOW:
            return _reached(state, segment)
        if way == FROM_ABOVE:
            return _reached(state, segment + 1)
        both = _reached(_reached(state, segment), segment + 1)
        if way == FROM_BOTH:
            return both
        joined = _joined(both, segment)
        if isinstance(way, str):
            return joined
        below = self._owing(joined, segment, way)
        return below and self._owing(below, segment + 1, -way)


def _reached(state: State, row: int) -> State:
    if state[row][0]:
        return state
    return _named((*state[:row], (-1, state[row][1]), *state[row + 1 :]))


def _joined(state: State, segment: int) -> State:
    low, high = state[segment][0], state[segment + 1][0]
    return _named(tuple((low if component == high else component, balance) for component, balance in state))


def _named(state: State) -> State:
    """Components numbered as they appear, from 1."""
    names: dict[int, int] = {0: 0}
    return tuple((names.setdefault(component, len(names)), balance) for component, balance in state)


def _onward(state: State) -> Iterator[tuple[State, int]]:
    """Every way to the next aisle: owed rows must be walked on, others may, and no piece may be left behind."""
    open_rows = [row for row, (component, balance) in enumerate(state) if component and balance == 0]
    owed = sum(abs(balance) for _, balance in state)
    pieces = {component for component, _ in state} - {0}
    if not pieces:
        yield state, 0
        return
    for chosen in range(1 << len(open_rows)):
        dropped = {row for place, row in enumerate(open_rows) if not chosen >> place & 1}
        after = tuple(NOT_REACHED if row in dropped else vertex for row, vertex in enumerate(state))
        if {component for component, _ in after} - {0} == pieces:
            yield _named(after), owed + 2 * (len(open_rows) - len(dropped))
