"""Checks of the checkout: what every other command takes for granted."""

import shlex

from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import Version

from tagship import __version__
from tagship.checks.check import few
from tagship.model import Page, Severity
from tagship.project import hashed
from tagship.project.version_literals import Derived, Written
from tagship.services.addresses import ELSEWHERE, GITHUB, PYPI
from tagship.setup.check import Check, Group, Seen, ok, pending, problem
from tagship.setup.observed import Observed


def _name(observed: Observed) -> Seen:
    project = observed.project
    name = project.name.value
    if name is not None and is_normalized_name(canonicalize_name(name)):
        return ok(name, project.name.source)
    if name is not None:
        return problem(f"{name!r} is no name that an index would take", project.name.source)
    if project.packages:
        paths = [package.path for package in project.packages]
        remedy = f"Look at each that is released: tagship doctor {shlex.quote(paths[0])}"
        return problem(f"the packages lie below the root of the repository: {few(paths)}", remedy=remedy)
    return problem("no project file says the name as a literal", project.name.source.removeprefix("unknown: "))


def _remote(observed: Observed) -> Seen:
    home = observed.project.repository
    host, source = home.host.value, home.slug.source
    if home.on_github:
        return ok(home.on_github, source)
    if host is None or home.slug.value is None:
        return problem(source.removeprefix("unknown: "), "git remote")
    if host.lower() in ELSEWHERE:
        return problem(f"the repository is on {host}", source)
    if observed.project.config.auth == "token":
        return ok(f"{home.slug.value} on {host}; uploads are authorised by tokens", source)
    return problem(
        f"the repository is on {host}; PyPI trusts the workflows of {GITHUB.removeprefix('https://')} alone",
        source,
        remedy="On a GitHub Enterprise server: tagship init --auth token. If it is a name in your ssh settings: "
        f"git remote set-url origin {GITHUB}/{home.slug.value}.git",
    )


def _one_repository(observed: Observed) -> Seen | tuple[()]:
    home = observed.project.repository
    slugs = {name: slug for name, slug in observed.local.remotes.items() if slug}
    if not slugs:
        return ()
    if home.upstream:
        return problem(
            f"origin is {home.slug.value}, and upstream is {home.upstream}: this looks like the clone of a fork",
            "git remote --verbose",
            remedy=f"Look at the original: git clone {GITHUB}/{home.upstream}.git && tagship doctor"
            f" {home.upstream.partition('/')[2]}; or, where yours is the original: git remote remove upstream",
        )
    if "origin" not in slugs and len({slug.lower() for slug in slugs.values()}) > 1:
        listed = few([f"{name} is {slug}" for name, slug in slugs.items()])
        return problem(
            f"none of the remotes is called origin, and they disagree: {listed}",
            "git remote --verbose",
            remedy=f"Call the one that releases origin: git remote rename {shlex.quote(next(iter(slugs)))} origin",
        )
    return ok(home.slug.value or next(iter(slugs.values())), home.slug.source)


def _version(observed: Observed) -> Seen:
    match observed.project.version:
        case Written(version=version, file=file, line=line):
            return ok(version, f"{file}:{line}")
        case Derived(tool=tool, where=where):
            return ok(f"the tag is the version, by {tool}", where)
        case unclear:
            return problem(unclear.why, "tagship version info")


def _history(observed: Observed) -> Seen:
    if observed.local.shallow:
        return problem(
            "the clone is shallow: tags and branches may be missing", "git rev-parse --is-shallow-repository"
        )
    return ok("all of it is here", "git rev-parse --is-shallow-repository")


def _committed(observed: Observed) -> Seen | tuple[()]:
    local = observed.local
    if local.untracked or local.changed:
        words = [f"{name} is not in git" for name in local.untracked] + [
            f"{name} has changes" for name in local.changed
        ]
        names = shlex.join((*local.untracked, *local.changed)[:6])
        return problem(few(words), "git status", remedy=f"git add --force -- {names} && git commit")
    return ok("nothing is left to commit", "git status") if observed.files.workflows else ()


def _pushed(observed: Observed) -> Seen | tuple[()]:
    unpushed = observed.local.unpushed
    if not observed.files.workflows:
        return ()
    branch = observed.project.repository.default_branch.value
    if names := unpushed.get():
        return pending(
            f"{branch} on GitHub has not got these as they are committed here: {few(list(names))}",
            unpushed.how,
            remedy=f"Merge and push them to {branch}. If that was done elsewhere: git fetch && git pull",
        )
    return ok(f"{branch} on GitHub has the same, as of the last fetch", unpushed.how)


