"""The page about the embedded world, made from the rules, the routes and the assumptions in the code."""

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from fields import fields_of

from tagship.checks import REFUSALS
from tagship.checks.rulebook import RULES
from tagship.rehearsal import index
from tagship.rehearsal.faults.kinds import KINDS, Kind
from tagship.rehearsal.github.app import ROUTES
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.run import NOT_REHEARSED

INTRODUCTION = """\
# The embedded world

A rehearsal talks to a PyPI, a TestPyPI and a GitHub that run inside of it. This page lists what they do, where that was
read, what they take for granted, and what they do not do. PyPI's behaviour is that of
[pypi/warehouse](https://github.com/pypi/warehouse) at commit 6b62157; sources like `legacy.py:652` name file and line
there, below `warehouse/`. GitHub's is that of its documentation and of its OpenAPI description, against which the tests
check every answer.

Where the embedded world is laxer than the real one, a rehearsal says "ready" and the release fails; where it is
stricter, a rehearsal cries wolf. Both are bugs, and reports of either are welcome.
"""
RULE_BOOK = """
## What the index refuses, from the upload alone

In the order in which the service asks; it answers with the first refusal. The same rules are the checks of the `check`
stage, which shows all of them before anything is uploaded. `…` stands for what depends on the upload, or for
the words of a library that PyPI asks (`packaging`, `readme_renderer`).
"""
STATE = """
## What the index refuses, from what it knows

These depend on the project, the token, the publisher and the files that are there. The reason stands in the status
line, as on PyPI, except where the answer is JSON.
"""
INDEX = """
Besides uploads, each of the two indexes has: the simple API as HTML and as JSON (PEP 503, 691, 700), files with their
metadata (PEP 658), project status markers (PEP 792), the JSON API, the identity audience, minting of upload tokens for
trusted publishers, provenance of attestations that were sent along (PEP 740), and caches of simple pages, JSON, files
and provenance that stay stale for as many reads or seconds as was asked for.
"""
GITHUB = """
## What the embedded GitHub answers

REST, for one repository, with permissions, primary and secondary rate limits, pages and ETags; a token without the
permission gets what the real one answers. The commands of `gh` for releases, runs, workflows and the repository also
find their GraphQL. Pushes go to a bare repository that applies the rules of tags and branches.
"""
JUDGES = """
## Who says that it is right

Every answer of the embedded GitHub in any test, and every request that tagship sends it, is held against GitHub's own
OpenAPI description: %d paths of it, in `tests/rehearsal/github/openapi.json`. What GitHub does and the description does
not say is a short list:

%s

Clients that people use work with both services at their real addresses, unmodified; each is a test in `tests/clients`:

| client | does |
| --- | --- |
| twine, uv | upload with a token and by trusted publishing |
| flit, maturin, poetry | upload with a token |
| hatch | uploads with a token; it ignores proxies, so it is given an address on this machine |
| pip, uv | install what was published; pip also reports digests and lists versions |
| pypi-simple | reads the pages, HTML and JSON, and the metadata |
| pip-audit | asks the JSON API for vulnerabilities |
| pypi-attestations | agrees about which attestations can be read, and reads the provenance |
| gh | releases, runs, workflows, logs, API, with `--json` and `--jq` |
| PyGithub, githubkit, Octokit | read checks, start a workflow, make a release with a file |
"""
FAULTS = """
## What can be broken on purpose

`tagship rehearse --fault 503@publish:4` breaks the fourth request of publish, `--crash publish:4` kills its process
right after, `all` does it everywhere; the list of requests comes from a run in which nothing fails. Each fault has a
world of its own. Where the release failed, the same command is run once more there; what is public then is judged.
"""
ASSUMED = """
## What is assumed

A rehearsal starts from a world that fits the project. Each of these can be changed, by an option of `tagship rehearse`
or in a file for `--world`; every report lists them.
"""
NOT_MODELLED = """
## What is not modelled

- %s
- pages for people: neither index nor GitHub has a web site here
- pull requests by GraphQL, which `gh pr` and `gh issue` ask; their reviews; workflows that start when one is opened
- signatures: of attestations only the statement is judged, and API tokens are names, not macaroons
- concurrent requests to GitHub: they are answered one after another, so the limit on them is never reached
- running the jobs of a GitHub workflow: the stages run instead
- trusted publishers other than GitHub's: GitLab, Google, ActiveState
- mail that PyPI sends, malware reports, download statistics
- checks that PyPI makes later, such as those of administrators
- who is behind a name: any name that is not assumed to be taken is free
"""
PACKAGE = Path(inspect.getfile(index)).parent


