"""Probes of index versions: the one that searches use, its artifact, text search configuration and HNSW indexes, and those beside it."""

from datetime import datetime, timedelta

from django.utils import timezone

from ..conf import get_settings
from ..encoders.cache import artifact_in_settings, encoders_for, find_artifact, prove
from ..exceptions import ArtifactError, TextConfigError
from ..indexing.databases import try_text_config
from ..indexing.hnsw import MIN_ANN_RECALL, broken_indexes
from ..indexing.removal import find_left_over
from ..indexing.versions import REMEDY, versions_without_artifact
from ..models import Build, IndexEntry, IndexVersion
from ..sentences import figure, joined, said
from ..sentences import lazily as _
from .probes import Finding, State, combine, count, counted, span

CHANGE_OVER = _("To change over, run: manage.py search_index rebuild")


def probe_version(version: IndexVersion | None) -> Finding:
    """Say whether a version is active.

    Args:
        version: the active one.
    """
    name = _("Active version")
    if version is None:
        on_its_way = Build.objects.running().filter(kind=Build.Kind.REBUILD).exists()
        remedy = _("Wait for the build that runs.") if on_its_way else _("Start a rebuild.")
        return Finding(
            name, State.BROKEN, _("No version is active; shoppers search by keyword at best."), remedy
        )
    sentence = said(
        _("Version %(pk)s, %(artifact_name)s, active for %(activated_at)s."),
        pk=version.pk,
        artifact_name=version.artifact_name,
        activated_at=_age(version.activated_at),
    )
    return Finding(name, State.OK, sentence)


def probe_artifact(version: IndexVersion | None) -> Finding:
    """E003, E004, W001, W021: the artifacts of the versions and of the settings are there, can be loaded and are one.

    Args:
        version: the active one; None where there is none.
    """
    wanted = probe_settings_artifact()
    troubles = [] if wanted.state is State.OK else [wanted]
    if version is not None:
        own = probe_version_artifact(version)
        if own.state is not State.OK:
            troubles.append(own)
        elif not troubles:
            troubles += _other_artifact(version)
    for other, reason in versions_without_artifact():
        troubles.append(
            Finding(
                _("Artifact"),
                State.ATTENTION,
                said(
                    _("Version %(pk)s, %(state)s, cannot be used: %(reason)s"),
                    pk=other.pk,
                    state=other.state,
                    reason=reason,
                ),
                _(
                    "Put its artifact into one of the known folders; a retired one is dropped by later rebuilds."
                ),
                check_id="fashion_search.W021",
                tolerated=True,
            )
        )
    well = (
        said(_("%(artifact_name)s matches the active version."), artifact_name=version.artifact_name)
        if version
        else wanted.sentence
    )
    return combine(_("Artifact"), troubles, well)


def probe_settings_artifact(*, load: bool = True) -> Finding:
    """E003: the artifact that the settings name is whole.

    Args:
        load: its models, too, once per process.
    """
    try:
        found = artifact_in_settings()
        if load:
            prove(found)
    except ArtifactError as error:
        return Finding(
            _("Artifact"),
            State.BROKEN,
            str(error),
            _("Set FASHION_SEARCH['ARTIFACT'] to a whole folder."),
            check_id="fashion_search.E003",
            tolerated=True,  # the version's own may be elsewhere
        )
    return Finding(
        _("Artifact"),
        State.OK,
        said(_("%(folder)s holds %(name)s."), folder=found.folder, name=found.manifest.name),
    )


def probe_version_artifact(version: IndexVersion) -> Finding:
    """E004: a version's artifact is in a known folder and can be loaded, here and where workers are."""
    try:
        found = find_artifact(version)
        prove(found)
    except ArtifactError as error:
        return Finding(
            _("Artifact"),
            State.BROKEN,
            said(
                _(
                    "The artifact of the active version %(pk)s cannot be used, so queries are answered by keyword only: %(error)s"
                ),
                pk=version.pk,
                error=error,
            ),
            said(
                _("Put the artifact %(artifact_name)s back, or run: manage.py search_index rebuild"),
                artifact_name=version.artifact_name,
            ),
            check_id="fashion_search.E004",
        )
    if version.lack:
        return Finding(
            _("Artifact"),
            State.BROKEN,
            said(_("A worker lacks it and embeds nothing. %(lack)s"), lack=version.lack),
            _("Put the artifact there, into a folder that the worker's settings name; it needs no restart."),
        )
    return Finding(
        _("Artifact"),
        State.OK,
        said(_("%(folder)s holds the artifact of the active version."), folder=found.folder),
    )


def _other_artifact(version: IndexVersion) -> list[Finding]:
    wanted = artifact_in_settings().manifest
    if wanted.fingerprint == version.fingerprint:
        return []
    return [
        Finding(
            _("Artifact"),
            State.ATTENTION,
            said(
                _(
                    "The active version %(pk)s was built with %(artifact_name)s, not with the artifact in the settings, %(name)s."
                ),
                pk=version.pk,
                artifact_name=version.artifact_name,
                name=wanted.name,
            ),
            CHANGE_OVER,
            check_id="fashion_search.W001",
            tolerated=True,
        )
    ]


