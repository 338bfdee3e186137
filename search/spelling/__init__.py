"""Correct what shoppers type, against the words of the catalogue."""

from .serving import correct
from .speller import Correction, Speller

__all__ = ["Correction", "Speller", "correct"]
