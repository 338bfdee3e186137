"""Evaluation of joint embeddings: retrieval metrics, the models they are measured of, and published protocols."""
