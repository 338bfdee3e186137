"""The write path: from changed products to entries and embeddings, and from one index version to the next."""
