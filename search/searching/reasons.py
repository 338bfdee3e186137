"""Why an answer is degraded, one sentence each, and the names of what an answer leaves out; both stand in pages and in the API.

An answer always holds the filters that were set, or has no results: filters are never among what is left out.
"""

NO_VERSION = "There is no search index yet; run: manage.py search_index rebuild"
BUILDING = "The first index is being built: results are by keyword only, and products are still being added."
NO_ENCODER = "The text encoder is not available: results are by keyword only."
SLOW_ENCODER = "The text encoder took too long: results are by keyword only."
NO_EMBEDDINGS_SEARCH = "The search by embeddings failed or took too long: results are by keyword only."
TOO_SLOW = "The search took too long and was given up: try other words, or again in a moment."
NO_SIMILAR = "The search by embeddings failed or took too long: no similar products can be shown."
NOT_ENCODED = "The product has no embeddings yet: no similar products can be shown."
NO_PICTURE = "No product has a picture in the search index: photos have nothing to be compared with."
MOST_PICTURES = (
    "Most pictures are not in the search index: results are by their texts, and photos find little."
)
SIMILAR_BY_TEXT = "The product's pictures are not in the search index: similar products are by its text."
NO_WORDS = "The words of the catalogue are not counted yet: there are no suggestions."
NO_COUNTS = "Counting took too long: the results are whole, but numbers beside filters are missing."

RESULTS = "results"  # nobody could look: an empty list does not say that nothing fits
PRODUCTS = "products"  # those that the first build has not come to
EMBEDDINGS = "embeddings"  # what is near to the query without holding its words
LOOK = "look"  # a photo, or a product to look like or less like, that the results do not go by
COUNTS = "counts"  # of facets, prices and stock; those that are given are right
SPELLING = "spelling"  # slips were not looked for
LEXICON = "lexicon"  # words are not read as colours, brands and categories, before the catalogue's words are counted
TOKEN = "token"  # noqa: S105 - later pages are computed afresh, and may repeat or skip what has changed
CARDS = "cards"  # products of this page that no list can show, because the shop's code fails for them; totals count them
WORDS = "words"  # of the catalogue, which suggestions are made of, before they are counted


def said(*sentences: str) -> str:
    """Return reasons as one text, each once."""
    return " ".join(dict.fromkeys(filter(None, sentences)))
