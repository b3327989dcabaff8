"""Differences in meaning between a workflow that is there and the one that tagship would write.

Comments, the order of keys, the style of a value, and which commit of the same action is pinned mean nothing;
a permission, a step, a condition or an input does. Lists keep their order, because that of steps and of filters counts.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from tagship.model import Record
from tagship.project.yaml_nodes import Items, Mapping, Node, Scalar, scalars, text

_PIN = re.compile(r"(?P<action>[^@\s]+)@[0-9a-f]{40}")
_USES = re.compile(
    r"(?P<before>^[ \t-]*uses:[ \t]*)(?P<action>[^@\s]+)@(?P<pin>[0-9a-f]{40}[ \t]*(?:#.*)?)$", re.MULTILINE
)
_LONGEST = 70
_SAME_AS_LIST = ("needs", "runs-on", "branches", "tags")
"""Keys where one value means the list of it."""


class Difference(Record, frozen=True, kw_only=True):
    """One place that means something else."""

    path: str
    """From the top: `jobs.publish-pypi.permissions.id-token`; steps by name: `jobs.build.steps[Check out]`."""
    there: str
    """What stands there; empty where it is missing."""
    wanted: str
    """What tagship would write; empty where it would write nothing."""
    line: int = 0
    """Where it stands, from 1; 0 where it is missing."""

    @property
    def words(self) -> str:
        """The difference as a line."""
        where = f"line {self.line}, {self.path}" if self.line else self.path
        if not self.there:
            return f"{where}: is missing: {self.wanted}"
        return f"{where}: {self.there}" + (f", instead of {self.wanted}" if self.wanted else ", which is not tagship's")


def without_pins(source: str) -> str:
    """The text of a workflow with the commits of its actions, and the comments that name their versions, left out."""
    return _USES.sub(lambda found: f"{found['before']}{found['action']}@", source)


def with_pins_of(there: str, wanted: str) -> str:
    """The wanted text with the pins of the file that is there, for the actions that both use: somebody moved them."""
    pins = {found["action"]: found["pin"] for found in _USES.finditer(there)}
    return _USES.sub(
        lambda found: f"{found['before']}{found['action']}@{pins.get(found['action'], found['pin'])}", wanted
    )


def differences(there: Node, wanted: Node, path: str = "") -> Iterator[Difference]:
    """Every difference below two nodes, in the order of the wanted file, what is there in addition last."""
    match there, wanted:
        case Mapping(), Mapping():
            yield from _of_mappings(there, wanted, path)
        case Items(), Items():
            yield from _of_lists(there.items, wanted.items, path)
        case Scalar(), Scalar():
            if _meaning(there) != _meaning(wanted):
                yield _difference(path, there, wanted)
        case _:
            last = path.rpartition(".")[2]
            if last not in _SAME_AS_LIST or [s.text for s in scalars(there)] != [s.text for s in scalars(wanted)]:
                yield _difference(path, there, wanted)


def _of_mappings(there: Mapping, wanted: Mapping, path: str) -> Iterator[Difference]:
    for key, value in wanted.entries:
        below = f"{path}.{key.text}".lstrip(".")
        other = there.get(key.text)
        if other is None:
            yield _difference(below, None, value)
        else:
            yield from differences(other, value, below)
    for key, value in there.entries:
        if wanted.key(key.text) is None:
            yield _difference(f"{path}.{key.text}".lstrip("."), value, None)


def _of_lists(there: Sequence[Node], wanted: Sequence[Node], path: str) -> Iterator[Difference]:
    """Lists side by side: the same steps are found again by their names where others came or went."""
    old, new = [_name(node) for node in there], [_name(node) for node in wanted]
    for kind, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and i_end - i == j_end - j):
            for first, second in zip(there[i:i_end], wanted[j:j_end], strict=True):
                yield from differences(first, second, f"{path}[{_name(second)}]")
            continue
        yield from (_difference(f"{path}[{_name(node)}]", None, node) for node in wanted[j:j_end])
        yield from (_difference(f"{path}[{_name(node)}]", node, None) for node in there[i:i_end])


def _name(node: Node) -> str:
    """What a list's entry is known by: a step's name, id, action or command; a value itself."""
    if isinstance(node, Mapping):
        found = next((text(node.get(key)) for key in ("name", "id", "uses", "run") if node.get(key)), "")
        return _unpinned(found).partition("\n")[0]
    return _shown(node)


def _unpinned(words: str) -> str:
    found = _PIN.fullmatch(words)
    return found["action"] if found else words


def _meaning(node: Scalar) -> str | int | float | bool | None:
    """The value; a pinned action without its commit, so that one by tag is something else."""
    return (
        f"{_unpinned(node.value)}@pinned" if isinstance(node.value, str) and _PIN.fullmatch(node.value) else node.value
    )


def _difference(path: str, there: Node | None, wanted: Node | None) -> Difference:
    shown_there, shown_wanted = _shown(there), _shown(wanted)
    if len(shown_there) > _LONGEST and len(shown_wanted) > _LONGEST:  # show where they part, not where they agree
        same = next((n for n, (a, b) in enumerate(zip(shown_there, shown_wanted, strict=False)) if a != b), 0)
        cut = max(0, same - 20)
        shown_there, shown_wanted = (f"{'… ' if cut else ''}{words[cut:]}" for words in (shown_there, shown_wanted))
    return Difference(
        path=path, there=_short(shown_there), wanted=_short(shown_wanted), line=there.line if there is not None else 0
    )


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} …"


def _shown(node: Node | None) -> str:
    match node:
        case None:
            return ""
        case Scalar():
            return " ".join(node.text.split()) or "nothing"
        case Items():
            return f"[{', '.join(map(_name, node.items))}]"
        case Mapping():
            return f"{{{', '.join(key.text for key, _ in node.entries)}}}"
