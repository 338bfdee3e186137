"""The one error that the local runner reports as a plain line instead of a traceback."""


class LocalError(Exception):
    """Something on this machine prevents the demo from running; the message says what and what helps."""
