"""Files of the media folder, served so that nothing in them runs."""

from csp.decorators import csp
from django.http import HttpRequest, HttpResponseBase
from django.views.static import serve

from .policy import INERT

inert = csp(INERT)


@inert
def media_file(request: HttpRequest, path: str, document_root: str) -> HttpResponseBase:
    """Answer with a file of the media folder; in production a web server in front does, see docs/security.md."""
    return serve(request, path, document_root=document_root)
