"""Rules about one job: what it may do, what it runs beside that, where it runs, and what it hands over."""

import re
from collections.abc import Iterator

from tagship.model import Page, Severity
from tagship.stages import STAGES
from tagship.workflow.audit.lane import Lane, builds, commands, ignores_failure, labels, releases, runs
from tagship.workflow.audit.rule import Hit, Rule
from tagship.workflow.document import Job, Mapping, Step, text

MOST_STEPS = 4
"""Steps of a job that holds an identity: fetch, check, publish, and one to spare."""
LONGEST = 360
"""Minutes: GitHub's own limit where a job has none."""
_INSTALLS = re.compile(
    r"\b(pip\d*|uv|npm|npx|yarn|cargo|conda|apt-get|apt|brew|gem|go)\s+(install|sync|add|ci|run|pip|tool|get|build)\b"
    r"|\b(pipx|uvx|curl|wget|make|tox|nox|poetry|hatch|pdm|python[\d.]*)\b"
)
_HASHES = re.compile(r"\bsha(224|256|384|512)sum\b[^\n]{0,999}(\s-c\b|--check)|\bshasum\b[^\n]{0,999}\s-c\b")
_COUNTS = re.compile(r"\bwc\s+-l\b|\bdiff\b|\bcomm\s|\bcmp\b")
_ID = re.compile(r"^\$\{\{\s*needs\.([\w-]+)\.outputs\.([\w-]+)\s*\}\}$")
_TOKEN = re.compile(r"\bgithub\.token\b|\bsecrets\.GITHUB_TOKEN\b", re.IGNORECASE)
DOWNLOAD = "actions/download-artifact"


def _identity(lane: Lane) -> Iterator[Hit]:
    """Other code in a job that can get a token for the index."""
    for job in lane.document.jobs.values():
        if lane.permission(job, "id-token") != "write" or job.uses:
            continue
        uploading = [upload.step for upload in lane.uploads if upload.job == job]
        found = [(step, _foreign(step)) for step in job.steps if step not in uploading]
        bad = [(step, what) for step, what in found if what]
        if bad:
            title = f"`{job.id}` holds `id-token: write` and runs {', '.join(dict.fromkeys(what for _, what in bad))}"
            apart = not uploading and not job.environment and all(upload.job.environment for upload in lane.uploads)
            why = "A publisher that is bound to the environment of the upload refuses this job, any other does not."
            severity = Severity.WARNING if apart else None
            yield Hit(line=bad[0][0].line, title=title, severity=severity, why=why if apart else "")
        elif len(job.steps) > MOST_STEPS:
            title = f"`{job.id}` holds `id-token: write` and has {len(job.steps)} steps"
            yield Hit(line=job.line, title=title, severity=Severity.NOTE)


def _foreign(step: Step) -> str:
    """What a step runs that does not belong beside an identity; nothing for what does."""
    name = step.action.rpartition("/")[2]
    if step.action and builds(step):
        return step.action
    if name.startswith(("checkout", "setup-", "install-", "cache")) or step.action.startswith(("./", "$/")):
        return step.action
    found = re.search(r"\btagship\b", commands(step)) or _INSTALLS.search(commands(step))
    return f"`{found[0]}`" if found else ""


def _powers(lane: Lane) -> Iterator[Hit]:
    """An identity beside the right to change the repository, or given to every job."""
    root = lane.document.root
    for scope in ("id-token", "contents", "packages", "actions"):
        if lane.granted(root.get("permissions"), scope) == "write":
            key = root.key("permissions")
            title = f"every job without permissions of its own has `{scope}: write`"
            yield Hit(line=key.line if key else 1, title=title, severity=Severity.WARNING)
    for job in lane.trusted:
        if lane.permission(job, "id-token") != "write":
            continue
        also = [scope for scope in ("contents", "packages", "actions") if lane.permission(job, scope) == "write"]
        if also:
            title = f"`{job.id}` holds `id-token: write` and `{also[0]}: write`"
            yield Hit(line=job.line, title=title)
    for job in lane.whole:
        yield from _unused(lane, job)
        yield from _missing(lane, job)
    free = [job for job in lane.whole if not lane.permission(job, "contents") and not job.uses]
    if free:
        title = f"{_names(free)} whatever permissions the repository's settings give"
        yield Hit(line=free[0].line, title=title, severity=Severity.NOTE)


