"""The entries by which Dependabot keeps the pinned actions and tagship's locks up to date, in a file that may be there.

New versions wait a week (`cooldown`): a bad one is mostly found within days. What stands in the file stays as it
is, byte for byte; an entry that somebody wrote for the same folder is theirs to shape.
Source: docs.github.com, "Dependabot options reference".
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from tagship.errors import ProjectError
from tagship.project.hashed import FOLDER
from tagship.project.yaml_nodes import Items, Mapping, Node, plain, read, scalars, text, walk

FILES = (".github/dependabot.yml", ".github/dependabot.yaml")
RENOVATE = tuple(
    f"{folder}{name}{end}"
    for folder in ("", ".github/")
    for name, end in (("renovate.json", ""), ("renovate.json", "5"), (".renovaterc", ""), (".renovaterc", ".json"))
)
"""Where the other bot that does this is set up."""
ENTRIES = (("github-actions", "/"), ("pip", f"/{FOLDER}"))
"""Ecosystem and folder."""


def merged(there: str | None) -> str:
    """The file with the entries that it lacks; the same text where it lacks none.

    Args:
        there: what is in the file, with line feeds as line ends; None where there is no file.

    Raises:
        ProjectError: it cannot be read, or has a form to which no entry can be added without rewriting it.
    """
    if there is None or not there.strip():
        return "version: 2\nupdates:\n" + "".join(_entry(*entry, indent="  ") for entry in ENTRIES)
    root, _, problems = read(there.encode())
    if problems:
        raise _unusable(f"line {problems[0].line}: {problems[0].why}")
    updates = root.get("updates") if isinstance(root, Mapping) else None
    if not isinstance(updates, Items) or not updates.items:
        raise _unusable("it has no list of updates")
    missing = [entry for entry in ENTRIES if not _covered(updates.items, *entry)]
    if not missing:
        return there
    at = there.find("\n", max(scalar.end for scalar in walk(updates)) - 1) + 1 or len(there)
    before = there[:at] if there[:at].endswith("\n") else f"{there[:at]}\n"
    indent = " " * (updates.column - 1)
    after = f"{before}{''.join(_entry(*entry, indent=indent) for entry in missing)}{there[at:]}"
    again, _, wrong = read(after.encode())
    if wrong or again is None or root is None or not _only_longer(plain(root), plain(again), len(missing)):
        raise _unusable("its list of updates is written in a form of its own")
    return after


def lacking(there: str | None) -> tuple[str, ...]:
    """The entries that are not there, in words; what cannot be read lacks all.

    Args:
        there: what is in the file; None where there is no file.
    """
    root = read(there.encode())[0] if there else None
    found = root.get("updates") if isinstance(root, Mapping) else None
    items = found.items if isinstance(found, Items) else ()
    return tuple(f"no entry for {kind} in {folder}" for kind, folder in ENTRIES if not _covered(items, kind, folder))


def hasty(there: str) -> tuple[str, ...]:
    """Those of the entries that take new versions at once, without a cooldown, in words.

    Args:
        there: what is in the file.
    """
    root = read(there.encode())[0]
    found = root.get("updates") if isinstance(root, Mapping) else None
    items = [item for item in (found.items if isinstance(found, Items) else ()) if isinstance(item, Mapping)]
    return tuple(
        f"{kind} in {folder}"
        for kind, folder in ENTRIES
        for item in items
        if _covered((item,), kind, folder) and item.get("cooldown") is None
    )


def _entry(kind: str, folder: str, indent: str) -> str:
    lines = (
        f"- package-ecosystem: {kind}",
        f"  directory: {folder}",
        "  schedule:",
        "    interval: weekly",
        "  cooldown:",
        "    default-days: 7 # a bad version is mostly found within days",
    )
    return "".join(f"{indent}{line}\n" for line in lines)


def _covered(items: Sequence[Node], kind: str, folder: str) -> bool:
    """Whether one of the entries updates this. Actions are looked for in the whole repository, whatever the folder."""
    for item in items:
        if not isinstance(item, Mapping) or text(item.get("package-ecosystem")) != kind:
            continue
        folders = scalars(item.get("directory")) + scalars(item.get("directories"))
        if kind == "github-actions" or any(fnmatchcase(folder, f"/{found.text.strip('/')}") for found in folders):
            return True
    return False


def _only_longer(there: object, after: object, more: int) -> bool:
    """Whether the list of updates has that many entries in addition, and nothing else changed."""
    if not (isinstance(there, dict) and isinstance(after, dict)):
        return False
    old, new = there["updates"], after.get("updates")
    return isinstance(new, list) and len(new) == len(old) + more and {**after, "updates": new[: len(old)]} == there


def _unusable(why: str) -> ProjectError:
    wanted = "".join(_entry(*entry, indent="  ") for entry in ENTRIES)
    return ProjectError(
        f"No entry was added: {why}", remedy=f"Add these to its updates by hand:\n{wanted}", where=FILES[0]
    )
