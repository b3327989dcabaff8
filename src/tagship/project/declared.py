"""What each kind of project file declares, one function per kind, all in the same shape.

`discover` asks them in the order in which tools believe them: `[project]`, `[tool.poetry]`, `[tool.flit]`,
`setup.cfg` (which setuptools applies over the arguments of `setup()`), `setup.py`.
"""

from collections.abc import Mapping

import msgspec

from tagship.project import poetry, pyproject
from tagship.project.found import Found, said, unknown
from tagship.project.pyproject import ProjectTable, Pyproject, Table, TomlFile
from tagship.project.setuptools_files import SetupCall, entry_points, listed

Named = Mapping[str, tuple[str, ...]]
"""Requirements (PEP 508) by the name of their extra or group."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """The values that one file declares; None where it says nothing about one."""

    name: Found[str | None] | None = None
    requires_python: Found[str | None] | None = None
    readme: Found[str | None] | None = None
    licences: Found[tuple[str, ...] | None] | None = None
    """Patterns of licence files."""
    extras: Found[Named | None] | None = None
    groups: Found[Named | None] | None = None
    scripts: Found[Mapping[str, str] | None] | None = None
    """`module:function` by the name of the command, graphical ones included."""


def from_project(file: TomlFile, data: Pyproject) -> Declared:
    """`[project]` and `[dependency-groups]` (PEP 621, 639, 735)."""
    declared = data.dependency_groups
    groups = None if declared is None else {name: group(declared, name) for name in declared}
    project = data.project or ProjectTable()
    readme = pyproject.text(project.readme, "file") if isinstance(project.readme, dict) else project.readme
    licences, key = _licence_patterns(project)
    scripts = {**project.scripts, **project.gui_scripts} or None
    return Declared(
        name=said(project.name, file.where("project", "name")),
        requires_python=said(project.requires_python, file.where("project", "requires-python")),
        readme=said(readme, file.where("project", "readme")),
        licences=said(licences, file.where("project", key)),
        extras=said(project.optional_dependencies, file.where("project.optional-dependencies")),
        groups=said(groups, file.where("dependency-groups")),
        scripts=said(scripts, file.where("project.scripts")),
    )


def group(groups: Mapping[str, tuple[str | Table, ...]], name: str, seen: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The requirements of a dependency group, included groups in their place (PEP 735); cycles end."""
    by_name = {_normal(key): key for key in groups}
    found: list[str] = []
    for item in groups[name]:
        if isinstance(item, str):
            found.append(item)
        elif (inner := by_name.get(_normal(str(item.get("include-group"))))) and inner not in (*seen, name):
            found.extend(group(groups, inner, (*seen, name)))
    return tuple(found)


def _normal(name: str) -> str:
    return name.replace("_", "-").replace(".", "-").lower()


def _licence_patterns(project: ProjectTable) -> tuple[tuple[str, ...] | None, str]:
    """Patterns and the key that holds them: PEP 639's list, the tables of its drafts, or `license.file`."""
    match project.license_files:
        case tuple() as patterns:
            return patterns, "license-files"
        case dict() as drafts:
            return (*pyproject.texts(drafts, "paths"), *pyproject.texts(drafts, "globs")), "license-files"
    if isinstance(project.license, dict) and (file := pyproject.text(project.license, "file")):
        return (file,), "license"
    return None, "license-files"


def from_poetry(file: TomlFile, tool: Table) -> Declared:
    """`[tool.poetry]`, as it was before Poetry 2 and still may be."""
    python = pyproject.text(pyproject.table(tool, "dependencies"), "python")
    groups = {
        name: poetry.requirements(pyproject.table(tool, "group", name, "dependencies"))
        for name in pyproject.table(tool, "group")
    }
    if old := pyproject.table(tool, "dev-dependencies"):
        groups["dev"] = (*poetry.requirements(old), *groups.get("dev", ()))
    extras = pyproject.table(tool, "extras")
    scripts = pyproject.table(tool, "scripts")
    targets = {
        n: v if isinstance(v, str) else str(pyproject.table(scripts, n).get("reference")) for n, v in scripts.items()
    }
    return Declared(
        name=said(pyproject.text(tool, "name"), file.where("tool.poetry", "name")),
        requires_python=said(python and poetry.specifier(python), file.where("tool.poetry.dependencies", "python")),
        readme=said(next(iter(pyproject.texts(tool, "readme")), None), file.where("tool.poetry", "readme")),
        extras=said({n: pyproject.texts(extras, n) for n in extras} or None, file.where("tool.poetry.extras")),
        groups=said(
            groups or None, file.where("tool.poetry.group" if "group" in tool else "tool.poetry.dev-dependencies")
        ),
        scripts=said(targets or None, file.where("tool.poetry.scripts")),
    )


