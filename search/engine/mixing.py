"""A beginning of a list in which neighbours differ, so that its first row is not four times the same."""

from collections.abc import Collection, Sequence

import numpy as np

ROW = 5  # entries beside each other that are to differ


def mix(marks: Sequence[Collection[str]], front: int) -> list[int]:
    """Return the places of entries in a new order: first those that share least with the ones before them, then the others as they were.

    Args:
        marks: what each entry is known by, such as its kinds and colours, in the order of the list.
        front: how many entries are chosen so.

    Returns:
        Each place once, from 0.
    """
    columns = {mark: column for column, mark in enumerate(sorted({mark for each in marks for mark in each}))}
    has = np.zeros((len(marks), len(columns)), np.float32)
    for place, each in enumerate(marks):
        has[place, [columns[mark] for mark in each]] = 1
    left = np.ones(len(marks), bool)
    chosen: list[int] = []
    for _ in range(min(front, len(marks))):
        shared = has @ has[chosen[-ROW:]].sum(axis=0) if chosen else np.zeros(len(marks), np.float32)
        place = int(np.where(left, shared, np.inf).argmin())  # the first of those that share least
        left[place] = False
        chosen.append(place)
    return chosen + [int(place) for place in np.flatnonzero(left)]
