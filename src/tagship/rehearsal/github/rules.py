"""Who may create, move and delete which ref: rulesets, branch protection, immutable releases.

Used for refs that the API changes, and by the remote for refs that are pushed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.state import NOTHING, RefUpdate, Rule, Ruleset
from tagship.services.github_rules import matches
from tagship.shapes import shaped

_WORDS = {
    "creation": "Cannot create ref due to creations being restricted.",
    "update": "Cannot update this protected ref.",
    "deletion": "Cannot delete this protected ref.",
    "non_fast_forward": "Cannot force-push to this protected ref.",
}

ROLES = {"maintain": 2, "write": 4, "admin": 5}
"""Numbers of the roles among the actors of a ruleset (github.com/integrations/terraform-provider-github, docs of
`github_repository_ruleset`)."""
MUST_BE_PULLED = "Changes must be made through a pull request."


class _Reviews(msgspec.Struct, frozen=True):
    """Parameters of the rule `pull_request`."""

    required_approving_review_count: int = 0


class _Context(msgspec.Struct, frozen=True):
    context: str


class _Checks(msgspec.Struct, frozen=True):
    """Parameters of the rule `required_status_checks`."""

    required_status_checks: tuple[_Context, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Required:
    """What a branch asks of a change, rulesets and classic protection together."""

    pull: bool
    """Whether it has to be a pull request's."""
    approvals: int
    checks: tuple[str, ...]

    def lacking(self, repo: RepositoryState, sha: str) -> tuple[str, ...]:
        """The checks that a commit lacks, in GitHub's words."""
        return tuple(
            f'Required status check "{name}" is expected.' for name in self.checks if not _has(repo, sha, name)
        )


def covers(ruleset: Ruleset, ref: str, default_branch: str) -> bool:
    """Whether a ruleset is about a full ref name. `*` stops at a slash, `**` does not, as in `File.fnmatch`."""
    kind = "refs/heads/" if ruleset.target == "branch" else "refs/tags/"

    def hit(patterns: Iterable[str]) -> bool:
        return any(
            pattern == "~ALL"
            or (pattern == "~DEFAULT_BRANCH" and ref == f"refs/heads/{default_branch}")
            or matches(pattern, ref)
            for pattern in patterns
        )

    return ref.startswith(kind) and hit(ruleset.include) and not hit(ruleset.exclude)


def bypass(repo: RepositoryState, ruleset: Ruleset, login: str) -> Literal["always", "pull_request", "never"]:
    """Whether a ruleset leaves somebody alone: everywhere, or where they merge a pull request."""
    who = {("User", repo.id_of(login)), ("RepositoryRole", ROLES.get(repo.role(login)))}
    if repo.organisation and repo.role(login) == "admin":
        who.add(("OrganizationAdmin", 1))
    modes = {actor.mode for actor in ruleset.actors if (actor.type, actor.id) in who}
    if login in ruleset.bypass or modes & {"always", "exempt"}:
        return "always"
    return "pull_request" if modes else "never"


def active(repo: RepositoryState, ref: str) -> list[tuple[Ruleset, Rule]]:
    """The rules in force for a ref, each with its ruleset."""
    return [
        (ruleset, rule)
        for ruleset in repo.rulesets
        if ruleset.enforcement == "active" and covers(ruleset, ref, repo.default_branch)
        for rule in ruleset.rules
    ]


def required(repo: RepositoryState, ref: str, login: str, *, pulled: bool = True) -> Required:
    """What the rules of a branch ask of somebody's change (docs.github.com, "Available rules for rulesets").

    Args:
        pulled: whether it is a pull request's.
    """
    free = {"always", "pull_request"} if pulled else {"always"}
    rules = [rule for ruleset, rule in active(repo, ref) if bypass(repo, ruleset, login) not in free]
    reviews = [shaped(r.parameters, _Reviews) for r in rules if r.type == "pull_request"]
    approvals = [review.required_approving_review_count for review in reviews]
    checks = [
        check.context
        for rule in rules
        if rule.type == "required_status_checks"
        for check in shaped(rule.parameters, _Checks).required_status_checks
    ]
    classic = repo.protections.get(ref.removeprefix("refs/heads/")) if ref.startswith("refs/heads/") else None
    if classic is not None and (classic.enforce_admins or login != repo.owner):
        approvals += [classic.approvals] if classic.approvals else []
        checks += [context for context, _ in classic.checks]
    return Required(pull=bool(approvals), approvals=max(approvals, default=0), checks=tuple(dict.fromkeys(checks)))


def _has(repo: RepositoryState, sha: str, name: str) -> bool:
    """Whether the newest check or status of that name let the commit through."""
    runs = [check for check in repo.checks if check.suite.sha == sha and check.name == name]
    if runs:
        return max(runs, key=lambda run: run.id).conclusion in ("success", "neutral", "skipped")
    states = [status.state for status in repo.statuses if status.sha == sha and status.context == name]
    return states[-1:] == ["success"]


def violations(repo: RepositoryState, update: RefUpdate, login: str, *, pulled: bool = False) -> tuple[str, ...]:
    """Why a ref must not change so, in GitHub's words; nothing where it may.

    Args:
        pulled: whether it changes by a pull request, which is judged by what is required of one.
    """
    if update.before == NOTHING:
        broken = {"creation"}
    elif update.after == NOTHING:
        broken = {"deletion"}
    else:
        forward = update.forward
        if forward is None:
            forward = repo.git.contains(update.before, update.after)
        broken = {"update"} if forward else {"update", "non_fast_forward"}
    found = [
        _WORDS[rule.type]
        for ruleset, rule in active(repo, update.ref)
        if rule.type in broken and bypass(repo, ruleset, login) != "always"
    ]
    if update.before != NOTHING and _immutable(repo, update.ref):
        found.append("Cannot update or delete a tag that belongs to an immutable release.")
    if broken == {"update"} and not pulled:
        needed = required(repo, update.ref, login, pulled=False)
        found += [*([MUST_BE_PULLED] if needed.pull else []), *needed.lacking(repo, update.after)]
    return tuple(found + _protected(repo, update, broken))


def may_deploy(repo: RepositoryState, environment: str, ref: str) -> bool:
    """Whether a run for a full ref name may use an environment (docs.github.com, "Managing environments").

    One that does not exist is created by its first use, unprotected. "Protected branches only" admits every
    branch while none is protected, and no tag ever; a pattern is for branches or for tags, not for both.
    """
    found = repo.environments.get(environment)
    _, space, name = ref.split("/", 2)
    kind = "tag" if space == "tags" else "branch"
    if found is None or found.branches == "all":
        return True
    if found.branches == "protected":
        return kind == "branch" and (not repo.protections or name in repo.protections)
    return any(policy.type == kind and matches(policy.name, name) for policy in found.policies)


def _immutable(repo: RepositoryState, ref: str) -> bool:
    return any(r.immutable and not r.draft and f"refs/tags/{r.tag}" == ref for r in repo.releases)


def _protected(repo: RepositoryState, update: RefUpdate, broken: set[str]) -> list[str]:
    protection = repo.protections.get(update.ref.removeprefix("refs/heads/"))
    if protection is None or not update.ref.startswith("refs/heads/"):
        return []
    if "deletion" in broken and not protection.deletions:
        return [_WORDS["deletion"]]
    if "non_fast_forward" in broken and not protection.force_pushes:
        return [_WORDS["non_fast_forward"]]
    return []
