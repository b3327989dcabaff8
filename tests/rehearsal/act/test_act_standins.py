"""What stands in for actions does what the actions do, and what has no stand-in is said."""

from dataclasses import replace
from pathlib import Path

import pytest

from tagship.rehearsal.act.steps.official import PLACE
from tagship.rehearsal.request import Request
from tests.rehearsal.act.acting import Act
from tests.rehearsal.act.test_act_grants import HEAD, by_name, job, said
from tests.rehearsal.act.workflows import BUILD, FILE, workflow
from tests.rehearsing import git, repository

pytestmark = pytest.mark.requirement("E2")


def step(uses: str, **inputs: str) -> str:
    """A step that uses an action."""
    given = "".join(f"\n          {name.replace('_', '-')}: {value}" for name, value in inputs.items())
    return f"      - uses: {uses}\n" + (f"        with:{given}\n" if given else "")


def run(words: str) -> str:
    """A step that runs commands."""
    return f"      - run: |\n          {words}\n"


def test_checkout_is_as_deep_and_as_wide_as_was_asked_for(act: Act, tmp_path: Path) -> None:
    """One commit by default, all of the history with tags, a branch, a folder, a part of the files, no credentials."""
    look = "echo $(git rev-list --count HEAD) $(git tag | wc -l) $(git branch --show-current) $(git ls-files | wc -l)"
    jobs = {
        "default": step("actions/checkout@v4") + run(look),
        "history": step("actions/checkout@v4", fetch_depth="0") + run(look),
        "branch": step("actions/checkout@v4", ref="main") + run(look),
        "folder": step("actions/checkout@v4", path="inner") + run("cd inner && ls README.md"),
        "part": step("actions/checkout@v4", sparse_checkout="tests") + run("echo $(ls)"),
        "kept": step("actions/checkout@v4") + run("git config --get-regexp extraheader | wc -l"),
        "gone": step("actions/checkout@v4", persist_credentials="false") + run("git config --get-regexp extra | wc -l"),
        "missing": step("actions/checkout@v4", ref="nowhere"),
    }
    text = HEAD + "".join(job(name, "{contents: read}", steps) for name, steps in jobs.items())
    path = repository(tmp_path / "sample", {FILE: text})
    (path / "README.md").write_text("# more\n")
    git(path, "commit", "--quiet", "--all", "--message", "More")
    git(path, "tag", "v0.9.0", "HEAD~1")
    result = act(path)
    files = len(git(path, "ls-files").splitlines())
    told = {name: lines[-1] for name, lines in said(result).items() if lines}
    assert told["default"].split() == ["1", "1", str(files)]
    assert told["history"].split() == ["2", "2", str(files)]
    assert told["branch"].split() == ["1", "0", "main", str(files)]
    assert (told["folder"], told["kept"], told["gone"]) == ("README.md", "1", "0")
    assert "tests" in told["part"].split()
    assert "sample" not in told["part"].split()
    missing = by_name(result)["missing"]
    assert missing.finding is not None
    assert "A branch or tag with the name 'nowhere' could not be found" in missing.finding.why


@pytest.fixture(params=["ours", pytest.param("official", marks=pytest.mark.tool("node"))])
def acting(request: pytest.FixtureRequest, act: Act, tmp_path: Path) -> Act:
    """Artifacts by our client, and by GitHub's own."""
    if request.param == "ours":
        return act
    installed = Path(__file__).parents[3] / ".cache" / "node"
    if not (installed.parent / PLACE).is_file():
        pytest.skip("GitHub's artifact client is not installed: scripts/install-tools.sh")
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "node").symlink_to(installed)
    return Act(replace(act.stage, cache=cache))


