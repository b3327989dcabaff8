"""Answers as the upload service words them: the message is the reason phrase of the status line.

The bodies are pyramid's default pages, chosen by `Accept` (pyramid/httpexceptions.py, version 2.0.2).
"""

import json
from collections.abc import Mapping

import msgspec
from markupsafe import escape
from werkzeug import Request, Response
from werkzeug.datastructures import MIMEAccept

_EXPLANATIONS = {
    200: ("OK", ""),
    308: ("Permanent Redirect", "The resource has been moved to"),
    400: (
        "Bad Request",
        "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    ),
    403: ("Forbidden", "Access was denied to this resource."),
    404: ("Not Found", "The resource could not be found."),
    405: ("Method Not Allowed", "The method is not allowed for this resource."),
    409: ("Conflict", "There was a conflict when trying to complete your request."),
    410: ("Gone", "This resource is no longer available.  No forwarding address is given."),
    429: (
        "Too Many Requests",
        "The action could not be performed because there were too many requests by the client.",
    ),
}


class RefusedError(Exception):
    """The request is refused; nothing was changed."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})


def preferred(accept: MIMEAccept, offers: tuple[str, ...]) -> str | None:
    """The offer that the client likes best, the earlier one of equals; None where it accepts none."""
    ranked = sorted(offers, key=accept.quality, reverse=True)
    return ranked[0] if ranked and accept.quality(ranked[0]) > 0 else None


def answer(request: Request, status: int, reason: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """A page of pyramid's with this reason; without one, the status has its usual name."""
    title, explanation = _EXPLANATIONS[status]
    reason = " ".join(reason.splitlines())
    line = f"{status} {reason or title}".encode("latin-1", "replace").decode("latin-1")
    kind = preferred(request.accept_mimetypes, ("text/html", "application/json")) or "text/plain"
    target = (headers or {}).get("Location")
    detail = str(escape(reason)) if kind == "text/html" else reason
    if target is not None:
        body = f"{explanation} {target}; you should be redirected automatically.\n{detail}\n"
    else:
        line_break = "<br/>" if kind == "text/html" else "\n"
        body = f"{explanation}{line_break}{line_break}\n{detail}\n\n"
    if kind == "text/html":
        head = f"<html>\n <head>\n  <title>{line}</title>\n </head>\n <body>\n"
        text = f"{head}  <h1>{line}</h1>\n  {body}\n </body>\n</html>"
    elif kind == "application/json":
        text = json.dumps({"message": body, "code": line, "title": title})
    else:
        text = f"{line}\n\n{body}"
    content_type = kind if kind == "application/json" else f"{kind}; charset=UTF-8"
    return Response(text, status=line, headers=dict(headers or {}), content_type=content_type)


def json_answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON document, with the final newline that PyPI's renderer writes."""
    data = msgspec.json.encode(body) + b"\n"
    return Response(data, status=status, headers=dict(headers or {}), content_type="application/json")
