"""Why an answer is degraded: one sentence each, shown to shoppers' pages and in the API."""

NO_VERSION = "There is no search index yet; run: manage.py search_index rebuild"
BUILDING = "The first index is being built: results are by keyword only, and products are still being added."
NO_ENCODER = "The text encoder is not available: results are by keyword only."
NO_EMBEDDINGS_SEARCH = "The search by embeddings failed or took too long: results are by keyword only."
NO_SIMILAR = "The search by embeddings failed or took too long: no similar products can be shown."
NOT_ENCODED = "The product has no embeddings yet: no similar products can be shown."
