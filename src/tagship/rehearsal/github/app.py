"""The embedded GitHub as a WSGI application: hosts, routing, authentication, limits, ETags.

It answers for api.github.com, uploads.github.com and the downloads of github.com, and under `/api/v3` as an
enterprise server would. Which resource needs what is data: the routes of the modules, in one table.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import unquote, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from tagship.rehearsal.github import (
    actions,
    artifacts,
    checks,
    commits,
    deployments,
    environments,
    graphql,
    issues,
    limits,
    people,
    permissions,
    protection,
    pulls,
    refs,
    releases,
    rulesets,
    runs,
    settings,
)
from tagship.rehearsal.github.http import (
    JSON_TYPE,
    VERSIONS,
    Call,
    Reply,
    Route,
    Urls,
    granted,
    not_found,
    place_of,
    refusal,
)
from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.tokens import Token

ROUTES: tuple[Route, ...] = (
    *refs.ROUTES,
    *checks.ROUTES,  # before the commits: a ref may contain slashes
    *commits.ROUTES,
    *actions.ROUTES,
    *runs.ROUTES,
    *artifacts.ROUTES,
    *releases.ROUTES,
    *settings.ROUTES,
    *permissions.ROUTES,
    *rulesets.ROUTES,
    *protection.ROUTES,
    *environments.ROUTES,
    *deployments.ROUTES,
    *people.ROUTES,
    *pulls.ROUTES,
    *issues.ROUTES,
    *graphql.ROUTES,
)
PREFIXES = ("/api/v3", "/api/uploads", "/api")
"""Of an enterprise server; the last is for GraphQL."""
_PAID = re.compile(r"/(rulesets|rules|protection)\b")
"""What a private repository has on a paid plan alone (docs.github.com, "About rulesets")."""
VERSION = "X-GitHub-Api-Version"
ACCEPTED = "tagship.accepted"
"""Key of the WSGI environment: the permission that the route needs, once it is known."""
ADMINISTRATOR = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(:path)?\}", path)
    text = re.escape(parts[0])
    for name, rest, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        text += f"(?P<{name}>{'.+' if rest else '[^/]+'})" + re.escape(literal)
    return re.compile(text)


TABLE = tuple((_pattern(route.path), route) for route in ROUTES)


class EmbeddedGitHub:
    """A GitHub with one repository in it."""

    witnesses: ClassVar[list[Callable[[Request, Response], None]]] = []
    """Shown every request with its answer, of all instances: the tests hold each against GitHub's description."""

    def __init__(self, repository: RepositoryState) -> None:
        self.repository = repository
        self._requests = itertools.count(0xC0FFEE01)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; they are answered one after another."""
        request = Request(environ)
        request.get_data()  # before the lock: a client that stops sending must not stop the others
        with self.repository.lock:
            response = self._answer(request)
        for witness in self.witnesses:
            witness(request, response)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        repo = self.repository
        token = repo.anonymous
        free = request.path.endswith("/rate_limit") or request.host.partition(".")[0] == "github"
        try:
            if not request.headers.get("User-Agent"):
                return Response(ADMINISTRATOR, status=403, content_type="text/plain")
            if request.headers.get(VERSION, VERSIONS[0]) not in VERSIONS:
                raise refusal(400, f"The version {request.headers[VERSION]!r} of the API is not supported.")
            token = self._token(request)
            if not free:
                who = f"user ID {repo.id_of(token.login)}" if token.login else "127.0.0.1"
                limits.check(token, who, repo.clock())
            response = self._serve(request, token)
        except HTTPException as error:
            response = error.get_response(request.environ) if error.response is None else _copy(error)
        if request.method in {"GET", "HEAD"} and response.status_code == 200:
            response.set_etag(hashlib.sha256(response.get_data()).hexdigest(), weak=True)
            response.make_conditional(request)
        if response.status_code != 304 and not free:
            limits.count(token, request.method, repo.clock())
        self._headers(request, response, token)
        return response

    def _token(self, request: Request) -> Token:
        header = request.headers.get("Authorization")
        if header is None:
            return self.repository.anonymous
        auth = request.authorization
        value = (auth.password if auth.type == "basic" else auth.token) if auth is not None else None
        token = self.repository.tokens.get(value or "")
        if token is None:
            raise refusal(401, "Bad credentials")
        return token

    def _serve(self, request: Request, token: Token) -> Response:
        raw = request.environ.get("REQUEST_URI")
        path = urlsplit(raw).path if isinstance(raw, str) else request.path
        prefix = next((p for p in PREFIXES if path.startswith(f"{p}/")), "")
        place = place_of(request, prefix)
        method = "GET" if request.method == "HEAD" else request.method
        self._moved(path.removeprefix(prefix), request, prefix)
        path = path.replace(
            f"{prefix}/repositories/{self.repository.id}", f"{prefix}/repos/{self.repository.full_name}"
        )
        for pattern, route in TABLE:
            match = pattern.fullmatch(path.removeprefix(prefix)) if route.method == method else None
            if match is None or place not in {"", route.place}:
                continue
            args = {name: unquote(value) for name, value in match.groupdict().items()}
            request.environ[ACCEPTED] = route.permission.removeprefix("!").replace(":", "=")
            self._allow(token, route, args)
            urls = Urls.of(request, prefix, self.repository.full_name)
            return _response(
                route.handler(Call(repo=self.repository, token=token, urls=urls, args=args, request=request))
            )
        raise not_found()

    def _moved(self, path: str, request: Request, prefix: str) -> None:
        """Redirect who asks for a name that the repository had, to its number, which stays (docs.github.com, "Best
        practices for using the REST API", "Follow redirects")."""
        parts = path.split("/", 4)
        if parts[1:2] == ["repos"] and "/".join(parts[2:4]).lower() in {
            name.lower() for name in self.repository.former
        }:
            root = Urls.of(request, prefix, self.repository.full_name).api
            rest = f"/{parts[4]}" if parts[4:] else ""
            query = f"?{request.query_string.decode()}" if request.query_string else ""
            url = f"{root}/repositories/{self.repository.id}{rest}{query}"
            raise refusal(301, "Moved Permanently", headers={"Location": url})

    def _allow(self, token: Token, route: Route, args: dict[str, str]) -> None:
        """Refuse as GitHub does: 404 for what may not be seen, 401 and 403 for what may not be done."""
        repo = self.repository
        if "owner" in args and f"{args['owner']}/{args['repo']}".lower() != repo.full_name.lower():
            raise not_found()
        if repo.private and repo.free and _PAID.search(route.path):
            raise refusal(403, "Upgrade to GitHub Pro or make this repository public to enable this feature.")
        if not route.permission:
            return
        needed = [one.split(":") for one in route.permission.removeprefix("!").split("; ")]  # one of them is enough
        public = not repo.private and needed[0][1] == "read" and not route.permission.startswith("!")
        if public or any(granted(token, repo, resource, level) for resource, level in needed):
            return
        if token.kind == "none":
            raise refusal(401, "Requires authentication") if not repo.private else not_found()
        if token.kind == "classic":
            raise not_found()
        holder = "integration" if token.kind == "github_token" else "personal access token"
        raise refusal(403, f"Resource not accessible by {holder}")

    def _headers(self, request: Request, response: Response, token: Token) -> None:
        headers, accepted = response.headers, str(request.environ.get(ACCEPTED, ""))
        version = request.headers.get(VERSION, VERSIONS[0])
        headers["X-GitHub-Request-Id"] = f"{next(self._requests):X}"
        headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        headers["X-GitHub-Api-Version-Selected"] = version
        headers["X-RateLimit-Limit"] = str(token.limit)
        headers["X-RateLimit-Remaining"] = str(max(0, token.limit - token.used))
        headers["X-RateLimit-Reset"] = str(int(token.reset))
        headers["X-RateLimit-Used"] = str(min(token.used, token.limit))
        headers["X-RateLimit-Resource"] = "core"
        if token.expires is not None:
            ends = datetime.fromtimestamp(token.expires, tz=UTC)
            headers["GitHub-Authentication-Token-Expiration"] = f"{ends:%Y-%m-%d %H:%M:%S} UTC"
        if token.kind == "classic":
            headers["X-OAuth-Scopes"] = ", ".join(sorted(token.permissions))
        elif token.kind != "none" and accepted:
            headers["X-Accepted-GitHub-Permissions"] = accepted


def _response(reply: Reply) -> Response:
    if isinstance(reply.body, bytes):
        return Response(reply.body, status=reply.status, headers=dict(reply.headers))
    data = msgspec.json.encode(reply.body)
    return Response(data, status=reply.status, content_type=JSON_TYPE, headers=dict(reply.headers))


def _copy(error: HTTPException) -> Response:
    response = error.get_response()
    return Response(response.get_data(), status=response.status_code, headers=response.headers)
