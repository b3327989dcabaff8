"""What the jobs that publish will say of themselves, and how an index compares it with a registered publisher.

Source: warehouse/oidc/models/github.py, `lookup_by_claims` and the checks of `GitHubPublisherMixin`: repository, owner
and workflow file are looked up exactly as they are spelt, the environment without upper and lower case.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tagship.checks.check import few
from tagship.model import Target
from tagship.project.ci import FOLDER
from tagship.project.ci_names import inside
from tagship.services.addresses import INDEXES, IndexAddresses
from tagship.services.index_settings import Listing, Publisher, Release, environment_words
from tagship.services.reading import Unseen
from tagship.setup.check import Seen, unknown
from tagship.setup.observed import Observed, is_ours
from tagship.workflow.audit.lane import Lane, Upload, index_named
from tagship.workflow.document import Document, Step, text
from tagship.workflow.guide import trusted
from tagship.workflow.variant import Variant

EXPRESSION = "${{"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What a job that publishes by trusted publishing will present."""

    repository: str
    """`owner/name`: as GitHub spells it, where that was seen; else as the remote does."""
    workflow: str
    """Name of the file in which the job stands, whatever started it: the claim `job_workflow_ref`."""
    environment: str
    """Empty where it has none; an expression where only the running workflow knows."""
    callers: str = ""
    """Who calls the workflow, in words; empty where nobody does."""
    refused: bool = False
    """Whether the index takes no upload of a job that was called so: attestations name the file that was started and
    not this one, and in another repository so does the identity."""
    where: str = ""
    """The job: file and line."""

    @property
    def words(self) -> str:
        """All of it, for people."""
        return f"{self.repository}, {self.job}"

    @property
    def job(self) -> str:
        """What tells the jobs of a repository from each other."""
        return f"{self.workflow}, {environment_words(self.environment)}"


def identities(observed: Observed, target: Target) -> tuple[Identity, ...]:
    """What an index will be shown by each job that may publish there by trusted publishing, tagship's own first."""
    repository, wanted = observed.project.repository.on_github, observed.wanted
    if repository is None:
        return ()
    if observed.github.repository.value is not None:
        repository = observed.github.repository.value.full_name
    lanes, handed = _lanes(observed), tuple(_handed(observed, repository))
    if lanes or handed:
        elsewhere = (presented for index, presented in handed if index == target.value)
        return (*_presented(observed, lanes, target, repository), *elsewhere)
    if not isinstance(wanted, Variant) or wanted.auth == "token":
        return ()
    name = wanted.pypi if target is Target.PYPI else wanted.testpypi
    made = Identity(repository=repository, workflow=wanted.file, environment=name, where="as tagship would write it")
    return (made,)


def publishing(observed: Observed) -> tuple[Document, ...]:
    """The workflow that publishes, by the name that tagship gives it; where there is none, all that upload."""
    wanted = observed.wanted
    ours = observed.files.workflow(wanted.file) if isinstance(wanted, Variant) else None
    documents = (ours,) if ours is not None else observed.files.workflows
    return tuple(document for document in documents if Lane(document).uploads)


def _lanes(observed: Observed) -> tuple[Lane, ...]:
    """Every workflow that uploads, tagship's own first; those that it wrote for other packages left out."""
    wanted = observed.wanted
    own = f"{FOLDER}/{wanted.file}" if isinstance(wanted, Variant) else ""
    documents = sorted(observed.files.workflows, key=lambda document: document.file != own)
    if is_shared(observed) or any(document.file == own for document in documents):
        documents = [document for document in documents if document.file == own or not is_ours(document)]
    return tuple(lane for lane in map(Lane, documents) if lane.uploads)


def is_shared(observed: Observed) -> bool:
    """Whether the repository holds several packages, so that not every job that publishes is about this one."""
    return observed.project.package != "." or bool(observed.project.packages)


def _presented(observed: Observed, lanes: Iterable[Lane], target: Target, repository: str) -> Iterator[Identity]:
    """The identities of the uploads that name the index; where none does, of those that only the run knows."""
    trusted = [
        (lane, upload)
        for lane in lanes
        for found in lane.uploads
        for upload in lane.rows(found)
        if lane.permission(upload.job, "id-token") == "write" and not lane.tokens(upload)
    ]
    named = [one for one in trusted if one[1].index == target.value]
    jobs: dict[tuple[str, str], list[tuple[Lane, Upload]]] = {}
    for lane, upload in named or [one for one in trusted if one[1].index == "unknown"]:
        jobs.setdefault((lane.document.file, upload.job.environment.lower()), []).append((lane, upload))
    for (file, _), same in jobs.items():
        lane, upload = same[0]
        callers = _callers(observed, file)
        yield Identity(
            repository=repository,
            workflow=file.removeprefix(f"{FOLDER}/"),
            environment=upload.job.environment,
            callers=few(callers) if callers else "other workflows" if lane.called else "",
            refused=any(_attests(one.step) for _, one in same) if callers else lane.called,
            where=f"{file}:{upload.job.line}",
        )


