"""Judging search quality: queries with known answers, and how well searches answer them."""

from .figures import Figures, figures_of
from .queries import JudgedQuery, read_queries
from .relevant import relevant_skus
from .running import Answered, answer_all

__all__ = [
    "Answered",
    "Figures",
    "JudgedQuery",
    "answer_all",
    "figures_of",
    "read_queries",
    "relevant_skus",
]
