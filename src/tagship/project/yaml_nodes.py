"""Strict reading of the YAML of GitHub workflows: every node with its place, every problem with line and column.

As GitHub reads: `on` is a word, `3.10` is what stands there, a key that is written twice is a problem instead of a
silent loss (also where only the case differs), aliases are followed, merge keys, tags and several documents are not
known. Sizes and depths are bounded, so that whatever stands in a file is read in bounded time. Sources: YAML 1.2.2,
10.3 core schema; actions/runner, YamlObjectReader.cs, TemplateReader.cs, ParseOptions.cs (depth 50, one megabyte).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node as RawNode

BIGGEST = 1 << 20
"""Bytes of a file."""
DEEPEST = 50
"""Collections inside of each other."""
LARGEST = 100_000
"""Values of a file, aliases written out."""
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE = "tag:yaml.org,2002:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why GitHub would refuse the file."""

    line: int
    """From 1."""
    column: int
    """From 1."""
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """A single value."""

    text: str
    """As written, without the quotes: `3.10`, `true`, the content of a block."""
    value: str | int | float | bool | None
    """What it means: a number, a boolean or nothing only where it stands without quotes."""
    line: int
    column: int
    start: int
    """Where it begins in the source, in characters."""
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """Keys and values, in the order of the file, none twice."""

    line: int
    column: int
    entries: tuple[tuple[Scalar, "Node"], ...]

    def get(self, *path: str) -> "Node | None":
        """The value at the end of a path of keys, or None where there is none."""
        node: Node | None = self
        for key in path:
            pairs = node.entries if isinstance(node, Mapping) else ()
            node = next((value for name, value in pairs if name.text == key), None)
        return node

    def key(self, name: str) -> Scalar | None:
        """A key itself, for its place."""
        return next((key for key, _ in self.entries if key.text == name), None)

    def names(self) -> tuple[str, ...]:
        """The keys as written."""
        return tuple(key.text for key, _ in self.entries)


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """A list."""

    line: int
    column: int
    items: tuple["Node", ...]


Node = Scalar | Mapping | Items


def text(node: Node | None) -> str:
    """The text of a single value; empty for everything else."""
    return node.text if isinstance(node, Scalar) and node.value is not None else ""


def scalars(node: Node | None) -> tuple[Scalar, ...]:
    """A value or a list of values, as GitHub takes both in many places; anything else in them is left out."""
    found = node.items if isinstance(node, Items) else (node,)
    return tuple(item for item in found if isinstance(item, Scalar) and item.value is not None)


def walk(node: Node | None) -> Iterator[Scalar]:
    """Every single value below a node, the keys left out."""
    match node:
        case Scalar():
            yield node
        case Mapping():
            for _, value in node.entries:
                yield from walk(value)
        case Items():
            for item in node.items:
                yield from walk(item)


def plain(node: Node) -> object:
    """Dictionaries, lists and values."""
    match node:
        case Scalar():
            return node.value
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}
        case Items():
            return [plain(item) for item in node.items]


def read(data: bytes) -> tuple[Node | None, str, tuple[Problem, ...]]:
    """Read a file.

    Returns:
        The root (None where there is nothing, or nothing that can be read), the text, and the problems. Beside
        problems, the root is what could still be understood.
    """
    if len(data) > BIGGEST:
        return None, "", (_at_start(f"the file is larger than {BIGGEST:,} bytes"),)
    try:
        source = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, "", (Problem(line=line, column=1, why=f"byte {error.start} is not UTF-8"),)
    root, problem = _compose(source)
    if root is None:
        return None, source, (problem,) if problem else ()
    reader = _Reader()
    node = reader.node(root, 0)
    return node, source, tuple(sorted(set(reader.problems), key=lambda p: (p.line, p.column)))


def _at_start(why: str) -> Problem:
    return Problem(line=1, column=1, why=why)


def _compose(source: str) -> tuple["RawNode | None", Problem | None]:
    """The nodes of the parser, or why there are none."""
    from ruamel.yaml import YAML  # slow to import, and most commands need no workflow
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.nodes import Node as RawNode
    from ruamel.yaml.reader import ReaderError

    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # YAML allows it: the last one counts
    try:
        root: object = yaml.compose(source)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        why = str(error.problem or error.context)
        return None, Problem(line=mark.line + 1, column=mark.column + 1, why=why) if mark else _at_start(why)
    except ReaderError as error:
        before, rest = source[: error.position], source[error.position :]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return None, Problem(line=line, column=column, why=f"the character {rest[:1]!a} is not allowed in YAML")
    except RecursionError:
        return None, _at_start(f"it is nested deeper than {DEEPEST} levels")
    except (YAMLError, ValueError) as error:
        return None, _at_start(str(error).partition("\n")[0])
    return (root if isinstance(root, RawNode) else None), None


def _value(text: str, *, plain: bool) -> str | int | float | bool | None:
    """What a value means by the core schema of YAML 1.2; between quotes and in a block it is text."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    try:
        if _INTEGER.fullmatch(text):
            return int(text, 0 if text.startswith(("0o", "0x")) else 10)
        if _FLOAT.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:  # more digits than an integer may have
        return text
    return text


class _Reader:
    """Turns the parser's nodes into ours; counts, and collects problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._left = LARGEST

    def node(self, raw: "RawNode", depth: int) -> Node | None:
        """One node with everything below; None where a bound is passed, which is a problem."""
        from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

        line, column = raw.start_mark.line + 1, raw.start_mark.column + 1
        self._left -= 1
        if self._left < 0:
            self._problem(line, column, f"its aliases make it larger than {LARGEST:,} values")
            return None
        if depth > DEEPEST and not isinstance(raw, ScalarNode):
            self._problem(line, column, f"it is nested deeper than {DEEPEST} levels")
            return None
        tag = str(raw.tag or "")
        if not tag.startswith(_CORE):
            self._problem(line, column, f"GitHub does not know the tag {tag}")
        match raw:
            case ScalarNode():
                return Scalar(
                    text=raw.value,
                    value=_value(raw.value, plain=raw.style is None and tag != f"{_CORE}str"),
                    line=line,
                    column=column,
                    start=raw.start_mark.index,
                    end=raw.end_mark.index,
                )
            case SequenceNode():
                items = self._children(raw.value, depth)
                return Items(line=line, column=column, items=tuple(items))
            case MappingNode():
                return Mapping(line=line, column=column, entries=tuple(self._entries(raw.value, depth)))
        return None

    def _children(self, raws: "Sequence[RawNode]", depth: int) -> Iterator[Node]:
        for raw in raws:
            found = self.node(raw, depth + 1) if self._left >= 0 else None
            if found is not None:
                yield found

    def _entries(self, pairs: "Sequence[tuple[RawNode, RawNode]]", depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Scalar] = {}
        for raw_key, raw_value in pairs:
            if self._left < 0:
                return
            key = self.node(raw_key, depth + 1)
            if not isinstance(key, Scalar):
                self._problem(raw_key.start_mark.line + 1, raw_key.start_mark.column + 1, "a key is no single value")
                continue
            if key.text == "<<":
                self._problem(key.line, key.column, "GitHub does not know merge keys (`<<`)")
                continue
            first = seen.setdefault(key.text.upper(), key)
            if first is not key:
                why = f"the key `{key.text}` is there already, in line {first.line}"
                self._problem(key.line, key.column, why)
                continue
            value = self.node(raw_value, depth + 1)
            if value is not None:
                yield key, value

    def _problem(self, line: int, column: int, why: str) -> None:
        self.problems.append(Problem(line=line, column=column, why=why))
