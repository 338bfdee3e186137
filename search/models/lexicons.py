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
