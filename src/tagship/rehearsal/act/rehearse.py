"""One rehearsal of the repository's own workflow: like `run.rehearse`, with act in place of the stages."""

import msgspec

from tagship.errors import ERRORS, UNDECIDED, ChecksFailed
from tagship.rehearsal import fit
from tagship.rehearsal.act.perform import Performed, Stage, chosen, perform
from tagship.rehearsal.pipeline import Finished
from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Rehearsal
from tagship.rehearsal.run import Backstage, Outside, Scene, place_of, result_of, set_up
from tagship.rehearsal.verdict import Verdict
from tagship.rehearsal.world import Embedded, servers
from tagship.services.addresses import PYPI, TESTPYPI
from tagship.services.reporter import Reporter
from tagship.words import many


def rehearse(request: Request, outside: Outside, behind: Backstage, reporter: Reporter) -> Rehearsal:
    """Run the repository's own workflow in the embedded world.

    Raises:
        TagshipError: the rehearsal could not begin; other errors are part of the result.
    """
    started = outside.clock.now()
    with servers(place_of(outside, behind), behind.keeper) as embedded:
        scene = set_up(request, outside, embedded, reporter)
        made = act_on(request, scene, embedded, reporter)
        return msgspec.structs.replace(
            made,
            repository=str(outside.path),
            enforced=behind.enforced,
            started=started,
            seconds=round(outside.clock.now() - started, 3),
        )


def act_on(request: Request, scene: Scene, embedded: Embedded, reporter: Reporter) -> Rehearsal:
    """Run the workflow once in a world that is set up; a second call is a second run.

    Raises:
        TagshipError: it could not begin.
    """
    file = chosen(scene.project, embedded.place.folder / "runner", request.workflow or "")
    before = _uploaded(embedded, scene)
    performed = perform(_stage(request, scene, embedded), file, reporter)
    finished = Finished(manifest=performed.manifest, error=performed.error)
    made = result_of(request, scene, finished, embedded)
    new = [name for name in _uploaded(embedded, scene) if name not in before]
    word, headline, code = _verdict(scene, performed, new, made)
    released = " and publishing of its release" if performed.by == "release" else ""
    return msgspec.structs.replace(
        made,
        scenario=f"{made.scenario}{released}, {file.name} in act",
        verdict=word,
        headline=headline,
        exit_code=code,
        stages=tuple(entry.stage for entry in made.entries),
        jobs=performed.jobs,
        not_rehearsed=tuple(dict.fromkeys((*performed.not_rehearsed, *made.not_rehearsed))),
    )


def _stage(request: Request, scene: Scene, embedded: Embedded) -> Stage:
    inputs = request.inputs
    dispatched = {"dry_run": str(inputs.dry_run).lower(), "target_env": inputs.target_env}
    if inputs.override_reason:
        dispatched["override_reason"] = inputs.override_reason
    return Stage(
        embedded=embedded,
        project=scene.project,
        event=scene.pushed.event,
        inputs=dispatched if request.kind == "dispatch" else {},
        secrets=fit.api_token(embedded, scene.project, request.assumptions),
        assumptions=request.assumptions,
        registered=request.assumptions.publisher == "registered" and request.assumptions.project == "existing",
    )


def _uploaded(embedded: Embedded, scene: Scene) -> list[str]:
    """What the indexes have of the project: `PyPI sample-1.0.0.tar.gz`."""
    name = scene.project.name.value or "project"
    pairs = ((PYPI, embedded.pypi), (TESTPYPI, embedded.testpypi))
    return [f"{at.name} {file.filename}" for at, index in pairs for file in index.state.files(name)]


def _verdict(scene: Scene, performed: Performed, uploaded: list[str], made: Rehearsal) -> tuple[Verdict, str, int]:
    """The verdict.

    Args:
        made: the result as the stages alone would have it, where the workflow runs them.
    """
    what = scene.project.name.value or "The project"
    error, plan = performed.error, performed.manifest.plan
    if error is not None and not performed.doubts:
        cause = next((finding for _, finding in made.causes), None)
        codes = {kind.code: kind.exit_code for kind in ERRORS}
        if cause is None:
            found = next((job.finding for job in performed.jobs if job.finding is not None), error.finding())
            return "refused", error.message.splitlines()[0], codes[found.code]
        return "refused", cause.title, codes.get(cause.code, ChecksFailed.exit_code)
    if error is not None:
        first = error.message.splitlines()[0]
        return "undecided", f"{first}, and not all of it was rehearsed: {performed.doubts[0]}", UNDECIDED
    if performed.doubts:
        return "undecided", f"{what}: not all was rehearsed: {performed.doubts[0]}", UNDECIDED
    if plan is not None:
        return made.verdict, made.headline, made.exit_code
    if not uploaded:
        return "undecided", f"{what}: the workflow succeeded, and published nothing", UNDECIDED
    places = " and ".join(dict.fromkeys(name.split()[0] for name in uploaded))
    return "ready", f"{what}: {many(len(uploaded), 'file')} would be published on {places}", 0