def _handed(observed: Observed, repository: str) -> Iterator[tuple[str, Identity]]:
    """Index and identity of jobs that hand theirs to a workflow of another repository, which is named for the index."""
    for document in observed.files.workflows:
        lane = Lane(document)
        for job in document.jobs.values():
            named = index_named(f"{job.id} {job.uses}") if job.uses and inside(job.uses) is None else ""
            secrets = any(lane.secrets(job.node.get("secrets")))
            if named and not secrets and lane.permission(job, "id-token") == "write":
                presented = Identity(
                    repository=repository,
                    workflow=job.uses.partition("@")[0],
                    environment="",
                    callers=document.file.removeprefix(f"{FOLDER}/"),
                    refused=True,
                    where=f"{document.file}:{job.line}",
                )
                yield named, presented


def _callers(observed: Observed, file: str) -> list[str]:
    """The files of the workflows of the repository that call one of them."""
    jobs = ((one.file, job.uses) for one in observed.files.workflows for job in one.jobs.values())
    return list(dict.fromkeys(name.removeprefix(f"{FOLDER}/") for name, uses in jobs if inside(uses) == file))


def _attests(step: Step) -> bool:
    """Whether an upload carries attestations: since its 1.11 the action makes them by itself, for TestPyPI as well."""
    return step.action == "pypa/gh-action-pypi-publish" and text(step.inputs.get("attestations")).lower() != "false"


def differences(presented: Identity, registered: Publisher) -> tuple[str, ...]:
    """Why the index would not take the one for the other, as far as is known before the run; none where it would."""
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
    if EXPRESSION in presented.environment:
        return
    if registered.environment and presented.environment.lower() != registered.environment.lower():
        yield f"the job had the environment {registered.environment} and has {presented.environment or 'none'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class At:
    """One index, with everything that a check asks."""

    observed: Observed
    index: IndexAddresses
    listing: Listing
    presented: tuple[Identity, ...]
    """By each job that may publish there; none where nothing does by trusted publishing."""

    @property
    def name(self) -> str:
        """The project's name as indexes compare it."""
        return self.observed.project.normalised or ""

    @property
    def how(self) -> str:
        """How the project was looked at."""
        return self.listing.status.how

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

    def about(self, presented: Identity) -> str:
        """The index, and the job where there are several."""
        target = self.index.target.value
        return target if len(self.presented) == 1 else f"{target}, {presented.job}"

    def register(self, presented: Identity) -> str:
        """What to do: register the publisher, with the address of the form, filled in where that can be."""
        project = self.observed.project.name.value or self.name
        found = trusted(self.index, project, presented.repository, presented.workflow, presented.environment)
        if self.listing.status.value:
            return f"Register {presented.words} as a trusted publisher: {found.url}"
        fields = ", ".join(f"{label}: {value}" for label, value in found.values if value)
        return f"Register a pending publisher ({fields}): {found.new_url}"


def at(observed: Observed, target: Target) -> At:
    """An index, as it was observed."""
    listing = observed.pypi if target is Target.PYPI else observed.testpypi
    return At(observed=observed, index=INDEXES[target], listing=listing, presented=identities(observed, target))


def each(look: Callable[[At], Seen | None]) -> Callable[[Observed], Iterator[Seen]]:
    """A check of both indexes: what cannot be seen of one hides nothing of the other."""

    def both(observed: Observed) -> Iterator[Seen]:
        for target in (Target.PYPI, Target.TESTPYPI):
            try:
                seen = look(at(observed, target))
            except Unseen as missing:
                seen = unknown(missing.hidden.why, missing.how, remedy=missing.hidden.remedy, about=target.value)
            if seen is not None:
                yield seen

    return both


def each_job(look: Callable[[At, Identity], Seen | None]) -> Callable[[Observed], Iterator[Seen]]:
    """A check of every job that publishes by trusted publishing, at its index."""

    def all_of_them(observed: Observed) -> Iterator[Seen]:
        for target in (Target.PYPI, Target.TESTPYPI):
            there = at(observed, target)
            for presented in there.presented:
                try:
                    seen = look(there, presented)
                except Unseen as missing:
                    about = there.about(presented)
                    seen = unknown(missing.hidden.why, missing.how, remedy=missing.hidden.remedy, about=about)
                if seen is not None:
                    yield seen

    return all_of_them