def _unused(lane: Lane, job: Job) -> Iterator[Hit]:
    """Rights to write that nothing in a job uses, as far as all of its steps can be judged."""
    known = all(not step.action or step.action.startswith(("actions/", "pypa/")) for step in job.steps)
    others = [step for step in job.steps if not runs(step, r"\w+")]
    handed = any(_TOKEN.search(found.text) for step in others for found in lane.document.expressions(step.node))
    pushes = any(re.search(r"\bgit\s+push", commands(step)) for step in others)
    if job.uses or not known or handed or pushes or job in lane.releasers:
        return
    own = job.node.get("permissions")
    for scope, level in own.entries if isinstance(own, Mapping) else ():
        if text(level) == "write" and scope.text not in ("id-token", "attestations"):
            title = f"nothing in `{job.id}` uses its `{scope.text}: write`"
            yield Hit(line=scope.line, title=title, severity=Severity.WARNING)


def _missing(lane: Lane, job: Job) -> Iterator[Hit]:
    """Rights without which a job fails on the day of the release."""
    for upload in lane.uploads:
        official = upload.step.action == "pypa/gh-action-pypi-publish"
        if upload.job == job and official and not lane.tokens(upload) and lane.permission(job, "id-token") != "write":
            yield Hit(line=job.line, title=f"`{job.id}` has neither an identity nor a token to upload with")
    for step in job.steps:
        for stage in (stage for stage in STAGES if runs(step, stage.name)):
            asks = step.env.get("TAGSHIP_NEEDS") is None  # otherwise GitHub's answer is there already
            for scope, level in (permission.split(": ") for permission in stage.permissions if asks):
                if lane.permission(job, scope) == "none" or (level, lane.permission(job, scope)) == ("write", "read"):
                    title = f"`{job.id}` lacks `{scope}: {level}` for `tagship {stage.name}`"
                    yield Hit(line=job.line, title=title, severity=Severity.WARNING)


def _names(jobs: list[Job]) -> str:
    """The jobs of a finding, as the beginning of its sentence."""
    listed = ", ".join(f"`{job.id}`" for job in jobs[:3])
    more = f" and {len(jobs) - 3} more" if len(jobs) > 3 else ""
    return f"{listed}{more} {'has' if len(jobs) == 1 else 'have'}"


def _unchecked(lane: Lane) -> Iterator[Hit]:
    """Files from another job that are published without comparing digests and names."""
    places = [(upload.job, upload.step) for upload in lane.uploads]
    places += [(job, step) for job in lane.releasers for step in job.steps if _attaches(step)]
    for job, step in places:
        fetched = [other for other in job.steps[: step.number] if other.action == DOWNLOAD]
        if not fetched:
            continue
        between = [s for s in job.steps[fetched[-1].number + 1 : step.number] if not s.condition]
        checks = [other for other in between if _HASHES.search(commands(other)) and not ignores_failure(other)]
        if not checks:
            title = f"`{job.id}` publishes files from another job without checking their digests"
            yield Hit(line=step.line, title=title)
        elif not any(_COUNTS.search(commands(other)) for other in checks):
            title = f"`{job.id}` checks digests and would publish a file that was added"
            yield Hit(line=checks[-1].line, title=title)


def _attaches(step: Step) -> bool:
    """Whether a step puts files into a GitHub release; our own command compares them itself."""
    if not releases(step) or runs(step, "github-release"):
        return False
    words = commands(step)
    return bool(step.inputs.get("files") or step.inputs.get("artifacts") or re.search(r"dist|\*", words))


