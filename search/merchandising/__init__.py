"""Merchandising: what people at the shop change in what a search answers."""