def probe_encoders(version: IndexVersion) -> Finding:
    """Have this process load what queries are encoded with, unless it has done so before.

    Raises:
        ArtifactError: it cannot.
    """
    encoders = encoders_for(version)
    encoders.start_texts()
    return Finding(
        _("Encoders"),
        State.OK,
        said(
            _("%(dimension)s dimensions, from %(folder)s."),
            dimension=encoders.dimension,
            folder=encoders.folder,
        ),
    )


def probe_text_config(version: IndexVersion | None) -> Finding:
    """E010, W012: Postgres knows the text search configurations of the settings and of the active version, which are one.

    Args:
        version: the active one; None where there is none.
    """
    name = _("Text search configuration")
    wanted = get_settings().text_config
    own = wanted if version is None else version.config
    troubles = []
    try:
        try_text_config(wanted)
    except TextConfigError as error:
        troubles.append(
            Finding(
                name,
                State.BROKEN if own == wanted else State.ATTENTION,
                said(_("FASHION_SEARCH['TEXT_CONFIG']: %(error)s"), error=error),
                _(
                    "Take one that psql lists with \\dF, for example english or simple. One that a migration still has to make:"
                    " manage.py migrate --skip-checks"
                ),
                check_id="fashion_search.E010",
                tolerated=own != wanted,
            )
        )
    if version is not None and own != wanted:
        try:
            try_text_config(own)
        except TextConfigError as error:
            troubles.append(
                Finding(
                    name,
                    State.BROKEN,
                    said(
                        _("The active version %(pk)s cannot be searched: %(error)s"),
                        pk=version.pk,
                        error=error,
                    ),
                    _("Bring the configuration back in Postgres, or run: manage.py search_index rebuild"),
                    check_id="fashion_search.E010",
                )
            )
        if not troubles:
            troubles.append(
                Finding(
                    name,
                    State.ATTENTION,
                    said(
                        _(
                            "The active version %(pk)s was built with the text search configuration %(own)s, not with the one in the settings, %(wanted)s; it is still searched and written with its own."
                        ),
                        pk=version.pk,
                        own=own,
                        wanted=wanted,
                    ),
                    CHANGE_OVER,
                    check_id="fashion_search.W012",
                    tolerated=True,
                )
            )
    return combine(name, troubles, said(_("%(wanted)s, as in the active version."), wanted=wanted))


def probe_hnsw(version: IndexVersion) -> Finding:
    """Read from Postgres whether both HNSW indexes are valid."""
    broken = broken_indexes(version)
    return counted(
        _("HNSW indexes"),
        len(broken),
        well=_("Both are valid."),
        trouble=said(
            _("Missing or invalid: %(broken)s; every search reads all embeddings."), broken=", ".join(broken)
        ),
        remedy=_("A worker builds them again within seconds if Celery beat runs; see that it does."),
        state=State.BROKEN,
    )


def probe_recall(version: IndexVersion) -> Finding:
    """Look at the ANN recall that was measured when the version was built."""
    name = _("ANN recall")
    if version.ann_recall is None:
        if not IndexEntry.objects.filter(version=version).exists():
            return Finding(name, State.OK, _("Nothing to measure: no product is in the version."))
        return Finding(
            name,
            State.BROKEN,
            _("Not measured: the version has no embeddings; searches are by keyword only."),
            _("Read the worker's log for what the encoder says, then start a reindex."),
        )
    sentence = said(
        _("%(ann_recall)s of the exact scan's nearest 24 were found when the version was built."),
        ann_recall=figure(version.ann_recall, 3),
    )
    if version.ann_recall >= MIN_ANN_RECALL:
        return Finding(name, State.OK, sentence)
    return Finding(
        name, State.ATTENTION, sentence, _("Raise HNSW_M, HNSW_EF_CONSTRUCTION or EF_SEARCH and rebuild.")
    )


def probe_versions() -> Finding:
    """Look for versions that maintenance cannot cope with, and for what is left of those that are gone."""
    name, left_over = _("Versions"), find_left_over()
    first = "".join(left_over[:1])
    return counted(
        name,
        len(left_over),
        well=said(
            _("%(version)s kept, nothing left of others."),
            version=count(IndexVersion.objects.count(), "version"),
        ),
        trouble=said(_("%(first)s, and %(more)s more."), first=first, more=len(left_over) - 1)
        if len(left_over) > 1
        else f"{first}.",
        remedy=_(
            "Correct what the reason names; a worker tries again every few seconds if Celery beat runs."
        ),
        parts=[Finding(name, State.ATTENTION, f"{one}.") for one in left_over],
    )


def probe_held() -> Finding:
    """Say whether a new version is held back, since it is clearly worse than the active one."""
    held = list(IndexVersion.objects.held())
    return counted(
        _("New version"),
        len(held),
        well=_("None is held back."),
        trouble=joined(
            said(_("Version %(version)s is not activated: %(why)s"), version=version.pk, why=version.held)
            for version in held[:1]
        ),
        remedy=joined(
            joined(
                (said(REMEDY, version=version.pk), _("Index versions in the admin has both side by side."))
            )
            for version in held[:1]
        ),
    )


def _age(moment: datetime | None) -> str:
    return span(((timezone.now() - moment) if moment else timedelta(0)).total_seconds())
