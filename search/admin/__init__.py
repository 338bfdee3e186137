"""Admin pages of the plugin, and what a host's own product admin can take from it."""

from .failures import StaleProductAdmin
from .merchandising_banners import BannerAdmin
from .merchandising_redirects import RedirectAdmin
from .merchandising_rules import MerchandisingRuleAdmin
from .merchandising_synonyms import SynonymAdmin
from .products import IndexedProductAdmin
from .versions import IndexVersionAdmin

__all__ = [
    "BannerAdmin",
    "IndexVersionAdmin",
    "IndexedProductAdmin",
    "MerchandisingRuleAdmin",
    "RedirectAdmin",
    "StaleProductAdmin",
    "SynonymAdmin",
]
