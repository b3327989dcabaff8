"""The names under which the jobs of a workflow appear as checks of a commit.

GitHub shows a job by its `name` or id, once for every combination of its matrix, in the order of its keys
(`Test Suite (3.12, ubuntu-latest)`), a name that holds an expression as that expression says, and the jobs of
a called workflow behind the name of their caller (`CI / lint`). What only a running workflow knows becomes
`*`. Source: docs.github.com, "Running variations of jobs in a workflow" and "Reusing workflow configurations".
"""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence

from tagship.project.pyproject import Table, table, tables

COMBINATIONS = 256
"""GitHub's own limit of jobs made by one matrix."""
DEPTH = 10
"""GitHub's own limit of workflows that call workflows."""

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_MATRIX = re.compile(r"matrix((?:\.[\w-]+|\[\s*'[^']*'\s*\])+)")
_STEP = re.compile(r"\.([\w-]+)|\['([^']*)'\]")

Called = Callable[[str], Table | None]
"""Gives the jobs of a workflow file of the same repository, or None where it cannot be read."""


def inside(uses: str) -> str | None:
    """The path in the repository that a `uses` names by `./`, or by `$/` for the workflow's own commit; else None."""
    return uses[2:] if uses.startswith(("./", "$/")) else None


def names(job_id: str, job: Table, called: Called, depth: int = 0) -> tuple[str, ...]:
    """All names of a job's checks; a `*` stands for what is decided while the workflow runs."""
    own = _own_names(job_id, job)
    uses = job.get("uses")
    if not isinstance(uses, str):
        return own
    file = inside(uses)
    inner = called(file.removeprefix(".github/workflows/")) if file is not None and depth < DEPTH else None
    if inner is None:
        return tuple(f"{name} / *" for name in own)
    below = [n for i in inner for n in names(i, table(inner, i), called, depth + 1)]
    return tuple(f"{name} / {n}" for name in own for n in below)


def _own_names(job_id: str, job: Table) -> tuple[str, ...]:
    name = job.get("name")
    shown = show(name) if name not in (None, "") else job_id
    matrix = table(job, "strategy").get("matrix")
    if matrix is None:
        return (filled(shown, {}, "*").strip(),)
    rows = combinations(matrix)
    if rows is None:
        return (filled(shown, {}, "*").strip() if _EXPRESSION.search(shown) else f"{shown} (*)",)
    if _EXPRESSION.search(shown):
        return tuple(dict.fromkeys(filled(shown, row, "*").strip() for row in rows))
    return tuple(f"{shown} ({', '.join(_leaves(list(row.values())))})" if row else shown for row in rows)


def combinations(matrix: object) -> Sequence[Table] | None:
    """The rows of a matrix, `exclude` and `include` applied; None where an expression computes any of it."""
    if not isinstance(matrix, dict) or _computed(matrix):
        return None
    axes = {str(k): v for k, v in matrix.items() if k not in ("include", "exclude")}
    if not all(isinstance(values, list) for values in axes.values()):
        return None
    rows: list[Table] = []
    for values in itertools.islice(itertools.product(*axes.values()), COMBINATIONS * 4):
        rows.append(dict(zip(axes, values, strict=True)))
    rows = [row for row in rows if not any(_fits(row, out) for out in tables(matrix, "exclude"))]
    if not axes:
        rows = []
    originals = [dict(row) for row in rows]
    for more in tables(matrix, "include"):
        fitting = [r for r, o in zip(rows, originals, strict=False) if all(o.get(k, v) == v for k, v in more.items())]
        for row in fitting:
            row.update(more)
        if not fitting:
            rows.append(dict(more))
    return rows[:COMBINATIONS]


def _computed(value: object) -> bool:
    if isinstance(value, dict):
        return any(_computed(item) for item in value.values())
    if isinstance(value, list):
        return any(_computed(item) for item in value)
    return isinstance(value, str) and bool(_EXPRESSION.search(value))


def _fits(row: Table, wanted: Table) -> bool:
    return all(key in row and row[key] == value for key, value in wanted.items())


def _leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [show(value)]


def show(value: object) -> str:
    """A scalar as GitHub writes it: `3.10` without quotes is the number 3.1."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.15g}"
    return str(value)


def filled(text: str, row: Mapping[str, object], other: str | None = None) -> str:
    """A text with its `matrix` expressions and string literals replaced by what they say.

    Args:
        row: of the matrix.
        other: what stands for every other expression; None leaves them as they are.
    """

    def one(expression: re.Match[str]) -> str:
        unknown = expression[0] if other is None else other
        shown = unknown
        for words in expression[1].split("||"):  # `matrix.name || matrix.python` is how many spell a default
            found = _known(words.strip(), row)
            if found is None:
                return unknown
            if shown := show(found[0]):
                break
        return shown

    return _EXPRESSION.sub(one, text)


def _known(words: str, row: Mapping[str, object]) -> tuple[object] | None:
    """The value of a string literal or of a `matrix` reference; None for everything else."""
    if re.fullmatch(r"'[^']*'", words):
        return (words[1:-1],)
    if not (found := _MATRIX.fullmatch(words)) or not row:
        return None
    value: object = row
    for step in _STEP.finditer(found[1]):
        value = value.get(step[1] or step[2]) if isinstance(value, dict) else None
    return (value,)
