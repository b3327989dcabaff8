"""The embedded GitHub: one repository behind the REST and GraphQL interfaces of the real one.

`RepositoryState` is filled in by the rehearsal, `EmbeddedGitHub` serves it as a WSGI application.
"""

from tagship.rehearsal.github.app import EmbeddedGitHub
from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.state import App, Protection, RefUpdate, Rule, Ruleset, SecretDates
from tagship.rehearsal.github.tokens import Token

__all__ = [
    "App",
    "EmbeddedGitHub",
    "Protection",
    "RefUpdate",
    "RepositoryState",
    "Rule",
    "Ruleset",
    "SecretDates",
    "Token",
]
