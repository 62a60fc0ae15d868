"""What layers of images share: the layouts, and how many windows fit."""

from __future__ import annotations

from zanjir.errors import ShapeError
from zanjir.nn.layer import Shape

__all__ = ["LAYOUTS", "channels_of", "per_channel", "windowed"]

# Where the axes of a sample stand: channels last, as in the notes, or channels first.
LAYOUTS: dict[str, str] = {"NHWC": "HWC", "NCHW": "CHW"}


def channels_of(owner: str, in_shape: Shape, layout: str) -> int:
    """Return the number of channels of an image.

    Raises
    ------
    ShapeError
        If a sample is no image.
    """
    if len(in_shape) != 3:
        axes = {"H": "height", "W": "width", "C": "channels"}
        expected = ", ".join(axes[letter] for letter in LAYOUTS[layout])
        raise ShapeError(f"{owner}: a sample is {in_shape}, expected ({expected}); put a Reshape before it.")
    return in_shape[LAYOUTS[layout].index("C")]


def per_channel(channels: int, layout: str) -> Shape:
    """Return the shape in which one number per channel meets a batch of images."""
    return (channels,) if layout == "NHWC" else (channels, 1, 1)


def windowed(
    owner: str, in_shape: Shape, layout: str, *, size: int, stride: int, padding: int = 0, channels: int | None = None
) -> Shape:
    """Return the shape of an image with one pixel for each window, and as many channels or others.

    Raises
    ------
    ShapeError
        If not one window fits.
    """
    sizes = dict(zip(LAYOUTS[layout], in_shape, strict=True))
    for axis in "HW":
        sizes[axis] = (sizes[axis] + 2 * padding - size) // stride + 1
    if min(sizes["H"], sizes["W"]) < 1:
        raise ShapeError(
            f"{owner}: a window of {size} x {size} does not fit into images of {in_shape} with padding {padding}."
        )
    sizes["C"] = channels or sizes["C"]
    return tuple(sizes[letter] for letter in LAYOUTS[layout])
