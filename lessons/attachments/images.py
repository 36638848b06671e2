"""Pictures: never kept as they came, but drawn anew without what the camera wrote into them."""

import warnings
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from lessons.attachments.archives import DAMAGED
from lessons.attachments.kinds import Refused, gettext_noop

MOST_PIXELS = 40_000_000
FORMATS = {"png": "PNG", "jpeg": "JPEG"}
TOO_LARGE = gettext_noop("The picture has more than 40 million pixels. Make it smaller, and attach that")
Image.MAX_IMAGE_PIXELS = None  # we count ourselves, before anything is drawn


def opened(file: BinaryIO, code: str) -> Image.Image:
    """Return the picture, with nothing read but its head.

    :raises Refused: it is of another kind than `code`, damaged, or too large
    """
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            image = Image.open(file, formats=[FORMATS[code]])
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning) as error:
        raise Refused(DAMAGED) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Refused(TOO_LARGE)
    return image


def draw_anew(file: BinaryIO, code: str, to: BinaryIO) -> None:
    """Write the picture to `to` without place, camera, names, colour profile, and without further frames.

    :raises Refused: it is damaged, or more than can be drawn
    """
    image = opened(file, code)
    try:
        image.load()
        ImageOps.exif_transpose(image, in_place=True)  # which way is up would be lost with the rest
        drawn = image.convert(_mode(image, code)) if image.mode != _mode(image, code) else image
        drawn.info.clear()
        drawn.save(to, FORMATS[code], **({"quality": 90} if code == "jpeg" else {}))
    except (OSError, ValueError, SyntaxError, MemoryError, TypeError) as error:
        raise Refused(DAMAGED) from error


def _mode(image: Image.Image, code: str) -> str:
    """Return the mode to draw in: what the format knows, and no palette, whose transparency hangs on the metadata."""
    if image.mode in {"L", "RGB"} or (code == "png" and image.mode in {"LA", "RGBA"}):
        return image.mode
    has_transparency = image.mode in {"PA", "La", "RGBa"} or "transparency" in image.info
    return "RGBA" if code == "png" and has_transparency else "RGB"