def _faults() -> str:
    """The table of faults, with the ends that were written down."""

    def ends(kind: Kind) -> str:
        others = "".join(f"; {where}: {end}" for where, end in kind.ends.items())
        return f"{kind.end}{others}"

    return "| fault | what happens | expected end |\n| --- | --- | --- |\n" + "".join(
        f"| `{kind.name}` | {kind.does} | {ends(kind)} |\n" for kind in KINDS
    )


def page() -> str:
    """docs/embedded-world.md"""
    sys.path[:0] = [str(Path(__file__).parents[1])]
    from tests.contract import DEVIATIONS, SPEC

    rules = "| rule | code | words | source |\n| --- | --- | --- | --- |\n" + "".join(
        f"| `{rule.id}` | {_code(rule.id)} | {_listed(_yielded(rule.find)) or '`…`'} | {rule.source} |\n"
        for rule in RULES
    )
    answers = "| status | words | module |\n| --- | --- | --- |\n" + "".join(
        f"| {status} | {_cell(words)} | `index/{module}` |\n" for module, status, words in _refused()
    )
    routes = "| request | permission |\n| --- | --- |\n" + "".join(
        f"| `{route.method} {route.path}` | {route.permission.lstrip('!') or 'none'} |\n"
        for route in sorted(ROUTES, key=lambda route: (route.path, route.method))
    )
    assumed = "| key | values | default | meaning |\n| --- | --- | --- | --- |\n" + "".join(
        f"| `{row.name}` | {_cell(row.kind)} | {row.default} | {row.words} |\n" for row in fields_of(Assumptions)
    )
    judges = JUDGES % (len(SPEC["paths"]), "\n".join(f"- {deviation.reason}" for deviation in DEVIATIONS))
    parts = (
        INTRODUCTION,
        RULE_BOOK,
        rules,
        STATE,
        answers,
        INDEX,
        GITHUB,
        routes,
        judges,
        ASSUMED,
        assumed,
        FAULTS,
        _faults(),
    )
    return "\n".join(part.strip("\n") + "\n" for part in parts) + NOT_MODELLED % "\n- ".join(NOT_REHEARSED)


def _code(rule: str) -> str:
    code = REFUSALS[rule.partition(".")[0]].code
    return f"[{code}](codes.md#{code.lower()})"


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|").replace("\n", " ") if text else ""


def _listed(texts: Iterator[str]) -> str:
    return "<br>".join(_cell(text) for text in texts)


def _words(node: ast.expr) -> str:
    """A literal as it is, `…` for every part that is computed."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in values)
        case _:
            return "…"


def _yielded(find: object) -> Iterator[str]:
    """The words of a rule: everything its function yields, or the functions of its module that it calls do."""
    module = ast.parse(inspect.getsource(inspect.getmodule(find)))
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    seen: list[str] = []
    waiting = [find.__name__]
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in functions:
            continue
        seen.append(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Name) and node.id in functions:
                waiting.append(node.id)
            if isinstance(node, ast.Yield) and node.value is not None and (words := _words(node.value)).strip("…"):
                yield words


def _refused() -> Iterator[tuple[str, int, str]]:
    """Module, status and words of every refusal that the index itself makes."""
    for path in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="RefusedError"), args=[ast.Constant(value=int(status)), words, *_]):
                    if (text := _words(words)).strip("…"):
                        yield path.name, status, text
                case ast.Call(func=ast.Name(id="_refused"), args=[words]) if (text := _words(words)).strip("…"):
                    yield path.name, 400, text
