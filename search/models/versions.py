"""Index versions, the words counted of each, and the evaluations of how well it answers."""

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..conf import get_settings
from ..exceptions import BuildGivenUp

_SERVING = """
SELECT * FROM fashion_search_indexversion WHERE state IN ('active', 'building', 'ready')
ORDER BY state = 'active' DESC, id DESC LIMIT 1
"""
LACK_LASTS = timedelta(minutes=2)  # a worker that lacks an artifact says so with each sweep that finds work


class IndexVersionQuerySet(models.QuerySet["IndexVersion"]):
    """Index versions by what they are used for."""

    def active(self) -> "IndexVersion | None":
        """Return the version that searches use, or None before the first build is done."""
        return self.filter(state=IndexVersion.State.ACTIVE).first()

    def written(self) -> Self:
        """Keep the versions that changes of products are written to, oldest first."""
        return self.filter(state__in=IndexVersion.WRITTEN).order_by("pk")

    def held(self) -> Self:
        """Keep the versions that are ready and wait for somebody's decision, newest first."""
        return self.filter(state=IndexVersion.State.READY).exclude(held="").order_by("-pk")

    def serving(self) -> "IndexVersion | None":
        """Return the version to search: the active one, else the newest on its way there (by keyword only)."""
        # Every search asks it; the ORM takes longer to put the statement together than Postgres to answer it.
        return next(iter(self.raw(_SERVING)), None)

    def check_wanted(self, version_id: int) -> None:
        """Go on unless a version was given up.

        Raises:
            BuildGivenUp: it failed, was cancelled or is gone.
        """
        if not self.filter(pk=version_id).exclude(state=IndexVersion.State.FAILED).exists():
            raise BuildGivenUp(f"Version {version_id} was given up.")


class IndexVersion(models.Model):
    """All entries and embeddings made with one artifact; at most one version is active."""

    class State(models.TextChoices):
        """Where a version is in its life."""

        BUILDING = "building", _("building")
        READY = "ready", _("ready")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")
        FAILED = "failed", _("failed")

    WRITTEN: ClassVar[tuple[State, ...]] = (State.BUILDING, State.READY, State.ACTIVE)

    artifact_path = models.TextField(
        help_text=_(
            "Folder of the artifact it was built from; the last place where the artifact is looked for."
        )
    )
    artifact_name = models.TextField()
    fingerprint = models.CharField(
        max_length=64, help_text=_("Fingerprint of the artifact; equal fingerprints mean equal embeddings.")
    )
    dimension = models.PositiveIntegerField(help_text=_("Values per embedding."))
    state = models.CharField(max_length=10, choices=State.choices, default=State.BUILDING)
    created_at = models.DateTimeField(auto_now_add=True)
    built_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was given up."))
    error = models.TextField(blank=True, default="")
    # Defaults of the database, because code of the release before adds rows while this one is being brought in.
    trouble = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text=_("The last error of a step that will be tried again."),
    )
    trouble_at = models.DateTimeField(null=True, blank=True, help_text=_("When that error occurred."))
    text_config = models.TextField(
        "text search configuration",
        blank=True,
        default="",
        db_default="",
        help_text=_("Text search configuration of its entries; empty where it was not recorded."),
    )
    lacking = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text=_("The host whose worker cannot find or load the artifact, and why."),
    )
    lacking_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When that worker last reported it.")
    )
    # A version of the release before has entries that nothing has counted.
    counted = models.BooleanField(
        default=True,
        db_default=False,
        editable=False,
        help_text=_("Whether what is kept counts all of its entries."),
    )
    total = models.PositiveIntegerField(null=True, blank=True, help_text=_("Products when the build began."))
    ann_recall = models.FloatField(
        _("ANN recall@24"),
        null=True,
        blank=True,
        help_text=_("Overlap with the exact scan over sampled queries."),
    )

    held = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Why it is not activated automatically: what is clearly worse than in the active version."
        ),
    )
    figures = models.JSONField(
        blank=True,
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        editable=False,
        help_text=_(
            "Figures measured before the switch, of this version and of the one that was active then."
        ),
    )

    objects = IndexVersionQuerySet.as_manager()

    class Meta:
        """Constraints and indexes."""

        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("state",), condition=models.Q(state="active"), name="fashion_search_one_active"
            ),
        )

    def __str__(self) -> str:
        return f"version {self.pk} ({self.artifact_name}, {self.state})"

    @property
    def config(self) -> str:
        """The text search configuration that its entries are written with, and that it is searched with."""
        return self.text_config or get_settings().text_config

    @property
    def lack(self) -> str:
        """What a worker has said of the artifact that it lacks, if it was lately; else ""."""
        if self.lacking_at is None or timezone.now() - self.lacking_at > LACK_LASTS:
            return ""
        return self.lacking

    @property
    def is_whole(self) -> bool:
        """Whether it can be searched by embeddings, too: it is active, or was."""
        return self.state in (self.State.ACTIVE, self.State.RETIRED)

    @property
    def is_built(self) -> bool:
        """Whether everything is in it, so that it may be tried beside the active one: it is whole, or ready to be so."""
        return self.is_whole or (self.state == self.State.READY and self.built_at is not None)

    @property
    def image_index(self) -> str:
        """Name of the version's HNSW index over image embeddings."""
        return f"fashion_search_image_v{self.pk}_hnsw"

    @property
    def text_index(self) -> str:
        """Name of the version's HNSW index over text embeddings."""
        return f"fashion_search_text_v{self.pk}_hnsw"


