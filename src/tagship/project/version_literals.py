"""Where a version stands, and finding the one literal in a file that is it, byte by byte, running no code.

Each function knows one format and answers with a `Written`: the exact span that a new version replaces. What is
not there, not a literal or not certain is a `ProjectError` that says why.
"""

import ast
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec

from tagship import toml
from tagship.errors import ProjectError
from tagship.model import Record
from tagship.project.pyproject import Table, table, text
from tagship.versions import parse

_MARK = "\ue000"
"""With its place it stands for a version in a marked copy of a TOML document; for private use, so in no real one."""
_BOM = b"\xef\xbb\xbf"
_MESON = re.compile(r"#[^\n]*|'''.*?'''|'(?:\\.|[^'\\\n])*'|\w+|\S", re.DOTALL)
_CFG_HEADER = re.compile(r"\[([^]]+)\]")
_BASES = ("src", ".", "lib", "python")
"""Where packages lie, by convention."""


class Written(Record, frozen=True, kw_only=True, tag="written"):
    """A version that stands in a file as a literal."""

    kind: str
    """In words: `[project].version`, `setup.py`, `__version__`."""
    file: str
    """Relative to the project's root, with slashes."""
    line: int
    """The first is 1."""
    start: int
    end: int
    """The span of `raw` in the file, in bytes, without quotes."""
    raw: str
    """As the file spells it: `2024.04.01`."""
    version: str
    """The same, normalised: `2024.4.1`."""


class Derived(Record, frozen=True, kw_only=True, tag="derived"):
    """A version that a build tool takes from the tags of the repository, or from its environment."""

    tool: str
    """`setuptools-scm`, `hatch-vcs`, `versioneer`, ..."""
    where: str
    """What says so: `pyproject.toml:12 [tool.setuptools_scm]`."""
    variables: tuple[str, ...] = ()
    """Environment variables that pretend a version; all of them are to be set. None: the tool believes tags alone."""
    rewritten: str = ""
    """For versioneer, which obeys no variable: the file that an sdist carries the version in."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text file as it is: line ends and encoding kept."""

    file: str
    text: str
    encoding: str

    def written(self, kind: str, start: int, end: int) -> Written:
        """The literal at a span of characters.

        Raises:
            ProjectError: it is not a PEP 440 version.
        """
        raw = self.text[start:end]
        line = len(re.findall(r"\r\n|\r|\n", self.text[:start])) + 1
        version = parse(raw)
        if version is None:
            raise unclear(f"{raw[:60]!r} is not a PEP 440 version", f"{self.file}:{line}")
        first = len(self.text[:start].encode(self.encoding))  # a byte order mark is counted by its codec
        return Written(
            kind=kind,
            file=self.file,
            line=line,
            start=first,
            end=first + len(raw.encode("utf-8")),
            raw=raw,
            version=str(version),
        )

    def offset(self, line: int, column: int) -> int:
        """The offset of a line, from 1, and a column, from 0, in characters; line ends as Python's."""
        starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", self.text))]
        return starts[line - 1] + column


def unclear(why: str, where: str) -> ProjectError:
    """The error for a version that cannot be known without running code or guessing."""
    return ProjectError(
        f"the version cannot be known: {why}",
        remedy="Declare it as a literal, best as `version` of [project] in pyproject.toml, or name what derives it.",
        where=where,
    )


def read(root: Path, file: str) -> Text:
    """Read a file of the project: Python in its declared encoding, all others in UTF-8.

    Raises:
        ProjectError: missing, outside of the project, or not in that encoding.
    """
    path = root / file
    name = PurePosixPath(file).as_posix()
    if not path.resolve().is_relative_to(root.resolve()):
        raise unclear(f"{name} lies outside of the project", name)
    try:
        data = path.read_bytes()
        encoding = "utf-8-sig" if data.startswith(_BOM) else "utf-8"
        if path.suffix == ".py":
            encoding, _ = tokenize.detect_encoding(iter(data.splitlines(keepends=True)).__next__)
        text = data.decode(encoding)
    except OSError:
        raise unclear(f"there is no file {name}", name) from None
    except (SyntaxError, UnicodeDecodeError):
        raise unclear(f"{name} is not text in its encoding", name) from None
    return Text(file=name, text=text, encoding=encoding)


