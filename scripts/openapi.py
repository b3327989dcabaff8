"""Makes tests/rehearsal/github/openapi.json: the part of GitHub's description of its API that a release touches.

    python scripts/openapi.py PATH

PATH is `generated/api.github.com.json` out of the npm package `@octokit/openapi`. Kept are the paths below with
everything they refer to; examples, descriptions and whatever else judges nothing are left out.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).parents[1] / "tests/rehearsal/github/openapi.json"
REPOSITORY = """
| /actions/(artifacts|jobs|runs|workflows|secrets|organization-secrets|variables|oidc|permissions)\\b.*
| /attestations.* | /branches(/{branch}(/protection(/required_status_checks)?)?)? | /check-(runs|suites)/.*
| /commits.* | /compare/.* | /contents/{path} | /dependabot/secrets | /deployments.* | /environments.*
| /git/(commits|matching-refs|ref|refs|tags)\\b.* | /immutable-releases | /releases.* | /rules/.*
| /issues(/{issue_number}(/comments|/labels)?|/comments/{comment_id})? | /labels(/{name})?
| /pulls(/{pull_number}(/commits|/merge|/reviews)?)?
| /rulesets(/{ruleset_id})? | /statuses/{sha} | /tags |
"""
PATHS = re.compile(rf"/ | /rate_limit | /user | /versions | /repos/{{owner}}/{{repo}}( {REPOSITORY} )", re.VERBOSE)
TOO_FAR = re.compile(
    r"/reactions|commits/.*/comments|/public-key|/{secret_name}|variables/{name}|/branches-where-head|/organization-variables"
    r"|/timing|/bulk-list|/rule-suites|/custom(?!ization)|/compare/{base}|permissions/(access|artifact|fork-pr-w)"
)
METHODS = ("get", "post", "put", "patch", "delete")
SILENT = {"description", "examples", "example", "summary", "tags", "operationId", "externalDocs", "x-github", "title"}
"""Keys that say nothing about what is allowed; only where the key is no name of a property."""


def lean(node: object, *, names: bool = False) -> object:
    """Without what judges nothing. Below `properties` the keys are names and stay."""
    if isinstance(node, list):
        return [lean(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: lean(value, names=key in ("properties", "schemas", "parameters", "responses") and isinstance(value, dict))
        for key, value in node.items()
        if names or (key not in SILENT and not key.startswith("x-"))
    }


def references(node: object) -> Iterator[str]:
    """All addresses inside the document that something refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def subset(whole: dict) -> dict:
    """The paths, and all components they lead to."""
    paths = {
        path: {key: lean(item[key]) for key in (*METHODS, "parameters") if key in item}
        for path, item in whole["paths"].items()
        if PATHS.fullmatch(path) and not TOO_FAR.search(path)
    }
    components: dict[str, dict[str, object]] = {}
    waiting = list(references(paths))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = lean(whole["components"][kind][name])
            waiting.extend(references(components[kind][name]))
    ordered = {kind: dict(sorted(named.items())) for kind, named in sorted(components.items())}
    return {"openapi": whole["openapi"], "info": {"version": whole["info"]["version"]}, "paths": paths,
            "components": ordered}  # fmt: skip


if __name__ == "__main__":
    made = subset(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    TARGET.write_text(json.dumps(made, separators=(",", ":")) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(made['paths'])} paths, {TARGET.stat().st_size} bytes\n")