def _tagship(observed: Observed) -> Seen | tuple[()]:
    text = observed.files.texts.get(hashed.TOOLS)
    locked = hashed.read(text).version("tagship") if text is not None else None
    if locked is None:
        return ()
    if locked == Version(__version__):
        return ok(f"tagship {locked}", hashed.TOOLS)
    newer = locked > Version(__version__)
    return problem(
        f"the workflow installs tagship {locked}, and this is {__version__}",
        hashed.TOOLS,
        remedy=f"Look with the same: uvx tagship@{locked} doctor"
        if newer
        else "Bring the files up to date: tagship sync",
    )


def _packages(observed: Observed) -> Seen | tuple[()]:
    project = observed.project
    if project.name.value is None or not project.packages:
        return ()
    paths = [package.path for package in project.packages]
    return problem(few(paths), "", remedy=f"tagship doctor {shlex.quote(paths[0])}")


CHECKS = (
    Check(
        id="local.name",
        page=Page(
            code="TD01",
            title="The project has a name that an index takes",
            why="The name is part of every address on PyPI, and of what a trusted publisher is registered for.",
            remedy='Write it as a literal: [project] name in pyproject.toml, or name="…" in setup.py.',
            source="https://packaging.python.org/specifications/name-normalization/",
        ),
        group=Group.LOCAL,
        look=_name,
    ),
    Check(
        id="local.remote",
        page=Page(
            code="TD02",
            title="The repository lives on GitHub",
            why="The workflow runs on GitHub Actions, and PyPI trusts it by the name of its repository.",
            remedy=f"git remote add origin {GITHUB}/OWNER/NAME; elsewhere run the stages in your own CI.",
            source=f"{PYPI.docs}/trusted-publishers/",
        ),
        group=Group.LOCAL,
        look=_remote,
    ),
    Check(
        id="local.one-repository",
        page=Page(
            code="TD03",
            title="The remotes agree about which repository releases",
            why="The workflow does nothing outside of the repository that it was written for, and a publisher that is "
            "registered for a fork is refused.",
            remedy="Work in a clone whose origin is the repository that releases.",
        ),
        group=Group.LOCAL,
        look=_one_repository,
    ),
    Check(
        id="local.version",
        page=Page(
            code="TD04",
            title="The version can be read without running code",
            why="A release is refused where tag and built version differ, and a development version is written into "
            "every place where the version stands.",
            remedy="`tagship version info` shows what was looked at. Write the version as one literal in "
            "pyproject.toml, or let a tool take it from the tag: setuptools-scm, hatch-vcs.",
            source="PEP 440",
        ),
        group=Group.LOCAL,
        look=_version,
    ),
    Check(
        id="local.history",
        page=Page(
            code="TD05",
            title="The clone has the whole history",
            why="The spelling of tags, the default branch and the number of a development version are read from it.",
            remedy="git fetch --unshallow --tags; in a workflow: `fetch-depth: 0` for actions/checkout.",
            severity=Severity.WARNING,
        ),
        group=Group.LOCAL,
        look=_history,
    ),
    Check(
        id="local.committed",
        page=Page(
            code="TD06",
            title="Workflows, locks and settings are committed",
            why="GitHub runs what is in the commit, not what lies in the folder.",
            remedy="Commit them: git add .github PUBLISHING.md && git commit",
        ),
        group=Group.LOCAL,
        look=_committed,
    ),
    Check(
        id="local.pushed",
        page=Page(
            code="TD07",
            title="The default branch on GitHub has the same workflows, locks and settings",
            why="A manual start, Dependabot and CODEOWNERS go by the default branch; a tag by the commit it is on.",
            remedy="git push",
        ),
        group=Group.LOCAL,
        look=_pushed,
    ),
    Check(
        id="local.tagship",
        page=Page(
            code="TD08",
            title="This tagship is the one that the workflow installs",
            why="Another version may judge, and write, something else than the one that will release.",
            remedy="tagship sync",
            severity=Severity.WARNING,
        ),
        group=Group.LOCAL,
        look=_tagship,
    ),
    Check(
        id="local.packages",
        page=Page(
            code="TD09",
            title="Further packages are looked at one by one",
            why="The repository holds more packages than this one, each with a set-up of its own.",
            remedy="tagship doctor FOLDER",
            severity=Severity.NOTE,
        ),
        group=Group.LOCAL,
        look=_packages,
    ),
)