def _by_name(lane: Lane) -> Iterator[Hit]:
    """Artifacts that are taken by their name, which another job can reuse, or by an id that says nothing."""
    for job in dict.fromkeys((*lane.uploaders, *lane.releasers)):
        for step in job.steps:
            if step.action != DOWNLOAD:
                continue
            ids = step.inputs.get("artifact-ids")
            if ids is None:
                what = next((f"by their {key}" for key in ("name", "pattern") if step.inputs.get(key)), "all there are")
                yield Hit(line=step.line, title=f"`{job.id}` takes artifacts {what}")
            elif not text(ids).strip():
                yield Hit(
                    line=ids.line,
                    title=f"`artifact-ids` is empty: `{job.id}` takes all there are",
                    severity=Severity.ERROR,
                )
            elif (found := _ID.match(text(ids))) and not _is_id(lane, found[1], found[2]):
                title = f"`{found[2]}` of `{found[1]}` is no id of an artifact: `{job.id}` takes all there are"
                yield Hit(line=ids.line, title=title, severity=Severity.ERROR)


def _is_id(lane: Lane, job_id: str, output: str) -> bool:
    """Whether the output of a job is what a step that uploads an artifact says."""
    job = lane.document.jobs.get(job_id)
    value = text(job.node.get("outputs", output)) if job else ""
    if job is not None and job.uses:
        return True
    found = re.fullmatch(r"\$\{\{\s*steps\.([\w-]+)\.outputs\.([\w-]+)\s*\}\}", value)
    if job is None or found is None:
        return False
    step = next((step for step in job.steps if step.id == found[1]), None)
    official = step is not None and step.action == "actions/upload-artifact"
    return step is not None and (not official or found[2] == "artifact-id")


def _endless(lane: Lane) -> Iterator[Hit]:
    """Jobs without a time limit of their own."""
    limits = [(job, job.node.get("timeout-minutes")) for job in lane.whole if not job.uses]
    free = [job for job, limit in limits if limit is None]
    if free:
        yield Hit(line=free[0].line, title=f"{_names(free)} no time limit")
    for job, limit in limits:
        if limit is not None and text(limit).isdigit() and int(text(limit)) > LONGEST:
            yield Hit(line=limit.line, title=f"`{job.id}` may take {text(limit)} minutes")


def _own_machines(lane: Lane) -> Iterator[Hit]:
    """Trusted jobs on machines that keep what earlier jobs left."""
    for job in lane.trusted:
        bad = [label for label in labels(job) if label == "self-hosted" or label.startswith("group: ")]
        if bad:
            line = (job.node.get("runs-on") or job.node).line
            yield Hit(line=line, title=f"`{job.id}` runs on `{bad[0]}`")


def _free_secrets(lane: Lane) -> Iterator[Hit]:
    """Secrets that any workflow on any branch can read."""
    for line, name in lane.secrets(lane.document.root.get("env")):
        yield Hit(line=line, title=f"every job gets the secret `{name}`")
    for job in lane.trusted:
        if text(job.node.get("secrets")) == "inherit":
            yield Hit(line=job.line, title=f"`{job.id}` hands all secrets on", severity=Severity.WARNING)
        for line, name in lane.secrets(job.node) if not job.environment else ():
            title = f"`{job.id}` uses the secret `{name}` without an environment"
            uploading = any(upload.job == job for upload in lane.uploads)
            yield Hit(line=line, title=title, severity=None if uploading else Severity.WARNING)


def _unproven(lane: Lane) -> Iterator[Hit]:
    """Attestations that are switched off for PyPI, or made for TestPyPI."""
    for upload in lane.uploads:
        if upload.step.action != "pypa/gh-action-pypi-publish" or lane.tokens(upload):
            continue
        given = upload.step.inputs.get("attestations")
        if upload.index == "pypi" and text(given) == "false":
            yield Hit(line=(given or upload.step.node).line, title="files go to PyPI without attestations")
        elif upload.index == "testpypi" and text(given) != "false":
            title = "attestations are made for TestPyPI"
            yield Hit(line=(given or upload.step.node).line, title=title, severity=Severity.NOTE)


