"""A measured subject in three dimensions, whose every similarity can be worked out by hand."""

import numpy as np

from tests.training.products import product
from training.report.subjects import Subject

RED, GREEN, BLUE = np.eye(3, dtype=np.float32)
TEXTS = {
    "Red Shirt": RED,
    "Green Shirt": GREEN,
    "Blue Dress": BLUE,
    "Red": RED,
    "Green": GREEN,
    "Blue": BLUE,
    "Shirts": np.array([0.8, 0.6, 0.0], dtype=np.float32),
    "Dresses": BLUE,
    "red": RED,
    "green": GREEN,
    "blue": BLUE,
    "shirt": np.array([0.8, 0.6, 0.0], dtype=np.float32),
    "dress": BLUE,
}


def subject(copies: int = 5, **changes) -> Subject:
    """Each of three names `copies` times; every picture is exactly its colour."""
    kinds = [
        ("Red Shirt", "Red", "Shirts"),
        ("Green Shirt", "Green", "Shirts"),
        ("Blue Dress", "Blue", "Dresses"),
    ]
    products = tuple(
        product(
            f"{colour}{copy}", name=name, colour=colour, article_type=kind, pattern="", category="Apparel"
        )
        for copy in range(copies)
        for name, colour, kind in kinds
    )
    values = {
        "label": "drawn",
        "kind": "run",
        "about": {},
        "settings": {},
        "history": [],
        "products": products,
        "pixels": np.zeros((len(products), 8, 6, 3), dtype=np.uint8),
        "pictures": np.tile(np.eye(3, dtype=np.float32), (copies, 1)),
        "texts": TEXTS,
        "figures": {},
    }
    return Subject(**{**values, **changes})
