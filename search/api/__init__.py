"""The JSON API of search, for mobile apps and scripts; what it needs is the extra `api`."""

try:
    import drf_spectacular  # noqa: F401
    import rest_framework  # noqa: F401
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError(
        f'The API needs the package {_missing.name}: pip install "fashion-search[api]".', name=_missing.name
    ) from _missing
