"""GitHub's own description of its answers, as a judge."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

SPEC = json.loads(Path(__file__).with_name("openapi.json").read_text())
REGISTRY = Registry().with_resource("urn:github", Resource(contents=SPEC, specification=DRAFT4))

ANY_ROUTE = {
    400: "a body that is no JSON",
    304: "every GET answers a matching ETag so, described for a few only",
    401: "authentication comes before the route",
    403: "permissions and rate limits come before the route",
    404: "what may not be seen is missing everywhere",
}
UNDESCRIBED = {
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", 422): "facts: a tag object's id, an unknown ref",
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/check-suites", 422): "the same",
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/status", 422): "the same",
    ("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", 422): "the same",
    ("POST", "/repos/{owner}/{repo}/statuses/{sha}", 422): "the same",
    ("PATCH", "/repos/{owner}/{repo}/releases/{release_id}", 422): "facts: a tag that is taken or burnt",
    ("DELETE", "/repos/{owner}/{repo}/releases/assets/{asset_id}", 422): "an immutable release",
    ("POST", "/repos/{owner}/{repo}/releases/{release_id}/assets", 502): "in words: may leave a starter",
    ("POST", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", 422): "seen by everybody",
    ("POST", "/repos/{owner}/{repo}/releases/generate-notes", 422): "an unknown previous tag",
}
"""Answers that GitHub gives and does not describe, and where we know them from."""
TOLERATED = (
    (r"state$", "'starter' is not one of", "described in words only"),
    (r"(author|committer)$", "None is not valid", "`nullable` beside `oneOf`: a commit of nobody GitHub knows"),
    (r"conclusion$", "is not one of", "check runs may be `stale` or `startup_failure`; only suites say so"),
)
"""Where, which complaint, why it is right all the same."""


@cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Fixed paths before those with placeholders; refs and commit ids may have slashes."""
    found = []
    for path in sorted(SPEC["paths"], key=lambda p: (p.endswith("/commits/{ref}"), p.count("{"), -len(p))):
        slashes = {"ref", "basehead", *({"branch"} if "/rules/" in path else ())}
        text = re.escape(path)
        for name in re.findall(r"{(\w+)}", path):
            text = text.replace(re.escape(f"{{{name}}}"), "(.+)" if name in slashes else "([^/]+)")
        found.append((re.compile(text), path))
    return tuple(found)


def deviations(method: str, path: str, status: int, data: bytes, headers: Mapping[str, str]) -> list[str]:
    """What is wrong with an answer; nothing where the path is not described."""
    method = "GET" if method == "HEAD" else method
    if not path.startswith(("/repos/", "/user", "/rate_limit")):
        return []
    template = next((t for p, t in _table() if p.fullmatch(path) and method.lower() in SPEC["paths"][t]), None)
    if template is None:
        return [] if status == 404 or path.endswith("/annotations") else [f"no such path: {path}"]
    described = SPEC["paths"][template][method.lower()]["responses"].get(str(status))
    if described is None:
        known = status in ANY_ROUTE or (method, template, status) in UNDESCRIBED
        return [] if known else [f"{status} is not described for {method} {template}"]
    if "$ref" in described:
        described = SPEC["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    content = described.get("content", {}).get("application/json")
    if not data or content is None or not headers.get("Content-Type", "").startswith("application/json"):
        return []
    return _complaints(content["schema"], json.loads(data))


def _complaints(schema: object, body: object) -> list[str]:
    absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:github#/'))
    judge = OAS30ReadValidator(absolute, registry=REGISTRY, format_checker=oas30_format_checker)
    found = ((".".join(map(str, e.absolute_path)), e.message) for e in judge.iter_errors(body))
    return [
        f"{where}: {what[:160]}"
        for where, what in found
        if not any(re.search(at, where) and text in what for at, text, _ in TOLERATED)
    ]
