"""Figures on the real catalogue: how fast it is indexed and searched, how exact and how large that is."""
