"""A drawn sample catalogue: fashion products with pictures, words and true attributes, made from a seed.

Nothing here imports Django or the search plugin: the package writes the same two files that a real catalogue
comes in, and the ordinary importer reads them.
"""
