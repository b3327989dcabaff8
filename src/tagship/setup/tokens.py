"""Checks of API tokens of the indexes, as far as GitHub shows them: names, places and dates, never values.

What a token may publish shows nowhere but in the account that made it: that is a line of the security checklist. One
that is older than the project can only be for the whole account.
Tokens of PyPI do not expire by themselves (warehouse/macaroons), so that their age is what can be judged.
"""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tagship.checks.check import few
from tagship.model import Page, Severity
from tagship.services.addresses import GITHUB, PYPI, TESTPYPI
from tagship.services.github_shapes import SecretName
from tagship.services.reading import Hidden, Reading, Unseen
from tagship.setup.check import Check, Group, Needs, Seen, ok, pending, problem, unknown
from tagship.setup.claims import publishing
from tagship.setup.observed import Observed
from tagship.workflow.audit.lane import Lane
from tagship.workflow.guide import SECRETS
from tagship.workflow.variant import Variant

DAY = 86400
OLD, DUE = 180, 90
"""Days after which a token is too old, and after which it is time for another."""
ANYWHERE = "anywhere"
_LIKE_A_TOKEN = re.compile(
    r"PYPI.{0,999}(TOKEN|PASS|KEY|SECRET|AUTH|USER)|PYPI$|(TWINE|FLIT|PDM_PUBLISH|UV_PUBLISH|HATCH_INDEX|POETRY_HTTP_BASIC)_"
)
"""Names of secrets, in upper case as GitHub keeps them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """A secret that a publishing job reads."""

    secret: str
    environment: str
    """Of the job; empty where it has none."""
    index: str
    """`pypi`, `testpypi`, `other`, `unknown`."""
    where: str

    @property
    def command(self) -> str:
        """How it is set."""
        return f"gh secret set {self.secret}" + (f" --env {shlex.quote(self.environment)}" if self.environment else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A secret, and where it lies."""

    place: str
    """`environment pypi`, `the repository`, `the organisation`."""
    dates: SecretName
    how: str


def _wanted(observed: Observed) -> tuple[_Wanted, ...]:
    """The tokens that publishing jobs read, by secret and environment."""
    documents = publishing(observed)
    wanted = observed.wanted
    if not documents and isinstance(wanted, Variant) and wanted.auth == "token":
        names = (("pypi", wanted.pypi), ("testpypi", wanted.testpypi))
        where = "as tagship would write it"
        return tuple(_Wanted(secret=SECRETS[i], environment=e, index=i, where=where) for i, e in names)
    found: dict[tuple[str, str], _Wanted] = {}
    for document in documents:
        lane = Lane(document)
        for upload in lane.uploads:
            for line, name in (hit for node in (upload.step.node, upload.job.env) for hit in lane.secrets(node)):
                environment, where = upload.job.environment, f"{document.file}:{line}"
                one = _Wanted(secret=name, environment=environment, index=upload.index, where=where)
                found.setdefault((name.upper(), environment), one)
    return tuple(one for (name, _), one in found.items() if _LIKE_A_TOKEN.search(name))


def _places(observed: Observed) -> Iterator[tuple[str, Reading[tuple[SecretName, ...]]]]:
    """Everywhere that secrets are read from, the narrowest first."""
    github = observed.github
    for name, reading in _environments(observed).items():
        yield f"environment {name}", reading
    yield "the repository", github.secrets
    yield "the organisation", github.organization_secrets


def _environments(observed: Observed) -> dict[str, Reading[tuple[SecretName, ...]]]:
    """What each environment holds; one that does not exist holds nothing, and GitHub answers 404."""
    listed, found = observed.github.environments, observed.github.environment_secrets
    if listed.hidden is not None:
        return dict(found)
    there = {environment.name.lower() for environment in listed.value or ()}
    return {name: one if name.lower() in there else Reading(how=one.how) for name, one in found.items()}


