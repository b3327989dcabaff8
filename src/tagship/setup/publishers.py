"""Checks of who may publish, as far as it shows: who published the newest releases, beside what this workflow will say.

Publishers that are registered and were never used no API shows: those are lines of the security checklist. Nothing is
asked for an upload token to find out: for a pending publisher that alone would create the project.
"""

from collections.abc import Iterable

from tagship.checks.check import few
from tagship.model import Page, Severity, Target
from tagship.services.addresses import GITHUB, PYPI
from tagship.services.index_settings import Publisher, environment_words
from tagship.services.reading import Unseen
from tagship.setup.check import Check, Group, Seen, ok, pending, problem, unknown
from tagship.setup.claims import EXPRESSION, At, Identity, differences, each, each_job, is_shared
from tagship.setup.index import foreign

DONE = "(done already? That shows nowhere before its first use)"
UNSAID = "its environment is known when the job runs, and not before"
SAY = "Write the name of the environment into the workflow, as it is registered."


def _publisher(at: At, presented: Identity) -> Seen | None:
    about, status = at.about(presented), at.listing.status.get()
    if status == "quarantined" or foreign(at):
        return None
    known = at.known() if status is not None else ()
    own = next((release for release, publishers in known if _by(presented, publishers)), None)
    if presented.refused and own is None:
        return None  # there is nothing to register for it
    register = at.register(presented)
    if EXPRESSION in presented.environment:
        register = f"{SAY} Then: {register}"
    if presented.workflow != at.presented[0].workflow:
        register = f"Take the job out where nothing needs it: {presented.where}. Else: {register}"
    if status is None:
        return pending(f"{at.name} is not there yet; {presented.words} will ask", at.how, remedy=register, about=about)
    if not known:
        if at.index.target is Target.TESTPYPI and at.listing.releases:
            return None  # tagship's own workflow makes attestations for PyPI alone
        words = f"no release shows who published it; {presented.words} will ask"
        return pending(words, at.how, remedy=f"{register} {DONE}", about=about)
    if own is None:
        return _other(at, presented, register)
    if EXPRESSION in presented.environment:
        return unknown(UNSAID, presented.where, remedy=SAY, about=about)
    if at.observed.github.repository.hidden is not None:  # it may have another name by now
        raise Unseen(at.observed.github.repository.hidden, at.observed.github.repository.how)
    return ok(f"{own.version} by {presented.words}", own.publishers.how, about=about)


def _by(presented: Identity, publishers: Iterable[Publisher]) -> bool:
    """Whether one of the publishers lets the job in."""
    return any(not differences(presented, publisher) for publisher in publishers)


def _other(at: At, presented: Identity, register: str) -> Seen | None:
    """What to say of a job by which no release came: the newest did by another job, or by somebody else."""
    release, publishers = at.known()[0]
    about, how, remedy = at.about(presented), release.publishers.how, f"{register} {DONE}"
    if job := next((one for one in at.presented if _by(one, publishers)), None):
        if is_shared(at.observed) and job.workflow != presented.workflow:
            return None  # it may well publish another package
        words = f"{release.version} came from {job.job}, and none of the newest from {presented.job}"
        return pending(words, how, remedy=remedy, about=about)
    github, repository = at.observed.github.repository, presented.repository.lower()
    if github.hidden is not None and all(one.repository.lower() != repository for one in publishers):
        raise Unseen(github.hidden, github.how)  # it may be this one, under another name
    apart = min((differences(presented, publisher) for publisher in publishers), key=len)
    return problem(f"{release.version} was published by another: {'; '.join(apart)}", how, remedy=remedy, about=about)


