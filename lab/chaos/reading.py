"""A host that sends its reads to a replica."""

from typing import Any


class ReadReplica:
    """Reads from the replica, writes to the default database, as Django's own documentation has it."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the replica's alias."""
        return "replica"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        """Return the alias of the database that is written to."""
        return "default"

    def allow_relation(self, first: Any, second: Any, **hints: Any) -> bool:
        """Let rows of both be related: they are the same rows."""
        return True
