"""Checks of the project on PyPI and TestPyPI: its name, its state and its owners.

A second factor of the owners no API shows: that is a line of the security checklist.
"""

import re
from collections.abc import Iterable

from tagship.checks.check import few
from tagship.checks.rulebook import Limits
from tagship.checks.rulebook.names import PROHIBITED, STANDARD_LIBRARY
from tagship.model import Page, Severity, Status, Target
from tagship.services.addresses import GITHUB, PYPI
from tagship.services.index_settings import Listing, Publisher
from tagship.setup.check import Check, Group, Seen, ok, problem, unknown
from tagship.setup.claims import At, each
from tagship.words import size

ROOM = 0.8
"""Of the limit for a project, from which on it is time to make room."""
_ON_GITHUB = re.compile(
    rf"(?:git\+)?https?://(?:www\.)?{re.escape(GITHUB.partition('//')[2])}/"
    r"(?!(?:sponsors|orgs|users|apps|marketplace|settings)/)([\w.-]+/[\w.-]+?)(?:\.git)?(?:[/#?].*)?$",
    re.IGNORECASE,
)
"""The address of a repository, or of a page below it."""


def _name(at: At) -> Seen | None:
    about, where = at.index.target.value, at.index.project_page(at.name)
    status = at.listing.status.get()
    if status is None:
        if at.name in STANDARD_LIBRARY | PROHIBITED:
            words = f"{at.index.name} gives {at.name} to nobody"
            return problem(words, at.how, remedy="Choose another name.", about=about)
        if alike := at.listing.alike.get():
            words = f"{at.name} is too similar to {few(alike)}"
            return problem(words, at.how, remedy="Choose another name.", about=about)
        return ok(f"{at.name} is free, and so are the names that look most like it", at.how, about=about)
    if status == "quarantined":
        return None
    found = at.listing.about.get()
    if found is None:
        words = "its page says nothing" if at.listing.releases else "it has no release"
        words += ", and only its owner sees whose it is"
        return unknown(words, at.how, remedy=f"Log in and look for it: {at.index.web}/manage/projects/", about=about)
    owners = few([role.user for role in found.roles]) or found.organization or "nobody"
    words, mine = _whose(at)
    if mine:
        spelt = f"; spelt {found.name} there" if found.name != at.observed.project.name.value else ""
        return ok(f"owned by {owners}; {words}{spelt}", at.listing.about.how, url=where, about=about)
    if words:
        remedy = f"Choose another name, or ask {owners} for a role."
        if at.index.target is Target.TESTPYPI:
            remedy = (
                f"Releases do without: their tag takes them to PyPI. For development versions, ask {owners} for a role."
            )
        return problem(f"owned by {owners}; {words}", at.listing.about.how, remedy=remedy, url=where, about=about)
    remedy = f"If {owners} is none of you, choose another name. Metadata that names the repository would tell."
    words = f"owned by {owners}; nothing on it names this repository"
    return unknown(words, at.listing.about.how, remedy=remedy, url=where, about=about)


def _whose(at: At) -> tuple[str, bool]:
    """Why a project is taken for ours, or for somebody else's; no words where nothing tells.

    Raises:
        Unseen: it names other repositories, and GitHub does not tell whether this one was called so.
    """
    observed, ours = at.observed, at.observed.names
    found = _published(at.listing)
    publishers, named = {publisher.repository.lower() for publisher in found}, {*repositories(at.listing)}
    if ours & publishers:
        return "published by this repository", True
    if _formerly(at, found):
        return f"published by {few(sorted(publishers))}, as this repository was called", True
    if ours & named:
        return "its page names this repository", True
    upstream = (observed.project.repository.upstream or "").lower()
    if upstream and upstream in named:
        return f"it is {upstream}'s, of which this is a fork", False
    if not named:
        return _as_on_pypi(at) if at.index.target is Target.TESTPYPI else ("", False)
    observed.github.repository.get()
    for name, reading in observed.elsewhere.items():
        if name in named and (there := reading.get()) is not None and there.full_name.lower() in ours:
            how = "published by" if name in publishers else "its page names"
            return f"{how} {name}, as this repository was called", True
    accounts = {name.partition("/")[0] for name in ours}
    if near := sorted(name for name in named if name.partition("/")[0] in accounts):
        return f"its page names {few(near)}, of the same account", True
    return f"it is {few(sorted(publishers or named))}'s, and not this repository's", False


