"""A changelog's section as GitHub shows it: reStructuredText, wrapped lines, what MyST and reference links add.

Not a parser of reStructuredText: what changelogs use is rewritten, everything else stays as it is written. Roles and
directives are those of Sphinx (https://www.sphinx-doc.org/en/master/usage/restructuredtext/roles.html) and of
sphinx-issues; GitHub makes links of `#12` and `@name` by itself.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

_ROLE = re.compile(
    r"(?:(?<![\w`]):(?P<rst>[a-zA-Z][\w.:+-]*):|\{(?P<myst>[a-zA-Z][\w.:+-]*)\})`(?P<text>[^`]+)`"
    r"|`[^`\n]+(?:\n[^`\n]+)*`"  # text between backticks, in which no role begins
)
_NUMBERS = frozenset({"issue", "issues", "gh", "ghissue", "ghpull", "pr", "pull", "bug", "pull-request"})
_WORDS = frozenset({"ref", "doc", "term", "numref", "any", "download", "abbr", "strong", "emphasis", "commit"})
_LINK = re.compile(r"(?<!`)`(?P<text>[^`<]*)<(?P<target>https?://[^`>\s]+)>`__?")
_NAMED = re.compile(r"(?<!`)`(?P<text>[^`<]+)`__?(?!\w)")
_UNDERLINE = re.compile(r"([=\-~^\"'+*#.:_])\1{2,}")
_BLOCK = re.compile(r"(?P<indent> *)\.\. (?:code-block|code|sourcecode|literalinclude)::\s*(?P<language>[\w+-]*)")
_ADMONITION = re.compile(
    r"(?P<indent> *)\.\. (?P<kind>note|warning|tip|important|caution|attention|danger|seealso"
    r"|deprecated|version(?:added|changed|removed))::(?P<text>.*)"
)
_NO_TEXT = re.compile(r" *\.\. (?:_[^:]+:|[a-z-]+::|towncrier|comment|\[|\|).*$")
_END = re.compile(r"\n[ \t]*-{3,}\Z")
"""A line across the page, below the last section."""
_BROKEN = re.compile(r"(?: {2}|\\)$")
"""The end of a line behind which Markdown breaks as well."""
_ALONE = re.compile(r"[ >]*(?:\[!\w+\]\s*$|:{3}|\|)")
"""What means something at the beginning of a line alone: an alert of GitHub's, MyST's directives, a row of a table."""
_LONGEST = 125_000
"""Characters of a release's text."""
_REFERENCE = re.compile(r"^ {0,3}\[(?P<label>[^\]\n]+)\]:\s*\S+.*$", re.MULTILINE)


def from_rst(text: str) -> str:
    """Markdown that says the same."""
    changed = _outside("\n".join(_blocks(text.splitlines())), _inline)
    return unwrapped(re.sub(r"\n{3,}", "\n\n", _END.sub("", changed.rstrip())).strip())


def complete(section: str, whole: str) -> str:
    """A section of a Markdown changelog that stands alone: with the targets of its reference links, roles rewritten."""
    section = _outside(section, lambda part: _REFERENCE.sub("", _ROLE.sub(_role, part)))
    section = _END.sub("", section.rstrip()).strip()
    used = {label.lower() for label in re.findall(r"\[([^\[\]\n]+)\](?![(:])", section)}
    there = {found["label"].lower(): found[0].strip() for found in _REFERENCE.finditer(whole)}
    needed = [line for label, line in there.items() if label in used]
    return "\n\n".join(filter(None, (unwrapped(section), "\n".join(needed))))


def unwrapped(text: str) -> str:
    """The same Markdown with each paragraph on one line: in a release GitHub makes a break of every line's end.

    What was broken on purpose stays so, and what is longer than a release can be. Source: docs.github.com, "Basic
    writing and formatting syntax", Line breaks.
    """
    if len(text) > _LONGEST:
        return text
    from markdown_it import MarkdownIt  # 30 ms, of which most commands have no need

    lines, quotes, continued = text.split("\n"), 0, dict[int, int]()
    for before, token in pairwise(MarkdownIt().enable("table").disable("inline").parse(text)):
        quotes += (before.type == "blockquote_open") - (before.type == "blockquote_close")
        if before.type == "paragraph_open" and token.map is not None:
            continued |= dict.fromkeys(range(token.map[0] + 1, token.map[1]), quotes)
    out: list[str] = []
    for number, line in enumerate(lines):
        above = lines[number - 1]
        if number in continued and not _BROKEN.search(above) and not _ALONE.match(above) and not _ALONE.match(line):
            for _ in range(continued[number]):
                line = line.lstrip().removeprefix(">")
            out[-1] = f"{out[-1].rstrip()} {line.lstrip()}"
        else:
            out.append(line)
    return "\n".join(out)


