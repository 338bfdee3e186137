"""Settings of the host, as a server of its own: those of the shop, with other pages."""

from pathlib import Path

from shop.settings import *  # noqa: F403
from shop.settings import FASHION_SEARCH, MIDDLEWARE, TEMPLATES

FOLDER = Path(__file__).parent
DEBUG = True  # runserver hands out static files
ROOT_URLCONF = "tests.host.urls"
TEMPLATES = [{**TEMPLATES[0], "DIRS": [FOLDER / "templates"]}]
STATICFILES_DIRS = [FOLDER / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# The shop's middleware knows addresses that are not here.
MIDDLEWARE = [
    name
    for name in MIDDLEWARE
    if name not in ("shop.overload.Shedding", "whitenoise.middleware.WhiteNoiseMiddleware")
]
MIDDLEWARE.insert(
    MIDDLEWARE.index("django.middleware.common.CommonMiddleware"), "django.middleware.locale.LocaleMiddleware"
)
FASHION_SEARCH = {**FASHION_SEARCH, "SEARCH_URL": "fashion_search_pages:search"}
