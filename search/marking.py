"""Tell the plugin about writes that send no signals, such as bulk_create and SQL."""

from .indexing.outbox import mark_stale

__all__ = ["mark_stale"]
