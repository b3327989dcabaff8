"""Sample distributions and a small index that serves them, for the tests of the doors."""

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True)
class SampleFile:
    """A file of a sample project."""

    filename: str
    data: bytes
    metadata: bytes = b""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def wheel(project: str, version: str) -> SampleFile:
    """A wheel that an installer accepts, with one module."""
    name = project.replace("-", "_")
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n".encode()
    files = {
        f"{name}.py": f"VERSION = '{version}'\n".encode(),
        f"{name}-{version}.dist-info/METADATA": metadata,
        f"{name}-{version}.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for path, data in files.items()
    ]
    record = f"{name}-{version}.dist-info/RECORD"
    files[record] = "\n".join([*rows, f"{record},,", ""]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    return SampleFile(f"{name}-{version}-py3-none-any.whl", buffer.getvalue(), metadata)


@dataclass
class SimpleIndex:
    """Two WSGI applications, for pages and for files; JSON for those who ask for it, HTML otherwise.

    The attributes are switches of the tests: what it publishes, and what it asks of its clients.
    """

    projects: dict[str, list[SampleFile]]
    files_url: str
    html: bool = False
    hashes: bool = True
    authorization: str = ""
    lies: bool = False
    """Whether files are served with other bytes than published."""
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and status of what was answered."""

    def __init__(self, projects, files, **switches) -> None:
        self.projects, self.files_url, self.requests = projects, files, []
        self.__dict__.update(switches)

    def both(self, environ, start_response):
        """Pages and files under one address."""
        return (self.pages if environ["PATH_INFO"].startswith("/simple/") else self.files)(environ, start_response)

    def pages(self, environ, start_response):
        name = environ["PATH_INFO"].removeprefix("/simple/").strip("/")
        if not self._allowed(environ):
            return self._answer(environ, start_response, "401 Unauthorized", b"")
        if name not in self.projects:
            return self._answer(environ, start_response, "404 Not Found", b"")
        wants_json = "simple.v1+json" in environ.get("HTTP_ACCEPT", "") and not self.html
        data = self._json(name) if wants_json else self._html(name)
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        kind = "application/vnd.pypi.simple.v1+json" if wants_json else "text/html; charset=utf-8"
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            return self._answer(environ, start_response, "304 Not Modified", b"", ("ETag", etag))
        return self._answer(environ, start_response, "200 OK", data, ("ETag", etag), ("Content-Type", kind))

    def files(self, environ, start_response):
        wanted = environ["PATH_INFO"].rpartition("/")[2]
        if not self._allowed(environ):
            return self._answer(environ, start_response, "401 Unauthorized", b"")
        for file in (file for files in self.projects.values() for file in files):
            if wanted in (file.filename, f"{file.filename}.metadata"):
                data = file.data if wanted == file.filename else file.metadata
                return self._answer(environ, start_response, "200 OK", data[::-1] if self.lies else data)
        return self._answer(environ, start_response, "404 Not Found", b"")

    def _allowed(self, environ) -> bool:
        return not self.authorization or environ.get("HTTP_AUTHORIZATION") == self.authorization

    def _answer(self, environ, start_response, status, data, *headers):
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], int(status[:3])))
        start_response(status, [("Content-Length", str(len(data))), *headers])
        return [data]

    def _json(self, name: str) -> bytes:
        files = [
            {
                "filename": file.filename,
                "url": f"{self.files_url}/packages/{file.filename}",
                "hashes": {"sha256": file.sha256} if self.hashes else {},
                "requires-python": ">=3.8",
                "size": len(file.data),
                "core-metadata": {"sha256": hashlib.sha256(file.metadata).hexdigest()},
                "yanked": False,
            }
            for file in self.projects[name]
        ]
        return json.dumps({"meta": {"api-version": "1.4"}, "name": name, "files": files}).encode()

    def _html(self, name: str) -> bytes:
        lines = [
            f'<a href="../../packages/{file.filename}{f"#sha256={file.sha256}" if self.hashes else ""}"'
            f' data-requires-python="{escape(">=3.8")}"'
            f' data-core-metadata="sha256={hashlib.sha256(file.metadata).hexdigest()}">{file.filename}</a><br>'
            for file in self.projects[name]
        ]
        return ("<!DOCTYPE html><html><body>" + "\n".join(lines) + "</body></html>").encode()
