"""Rules about what a step runs: where packages come from, how they are pinned, what an upload overlooks."""

import re
from collections.abc import Iterator

from tagship.model import Page, Severity
from tagship.workflow.audit.lane import Lane, commands
from tagship.workflow.audit.payloads import exists
from tagship.workflow.audit.rule import Hit, Rule
from tagship.workflow.document import Expression, Job, Mapping, Node, Scalar, Step, text, walk
from tagship.workflow.pins import BY_ACTION, Pin

_TWO_INDEXES = re.compile(r"--extra-index-url|\bunsafe-(best|first)-match\b|--index[= ]\S+[^\n]{0,999}--default-index")
_TWO_INDEXES_ENV = re.compile(r"^(PIP_EXTRA_INDEX_URL|UV_EXTRA_INDEX_URL)$")
_SKIPS = re.compile(r"--skip-existing\b")
_PIPED = re.compile(
    r"\b(curl|wget|iwr|irm)\b[^\n;&]{0,999}\|\s*(sudo\s+)?(-\S+\s+)*(env\s+\S+\s+)*(ba|da|z|k)?sh\b|\b(ba)?sh\s+(-c\s+)?[\"']?[<$]\((curl|wget)"
    r"|\b(curl|wget)\b[^\n;&]{0,999}\|\s*(sudo\s+)?python\S*|\b(irm|iwr)\b[^\n]{0,999}\|\s*iex\b"
)
_INSTALL = re.compile(
    r"(?<![\w-])(?:uv\s+)?pip\d*\s+(?:-\S+\s+)*(?:install|wheel|download)\b(?P<pip>[^\n;&|]*)"
    r"|\b(?P<tool>uvx|pipx\s+(?:run|install)|uv\s+tool\s+(?:run|install))\b(?P<rest>[^\n;&|]*)"
)
_LOCAL = re.compile(r"^(\.|/|~|\$|\{|dist|\*|file:|[^\s]*\.(whl|tar\.gz)\b)")
_SHA = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v?\d+(\.\d+)*\S*")
_NEEDS = re.compile(r"\bneeds\.([\w-]+)(?:\.(\w+)(?:\.([\w-]+))?)?")
_STEPS = re.compile(r"\bsteps\.([\w-]+)")
_INPUTS = re.compile(r"(?<![\w.])inputs\.([\w-]+)")
_EVENT = re.compile(r"(?<![\w.])github\.event((?:\.[\w-]+)+)")


def _mixed(lane: Lane) -> Iterator[Hit]:
    """Packages from two indexes at once."""
    for job in lane.document.jobs.values():
        for step in job.steps:
            found = _TWO_INDEXES.search(commands(step))
            if found:
                yield Hit(line=step.line, title=f"`{job.id}` installs with `{found[0].split()[0]}`")
        for env in (job.env, *(step.env for step in job.steps)):
            yield from _mixed_env(env, job.id)
    yield from _mixed_env(lane.document.root.get("env"), "every job")


def _mixed_env(env: Node | None, who: str) -> Iterator[Hit]:
    for key, value in env.entries if isinstance(env, Mapping) else ():
        if _TWO_INDEXES_ENV.match(key.text) or (key.text == "UV_INDEX_STRATEGY" and text(value).startswith("unsafe")):
            yield Hit(line=key.line, title=f"{who if ' ' in who else f'`{who}`'} installs with `{key.text}`")


def _skipping(lane: Lane) -> Iterator[Hit]:
    """Uploads to PyPI that leave out what is there already."""
    for upload in lane.uploads:
        if upload.index not in ("pypi", "unknown"):
            continue
        given = upload.step.inputs.get("skip-existing") or upload.step.inputs.get("skip_existing")
        words = text(given)
        if (given is not None and words != "false") or _SKIPS.search(commands(upload.step)):
            unsure = Severity.WARNING if "${{" in words or upload.index == "unknown" else None
            line = given.line if given else upload.step.line
            yield Hit(line=line, title=f"`{upload.job.id}` skips files that PyPI has", severity=unsure)


