"""The settings of a repository as GitHub's REST API has them: the fields that are judged, and no others.

They also travel as JSON: of secrets names and dates, never more. Source: docs.github.com, "REST API".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from tagship.model import Record
from tagship.services.github import Asset
from tagship.services.github_rules import Protection, Rule, Ruleset
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
