"""Correct what shoppers type, against the words of the catalogue."""
