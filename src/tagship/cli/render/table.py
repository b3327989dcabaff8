"""Rows as a table for people: columns aligned on a terminal, tab-separated when piped."""

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence


def table(rows: Sequence[tuple[str, str, str]], environ: Mapping[str, str]) -> str:
    """Three columns; the second is wrapped where the terminal is narrow."""
    if not sys.stdout.isatty():
        return "".join(f"{name}\t{value}\t{source}\n" for name, value, source in rows)
    width = int(environ.get("COLUMNS") or shutil.get_terminal_size().columns)
    first = max(len(name) for name, _, _ in rows)
    room = max(20, width - first - 2)
    lines: list[str] = []
    for name, value, source in rows:
        shown = textwrap.wrap(value or "–", room) or ["–"]
        lines.append(f"{name:<{first}}  {shown[0]}")
        lines += [f"{'':<{first}}  {more}" for more in shown[1:]]
        lines += [f"{'':<{first}}  \x1b[2m{part}\x1b[0m" for part in textwrap.wrap(source, room)]
    return "\n".join(lines) + "\n"
