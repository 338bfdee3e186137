"""Admin pages of the plugin, and what a host's own product admin can take from it."""

from .api_keys import ApiKeyAdmin
from .arranging import ArrangementAdmin
from .base import ModelAdmin
from .builds import BuildAdmin, DashboardAdmin
from .evaluations import EvaluationAdmin
from .failures import NotedProductAdmin, StaleProductAdmin
from .index_versions import IndexVersionAdmin
from .insight import LoggedSearchAdmin, QueryDayAdmin
from .judged_sets import JudgedSetAdmin
from .merchandising import BannerAdmin, MerchandisingRuleAdmin, RedirectAdmin, SynonymAdmin
from .overview import SearchDayAdmin
from .products import IndexedProductAdmin
from .quality import CatalogueHealthAdmin, CatalogueMapAdmin
from .tag_review import ProductTagAdmin, TagWordAdmin

__all__ = [
    "ApiKeyAdmin",
    "ArrangementAdmin",
    "BannerAdmin",
    "BuildAdmin",
    "CatalogueHealthAdmin",
    "CatalogueMapAdmin",
    "DashboardAdmin",
    "EvaluationAdmin",
    "IndexVersionAdmin",
    "IndexedProductAdmin",
    "JudgedSetAdmin",
    "LoggedSearchAdmin",
    "MerchandisingRuleAdmin",
    "ModelAdmin",
    "NotedProductAdmin",
    "ProductTagAdmin",
    "QueryDayAdmin",
    "RedirectAdmin",
    "SearchDayAdmin",
    "StaleProductAdmin",
    "SynonymAdmin",
    "TagWordAdmin",
]
