"""Draw docs/boundaries.png: the models of the lectures on two half moons, small enough for a page.

Run ``python docs/make_boundaries.py``. It is what ``zanjir plot boundary moons --noise 0.2`` draws, with fewer pixels
and 160 colors.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from zanjir.data import moons
from zanjir.models.comparison import lecture_models
from zanjir.plots import boundaries

PICTURE = Path(__file__).parent / "boundaries.png"
DOTS_PER_INCH, COLORS = 100, 160


def main() -> None:
    """Fit the models and write the picture."""
    data = moons(200, noise=0.2, seed=0)
    models = {name: make(0).fit(data.X, data.y) for name, make in lecture_models().items()}
    titles = {name: make.title for name, make in lecture_models().items()}
    figure, _ = boundaries(models, data.X, data.y, titles=titles, class_names=data.classes)
    figure.set_dpi(DOTS_PER_INCH)
    drawn = BytesIO()
    FigureCanvasAgg(figure).print_png(drawn, metadata={"Software": None})
    small = Image.open(drawn).convert("RGB").quantize(COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
