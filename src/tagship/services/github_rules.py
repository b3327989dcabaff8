"""Rulesets and classic protection as GitHub's REST API has them, and which refs they are about.

Source: docs.github.com, "REST API endpoints for rules", "REST API endpoints for protected branches".
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from tagship.errors import Refused
from tagship.shapes import read_json


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
            return read_json(self.raw, Parameters)
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

    @property
    def role(self) -> int | None:
        """The number of the role, where it is everybody who has one."""
        return self.actor_id if self.actor_type == "RepositoryRole" else None


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

    def is_open_to(self, role: int, *, merging: bool = False) -> bool:
        """Whether it is known not to bind a role.

        Args:
            merging: where the role merges a pull request, too.
        """
        found = (actor for actor in self.bypass_actors or () if actor.role == role)
        return any(merging or actor.bypass_mode != "pull_request" for actor in found)

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


def matches(pattern: str, ref: str) -> bool:
    """Ruby's `File.fnmatch` with `FNM_PATHNAME`, as GitHub compares refs: segment by segment, `**/` for any number."""
    return _segments(re.sub(r"(?<![^/])\*\*/(\*\*/)+", "**/", pattern).split("/"), ref.split("/"))


def _segments(patterns: list[str], names: list[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**" and len(patterns) > 1:
        return any(_segments(patterns[1:], names[i:]) for i in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], patterns[0]) and _segments(patterns[1:], names[1:])
