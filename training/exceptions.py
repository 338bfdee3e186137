"""Errors that a user can mend; the command line prints their sentence and no traceback."""


class TrainingError(Exception):
    """The base of all that `training` raises by itself."""


class MissingBertError(TrainingError):
    """A package that BERT needs is not installed."""


class ParityError(TrainingError):
    """An exported encoder does not give what the Keras model gives."""


class Interrupted(TrainingError):  # noqa: N818 - nothing went wrong
    """A run was asked to stop; what it had learned is saved."""
