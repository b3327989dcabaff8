"""Checks of files that keep a repository safe: updates, owners, locks, and what an older way to publish left behind."""

import re
import shlex
from collections.abc import Iterator

from tagship.checks.check import few
from tagship.model import Page, Severity
from tagship.project.ci import FOLDER
from tagship.services.addresses import PYPI
from tagship.services.github_rules import matches
from tagship.setup.check import Check, Group, Seen, ok, problem, unknown
from tagship.setup.observed import Observed
from tagship.workflow import actions_lock, dependabot
from tagship.workflow.audit.lane import Lane


def _updates(observed: Observed) -> Seen | tuple[()]:
    path, text = _first(observed, dependabot.FILES)
    if observed.ours is None:
        return ()
    if text is None and (other := next((name for name in dependabot.RENOVATE if name in observed.files.texts), None)):
        return ok("Renovate", other)
    if lacking := dependabot.lacking(text):
        return problem(few(list(lacking)), path)
    return ok("Dependabot", path)


def _cooldown(observed: Observed) -> Seen | tuple[()]:
    path, text = _first(observed, dependabot.FILES)
    if text is None or dependabot.lacking(text):
        return ()
    hasty = dependabot.hasty(text)
    return problem(f"no cooldown for {few(list(hasty))}", path) if hasty else ok("new versions wait", path)


def _first(observed: Observed, paths: tuple[str, ...]) -> tuple[str, str | None]:
    path = next((name for name in paths if name in observed.files.texts), paths[0])
    return path, observed.files.texts.get(path)


def _owners(observed: Observed) -> Seen:
    path, text = _first(observed, tuple(f"{folder}CODEOWNERS" for folder in (".github/", "", "docs/")))
    if text is None:
        return problem("there is no CODEOWNERS", path)
    file = f"{FOLDER}/publish.yml"
    owners: tuple[str, ...] = ()
    for line in text.splitlines():
        words = re.split(r"(?:^|\s)#", line)[0].split()
        if words and _covers(words[0], file):
            owners = tuple(words[1:])  # the last pattern that fits decides
    return ok(f"{few(list(owners))} own it", path) if owners else problem(f"nobody owns {FOLDER}", path)


def _covers(pattern: str, path: str) -> bool:
    """Whether a pattern of CODEOWNERS means a file: as in .gitignore, without `!` and `[ ]`."""
    anchored, body = "/" in pattern.rstrip("/"), pattern.strip("/").replace("[", "[[]")
    parts = path.split("/")
    whole = [path] if body.endswith("/*") else ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    return any(matches(body, candidate) for candidate in (whole if anchored else parts))


def _actions_lock(observed: Observed) -> Seen | tuple[()]:
    text, document = observed.files.texts.get(actions_lock.PATH), observed.workflow
    if text is None or document is None:
        return ()
    try:
        missing = actions_lock.lacking(text, document)
    except actions_lock.Unreadable:
        return unknown("it cannot be read, and GitHub ignores such a file without a word", actions_lock.PATH)
    if missing is None:
        return ok(f"{document.file} is not in it, and runs as it is", actions_lock.PATH)
    if missing:
        return problem(f"it lacks {few(missing)}: GitHub would start no job, and say so nowhere", actions_lock.PATH)
    return ok("it has every action of the workflow", actions_lock.PATH)


def _one_route(observed: Observed) -> Iterator[Seen]:
    own = observed.variant.file
    others = [p for p in observed.project.ci.publishers if p.file != own and p.index == "pypi"]
    if observed.workflow is None:
        return
    ours = {d.file.rpartition("/")[2] for d in observed.files.workflows if Lane(d).generated}  # another package's
    for file in dict.fromkeys(p.file for p in others if p.file not in ours):
        jobs = [p.job for p in others if p.file == file]
        words = f"{few(jobs)} of {file} upload{'s' if len(jobs) == 1 else ''} as well"
        stop = f"gh workflow disable {shlex.quote(file)}"
        remedy = f"Take it out, or keep it from running: {stop}. On PyPI remove its publisher."
        yield problem(words, f"{FOLDER}/{file}", remedy=remedy, about=file)
    if all(p.file in ours for p in others):
        yield ok(f"{own} alone", FOLDER)


