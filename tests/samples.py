"""Rehearsals as they come out of real runs, made up in full: one ready, one refused, one undecided."""

from collections.abc import Iterator

import msgspec

from tagship.model import Dist, Entry, Event, Fact, Finding, Manifest, Plan, Severity, Status, Target
from tagship.rehearsal.result import Assumption, Exchange, Rehearsal
from tagship.services.reporter import (
    Doing,
    FactSeen,
    FindingMade,
    Happening,
    Said,
    StageEnded,
    StageStarted,
)

STAGES = ("plan", "gate", "build", "test", "check", "publish", "verify", "github-release", "summary")
START = 1_795_176_000.0
"""2026-11-20 12:00 UTC."""
SHA = "4f1c0d9be2a7365518c0a7f2d3b94e6a8c5d7e10"


def fact(name: str, title: str, status: Status = Status.OK, detail: str = "", how: str = "") -> Fact:
    """A fact, without the keywords."""
    return Fact(id=name, title=title, status=status, detail=detail, how=how)


def entry(stage: str, at: float, seconds: float, *said: str, **more: object) -> Entry:
    """A log entry; `more` are further fields."""
    base = {"stage": stage, "outcome": "done", "started": START + at, "seconds": seconds, "said": said}
    return msgspec.convert({**base, **more}, Entry)


PLAN = Plan(
    event=Event(
        name="push",
        repository="octo-org/wheelhouse",
        ref="refs/tags/v1.4.0",
        sha=SHA,
        default_branch="main",
        run_id="8123456789",
    ),
    project="Wheelhouse",
    package=".",
    version="1.4.0",
    tag="v1.4.0",
    target=Target.PYPI,
    reason="the tag v1.4.0 was pushed",
    prerelease=False,
    epoch=1_795_170_000,
)
DISTS = (
    Dist(filename="wheelhouse-1.4.0-py3-none-any.whl", kind="wheel", size=48_213, sha256="9f86d081884c7d65" * 4),
    Dist(filename="wheelhouse-1.4.0.tar.gz", kind="sdist", size=61_907, sha256="60303ae22b998861" * 4),
)
RELEASE = "https://github.com/octo-org/wheelhouse/releases/tag/v1.4.0"
PAGE = "https://pypi.org/project/wheelhouse/1.4.0/"

PLANNED = entry(
    "plan",
    0.1,
    0.08,
    "Releases Wheelhouse 1.4.0 to PyPI: the tag v1.4.0 was pushed",
    facts=(
        fact("plan.tag", "the tag names a version", detail="v1.4.0"),
        fact("plan.branch", "the tag's commit is on a release branch", detail="main"),
        fact("plan.free", "the version is not on PyPI", how="GET /simple/wheelhouse/"),
    ),
)
GATED = entry(
    "gate",
    0.2,
    3.1,
    "The required CI of 4f1c0d9 succeeded: Test Suite, lint",
    facts=(
        fact("gate.check.test-suite", "the check Test Suite succeeded"),
        fact("gate.check.lint", "the check lint succeeded"),
    ),
)
BUILT = entry(
    "build",
    0.2,
    2.41,
    "Built the sdist with hatchling 1.27.0, and the wheel from the sdist",
    "A second build gave the same bytes",
    facts=(
        fact("build.version", "the built metadata says 1.4.0"),
        fact("build.same", "the build is reproducible"),
    ),
)
TESTED = entry(
    "test",
    2.62,
    4.9,
    "132 tests passed against the installed wheel in 4.2 s",
    facts=(fact("test.passed", "the tests pass against the installed wheel", detail="132 passed"),),
)
CHECKED = entry(
    "check",
    7.53,
    1.2,
    "Installed the wheel and the sdist into clean environments; 1 module and 1 console script work",
    facts=(
        fact("check.rules", "PyPI's rules for an upload hold", detail="58 rules, 2 files"),
        fact("check.readme", "the README renders"),
        fact("check.install.wheel", "the wheel installs"),
        fact("check.install.sdist", "the sdist installs"),
        fact("check.script.wheelhouse", "`wheelhouse --help` runs"),
    ),
    findings=(
        Finding(
            code="TC31",
            title="The wheel contains a test package",
            where="wheelhouse-1.4.0-py3-none-any.whl: tests/__init__.py",
            why="Every environment that installs it gets a top-level module `tests`.",
            remedy='Leave `tests` out of the wheel: `[tool.hatch.build.targets.wheel] packages = ["src/wheelhouse"]`',
            severity=Severity.WARNING,
        ),
    ),
)
PUBLISHED = entry(
    "publish",
    8.74,
    0.62,
    "Uploaded wheelhouse-1.4.0-py3-none-any.whl and wheelhouse-1.4.0.tar.gz",
    facts=(fact("publish.same", "the index has our bytes"),),
    links=(("PyPI", PAGE),),
)
VERIFIED = entry(
    "verify",
    9.37,
    1.9,
    "Installed 1.4.0 from PyPI into a clean environment",
    facts=(
        fact("verify.visible", "the index serves our files"),
        fact("verify.install", "the release installs from the index"),
    ),
)
RELEASED = entry(
    "github-release", 11.3, 0.31, "Published the release v1.4.0 with 3 assets", links=(("Release", RELEASE),)
)
SUMMED = entry("summary", 11.63, 0.01, "Wrote the job summary")


