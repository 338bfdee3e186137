"""Suggestions while typing: queries, categories, brands and products."""
