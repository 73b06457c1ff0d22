"""The built-in labels look as they did when somebody last looked at them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from labels import KINDS
from tests.labels.golden import FOLDER, TONES, name_of, picture_of

EVERY = [(kind, language) for kind in KINDS for language in (0, 1)]
# Shares of pixels that may differ by more than two tones: another version of the renderer, not another layout.
TOLERATED = 0.004


@pytest.mark.parametrize(("kind", "language"), EVERY, ids=[name_of(*each) for each in EVERY])
def test_a_label_looks_as_it_did(kind: str, language: int) -> None:
    with Image.open(FOLDER / name_of(kind, language)) as opened:
        golden = np.asarray(opened.convert("L")).astype(int)
    now = np.asarray(picture_of(kind, language).convert("L")).astype(int)
    assert now.shape == golden.shape
    assert np.mean(np.abs(now - golden) > 2 * 255 / (TONES - 1)) < TOLERATED


def test_there_is_a_picture_of_each_and_no_other() -> None:
    assert {path.name for path in FOLDER.glob("*.png")} == {name_of(*each) for each in EVERY}


def test_a_change_of_layout_is_noticed() -> None:
    with Image.open(FOLDER / name_of("waybill", 0)) as opened:
        golden = np.asarray(opened.convert("L")).astype(int)
    moved = np.roll(golden, 3, axis=0)
    assert np.mean(np.abs(moved - golden) > 2 * 255 / (TONES - 1)) > 10 * TOLERATED
