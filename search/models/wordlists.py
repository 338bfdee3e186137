"""What web processes read from one version at once: its words for spelling, its names for suggestions."""

from django.db import models

from .versions import IndexVersion


class WordList(models.Model):
    """The words and names of one version, packed, so that a process loads them once and then only asks for the stamp."""

    version = models.OneToOneField(
        IndexVersion, on_delete=models.CASCADE, primary_key=True, related_name="word_list"
    )
    source = models.TextField(help_text="Says which state of the entries was read.")
    stamp = models.CharField(max_length=64, help_text="Digest of words and names.")
    lexicon = models.BinaryField(help_text="Words, for spelling.")
    names = models.BinaryField(help_text="Words and products of names, for suggestions.")
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"words of version {self.version_id}"
