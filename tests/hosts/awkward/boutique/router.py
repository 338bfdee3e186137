class ArchiveRouter:
    """Old orders lie in a database of their own; everything else in the default one, and nowhere else."""

    def db_for_read(self, model, **hints):
        return "archive" if model._meta.app_label == "archive" else "default"

    db_for_write = db_for_read

    def allow_relation(self, one, other, **hints):
        return one._state.db == other._state.db

    def allow_migrate(self, db, app_label, **hints):
        return (db == "archive") == (app_label == "archive")