def from_tools(file: TomlFile, data: Pyproject) -> Declared:
    """Development groups from before PEP 735: `[tool.pdm.dev-dependencies]` and `[tool.uv].dev-dependencies`."""
    pdm = pyproject.table(data.tool.pdm, "dev-dependencies")
    if pdm:
        groups = {name: pyproject.texts(pdm, name) for name in pdm}
        return Declared(groups=Found(value=groups, source=file.where("tool.pdm.dev-dependencies")))
    uv = pyproject.texts(data.tool.uv or {}, "dev-dependencies")
    return Declared(groups=said({"dev": uv} if uv else None, file.where("tool.uv", "dev-dependencies")))


def from_flit(file: TomlFile, tool: Table) -> Declared:
    """`[tool.flit.metadata]`, flit's own tables from before PEP 621."""
    metadata, extras = pyproject.table(tool, "metadata"), pyproject.table(tool, "metadata", "requires-extra")
    scripts = {name: str(target) for name, target in pyproject.table(tool, "scripts").items()}

    def value(key: str) -> Found[str] | None:
        return said(pyproject.text(metadata, key), file.where("tool.flit.metadata", key))

    return Declared(
        name=value("dist-name") or value("module"),
        requires_python=value("requires-python"),
        readme=value("description-file"),
        extras=said(
            {n: pyproject.texts(extras, n) for n in extras} or None, file.where("tool.flit.metadata.requires-extra")
        ),
        scripts=said(scripts or None, file.where("tool.flit.scripts")),
    )


def from_setup_cfg(sections: Mapping[str, Mapping[str, str]]) -> Declared:
    """`setup.cfg`, in the words of setuptools."""
    metadata, options = sections.get("metadata", {}), sections.get("options", {})
    extras = {name: listed(value) for name, value in sections.get("options.extras_require", {}).items()}
    points = sections.get("options.entry_points", {})
    scripts = {**entry_points(points.get("console_scripts", "")), **entry_points(points.get("gui_scripts", ""))}
    readme = metadata.get("long_description", "").removeprefix("file:")
    licences = metadata.get("license_files", metadata.get("license_file"))
    return Declared(
        name=said(metadata.get("name"), "setup.cfg [metadata] name"),
        requires_python=said(options.get("python_requires"), "setup.cfg [options] python_requires"),
        readme=said(
            readme.split(",")[0].strip() if "file:" in metadata.get("long_description", "") else None,
            "setup.cfg [metadata] long_description",
        ),
        licences=said(None if licences is None else listed(licences), "setup.cfg [metadata] license_files"),
        extras=said(extras or None, "setup.cfg [options.extras_require]"),
        scripts=said(scripts or None, "setup.cfg [options.entry_points]"),
    )


def from_setup_py(call: SetupCall) -> Declared:
    """The arguments of `setup()`; one that takes code to know is unknown, not missing."""

    def at(key: str) -> str:
        return f"setup.py:{call.lines[key]} setup({key}=…)"

    def computed(key: str) -> Found[None] | None:
        if key in call.lines:
            return unknown(f"computed by code at setup.py:{call.lines[key]} setup({key}=…)")
        if call.spread is not None:
            return unknown(f"setup.py:{call.spread} passes arguments that code computes")
        return None

    def string(key: str) -> Found[str | None] | None:
        value = call.literals.get(key)
        return Found(value=value, source=at(key)) if isinstance(value, str) else computed(key)

    def extras() -> Found[Named | None] | None:
        value = call.literals.get("extras_require")
        if not isinstance(value, dict):
            return computed("extras_require")
        return Found(value={str(n): _strings(items) for n, items in value.items()}, source=at("extras_require"))

    def scripts() -> Found[Mapping[str, str] | None] | None:
        value = call.literals.get("entry_points")
        if isinstance(value, str):
            value = _sections(value)
        if not isinstance(value, dict):
            return computed("entry_points")
        lines = (*_strings(value.get("console_scripts")), *_strings(value.get("gui_scripts")))
        return Found(value=entry_points("\n".join(lines)), source=at("entry_points"))

    files = call.literals.get("license_files", call.literals.get("license_file"))
    return Declared(
        name=string("name"),
        requires_python=string("python_requires"),
        licences=said(_strings(files) or None, "setup.py setup(license_files=…)"),
        extras=extras(),
        scripts=scripts(),
    )


def _strings(value: object) -> tuple[str, ...]:
    return pyproject.texts({"": value}, "")


def _sections(text: str) -> dict[object, object]:
    """The lines of each `[section]` of entry points in the format of an ini file."""
    sections: dict[object, object] = {}
    for part in text.split("[")[1:]:
        name, _, lines = part.partition("]")
        sections[name.strip()] = lines.splitlines()
    return sections
