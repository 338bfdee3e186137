"""Admin pages of the plugin, and what a host's own product admin can take from it."""

from .evaluations import EvaluationAdmin
from .failures import StaleProductAdmin
from .insight import QueryDayAdmin, SearchDayAdmin
from .insight_log import LoggedSearchAdmin
from .products import IndexedProductAdmin
from .versions import IndexVersionAdmin

__all__ = [
    "EvaluationAdmin",
    "IndexVersionAdmin",
    "IndexedProductAdmin",
    "LoggedSearchAdmin",
    "QueryDayAdmin",
    "SearchDayAdmin",
    "StaleProductAdmin",
]