def exchange(at: float, service: str, method: str, url: str, *, status: int = 200, reason: str = "OK") -> Exchange:
    """A request and its answer."""
    clients = {"index": "twine/7.0.0", "github": "tagship/0.1.0", "dependencies": "uv/0.13.2"}
    return Exchange(
        at=at,
        seconds=0.012,
        service=service,
        method=method,
        url=url,
        status=status,
        reason=reason,
        client=clients.get(service, "python-urllib3/2.5.0"),
    )


ENVIRONMENT = (
    ("Python", "3.11.9, /usr/bin/python3.11"),
    ("uv", "0.13.2"),
    ("git", "2.39.5"),
    ("Platform", "Linux 6.1 x86_64, glibc 2.36"),
)
ASSUMED = (
    Assumption(name="CI of the commit", value="Test Suite and lint succeeded", change="--ci 'Test Suite=failure'"),
    Assumption(
        name="Trusted publisher",
        value="octo-org/wheelhouse, publish.yml, environment pypi",
        change="--world FILE: index.publishers",
    ),
    Assumption(name="PyPI", value="has no version 1.4.0 of wheelhouse", change="--world FILE: index.releases"),
)
ENFORCED = (
    fact("isolation.network", "the network is cut off", how="network namespace"),
    fact("isolation.files", "files outside of the workspace are read-only", how="Landlock, ABI 3"),
    fact(
        "isolation.credentials",
        "no credential reaches a child process",
        how="environment built from a list of allowed names",
    ),
)

READY = Rehearsal(
    tagship="0.1.0",
    repository="~/src/wheelhouse",
    scenario="push of the tag v1.4.0",
    verdict="ready",
    headline="Pushing v1.4.0 now would release Wheelhouse 1.4.0 on PyPI.",
    exit_code=0,
    manifest=Manifest(
        plan=PLAN,
        dists=DISTS,
        log=(PLANNED, GATED, BUILT, TESTED, CHECKED, PUBLISHED, VERIFIED, RELEASED, SUMMED),
    ),
    stages=STAGES,
    assumptions=ASSUMED,
    not_rehearsed=("Attestations: none that verifies can be made offline",),
    enforced=ENFORCED,
    exchanges=(
        exchange(0.11, "index", "GET", "https://pypi.org/simple/wheelhouse/", status=404, reason="Not Found"),
        exchange(0.31, "github", "GET", f"https://api.github.com/repos/octo-org/wheelhouse/commits/{SHA}/check-runs"),
        exchange(0.52, "dependencies", "GET", "https://pypi.org/simple/hatchling/"),
        exchange(
            0.58, "dependencies", "GET", "https://files.pythonhosted.org/packages/hatchling-1.27.0-py3-none-any.whl"
        ),
        exchange(8.81, "index", "POST", "https://upload.pypi.org/legacy/"),
        exchange(9.02, "index", "POST", "https://upload.pypi.org/legacy/"),
        exchange(9.4, "index", "GET", "https://pypi.org/simple/wheelhouse/"),
        exchange(
            11.31,
            "github",
            "POST",
            "https://api.github.com/repos/octo-org/wheelhouse/releases",
            status=201,
            reason="Created",
        ),
    ),
    environment=ENVIRONMENT,
    started=START,
    seconds=11.7,
)

