"""Small pictures of the built-in labels for the eye: `python -m tests.labels.golden` draws them again.

Look at each before committing it: a test only notices that one has changed.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from labels import KINDS, preview_png
from labels.samples import samples_of

FOLDER = Path(__file__).with_name("golden")
# Enough to see what stands where; a screen shows a label of 100 mm about as large as it prints.
WIDTH = 240
TONES = 16


def picture_of(kind: str, language: int) -> Image.Image:
    """The English (0) or Chinese (1) sample of a kind on its first stock, small, in a few greys."""
    label = samples_of(kind, KINDS[kind].sizes[0])[language]
    large = Image.open(BytesIO(preview_png(label)))
    small = large.resize((WIDTH, round(large.height * WIDTH / large.width)), Image.Resampling.BOX)
    return small.point(lambda tone: tone // (256 // TONES) * (255 // (TONES - 1)))


def name_of(kind: str, language: int) -> str:
    return f"{kind}.{('en', 'zh')[language]}.png"


def draw_again() -> None:
    FOLDER.mkdir(exist_ok=True)
    for kind in KINDS:
        for language in (0, 1):
            picture_of(kind, language).save(FOLDER / name_of(kind, language), "PNG", optimize=True)


if __name__ == "__main__":
    draw_again()
