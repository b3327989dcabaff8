"""GitHub's own description of its API, as a judge of every answer that the embedded GitHub gives in any test, and of
every request that tagship sends it. A violation fails the test in which it happened; the run ends with the counts.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4
from werkzeug.wrappers import Request, Response

from tagship.rehearsal.github import EmbeddedGitHub

SPEC = json.loads((Path(__file__).parent / "rehearsal/github/openapi.json").read_text(encoding="utf-8"))
REGISTRY = Registry().with_resource("urn:github", Resource(contents=SPEC, specification=DRAFT4))
ERROR = SPEC["components"]["schemas"]["basic-error"]
DOCS = "docs.github.com, Troubleshooting the REST API"


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """Something that GitHub does and its description does not say."""

    reason: str
    statuses: frozenset[int] = frozenset()
    """Statuses that are not described for the route; the body is still that of an error."""
    route: str = ".*"
    where: str = ""
    """Where in the body a complaint is tolerated."""
    complaint: str = ""
    """A pattern."""


DEVIATIONS = (
    Deviation(statuses=frozenset({304}), reason="304: every GET answers a matching ETag so; described for a few"),
    Deviation(statuses=frozenset({400}), reason=f"400: a body that is no JSON, at any route ({DOCS})"),
    Deviation(
        statuses=frozenset({401, 403, 429}),
        reason=f"401, 403, 429: authentication, permissions and limits come before the route ({DOCS})",
    ),
    Deviation(
        statuses=frozenset({301, 404}),
        reason=f"301, 404: a repository that was renamed, and what may not be seen, at any route ({DOCS})",
    ),
    Deviation(statuses=frozenset({422}), reason=f"422: what was sent, or named in the address, is not valid ({DOCS})"),
    Deviation(
        statuses=frozenset({409, 502}),
        route="POST .*/assets|.*/selected-actions",
        reason="502 for the file of a release, 409 for actions where none is selected: described in words only",
    ),
    Deviation(
        complaint="'(rate|assignee|merge_commit_sha|has_downloads)' is a required property",
        reason="`rate`, `assignee`, `merge_commit_sha`, `has_downloads`: the version 2026-03-10 leaves them out",
    ),
    Deviation(where=r"state$", complaint="'starter' is not one of", reason="`state: starter` of such a file: likewise"),
    Deviation(
        where=r"(author|committer|state_reason)$",
        complaint="None is not",
        reason="null beside `oneOf` or `enum`: a commit whose author GitHub does not know, an issue without a reason",
    ),
    Deviation(
        where=r"conclusion$",
        complaint="is not one of",
        reason="`stale` and `startup_failure` of a check run: described for suites only",
    ),
)


@dataclass
class Ledger:
    """What was judged so far, in this process."""

    answers: Counter[str] = field(default_factory=Counter)
    """By `METHOD path status`."""
    requests: Counter[str] = field(default_factory=Counter)
    """Of tagship's own, by `METHOD path`."""
    deviations: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    """Of the running test."""
    violated: Counter[str] = field(default_factory=Counter)
    """Of all tests."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def judge(self, request: Request, response: Response) -> None:
        """Hold one exchange against the description."""
        method = "GET" if request.method == "HEAD" else request.method
        raw = str(request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or request.path)
        path = re.sub(r"^/api/(v3|uploads)(?=/)", "", urlsplit(raw).path)
        if not re.match(r"/(repos|users)/|/rate_limit$", path):
            return  # pages, downloads and GraphQL are no part of the description; teams lack their organisation
        template = _template(method, path)
        with self.lock:
            found = list(self._of_answer(method, template or path, response))
            if request.headers.get("User-Agent", "").startswith("tagship/"):
                self.requests[f"{method} {template or path}"] += 1
                found += _of_request(method, template, request)
            self.violations += [f"{method} {raw} {response.status_code}: {what}" for what in found]
            self.violated.update(found)

    @property
    def counts(self) -> tuple[Counter[str], ...]:
        """What is added up over several processes."""
        return self.answers, self.requests, self.deviations, self.violated

    def _of_answer(self, method: str, template: str, response: Response) -> Iterator[str]:
        status = response.status_code
        data = response.get_data() if status != 304 else b""  # not sent
        self.answers[f"{method} {template} {status}"] += 1
        operation = SPEC["paths"].get(template, {}).get(method.lower(), {"responses": {}})
        described = _followed(operation["responses"].get(str(status)))
        if described is None:
            if not self._allowed(partial(_admits, status, f"{method} {template}")):
                yield "this status is not described"
            schema = ERROR if status not in (304, 502) else None
        else:
            content = described.get("content", {})
            schema = next((v["schema"] for k, v in content.items() if "json" in k and k.count("+") == 0), None)
            if status >= 400 and not content:
                schema = ERROR
            elif data and not content and response.mimetype == "application/json":
                yield "no body is described"
        if data and schema is not None and response.mimetype == "application/json":
            for where, what in _complaints(schema, json.loads(data)):
                if not self._allowed(partial(_tolerates, where, what)):
                    yield f"{where}: {what[:160]}"

    def _allowed(self, fits: Callable[[Deviation], bool]) -> bool:
        found = next((d for d in DEVIATIONS if fits(d)), None)
        if found is not None:
            self.deviations[found.reason] += 1
        return found is not None


def _admits(status: int, route: str, deviation: Deviation) -> bool:
    return status in deviation.statuses and re.fullmatch(deviation.route, route) is not None


def _tolerates(where: str, what: str, deviation: Deviation) -> bool:
    return bool(deviation.complaint) and all(map(re.search, (deviation.complaint, deviation.where), (what, where)))


def _of_request(method: str, template: str | None, request: Request) -> Iterator[str]:
    """What is wrong with a request of ours."""
    if template is None:
        yield "we ask for a path that is not described"
        return
    operation = SPEC["paths"][template][method.lower()]
    given = [_followed(p) for p in (*operation.get("parameters", ()), *SPEC["paths"][template].get("parameters", ()))]
    known = {p["name"]: p["schema"] for p in given if p["in"] == "query"}
    for name, value in request.args.items():
        if name not in known:
            yield f"we send a parameter that is not described: {name}"
        elif isinstance(value, str):
            number = known[name].get("type") == "integer" and value.isdigit()
            yield from (f"our {name}: {what}" for _, what in _complaints(known[name], int(value) if number else value))
    content = operation.get("requestBody", {}).get("content", {})
    if request.mimetype == "application/json" and "application/json" in content:
        schema = content["application/json"]["schema"]
        body = json.loads(request.get_data())
        yield from (f"our body, {where}: {what}" for where, what in _complaints(schema, body))
        yield from (f"our body has {name}, which is not described" for name in set(body) - set(_properties(schema)))
    elif request.get_data() and request.mimetype not in content:
        yield f"we send a body of a type that is not described: {request.mimetype}"


def _properties(schema: dict) -> Iterator[str]:
    schema = _followed(schema) or {}
    yield from schema.get("properties", ())
    for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        yield from _properties(part)


def _followed(node: dict | None) -> dict | None:
    while node is not None and "$ref" in node:
        _, _, kind, name = node["$ref"].split("/")
        node = SPEC["components"][kind][name]
    return node


@cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Fixed paths before those with placeholders; refs, paths of files and branches of rules may have slashes."""
    found = []
    for path in sorted(SPEC["paths"], key=lambda p: (p.endswith("/commits/{ref}"), p.count("{"), -len(p))):
        slashes = {"ref", "basehead", "path", *({"branch"} if "/rules/" in path else ())}
        text = re.escape(path)
        for name in re.findall(r"{(\w+)}", path):
            text = text.replace(re.escape(f"{{{name}}}"), "(.+)" if name in slashes else "([^/]+)")
        found.append((re.compile(text), path))
    return tuple(found)


