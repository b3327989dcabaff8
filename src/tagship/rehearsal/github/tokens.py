"""Who asks the embedded GitHub: tokens, what they may do, and how often."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TokenKind = Literal["github_token", "fine-grained", "classic", "none"]

PREFIXES: Mapping[TokenKind, str] = {"github_token": "ghs_", "fine-grained": "github_pat_", "classic": "ghp_"}
HOURLY: Mapping[TokenKind, int] = {"github_token": 1000, "fine-grained": 5000, "classic": 5000, "none": 60}
"""Requests an hour (docs.github.com, "Rate limits for the REST API")."""


@dataclass(kw_only=True, slots=True)
class Token:
    """Somebody who asks, and what they may do."""

    kind: TokenKind
    value: str
    permissions: Mapping[str, str]
    """`{"contents": "write"}`; for a classic token its scopes, `{"repo": "write", "workflow": "write"}`."""
    login: str
    limit: int
    used: int = 0
    reset: float = 0
    expires: float | None = None
    """When it ends, which every answer says; None for one that does not."""
    recent: deque[tuple[float, bool]] = field(default_factory=deque)  # when in the last hour, and whether to write
