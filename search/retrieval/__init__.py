"""Retrieval: from a cleaned query and filters to candidates, leg by leg, and to facet counts."""
