"""The settings of a repository as GitHub's REST API has them: the fields that are judged, and no others.

They also travel as JSON: of secrets names and dates, never more. Source: docs.github.com, "REST API".
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from tagship.errors import Refused
from tagship.model import Record
from tagship.services.github import Asset
from tagship.services.reading import Reading


class Account(msgspec.Struct, frozen=True):
    """A user, a team or an organisation."""

    id: int
    type: str = "User"
    login: str = ""
    slug: str = ""
    """Of a team."""

    @property
    def name(self) -> str:
        """As people write it."""
        return self.login or self.slug


class Permissions(msgspec.Struct, frozen=True):
    """What the one who asks may do."""

    admin: bool = False
    maintain: bool = False
    push: bool = False


class Switch(msgspec.Struct, frozen=True):
    """A feature that is on or off."""

    status: Literal["enabled", "disabled"]


class Security(msgspec.Struct, frozen=True):
    """Features that look for leaked credentials; for administrators only."""

    secret_scanning: Switch | None = None
    secret_scanning_push_protection: Switch | None = None


class Repository(msgspec.Struct, frozen=True):
    """The repository itself."""

    full_name: str
    default_branch: str
    private: bool
    owner: Account
    archived: bool = False
    fork: bool = False
    permissions: Permissions = Permissions()
    security_and_analysis: Security | None = None


class ActionsPolicy(msgspec.Struct, frozen=True):
    """Which actions may run."""

    enabled: bool
    allowed_actions: Literal["all", "local_only", "selected"] = "all"
    sha_pinning_required: bool = False


class Selected(msgspec.Struct, frozen=True):
    """The actions that may run, where they are selected."""

    github_owned_allowed: bool = False
    verified_allowed: bool = False
    patterns_allowed: tuple[str, ...] = ()


class DefaultToken(msgspec.Struct, frozen=True):
    """What the token of a job may do where its workflow does not say."""

    default_workflow_permissions: Literal["read", "write"]
    can_approve_pull_request_reviews: bool


class ForkApproval(msgspec.Struct, frozen=True):
    """Whose pull requests from forks wait for approval before anything runs."""

    approval_policy: str


class Reviewer(msgspec.Struct, frozen=True):
    """Somebody who may approve a deployment."""

    type: Literal["User", "Team"]
    reviewer: Account


class ProtectionRule(msgspec.Struct, frozen=True):
    """One rule of an environment."""

    type: str
    wait_timer: int = 0
    """Minutes."""
    prevent_self_review: bool = False
    reviewers: tuple[Reviewer, ...] = ()


class BranchPolicy(msgspec.Struct, frozen=True):
    """Which kind of refs may deploy."""

    protected_branches: bool
    custom_branch_policies: bool


class Environment(msgspec.Struct, frozen=True):
    """A deployment environment without its patterns and secrets."""

    name: str
    protection_rules: tuple[ProtectionRule, ...] = ()
    deployment_branch_policy: BranchPolicy | None = None
    """None where every branch and tag may deploy."""
    can_admins_bypass: bool = True

    @property
    def wait_timer(self) -> int:
        """Minutes."""
        return max((rule.wait_timer for rule in self.protection_rules), default=0)

    @property
    def reviewers(self) -> tuple[Reviewer, ...]:
        """Who may approve."""
        return tuple(reviewer for rule in self.protection_rules for reviewer in rule.reviewers)

    @property
    def prevents_self_review(self) -> bool:
        """Whether somebody else has to approve than who started the run."""
        return any(rule.prevent_self_review for rule in self.protection_rules)


class Policy(msgspec.Struct, frozen=True):
    """A pattern of refs that may deploy."""

    id: int
    name: str
    type: Literal["branch", "tag"] = "branch"


class SecretName(msgspec.Struct, frozen=True):
    """All that anybody can read about a secret."""

    name: str
    created_at: datetime
    updated_at: datetime


class WorkflowState(msgspec.Struct, frozen=True):
    """One workflow, and whether it runs."""

    path: str
    state: str
    """`active`, `disabled_manually`, `disabled_inactivity` and so on."""
    html_url: str = ""


class Parameters(msgspec.Struct, frozen=True):
    """Of the rules `pull_request` and `required_status_checks`."""

    class Context(msgspec.Struct, frozen=True):
        """A required check."""

        context: str
        integration_id: int | None = None

    required_approving_review_count: int = 0
    required_status_checks: tuple[Context, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """One rule."""

    type: str
    raw: msgspec.Raw = msgspec.field(name="parameters", default_factory=lambda: msgspec.Raw(b"{}"))
    """Its parameters as GitHub sent them."""
    ruleset_id: int = 0

    @property
    def parameters(self) -> Parameters:
        """Those that are judged.

        Raises:
            Refused: GitHub sent something else than its documentation says.
        """
        try:
            return msgspec.json.decode(self.raw, type=Parameters)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(
                f"The parameters of a rule {self.type} cannot be used: {error}",
                remedy="Look at the rule on GitHub; if it is one like others, please report it.",
            ) from None


class RefNames(msgspec.Struct, frozen=True):
    """Patterns of full ref names."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Conditions(msgspec.Struct, frozen=True):
    """What a ruleset is about."""

    ref_name: RefNames = RefNames()


