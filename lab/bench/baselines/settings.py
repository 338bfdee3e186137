"""The shop's settings with Haystack and watson beside the plugin."""

import os

from shop.settings import *  # noqa: F403 - the same shop
from shop.settings import INSTALLED_APPS as SHOP_APPS

INSTALLED_APPS = [*SHOP_APPS, "haystack", "watson", "lab.bench.baselines.apps.BaselinesConfig"]
HAYSTACK_CONNECTIONS = {
    "default": {
        "ENGINE": "haystack.backends.whoosh_backend.WhooshEngine",
        "PATH": os.environ["WHOOSH_FOLDER"],
    }
}
