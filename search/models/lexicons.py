"""The words of a version's catalogue, counted once so that every process can read queries with them."""

from django.db import models

from .versions import IndexVersion


class VersionLexicon(models.Model):
    """What facet values and words a version holds, and how similar nonsense comes to its embeddings."""

    version = models.OneToOneField(
        IndexVersion, on_delete=models.CASCADE, primary_key=True, related_name="lexicon"
    )
    total = models.PositiveIntegerField(help_text="Entries that were counted.")
    facets = models.JSONField(help_text='"colour=Navy Blue" and how many entries bear it.')
    paths = models.JSONField(help_text="Values of the category facet that stand together, root first.")
    lexemes = models.JSONField(help_text="Stem of a word and how many entries hold it.")
    image_noise = models.FloatField(
        default=0.0, help_text="Similarity to its nearest picture that 99 % of nonsense words stay below."
    )
    text_noise = models.FloatField(
        default=0.0, help_text="Similarity to its nearest text that 99 % of nonsense words stay below."
    )
    built_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"lexicon of {self.version}"


# What web processes read from one version at once: its words for spelling, its names for suggestions.


class WordListQuerySet(models.QuerySet["WordList"]):
    """Word lists by the state of their versions."""

    def serving_stamp(self) -> tuple[int, str] | None:
        """Return version and stamp of the words to suggest from, in one query: the active version's, else the newest."""
        states = {IndexVersion.State.ACTIVE: 1, IndexVersion.State.BUILDING: 0, IndexVersion.State.READY: 0}
        rows = self.filter(version__state__in=states).values_list("version__state", "pk", "stamp")
        best = max(rows, key=lambda row: (states[IndexVersion.State(row[0])], row[1]), default=None)
        return None if best is None else (best[1], best[2])


class WordList(models.Model):
    """The words and names of one version, packed, so that a process loads them once and then only asks for the stamp."""

    version = models.OneToOneField(
        IndexVersion, on_delete=models.CASCADE, primary_key=True, related_name="word_list"
    )
    source = models.TextField(help_text="Says which state of the entries was read.")
    stamp = models.CharField(max_length=64, help_text="Digest of words and names.")
    vocabulary = models.BinaryField(help_text="Words, for spelling.")
    names = models.BinaryField(help_text="Words and products of names, for suggestions.")
    made_at = models.DateTimeField()

    objects = WordListQuerySet.as_manager()

    def __str__(self) -> str:
        return f"words of version {self.version_id}"
