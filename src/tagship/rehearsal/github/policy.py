"""What the embedded GitHub remembers of the settings for GitHub Actions."""

from dataclasses import dataclass
from typing import Literal

Approval = Literal["first_time_contributors_new_to_github", "first_time_contributors", "all_external_contributors"]


@dataclass(kw_only=True, slots=True)
class ActionsPolicy:
    """The repository's settings for GitHub Actions."""

    enabled: bool = True
    allowed: Literal["all", "local_only", "selected"] = "all"
    github_owned: bool = False
    """Where actions are selected: those of GitHub's own organisations."""
    verified: bool = False
    """Where actions are selected: those of creators whom GitHub verified."""
    patterns: tuple[str, ...] = ()
    """Where actions are selected: `owner/name@*` and so on."""
    sha_pinning_required: bool = False
    default_permissions: Literal["read", "write"] = "read"
    can_approve_reviews: bool = False
    fork_approval: Approval = "first_time_contributors"
    immutable_subject: bool = True
