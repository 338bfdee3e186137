"""Text search configurations: what Postgres makes of words when entries are written, and of queries when they are searched.

Both must be made by one configuration, or words are not found that are there. So each version keeps its own, entries are
written and searched with it, and another one in the settings takes effect with the next version.
"""

from django.db import DatabaseError, connection, transaction

from ..conf import get_settings
from ..exceptions import TextConfigError
from ..models import IndexVersion


def try_text_config(name: str) -> None:
    """Have Postgres use a text search configuration.

    Raises:
        TextConfigError: it knows none of this name, or cannot use it.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Used, not only looked up: a number counts as a name, and a dictionary's file may be missing.
            cursor.execute("SELECT to_tsvector(%s::regconfig, 'a shirt')", [name])
    except (DatabaseError, ValueError) as error:  # a NUL is refused before Postgres sees it
        if isinstance(error, DatabaseError) and not connection.is_usable():
            raise
        reason = str(error).splitlines()[0]
        raise TextConfigError(
            f"Postgres cannot use {name!r} as text search configuration: {reason}."
        ) from error


def note_text_config() -> None:
    """Note the configuration in the settings with versions that lack one: the release before this one kept none.

    Its versions were written with what the settings said then. Should that have been another one, their content hashes
    say so, and the next reconcile has them written anew.
    """
    unnoted = IndexVersion.objects.filter(text_config="")
    if unnoted.exists():
        config = get_settings().text_config
        try_text_config(config)
        unnoted.update(text_config=config)