def repositories(listing: Listing) -> tuple[str, ...]:
    """The repositories on GitHub that a project's releases came from and that its page names, in lower case."""
    urls = listing.about.value.urls if listing.about.value is not None else ()
    named = (match[1] for url in urls if (match := _ON_GITHUB.match(url)))
    publishers = (publisher.repository for publisher in _published(listing))
    return tuple(dict.fromkeys(name.lower() for name in (*publishers, *named)))


def _published(listing: Listing) -> list[Publisher]:
    publishers = (publisher for release in listing.releases for publisher in release.publishers.value or ())
    return [publisher for publisher in publishers if publisher.kind == "GitHub"]


def _formerly(at: At, found: Iterable[Publisher]) -> bool:
    """Whether releases were made from tags of this repository, which is no fork, or by its account: it was renamed."""
    seen = at.observed.github.repository.value
    if seen is None or seen.fork:
        return False
    tagged, number = set(at.observed.local.tagged.values()), str(seen.owner.id)
    return any(publisher.commit in tagged or publisher.owner_id == number for publisher in found)


def foreign(at: At) -> bool:
    """Whether the name can be none of ours, so that there is nothing else to say of the project."""
    seen = _name(at)
    return seen is not None and seen.status is Status.PROBLEM


def _as_on_pypi(at: At) -> tuple[str, bool]:
    """An account of TestPyPI is another than that of PyPI, mostly under the same name."""
    listing, here = at.observed.pypi, at.listing.about.value
    if listing.about.value is None or here is None:
        return "", False
    pypi = At(observed=at.observed, index=PYPI, listing=listing, presented=())
    theirs = [role.user for role in listing.about.value.roles]
    if not _whose(pypi)[1] or not theirs:
        return "", False
    shared = {role.user for role in here.roles} & set(theirs)
    return ("as on PyPI", True) if shared else (f"the project on PyPI by {few(theirs)}", False)


def _status(at: At) -> Seen | None:
    about, status = at.index.target.value, at.listing.status.get()
    page = at.index.project_page(at.name)
    match status:
        case None:
            return None
        case "active" | "deprecated":
            return ok(status, at.how, url=page, about=about)
        case "archived":
            return problem(
                "it is archived: every upload is refused with 403",
                at.how,
                remedy=f"Take it out of the archive: {at.index.tokens(at.name)}",
                url=page,
                about=about,
            )
        case "quarantined":
            return problem(
                "it is in quarantine: nobody can install it, and every upload is refused with 403",
                at.how,
                remedy=f"Only {at.index.name}'s administrators can lift it: answer their mail to the owners.",
                url=page,
                about=about,
            )
        case _:
            return unknown(f"{status}, of which tagship does not know what it means", at.how, url=page, about=about)


def _room(at: At) -> Seen | None:
    if at.listing.status.get() is None:
        return None
    about, share = at.index.target.value, at.listing.size / Limits().project
    words = f"{size(at.listing.size)}, {share:.0%} of what {at.index.name} gives every project"
    if share > ROOM:
        return problem(words, at.how, url=at.index.tokens(at.name), about=about)
    return ok(words, at.how, about=about)


def _vulnerabilities(at: At) -> Seen | None:
    if at.index.target is not Target.PYPI or (found := at.listing.about.get()) is None:
        return None
    about = at.index.target.value
    version = at.listing.releases[0].version
    if not found.vulnerabilities:
        return ok(f"none in {version}", at.listing.about.how, about=about)
    return problem(f"{few(found.vulnerabilities)} in {version}", at.listing.about.how, about=about)


