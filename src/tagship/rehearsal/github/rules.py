"""Who may create, move and delete which ref: rulesets, branch protection, immutable releases.

Used for refs that the API changes, and by the remote for refs that are pushed.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.state import NOTHING, RefUpdate, Rule, Ruleset

_WORDS = {
    "creation": "Cannot create ref due to creations being restricted.",
    "update": "Cannot update this protected ref.",
    "deletion": "Cannot delete this protected ref.",
    "non_fast_forward": "Cannot force-push to this protected ref.",
}


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


def matches(pattern: str, ref: str) -> bool:
    """Ruby's `File.fnmatch` with `FNM_PATHNAME`: segment by segment, `**/` for any number of them."""
    return _segments(pattern.split("/"), ref.split("/"))


def _segments(patterns: list[str], names: list[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**" and len(patterns) > 1:
        return any(_segments(patterns[1:], names[i:]) for i in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], patterns[0]) and _segments(patterns[1:], names[1:])


def active(repo: RepositoryState, ref: str) -> list[tuple[Ruleset, Rule]]:
    """The rules in force for a ref, each with its ruleset."""
    return [
        (ruleset, rule)
        for ruleset in repo.rulesets
        if ruleset.enforcement == "active" and covers(ruleset, ref, repo.default_branch)
        for rule in ruleset.rules
    ]


def violations(repo: RepositoryState, update: RefUpdate, login: str) -> tuple[str, ...]:
    """Why a ref must not change so, in GitHub's words; nothing where it may."""
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
        if rule.type in broken and login not in ruleset.bypass
    ]
    if update.before != NOTHING and _immutable(repo, update.ref):
        found.append("Cannot update or delete a tag that belongs to an immutable release.")
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