class Bypass(msgspec.Struct, frozen=True):
    """Somebody whom a ruleset does not bind."""

    actor_id: int | None
    actor_type: str
    bypass_mode: str = "always"


class Ruleset(msgspec.Struct, frozen=True):
    """A ruleset with its rules."""

    id: int
    name: str
    target: str
    enforcement: str
    source_type: str = "Repository"
    conditions: Conditions | None = None
    rules: tuple[Rule, ...] = ()
    bypass_actors: tuple[Bypass, ...] | None = None
    """None where the one who asks may not know."""
    current_user_can_bypass: str = ""

    def covers(self, ref: str, default_branch: str) -> bool:
        """Whether it is in force for a full ref name."""
        names = self.conditions.ref_name if self.conditions else RefNames()
        kind = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(self.target)

        def hit(patterns: Iterable[str]) -> bool:
            special = {"~ALL", *(["~DEFAULT_BRANCH"] if ref == f"refs/heads/{default_branch}" else [])}
            return any(pattern in special or matches(pattern, ref) for pattern in patterns)

        in_force = self.enforcement == "active" and kind is not None and ref.startswith(kind)
        return in_force and hit(names.include) and not hit(names.exclude)


class Protection(msgspec.Struct, frozen=True):
    """Classic protection of a branch."""

    class Flag(msgspec.Struct, frozen=True):
        """One of its switches."""

        enabled: bool = False

    class Checks(msgspec.Struct, frozen=True):
        """Its required checks."""

        class Check(msgspec.Struct, frozen=True):
            """One of them."""

            context: str
            app_id: int | None = None

        checks: tuple[Check, ...] = ()
        strict: bool = False

    class Reviews(msgspec.Struct, frozen=True):
        """Its required reviews."""

        required_approving_review_count: int = 0

    enforce_admins: Flag = Flag()
    allow_force_pushes: Flag = Flag()
    allow_deletions: Flag = Flag()
    required_status_checks: Checks | None = None
    required_pull_request_reviews: Reviews | None = None


class Immutable(msgspec.Struct, frozen=True):
    """Whether releases become immutable once they are published."""

    enabled: bool
    enforced_by_owner: bool = False


class Latest(msgspec.Struct, frozen=True):
    """The newest release."""

    tag_name: str
    html_url: str
    immutable: bool = False
    assets: tuple[Asset, ...] = ()


class Settings(Record, frozen=True, kw_only=True):
    """All of it, as it was seen once."""

    repository: Reading[Repository] = Reading()
    actions: Reading[ActionsPolicy] = Reading()
    selected: Reading[Selected] = Reading()
    """None where the policy selects none."""
    default_token: Reading[DefaultToken] = Reading()
    forks: Reading[ForkApproval] = Reading()
    environments: Reading[tuple[Environment, ...]] = Reading()
    policies: Mapping[str, Reading[tuple[Policy, ...]]] = {}
    """Of the environments that were asked for, by name; None where there is no such environment."""
    environment_secrets: Mapping[str, Reading[tuple[SecretName, ...]]] = {}
    people: Mapping[str, Reading[Account]] = {}
    """Users (`ada`) and teams (`acme/release`) that were asked for."""
    secrets: Reading[tuple[SecretName, ...]] = Reading()
    organization_secrets: Reading[tuple[SecretName, ...]] = Reading()
    """Those that the repository gets."""
    rulesets: Reading[tuple[Ruleset, ...]] = Reading()
    branch_rules: Reading[tuple[Rule, ...]] = Reading()
    """In force for the default branch, those of the organisation included."""
    protection: Reading[Protection] = Reading()
    """Classic protection of the default branch; None where there is none."""
    immutable: Reading[Immutable] = Reading()
    latest: Reading[Latest] = Reading()
    """None before the first release."""

    def environment(self, name: str) -> Environment | None:
        """An environment by its name; GitHub takes upper and lower case for the same.

        Raises:
            Unseen: the environments could not be read.
        """
        return next((e for e in self.environments.get() or () if e.name.lower() == name.lower()), None)

    def patterns(self, name: str) -> tuple[Policy, ...]:
        """The patterns of an environment that was asked for; none where it does not exist.

        Raises:
            Unseen: they could not be read.
        """
        return self.policies.get(name, Reading(hidden=self.environments.hidden)).get() or ()


def matches(pattern: str, ref: str) -> bool:
    """Ruby's `File.fnmatch` with `FNM_PATHNAME`, as GitHub compares refs: segment by segment, `**/` for any number."""
    return _segments(pattern.split("/"), ref.split("/"))


def _segments(patterns: list[str], names: list[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**" and len(patterns) > 1:
        return any(_segments(patterns[1:], names[i:]) for i in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], patterns[0]) and _segments(patterns[1:], names[1:])
