"""A rehearsal in a world as it was recorded: the settings that were seen replace what is assumed, the rest stays.

Who pushes in a rehearsal is an administrator of the repository; whether a ruleset binds them is what GitHub said of the
one who recorded it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec
from packaging.utils import canonicalize_name

from tagship.errors import UsageError
from tagship.rehearsal.github import Protection, RepositoryState, Rule, Ruleset, SecretDates
from tagship.rehearsal.github.people import TEAM
from tagship.rehearsal.github.policy import ActionsPolicy, Approval
from tagship.rehearsal.github.state import Actor, Json, Policy
from tagship.rehearsal.index import EmbeddedIndex, Publisher
from tagship.rehearsal.result import Assumption
from tagship.services import github_rules, github_shapes
from tagship.services.index_settings import Listing
from tagship.setup.snapshot import Snapshot
from tagship.shapes import read_json

ADMIN = 5
APPROVALS: dict[str, Approval] = {
    name: name
    for name in ("first_time_contributors_new_to_github", "first_time_contributors", "all_external_contributors")
}
"""Those that GitHub knows."""


def rules(repo: RepositoryState, recorded: Snapshot) -> None:
    """Set up everything but the environments: rules, what Actions may do, releases.

    Raises:
        UsageError: the settings are those of another repository.
    """
    _same(repo.full_name.lower(), recorded.repository.lower())
    settings = recorded.github
    if settings.rulesets.value is not None:
        repo.rulesets[:] = [_ruleset(found) for found in settings.rulesets.value if found.target in ("branch", "tag")]
    if settings.protection.value is not None:
        repo.protections[repo.default_branch] = _protection(settings.protection.value)
    if settings.immutable.value is not None:
        repo.immutable_releases = settings.immutable.value.enabled
    if settings.repository.value is not None:
        repo.private = settings.repository.value.private
        repo.organisation = settings.repository.value.owner.type == "Organization"
    repo.secrets.update(_secrets(settings.secrets.value or ()))
    _actions(repo.policy, settings)


def _same(here: str, there: str) -> None:
    if there and here != there:
        raise UsageError(
            f"Nothing was rehearsed: the settings were recorded for {there}, and this is {here}",
            remedy="Record those of this one: tagship doctor --snapshot FILE",
        )


def environments(repo: RepositoryState, recorded: Snapshot) -> bool:
    """Set up the environments as they were; whether they were seen at all."""
    settings = recorded.github
    if settings.environments.value is None:
        return False
    asked = {
        name.lower(): (reading, settings.environment_secrets.get(name)) for name, reading in settings.policies.items()
    }
    repo.environments.clear()
    for found in settings.environments.value:
        policy, (patterns, secrets) = found.deployment_branch_policy, asked.get(found.name.lower(), (None, None))
        made = repo.add_environment(found.name)
        made.branches = "all" if policy is None else "protected" if policy.protected_branches else "custom"
        known = patterns.value if patterns is not None else None
        made.policies = [Policy(id=repo.new_id(), name=one.name, type=one.type) for one in known or ()]
        made.wait_timer, made.prevent_self_review = found.wait_timer, found.prevents_self_review
        made.can_admins_bypass = found.can_admins_bypass
        made.reviewers = tuple(
            f"{TEAM}{one.reviewer.name}" if one.type == "Team" else one.reviewer.name for one in found.reviewers
        )
        made.secrets.update(_secrets((secrets.value if secrets else None) or ()))
    return True


def publishers(index: EmbeddedIndex, listing: Listing, project: str, recorded: Snapshot, owner_id: str) -> bool:
    """Register the publisher that the newest release shows; whether it shows one.

    Args:
        listing: the project on the real index.
        owner_id: of the embedded repository's owner, which stands for the real one.

    Raises:
        UsageError: the settings are those of another project.
    """
    _same(canonicalize_name(project), canonicalize_name(recorded.project))
    found = next((one.publishers.value for one in listing.releases if one.publishers.value), ())
    theirs = [one for one in found or () if one.kind == "GitHub"]
    if not theirs:
        return False
    repository = recorded.github.repository.value
    now = str(repository.owner.id) if repository is not None else ""
    index.state.publishers.clear()
    for one in theirs:
        same = not (now and one.owner_id) or now == one.owner_id
        publisher = Publisher(
            repository=one.repository,
            owner_id=owner_id if same else one.owner_id,
            workflow=one.workflow,
            environment=one.environment.lower(),
        )
        index.state.add_publisher(project, publisher)
    return True


def described(rows: Iterable[Assumption], recorded: Snapshot) -> tuple[Assumption, ...]:
    """The assumptions, those left out that were not needed."""
    day = datetime.fromtimestamp(recorded.at, UTC).strftime("%Y-%m-%d")
    settings, rulesets = recorded.github, recorded.github.rulesets.value or ()
    unseen = {
        "environments": settings.environments.hidden is not None,
        "rulesets": settings.rulesets.hidden is not None,
        "classic protection": settings.protection.hidden is not None,
        "who may pass them by": any(_bypass(one) is None for one in rulesets),
        "immutable releases": settings.immutable.hidden is not None,
        "what Actions may do": settings.actions.hidden is not None,
    }
    names = [name for name, hidden in unseen.items() if not hidden]
    published = any(one.publishers.value for one in recorded.pypi.releases)
    names += ["the trusted publisher of PyPI"] if published else []
    words = ", ".join(names) or "nothing"
    words += f"; not seen, and assumed: {hidden}" if (hidden := ", ".join(n for n in unseen if unseen[n])) else ""
    row = Assumption(
        name="Recorded settings",
        value=f"{recorded.repository or recorded.project}, {day}: {words}",
        change="tagship doctor --snapshot FILE records them again",
    )
    out = {*(["Environments"] if "environments" in names else []), *(["Trusted publisher"] if published else [])}
    return (row, *(one for one in rows if one.name not in out))


def _ruleset(found: github_rules.Ruleset) -> Ruleset:
    names = found.conditions.ref_name if found.conditions else github_rules.RefNames()
    actors = _bypass(found)
    return Ruleset(
        id=found.id,
        name=found.name,
        target="tag" if found.target == "tag" else "branch",
        created=0,
        enforcement="active" if found.enforcement == "active" else "disabled",
        include=names.include,
        exclude=names.exclude,
        rules=tuple(Rule(type=rule.type, parameters=_parameters(rule.raw)) for rule in found.rules),
        actors=_free("always") if actors is None else actors,
    )


def _parameters(raw: msgspec.Raw) -> dict[str, Json]:
    found = read_json(raw, object)
    return found if isinstance(found, dict) else {}


def _bypass(found: github_rules.Ruleset) -> tuple[Actor, ...] | None:
    """Whom it does not bind, above all whether it binds the one who recorded it; None where that was not seen."""
    match found.current_user_can_bypass:
        case "always" | "exempt":
            return _free("always")
        case "pull_requests_only":
            return _free("pull_request")
        case "never":
            return ()
    if found.bypass_actors is None:
        return None
    return tuple(
        Actor(type=one.actor_type, id=one.actor_id, mode=_mode(one.bypass_mode)) for one in found.bypass_actors
    )


def _free(mode: Literal["always", "pull_request"]) -> tuple[Actor, ...]:
    return (Actor(type="RepositoryRole", id=ADMIN, mode=mode),)


def _mode(mode: str) -> Literal["always", "pull_request", "exempt"]:
    return "pull_request" if mode == "pull_request" else "always"


def _protection(found: github_rules.Protection) -> Protection:
    checks, reviews = found.required_status_checks, found.required_pull_request_reviews
    return Protection(
        checks=tuple((check.context, check.app_id) for check in checks.checks) if checks else (),
        strict=checks.strict if checks else False,
        enforce_admins=found.enforce_admins.enabled,
        approvals=reviews.required_approving_review_count if reviews else 0,
        force_pushes=found.allow_force_pushes.enabled,
        deletions=found.allow_deletions.enabled,
    )


def _actions(policy: ActionsPolicy, settings: github_shapes.Settings) -> None:
    actions, selected = settings.actions.value, settings.selected.value
    if actions is not None:
        policy.enabled, policy.allowed = actions.enabled, actions.allowed_actions
        policy.sha_pinning_required = actions.sha_pinning_required
    if selected is not None:
        policy.github_owned, policy.verified = selected.github_owned_allowed, selected.verified_allowed
        policy.patterns = selected.patterns_allowed
    if settings.default_token.value is not None:
        policy.default_permissions = settings.default_token.value.default_workflow_permissions
        policy.can_approve_reviews = settings.default_token.value.can_approve_pull_request_reviews
    if settings.forks.value is not None:
        policy.fork_approval = APPROVALS.get(settings.forks.value.approval_policy, policy.fork_approval)


def _secrets(found: Iterable[github_shapes.SecretName]) -> dict[str, SecretDates]:
    return {
        one.name: SecretDates(created=one.created_at.timestamp(), updated=one.updated_at.timestamp()) for one in found
    }
