"""Mechanical mistakes: every key dropped, every value widened, every need exchanged, every step removed.

Nobody chose them, so that they also find what nobody thought of. Each comes with the path where it was made.
"""

from collections.abc import Iterator
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

Path = tuple[str | int, ...]


def _yaml() -> YAML:
    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 10_000
    return yaml


def _paths(node: object, path: Path = ()) -> Iterator[Path]:
    listed = enumerate(node) if isinstance(node, CommentedSeq) else ()
    for key, value in node.items() if isinstance(node, CommentedMap) else listed:
        yield (*path, key)
        yield from _paths(value, (*path, key))


def _wider(path: Path, value: object) -> Iterator[object]:
    """Values that allow more, or mean something else, in place of one."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value * 1000
    elif value == "read":
        yield "write"
    elif path[-1] == "if":
        yield from ("always()", "true", f"!({str(value).removeprefix('${{').removesuffix('}}').strip()})")
    elif path[-1] == "permissions":
        yield "write-all"
    elif path[-1] == "uses":
        yield str(value).partition("@")[0] + "@main"
    elif path[-1] == "runs-on":
        yield "self-hosted"
    elif path[-1] == "run":
        lines = str(value).splitlines()
        for number in range(len(lines)):
            yield "\n".join((*lines[:number], *lines[number + 1 :])) or "true"
        yield str(value).rstrip("\n") + " || true\n"
    elif path[-1] in ("branches", "tags"):
        yield ["**"]
    elif isinstance(value, str) and "${{" in value:
        yield ""


def mutations(source: str) -> Iterator[tuple[str, str]]:
    """What was done where, and the workflow that came of it; those that change nothing are left out."""
    whole = _yaml().load(source)
    jobs = list(whole["jobs"])
    before = _write(whole)
    for path in list(_paths(whole)):
        name = ".".join(map(str, path))
        found = _at(whole, path)
        changes: list[tuple[str, object]] = [("drop", None)]
        changes += [(f"widen to {str(value)!r:.60}", value) for value in _wider(path, found)]
        if path[-1] == "needs":
            missing = [job for job in jobs if job not in found and job != path[1]]
            changes += [
                (f"exchange {need} for {other}", [other if n == need else n for n in found])
                for need in found
                for other in missing
            ]
        for what, value in changes:
            tree = _yaml().load(source)
            parent = _at(tree, path[:-1])
            if what == "drop":
                del parent[path[-1]]
            else:
                parent[path[-1]] = value
            after = _write(tree)
            if after != before:
                yield f"{name}: {what}", after


def _at(tree: object, path: Path) -> object:
    for key in path:
        assert isinstance(tree, CommentedMap | CommentedSeq)
        tree = tree[key]
    return tree


def _write(tree: object) -> str:
    stream = StringIO()
    _yaml().dump(tree, stream)
    return stream.getvalue()
