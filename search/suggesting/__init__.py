"""Suggestions while typing: queries, categories, brands and products."""

from .suggestions import SuggestedValue, Suggestions, suggest

__all__ = ["SuggestedValue", "Suggestions", "suggest"]
