"""What the jobs that publish will say of themselves, and how an index compares it with a registered publisher.

Source: warehouse/oidc/models/github.py, `lookup_by_claims` and the checks of `GitHubPublisherMixin`: repository, owner
and workflow file are looked up exactly as they are spelt, the environment without upper and lower case.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from tagship.model import Target
from tagship.project.ci import FOLDER
from tagship.services.addresses import INDEXES, IndexAddresses
from tagship.services.index_settings import Listing, Publisher, Release
from tagship.services.reading import Unseen
from tagship.setup.check import Seen, unknown
from tagship.setup.observed import Observed
from tagship.workflow.audit.lane import Lane
from tagship.workflow.document import Document
from tagship.workflow.guide import registrations
from tagship.workflow.variant import Variant


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What a job that publishes by trusted publishing will present."""

    repository: str
    """`owner/name`: as GitHub spells it, where that was seen; else as the remote does."""
    workflow: str
    """File name."""
    environment: str
    """Empty where it has none; an expression where only the running workflow knows."""
    called: bool = False
    """Whether the job is in a workflow that others call: then the identity names a file that started nothing."""
    where: str = ""
    """The job: file and line."""

    @property
    def words(self) -> str:
        """All of it, for people."""
        return f"{self.repository}, {self.workflow}, {environment_words(self.environment)}"


def environment_words(name: str) -> str:
    """How an environment is called, where there may be none."""
    return f"environment {name}" if name else "no environment"


def identity(observed: Observed, target: Target) -> Identity | None:
    """The identity that an index will be shown; None where nothing publishes there by trusted publishing."""
    repository = observed.project.repository.on_github
    if repository is None:
        return None
    if observed.github.repository.value is not None:
        repository = observed.github.repository.value.full_name
    if documents := publishing(observed):
        return next((found for one in documents for found in _presented(one, target, repository)), None)
    wanted = observed.wanted
    if not isinstance(wanted, Variant) or wanted.auth == "token":
        return None
    name = wanted.pypi if target is Target.PYPI else wanted.testpypi
    return Identity(repository=repository, workflow=wanted.file, environment=name, where="as tagship would write it")


def publishing(observed: Observed) -> tuple[Document, ...]:
    """The workflow that publishes, by the name that tagship gives it; where there is none, all that upload."""
    wanted = observed.wanted
    ours = observed.files.workflow(wanted.file) if isinstance(wanted, Variant) else None
    documents = (ours,) if ours is not None else observed.files.workflows
    return tuple(document for document in documents if Lane(document).uploads)


def _presented(document: Document, target: Target, repository: str) -> Iterator[Identity]:
    """The identities of the uploads that name the index, then of those of which only the run knows where they go."""
    lane = Lane(document)
    fitting = [upload for index in (target.value, "unknown") for upload in lane.uploads if upload.index == index]
    for upload in fitting:
        if lane.permission(upload.job, "id-token") == "write" and not lane.tokens(upload):
            yield Identity(
                repository=repository,
                workflow=document.file.removeprefix(f"{FOLDER}/"),
                environment=upload.job.environment,
                called=lane.called,
                where=f"{document.file}:{upload.job.line}",
            )


def differences(presented: Identity, registered: Publisher) -> tuple[str, ...]:
    """Why the index would not take the one for the other; none where it would."""
    return tuple(_differences(presented, registered))


def _differences(presented: Identity, registered: Publisher) -> Iterator[str]:
    if registered.kind != "GitHub":
        yield f"it came from {registered.kind}, and the workflow runs on GitHub Actions"
        return
    here, there = presented.repository, registered.repository
    if here != there and here.lower() == there.lower():
        yield f"the repository is spelt {there} there and {here} on GitHub: upper and lower case matter"
    elif here != there:
        yield f"the repository was {there} and is {here}"
    if presented.workflow != registered.workflow:
        yield f"the workflow was {registered.workflow} and is {presented.workflow}"
    if registered.environment and presented.environment.lower() != registered.environment.lower():
        yield f"the job had the environment {registered.environment} and has {presented.environment or 'none'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class At:
    """One index, with everything that a check asks."""

    observed: Observed
    index: IndexAddresses
    listing: Listing
    presented: Identity | None

    @property
    def name(self) -> str:
        """The project's name as indexes compare it."""
        return self.observed.project.normalised or ""

    @property
    def how(self) -> str:
        """How the project was looked at."""
        return self.listing.status.how

    @property
    def ours(self) -> frozenset[str]:
        """What the repository is called, in lower case: by the remote and by GitHub."""
        found = self.observed.github.repository.value
        names = (self.observed.project.repository.on_github, found.full_name if found else None)
        return frozenset(name.lower() for name in names if name)

    def vouched(self) -> tuple[Release, tuple[Publisher, ...]] | None:
        """The newest release of which the publishers are known, and who they are.

        Raises:
            Unseen: who published one of them could not be read.
        """
        return next(iter(self.known()), None)

    def known(self) -> tuple[tuple[Release, tuple[Publisher, ...]], ...]:
        """All releases of which the publishers are known, the newest first.

        Raises:
            Unseen: who published one of them could not be read.
        """
        self.listing.status.get()
        return tuple((release, found) for release in self.listing.releases if (found := release.publishers.get()))

    @property
    def register(self) -> str:
        """What to do: register the publisher, with the address of the form, filled in where that can be."""
        presented, wanted = self.presented, self.observed.wanted
        url = self.index.publishers(self.name) if self.listing.status.value else self.index.new_publisher
        if presented is None or not isinstance(wanted, Variant):
            return f"Register the publisher: {url}"
        environment, asking = presented.environment, {"repository": presented.repository, "file": presented.workflow}
        changed = msgspec.structs.replace(wanted, pypi=environment, testpypi=environment, **asking)
        found = next(one for one in registrations(changed) if one.index == self.index.name)
        if self.listing.status.value:
            return f"Register {presented.words} as a trusted publisher: {found.url}"
        fields = ", ".join(f"{label}: {value}" for label, value in found.values if value)
        return f"Register a pending publisher ({fields}): {url}"


def each(look: Callable[[At], Seen | None]) -> Callable[[Observed], tuple[Seen, ...]]:
    """A check of both indexes: what cannot be seen of one hides nothing of the other."""

    def both(observed: Observed) -> tuple[Seen, ...]:
        found = (_one(look, observed, target) for target in (Target.PYPI, Target.TESTPYPI))
        return tuple(seen for seen in found if seen is not None)

    return both


def _one(look: Callable[[At], Seen | None], observed: Observed, target: Target) -> Seen | None:
    listing = observed.pypi if target is Target.PYPI else observed.testpypi
    at = At(observed=observed, index=INDEXES[target], listing=listing, presented=identity(observed, target))
    try:
        return look(at)
    except Unseen as missing:
        return unknown(missing.hidden.why, missing.how, remedy=missing.hidden.remedy, about=target.value)