def _found(observed: Observed, one: _Wanted) -> _Found | None:
    """Where a job finds a secret: its environment's goes before the repository's, that before the organisation's.

    Raises:
        Unseen: a place could not be looked into.
    """
    listed, unseen = observed.github.environments, Hidden(why=f"the environment {one.environment} was not looked at")
    hidden = Reading[tuple[SecretName, ...]](hidden=listed.hidden or unseen, how=listed.how)
    by_name = {name.lower(): reading for name, reading in _environments(observed).items()}
    places = [("the repository", observed.github.secrets), ("the organisation", observed.github.organization_secrets)]
    if one.environment:
        places.insert(0, (f"environment {one.environment}", by_name.get(one.environment.lower(), hidden)))
    for place, reading in places:
        for secret in reading.get() or ():
            if secret.name.upper() == one.secret.upper():
                return _Found(place=place, dates=secret, how=reading.how)
    return None


def _each(look: Callable[[Observed, _Wanted, _Found | None], Seen | None]) -> Callable[[Observed], Iterator[Seen]]:
    """A check of every token that publishing jobs read: what hides one hides no other."""

    def all_of_them(observed: Observed) -> Iterator[Seen]:
        for one in _wanted(observed):
            try:
                seen = look(observed, one, _found(observed, one))
            except Unseen as missing:
                seen = unknown(missing.hidden.why, missing.how, remedy=missing.hidden.remedy, about=one.secret)
            if seen is not None:
                yield seen

    return all_of_them


def _there(_: Observed, one: _Wanted, found: _Found | None) -> Seen:
    if found is None:
        where = f"environment {one.environment}" if one.environment else "the repository"
        return problem(f"{one.secret} is not in {where}", one.where, remedy=one.command, about=one.secret)
    if not one.environment:
        words = f"{one.secret} lies in {found.place}, and the job that reads it has no environment"
        return problem(words, one.where, remedy="tagship init writes a job with one", about=one.secret)
    if not found.place.startswith("environment"):
        words = f"{one.secret} lies in {found.place}: every job of every workflow can read it"
        remedy = f"{one.command}; then remove it from {found.place}"
        return problem(words, found.how, remedy=remedy, about=one.secret)
    return ok(f"in {found.place}", found.how, about=one.secret)


def _scope(observed: Observed, one: _Wanted, found: _Found | None) -> Seen | None:
    """A token for one project can be made once the project is there, and not before."""
    listing = {"pypi": observed.pypi, "testpypi": observed.testpypi}.get(one.index)
    if found is None or listing is None:
        return None
    if listing.status.get() is None or listing.first is None:
        words = "the first upload needs one for the whole account"
        return pending(words, listing.status.how, remedy=f"After it: {_rotation(one)}", about=one.secret)
    if found.dates.updated_at.timestamp() < listing.first:
        words = "it was set before the first upload, when there was none for the project alone"
        return problem(words, found.how, remedy=_rotation(one), about=one.secret)
    return ok("set after the first upload; what else it may publish shows nowhere", found.how, about=one.secret)


