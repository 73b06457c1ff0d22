"""The packing picture: what is in front covers what is behind, each layer shows what is new, numbers stand on their blocks."""

from __future__ import annotations

import random
from itertools import combinations

from wms.floor.picture import MOST_BLOCKS, MOST_FIGURES, _blocks, _from_behind, _is_behind, draw

INNER = [300, 230, 210]


def shelves(seed: int) -> list[list[int]]:
    """Blocks that fill a box without overlap, cut at random."""
    dice = random.Random(seed)
    whole = [(0, 0, 0, *INNER)]
    while len(whole) < 25:
        x, y, z, a, b, c = whole.pop(dice.randrange(len(whole)))
        axis = dice.randrange(3)
        low, high = (x, y, z)[axis], (a, b, c)[axis]
        if high - low < 4:
            whole.append((x, y, z, a, b, c))
            continue
        cut = dice.randrange(low + 1, high)
        first, second = [a, b, c], [x, y, z]
        first[axis] = second[axis] = cut
        whole += [(x, y, z, *first), (*second, a, b, c)]
    return [[1 + n % 9, x, y, z, a - x, b - y, c - z, 1, 1, 1] for n, (x, y, z, a, b, c) in enumerate(whole)]


def test_what_stands_in_front_is_drawn_later() -> None:
    for seed in range(40):
        drawn = _from_behind(_blocks(shelves(seed)))
        assert len(drawn) == 25
        wrong = [1 for first, later in combinations(drawn, 2) if _is_behind(later, first)]
        rings = seed_has_ring(drawn)
        assert rings or not wrong, seed


def seed_has_ring(blocks: list) -> bool:
    """Whether blocks cover each other in a ring, by taking away what has nothing behind it until nothing moves."""
    left = list(blocks)
    while left:
        free = [each for each in left if not any(_is_behind(other, each) for other in left if other is not each)]
        if not free:
            return True
        left = [each for each in left if each not in free]
    return False


def test_everything_lies_on_the_sheet() -> None:
    picture = draw(INNER, shelves(3))
    assert picture is not None
    for polygon in [*picture.back, *(face.points for figure in picture.figures for face in figure.faces)]:
        for point in polygon.split():
            x, y = map(int, point.split(","))
            assert 0 <= x <= picture.width and 0 <= y <= picture.height


def test_each_layer_shows_what_goes_in_with_it() -> None:
    goods = [[1, 0, 0, 0, 100, 100, 50, 2, 1, 1], [2, 0, 0, 50, 100, 100, 50, 1, 1, 1]]
    picture = draw(INNER, goods)
    assert picture is not None
    low, high = picture.figures
    assert (low.units, high.units) == (2, 1)
    assert [mark.line for mark in low.marks] == [1, 1]
    assert [mark.line for mark in high.marks] == [2]
    assert {(face.line, face.is_new) for face in high.faces} == {(1, False), (2, True)}


def test_many_layers_share_few_figures_and_many_units_are_blocks() -> None:
    tower = [[1, 0, 0, 20 * n, 50, 50, 20, 1, 1, 1] for n in range(10)]
    picture = draw(INNER, tower)
    assert picture is not None
    assert len(picture.figures) == MOST_FIGURES
    assert sum(figure.units for figure in picture.figures) == 10
    block = draw(INNER, [[1, 0, 0, 0, 10, 10, 10, 5, 5, 5]])
    assert block is not None
    assert [(mark.line, mark.units) for mark in block.figures[0].marks] == [(1, 125)]
    assert draw(INNER, [[1, 0, 0, 0, 1, 1, 1, 1, 1, 1]] * (MOST_BLOCKS + 1)) is None