class VersionLexicon(models.Model):
    """What facet values and words a version holds, and how similar nonsense comes to its embeddings."""

    version = models.OneToOneField(
        IndexVersion, on_delete=models.CASCADE, primary_key=True, related_name="lexicon"
    )
    total = models.PositiveIntegerField(help_text=_("Entries that were counted."))
    facets = models.JSONField(
        help_text=_('Facet values, such as "colour=Navy Blue", with the number of entries that have each.')
    )
    paths = models.JSONField(help_text=_("Paths of categories, root first."))
    lexemes = models.JSONField(help_text=_("Stems of words, with the number of entries that contain each."))
    image_noise = models.FloatField(
        default=0.0, help_text=_("99th percentile of a nonsense word's similarity to its nearest picture.")
    )
    text_noise = models.FloatField(
        default=0.0, help_text=_("99th percentile of a nonsense word's similarity to its nearest text.")
    )
    built_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"lexicon of {self.version}"


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
    source = models.TextField(help_text=_("Identifies the state of the entries that it was made from."))
    stamp = models.CharField(max_length=64, help_text=_("Digest of words and names."))
    vocabulary = models.BinaryField(help_text=_("Words, for spelling."))
    # The release before reads it; this one leaves it as it is and keeps names in parts.
    names = models.BinaryField(
        default=b"", db_default=b"", help_text=_("Names as the release before keeps them.")
    )
    seconds = models.FloatField(default=0.0, db_default=0.0, help_text=_("How long counting took."))
    made_at = models.DateTimeField()

    objects = WordListQuerySet.as_manager()

    def __str__(self) -> str:
        return f"words of version {self.version_id}"


class WordListPart(models.Model):
    """A part of the names of one version, in the order in which a process reads them."""

    # Without a constraint, since the release before deletes versions and knows no parts.
    version = models.ForeignKey(
        IndexVersion, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    stamp = models.CharField(max_length=64, help_text=_("Stamp of the word list that it belongs to."))
    number = models.PositiveIntegerField(help_text=_("Place among the parts of one stamp."))
    data = models.BinaryField(help_text=_("Words and products of names, for suggestions."))

    class Meta:
        """Constraints."""

        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("version", "stamp", "number"), name="fashion_search_one_part"),
        )

    def __str__(self) -> str:
        return f"part {self.number} of the words of version {self.version_id}"


class Evaluation(models.Model):
    """The figures of one run over a file of judged queries."""

    version = models.ForeignKey(
        IndexVersion,
        null=True,
        on_delete=models.SET_NULL,
        related_name="evaluations",
        help_text=_("Empty once the version has been deleted."),
    )
    measured = models.TextField(help_text=_("Number of the version, name and fingerprint of its artifact."))
    made_at = models.DateTimeField(auto_now_add=True)
    source = models.TextField(help_text=_("Name of the file of queries."))
    digest = models.CharField(
        max_length=64, help_text=_("SHA-256 of that file; only runs with the same digest are compared.")
    )
    figures = models.JSONField(help_text=_("Figures by kind."))
    queries = models.JSONField(help_text=_("Share of the right answers among the first results, by query."))
    judged_set = models.ForeignKey(
        "fashion_search.JudgedSet",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="evaluations",
        help_text=_("The set that was asked; empty where it was a file, or has been deleted."),
    )
    # Defaults of the database, because code of the release before adds rows while this one is being brought in.
    settings = models.JSONField(
        blank=True,
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text=_("The settings of ranking that were in effect."),
    )
    tried = models.JSONField(
        blank=True,
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text=_("Those of them that were only tried; shoppers searched with others."),
    )
    details = models.JSONField(
        blank=True,
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text=_(
            "By query: right results, right answers that there are, results in all, SKU of the first wrong result."
        ),
    )

    class Meta:
        """Newest first."""

        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.source} on {self.measured}"

    @property
    def precision(self) -> float:
        """P@10 over all queries."""
        return float(self.figures["all"]["precision"])

    @property
    def ndcg(self) -> float:
        """nDCG@10 over all queries."""
        return float(self.figures["all"]["ndcg"])