def _blocks(lines: list[str]) -> Iterator[str]:
    """Lines with headings, code, admonitions in Markdown's way, and without what nobody would see."""
    number, fenced = 0, False
    while number < len(lines):
        line, after = lines[number], lines[number + 1] if number + 1 < len(lines) else ""
        number += 1
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        if fence or fenced:
            yield line
        elif block := _BLOCK.fullmatch(line):
            body, number = _indented(lines, number, len(block["indent"]))
            code = (f"```{block['language']}", *body, "```")
            yield from (*(f"{block['indent']}{one}".rstrip() for one in code), "")
        elif note := _ADMONITION.fullmatch(line):
            body, number = _indented(lines, number, len(note["indent"]))
            kind = note["kind"].replace("version", "version ").replace("seealso", "see also").capitalize()
            said = (f"**{kind}:**{note['text']}", "", *body)
            yield from (*(f"{note['indent']}{one}".rstrip() for one in said), "")
        elif _UNDERLINE.fullmatch(line.rstrip()) and after.strip():
            follows = lines[number + 1] if number + 1 < len(lines) else ""
            if follows.rstrip() == line.rstrip():  # it stands above a title that is underlined as well
                yield f"### {after.strip()}"
                number += 2
            else:
                yield line
        elif line.strip() and not line.startswith((" ", "-", "*")) and _under(line, after):
            yield f"### {line.strip()}"
            number += 1
        elif not _NO_TEXT.fullmatch(line):
            yield line


def _under(title: str, line: str) -> bool:
    return bool(_UNDERLINE.fullmatch(line.rstrip())) and len(line.rstrip()) >= len(title.rstrip()) - 1


def _indented(lines: list[str], number: int, indent: int) -> tuple[list[str], int]:
    """The block below a directive without its own indentation and options, and the line after it."""
    body: list[str] = []
    while number < len(lines) and (not lines[number].strip() or _margin(lines[number]) > indent):
        body.append(lines[number])
        number += 1
    while body and (not body[0].strip() or re.fullmatch(r" *:[\w-]+:.*", body[0])):
        body.pop(0)
    while body and not body[-1].strip():
        body.pop()
    margin = min((_margin(line) for line in body if line.strip()), default=0)
    return [line[margin:] for line in body], number


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Change what is not between double backticks, or in a fenced block."""
    parts = re.split(r"(^ *```.*?^ *```|``.+?``(?!`))", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if number % 2 else change(part) for number, part in enumerate(parts))


def _inline(text: str) -> str:
    text = _ROLE.sub(_role, text)
    text = _LINK.sub(lambda m: f"[{_line(m['text']) or m['target']}]({m['target']})", text)
    text = _NAMED.sub(lambda m: _line(m["text"]), text)
    text = re.sub(r"(?<=\w|\))::$", ":", text, flags=re.MULTILINE)
    return text.replace("\\ ", "")


def _role(found: re.Match[str]) -> str:
    if found["text"] is None:
        return found[0]
    name = (found["rst"] or found["myst"]).lower().rpartition(":")[2]
    text = _line(found["text"])
    titled = re.fullmatch(r"(?P<title>.*?) ?<(?P<target>[^<>]+)>", text)
    if name in _NUMBERS and re.fullmatch(r"[#\d, ]+", text):
        return ", ".join(f"#{number}" for number in re.findall(r"\d+", text))
    if titled and titled["title"]:
        return (
            titled["title"] if not titled["target"].startswith("http") else f"[{titled['title']}]({titled['target']})"
        )
    match name:
        case "user":
            return f"@{text}"
        case "pep" | "rfc" | "cve":
            return text if text.upper().startswith(name.upper()) else f"{name.upper()} {text}"
        case _ if name in _WORDS:
            return text
        case _:
            return f"`{text.rpartition('.')[2] if text.startswith('~') else text.removeprefix('!')}`"


def _line(text: str) -> str:
    return " ".join(text.split())