def in_toml(root: Path, file: str, *keys: str) -> Written:
    """The string under a key: a copy of the document in which each that might be it is marked shows the place."""
    source = read(root, file)
    kind = f"[{'.'.join(keys[:-1])}].{keys[-1]}"
    old = _under(source, keys)
    if old is None:
        raise unclear(f"{file} has no string {kind}", file)
    mark = rf"""(\b{re.escape(keys[-1])}["']?[ \t]*=[ \t]*["']){re.escape(old)}(?=["'])"""
    marked = re.sub(mark, lambda match: f"{match[1]}{_MARK}{match.end(1)}", source.text)
    before, _, start = (_under(msgspec.structs.replace(source, text=marked), keys) or "").partition(_MARK)
    if before or not start or _MARK in old:
        raise unclear(f"{kind} is not written as a plain string", file)
    return source.written(kind, int(start), int(start) + len(old))


def _under(source: Text, keys: tuple[str, ...]) -> str | None:
    try:
        document: Table = toml.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise unclear(f"{source.file} was not understood: {error}", source.file) from None
    return text(table(document, *keys[:-1]), keys[-1])


def in_pattern(root: Path, file: str, pattern: str, *, group: str | int, kind: str) -> Written:
    """What a project's own regular expression finds, read with `\\n` as line ends, as build backends do."""
    source = read(root, file)
    try:
        match = re.search(pattern, re.sub(r"\r\n?", "\n", source.text), re.MULTILINE)
        if match is None or match[group] is None:
            raise unclear(f"{file} has nothing that the pattern of the {kind} finds", file)
    except (re.error, IndexError) as error:
        raise unclear(f"the pattern of the {kind} is wrong: {error}", file) from None
    start = match.start(group)
    line_start = match.string.rfind("\n", 0, start) + 1
    offset = source.offset(match.string.count("\n", 0, start) + 1, start - line_start)
    return source.written(kind, offset, offset + len(match[group]))


def in_whole_file(root: Path, file: str, *, kind: str) -> Written:
    """A file that holds the version and nothing but white space around it."""
    source = read(root, file)
    start = len(source.text) - len(source.text.lstrip())
    return source.written(kind, start, start + len(source.text.strip()))


def in_cfg(root: Path, file: str, section: str, key: str) -> Written:
    """A value on one line of an INI file."""
    source, current, offset = read(root, file), "", 0
    line_pattern = re.compile(rf"{key}[ \t]*[=:][ \t]*(\S.*?)\s*$")
    for line in source.text.splitlines(keepends=True):
        if header := _CFG_HEADER.match(line):
            current = header[1]
        elif current == section and (match := line_pattern.match(line)):
            return source.written(f"{file} [{section}]", offset + match.start(1), offset + match.end(1))
        offset += len(line)
    raise unclear(f"{file} has no {key} in [{section}]", file)


def in_meson(root: Path) -> Written:
    """The string `version:` of `project()` in meson.build, or the file that this names.

    Source: https://mesonbuild.com/Reference-manual_functions.html#project
    """
    source, depth, before = read(root, "meson.build"), 0, ["", ""]
    inside = of_version = False
    for token in _MESON.finditer(source.text):
        word = token[0]
        if word.startswith("#"):
            continue
        if word == "(":
            inside, depth = inside or before[1] == "project", depth + 1
        elif word == ")":
            depth -= 1
            if inside and depth == 0:
                break
        elif inside and depth == 2 and before == ["files", "("] and of_version and word.startswith("'"):
            return in_whole_file(root, word[1:-1], kind="meson.build")
        elif inside and depth == 1 and before == ["version", ":"]:
            of_version = word == "files"
            if of_version:
                before = [":", word]
                continue
            if not word.startswith("'") or word.startswith("'''"):
                break
            return source.written("meson.build", token.start() + 1, token.end() - 1)
        before = [before[1], word]
    raise unclear("project() in meson.build has no literal version", "meson.build")


