"""The JSON API of search, for mobile apps and scripts."""
