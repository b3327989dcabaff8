"""The WSGI application that answers for all hosts of one index."""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from packaging.utils import canonicalize_name
from werkzeug import Request, Response
from werkzeug.utils import send_file

from tagship.rehearsal.identity import Issuer
from tagship.rehearsal.index import json_api, publishing, simple
from tagship.rehearsal.index.answers import RefusedError, answer, json_answer
from tagship.rehearsal.index.simple import OtherProjects
from tagship.rehearsal.index.state import State
from tagship.rehearsal.index.uploads import upload
from tagship.services.addresses import OLD_PYPI, PYPI, IndexAddresses

_GONE = {
    "submit": "Project pre-registration is no longer required or supported, upload your files instead.",
    "submit_pkg_info": "Project pre-registration is no longer required or supported, upload your files instead.",
    "doc_upload": "Uploading documentation is no longer supported, we recommend using https://readthedocs.org/.",
}
_UPLOAD_PAGE = """<!DOCTYPE html>
<html lang="en">
<title>Upload endpoint</title>
<p>Files are uploaded here.</p>
</html>"""
_PROJECT_JSON = re.compile(r"/pypi/([^/]+)/(?:([^/]+)/)?json/?")
_PROVENANCE = re.compile(r"/integrity/([^/]+)/([^/]+)/([^/]+)/provenance/?")
_SIMPLE = re.compile(r"/simple/([^/]+)(/?)")


class _Form(Request):
    """A request whose form may be as large as its author likes, as PyPI's: descriptions alone reach megabytes."""

    max_form_memory_size = None
    max_form_parts = 1_000_000


class EmbeddedIndex:
    """One index on all its hosts, told apart by the `Host` header. Safe to call from several threads.

    `state` seeds it and reads it back. Its files live in a folder of its own until `close` is called or the process
    ends.
    """

    def __init__(
        self,
        addresses: IndexAddresses,
        clock: Callable[[], float],
        issuer: Issuer,
        others: OtherProjects | None = None,
    ) -> None:
        self.state = State(addresses, clock)
        self._issuer = issuer
        self._others = others
        upload_host = addresses.upload.removeprefix("https://").partition("/")[0]
        web, files = addresses.web.removeprefix("https://"), addresses.files.removeprefix("https://")
        self._upload_host, self._files_host = upload_host, files
        self._web_hosts = {web, OLD_PYPI.removeprefix("https://")} if addresses == PYPI else {web}
        self.hosts = frozenset({upload_host, files, *self._web_hosts})
        """All host names that this index answers for."""

    def close(self) -> None:
        """Remove the stored files."""
        self.state.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = _Form(environ)
        try:
            response = self._answer(request)
        except RefusedError as refused:
            response = answer(request, refused.status, refused.reason, refused.headers)
        finally:
            request.close()
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        host, path = request.host.partition(":")[0], request.path
        if host in {self._upload_host, *self._web_hosts} and path.startswith("/_/oidc/"):
            return self._oidc(request)
        if host == self._upload_host and path.rstrip("/") == "/legacy":
            return self._legacy(request)
        if host not in self.hosts:
            return answer(request, 404)
        if request.method not in ("GET", "HEAD"):
            return answer(request, 405)
        if host == self._files_host:
            return self._file(request)
        response = self._page(request) if host in self._web_hosts else answer(request, 404)
        response.headers["Access-Control-Allow-Origin"] = "*"
        if response.status_code == 200:
            response.set_etag(hashlib.md5(response.get_data(), usedforsecurity=False).hexdigest())
            response.make_conditional(request)
        return response

    def _oidc(self, request: Request) -> Response:
        path, method = request.path.rstrip("/"), request.method
        if path == "/_/oidc/audience" and method in ("GET", "HEAD"):
            return publishing.audience(self.state)
        if path in ("/_/oidc/mint-token", "/_/oidc/github/mint-token") and method == "POST":
            return publishing.mint(self.state, self._issuer, request)
        # `burn-token` is not there yet, though newer clients call it.
        return json_answer(404, {"message": "Not Found"}) if method == "POST" else answer(request, 404)

    def _legacy(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(_UPLOAD_PAGE, content_type="text/html; charset=UTF-8")
        if request.path == "/legacy":
            words = "An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)"
            return answer(request, 308, words, {"Location": "/legacy/"})
        action = request.form.get(":action") or request.args.get(":action", "")
        if action == "file_upload":
            return upload(self.state, request)
        if action in _GONE:
            return answer(request, 410, _GONE[action])
        return Response(_UPLOAD_PAGE, status=404, content_type="text/html; charset=UTF-8")

    def _page(self, request: Request) -> Response:
        path = request.path
        if path == "/simple":
            return Response(status=301, headers={"Location": "/simple/"})
        if path == "/simple/":
            return simple.index(self.state, request)
        if match := _SIMPLE.fullmatch(path):
            normal = canonicalize_name(match[1])
            if match[1] != normal or not match[2]:
                return Response(status=301, headers={"Location": f"/simple/{normal}/"})
            return simple.detail(self.state, self._others, request, normal)
        if match := _PROJECT_JSON.fullmatch(path):
            normal = canonicalize_name(match[1])
            if match[1] != normal and normal in self.state.projects:
                return Response(status=301, headers={"Location": path.replace(match[1], normal, 1)})
            return json_api.project_json(self.state, normal, match[2])
        if match := _PROVENANCE.fullmatch(path):
            return json_api.provenance(self.state, request, match.groups())
        return answer(request, 404)

    def _file(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/door/"):
            found = self._others.file(path) if self._others else None
            return _sent(request, found) if found else answer(request, 404)
        stored = self.state.file_at(path.removesuffix(".metadata"))
        if stored is None:
            return answer(request, 404)
        if path.endswith(".metadata"):
            if stored.metadata is None:
                return answer(request, 404)
            return Response(stored.metadata, content_type="application/octet-stream")
        return _sent(request, stored.path)


def _sent(request: Request, path: Path) -> Response:
    """A file whose name never gets other content."""
    response = send_file(path, request.environ, mimetype="application/octet-stream", conditional=True)
    del response.headers["Content-Disposition"]  # pip would take the file's name from it
    response.headers["Cache-Control"] = "max-age=365000000, immutable, public"
    return response