BROKEN_CHECK = msgspec.structs.replace(
    CHECKED,
    outcome="failed",
    said=(),
    facts=(
        fact(
            "check.rules",
            "PyPI's rules for an upload hold",
            Status.PROBLEM,
            "1 of 58 rules is broken",
            "wheelhouse-1.4.0.tar.gz",
        ),
        fact("check.readme", "the README renders", Status.PROBLEM, 'line 12: Unknown directive type "contents-list"'),
        fact("check.install.wheel", "the wheel installs"),
        fact("check.install.sdist", "the sdist installs"),
    ),
    findings=(
        Finding(
            code="TC12",
            title="The long description does not render",
            where="README.rst:12:1",
            why="PyPI answers 400 `The description failed to render for 'text/x-rst'.` and takes neither file.\n"
            'README.rst, line 12: Unknown directive type "contents-list".',
            remedy="Remove the directive or write the README in Markdown, then run `tagship rehearse` again.",
            severity=Severity.ERROR,
            url="https://packaging.python.org/specifications/core-metadata/#description",
            facts=("check.rules", "check.readme"),
        ),
        Finding(
            code="TC04",
            title="`Framework :: Wheel` is not a classifier",
            where="pyproject.toml:21",
            why="PyPI answers 400 `'Framework :: Wheel' is not a valid classifier.`",
            remedy="Use one of the list at https://pypi.org/classifiers/, or `Private :: Wheel` for your own.",
            severity=Severity.ERROR,
        ),
        CHECKED.findings[0],
    ),
)
REFUSED = msgspec.structs.replace(
    READY,
    verdict="refused",
    headline="Pushing v1.4.0 now would release nothing: PyPI would refuse both files.",
    exit_code=8,
    manifest=Manifest(plan=PLAN, dists=DISTS, log=(PLANNED, GATED, BUILT, TESTED, BROKEN_CHECK)),
    exchanges=(
        *READY.exchanges[:4],
        exchange(5.1, "refused", "CONNECT", "https://telemetry.example.com:443", status=403, reason="Forbidden"),
    ),
    enforced=(
        fact(
            "isolation.network", "the network is cut off", Status.UNKNOWN, "user namespaces are switched off", "unshare"
        ),
        *ENFORCED[1:],
    ),
    seconds=8.8,
)

OFFLINE_TEST = msgspec.structs.replace(
    TESTED,
    said=("131 tests passed, 1 needs the network",),
    facts=(
        fact(
            "test.passed",
            "the tests pass against the installed wheel",
            Status.UNKNOWN,
            "1 test needs the network: tests/test_mirror.py::test_live",
            "pytest, exit code 1; refused: mirror.example.com:443",
        ),
    ),
)
UNDECIDED = msgspec.structs.replace(
    READY,
    verdict="undecided",
    headline="Nothing failed, but one test needs the network, so nobody can say whether v1.4.0 works.",
    exit_code=1,
    manifest=msgspec.structs.replace(
        READY.manifest,
        log=tuple(OFFLINE_TEST if e is TESTED else e for e in READY.manifest.log),
    ),
)


def events(rehearsal: Rehearsal, *, side_by_side: bool = True) -> Iterator[Happening]:
    """The events of a rehearsal; with `side_by_side` the gate ends after the build, and they mix."""
    log = list(rehearsal.manifest.log)
    if not side_by_side:
        for one in log:
            yield from (*_beginning(one), *_rest(one))
        return
    plan, gate, build, *others = log
    yield from (*_beginning(plan), *_rest(plan), *_beginning(gate), *_beginning(build), *_rest(build), *_rest(gate))
    for one in others:
        yield from (*_beginning(one), *_rest(one))


def _beginning(one: Entry) -> Iterator[Happening]:
    yield StageStarted(stage=one.stage, at=one.started)
    yield Doing(stage=one.stage, text=f"starting to {one.stage}")
    yield Doing(stage=one.stage, text=f"starting to {one.stage}")


def _rest(one: Entry) -> Iterator[Happening]:
    yield from (Said(stage=one.stage, text=text) for text in one.said)
    yield from (FactSeen(stage=one.stage, fact=fact) for fact in one.facts)
    yield from (FindingMade(stage=one.stage, finding=finding) for finding in one.findings)
    yield StageEnded(entry=one)
