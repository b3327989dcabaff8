"""Reading `setup.cfg` and `setup.py`: what setuptools would be told, as far as it stands there literally.

No code of the project is run. `setup.py` is read as a syntax tree: literals, names that are bound once at
module level to a literal, and joined or added literals count; everything else is `computed by code`.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tagship.errors import ProjectError


class SetupCall(msgspec.Struct, frozen=True, kw_only=True):
    """The call of `setup()` in setup.py, and its keyword arguments."""

    tree: ast.Module
    """The whole file."""
    line: int
    arguments: Mapping[str, ast.expr]
    literals: Mapping[str, object]
    lines: Mapping[str, int]
    """The line of every keyword, the computed ones included."""
    spread: int | None
    """The line of a `**something` that could not be read, which may hold any keyword."""


def read_setup_cfg(root: Path) -> Mapping[str, Mapping[str, str]]:
    """The sections of `setup.cfg`; empty where there is none. Dashes in keys are underscores, as in setuptools.

    Raises:
        ProjectError: not UTF-8, or not the format of configparser.
    """
    try:
        data = (root / "setup.cfg").read_bytes()
    except FileNotFoundError:
        return {}
    import configparser  # few projects have one

    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = lambda key: key  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(data.decode("utf-8-sig"))
    except (configparser.Error, UnicodeDecodeError) as error:
        line = getattr(error, "lineno", None)
        raise ProjectError(
            f"setup.cfg was not read: {str(error).splitlines()[0]}",
            remedy="Correct setup.cfg at that place, in UTF-8.",
            where=f"setup.cfg:{line}" if line else "setup.cfg",
        ) from None
    plain = ("metadata", "options")
    return {
        section: {
            (key.replace("-", "_").lower() if section in plain else key): value
            for key, value in parser.items(section, raw=True)
        }
        for section in parser.sections()
    }


def listed(value: str) -> tuple[str, ...]:
    """The items of a setup.cfg list: one a line, or separated by commas where it is a single line."""
    lines = value.split("\n") if "\n" in value else value.split(",")
    return tuple(item.strip() for item in lines if item.strip() and not item.strip().startswith("#"))


def entry_points(value: str) -> dict[str, str]:
    """`name = module:function` lines as a table."""
    pairs = (line.partition("=") for line in value.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): target.strip() for name, _, target in pairs}


def read_setup_py(root: Path) -> SetupCall | None:
    """The call of `setup()` in `setup.py`; None where there is no such file or no such call.

    Raises:
        ProjectError: not Python that this interpreter can parse.
    """
    try:
        tree = ast.parse((root / "setup.py").read_bytes(), "setup.py")
    except FileNotFoundError:
        return None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise ProjectError(
            f"setup.py was not read: {getattr(error, 'msg', error) or 'it is nested too deeply'}",
            remedy="Correct setup.py; Python 2 syntax must go.",
            where=f"setup.py:{line}",
        ) from None
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_setup(node.func))
    call = next(calls, None)
    return None if call is None else _evaluated(call, tree)


def _is_setup(function: ast.expr) -> bool:
    match function:
        case ast.Name(id="setup") | ast.Attribute(attr="setup"):
            return True
    return False


def _evaluated(call: ast.Call, tree: ast.Module) -> SetupCall:
    names = _constants(tree)
    literals: dict[str, object] = {}
    lines: dict[str, int] = {}
    spread: int | None = None
    for keyword in call.keywords:
        line = keyword.value.lineno
        try:
            value = _literal(keyword.value, names)
        except (_Computed, TypeError):  # an unhashable key of a dict is a TypeError
            value = _Computed
        if keyword.arg is not None:
            lines[keyword.arg] = line
            if value is not _Computed:
                literals[keyword.arg] = value
        elif isinstance(value, dict):
            literals |= {str(key): item for key, item in value.items()}
            lines |= {str(key): line for key in value}
        else:
            spread = line
    arguments = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return SetupCall(tree=tree, line=call.lineno, arguments=arguments, literals=literals, lines=lines, spread=spread)


def _constants(tree: ast.Module) -> Mapping[str, ast.expr]:
    """Module-level names that are bound exactly once in the whole file, and to what."""
    bound: dict[str, ast.expr] = {}
    stores: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                stores[name] = stores.get(name, 0) + 1
            case (
                ast.Subscript(value=ast.Name(id=name), ctx=ast.Store())
                | ast.Call(func=ast.Attribute(value=ast.Name(id=name)))
            ):
                stores[name] = 2  # `extras["all"] = …`, `extras.update(…)`: no longer what it was bound to
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if stores.get(name) == 1:
                bound[name] = value
    return bound


class _Computed(Exception):
    """An expression takes code to know."""


def _literal(node: ast.expr, names: Mapping[str, ast.expr]) -> object:
    """The value of an expression of literals, names of literals, and sums of strings or of lists."""
    match node:
        case ast.Constant():
            return node.value
        case ast.Name() if node.id in names:
            rest = {name: value for name, value in names.items() if name != node.id}  # `a = a` must end
            return _literal(names[node.id], rest)
        case ast.List() | ast.Tuple() | ast.Set():
            return [_literal(item, names) for item in node.elts]
        case ast.Dict():
            table: dict[object, object] = {}
            for key, value in zip(node.keys, node.values, strict=True):
                inner = _literal(value, names)
                if key is not None:
                    table[_literal(key, names)] = inner
                elif isinstance(inner, dict):
                    table |= inner
            return table
        case ast.BinOp(op=ast.Add()):
            match _literal(node.left, names), _literal(node.right, names):
                case (str() as a, str() as b):
                    return a + b
                case (list() as c, list() as d):
                    return [*c, *d]
    raise _Computed