def test_artifacts_go_from_job_to_job(acting: Act, tmp_path: Path) -> None:
    """Patterns, exclusions, hidden files, ids, several at once; what is not there is an error, a warning or nothing."""
    make = run(
        "mkdir -p out/deep && echo a >out/a.txt && echo b >out/deep/b.txt && echo c >out/.hidden && echo d >d.log"
    )
    upload = "actions/upload-artifact@v4"
    download = "actions/download-artifact@v4"
    gives = (
        make
        + step(upload, name="whole", path="out")
        + step(upload, name="one", path="out/a.txt").replace("- uses", "- id: one\n        uses")
        + step(upload, name="globbed", path="out/**/*.txt")
        + step(upload, name="several", path="|\n            out/deep\n            *.log")
        + step(upload, name="none", path="nothing", if_no_files_found="ignore")
    )
    outputs = "    outputs: {id: '${{ steps.one.outputs.artifact-id }}'}\n"
    find = "find . -type f | sort | tr '\\n' ' '"
    takes = (
        step(download, name="whole", path="whole")
        + step(download, artifact_ids="${{ needs.gives.outputs.id }}", path="by-id")
        + step(download, pattern="'[gs]*'", path="both")
        + step(download, pattern="'[gs]*'", path="merged", merge_multiple="true")
        + run(find)
    )
    refused = step(download, name="none")
    strict = step(upload, name="strict", path="nothing", if_no_files_found="error")
    again = run("echo x >x") + step(upload, name="whole", path="x")
    needs = "    needs: gives\n"
    text = HEAD + "".join(
        (
            job("gives", "{}", gives, outputs),
            job("takes", "{}", takes, needs),
            job("refused", "{}", refused, needs),
            job("strict", "{}", strict, needs),
            job("again", "{}", again, needs),
        )
    )
    result = acting(repository(tmp_path / "sample", {FILE: text}))
    assert {name: job.result for name, job in by_name(result).items()} == {
        "gives": "success",
        "takes": "success",
        "refused": "failure",
        "strict": "failure",
        "again": "failure",
    }
    assert by_name(result)["takes"].steps[-1].said[0].split() == [
        "./both/globbed/a.txt",
        "./both/globbed/deep/b.txt",
        "./both/several/d.log",
        "./both/several/out/deep/b.txt",
        "./by-id/one/a.txt",
        "./merged/a.txt",
        "./merged/d.log",
        "./merged/deep/b.txt",
        "./merged/out/deep/b.txt",
        "./whole/a.txt",
        "./whole/deep/b.txt",
    ]
    why = {name: job.finding.why for name, job in by_name(result).items() if job.finding is not None}
    assert "Artifact not found for name: none" in why["refused"]
    assert "No files were found with the provided path: nothing" in why["strict"]
    assert "an artifact with this name already exists on the workflow run" in why["again"]


