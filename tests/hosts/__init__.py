"""Shops that search was not made for, each a project of its own that tests install it into."""
