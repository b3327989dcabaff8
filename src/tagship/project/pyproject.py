"""Reading `pyproject.toml` and `tagship.toml`: the tables that matter, as types, and the line of every key.

Nothing here decides anything. A wrong type is an error with its place, because every build backend would
refuse it as well; keys that we do not read may hold whatever they like.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tagship import toml
from tagship.errors import ProjectError
from tagship.shapes import shaped

Table = dict[str, object]


class BuildSystem(msgspec.Struct, rename="kebab", frozen=True, kw_only=True):
    """`[build-system]`, PEP 518 and PEP 517."""

    requires: tuple[str, ...] = ()
    build_backend: str | None = None
    backend_path: tuple[str, ...] = ()


class ProjectTable(msgspec.Struct, rename="kebab", frozen=True, kw_only=True):
    """`[project]`, PEP 621 and PEP 639, as far as it is read here."""

    name: str | None = None
    dynamic: tuple[str, ...] = ()
    requires_python: str | None = None
    readme: str | Table | None = None
    license: str | Table | None = None
    license_files: tuple[str, ...] | Table | None = None
    scripts: dict[str, str] = {}
    gui_scripts: dict[str, str] = {}
    optional_dependencies: dict[str, tuple[str, ...]] | None = None


class Tool(msgspec.Struct, rename="kebab", frozen=True, kw_only=True):
    """The `[tool.*]` tables that say something about names, tests, scripts or workspaces."""

    tagship: Table | None = None
    poetry: Table | None = None
    flit: Table | None = None
    pdm: Table | None = None
    uv: Table | None = None
    hatch: Table | None = None
    pytest: Table | None = None
    tox: Table | None = None


class Pyproject(msgspec.Struct, rename="kebab", frozen=True, kw_only=True):
    """The whole file."""

    build_system: BuildSystem | None = None
    project: ProjectTable | None = None
    dependency_groups: dict[str, tuple[str | Table, ...]] | None = None
    tool: Tool = Tool()


class TomlFile(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a TOML file and the places of its keys."""

    name: str
    data: Table
    places: Mapping[tuple[str, str], int]
    """Lines by table and key."""

    def where(self, table: str, key: str = "") -> str:
        """The place of a table or key: `pyproject.toml:12 [project].name`.

        The line is that of the key, or else of its table, or left out where neither is spelt on a line of
        its own (dotted keys, inline tables).
        """
        line = self.places.get((table, key), self.places.get((table, "")))
        path = ".".join(filter(None, (f"[{table}]" if table else "", key)))
        return f"{self.name}{f':{line}' if line else ''} {path}".rstrip()


def read_toml(root: Path, name: str) -> TomlFile | None:
    """Read a TOML file of the project's root; None where there is none.

    A byte order mark is skipped, line ends are what they are.

    Raises:
        ProjectError: not UTF-8 or not TOML; `where` is file, line and column.
    """
    try:
        text = (root / name).read_bytes().decode("utf-8-sig")
        return TomlFile(name=name, data=toml.loads(text), places=_places(text))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ProjectError(
            f"{name} was not read: byte {error.start} is not UTF-8",
            remedy="Save the file as UTF-8, which TOML demands.",
            where=f"{name}:{line}",
        ) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        at_end = text.count("\n") + 1
        raise ProjectError(
            f"{name} was not read: {str(error).removesuffix(place[0] if place else '').strip()}",
            remedy="Correct the TOML at that place.",
            where=f"{name}:{place[1]}:{place[2]}" if place else f"{name}:{at_end}:1",
        ) from None


def parse(file: TomlFile | None) -> Pyproject:
    """The typed tables of a pyproject.toml; all empty where there is no file.

    Raises:
        ProjectError: a key has a type that no build backend accepts.
    """
    if file is None:
        return Pyproject()
    try:
        return shaped(file.data, Pyproject)
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at ")
        raise ProjectError(
            f"{file.name} was not understood: {words}",
            remedy="Give the key the type that the packaging specifications ask for.",
            where=f"{file.name} {path.strip('`').removeprefix('$.')}",
        ) from None


def table(data: Table | None, *keys: str) -> Table:
    """A nested table; empty where a key is missing or is no table."""
    for key in keys:
        inner = data.get(key) if data else None
        data = {str(k): v for k, v in inner.items()} if isinstance(inner, dict) else None
    return data or {}


def text(data: Table, key: str) -> str | None:
    """A string of a table; None where it is missing or something else."""
    value = data.get(key)
    return value if isinstance(value, str) else None


def texts(data: Table, key: str) -> tuple[str, ...]:
    """The strings of an array; a single string counts as an array of one, anything else is left out."""
    value = data.get(key)
    if isinstance(value, str):
        return (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list | tuple) else ()


def tables(data: Table, key: str) -> list[Table]:
    """The tables of an array; anything else is left out."""
    value = data.get(key)
    items = value if isinstance(value, list) else ()
    return [{str(k): v for k, v in item.items()} for item in items if isinstance(item, dict)]


def project_name(data: Table) -> str:
    """The distribution's name as pyproject.toml spells it; empty where it does not say."""
    return text(table(data, "project"), "name") or text(table(data, "tool", "poetry"), "name") or ""


def normalised(name: str) -> str:
    """The name of a distribution as indexes compare it (PEP 503).

    `packaging.utils` has the same, and imports what knows the tags of wheels.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


_HEADER = re.compile(r"\s*\[{1,2}\s*([^\]#]+?)\s*\]{1,2}")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*[.=]")
_FENCE = re.compile(r'"""|\'\'\'')


def _places(text: str) -> Mapping[tuple[str, str], int]:
    """The first line of every table (with the key "") and of every key; multi-line strings are stepped over.

    A table that is only spelt as part of another's header has the line of that. Only for showing places:
    tomllib keeps none, and a parser that does costs more than reading the project.
    """
    places: dict[tuple[str, str], int] = {}
    implied: dict[tuple[str, str], int] = {}
    current, inside = "", False
    for number, line in enumerate(text.splitlines(), 1):
        if not inside:
            if header := _HEADER.match(line):
                current = re.sub(r"[\"'\s]", "", header[1])
                places.setdefault((current, ""), number)
                parts = current.split(".")
                for depth in range(len(parts)):
                    implied.setdefault((".".join(parts[:depth]), ""), number)
                    implied.setdefault((".".join(parts[:depth]), parts[depth]), number)
            elif key := _KEY.match(line):
                places.setdefault((current, key[1]), number)
        if len(_FENCE.findall(line)) % 2:
            inside = not inside
    return implied | places
