"""The admin's site, whose forms for passwords can be tried a few times only."""

import logging
from collections.abc import Callable
from math import ceil
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.crypto import salted_hmac
from rest_framework.throttling import BaseThrottle

from search.namespace import namespace

from .attempts import Attempts

logger = logging.getLogger(__name__)

SECONDS = 300.0
OF_ADDRESS = 10  # failures of one address within that time
OF_NAME = (
    100  # failures with one user name, from wherever; more, so that nobody is easily locked out by others
)
attempts = Attempts(SECONDS)


class ShopAdminSite(AdminSite):
    """Django's site; too many wrong passwords are answered with 429 and Retry-After, right ones then too."""

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the form, or log in."""
        name = request.POST.get("username", "")
        return self._limited(request, name, lambda: super(ShopAdminSite, self).login(request, extra_context))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form, or change the password of whoever knows the old one."""
        name = request.user.get_username()
        return self._limited(
            request, name, lambda: super(ShopAdminSite, self).password_change(request, extra_context)
        )

    def _limited(self, request: HttpRequest, name: str, answer: Callable[[], HttpResponse]) -> HttpResponse:
        if request.method != "POST":
            return answer()
        taken = []
        # The address first: one that is refused takes no places of the name.
        for limit, kind, value in (
            (OF_ADDRESS, "address", BaseThrottle().get_ident(request) or ""),
            (OF_NAME, "name", name.casefold()),
        ):
            key = f"shop:{namespace()}:login:{kind}:{salted_hmac('shop.login', value).hexdigest()[:32]}"
            count, seconds = attempts.take(key)
            if count > limit:
                logger.warning("Too many wrong passwords of one %s: refused for %d s", kind, ceil(seconds))
                return self._refusal(request, seconds)
            taken.append(key)
        response = answer()
        if response.status_code == 302:
            for key in taken:
                attempts.give_back(key)
        return response

    def _refusal(self, request: HttpRequest, seconds: float) -> HttpResponse:
        context = {
            **self.each_context(request),
            "is_nav_sidebar_enabled": False,
            "title": "Too many attempts",
            "minutes": ceil(seconds / 60),
        }
        headers = {"Retry-After": str(ceil(seconds)), "Cache-Control": "no-store"}
        return TemplateResponse(request, "admin/too_many.html", context, status=429, headers=headers)