def test_versions_of_an_action_differ_as_on_github(act: Act, tmp_path: Path) -> None:
    """An annotated tag is one since checkout v6.0.2, and what lay there goes; what matches alone needs no folder since
    download v5; a file goes unpacked since upload v7; GitHub begins no job with what it retired.
    """
    look = "git cat-file -t v1.0.0; git describe --exact-match 2>/dev/null || true; ls"
    find = "find . -type f | sort | tr '\\n' ' '"
    upload, download = "actions/upload-artifact", "actions/download-artifact"
    pinned = "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
    made = run("mkdir -p .dist deep && echo a >.dist/a.txt && echo b >deep/b.whl && echo c >deep/.c")
    gives = (
        made
        + step(f"{upload}@v7", name="bare", path="deep/b.whl", archive="false")
        + step(f"{upload}@v4", name="boxed", path="deep/b.whl", archive="false")
        + step(f"{upload}@v7", name="hidden", path="|\n            .dist/a.txt\n            deep\n            !deep/*")
    )
    jobs = {
        "old": step("actions/checkout@v4", fetch_depth="0") + run(look),
        "new": run("touch left") + step(f"actions/checkout@{pinned}") + run(look),
        "gives": gives,
        "alone": step(f"{download}@v5", pattern="'{hid,x}*'", path="x") + run(find),
        "inside": step(f"{download}@v4", pattern="hid*", path="x") + run(find),
        "bare": step(f"{download}@v8", name="b.whl", path="x") + run("cat x/b.whl"),
        "retired": run("echo begun") + step(f"{upload}@v3", path="x"),
        "nowhere": step("astral-sh/setup-uv@v8"),
        "other": step("actions/checkout@v7", repository="somebody/else") + run("ls"),
    }
    needs = dict.fromkeys(("alone", "inside", "bare"), "    needs: gives\n")
    text = HEAD + "".join(job(name, "{contents: read}", steps, needs.get(name, "")) for name, steps in jobs.items())
    path = repository(tmp_path / "sample", {FILE: text})
    git(path, "tag", "--annotate", "--message", "The first", "v1.0.0")
    result = act(path, Request(workflow="release.yml", tag="v1.0.0"))
    told = {name: [line for line in lines if "::" not in line] for name, lines in said(result).items()}
    files = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    assert told["old"][1:] == ["commit", *files]
    assert told["new"][-len(files) - 2 :] == ["tag", "v1.0.0", *files]
    assert told["alone"][-1].split() == ["./x/.dist/a.txt"]
    assert told["inside"][-1].split() == ["./x/hidden/.dist/a.txt"]
    assert told["bare"][-1] == "b"
    refused = {job.name: job.finding.title + "\n" + job.finding.why for job in result.jobs if job.finding is not None}
    assert refused == {
        "retired": "The job was not begun\nThis request has been automatically failed because it uses a deprecated "
        "version of `actions/upload-artifact: v3`.",
        "nowhere": "The job was not begun\nUnable to resolve action `astral-sh/setup-uv@v8`, unable to find version "
        "`v8`",
    }
    doubt = "job other: actions/checkout of somebody/else: another repository cannot be fetched, its folder is empty"
    assert doubt in result.not_rehearsed
    assert (result.verdict, doubt in result.headline) == ("undecided", True)


def test_a_shell_that_asks_no_environment_leaves_the_verdict_open(act: Act, tmp_path: Path) -> None:
    """A step in a shell of its own would run although the environment lets nobody in: nothing is called ready."""
    steps = "      - {shell: 'perl {0}', run: 'print 1;'}\n"
    result = act(repository(tmp_path / "sample", {FILE: HEAD + job("odd", "{}", steps)}))
    why = "job odd: runs `perl {0}`, which is not given what the job may have on GitHub"
    assert (result.verdict, result.not_rehearsed[0]) == ("undecided", why)
    assert why in result.headline


NOT_GIVEN = "and is not given what the job may have on GitHub"
BYPASSES = {
    "the job's shell": (
        "    defaults: {run: {shell: 'perl {0}'}}\n",
        run("print 1"),
        f"runs `perl {{0}}`, which is {NOT_GIVEN[7:]}",
    ),
    "the job's PATH": ("    env: {PATH: '/usr/bin:/bin'}\n", run("echo ran"), f"sets PATH by `env`, {NOT_GIVEN}"),
    "a step's PATH": (
        "",
        "      - {run: echo ran, env: {PATH: '/usr/bin:/bin'}}\n",
        f"sets PATH by `env`, {NOT_GIVEN}",
    ),
    "the name of another job": (
        "",
        "      - {run: 'test -n \"$ACTIONS_ID_TOKEN_REQUEST_TOKEN\"', env: {GITHUB_JOB: may}}\n",
        f"sets GITHUB_JOB by `env`, {NOT_GIVEN}",
    ),
    "an action's shell": (
        "",
        "      - uses: actions/checkout@v4\n      - uses: ./odd\n",
        f"runs `/bin/sh {{0}}`, which is {NOT_GIVEN[7:]}",
    ),
    "an environment that is computed": (
        "    environment: ${{ github.ref_type == 'tag' && 'pypi' || 'testpypi' }}\n",
        run("echo ran"),
        "its environment is `${{ github.ref_type == 'tag' && 'pypi' || 'testpypi' }}`, "
        "whose value a rehearsal does not know",
    ),
}
ODD = "name: odd\nruns: {using: composite, steps: [{run: echo ran, shell: '/bin/sh {0}'}]}\n"


