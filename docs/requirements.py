"""The page of requirements: what each asks for, and the tests that show it."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "tests"
NOT_BUILT = "not built yet"
GROUPS = {
    "A": "The publishing workflow",
    "B": "Versions and releases",
    "C": "Set-up and its verification",
    "D": "Safety and operation",
    "E": "End to end",
}
INTRODUCTION = f"""\
# Requirements

What tagship is to do, item by item, and the tests that show it: those that carry the item's id
(`@pytest.mark.requirement`). An item without a test is `{NOT_BUILT}`. Where only a part is there, the rest is named.
"""


class Requirement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item."""

    asks: str
    built: bool = True
    missing: str = ""
    """What is not there yet of an item that is built in part."""


def requirements() -> dict[str, Requirement]:
    """All items by id, in their order."""
    text = (HERE / "requirements.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Requirement])


def marked() -> dict[str, tuple[str, ...]]:
    """The test files that show each id, sorted."""
    found: dict[str, set[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for name in _names(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(name, set()).add(path.relative_to(HERE.parent).as_posix())
    return {name: tuple(sorted(files)) for name, files in found.items()}


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="requirement"), args=arguments):
                yield from (argument.value for argument in arguments if isinstance(argument, ast.Constant))


def page() -> str:
    """docs/requirements.md"""
    tests = marked()
    parts = [INTRODUCTION]
    group = ""
    for name, requirement in requirements().items():
        if name[0] != group:
            group = name[0]
            parts.append(f"\n## {group}. {GROUPS[group]}\n\n| id | asks for | shown by |\n| --- | --- | --- |\n")
        links = "<br>".join(f"[{file}](../{file})" for file in tests.get(name, ()))
        shown = links if requirement.built else NOT_BUILT
        missing = f"<br>Not there yet: {requirement.missing}" if requirement.missing else ""
        parts.append(f"| {name} | {requirement.asks} | {shown}{missing} |\n")
    return "".join(parts)
