"""The version of a project that setuptools builds: `[tool.setuptools.dynamic]`, setup.cfg, setup.py, and the
tools that hook into it (setuptools-scm, setuptools-git-versioning, versioningit, versioneer, pbr).

Sources: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html and pyproject_config.html,
setuptools/config/expand.py, setuptools_scm/_integration/pyproject_reading.py, pbr/packaging.py, versioneer.py.
"""

import ast
import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tagship.errors import ProjectError
from tagship.project.pyproject import Table, table, text, texts
from tagship.project.setuptools_files import SetupCall, read_setup_cfg, read_setup_py
from tagship.project.version_literals import (
    Derived,
    Written,
    in_cfg,
    in_python,
    in_whole_file,
    module_file,
    python_literal,
    read,
    unclear,
)

_NAMES = ("__version__", "version", "VERSION", "__VERSION__")
_SIMPLE = re.compile(r"setuptools[-_.]scm\s*\[[^]]*\bsimple\b")


def pretend(name: str) -> tuple[str, ...]:
    """The variable of setuptools-scm for one project, or, where its name is not known, the one for all.

    The first is preferred: the other would change dependencies that are built on the way as well.
    """
    suffix = "_FOR_" + re.sub(r"[-_.]+", "_", name).upper() if name else ""
    return (f"SETUPTOOLS_SCM_PRETEND_VERSION{suffix}",)


def find(root: Path, data: Table, name: str) -> Written | Derived:
    """The version as setuptools takes it: pyproject.toml, then setup.cfg, then setup.py.

    Raises:
        ProjectError: it cannot be known without running code.
    """
    cfg = read_setup_cfg(root)
    name = name or cfg.get("metadata", {}).get("name", "").strip()
    bases = _bases(data, cfg)
    dynamic = table(data, "tool", "setuptools", "dynamic", "version")
    if attr := text(dynamic, "attr"):
        return _attribute(root, attr, bases)
    if files := texts(dynamic, "file"):
        return _file(root, files)
    if hooked := _plugin(root, data, cfg, name):
        return hooked
    call = read_setup_py(root)
    if call and (hook := _hook(call, name)):
        return hook
    declared = cfg.get("metadata", {}).get("version", "").strip()
    if declared.startswith("attr:"):
        return _attribute(root, declared.removeprefix("attr:"), bases)
    if declared.startswith("file:"):
        return _file(root, tuple(file.strip() for file in declared.removeprefix("file:").split(",")))
    if declared:
        return in_cfg(root, "setup.cfg", "metadata", "version")
    if call is None:
        raise unclear("neither pyproject.toml, setup.cfg nor setup.py declares one", "pyproject.toml")
    return _by_setup_py(root, call, bases)


def _plugin(root: Path, data: Table, cfg: Mapping[str, Mapping[str, str]], name: str) -> Written | Derived | None:
    """The tool that a table or a build requirement switches on."""
    tools = table(data, "tool")
    if scm := _scm_section(data):
        return Derived(tool="setuptools-scm", where=f"pyproject.toml {scm}", variables=pretend(name))
    if table(tools, "setuptools-git-versioning").get("enabled", "setuptools-git-versioning" in tools):
        return git_versioning(root, data)
    if "versioningit" in tools:  # versioningit/hook.py
        return Derived(tool="versioningit", where="pyproject.toml [tool.versioningit]")
    if "versioneer" in tools or "versioneer" in cfg:
        return _versioneer(data, cfg)
    backend = text(table(data, "build-system"), "build-backend") or ""
    if backend.startswith("pbr") and "version" in texts(table(data, "project"), "dynamic"):
        return Derived(tool="pbr", where="pyproject.toml [build-system]", variables=("PBR_VERSION",))
    return None


def git_versioning(root: Path, data: Table) -> Written | Derived:
    """The version of setuptools-git-versioning: from the tags alone, unless it is told a file or an attribute.

    Source: setuptools_git_versioning/version.py, `version_from_git`.

    Raises:
        ProjectError: it counts commits from a file, which takes running it.
    """
    config, where = table(data, "tool", "setuptools-git-versioning"), "pyproject.toml [tool.setuptools-git-versioning]"
    if callback := text(config, "version_callback"):
        return _attribute(root, callback.replace(":", "."), ())
    if (file := text(config, "version_file")) and not config.get("prefer_tag"):
        if config.get("count_commits_from_version_file"):
            raise unclear(f"setuptools-git-versioning counts commits since {file} was changed", where)
        return in_whole_file(root, file, kind="setuptools-git-versioning file")
    return Derived(tool="setuptools-git-versioning", where=where)


def in_setup_py(root: Path) -> Written:
    """The version that the call of `setup()` in setup.py is given.

    Raises:
        ProjectError: there is no such call, or it computes the version.
    """
    call = read_setup_py(root)
    if call is None:
        raise unclear("no setup.py calls setup()", "setup.py")
    return _argument(root, call, ())


