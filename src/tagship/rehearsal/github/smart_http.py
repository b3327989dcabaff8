"""The repository over HTTPS, as `git clone https://…` and the checkouts of jobs ask for it: git's own server, behind
GitHub's rules about who may read and who may push.

Protocol: git's Documentation/gitprotocol-http, answered by `git http-backend`. What GitHub says where it refuses is
what its servers were seen to say; it is not documented.
"""

import re
import subprocess
from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug import Request, Response

from tagship.rehearsal.github.repository import RepositoryState
from tagship.rehearsal.github.tokens import Token

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_PATH = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
_PUSH = "git-receive-pack"
LIMIT = 300.0
"""Seconds for one request."""


class SmartHttp:
    """WSGI application: git's requests, and everything else from the website behind it."""

    def __init__(self, repository: RepositoryState, website: "WSGIApplication") -> None:
        self._repository = repository
        self._website = website

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        asked = _PATH.fullmatch(request.path)
        if asked is None:
            return self._website(environ, start_response)
        environ["tagship.service"] = "github"
        return self._answer(request, f"{asked[1]}/{asked[2]}", asked[3])(environ, start_response)

    def _answer(self, request: Request, slug: str, service: str) -> Response:
        repository = self._repository
        body = request.get_data()
        token, known = self._token(request)
        if not known or (token is None and (repository.private or self._pushes(request))):
            return _text(401, "Invalid username or token." if not known else "Repository not found.")
        if slug.lower() != repository.full_name.lower():
            return _text(401 if token is None else 404, "Repository not found.")
        if self._pushes(request) and not _may_push(token):
            who = token.login if token is not None else ""
            return _text(403, f"Permission to {repository.full_name}.git denied to {who}.")
        return self._served(request, service, body, token.login if token is not None else "")

    def _pushes(self, request: Request) -> bool:
        return request.path.endswith(_PUSH) or request.args.get("service") == _PUSH

    def _token(self, request: Request) -> tuple[Token | None, bool]:
        """Who asks; False for a token that GitHub does not know."""
        login = request.authorization
        value = (login.password or login.username) if login is not None and login.type == "basic" else None
        if login is not None and login.type == "bearer":
            value = login.token
        if not value:
            return None, True
        found = self._repository.tokens.get(value)
        return found, found is not None

    def _served(self, request: Request, service: str, body: bytes, user: str) -> Response:
        """What `git http-backend` answers, a CGI program (RFC 3875)."""
        bare = self._repository.git.root
        variables = {
            **self._repository.git.environment,
            "GIT_PROJECT_ROOT": str(bare.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{bare.name}/{service}",
            "QUERY_STRING": request.query_string.decode("latin-1"),
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.content_type or "",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": user,
            "REMOTE_ADDR": "127.0.0.1",
        }
        allowed = ("-c", "http.receivepack=true", "-c", "safe.directory=*")
        done = subprocess.run(
            ("git", *allowed, "http-backend"),
            input=body,
            env=variables,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line]
        status = next((value for name, value in headers if name == "Status"), "200 OK" if headers else "500 no answer")
        kept = [(name, value) for name, value in headers if name != "Status"]
        return Response(content, status=status, headers=kept)


def _may_push(token: Token | None) -> bool:
    if token is None:
        return False
    scope = "repo" if token.kind == "classic" else "contents"
    return token.permissions.get(scope) == "write"


def _text(status: int, said: str) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="GitHub"'} if status == 401 else {}
    return Response(f"{said}\n", status=status, headers=headers, content_type="text/plain; charset=UTF-8")