def _passwords(observed: Observed) -> Iterator[Seen]:
    for path in observed.files.pypirc:
        remedy = f"Revoke the token on its index, then: git rm {shlex.quote(path)}"
        yield problem("it is committed, and holds passwords or tokens", path, remedy=remedy, about=path)
    if observed.project.config.auth == "token":
        if not observed.files.pypirc:
            yield ok("none is committed", "git ls-files .pypirc")
        return
    tokens = {p.file: p for p in observed.project.ci.publishers if p.auth == "token"}
    for file, publisher in tokens.items():
        words = f"its job {publisher.job} uploads with a token, and the project is set to trusted publishing"
        remedy = 'Take it out, and revoke the token on its index. If it is meant: [tool.tagship] auth = "token".'
        yield problem(words, f"{FOLDER}/{file}", remedy=remedy, about=file)
    if not tokens and not observed.files.pypirc:
        yield ok("no token in a workflow, no .pypirc in the repository", FOLDER)


def _policy(observed: Observed) -> Seen:
    path, text = _first(observed, tuple(f"{folder}SECURITY.md" for folder in (".github/", "", "docs/")))
    return problem("there is no SECURITY.md", path) if text is None else ok("it is there", path)


CHECKS = (
    Check(
        id="security.updates",
        page=Page(
            code="TD70",
            title="Pinned actions and locks are kept up to date",
            why="What is pinned stays as it is, with every hole that is found in it later.",
            remedy="tagship sync adds the entries to .github/dependabot.yml",
            severity=Severity.WARNING,
            source="GitHub documentation, Dependabot options reference",
        ),
        group=Group.SECURITY,
        look=_updates,
    ),
    Check(
        id="security.cooldown",
        page=Page(
            code="TD71",
            title="New versions wait some days",
            why="A bad release of an action or a tool is mostly found within days; without a cooldown Dependabot "
            "offers it within hours.",
            remedy="Add to the entry: `cooldown: {default-days: 7}`.",
            severity=Severity.NOTE,
            source="GitHub documentation, Dependabot options reference, cooldown",
        ),
        group=Group.SECURITY,
        look=_cooldown,
    ),
    Check(
        id="security.owners",
        page=Page(
            code="TD72",
            title="Somebody owns the workflows",
            why="With owners, and a rule that asks for their review, nobody changes alone what publishes.",
            remedy="Write into .github/CODEOWNERS: `/.github/ @YOU`.",
            severity=Severity.NOTE,
            source="GitHub documentation, About code owners",
        ),
        group=Group.SECURITY,
        look=_owners,
    ),
    Check(
        id="security.actions-lock",
        page=Page(
            code="TD73",
            title="The lock of GitHub's own has every action of the workflow",
            why="Once a workflow is in .github/workflows/actions.lock, GitHub starts it only where each of its actions "
            "is in it as well; otherwise the run ends before its first job, without a log.",
            remedy="gh actions-lock",
            source="GitHub documentation, Workflow dependency lockfiles",
        ),
        group=Group.SECURITY,
        look=_actions_lock,
    ),
    Check(
        id="security.one-route",
        page=Page(
            code="TD74",
            title="One workflow uploads to PyPI",
            why="Two that a tag starts upload both, other bytes under the same names, and one of them fails half way; "
            "a route that nobody looks after is also one for an attacker.",
            remedy="Take the older one out.",
        ),
        group=Group.SECURITY,
        look=_one_route,
    ),
    Check(
        id="security.no-passwords",
        page=Page(
            code="TD75",
            title="No password for an index lies around",
            why="A token in a file or a second workflow works until it is revoked, for everybody who can read it.",
            remedy="Take it out, and revoke the token on its index.",
            source=f"{PYPI.docs}/trusted-publishers/security-model/",
        ),
        group=Group.SECURITY,
        look=_passwords,
    ),
    Check(
        id="security.policy",
        page=Page(
            code="TD76",
            title="People are told where to report a hole",
            why="Who finds one, and finds no address, opens a public issue.",
            remedy="Write SECURITY.md with an address, or turn on private reporting on GitHub.",
            severity=Severity.NOTE,
        ),
        group=Group.SECURITY,
        look=_policy,
    ),
)