def _template(method: str, path: str) -> str | None:
    """The path of the description that an address is one of."""
    asked = unquote(path)
    for given in (path, asked):
        for pattern, template in _table():
            if pattern.fullmatch(given) and method.lower() in SPEC["paths"][template]:
                return template
    return None


@cache
def _judge(schema: str) -> OAS30ReadValidator:
    absolute = json.loads(schema.replace('"#/', '"urn:github#/'))
    return OAS30ReadValidator(absolute, registry=REGISTRY, format_checker=oas30_format_checker)


def _complaints(schema: object, body: object) -> Iterator[tuple[str, str]]:
    for error in _judge(json.dumps(schema)).iter_errors(body):
        yield ".".join(map(str, error.absolute_path)), error.message


LEDGER = Ledger()


@pytest.fixture(autouse=True)
def _contract() -> Iterator[None]:
    """Fails a test in which the embedded GitHub, or tagship, left GitHub's description."""
    LEDGER.violations.clear()
    yield
    assert LEDGER.violations == [], "\n".join(sorted(set(LEDGER.violations)))


def pytest_configure() -> None:
    """Let the judge see every exchange."""
    EmbeddedGitHub.witnesses.append(LEDGER.judge)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of a process of pytest-xdist: hand the counts over."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["contract"] = [dict(count) for count in LEDGER.counts]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The counts, and which deviations were needed."""
    if not LEDGER.answers:
        return
    write = terminalreporter.write_line
    terminalreporter.section("GitHub's OpenAPI description")
    pairs = {pair.split(" ", 1)[1] for pair in LEDGER.answers}
    ours = f"{LEDGER.requests.total()} requests of tagship of {len(LEDGER.requests)} kinds"
    write(f"{LEDGER.answers.total()} answers checked, {len(pairs)} (path, status) pairs, and {ours}.")
    write(
        f"{LEDGER.violated.total()} violations. {len(DEVIATIONS)} deviations are allowed; how often they were needed:"
    )
    for reason, count in LEDGER.deviations.most_common():
        write(f"{count:6}  {reason}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Of pytest-xdist: one process has ended; add what it counted."""
    for total, part in zip(LEDGER.counts, getattr(node, "workeroutput", {}).get("contract", ()), strict=False):
        total.update(part)