@pytest.mark.requirement("A7", "A13")
def test_what_goes_past_the_environment_leaves_the_verdict_open(act: Act, tmp_path: Path) -> None:
    """A job that act would let run with what GitHub would not give it, or keep from it, is named, and nothing is
    called ready."""
    may = job("may", "{id-token: write}", run("echo ran"))
    jobs = [job(f"odd-{number}", "{}", steps, more) for number, (more, steps, _) in enumerate(BYPASSES.values())]
    path = repository(tmp_path / "sample", {FILE: HEAD + may + "".join(jobs), "odd/action.yml": ODD})
    result = act(path, environment="other-tags")
    said = tuple(f"job odd-{number}: {why}" for number, (_, _, why) in enumerate(BYPASSES.values()))
    assert result.not_rehearsed[: len(said)] == said
    assert (result.verdict, result.exit_code) == ("undecided", 20)


def test_no_variable_of_a_workflow_keeps_the_environment_from_being_asked(act: Act, tmp_path: Path) -> None:
    """What the shells of a rehearsal know each other by cannot be set beforehand: the job is not let in."""
    head = HEAD.replace("jobs:", "env: {TAGSHIP_STEP: x}\njobs:")
    steps = "      - {run: print(1), shell: python}\n"
    path = repository(tmp_path / "sample", {FILE: head + job("publish", "{}", steps, "    environment: pypi\n")})
    result = act(path, environment="other-tags")
    assert (result.verdict, [step.result for step in by_name(result)["publish"].steps]) == ("refused", ["failure"])


@pytest.mark.parametrize("write", ["mkfifo", "printf '\\377\\n' >"])
def test_what_a_step_does_to_our_notes_ends_no_rehearsal(act: Act, tmp_path: Path, write: str) -> None:
    """The notes of stand-ins lie where every step may write: a pipe without an end, bytes that are no text."""
    steps = run(f'cd "$TAGSHIP_SHIMS/.." && rm notes && {write} notes && echo done')
    result = act(repository(tmp_path / "sample", {FILE: HEAD + job("odd", "{}", steps)}))
    assert said(result) == {"odd": ["done"]}


def test_no_stand_in_is_written_outside_of_its_folder(act: Act, tmp_path: Path) -> None:
    """An action whose path leads out of its repository has no stand-in, least of all where that path leads."""
    up = "/".join([".."] * 5)
    path = repository(tmp_path / "sample", {FILE: HEAD + job("odd", "{}", step(f"a/b/{up}/escaped@v1"))})
    result = act(path)
    why = f"job odd: uses a/b/{up}/escaped@v1, whose path leads out of its repository"
    assert (result.verdict, result.not_rehearsed[0]) == ("undecided", why)
    assert not (act.stage.outside(path).cache / "escaped").exists()


def test_what_has_no_stand_in_leaves_the_verdict_open(act: Act, tmp_path: Path) -> None:
    """An action that nobody stands in for does nothing, is named, and nothing is called ready."""
    jobs = job("tells", "{}", step("somebody/announce@v1", text="hello")) + job(
        "elsewhere", "{}", run("echo ran"), "    container: python:3.12\n"
    )
    head = HEAD.replace("jobs:", "concurrency: {group: all, cancel-in-progress: true}\njobs:")
    result = act(repository(tmp_path / "sample", {FILE: head + jobs}))
    assert (result.verdict, result.exit_code) == ("undecided", 20)
    assert result.not_rehearsed[:3] == (
        "job tells: uses somebody/announce@v1, which is not rehearsed",
        "job elsewhere: needs containers (`container`), which are not rehearsed",
        "concurrency: cancel-in-progress, by which a second run can end an upload half-way",
    )
    assert by_name(result)["tells"].result == "success"


