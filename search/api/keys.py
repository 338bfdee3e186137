"""Who calls the API: a client with a key, or anybody."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import InternalError, transaction
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ..conf import get_settings
from ..models import ApiKey
from ..models.api_keys import digest_of

logger = logging.getLogger(__name__)

SCHEME = "Bearer"
NOTED_EVERY = timedelta(minutes=1)  # when a key was last used is no more exact than this
UNKNOWN = "This key is unknown or was revoked: ask the shop for another one."


class KeyAuthentication(BaseAuthentication):
    """Reads `Authorization: Bearer KEY`; the key is then `request.auth`."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        """Return the key that was sent, or None without one.

        Raises:
            AuthenticationFailed: it is unknown, revoked, or no bearer key.
        """
        sent = request.headers.get("Authorization", "").split()
        if not sent or sent[0].lower() == "basic":  # what a gate in front of the whole shop asks for
            return None
        if len(sent) != 2 or sent[0].lower() != SCHEME.lower():
            raise AuthenticationFailed("Send the key as Authorization: Bearer KEY.")
        key = ApiKey.objects.filter(digest=digest_of(sent[1]), revoked_at=None).first()
        if key is None:
            raise AuthenticationFailed(UNKNOWN)
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > NOTED_EVERY:
            _note_use(key, now)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 asks for."""
        return SCHEME


def _note_use(key: ApiKey, now: datetime) -> None:
    try:
        with transaction.atomic():
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    except InternalError as error:  # a standby takes no writes, and is searched all the same
        logger.warning("The use of a key was not noted: %s", error)


class ScopePermission(BasePermission):
    """Lets keys do what their scopes name, and anybody read where the setting API_ANONYMOUS says so.

    Views of what the shop's own pages ask for, marked `open_to_pages`, need no key in any case.
    """

    message = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the caller may use the view; REST framework answers 401 without a key and 403 with one."""
        key: ApiKey | None = request.auth  # type: ignore[assignment]  # what KeyAuthentication returns
        if key is None:
            return get_settings().api_anonymous or getattr(view, "open_to_pages", False)
        self.message = f"This key lacks the scope {view.scope}."
        return view.scope in key.scopes