def _unlocked(lane: Lane) -> Iterator[Hit]:
    """Code from the network that nothing pins, in the jobs that make or publish the files."""
    for job in lane.document.jobs.values():
        trusted = job in lane.trusted
        for step in job.steps:
            words = commands(step)
            if _PIPED.search(words):
                title = f"`{job.id}` runs a script straight from the network"
                yield Hit(line=step.line, title=title, severity=None if trusted else Severity.NOTE)
            if trusted and not _hashed(lane, job, step):
                yield from _installs(job, step, words)


def _hashed(lane: Lane, job: Job, step: Step) -> bool:
    envs = (lane.document.root.get("env"), job.env, step.env)
    return any(isinstance(env, Mapping) and text(env.get("PIP_REQUIRE_HASHES")) in ("1", "true") for env in envs)


def _installs(job: Job, step: Step, words: str) -> Iterator[Hit]:
    """The installations of a step without digests, as one finding; milder where versions or a list are given."""
    found: dict[str, bool] = {}
    for match in _INSTALL.finditer(words):
        rest = (match["pip"] or match["rest"] or "").strip()
        names = [word.strip("'\"") for word in rest.split() if not word.startswith("-")]
        if "--require-hashes" in rest or not names or all(_LOCAL.match(name) for name in names):
            continue
        listed = bool(re.search(r"(?:^|\s)(-r|--requirements?)[ =]", rest))
        exact = all("==" in name or "@" in name for name in names if not _LOCAL.match(name))
        found[" ".join(match[0].split())[:60]] = listed or exact
    if found:
        title = f"`{job.id}` installs without digests: {', '.join(f'`{command}`' for command in found)}"
        yield Hit(line=step.line, title=title, severity=Severity.NOTE if all(found.values()) else None)


def _unpinned(lane: Lane) -> Iterator[Hit]:
    """Actions by a name that can be moved, and commits that are not the version they say."""
    for job in lane.document.jobs.values():
        used = [(job.line, uses) for uses in (job.node.get("uses"),) if isinstance(uses, Scalar)]
        used += [(step.line, step.uses) for step in job.steps if step.uses is not None]
        moving = [(line, uses.text) for line, uses in used if _can_move(uses.text)]
        if moving and job in lane.trusted:
            more = f" and {len(moving) - 3} more" if len(moving) > 3 else ""
            title = f"`{job.id}` runs what can be moved: {', '.join(name for _, name in moving[:3])}{more}"
            yield Hit(line=moving[0][0], title=title)
        for _, uses in used:
            name, _, ref = uses.text.partition("@")
            pin = BY_ACTION.get("/".join(name.split("/")[:2]))
            said = lane.document.comment(uses)
            named = _SHA.fullmatch(ref) and _VERSION.fullmatch(said)
            if pin is not None and named and not _agree(pin, ref, said):
                why = f"{pin.version} is {pin.sha}."
                title = f"{name}@{ref[:12]} is not {said}"
                yield Hit(line=uses.line, title=title, why=why, severity=Severity.ERROR)


def _agree(pin: Pin, sha: str, said: str) -> bool:
    """Whether a commit and the version behind it can both be right; `v8` is a good name for v8.0.1, and for others."""
    version, short = pin.version.removeprefix("v"), said.removeprefix("v")
    return f"{version}.".startswith(f"{short}.") if sha == pin.sha else short != version


def _can_move(uses: str) -> bool:
    """Whether what is used can change without a change of the workflow; files of the same commit cannot."""
    if uses.startswith("docker://"):
        return "@sha256:" not in uses
    return not uses.startswith(("./", "$/")) and not _SHA.fullmatch(uses.partition("@")[2])


def _dangling(lane: Lane) -> Iterator[Hit]:
    """Expressions about jobs, outputs, steps, inputs or parts of the event that do not exist: they are empty."""
    document = lane.document
    for job in document.jobs.values():
        for expression in _all_expressions(lane, job):
            for name, part, output in _NEEDS.findall(expression.text):
                other = document.jobs.get(name)
                if name not in job.needs:
                    yield _empty(expression, f"`{job.id}` does not need `{name}`")
                elif (
                    part == "outputs" and output and other and not other.uses and not other.node.get("outputs", output)
                ):
                    yield _empty(expression, f"`{name}` has no output `{output}`")
            for name in _STEPS.findall(expression.text):
                if name not in {step.id for step in job.steps}:
                    yield _empty(expression, f"`{job.id}` has no step `{name}`")
            yield from _from_outside(lane, expression)


