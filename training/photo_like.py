"""Studio pictures made to look like photos from a phone at home: another surface, place, light, sharpness."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from .config import Augmentation
from .cutout import backgrounds, opacity, without_head
from .surfaces import Values, draw_surface, smooth_noise

Pixels = NDArray[np.uint8]

_GRID = 3  # cells per side of the mesh that bends a garment
# Shares of the frame's width and height that a photo takes up, and how frequent they are.
_FRAMES = ((1.0, 1.0), (1.0, 0.5625), (0.75, 1.0), (1.0, 0.75))
_FRAME_SHARES = (0.82, 0.08, 0.06, 0.04)


def photo_like(pictures: Pixels, rng: np.random.Generator, how: Augmentation | None = None) -> Pixels:
    """Make each studio picture look like a photo that somebody took at home.

    The product is cut out, bent a little, turned and scaled, laid on a drawn surface with its shadow, and the whole is
    lit, blurred, made noisy and compressed as phones do it. Where no background is found, as on photos, the
    picture fills the frame. A share of photos of another shape than the frame stands on white, as `to_pixels` fits them.

    Args:
        pictures: (n, height, width, 3) uint8.
        rng: random number generator; the same state gives the same pictures.
        how: options that begin with `photo_`; their defaults without it.

    Returns:
        (n, height, width, 3) uint8.
    """
    how = how or Augmentation()
    made = np.full_like(pictures, 255)
    for row, background in enumerate(backgrounds(pictures)):
        height, width = pictures.shape[1:3]
        across, down = _FRAMES[rng.choice(len(_FRAMES), p=_FRAME_SHARES)]
        inner = (max(8, round(height * down)), max(8, round(width * across)))
        photo = _photo(pictures[row], background, inner, pictures, rng, how)
        top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
        made[row, top : top + inner[0], left : left + inner[1]] = photo
    return made


def _photo(
    picture: Pixels,
    background: NDArray[np.bool_],
    size: tuple[int, int],
    others: Pixels,
    rng: np.random.Generator,
    how: Augmentation,
) -> Pixels:
    alpha = opacity(picture, background)
    if rng.random() < how.photo_headless:
        alpha = without_head(alpha)
    placed = _placed(picture, alpha, size, rng, how)
    opaque = placed[..., 3].astype(np.float32) / 255.0
    product = np.moveaxis(placed[..., :3], 2, 0).astype(np.float32, order="C")
    folds = smooth_noise(*size, int(rng.integers(3, 9)), int(rng.integers(3, 9)), rng)
    product *= 1.0 + folds * np.float32(rng.uniform(0.0, 0.09))
    scene = draw_surface(*size, rng, others, how.photo_clutter)
    scene *= _shadow(placed[..., 3], rng) * (1.0 - opaque)
    scene += product
    return _taken(scene, rng, how)


def _placed(
    picture: Pixels, alpha: Pixels, size: tuple[int, int], rng: np.random.Generator, how: Augmentation
) -> Pixels:
    """Return (height, width, 4): the product, times its opacity, bent, turned, scaled and moved into the frame."""
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return np.zeros((*size, 4), dtype=np.uint8)
    box = np.array([columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1], dtype=np.float64)
    middle = np.array([columns[0], rows[0]]) + box / 2
    frame = np.array([size[1], size[0]], dtype=np.float64)
    turn = np.radians(np.clip(rng.normal(0, how.photo_turn / 2.5), -how.photo_turn, how.photo_turn))
    if rng.random() < how.photo_turned:
        turn += rng.choice((-1, 1)) * np.pi / 2
    cos, sin = np.cos(turn), np.sin(turn)
    turned_box = np.abs([[cos, sin], [sin, cos]]) @ box
    if alpha.all():  # nothing was cut out
        scale = 1.1 * (frame / turned_box).max()
    else:
        share = np.sqrt(rng.random())  # most people fill the frame
        scale = (how.photo_least + (how.photo_most - how.photo_least) * share) * (frame / turned_box).min()
    if rng.random() < how.photo_cropped:
        scale *= rng.uniform(1.1, 1.6)
    room = np.abs(frame - scale * turned_box) / 2
    place = frame / 2 + rng.uniform(-0.8, 0.8, 2) * room + rng.normal(0, 0.02, 2) * frame
    source = Image.fromarray(np.dstack([_times(picture, alpha), alpha]))
    if scale < 0.6:  # bilinear sampling at half the size would skip pixels
        source = source.reduce(2)
        middle, box, scale = middle / 2, box / 2, scale * 2
    # Where points of the frame come from in the picture; between them Pillow interpolates.
    steps = np.linspace(0.0, 1.0, _GRID + 1)
    points = np.stack(np.meshgrid(steps, steps), axis=-1) * frame
    found = (points - place) @ np.array([[cos, -sin], [sin, cos]]) / scale + middle
    found += rng.normal(0, how.photo_bend, found.shape) * box
    mesh = _mesh(np.round(points).astype(int), found)
    return np.asarray(source.transform(size[::-1], Image.Transform.MESH, mesh, Image.Resampling.BILINEAR))


def _mesh(points: NDArray[np.int64], found: NDArray[np.float64]) -> list[tuple[tuple, tuple]]:
    """Return Pillow's list of cells: the box in the frame, and its corners in the picture, counter-clockwise."""
    cells = []
    for i, j in np.ndindex(_GRID, _GRID):
        corners = (found[i, j], found[i + 1, j], found[i + 1, j + 1], found[i, j + 1])
        cells.append(
            (
                (*points[i, j].tolist(), *points[i + 1, j + 1].tolist()),
                tuple(np.concatenate(corners).tolist()),
            )
        )
    return cells


