"""Static files: which ones are collected, and how several releases share one folder."""

from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class ShopStaticFilesConfig(StaticFilesConfig):
    """Static files without those of the API's second page, which nothing links to: they are 5 MB to hash and compress."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc"]


class ReleaseStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names hold a hash, so files of all releases lie side by side; which ones are a release's own stands in a manifest of its own.

    With one manifest for all, a process of the former release that starts after the next one's collectstatic would
    name files that its pages do not fit, or miss names and fail.
    """

    def __init__(self, *args: Any, release: str, **kwargs: Any) -> None:
        """Read the manifest of a release, which is named after its folder."""
        self.manifest_name = f"staticfiles-{release}.json"
        super().__init__(*args, **kwargs)
