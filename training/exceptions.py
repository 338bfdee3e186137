"""Errors that a user can fix; the command line prints their message without a traceback."""


class TrainingError(Exception):
    """Base class of the exceptions of `training`."""


class MissingBertError(TrainingError):
    """A package that BERT needs is not installed."""


class ParityError(TrainingError):
    """An exported encoder's output differs from the Keras model's."""


class Interrupted(TrainingError):  # noqa: N818 - not an error
    """A run was interrupted; a checkpoint is saved."""
