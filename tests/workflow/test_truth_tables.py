"""Which jobs run: every event and every end of every job, by the rendered file and GitHub's own evaluator."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.goldens import same
from tests.workflow.gha import GitHub, Results
from tests.workflow.happenings import HAPPENINGS, REPOSITORY, SOURCES, document, jobs, outputs
from tests.workflow.variants import VARIANTS

pytestmark = [pytest.mark.tool("node"), pytest.mark.requirement("A2", "A6")]

JOBS = tuple(document("simple").jobs)
SIGNS = {"success": "yes", "failure": "**fails**", "cancelled": "**cancelled**", "skipped": ""}


def row(words: str, found: Results | str) -> str:
    """A line of a table."""
    if isinstance(found, str):
        return f"| {words} | no run: {found} |{' |' * (len(JOBS) - 1)}\n"
    return f"| {words} | {' | '.join(SIGNS[found[name]] for name in JOBS)} |\n"


HEAD = f"| | {' | '.join(JOBS)} |\n| --- |{' --- |' * len(JOBS)}\n"


def test_every_event_runs_the_jobs_that_it_should(gha: GitHub) -> None:
    """The table of what happens and which jobs run is the one that a person has read."""
    same("truth-events.md", HEAD + "".join(row(one.words, jobs(gha, one)) for one in HAPPENINGS))


def test_a_boolean_may_be_sent_as_a_word(gha: GitHub) -> None:
    """A dispatch with the word `"true"`, as the command line sends it, is the one with `true`: a dry run stays one."""
    for one in HAPPENINGS:
        dry = one.event.inputs.get("dry_run")
        if isinstance(dry, bool):
            worded = replace(one.event, inputs={**one.event.inputs, "dry_run": str(dry).lower()})
            assert jobs(gha, replace(one, event=worded)) == jobs(gha, one), one.words


def forced(gha: GitHub) -> Iterator[str]:
    """Each job made to fail, to be cancelled or to be skipped, after the three kinds of events that start a run."""
    for one in HAPPENINGS:
        if one.words in ("push to main", "tag v1.2.3", "dispatch on main, dry_run=true"):
            good = jobs(gha, one)
            assert not isinstance(good, str)
            yield row(one.words, good)
            for name in (name for name, end in good.items() if end == "success"):
                for end in ("failure", "cancelled", "skipped"):
                    yield row(f"{one.words}; {name}: {end}", jobs(gha, one, {name: end}))


def test_every_end_of_every_job_has_the_consequences_that_it_should(gha: GitHub) -> None:
    """The table of jobs that fail, are cancelled or skipped, and of what then runs, is one that a person has read."""
    same("truth-ends.md", HEAD + "".join(forced(gha)))


@pytest.mark.parametrize("variant", [name for name, variant in VARIANTS.items() if variant.tags == "v*.*.*"])
def test_variants_decide_alike(gha: GitHub, variant: str) -> None:
    """What happens runs the same jobs in every variant; where wheels come first, a refusal stops at the sdist."""
    own = VARIANTS[variant].repository
    for one in HAPPENINGS:
        there = replace(one, repository=own) if one.repository == REPOSITORY else one
        found, wanted = jobs(gha, there, variant=variant), jobs(gha, one)
        if VARIANTS[variant].wheels and not isinstance(wanted, str) and wanted["pre-publish-validation"] == "failure":
            wanted = {**wanted, "pre-publish-validation": "skipped"}
        shared = found if isinstance(found, str) else {name: found[name] for name in JOBS}
        assert shared == wanted, one.words


ENDS = ("success", "success", "failure", "cancelled")
PREPARES = ("ci", "wait-for-ci", "build-sdist", "build-wheels", "pre-publish-validation")
CONTEXTS = st.fixed_dictionaries(
    {
        "github": st.fixed_dictionaries(
            {
                "repository": st.sampled_from((REPOSITORY, "somebody/sample")),
                "event_name": st.sampled_from(("push", "workflow_dispatch")),
                "ref": st.sampled_from(("refs/heads/main", "refs/heads/x", "refs/tags/v1.2.3", "refs/tags/x")),
            }
        ),
        "inputs": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "dry_run": st.sampled_from((True, False, "true", "false", "")),
                "target_env": st.sampled_from(("testpypi", "pypi")),
                "override_reason": st.text(max_size=3),
            },
        ),
    }
)


def broken(ran: Results, context: Mapping[str, Mapping[str, object]], channel: str, late: tuple[str, ...]) -> list[str]:
    """The laws of publishing that a run breaks; written without a look at the conditions of the file."""
    ours = context["github"]["repository"] == REPOSITORY
    dry = (context["inputs"] or {}).get("dry_run")
    started = {name for name, end in ran.items() if end != "skipped"}
    ended_well = {name for name, end in ran.items() if end == "success"}
    published = started & {"publish-testpypi", "publish-pypi"}
    checked = {name for name in ran if name in ("ci", "build-sdist", "build-wheels")}
    laws = {
        "a fork runs nothing": ours or not started,
        "a dry run publishes nothing": not (dry and published),
        "nothing is published without the CI and the validation": not published
        or {"wait-for-ci", "pre-publish-validation", *(checked - {"ci"})} <= ended_well,
        "nothing is published but where the plan says": published <= {f"publish-{channel}"},
        "nothing begins once the run is cancelled, but the summary": started & set(late) <= {"workflow-summary"},
        "only what was published is verified": "verify" not in started or bool(published & ended_well),
        "a release is what is on PyPI and verified": "create-github-release" not in started
        or {"publish-pypi", "verify"} <= ended_well,
        "the summary always speaks": not ours or "workflow-summary" in started,
        "what is good is published": not ours
        or bool(dry)
        or channel == "none"
        or bool(late)
        or not {"wait-for-ci", "pre-publish-validation", *checked} <= ended_well
        or published == {f"publish-{channel}"},
        "what is published is verified, and released from PyPI": bool(late)
        or (
            (not (published & ended_well) or "verify" in started)
            and (not {"publish-pypi", "verify"} <= ended_well or "create-github-release" in started)
        ),
    }
    return [law for law, holds in laws.items() if not holds]


@given(data=st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_the_laws_of_publishing_hold_whatever_happens(gha: GitHub, data: st.DataObject) -> None:
    """However jobs end, wherever a run is cancelled, whatever the event: no law of publishing is broken."""
    variant = data.draw(st.sampled_from(sorted(set(SOURCES) - {"itself"})))
    names = tuple(document(variant).jobs)
    context = data.draw(CONTEXTS)
    ends = data.draw(
        st.fixed_dictionaries(
            {name: st.sampled_from((*ENDS, "skipped") if name in PREPARES else ENDS) for name in names}
        )
    )
    channel = data.draw(st.sampled_from(("none", "testpypi", "pypi")))
    late = names[data.draw(st.integers(0, len(names)) | st.just(len(names))) :]
    ran = gha.run(SOURCES[variant], context, ends=ends, outputs=outputs(channel), cancelled=late)
    assert broken(ran, context, channel, late) == []


def test_the_laws_see_a_condition_that_is_gone(gha: GitHub) -> None:
    """A workflow whose upload does not wait for the CI breaks the law that says so: the laws can fail."""
    one = next(one for one in HAPPENINGS if one.words == "tag v1.2.3")
    source = SOURCES["simple"].replace(
        "needs: [wait-for-ci, pre-publish-validation]", "needs: [pre-publish-validation]"
    )
    context = one.context({})
    ran = gha.run(source, context, ends={"wait-for-ci": "failure"}, outputs=outputs("pypi"))
    assert broken(ran, context, "pypi", ()) == ["nothing is published without the CI and the validation"]