def _yanked(at: At) -> Seen | None:
    listing, about = at.listing, at.index.target.value
    if at.index.target is not Target.PYPI or listing.status.get() is None or not listing.newest or foreign(at):
        return None
    if listing.yanked is None:
        return ok(f"{listing.newest}, which installers take", at.how, about=about)
    words = f"{listing.newest} is yanked{listing.yanked and f' ({listing.yanked})'}: installers take "
    words += listing.offered or f"nothing, unless they are told {at.name}==VERSION"
    where = at.index.project_page(at.name, listing.newest)
    remedy = f"Release the next version, or take the yank back: {at.index.web}/manage/project/{at.name}/releases/"
    return problem(words, at.how, remedy=remedy, url=where, about=about)


def _roles(at: At) -> Seen | None:
    if at.index.target is not Target.PYPI or (found := at.listing.about.get()) is None or foreign(at):
        return None
    about = at.index.target.value
    owners = [role.user for role in found.roles if role.role == "Owner"]
    if found.organization or len(owners) > 1:
        return ok(found.organization or few(owners), at.listing.about.how, about=about)
    return problem(f"{few(owners) or 'nobody'} alone", at.listing.about.how, about=about)


CHECKS = (
    Check(
        id="index.name",
        page=Page(
            code="TD50",
            title="The project's name is free, or the project is yours",
            why="An upload to somebody else's project is refused, and so is a new project whose name is reserved or "
            "too similar to another.",
            remedy="Choose another name, or ask the owner for a role.",
            source=f"{PYPI.docs}/project-management/name-retention/",
            incident=f"{GITHUB}/pypi/warehouse/issues/11013",
        ),
        group=Group.INDEX,
        look=each(_name),
    ),
    Check(
        id="index.status",
        page=Page(
            code="TD51",
            title="The index takes uploads of the project",
            why="A project that is archived or in quarantine refuses every upload.",
            remedy="Its owners can take it out of the archive; the index's administrators lift a quarantine.",
            source="PEP 792; warehouse/packaging/models.py, Project.__acl__",
        ),
        group=Group.INDEX,
        look=each(_status),
    ),
    Check(
        id="index.room",
        page=Page(
            code="TD61",
            title="The project's files leave room for more on the index",
            why="An upload beyond the project's limit is refused. Development versions add up, and nothing but their "
            "owner deletes them.",
            remedy="Delete old development versions in the project's settings, or ask for a higher limit; whether it "
            "has one shows nowhere.",
            severity=Severity.WARNING,
            source=f"{PYPI.docs}/project-management/storage-limits/",
        ),
        group=Group.INDEX,
        look=each(_room),
    ),
    Check(
        id="index.vulnerabilities",
        page=Page(
            code="TD59",
            title="No vulnerability of the newest release is known",
            why="Everybody who installs the newest release gets it.",
            remedy="Release a version in which it is fixed; withdraw the report where it is wrong.",
            severity=Severity.NOTE,
            source="PyPI's JSON API, vulnerabilities",
        ),
        group=Group.INDEX,
        look=each(_vulnerabilities),
    ),
    Check(
        id="index.yanked",
        page=Page(
            code="TD62",
            title="The newest release is not yanked",
            why="Installers pass over what is yanked: users get an older version, or nothing where every version is.",
            remedy="Release the next version, with the mistake mended.",
            severity=Severity.NOTE,
            source="PEP 592",
        ),
        group=Group.INDEX,
        look=each(_yanked),
    ),
    Check(
        id="index.owners",
        page=Page(
            code="TD60",
            title="More than one account owns the project, or an organisation does",
            why="Where the only owner loses access, nobody can change a publisher, yank a release or let others in.",
            remedy="Invite a second owner, or move the project to an organisation.",
            severity=Severity.NOTE,
            source=f"{PYPI.docs}/organization-accounts/",
        ),
        group=Group.INDEX,
        look=each(_roles),
    ),
)
