"""Named colours, as shops write them, and which of them go together."""

from __future__ import annotations

import numpy as np

#: Name of the colour -> sRGB, as cloth in studio light rather than as ink.
PALETTE: dict[str, tuple[int, int, int]] = {
    "Black": (34, 34, 37),
    "White": (243, 243, 242),
    "Grey": (148, 150, 153),
    "Blue": (42, 98, 196),
    "Navy Blue": (28, 40, 82),
    "Red": (205, 30, 40),
    "Maroon": (108, 22, 40),
    "Green": (36, 140, 66),
    "Olive": (104, 104, 50),
    "Teal": (14, 124, 128),
    "Yellow": (247, 205, 50),
    "Orange": (238, 118, 30),
    "Pink": (240, 130, 172),
    "Purple": (112, 52, 150),
    "Brown": (110, 68, 42),
    "Beige": (214, 190, 154),
}

ALL = tuple(PALETTE)
EARTHY = ("Olive", "Green", "Brown", "Beige", "Grey")
LEATHERS = (
    "Black",
    "Brown",
    "Beige",
    "White",
    "Red",
    "Maroon",
    "Navy Blue",
    "Grey",
    "Pink",
    "Olive",
    "Teal",
    "Blue",
)
DENIMS = ("Blue", "Navy Blue", "Black", "Grey", "White", "Brown", "Olive", "Beige")

_ACCENTS: dict[str, tuple[str, ...]] = {
    "Black": ("White", "Grey", "Beige"),
    "White": ("Navy Blue", "Black", "Grey", "Blue"),
    "Grey": ("White", "Black", "Navy Blue"),
    "Blue": ("White", "White", "Yellow"),
    "Navy Blue": ("White", "Beige", "Grey"),
    "Red": ("White", "Black", "Navy Blue"),
    "Maroon": ("White", "Beige", "Pink"),
    "Green": ("White", "Beige", "Black"),
    "Olive": ("Beige", "White", "Black"),
    "Teal": ("White", "Beige", "Black"),
    "Yellow": ("White", "Black", "Navy Blue"),
    "Orange": ("White", "Navy Blue", "Black"),
    "Pink": ("White", "Maroon", "Black"),
    "Purple": ("White", "Black", "Beige"),
    "Brown": ("Beige", "White", "Black"),
    "Beige": ("White", "Brown", "Black"),
}


def accents(colour: str) -> tuple[str, ...]:
    """Return the second colours that a product of this colour may carry."""
    return _ACCENTS[colour]


def rgb(colour: str) -> np.ndarray:
    """Return a named colour as three floats between 0 and 1."""
    return np.array(PALETTE[colour], np.float32) / 255.0


def vary(colour: np.ndarray, rng: np.random.Generator, amount: float = 0.02) -> np.ndarray:
    """Return the colour of one dye lot: a little lighter or darker and a little off in hue."""
    vivid = 0.15 + float(colour.max() - colour.min())  # a tint shows most on white and grey
    shift = rng.normal(0, amount * 0.6 * min(vivid, 1.0), 3) + rng.normal(0, amount)
    shift = np.clip(shift, -2.2 * amount, 2.2 * amount)
    return np.clip(colour + shift, 0.02, 0.97).astype(np.float32)


def nearest(colour: np.ndarray) -> str:
    """Return the name of the palette colour nearest to three floats between 0 and 1."""
    names = list(PALETTE)
    table = np.array([PALETTE[name] for name in names], np.float32) / 255.0
    return names[int(np.argmin(((table - colour) ** 2).sum(1)))]
