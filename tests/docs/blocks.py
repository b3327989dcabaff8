"""What a page of the documentation asks of a reader: its blocks of code, and what comments say about running them.

The convention, which CONTRIBUTING.md tells writers:

- A ```console block is run. Lines that begin with `$ ` are commands, `> ` goes on with the command above, everything
  else is the expected output. In it, `…` stands for any text, and alone on a line for any lines.
- A command without output lines must only succeed; a nonzero exit is the last line, `[exit code: 17]`.
- A block of another language with a `title="FILE"` is written to that file.
- `<!-- run in: SETTING -->` before a block chooses where this block and those after it run, `<!-- not run: REASON -->`
  exempts the next block, and `<!-- in the browser: ACTION -->` does what the table after it tells the reader to type.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = tuple(sorted({*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")}))
NOT_READ = {"PUBLISHING.md": "`tagship init` wrote it, about this repository; its tests read it"}
"""Pages whose commands are not typed, each with the reason."""
WORDS = ("run in", "not run", "in the browser")
_COMMENT = re.compile(rf"\s*<!-- ({'|'.join(WORDS)}): (.+?) -->")
_FENCE = re.compile(r"(\s*)(`{3,}|~{3,})\s*([\w+-]*)(.*)")
_TITLE = re.compile(r'title="([^"]+)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One block of code, or the table of an action in the browser."""

    page: Path
    line: int
    language: str
    """`console`, `toml`, …; `table` for the table of an action."""
    text: str
    title: str = ""
    run_in: str = ""
    """The setting that begins here; empty where that of the block before goes on."""
    not_run: str = ""
    """Why it is not run; empty where it is."""
    action: str = ""
    """What is done in the browser with a table."""

    @property
    def where(self) -> str:
        """`docs/start.md:12`"""
        return f"{name(self.page)}:{self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One command of a console block, and what it is expected to print."""

    line: int
    text: str
    output: str
    """Empty where success is all that is asked for."""
    code: int


def name(page: Path) -> str:
    """How a page is called in the output of the tests."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order; a comment belongs to the next block."""
    said: dict[str, str] = {}
    lines = list(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1))
    while lines:
        number, line = lines.pop(0)
        if (comment := _COMMENT.match(line)) is not None:
            said[comment[1]] = comment[2]
        elif (fence := _FENCE.fullmatch(line)) is not None:
            inside = []
            while lines and lines[0][1].strip() != fence[2]:
                inside.append(lines.pop(0)[1])
            del lines[:1]
            title = _TITLE.search(fence[4])
            yield _block(page, number, fence[3], dedent("\n".join(inside)), said, title[1] if title else "")
        elif line.startswith("|") and "in the browser" in said:
            rows = [line]
            while lines and lines[0][1].startswith("|"):
                rows.append(lines.pop(0)[1])
            yield _block(page, number, "table", "\n".join(rows), said, "")
    assert not said, f"{name(page)}: the last {said} belongs to no block"


def _block(page: Path, line: int, language: str, text: str, said: dict[str, str], title: str) -> Block:
    run_in, not_run, action = (said.pop(word, "") for word in WORDS)
    return Block(
        page=page, line=line, language=language, text=text, title=title, run_in=run_in, not_run=not_run, action=action
    )


def cells(table: str) -> list[list[str]]:
    """The rows of a Markdown table without its rule, each cell without the marks of code."""
    rows = [[cell.strip().strip("`*") for cell in row.strip("| ").split("|")] for row in table.splitlines()]
    return [rows[0], *rows[2:]]


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block, each with the output that follows it."""
    lines = list(enumerate(block.text.splitlines(), start=block.line + 1))
    while lines:
        number, line = lines.pop(0)
        assert line.startswith("$ "), f"{name(block.page)}:{number}: a block begins with a command"
        words = [line.removeprefix("$ ")]
        while lines and lines[0][1].startswith("> "):
            words.append(lines.pop(0)[1].removeprefix("> "))
        output = []
        while lines and not lines[0][1].startswith("$ "):
            output.append(lines.pop(0)[1].rstrip())
        while output and not output[-1]:
            output.pop()
        code = re.fullmatch(r"\[exit code: (\d+)\]", output[-1]) if output else None
        if code is not None:
            output.pop()
        yield Command(
            line=number, text="\n".join(words), output="\n".join(output), code=int(code[1]) if code is not None else 0
        )


def matches(expected: str, printed: str) -> bool:
    """Whether an output is the expected one, where `…` stands for anything."""
    pattern = ""
    for line in expected.splitlines():
        pattern += r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line).replace("…", ".*?") + r"\n"
    return re.fullmatch(pattern, printed + "\n" if printed else "") is not None
