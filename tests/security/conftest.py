"""The fixtures of the shop's and of the plugin's tests, for tests of the whole project."""

from tests.search.conftest import _fresh_words, index_settings, published, search_settings  # noqa: F401
from tests.shop.conftest import make_products, media, tree  # noqa: F401
