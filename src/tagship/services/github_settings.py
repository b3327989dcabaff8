"""The door to a repository's settings on GitHub: all of them read at once, each for itself.

What is hidden does not hide the rest: a setting that a token may not see is a `Reading` with the reason and with the
permission that would show it.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal, TypeVar
from urllib.parse import quote

import msgspec

from tagship.errors import TagshipError, Unreachable
from tagship.services.github import GitHub, WorkflowRun
from tagship.services.github_rules import Protection, Rule, Ruleset
from tagship.services.github_shapes import (
    Account,
    ActionsPolicy,
    DefaultToken,
    Environment,
    ForkApproval,
    Immutable,
    Latest,
    Policy,
    Repository,
    SecretName,
    Selected,
    Settings,
    WorkflowState,
)
from tagship.services.reading import Hidden, Reading, begin
from tagship.shapes import shaped

P = TypeVar("P")
T = TypeVar("T")
ADMINISTRATION, SECRETS, ENVIRONMENTS = "Administration: read", "Secrets: read", "Environments: read"
ACTIONS, METADATA, CONTENTS = "Actions: read", "Metadata: read", "Contents: read"
"""Permissions of a fine-grained token, as the page on which it is made calls them."""
Part = Literal["actions", "default_token", "environments", "forks", "immutable", "repository", "rulesets"]
"""What can be read again by itself."""


FORKS = "/actions/permissions/fork-pr-contributor-approval"
FURTHER = 20
"""Environments beside those that publish whose secrets are read; some repositories have one for each pull request."""
PER_NAME = ("policies", "environment_secrets", "people")


class _Environments(msgspec.Struct):
    environments: tuple[Environment, ...]


class _Policies(msgspec.Struct):
    branch_policies: tuple[Policy, ...]


class _Secrets(msgspec.Struct):
    secrets: tuple[SecretName, ...]


class _Workflows(msgspec.Struct):
    workflows: tuple[WorkflowState, ...]


class _WorkflowRuns(msgspec.Struct):
    workflow_runs: tuple[WorkflowRun, ...]


class _Listed(msgspec.Struct):
    id: int


def read_settings(github: GitHub, environments: Iterable[str], people: Iterable[str] = ()) -> Settings:
    """Read everything, side by side; never raises for a single setting.

    Args:
        environments: the names of those whose patterns are of interest; the secrets of others are read as well.
        people: users (`ada`) and teams (`acme/release`) whose numbers are of interest.
    """
    names = tuple(dict.fromkeys(environments))
    repository = _repository(github)
    found = repository.value
    branch = quote(found.default_branch if found else "main", safe="")
    actions = begin(partial(_one, github, "/actions/permissions", ADMINISTRATION, ActionsPolicy))
    selected = begin(lambda: read_selected(github, actions.result()))
    token = begin(partial(_one, github, "/actions/permissions/workflow", ADMINISTRATION, DefaultToken))
    forks = begin(partial(_one, github, FORKS, ADMINISTRATION, ForkApproval))
    listed = begin(partial(read_environments, github))
    policies = {name: begin(partial(read_policies, github, name)) for name in names}
    accounts = {name: begin(partial(_account, github, name)) for name in dict.fromkeys(people)}
    secrets = begin(partial(_secrets, github, "/actions/secrets", SECRETS))
    organization = begin(partial(_secrets, github, "/actions/organization-secrets", SECRETS))
    rulesets = begin(partial(read_rulesets, github))
    rules = begin(partial(_rules, github, branch))
    protection = begin(partial(_protection, github, branch))
    immutable = begin(lambda: read_immutable(github, visible=actions.result().hidden is None))
    latest = begin(partial(_optional, github, "/releases/latest", CONTENTS, Latest))
    there = {name.lower(): name for name in (*(one.name for one in listed.result().value or ()), *names)}
    holders = (*names, *[name for name in there.values() if name not in names][:FURTHER])
    own = {name: begin(partial(_secrets, github, f"{_environment(name)}/secrets", ENVIRONMENTS)) for name in holders}
    return Settings(
        repository=repository,
        actions=actions.result(),
        selected=selected.result(),
        default_token=token.result(),
        forks=forks.result(),
        environments=listed.result(),
        policies={name: one.result() for name, one in policies.items()},
        environment_secrets={name: one.result() for name, one in own.items()},
        people={name: one.result() for name, one in accounts.items()},
        secrets=secrets.result(),
        organization_secrets=organization.result(),
        rulesets=rulesets.result(),
        branch_rules=rules.result(),
        protection=protection.result(),
        immutable=immutable.result(),
        latest=latest.result(),
    )


def again(github: GitHub, settings: Settings, part: Part) -> Settings:
    """The settings after one part of them was changed: that part is read again."""
    change = partial(msgspec.structs.replace, settings)
    match part:
        case "actions":
            return change(actions=_one(github, "/actions/permissions", ADMINISTRATION, ActionsPolicy))
        case "default_token":
            return change(default_token=_one(github, "/actions/permissions/workflow", ADMINISTRATION, DefaultToken))
        case "forks":
            return change(forks=_one(github, FORKS, ADMINISTRATION, ForkApproval))
        case "immutable":
            return change(immutable=read_immutable(github, visible=settings.actions.hidden is None))
        case "repository":
            return change(repository=_repository(github))
        case "environments":
            patterns = {name: read_policies(github, name) for name in settings.policies}
            return change(environments=read_environments(github), policies=patterns)
        case "rulesets":
            found = settings.repository.value
            rules = _rules(github, quote(found.default_branch if found else "main", safe=""))
            return change(rulesets=read_rulesets(github), branch_rules=rules)


def unseen(hidden: Hidden) -> Settings:
    """Settings none of which could be seen, for one reason."""
    blank = msgspec.to_builtins(Reading[int](hidden=hidden))
    names = [field.name for field in msgspec.structs.fields(Settings) if field.name not in PER_NAME]
    return shaped(dict.fromkeys(names, blank), Settings)


def read_environments(github: GitHub) -> Reading[tuple[Environment, ...]]:
    """All deployment environments."""
    return _all(github, "/environments", ACTIONS, _Environments, lambda page: page.environments)


def read_policies(github: GitHub, name: str) -> Reading[tuple[Policy, ...]]:
    """The patterns of an environment; None where there is no such environment."""
    path = f"{_environment(name)}/deployment-branch-policies"
    listed = f"{path}?per_page=100"

    def ask() -> tuple[Policy, ...] | None:
        if github.maybe(listed, _Policies) is None:
            return None
        return tuple(policy for page in github.pages(listed, _Policies) for policy in page.branch_policies)

    return seen(github, path, ACTIONS, ask)


def read_rulesets(github: GitHub) -> Reading[tuple[Ruleset, ...]]:
    """All rulesets with their rules, those of the organisation included; the list has them without."""

    def ask() -> tuple[Ruleset, ...]:
        pages = github.pages("/rulesets?targets=branch%2Ctag&per_page=100", list[_Listed])
        return tuple(github.read(f"/rulesets/{one.id}", Ruleset) for page in pages for one in page)

    return seen(github, "/rulesets", METADATA, ask)


def read_immutable(github: GitHub, *, visible: bool) -> Reading[Immutable]:
    """Whether releases become immutable. Off is 404, and so is what one may not know.

    Args:
        visible: whether another setting that needs the same permission was seen.
    """
    found = _optional(github, "/immutable-releases", ADMINISTRATION, Immutable)
    if found.value is not None or found.hidden is not None:
        return found
    if visible:
        return Reading(value=Immutable(enabled=False), how=found.how)
    return Reading(hidden=_hidden(github, "GitHub shows it to administrators only", "", ADMINISTRATION), how=found.how)


def read_selected(github: GitHub, actions: Reading[ActionsPolicy]) -> Reading[Selected]:
    """Which actions may run, where the policy selects some."""
    if actions.hidden is not None or actions.value is None or actions.value.allowed_actions != "selected":
        return Reading(hidden=actions.hidden, how=actions.how)
    return _one(github, "/actions/permissions/selected-actions", ADMINISTRATION, Selected)


def _repository(github: GitHub) -> Reading[Repository]:
    return seen(github, "", METADATA, lambda: github.read("", Repository))


def _account(github: GitHub, name: str) -> Reading[Account]:
    """A user or a team; None where there is no such one, or where it may not be seen."""
    organization, _, team = name.partition("/")
    path = f"/orgs/{quote(organization)}/teams/{quote(team)}" if team else f"/users/{quote(name)}"
    return seen(github, f" {name}", "Members: read of the organisation", lambda: github.of_server(path, Account))


def read_other(github: GitHub, name: str) -> Reading[Repository]:
    """Another repository, as it is called now: GitHub leads on from former names; None where none shows."""
    found = seen(github, "", METADATA, lambda: github.of_server(f"/repos/{quote(name)}", Repository))
    return msgspec.structs.replace(found, how=f"GET /repos/{name}")


def _environment(name: str) -> str:
    return f"/environments/{quote(name, safe='')}"


def _rules(github: GitHub, branch: str) -> Reading[tuple[Rule, ...]]:
    return _all(github, f"/rules/branches/{branch}", METADATA, list[Rule], lambda page: page)


def _protection(github: GitHub, branch: str) -> Reading[Protection]:
    """404 in words of its own says that there is none; any other, that one may not know."""
    path = f"/branches/{branch}/protection"

    def ask() -> Protection | None:
        try:
            return github.read(path, Protection)
        except TagshipError as error:
            if "Branch not protected" in error.message:
                return None
            raise

    return seen(github, path, ADMINISTRATION, ask)


def _secrets(github: GitHub, path: str, needs: str) -> Reading[tuple[SecretName, ...]]:
    return _all(github, path, needs, _Secrets, lambda page: page.secrets)


def _all(
    github: GitHub, path: str, needs: str, kind: type[P], items: Callable[[P], Iterable[T]]
) -> Reading[tuple[T, ...]]:
    """A list, all pages of it."""

    def ask() -> tuple[T, ...]:
        return tuple(one for page in github.pages(f"{path}?per_page=100", kind) for one in items(page))

    return seen(github, path, needs, ask)


def _one(github: GitHub, path: str, needs: str, kind: type[T]) -> Reading[T]:
    """A setting that every repository has."""
    return seen(github, path, needs, lambda: github.read(path, kind))


def _optional(github: GitHub, path: str, needs: str, kind: type[T]) -> Reading[T]:
    return seen(github, path, needs, lambda: github.maybe(path, kind))


def read_workflows(github: GitHub) -> Reading[tuple[WorkflowState, ...]]:
    """The workflows of the default branch, and whether they run."""
    return _all(github, "/actions/workflows", ACTIONS, _Workflows, lambda page: page.workflows)


def read_good_run(github: GitHub, file: str) -> Reading[WorkflowRun]:
    """The newest run of a workflow that ended well; None where there is none, or no such workflow."""
    path = f"/actions/workflows/{quote(file)}/runs?status=success&per_page=1"

    def ask() -> WorkflowRun | None:
        found = github.maybe(path, _WorkflowRuns)
        return found.workflow_runs[0] if found is not None and found.workflow_runs else None

    return seen(github, path, ACTIONS, ask)


def seen(github: GitHub, path: str, needs: str, ask: Callable[[], T | None]) -> Reading[T]:
    """One reading; where it is refused, with the permission that would show it.

    Args:
        path: what is asked, inside of the repository.
        needs: the permission of a fine-grained token.
    """
    how = f"GET /repos/{github.repository}{path}"
    try:
        return Reading(value=ask(), how=how)
    except Unreachable as error:
        if github.budget.is_spent and github.is_anonymous:  # a token has an hour's requests of its own
            return Reading(hidden=_hidden(github, error.message, error.remedy, needs), how=how)
        return Reading(hidden=Hidden(why=error.message, remedy=error.remedy), how=how)
    except TagshipError as error:
        return Reading(hidden=_hidden(github, error.message, error.remedy, needs), how=how)


def _hidden(github: GitHub, why: str, remedy: str, needs: str) -> Hidden:
    """Why something was not seen; who asks without a token needs one before anything else."""
    if github.is_anonymous:
        remedy = f"gh auth login, or a token with the permission {needs} in GH_TOKEN."
        return Hidden(why=f"{why} (asked without a token)", remedy=remedy)
    if "by integration" in why and needs in (ADMINISTRATION, SECRETS, ENVIRONMENTS):
        return Hidden(why=why, remedy=f"GITHUB_TOKEN never has {needs}: give another token, in GH_TOKEN.")
    return Hidden(why=why, remedy=remedy or f"Give a token with the permission {needs}.")
