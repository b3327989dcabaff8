"""What every handler of the embedded GitHub works with: the call, the refusals, the addresses, the pages."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.state import Json
from tagship.rehearsal.github.tokens import Token
from tagship.services.addresses import GITHUB_DOCS
from tagship.shapes import read_json

Object = dict[str, Json]
T = TypeVar("T")


class Numbered(Protocol):
    """What has an id."""

    @property
    def id(self) -> int:
        """Its number."""


N = TypeVar("N", bound=Numbered)

JSON_TYPE = "application/json; charset=utf-8"
VERSIONS = ("2022-11-28", "2026-03-10")
"""Of the API (docs.github.com, "Breaking changes")."""
GONE = frozenset({"assignee", "merge_commit_sha", "has_downloads"})
"""What issues, pull requests and their repositories lack in the newer version."""
PER_PAGE = 30
PER_PAGE_MAX = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Urls:
    """Where things are, in the words of the client that asks: all built from its Host header.

    `api.` hosts have their siblings; under `/api/v3` it is an enterprise server with one host; anything else
    is one host for everything.
    """

    api: str
    uploads: str
    web: str
    full_name: str

    @classmethod
    def of(cls, request: Request, prefix: str, full_name: str) -> "Urls":
        """Read them off a request; the prefix is `/api/v3`, `/api/uploads` or nothing."""
        scheme, host = request.scheme, request.host
        base = f"{scheme}://{host}"
        site = re.sub(r"^(api|uploads)\.", "", host)
        if prefix:
            api, uploads, web = f"{base}/api/v3", f"{base}/api/uploads", base
        elif host.startswith(("api.", "uploads.")):
            api, uploads, web = f"{scheme}://api.{site}", f"{scheme}://uploads.{site}", f"{scheme}://{site}"
        else:
            api = uploads = web = base
        return cls(api=api, uploads=uploads, web=web, full_name=full_name)

    def repo(self, path: str = "") -> str:
        """An API address inside the repository."""
        return f"{self.api}/repos/{self.full_name}{path}"

    def page(self, path: str = "") -> str:
        """A page for people inside the repository."""
        return f"{self.web}/{self.full_name}{path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer: JSON where there is a body, or raw bytes."""

    status: int = 200
    body: Json | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, after routing and authentication."""

    repo: RepositoryState
    token: Token
    urls: Urls
    args: Mapping[str, str]
    """The placeholders of the route, unquoted."""
    request: Request

    @property
    def version(self) -> str:
        """The version of the API that was asked for; the oldest where none was."""
        return self.request.headers.get("X-GitHub-Api-Version", VERSIONS[0])

    def known(self, body: Object) -> Object:
        """A body as the version of the API that was asked for has it."""
        return body if self.version == VERSIONS[0] else {key: body[key] for key in body if key not in GONE}

    def may(self, resource: str) -> bool:
        """Whether the caller may write (classic tokens: by their scopes)."""
        return granted(self.token, self.repo, resource, "write")

    def number(self, name: str) -> int:
        """A placeholder that is a number; 404 where it is none."""
        text = self.args[name]
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise not_found()
        return int(text)

    def one(self, items: Iterable[N], name: str = "id") -> N:
        """The item whose id is a placeholder; 404 where there is none."""
        number = self.number(name)
        return there(next((item for item in items if item.id == number), None))

    def query(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return self.request.args.get(name, default)

    def body(self, kind: type[T]) -> T:
        """The JSON body, decoded; 400 and 422 as GitHub has them."""
        data = self.request.get_data() or b"{}"
        try:
            read_json(data, msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            raise refusal(400, "Problems parsing JSON") from None
        try:
            return read_json(data, kind)
        except msgspec.ValidationError as error:
            missing = re.search(r"missing required field `(\w+)`", str(error))
            raise refusal(422, f"Invalid request.\n\n{_lacking(missing[1]) if missing else error}") from None

    def page(self, items: Iterable[T], shape: Callable[[T], Json], key: str = "") -> Reply:
        """One page of a list, with its `Link` header; under a key, the total beside it."""
        every = list(items)
        size = min(max(_count(self.query("per_page"), PER_PAGE), 1), PER_PAGE_MAX)
        number = max(_count(self.query("page"), 1), 1)
        part = [shape(item) for item in every[(number - 1) * size : number * size]]
        last = max(1, -(-len(every) // size))
        wanted = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        relations = [
            f'<{self._at_page(target)}>; rel="{rel}"'
            for rel, target in wanted.items()
            if (target < number if rel in {"prev", "first"} else target > number) and 1 <= target <= last
        ]
        body: Json = {"total_count": len(every), key: part} if key else part
        return Reply(body=body, headers={"Link": ", ".join(relations)} if relations else {})

    def _at_page(self, number: int) -> str:
        query = {**self.request.args.to_dict(), "page": str(number)}
        return f"{self.request.base_url}?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the routing table.

    `path` has `{name}` for one segment and `{name:path}` for a rest with slashes. `permission` is
    `resource:level`, several with `; ` between them where one is enough; reading is open to all on a public
    repository, except where it starts with `!`.
    """

    method: str
    path: str
    permission: str
    handler: Callable[[Call], Reply]
    place: str = "api"
    """Which of GitHub's hosts has it: `api`, `uploads` or `web`."""


def place_of(request: Request, prefix: str) -> str:
    """Which of GitHub's hosts was asked; nothing where one host stands for all of them."""
    if prefix:
        return "uploads" if prefix == "/api/uploads" else "api"
    first = request.host.partition(".")[0]
    return {"api": "api", "uploads": "uploads", "github": "web"}.get(first, "")


def _lacking(field_name: str) -> str:
    """In GitHub's words; its words for other mistakes quote a schema of its own."""
    return f'"{field_name}" wasn\'t supplied.'


def _count(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else default


def granted(token: Token, repo: RepositoryState, resource: str, level: str) -> bool:
    """Whether a token has a permission.

    `GITHUB_TOKEN` and fine-grained tokens have it by name; the scopes `repo` and, for public repositories,
    `public_repo` of a classic token contain everything except `workflow`.
    """
    if token.kind == "classic":
        scopes = token.permissions
        if resource == "workflows":
            return "workflow" in scopes
        return "repo" in scopes or ("public_repo" in scopes and not repo.private)
    return token.permissions.get(resource) in {level, "write"}


def refusal(
    status: int, message: str, errors: Sequence[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
) -> HTTPException:
    """An error as GitHub words it, ready to be raised."""
    body: Object = {"message": message, "documentation_url": GITHUB_DOCS, "status": str(status)}
    if errors:
        body["errors"] = list(errors)
    return HTTPException(
        response=Response(msgspec.json.encode(body), status=status, content_type=JSON_TYPE, headers=dict(headers or {}))
    )


def not_found() -> HTTPException:
    """404, also for what the caller must not know of."""
    return refusal(404, "Not Found")


def there(found: T | None) -> T:
    """What was looked for; 404 where it was not found."""
    if found is None:
        raise not_found()
    return found


def invalid(resource: str, code: str, field_name: str, message: str = "") -> HTTPException:
    """422 `Validation Failed` about one field."""
    error = {"resource": resource, "code": code, "field": field_name}
    return refusal(422, "Validation Failed", [error | ({"message": message} if message else {})])


def segment(text: str) -> str:
    """A name as one segment of an address."""
    return quote(text, safe="")
