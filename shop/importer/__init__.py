"""Read product files and pictures into the catalogue, safely and repeatably."""

from .run import ImportOptions, ImportResult, import_catalogue

__all__ = ["ImportOptions", "ImportResult", "import_catalogue"]
