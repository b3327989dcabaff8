"""What goes to standard output: a table, and text from elsewhere, each for people on a terminal, else for programs."""

import sys
from collections.abc import Mapping, Sequence

from tagship.words import clean


def table(rows: Sequence[tuple[str, str, str]], environ: Mapping[str, str]) -> str:
    """Three columns; the second is wrapped where the terminal is narrow. A row is one line where it is piped."""
    rows = [(_cell(name), _cell(value), _cell(source)) for name, value, source in rows]
    if not sys.stdout.isatty():
        return "".join(f"{name}\t{value}\t{source}\n" for name, value, source in rows)
    import shutil
    import textwrap

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


def seen(text: str) -> str:
    """Text in which others may have written anything: harmless on a terminal, letter by letter where it is piped."""
    return clean(text) if sys.stdout.isatty() else text


def _cell(text: str) -> str:
    return clean(text).replace("\n", "\ufffd")