def _times(picture: Pixels, alpha: Pixels) -> Pixels:
    # Pillow multiplies faster than NumPy broadcasts over three channels.
    grey = Image.merge("RGB", 3 * [Image.fromarray(alpha)])
    return np.asarray(ImageChops.multiply(Image.fromarray(picture), grey))


def _shadow(alpha: Pixels, rng: np.random.Generator) -> Values:
    """Return (height, width): the light that reaches the surface beside the product, and the photographer's shadow."""
    reach = len(alpha) / 160
    soft = Image.fromarray(alpha).filter(ImageFilter.BoxBlur(rng.uniform(1.0, 5.0) * reach))
    down, right = (int(step) for step in np.round(rng.normal(0, 2.5, 2) * reach))
    moved = np.asarray(ImageChops.offset(soft, right, down)).astype(np.float32)
    return 1.0 - moved * np.float32(rng.uniform(0.15, 0.6) / 255.0)


def _taken(scene: Values, rng: np.random.Generator, how: Augmentation) -> Pixels:
    """Return the photo (height, width, 3) of a scene (3, height, width): light, colours, sharpness, noise, compression."""
    height, width = scene.shape[1:]
    light = how.photo_light
    uneven = 1.0 + smooth_noise(height, width, 2, 2, rng) * np.float32(0.1 * light)
    if rng.random() < 0.15 * light:  # the shadow of a hand or a window's frame
        edge = smooth_noise(height, width, 3, 3, rng) * 6 - 2
        uneven *= 1.0 - np.clip(edge, 0, 1) * np.float32(rng.uniform(0.15, 0.4))
    scene *= uneven
    photo = Image.fromarray(np.ascontiguousarray(np.moveaxis(np.clip(scene, 0, 255).astype(np.uint8), 0, 2)))
    if rng.random() < 0.4 * light:
        photo = Image.blend(photo, photo.convert("L").convert("RGB"), rng.uniform(0.0, 0.45))
    photo = _blurred(photo, rng, how).point(_tone_curves(rng, light))
    if rng.random() < 0.6 * light:
        # The sum of two even distributions is near enough to normal, and drawn in a tenth of the time.
        even = rng.integers(0, 256, (2, height, width), dtype=np.uint8).astype(np.float32)
        grain = (even[0] - even[1]) * np.float32(rng.exponential(3.0) / 104)  # 104: their standard deviation
        noisy = np.asarray(photo).astype(np.int16) + np.repeat(grain.astype(np.int16)[..., None], 3, axis=2)
        photo = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    return np.asarray(_compressed(photo, rng) if rng.random() < how.photo_compressed else photo)


def _tone_curves(rng: np.random.Generator, light: float) -> list[int]:
    """Return Pillow's table of the three channels: exposure, warmth, gamma, and black that haze and cheap lenses lift."""
    exposure = 1.0 + light * rng.uniform(-0.22, 0.12)
    warmth = rng.normal(0, 0.08)  # red against blue, as lamps and shade are
    gains = exposure * (1.0 + light * (np.array([warmth, 0.0, -warmth]) + rng.normal(0, 0.02, 3)))
    gamma = np.exp(rng.normal(0, 0.18 * light))
    black = rng.exponential(8.0) * light
    shades = np.clip(gains[:, None] * np.linspace(0, 1, 256), 0, 1) ** gamma
    table: list[int] = (black + (255 - black) * shades).astype(int).ravel().tolist()
    return table


def _blurred(photo: Image.Image, rng: np.random.Generator, how: Augmentation) -> Image.Image:
    if rng.random() >= how.photo_blur:
        return photo
    reach = photo.height / 160
    if rng.random() < 0.6:
        return photo.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2) * reach))
    radius = rng.uniform(0.4, 1.8) * reach
    return photo.filter(ImageFilter.BoxBlur((radius, 0.2) if rng.random() < 0.5 else (0.2, radius)))


def _compressed(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=int(rng.integers(25, 90)))
    return Image.open(file)
