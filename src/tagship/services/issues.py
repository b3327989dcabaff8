"""The door to a repository's issues, as records of the few fields that are used.

docs.github.com, "REST API endpoints for issues" and "… for issue comments".
"""

from typing import Literal

import msgspec

from tagship.services.github import GitHub

BODY = 65_000
"""Characters of a body that are sent; GitHub takes 65,536."""


class _Pull(msgspec.Struct, frozen=True):
    url: str | None = None


class _User(msgspec.Struct, frozen=True):
    type: str = ""


class Issue(msgspec.Struct, frozen=True):
    """An issue."""

    number: int
    html_url: str
    state: Literal["open", "closed"]
    state_reason: str | None = None
    """`completed`, `not_planned`, `duplicate` or `reopened`."""
    body: str | None = None
    pull_request: _Pull | None = None
    """Of a pull request, which GitHub lists as an issue, too."""
    user: _User | None = None
    author_association: str = ""

    @property
    def has_a_say(self) -> bool:
        """Whether its author belongs to the repository, or is an app that it let in; anybody else may open one, too."""
        bot = self.user is not None and self.user.type == "Bot"
        return bot or self.author_association in ("OWNER", "MEMBER", "COLLABORATOR")


class Issues:
    """The issues of one repository.

    Args:
        github: the repository, with a token that may write issues where one is changed.
    """

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def labelled(self, label: str) -> tuple[Issue, ...]:
        """The newest hundred with a label, open and closed.

        Who may not triage cannot give an issue a label, but a template of the repository can.
        """
        path = f"/issues?labels={label}&state=all&sort=created&direction=desc&per_page=100"
        return tuple(issue for issue in self._github.read(path, tuple[Issue, ...]) if issue.pull_request is None)

    def open(self, title: str, body: str, label: str) -> Issue:
        """Open one; the label comes into being where the repository has none of that name.

        Raises:
            Refused: the token may not, or the repository has no issues.
            UnknownOutcome: no clear answer came.
        """
        return self._github.send("POST", "/issues", {"title": title, "body": body[:BODY], "labels": [label]}, Issue)

    def change(self, number: int, **fields: str) -> Issue:
        """Set `body`, `state` or `state_reason`; nobody is notified of a body."""
        return self._github.send("PATCH", f"/issues/{number}", {k: v[:BODY] for k, v in fields.items()}, Issue)

    def say(self, number: int, words: str) -> None:
        """Comment, of which everybody who watches is notified."""
        self._github.change("POST", f"/issues/{number}/comments", {"body": words[:BODY]})
