"""The door to GitHub's REST API: what a release asks and changes, as records.

Every answer is decoded into the few fields that are used; unknown fields are ignored. Errors are told apart by
what the reader does next, and a 404 names the permission that may be missing, since GitHub hides what a token
may not see. What was read before is asked for with its ETag: where nothing changed, the answer has no body and costs
nothing of the hour's requests (docs.github.com, "Best practices for using the REST API").
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from tagship.errors import Refused
from tagship.services.addresses import GITHUB_API
from tagship.services.github_answers import Budget, belongs, budget, named, next_page, refusal
from tagship.services.http import Http, Reply
from tagship.services.secret import Secret
from tagship.words import many

T = TypeVar("T")
VERSION = "2022-11-28"
MOST_PAGES = 300
"""Of one list; GitHub shows a hundred entries on each."""


class App(msgspec.Struct, frozen=True):
    """Who made a check run."""

    slug: str | None = None


class CheckSuite(msgspec.Struct, frozen=True):
    """The checks that one app made at one time; on GitHub Actions those of one workflow run, re-runs included."""

    id: int


class CheckRun(msgspec.Struct, frozen=True):
    """One check of a commit."""

    id: int
    name: str
    status: str
    conclusion: str | None = None
    html_url: str | None = None
    app: App | None = None
    check_suite: CheckSuite | None = None
    head_sha: str = ""
    completed_at: datetime | None = None


class CommitStatus(msgspec.Struct, frozen=True):
    """One status that an external CI set."""

    context: str
    state: str
    target_url: str | None = None


class WorkflowRun(msgspec.Struct, frozen=True):
    """One run of a workflow."""

    id: int
    path: str
    event: str
    head_sha: str
    status: str | None
    conclusion: str | None
    check_suite_id: int | None = None
    name: str | None = None
    head_branch: str | None = None
    """The branch, or the tag, whose push started it."""
    html_url: str = ""
    run_attempt: int = 1
    run_started_at: datetime | None = None
    """When its newest attempt began."""

    @property
    def file(self) -> str:
        """The path of its workflow: `.github/workflows/ci.yml`, the ref of a required workflow left out."""
        return self.path.partition("@")[0]


class Asset(msgspec.Struct, frozen=True):
    """A file attached to a release."""

    id: int
    name: str
    state: str
    digest: str | None = None


class Release(msgspec.Struct, frozen=True):
    """A GitHub release."""

    id: int
    tag_name: str
    draft: bool
    html_url: str
    name: str | None = None
    body: str | None = None
    assets: tuple[Asset, ...] = ()
    upload_url: str = ""
    """Where its files are sent: an address with a template of parameters at its end."""


class _Checks(msgspec.Struct):
    check_runs: list[CheckRun]


class _Statuses(msgspec.Struct):
    statuses: list[CommitStatus]


class _Runs(msgspec.Struct):
    workflow_runs: list[WorkflowRun]


class _Object(msgspec.Struct):
    type: str
    sha: str


class _Ref(msgspec.Struct):
    object: _Object


class _Notes(msgspec.Struct):
    body: str


class _Viewer(msgspec.Struct):
    class Data(msgspec.Struct):
        class Account(msgspec.Struct):
            login: str

        viewer: Account

    data: Data


class GitHub:
    """One repository on GitHub.

    Args:
        repository: `owner/name`.
        token: None for anonymous reading.
        api: root of the REST API, another one on GitHub Enterprise.
    """

    def __init__(self, http: Http, repository: str, token: Secret | None, *, api: str = GITHUB_API) -> None:
        self.repository = repository
        self._http = http
        self._token = token
        self._kept: dict[str, Reply] = {}
        self.budget = Budget()
        """As the newest answer to a read said."""
        self.expires = ""
        """When the token ends, as the newest answer to a read said; empty where it does not end, or there is none."""
        self._api = api

    @property
    def _root(self) -> str:
        return f"{self._api}/repos/{named(self.repository)}"

    def check_runs(self, sha: str) -> tuple[CheckRun, ...]:
        """The latest check runs of a commit, all pages."""
        pages = self.pages(f"/commits/{sha}/check-runs?filter=latest&per_page=100", _Checks)
        return tuple(run for page in pages for run in page.check_runs)

    def statuses(self, sha: str) -> tuple[CommitStatus, ...]:
        """The latest status of each context of a commit, all pages."""
        pages = self.pages(f"/commits/{sha}/status?per_page=100", _Statuses)
        return tuple(status for page in pages for status in page.statuses)

    def workflow_runs(self, sha: str) -> tuple[WorkflowRun, ...]:
        """The workflow runs of a commit in their latest attempt, all pages."""
        pages = self.pages(f"/actions/runs?head_sha={sha}&per_page=100", _Runs)
        return tuple(run for page in pages for run in page.workflow_runs)

    def tag_commit(self, tag: str) -> str | None:
        """The commit a tag means, annotated tags peeled; None where there is no such tag."""
        reply = self._get(f"/git/ref/tags/{quote(tag)}")
        if reply.status == 404:
            return None
        target = self._json(reply, _Ref).object
        while target.type == "tag":
            target = self._json(self._get(f"/git/tags/{target.sha}"), _Ref).object
        return target.sha

    def branch_commit(self, branch: str) -> str | None:
        """The newest commit of a branch; None where there is no such branch."""
        reply = self._get(f"/git/ref/heads/{quote(branch)}")
        return None if reply.status == 404 else self._json(reply, _Ref).object.sha

    def release(self, tag: str) -> Release | None:
        """The release of a tag, drafts included; the published one where there are several."""
        found = [
            release
            for page in self.pages("/releases?per_page=100", list[Release])
            for release in page
            if release.tag_name == tag
        ]
        return min(found, key=lambda release: release.draft, default=None)

    def notes(self, tag: str, *, since: str | None = None, commit: str | None = None) -> str:
        """What GitHub writes by itself about a tag, from the pull requests that were merged.

        Args:
            since: the tag before; None for GitHub's own choice.
            commit: what the tag will mean, where it is not made yet; None where it is there.
        """
        said = {"tag_name": tag, "previous_tag_name": since, "target_commitish": commit}
        body = {name: value for name, value in said.items() if value}
        return self._json(self._send("POST", "/releases/generate-notes", body), _Notes).body

    def create_draft(self, tag: str, fields: Mapping[str, str | bool]) -> Release:
        """Make a draft release for an existing tag."""
        body = {"tag_name": tag, "draft": True, **fields}
        return self._json(self._send("POST", "/releases", body), Release)

    def publish(self, release: Release, fields: Mapping[str, str | bool]) -> Release:
        """Make a draft public."""
        body = {"draft": False, **fields}
        return self._json(self._send("PATCH", f"/releases/{release.id}", body), Release)

    def upload(self, release: Release, name: str, data: bytes) -> Asset:
        """Attach a file; the answer has the digest that the server computed.

        Raises:
            Refused: the address for files belongs to another server, which must not get the token.
        """
        address = release.upload_url.partition("{")[0]
        if not belongs(address, self._root):
            raise Refused(
                f"Nothing was sent: {address or 'no address'} for the files of a release is not of {self._root}",
                remedy="Look at GITHUB_API_URL: it has to name the server itself, not a proxy in front of it.",
                where=release.html_url,
            )
        reply = self._http.request(
            "POST",
            f"{address}?name={quote(name)}",
            headers=self._headers() | {"Content-Type": "application/octet-stream"},
            body=data,
        )
        return self._json(reply, Asset)

    def delete(self, asset: Asset) -> None:
        """Take an asset off a draft."""
        reply = self._http.request("DELETE", f"{self._root}/releases/assets/{asset.id}", headers=self._headers())
        if not reply.ok and reply.status != 404:
            raise refusal(reply)

    @property
    def is_anonymous(self) -> bool:
        """Whether it is asked without a token."""
        return self._token is None

    def viewer(self) -> str:
        """Whose token it is, a job's `github-actions[bot]` included: only GraphQL tells it to every kind of token."""
        headers = self._headers() | {"Content-Type": "application/json"}
        address = f"{self._api.removesuffix('/v3')}/graphql"
        body = msgspec.json.encode({"query": "{ viewer { login } }"})
        return self._json(self._http.request("POST", address, headers=headers, body=body), _Viewer).data.viewer.login

    def read(self, path: str, kind: type[T]) -> T:
        """What lies at a path inside the repository; of a list, the first page."""
        return self._json(self._get(path), kind)

    def send(self, method: str, path: str, body: Mapping[str, object], kind: type[T]) -> T:
        """Change something at a path inside the repository."""
        return self._json(self._send(method, path, body), kind)

    def maybe(self, path: str, kind: type[T]) -> T | None:
        """What `read` gives; None where there is no such thing, or where it may not be seen."""
        reply = self._get(path)
        return None if reply.status == 404 else self._json(reply, kind)

    def change(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Reply:
        """Change something that answers with a status alone, or with what nobody reads.

        Raises:
            Refused: GitHub does not let it be changed so.
        """
        if body is None:
            reply = self._http.request(method, self._root + path, headers=self._headers())
        else:
            reply = self._send(method, path, body)
        if not reply.ok:
            raise refusal(reply)
        return reply

    def of_server(self, path: str, kind: type[T]) -> T | None:
        """Something beside the repository: a user, a team; None where there is none, or where it may not be seen."""
        reply = self._read(self._api + path)
        return None if reply.status == 404 else self._json(reply, kind)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return headers

    def _get(self, path: str) -> Reply:
        return self._read(self._root + path)

    def _read(self, url: str) -> Reply:
        kept = self._kept.get(url)
        headers = self._headers() | ({"If-None-Match": kept.headers["etag"]} if kept is not None else {})
        reply = self._http.request("GET", url, headers=headers)
        self.budget = budget(reply)
        self.expires = reply.headers.get("github-authentication-token-expiration", "")
        if reply.status == 304 and kept is not None:
            return kept
        if reply.ok and "etag" in reply.headers:
            self._kept[url] = reply
        return reply

    def _send(self, method: str, path: str, body: Mapping[str, object]) -> Reply:
        headers = self._headers() | {"Content-Type": "application/json"}
        return self._http.request(method, self._root + path, headers=headers, body=msgspec.json.encode(body))

    def pages(self, path: str, kind: type[T]) -> Iterator[T]:
        """The pages of a list at a path inside the repository."""
        url, asked = self._root + path, set[str]()
        while url not in asked and len(asked) < MOST_PAGES:
            asked.add(url)
            reply = self._read(url)
            yield self._json(reply, kind)
            following = next_page(reply.headers.get("link", ""))
            if following is None:
                return
            if not belongs(following, self._root):
                raise Refused(
                    f"Nothing more was read: the next page of {path.partition('?')[0]} lies on another host",
                    remedy="Look at GITHUB_API_URL: it has to name the server itself, not a proxy in front of it.",
                )
            url = following
        raise Refused(
            f"Nothing more was read: {path.partition('?')[0]} has no end after {many(len(asked), 'page')}",
            remedy="Look at what stands between here and GitHub: it may answer every page with the first one.",
        )

    def _json(self, reply: Reply, kind: type[T]) -> T:
        if not reply.ok:
            raise refusal(reply)
        return reply.json(kind)
