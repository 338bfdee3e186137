"""What can go wrong in the plugin, each with a message that a person can act on."""


class SearchError(Exception):
    """Something in the search plugin failed; the message says what."""


class ArtifactError(SearchError):
    """An artifact is missing, damaged, or not the one that an index version was built with."""


class EncodingError(ArtifactError):
    """The encoders gave something that is no embedding for one input; others may be fine."""


class EncoderTimeout(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """An encoder gave no embedding in the time that a search has."""


class TextConfigError(SearchError):
    """A text search configuration cannot be used; the message says which, and why."""


class PictureError(SearchError, ValueError):
    """A picture cannot be used; the message is one sentence that says why."""


class NoIndexRegistered(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """No model is registered for search; register one in a `search_index` module of an installed app."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class HostError(SearchError):
    """A method of the host's index raised, or returned what cannot be indexed; the message says which and why."""


class NoVersion(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """No index version can do what was asked; the message says which one is missing."""


class MapError(SearchError):
    """The map of the catalogue cannot be made; the message says what is missing."""


class VersionStateError(SearchError):
    """The index version is in a state from which the step asked for is not allowed."""


class BuildGivenUp(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """The build was cancelled, or a newer one took its place; the worker that is on it stops."""


class BuildStateError(SearchError):
    """A build cannot begin or be cancelled now; the message says why."""


class LockLost(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """A step that may run once at a time gave no sign of life for so long that another process began it."""


class UnsafeConnection(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """Something cannot be done through the connection that the settings name; the message names the remedy."""


class TooLittleMemory(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """An index cannot be built in sensible time with the memory that Postgres may use for it; the message names the remedy."""


class InvalidQuery(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """A query cannot be answered; `code` is for programs and `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class UnsafeLink(SearchError, ValueError):  # noqa: N818 - says what is wrong without the suffix
    """An address leads out of the shop; the message says where it may lead."""


class OvertakenDraft(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """Somebody has changed the rules of a page since a draft for it was made; look at both again before publishing."""


class NoTags(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """There is no tag vocabulary to suggest from yet; the message says what is missing."""


class StorageAway(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """The storage of the pictures does not answer, or cannot be reached; the message says how that showed."""