def _hook(call: SetupCall, name: str) -> Derived | None:
    """The tool that an argument of `setup()` switches on."""
    where = f"setup.py:{call.line}"
    if _is_true(call.arguments.get("use_scm_version")):
        written = call.literals.get("name")
        return Derived(
            tool="setuptools-scm", where=where, variables=pretend(name or (written if isinstance(written, str) else ""))
        )
    if _is_true(call.arguments.get("setuptools_git_versioning")):
        return Derived(tool="setuptools-git-versioning", where=where)
    if _is_true(call.arguments.get("pbr")):
        return Derived(tool="pbr", where=where, variables=("PBR_VERSION",))
    return None


def _by_setup_py(root: Path, call: SetupCall, bases: tuple[str, ...]) -> Written:
    """What setup.py gives to `setup()`, or the one literal that it can mean where it computes that."""
    try:
        return _argument(root, call, bases)
    except ProjectError:
        found = set(_opened(root, call.tree))
        if len(found) != 1:
            raise
        return found.pop()


def _argument(root: Path, call: SetupCall, bases: tuple[str, ...]) -> Written:
    value = call.arguments.get("version")
    match value:
        case ast.Constant(value=str()):
            return python_literal(read(root, "setup.py"), value, "setup.py")
        case ast.Name(id=variable):
            return in_python(root, "setup.py", variable, kind="setup.py")
        case ast.Attribute(attr=attribute) if module := _dotted(value.value):
            return in_python(root, module_file(root, module, bases), attribute, kind="setup.py")
        case None:
            raise unclear("setup() in setup.py is given no literal version", "setup.py")
    raise unclear(f"setup.py computes it: {ast.unparse(value)[:80]}", f"setup.py:{value.lineno}")


def _opened(root: Path, tree: ast.Module) -> Iterator[Written]:
    """The literals that setup.py can mean when it opens a module and searches or executes its text.

    That is how packages without other declarations keep one copy of their version
    (https://packaging.python.org/en/latest/discussions/single-source-version/). Code is not followed: a module's path
    and a name for the version must both stand in setup.py, and the check compares what is built.
    """
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    joined = (
        "/".join(a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _dotted(node.func).endswith("join")
    )
    names = [name for name in _NAMES if any(re.search(rf"(?<!\w){name}(?!\w)", text) for text in texts)]
    for file in {*texts, *joined}:
        if file.endswith(".py") and "\n" not in file and (root / file).is_file():
            for name in names:
                with contextlib.suppress(ProjectError):  # not there, or no literal
                    yield in_python(root, file, name, kind="opened by setup.py")


def _is_true(value: ast.expr | None) -> bool:
    """Whether an argument is given and is not literally False or None: a table or a function counts."""
    return value is not None and not (isinstance(value, ast.Constant) and not value.value)


def _dotted(node: ast.expr) -> str:
    """`a.b.c` as text; empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr) if left := _dotted(value):
            return f"{left}.{attr}"
    return ""


def _scm_section(data: Table) -> str:
    """What switches setuptools-scm on: a table of its own, or the extra `simple` with a dynamic version."""
    for name in ("setuptools_scm", "setuptools-scm"):
        if name in table(data, "tool"):
            return f"[tool.{name}]"
    requires = texts(table(data, "build-system"), "requires")
    simple = any(_SIMPLE.match(requirement) for requirement in requires)
    return "[build-system].requires" if simple and "version" in texts(table(data, "project"), "dynamic") else ""


def _versioneer(data: Table, cfg: Mapping[str, Mapping[str, str]]) -> Derived:
    in_toml = table(data, "tool", "versioneer")
    file = text(in_toml, "versionfile_source") or cfg.get("versioneer", {}).get("versionfile_source", "")
    where = "pyproject.toml [tool.versioneer]" if in_toml else "setup.cfg [versioneer]"
    if not file:
        raise unclear("versioneer has no versionfile_source", where)
    return Derived(tool="versioneer", where=where, rewritten=file.strip())


def _attribute(root: Path, attr: str, bases: tuple[str, ...]) -> Written:
    module, _, name = attr.strip().rpartition(".")
    return in_python(root, module_file(root, module or "__init__", bases), name, kind="setuptools attr")


def _file(root: Path, files: tuple[str, ...]) -> Written:
    if len(files) != 1:
        raise unclear("it is joined from several files", "[tool.setuptools.dynamic]")
    return in_whole_file(root, files[0].strip(), kind="setuptools file")


def _bases(data: Table, cfg: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """The folders in which packages lie, as configured."""
    setuptools = table(data, "tool", "setuptools")
    options = cfg.get("options", {}).get("package_dir", "")
    folder = re.search(r"^\s*=\s*(\S+)", options, re.MULTILINE)
    found = (
        text(table(setuptools, "package-dir"), ""),
        *texts(table(setuptools, "packages", "find"), "where"),
        folder[1] if folder else None,
        cfg.get("options.packages.find", {}).get("where"),
    )
    return tuple(base for base in found if base)