def _from_outside(lane: Lane, expression: Expression) -> Iterator[Hit]:
    """Inputs and parts of the event that no trigger of the workflow gives."""
    triggers = lane.document.triggers
    given = {
        name
        for event in ("workflow_dispatch", "workflow_call")
        if event in triggers and isinstance(inputs := triggers[event].filters.get("inputs"), Mapping)
        for name in inputs.names()
    }
    for name in _INPUTS.findall(expression.text):
        if name not in given:
            yield _empty(expression, f"there is no input `{name}`")
    for path in _EVENT.findall(expression.text):
        if path.startswith(".inputs.") and path.split(".")[2] in given:
            continue
        if path.startswith(".inputs.") or not any(exists(event, path) for event in triggers):
            yield _empty(expression, f"no event that starts it has `github.event{path}`")


def _all_expressions(lane: Lane, job: Job) -> Iterator[Expression]:
    """The expressions of a job, with the conditions that are written without `${{ }}`."""
    yield from lane.document.expressions(job.node)
    for node in (job.node, *(step.node for step in job.steps)):
        condition = node.get("if")
        for scalar in walk(condition):
            if "${{" not in scalar.text:
                yield Expression(text=scalar.text, line=scalar.line, column=scalar.column)


def _empty(expression: Expression, title: str) -> Hit:
    return Hit(line=expression.line, title=title)


COMMANDS: tuple[Rule, ...] = (
    Rule(
        find=_mixed,
        page=Page(
            code="TS12",
            title="Packages come from two indexes at once",
            why="The higher version wins, wherever it is: whoever registers a dependency's name on the other index "
            "runs their code here.",
            remedy="Fetch the one file from the index under test by its address, and everything else from PyPI: "
            "`tagship verify`.",
            severity=Severity.WARNING,
            source="pip documentation, --extra-index-url; CVE-2018-20225",
            incident="PyTorch, December 2022: `torchtriton` was taken from PyPI instead of PyTorch's own index.",
        ),
    ),
    Rule(
        find=_skipping,
        page=Page(
            code="TS13",
            title="Files that PyPI has already are skipped",
            why="Other bytes under the same name count as success. It is never needed: PyPI accepts the same bytes "
            "again.",
            remedy="Remove it, and build once, so that a second run uploads the same bytes.",
            source="pypi/warehouse, warehouse/forklift/legacy.py, _is_duplicate_file",
            incident="clawmetry#1746: three releases raced, two were skipped without a word, all runs were green.",
        ),
    ),
    Rule(
        find=_unlocked,
        page=Page(
            code="TS15",
            title="Code from the network is not pinned",
            why="A release of that tool, or of anything it depends on, runs with the next release of yours.",
            remedy="Install from a lock with digests: `pip install --require-hashes --only-binary :all: -r LOCK`.",
            severity=Severity.WARNING,
            source="pip documentation, Secure installs",
            incident="hynek/build-and-inspect-python-package 3.0.1 pipes an installer from the network into a shell.",
        ),
    ),
    Rule(
        find=_unpinned,
        page=Page(
            code="TS21",
            title="An action is not pinned to the commit it says",
            why="Tags and branches can be moved to other code, which then runs where the files are made or published.",
            remedy="Name the commit, and the version in a comment behind it: Dependabot keeps both.",
            severity=Severity.WARNING,
            source="GitHub documentation, Secure use reference, using third-party actions",
            incident="CVE-2025-30066: every tag of tj-actions/changed-files was moved to code that printed secrets.",
        ),
    ),
    Rule(
        find=_dangling,
        page=Page(
            code="TS24",
            title="An expression says nothing",
            why="GitHub replaces what does not exist by nothing, without a word: a condition is false, an input empty.",
            remedy="Correct the name, or add what it names: the need, the output, the step's id, the input.",
            source="GitHub documentation, Contexts reference",
            incident="pallets/flask and pallets/click: `github.event.push.ref`.",
        ),
    ),
)
