"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from .security import ReadableMediaTypes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = ReadableMediaTypes(get_wsgi_application())
