"""Makes tests/rehearsal/github/openapi.json: the part of GitHub's description of its API that is embedded.

    python scripts/openapi.py PATH

PATH is `generated/api.github.com.json` out of the npm package `@octokit/openapi`. Kept are the embedded
routes with everything they refer to; examples, descriptions and whatever else judges nothing are left out.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tagship.rehearsal.github.app import ROUTES

TARGET = Path(__file__).parents[1] / "tests/rehearsal/github/openapi.json"
WANTED = {(route.method.lower(), re.sub(r"{.*?}", "{}", route.path)) for route in ROUTES}
"""Method and path of every route, without the names of the placeholders."""
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
    paths = {}
    for path, item in whole["paths"].items():
        methods = [method for method in item if (method, re.sub(r"{.*?}", "{}", path)) in WANTED]
        if methods:
            paths[path] = {key: lean(item[key]) for key in (*methods, "parameters") if key in item}
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