def _age(observed: Observed, one: _Wanted, found: _Found | None) -> Seen | None:
    if found is None:
        return None
    days = int((observed.now - found.dates.updated_at.timestamp()) // DAY)
    words = f"set {days} days ago"
    if days > OLD:
        return problem(words, found.how, remedy=_rotation(one), about=one.secret)
    return ok(f"{words}; time for another" if days > DUE else words, found.how, about=one.secret)


def _rotation(one: _Wanted) -> str:
    index = TESTPYPI if one.index == TESTPYPI.target.value else PYPI
    page = f"{index.web}/manage/account/token/"
    return f"Make one for this project alone at {page}; {one.command}; then delete the old one there"


def _leftovers(observed: Observed) -> Iterator[Seen]:
    """Tokens that no publishing job reads, at least not there."""
    if observed.project.repository.on_github is None:
        return
    read = _read(observed)
    clean, unseen = True, None
    for place, reading in _places(observed):
        if reading.hidden is not None:
            unseen = unseen or Unseen(reading.hidden, reading.how)
        for secret in reading.value or ():
            name = secret.name.upper()
            if _LIKE_A_TOKEN.search(name) and not {ANYWHERE, place.lower()} & read.get(name, set()):
                clean = False
                yield _leftover(observed, secret.name, place, reading.how)
    looked = {name.lower() for name in observed.github.environment_secrets}
    if rest := [one.name for one in observed.github.environments.value or () if one.name.lower() not in looked]:
        remedy = "gh secret list --env NAME; and delete environments that nothing needs any more."
        hidden = Hidden(why=f"the secrets of the environments {few(rest)} were not looked at", remedy=remedy)
        unseen = unseen or Unseen(hidden, observed.github.environments.how)
    if unseen is not None:
        raise unseen
    if clean:
        yield ok(f"no {'other ' if read else ''}secret is called like a token of an index", "GET secrets")


def _read(observed: Observed) -> dict[str, set[str]]:
    """The environments from which publishing jobs read each secret; anywhere, where that is not an environment's."""
    found: dict[str, set[str]] = {}
    for one in _wanted(observed):
        try:
            there = _found(observed, one)
        except Unseen:
            there = None
        narrow = there is not None and there.place.startswith("environment")
        found.setdefault(one.secret.upper(), set()).add(there.place.lower() if there and narrow else ANYWHERE)
    return found


def _leftover(observed: Observed, secret: str, place: str, how: str) -> Seen:
    slug = observed.project.repository.on_github or ""
    scope = f" --env {shlex.quote(place.removeprefix('environment '))}" if place.startswith("environment") else ""
    scope = f" --org {slug.partition('/')[0]}" if place == "the organisation" else scope
    return problem(
        f"{secret} in {place}: no job that publishes reads it there{_readers(observed, secret)}",
        how,
        remedy=f"Delete the token at {PYPI.web}/manage/account/ if it is of no use; gh secret delete {secret}{scope}",
        url=f"{GITHUB}/{slug}/settings/secrets/actions",
        about=f"{secret} in {place}",
    )


def _readers(observed: Observed, secret: str) -> str:
    """The workflows that read a secret for something else."""
    named = re.compile(rf"\bsecrets\s*(?:\.\s*|\[\s*')({re.escape(secret)})\b", re.IGNORECASE)
    ours = {document.file for document in publishing(observed)}
    others = [one.file for one in observed.files.workflows if one.file not in ours and named.search(one.source)]
    return f", and {', '.join(others)} does" if others else ""


CHECKS = (
    Check(
        id="security.token",
        page=Page(
            code="TD85",
            title="The token for each index lies in the environment of its job",
            why="Without it there is nothing to upload with. In the repository or the organisation every job of every "
            "workflow can read it, and so can whoever may push a branch.",
            remedy="Set it as a secret of the environment, and remove it everywhere else.",
            source="GitHub documentation, Secrets reference",
            incident=f"{GITHUB}/facebookresearch/gni/pull/9",
        ),
        group=Group.SECURITY,
        needs=Needs.ADMIN,
        look=_each(_there),
    ),
    Check(
        id="security.token-scope",
        page=Page(
            code="TD88",
            title="No token is from before the first release, and so for a whole account",
            why="Only a token for the whole account can make a project. Left in place it can publish everything that "
            "the account can.",
            remedy="After the first release make one for this project alone, and delete the other.",
            severity=Severity.WARNING,
            source=f"{PYPI.web}/help/#apitoken",
        ),
        group=Group.SECURITY,
        needs=Needs.ADMIN,
        look=_each(_scope),
    ),
    Check(
        id="security.token-age",
        page=Page(
            code="TD86",
            title="The tokens for the indexes are younger than half a year",
            why="A token of an index never expires by itself. Whoever got hold of it, in whatever log or backup, can "
            "publish until it is deleted.",
            remedy="Make a new one every quarter, for this project alone, and delete the old one.",
            severity=Severity.WARNING,
            source=f"{PYPI.web}/help/#apitoken",
            incident=f"{GITHUB}/scikit-hep/pylhe/issues/46",
        ),
        group=Group.SECURITY,
        needs=Needs.ADMIN,
        look=_each(_age),
    ),
    Check(
        id="security.token-leftovers",
        page=Page(
            code="TD87",
            title="No token of an index is left that no publishing job reads",
            why="A token that is left after moving to trusted publishing publishes past the workflow: PyPI has no "
            "setting that forbids tokens.",
            remedy="Delete the token in the account that made it, then the secret.",
            severity=Severity.WARNING,
            source=f"{PYPI.docs}/trusted-publishers/security-model/",
            incident=f"{GITHUB}/pymc-devs/pytensor/issues/1306",
        ),
        group=Group.SECURITY,
        needs=Needs.ADMIN,
        look=_leftovers,
    ),
)