def test_a_workflow_of_another_repository_leaves_the_verdict_open(act: Act, tmp_path: Path) -> None:
    """Where act gives up over what GitHub takes, as a workflow of another repository, nothing is called refused."""
    called = "  ci:\n    uses: somebody/shared/.github/workflows/x.yml@v1\n"
    needing = job("after", "{}", run("echo ran"), "    needs: ci\n")
    result = act(repository(tmp_path / "sample", {FILE: HEAD + called + needing}))
    assert (result.verdict, result.exit_code) == ("undecided", 20)
    assert result.not_rehearsed[0] == "job ci: calls somebody/shared/.github/workflows/x.yml@v1, which is not rehearsed"
    assert result.headline.startswith("ci: The job was cut off, and not all of it was rehearsed: job ci: calls")


def test_a_job_whose_failure_is_allowed_leaves_the_verdict_open(act: Act, tmp_path: Path) -> None:
    """act counts a failure that GitHub forgives (continue-on-error of a job): said, and not called refused."""
    jobs = job("may-fail", "{}", run("exit 3"), "    continue-on-error: true\n")
    result = act(repository(tmp_path / "sample", {FILE: HEAD + jobs}))
    assert result.verdict == "undecided"
    assert "its failure is allowed (continue-on-error), which act does not know" in result.headline


def test_uv_builds_and_publishes(act: Act, tmp_path: Path) -> None:
    """setup-uv, `uv build` and `uv publish` by trusted publishing, in one job, at the default address."""
    steps = (
        step("actions/checkout@v4")
        + step("astral-sh/setup-uv@v6")
        + run("uv build --quiet")
        + run("uv publish --trusted-publishing always")
    )
    text = HEAD + job("publish", "{contents: read, id-token: write}", steps, "    environment: pypi\n")
    with act.open(repository(tmp_path / "sample", {FILE: text})) as world:
        result = world.run()
        names = [file.filename for file in world.opened.embedded.pypi.state.files("sample")]
    assert (result.verdict, names) == ("ready", ["sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"])


def test_an_upload_with_a_token_needs_no_identity(act: Act, tmp_path: Path) -> None:
    """A secret whose name says that it is for the index holds a token of the project, and the upload takes it."""
    publish = job(
        "publish",
        "{}",
        step("actions/download-artifact@v4", name="dist", path="dist/")
        + step("pypa/gh-action-pypi-publish@release/v1", password="${{ secrets.PYPI_API_TOKEN }}"),
        "    needs: build\n",
    )
    with act.open(repository(tmp_path / "sample", workflow(BUILD, publish))) as world:
        result = world.run()
        names = [file.filename for file in world.opened.embedded.pypi.state.files("sample")]
    assert (result.verdict, len(names)) == ("ready", 2)


def test_waiting_in_a_script_takes_no_time(act: Act, tmp_path: Path) -> None:
    """`sleep 600` in a step, as people wait for an index, is over at once."""
    result = act(repository(tmp_path / "sample", {FILE: HEAD + job("waits", "{}", run("sleep 600; echo over"))}))
    assert said(result) == {"waits": ["over"]}
    assert result.seconds < 300


def test_a_matrix_has_a_row_for_each_of_its_jobs(act: Act, tmp_path: Path) -> None:
    """Each combination is a job of its own name, and one that fails fails alone."""
    matrix = "    strategy: {fail-fast: false, matrix: {number: [1, 2]}}\n"
    jobs = job("each", "{}", run("test ${{ matrix.number }} = 1"), matrix)
    result = act(repository(tmp_path / "sample", {FILE: HEAD + jobs}))
    assert {name: job.result for name, job in by_name(result).items()} == {
        "each (1)": "success",
        "each (2)": "failure",
    }


def test_nothing_of_a_run_outlives_it(act: Act, tmp_path: Path) -> None:
    """A server that a step leaves running does not keep the step waiting, and is gone when the run is over."""
    leave = run("nohup tail -f /dev/null >/dev/null 2>&1 & echo pid $!")
    path = repository(tmp_path / "sample", {FILE: HEAD + job("leaves", "{}", leave)})
    with act.open(path) as world:
        result = world.run()
        pid = said(result)["leaves"][0].split()[1]
        state = Path(f"/proc/{pid}/stat")
        assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX"