def _environment(at: At) -> Seen | None:
    vouched = at.vouched()
    if not at.presented or vouched is None:
        return None
    release, publishers = vouched
    about, how = at.index.target.value, release.publishers.how
    loose = [p for p in publishers if not p.environment and p.kind == "GitHub"]
    if not loose:
        named = dict.fromkeys(environment_words(publisher.environment) for publisher in publishers)
        return ok(f"{release.version} by {', '.join(named)}", how, about=about)
    words = f"{release.version} came by a publisher without environment: {loose[0].workflow} of any branch may publish"
    job = next((one for one in at.presented if one.workflow == loose[0].workflow), at.presented[0])
    first = "Do this" if job.environment else f"Give the job an environment ({job.where}), and do this with its name"
    return problem(words, how, remedy=f"{first}, then remove the other one. {at.register(job)}", about=about)


def _publishers(at: At) -> Seen | None:
    known = at.known()
    if not known or not at.presented:
        return None
    publishers = dict.fromkeys(publisher for _, several in known for publisher in several)
    needed = all(any(_by(one, (publisher,)) for one in at.presented) for publisher in publishers)
    found = list(dict.fromkeys(publisher.words for publisher in publishers))
    releases = [release for release, _ in known]
    about, how = at.index.target.value, releases[0].publishers.how
    if len(found) == 1 or needed:
        return ok(f"{few([release.version for release in releases])} by {'; '.join(found)}", how, about=about)
    url = at.index.publishers(at.name)
    return problem(
        "; ".join(found), how, remedy=f"Remove those that are not needed any more: {url}", url=url, about=about
    )


def _provenance(at: At) -> Seen | None:
    releases = at.listing.releases
    if not at.presented or at.vouched() is None:
        return None
    newest, about = releases[0], at.index.target.value
    if not newest.bare:
        return ok(f"all {len(newest.files)} of {newest.version}", newest.publishers.how, about=about)
    words = f"{few(newest.bare)} of {newest.version} came by hand, with a token, or without attestations"
    return problem(words, at.how, url=at.index.project_page(at.name, newest.version), about=about)


def _commit(at: At) -> Seen | None:
    vouched = at.vouched()
    if not at.presented or vouched is None:
        return None
    release, publishers = vouched
    about, how, commits = at.index.target.value, release.publishers.how, {run.commit for run in publishers}
    ref = next((run.ref for run in publishers if run.ref.startswith("refs/tags/")), "")
    tag, there = ref.removeprefix("refs/tags/"), at.observed.local.tagged.get(ref)
    if there is not None and (other := sorted(commits - {there, ""})):
        words = f"{release.version} was made from {few([one[:12] for one in other])}, and {tag} is {there[:12]}"
        return problem(words, how, about=about)
    if "" in commits:
        words = f"the certificate of {release.version} does not say its commit"
        return unknown(words, how, remedy=f"Look at it: {how.removeprefix('GET ')}", about=about)
    if not ref:
        return None
    if there is None:
        return unknown(f"this clone has no tag {tag}", how, remedy="git fetch --tags", about=about)
    return ok(f"{release.version} and {tag}: {there[:12]}", how, about=about)


def _owner(at: At) -> Seen | None:
    vouched = at.vouched()
    if not at.presented or vouched is None:
        return None
    release, publishers = vouched
    ours = [run for run in publishers if run.repository.lower() in at.observed.names]
    if not ours:
        return None
    about, how, numbers = at.index.target.value, release.publishers.how, {run.owner_id for run in ours}
    if "" in numbers:
        words = f"the certificate of {release.version} does not say its owner"
        return unknown(words, how, remedy=f"Look at it: {how.removeprefix('GET ')}", about=about)
    found = at.observed.github.repository.get()
    if found is None:
        return unknown("the repository was not found on GitHub", how, about=about)
    number, account = str(found.owner.id), found.full_name.partition("/")[0]
    if numbers == {number}:
        return ok(f"{account}, number {number}", how, about=about)
    words = (
        f"{account} has the number {number}, and {release.version} came from number {few(sorted(numbers - {number}))}"
    )
    job = next((one for one in at.presented if _by(one, ours)), at.presented[0])
    return problem(words, how, remedy=f"Remove the publisher. {at.register(job)}", about=about)