def in_python(root: Path, file: str, name: str, *, kind: str = "", hops: int = 4) -> Written:
    """The string literal that a name of a module means, through other names and imports inside the project."""
    source = read(root, file)
    kind = kind or name
    values = list(_values(parse_python(source), name))
    if len(values) != 1 or hops == 0:
        often = "bound more than once" if values else "not bound"
        raise unclear(f"{name} is {often} at the top of {file}", file)
    match values[0]:
        case ast.Constant(value=str()) as node:
            return python_literal(source, node, kind)
        case ast.Name(id=other):
            return in_python(root, file, other, kind=kind, hops=hops - 1)
        case ast.ImportFrom() as node:
            module = "." * node.level + (node.module or "")
            original = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
            target = _imported(root, file, module)
            return in_python(root, target, original, kind=kind, hops=hops - 1)
        case node:
            raise unclear(f"{name} is computed by code", f"{file}:{node.lineno}")


def python_literal(source: Text, node: ast.Constant, kind: str) -> Written:
    """The inside of a plain string of a parsed Python file."""
    lines = re.split(r"\r\n|\r|\n", source.text)
    # columns of ast count bytes of UTF-8, whatever the file's encoding is
    column = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
    start = source.offset(node.lineno, column)
    plain = re.compile(r"[uU]?(\"\"\"|'''|\"|')(.*?)\1", re.DOTALL).match(source.text, start)
    if plain is None or plain[2] != node.value or plain.end() != _end(source, lines, node):
        raise unclear("the version is not written as one plain string", f"{source.file}:{node.lineno}")
    return source.written(kind, plain.start(2), plain.end(2))


def parse_python(source: Text) -> ast.Module:
    """The syntax tree of a file.

    Raises:
        ProjectError: this interpreter cannot parse it.
    """
    try:
        return ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise unclear(f"{source.file} is not Python that can be parsed: {error}", source.file) from None


def module_file(root: Path, module: str, bases: tuple[str, ...] = ()) -> str:
    """The file of a dotted module name, looked for in the configured folders and then the usual ones."""
    path = PurePosixPath(*module.split("."))
    for base in (*bases, *_BASES):
        for file in (base / path.with_suffix(".py"), base / path / "__init__.py"):
            if (root / file).is_file():
                return file.as_posix()
    raise unclear(f"there is no module {module} in the project", module)


def _imported(root: Path, file: str, module: str) -> str:
    if not module.startswith("."):
        return module_file(root, module)
    name = module.lstrip(".")
    folder = PurePosixPath(file).parents[len(module) - len(name) - 1]
    return module_file(root, name or "__init__", (folder.as_posix(),))


def _values(tree: ast.Module, name: str) -> Iterator[ast.expr | ast.stmt]:
    """What a name is bound to in the scope of a module: values of assignments, or imports."""
    for node in _scope(tree):
        match node:
            case ast.Assign(targets=targets, value=value) if any(_is_name(t, name) for t in targets):
                yield value
            case ast.AnnAssign(target=target, value=ast.expr() as value) if _is_name(target, name):
                yield value
            case ast.AugAssign(target=target) if _is_name(target, name):
                yield node
            case ast.ImportFrom(names=names) if any(name == (a.asname or a.name) for a in names):
                yield node


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _scope(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below, without those of functions and classes."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield child
            yield from _scope(child)


def _end(source: Text, lines: list[str], node: ast.Constant) -> int:
    line, column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return source.offset(line, len(lines[line - 1].encode()[:column].decode()))
