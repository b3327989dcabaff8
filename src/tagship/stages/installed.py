"""Clean installations: an empty environment, the released file, its dependencies from PyPI, and then what a user
does first: import it, run its commands.

The facts of an installation come from the installed files themselves (`*.dist-info`), never from the source tree.
"""

import configparser
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tagship.services.shell import Output, Shell
from tagship.services.threads import side_by_side
from tagship.services.uv import Env, Uv

SMOKE = Path(__file__).with_name("smoke.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What an installed distribution says about itself."""

    name: str
    version: str
    requires: tuple[str, ...]
    extras: tuple[str, ...]
    modules: tuple[str, ...]
    """Top-level modules and packages, from RECORD; namespace packages by their full dotted name."""
    scripts: tuple[tuple[str, str], ...]
    """Name and `module:attribute` of every console script."""
    windows: tuple[tuple[str, str], ...]
    """The same for the commands that open a window (`gui_scripts`)."""
    stubs: bool
    """Whether it holds type stubs alone, which cannot be imported."""


def read_metadata(env: Env, project: str) -> Metadata | None:
    """The metadata of an installed distribution, or None where it is not installed."""
    wanted = canonicalize_name(project)
    for folder in sorted(env.packages.glob("*.dist-info")):
        if canonicalize_name(folder.name.removesuffix(".dist-info").rpartition("-")[0]) == wanted:
            return _metadata(folder)
    return None


def _metadata(folder: Path) -> Metadata:
    text = (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
    headers = HeaderParser().parsestr(text)
    record = (folder / "RECORD").read_text(encoding="utf-8", errors="replace").splitlines()
    paths = [PurePosixPath(line.split(",")[0].strip('"')) for line in record if line]
    return Metadata(
        name=headers["Name"] or "",
        version=headers["Version"] or "",
        requires=tuple(headers.get_all("Requires-Dist") or ()),
        extras=tuple(headers.get_all("Provides-Extra") or ()),
        modules=modules(paths),
        scripts=_scripts(folder / "entry_points.txt", "console_scripts"),
        windows=_scripts(folder / "entry_points.txt", "gui_scripts"),
        stubs=any(path.suffix == ".pyi" for path in paths) and not any(path.suffix == ".py" for path in paths),
    )


def requires_python(wheel: Path) -> str:
    """`Requires-Python` as a wheel says it; empty where it says nothing, or is not there, or is no wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            headers = HeaderParser().parsestr(archive.read(name).decode("utf-8", errors="replace"))
    except (OSError, StopIteration, zipfile.BadZipFile):
        return ""
    return headers["Requires-Python"] or ""


def modules(paths: Sequence[PurePosixPath]) -> tuple[str, ...]:
    """The modules that an installation offers, from the paths in its RECORD.

    A top folder without `__init__` is a namespace package (PEP 420): the packages inside of it are named instead.
    Private helpers (`_x`), data folders and what lies outside of site-packages are left out.
    """
    code = [path for path in paths if path.suffix in {".py", ".so", ".pyd"} and ".." not in path.parts]
    packages = {path.parent for path in code if path.stem == "__init__"}
    found: set[str] = set()
    for path in code:
        if any(part.endswith((".dist-info", ".data")) for part in path.parts[:1]):
            continue
        if len(path.parts) == 1:
            found.add(path.name.split(".")[0])
            continue
        shallowest = next((p for p in reversed(path.parents) if p in packages), None)
        if shallowest is not None:
            found.add(".".join(shallowest.parts))
        else:
            found.add(".".join((*path.parent.parts, path.name.split(".")[0])))
    return tuple(sorted(name for name in found if _public(name)))


def _public(name: str) -> bool:
    parts = name.split(".")
    return all(part.isidentifier() for part in parts) and not any(p.startswith("_") for p in parts[1:])


def _scripts(entry_points: Path, section: str) -> tuple[tuple[str, str], ...]:
    if not entry_points.exists():
        return ()
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive
    try:
        parser.read_string(entry_points.read_text(encoding="utf-8"))
    except (configparser.Error, UnicodeDecodeError):
        return ()
    return tuple(parser.items(section)) if parser.has_section(section) else ()


def dependencies(requires: Sequence[str], extras: Sequence[str] = ()) -> tuple[str, ...]:
    """The requirements that apply to a plain installation, or to one with extras, as an installer reads them."""
    wanted = []
    environments = [{**default_environment(), "extra": extra} for extra in ("", *extras)]
    for line in requires:
        requirement = Requirement(line)
        if requirement.marker is None or "extra" not in str(requirement.marker):
            wanted.append(line)  # uv judges the other markers, for the environment's own interpreter
        elif any(requirement.marker.evaluate({k: str(v) for k, v in e.items()}) for e in environments):
            requirement.marker = None
            wanted.append(str(requirement))
    return tuple(wanted)


def imports(shell: Shell, env: Env, names: Sequence[str], empty: Path) -> dict[str, str]:
    """Import modules from an empty folder; each name with the error it raised, empty where it raised none."""
    if not names:
        return {}
    result = shell.run((env.python, "-I", SMOKE), cwd=empty, timeout=120, stdin=json.dumps(list(names)).encode())
    last = result.stdout.strip().rpartition("\n")[2]
    try:
        answer = json.loads(last)
    except json.JSONDecodeError:
        how = "took longer than 120 s" if result.timed_out else f"ended the interpreter with {result.returncode}"
        return dict.fromkeys(names, f"the import {how}\n{result.tail(5)}")
    return {str(name): str(error) for name, error in answer.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """Where commands are tried."""

    shell: Shell
    env: Env
    empty: Path
    """A folder without files: what can be imported from here is installed."""
    limit: float
    """Seconds that a command may take."""


def run_script(bench: Bench, name: str, arguments: Sequence[Sequence[str]]) -> Output:
    """Run a console script with each list of arguments until one ends with 0; the first failure otherwise."""
    first: Output | None = None
    for words in arguments:
        output = bench.shell.run(
            (bench.env.scripts / name, *words),
            cwd=bench.empty,
            extra={**bench.env.variables(bench.shell.environment), "COLUMNS": "100"},
            timeout=bench.limit,
        )
        if output.ok:
            return output
        first = first or output
        if output.timed_out or "Traceback" in output.stderr:
            break
    if first is None:
        raise ValueError("a script needs at least one list of arguments")
    return first


def run_scripts(bench: Bench, scripts: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> dict[str, Output]:
    """Run several scripts side by side."""
    with side_by_side(4) as pool:
        futures = {name: pool.submit(run_script, bench, name, words) for name, words in scripts}
        return {name: future.result() for name, future in futures.items()}


def install(uv: Uv, env: Env, source: str, project: str) -> Output:
    """Install a file (or, from an index, `name==version`) and then its dependencies; the first failure, or the last.

    Two steps, so that the released file never enters the cache that is kept.
    """
    own = uv.install_own(env, source)
    if not own.ok:
        return own
    metadata = read_metadata(env, project)
    return uv.install(env, dependencies(metadata.requires) if metadata is not None else ())