JOBS: tuple[Rule, ...] = (
    Rule(
        find=_identity,
        page=Page(
            code="TS07",
            title="Other code runs beside the right to publish",
            why="Whatever runs in a job with `id-token: write` can get a token for the index: an action, a build "
            "backend, a dependency.",
            remedy="Leave three steps in it: download the artifact, compare digests, publish. Build in another job.",
            source="PyPI, Security model and considerations of trusted publishing",
            incident="litellm and telnyx, March 2026: the Trivy action that ran beside the credentials was taken over.",
        ),
    ),
    Rule(
        find=_powers,
        page=Page(
            code="TS08",
            title="The rights of a job do not fit its task",
            why="One compromised step would both publish and change the repository, its releases or its packages.",
            remedy="Set `permissions: {}` at the top, give each job what it needs, and split jobs that need both.",
            source="GitHub documentation, Secure use reference",
            incident="urllib3 has `contents: write` beside the identity; attrs gives the identity to the build.",
        ),
    ),
    Rule(
        find=_unchecked,
        page=Page(
            code="TS09",
            title="Files are handed over unchecked",
            why="Another step of the run can replace or add a file between the build and the upload; `sha256sum "
            "--check` alone does not notice a file that was added.",
            remedy="Pass the digests on as an output of the job that builds; check them, and that there are no other "
            "files, right before the upload.",
            severity=Severity.NOTE,
            incident="Measured: with an extra wheel beside the listed files, `sha256sum --check` ends with 0.",
        ),
    ),
    Rule(
        find=_by_name,
        page=Page(
            code="TS11",
            title="Artifacts are not taken by their id",
            why="A name or a pattern also fits what another job of the run uploads under it.",
            remedy="Make `artifact-id` of the upload an output of its job, and give it to `artifact-ids`.",
            severity=Severity.NOTE,
            source="actions/download-artifact, README: an empty `artifact-ids` downloads every artifact",
            incident="attrs, urllib3, requests and click take them by id.",
        ),
    ),
    Rule(
        find=_endless,
        page=Page(
            code="TS14",
            title="A job has no time limit",
            why="A step that hangs holds the release, and the runner, for GitHub's own limit of six hours.",
            remedy="Set `timeout-minutes`; 15 are enough for an upload, since the token lives no longer.",
            severity=Severity.NOTE,
            source="GitHub documentation, Workflow syntax, jobs.<job_id>.timeout-minutes",
        ),
    ),
    Rule(
        find=_unproven,
        page=Page(
            code="TS17",
            title="Attestations are on the wrong side",
            why="Without one, nobody can tell an upload of this workflow from one by a stolen token; one made for a "
            "file on TestPyPI can be replayed for the same file elsewhere.",
            remedy="Leave `attestations` on for PyPI, set it to `false` for TestPyPI.",
            severity=Severity.WARNING,
            source="PEP 740; pypa/gh-action-pypi-publish, input `attestations`",
            incident="pyca/cryptography switches them off for TestPyPI, and says why.",
        ),
    ),
    Rule(
        find=_own_machines,
        page=Page(
            code="TS22",
            title="A trusted job runs on a machine of its own",
            why="A runner that is not thrown away keeps what the job before it left behind.",
            remedy="Use a GitHub-hosted runner: `runs-on: ubuntu-24.04`.",
            source="GitHub documentation, Secure use reference, hardening for self-hosted runners",
        ),
    ),
    Rule(
        find=_free_secrets,
        page=Page(
            code="TS23",
            title="A secret is not kept in an environment",
            why="A secret of the repository can be read by every workflow of every branch that somebody can push.",
            remedy="Publish without a secret (trusted publishing), or move it into the job's environment.",
            source="GitHub documentation, Using secrets in GitHub Actions",
            incident="simonw/sqlite-utils uploads with a token of the whole repository.",
        ),
    ),
)
