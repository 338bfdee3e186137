"""Judging search quality: queries with known answers, and how well searches answer them."""