def _claims(at: At, presented: Identity) -> Seen:
    about = at.about(presented)
    called = f"called by {presented.callers}"
    if presented.refused:
        words = f"{presented.workflow} is {called}, and {at.index.name} takes that from none"
        return problem(words, presented.where, about=about)
    if EXPRESSION in presented.environment:
        return unknown(UNSAID, presented.where, remedy=SAY, about=about)
    unsupported = f"; {called}, without attestations: that works, and is not promised" if presented.callers else ""
    return ok(f"{presented.words}{unsupported}", presented.where, about=about)


CHECKS = (
    Check(
        id="index.publisher",
        page=Page(
            code="TD52",
            title="The newest releases show the publisher of this workflow",
            why="The index lets in the registered repository, workflow file and environment, and nothing that differs "
            "in one of them: the upload fails with invalid-publisher, after everything else succeeded.",
            remedy="Register the publisher with the values of this workflow, and remove the old one.",
            source=f"{PYPI.docs}/trusted-publishers/troubleshooting/",
            incident=f"{GITHUB}/pypi/warehouse/issues/18478",
        ),
        group=Group.INDEX,
        look=each_job(_publisher),
    ),
    Check(
        id="index.environment",
        page=Page(
            code="TD53",
            title="The publisher lets in one environment alone",
            why="Without it, anybody who can push a branch can change the workflow there and publish: only the "
            "environment's rules about tags stand in between.",
            remedy="Register the publisher again with the environment of the job, then remove the one without.",
            severity=Severity.WARNING,
            source=f"{PYPI.docs}/trusted-publishers/security-model/",
        ),
        group=Group.INDEX,
        look=each(_environment),
    ),
    Check(
        id="index.publishers",
        page=Page(
            code="TD54",
            title="The newest releases came from one publisher",
            why="A publisher that was replaced and is still registered can publish.",
            remedy="Remove the publishers that are not needed any more from the project's settings.",
            severity=Severity.NOTE,
            source=f"{PYPI.docs}/trusted-publishers/security-model/",
        ),
        group=Group.INDEX,
        look=each(_publishers),
    ),
    Check(
        id="index.provenance",
        page=Page(
            code="TD55",
            title="Every file of the newest release has provenance",
            why="Releases before it came from a publisher and said so. One that does not was uploaded past the "
            "workflow: by hand, or with a token that still works; or the workflow stopped making attestations.",
            remedy="Find out who uploaded it and why; delete the API tokens of the project; release by the workflow.",
            severity=Severity.WARNING,
            source="PEP 740",
        ),
        group=Group.INDEX,
        look=each(_provenance),
    ),
    Check(
        id="index.commit",
        page=Page(
            code="TD56",
            title="The newest release was made from the commit of its tag",
            why="A tag that was moved afterwards shows other sources than those that were released.",
            remedy="Find out who moved the tag. Let a ruleset forbid it, and release the next version.",
            source="PEP 740; sigstore/fulcio, docs/oid-info.md",
        ),
        group=Group.INDEX,
        look=each(_commit),
    ),
    Check(
        id="index.owner",
        page=Page(
            code="TD57",
            title="The repository belongs to the account that PyPI knows",
            why="PyPI keeps the number of the account with each publisher. Where an account was deleted or renamed and "
            "another has its name, the upload fails with invalid-publisher though every word is right.",
            remedy="Remove the publisher and register it again.",
            source=f"{PYPI.docs}/trusted-publishers/security-model/",
        ),
        group=Group.INDEX,
        look=each(_owner),
    ),
    Check(
        id="index.claims",
        page=Page(
            code="TD58",
            title="The index can tell the workflow by the identity of its job",
            why="The identity of a job in a reusable workflow names another file than the one that was started: the "
            "upload or its attestations are refused.",
            remedy="Let the job that uploads be in the workflow that the tag starts.",
            source=f"{PYPI.docs}/trusted-publishers/troubleshooting/; pypi/warehouse#11096",
        ),
        group=Group.INDEX,
        look=each_job(_claims),
    ),
)
