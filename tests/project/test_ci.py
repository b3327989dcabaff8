"""What a repository's workflows are understood to do."""

from pathlib import Path

import pytest
from repositories import project, write

from tagship.project import ci
from tagship.project.ci import CI, Job, Problem, Workflow
from tagship.project.config import Check
from tagship.project.found import Found

BOTH = "on:\n  push:\n    branches: [main]\n  pull_request:\n"
STEPS = "    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n"
JOB = f"jobs:\n  test:\n{STEPS}"
WAITED = "waited for: runs on pull requests and on pushes to the default branch"


def read(root: Path, **files: str) -> CI:
    """The workflows with these texts, by the stem of their file; the default branch is `main`."""
    return ci.read(write(root, {f".github/workflows/{stem}.yml": text for stem, text in files.items()}), "main")


def checks(root: Path, jobs: str, **others: str) -> tuple[tuple[str, ...], ...]:
    """The names of the checks of each job of ci.yml."""
    found = read(root, ci=BOTH + "jobs:\n" + jobs, **others)
    assert found.problems == ()
    return tuple(job.checks for workflow in found.workflows if workflow.file == "ci.yml" for job in workflow.jobs)


def test_what_is_no_file_is_no_workflow(tmp_path: Path) -> None:
    """A link that leads nowhere and a folder are left alone, whatever they are called."""
    root = write(tmp_path, {".github/workflows/ci.yml": BOTH + JOB, ".github/workflows/folder.yml/README.md": ""})
    (root / ".github/workflows/link.yml").symlink_to("nowhere.yml")
    assert [workflow.file for workflow in ci.read(root, "main").workflows] == ["ci.yml"]


def test_a_workflow_is_read_whole(tmp_path: Path) -> None:
    """Name, triggers, jobs, conditions and needs of a workflow arrive as written."""
    text = (
        f"name: Continuous\n{BOTH}  schedule: [{{cron: '0 0 * * *'}}]\n{JOB}"
        "  docs:\n    name: Build docs\n    needs: test\n    if: ${{ always() }}\n    runs-on: x\n"
    )
    assert read(tmp_path, ci=text) == CI(
        workflows=(
            Workflow(
                file="ci.yml",
                name="Continuous",
                triggers=("push", "pull_request", "schedule"),
                on_default_branch=True,
                paths=(),
                jobs=(
                    Job(id="test", checks=("test",)),
                    Job(id="docs", checks=("Build docs",), condition="${{ always() }}", needs=("test",), role="docs"),
                ),
                required=(Check(workflow="ci.yml", names=("test",)),),
                why="not waited for as a whole: docs builds documentation; its other jobs are waited for by name",
            ),
        )
    )


MATRIX = "  tests:\n    name: Test Suite\n    strategy:\n      matrix:\n{}"


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("matrix", "names"),
    [
        (
            "        python: ['3.9', '3.10']\n        os: [linux, mac]\n",
            (
                "Test Suite (3.9, linux)",
                "Test Suite (3.9, mac)",
                "Test Suite (3.10, linux)",
                "Test Suite (3.10, mac)",
            ),
        ),
        ("        python: [3.9, 3.10, 3.11]\n", ("Test Suite (3.9)", "Test Suite (3.1)", "Test Suite (3.11)")),
        ("        slow: [true, null, 1.0]\n", ("Test Suite (true)", "Test Suite ()", "Test Suite (1)")),
        (
            "        python: ['3.9', '3.10']\n        os: [a, b]\n        exclude: [{python: '3.9', os: b}]\n",
            ("Test Suite (3.9, a)", "Test Suite (3.10, a)", "Test Suite (3.10, b)"),
        ),
        (
            "        fruit: [apple, pear]\n        animal: [cat, dog]\n        include:\n"
            "          - {color: green}\n          - {color: pink, animal: cat}\n"
            "          - {fruit: apple, shape: circle}\n"
            "          - {fruit: banana}\n          - {fruit: banana, animal: cat}\n",
            (
                "Test Suite (apple, cat, pink, circle)",
                "Test Suite (apple, dog, green, circle)",
                "Test Suite (pear, cat, pink)",
                "Test Suite (pear, dog, green)",
                "Test Suite (banana)",
                "Test Suite (banana, cat)",
            ),
        ),
        ("        include: [{python: '3.9'}, {python: '3.10'}]\n", ("Test Suite (3.9)", "Test Suite (3.10)")),
        ("        on: [{os: linux, arch: arm}]\n", ("Test Suite (linux, arm)",)),
        ("        python: ${{ fromJSON(needs.plan.outputs.pythons) }}\n", ("Test Suite (*)",)),
        ("        python: ['3.9', \"${{ vars.LATEST }}\"]\n", ("Test Suite (*)",)),
    ],
)
def test_a_matrix_gives_a_check_for_every_combination(tmp_path: Path, matrix: str, names: tuple[str, ...]) -> None:
    """Names have the matrix values behind them as GitHub writes them; a computed matrix is `*`, never a guess."""
    assert checks(tmp_path, MATRIX.format(matrix)) == (names,)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("py ${{ matrix.python }} on ${{matrix.on.os}}", ("py 3.9 on linux", "py 3.10 on linux")),
        ("py ${{ matrix['python'] }}", ("py 3.9", "py 3.10")),
        ("all of it${{ '' }}", ("all of it",)),
        ("${{ github.ref_name }} ${{ matrix.python }}", ("* 3.9", "* 3.10")),
        ("py ${{ format('{0}', matrix.python) }}", ("py *",)),
        ("py${{ matrix.missing }}", ("py",)),
        ("${{ matrix.missing || matrix.python || 'none' }}", ("3.9", "3.10")),
        ("${{ matrix.missing || github.ref }}", ("*",)),
    ],
)
def test_expressions_in_names_are_evaluated(tmp_path: Path, name: str, names: tuple[str, ...]) -> None:
    """A name that holds an expression has no suffix; what needs the running workflow is `*`."""
    matrix = "    strategy: {matrix: {python: ['3.9', '3.10'], on: [{os: linux}]}}\n"
    assert checks(tmp_path, f'  tests:\n    name: "{name}"\n{matrix}') == (names,)


def test_called_workflows_name_their_jobs_behind_the_caller(tmp_path: Path) -> None:
    """Jobs of a called workflow are `caller / job`, at any depth; remote, missing and endless ones are `*`."""
    jobs = (
        "  own:\n    uses: $/.github/workflows/inner.yml\n"
        "  here:\n    name: All\n    strategy: {matrix: {v: [1, 2]}}\n    uses: ./.github/workflows/inner.yml\n"
        "  there:\n    uses: owner/repository/.github/workflows/x.yml@v1\n"
        "  gone:\n    uses: ./.github/workflows/gone.yml\n"
        "  loop:\n    uses: ./.github/workflows/ci.yml\n"
    )
    inner = "on: workflow_call\njobs:\n  lint: {name: Lint}\n  deep: {uses: ./.github/workflows/deep.yml}\n"
    deep = "on: workflow_call\njobs:\n  a: {strategy: {matrix: {x: [y]}}}\n"
    own, here, there, gone, loop = checks(tmp_path, jobs, inner=inner, deep=deep)
    assert own == ("own / Lint", "own / deep / a (y)")
    assert here == ("All (1) / Lint", "All (1) / deep / a (y)", "All (2) / Lint", "All (2) / deep / a (y)")
    assert (there, gone) == (("there / *",), ("gone / *",))
    assert loop[-1] == " / ".join(["loop"] * 11) + " / *"


def required(root: Path, text: str, stem: str = "ci") -> tuple[tuple[Check, ...], str]:
    """What is waited for of one workflow, and why."""
    (workflow,) = read(root, **{stem: text}).workflows
    return workflow.required, workflow.why


WHOLE = (Check(workflow="ci.yml"),)


@pytest.mark.requirement("A3", "A12")
@pytest.mark.parametrize(
    ("on", "waited", "why"),
    [
        ("on: [push, pull_request]\n", WHOLE, WAITED),
        (BOTH, WHOLE, WAITED),
        ("on: {push: {branches: ['m*', '!master']}, pull_request: {}}\n", WHOLE, WAITED),
        ("on: {push: {branches: '**'}, pull_request: {branches: main}}\n", WHOLE, WAITED),
        ("on: {push: {branches-ignore: [dev]}, pull_request: {}}\n", WHOLE, WAITED),
        (
            "on: {push: {branches: [dev, '!main']}, pull_request: {}}\n",
            (),
            "not waited for: pushes to the default branch do not start it",
        ),
        (
            "on: {push: {tags: ['v*']}, pull_request: {}}\n",
            (),
            "not waited for: pushes to the default branch do not start it",
        ),
        ("on: {push: {branches: [main]}}\n", (), "not waited for: it does not run on pull requests"),
        ("on: push\n", (Check(workflow="ci.yml"),), "waited for: runs on every push"),
        ("on: pull_request\n", (), "not waited for: it runs on pull_request only, not on pushes"),
        ("on: [push, pull_request_target]\n", (), "not waited for: it does not run on pull requests"),
        (
            "on: {push: {paths: [src/**]}, pull_request: {}}\n",
            (),
            "not waited for: it runs only where certain paths change (src/**)",
        ),
        (
            "on: {push: {paths-ignore: [docs/**]}, pull_request: {}}\n",
            WHOLE,
            "waited for: runs on pull requests and on the default branch;"
            " a commit that changes nothing but docs/** has no run and cannot be released",
        ),
    ],
)
def test_what_a_release_waits_for_by_default(tmp_path: Path, on: str, waited: tuple[Check, ...], why: str) -> None:
    """CI is what runs on pull requests and on the default branch whatever changes, and the reason is said."""
    assert required(tmp_path, on + JOB) == (waited, why)


ACTING = "not waited for as a whole: release {}; its other jobs are waited for by name"


@pytest.mark.parametrize(
    ("steps", "role"),
    [
        ("[{uses: 'pypa/gh-action-pypi-publish@release/v1'}]", "publishes"),
        ("[{run: 'python -m twine upload dist/*'}]", "publishes"),
        ("[{run: 'uv publish'}]", "publishes"),
        ("[{uses: 'etils-actions/pypi-auto-publish@v1'}]", "publishes"),
        ("[{uses: 'PyO3/maturin-action@v1', with: {command: upload}}]", "publishes"),
        ("[{run: 'tox -e release', env: {TWINE_PASSWORD: '${{ secrets.PYPI_TOKEN }}'}}]", "publishes"),
        ("[{uses: 'actions/deploy-pages@v4'}]", "deploys"),
        ("[{run: 'mkdocs gh-deploy --force'}]", "deploys"),
        ("[{uses: 'softprops/action-gh-release@v2'}]", "deploys"),
        ("[{uses: 'EnricoMi/publish-unit-test-result-action@v2'}]", ""),
        ("[{uses: 'actions/checkout@releases/v1'}]", ""),
        ("[{run: 'echo twine is not run here'}]", ""),
    ],
)
def test_jobs_that_publish_or_deploy_are_never_waited_for(tmp_path: Path, steps: str, role: str) -> None:
    """A workflow with a job that acts on the outside is waited for by its other jobs' names alone."""
    text = (
        f"{BOTH}jobs:\n  lint:\n{STEPS}  test:\n    name: Test\n    strategy: {{matrix: {{v: [1, 2]}}}}\n"
        f"  computed:\n    name: On\n    strategy: {{matrix: {{v: '${{{{ fromJSON(x) }}}}'}}}}\n"
        "  on-tag:\n    if: startsWith(github.ref, 'refs/tags/')\n"
        "  on-dispatch:\n    if: github.event_name == 'workflow_dispatch'\n"
        "  own:\n    if: github.event_name != 'pull_request' || github.repository == 'o/n'\n"
        "  after-own:\n    needs: own\n"
        "  after-tag:\n    needs: on-tag\n  summary:\n    needs: [after-tag, test]\n    if: always()\n"
        f"  release:\n    runs-on: x\n    steps: {steps}\n  announce:\n    needs: [test, release]\n"
    )
    by_name = tuple(
        Check(workflow="ci.yml", names=(name,)) for name in ("lint", "Test", "On", "own", "after-own", "summary")
    )
    assert required(tmp_path, text) == ((by_name, ACTING.format(role)) if role else (WHOLE, WAITED))


@pytest.mark.requirement("A12")
@pytest.mark.parametrize(
    ("on", "job", "unproven"),
    [
        ("on: pull_request\n", "test", True),
        ("on: {push: {paths: [src/**]}, pull_request: {}}\n", "test", True),
        ("on: {push: {branches: [dev]}, pull_request: {}}\n", "integration-TESTS", True),
        ("on: pull_request\n", "label", False),
        ("on: schedule\n", "test", False),
        (BOTH, "test", False),
    ],
)
def test_tests_that_show_nothing_of_a_pushed_commit_are_known(
    tmp_path: Path, on: str, job: str, unproven: bool
) -> None:
    """A workflow that tests pull requests and is not waited for is one that somebody may take for a safeguard."""
    (workflow,) = read(tmp_path, checks=f"{on}jobs:\n  {job}:\n{STEPS}").workflows
    assert workflow.is_unproven is unproven


JUDGE = "    if: always()\n    runs-on: x\n    steps: [{uses: re-actors/alls-green@v1}]\n"
RELEASE = "  release:\n    needs: check\n    steps: [{run: uv publish}]\n"


@pytest.mark.requirement("A3", "A12")
@pytest.mark.parametrize(
    ("jobs", "names"),
    [
        (f"  test:\n{STEPS}  lint:\n{STEPS}  check:\n    needs: [test, lint]\n{JUDGE}", ("check",)),
        (f"  test:\n{STEPS}  lint:\n{STEPS}  check:\n    needs: test\n{JUDGE}", ("lint", "check")),
        (f"  test:\n{STEPS}  check:\n    needs: test\n    if: always()\n{STEPS}", ("test", "check")),
        (f"  test:\n{STEPS}  new:\n    continue-on-error: true\n{STEPS}", ("test",)),
        (f"  test:\n{STEPS}  new:\n    continue-on-error: ${{{{ matrix.new }}}}\n{STEPS}", ("test", "new")),
        (
            f"  test:\n{STEPS}  later:\n    needs: release\n{STEPS}  check:\n    needs: [test, later]\n{JUDGE}",
            ("check",),
        ),
    ],
)
def test_a_job_that_judges_others_stands_for_them(tmp_path: Path, jobs: str, names: tuple[str, ...]) -> None:
    """Jobs under an alls-green job are its own affair, and what may always fail is not waited for."""
    by_name = tuple(Check(workflow="ci.yml", names=(name,)) for name in names)
    assert required(tmp_path, f"{BOTH}jobs:\n{jobs}{RELEASE}") == (by_name, ACTING.format("publishes"))


@pytest.mark.parametrize(
    ("job", "names"),
    [
        ("  docs:\n", ("test",)),
        ("  build:\n    name: Sphinx\n", ("test",)),
        ("  docs:\n    name: Run doctests\n", ()),
        ("  docker:\n", ()),
    ],
)
def test_a_documentation_job_never_blocks(tmp_path: Path, job: str, names: tuple[str, ...]) -> None:
    """Beside tests, documentation is left out of what is waited for; documentation that is tested is a test."""
    waited, _ = required(tmp_path, f"{BOTH}jobs:\n  test:\n{STEPS}{job}{STEPS}")
    assert waited == (tuple(Check(workflow="ci.yml", names=(name,)) for name in names) or WHOLE)


@pytest.mark.requirement("A12")
def test_a_job_that_calls_a_publishing_workflow_publishes(tmp_path: Path) -> None:
    """What is called is what is done: a caller of a workflow that uploads is not waited for."""
    called = f"on: workflow_call\njobs:\n  build:\n{STEPS}  upload:\n    steps: [{{run: uv publish}}]\n"
    text = f"{BOTH}jobs:\n  test:\n{STEPS}  release:\n    uses: ./.github/workflows/release.yml\n"
    found = next(w for w in read(tmp_path, ci=text, release=called).workflows if w.file == "ci.yml")
    assert (found.required, found.why) == (
        (Check(workflow="ci.yml", names=("test",)),),
        ACTING.format("publishes"),
    )


DEPLOY_PAGES = "  deploy:\n    steps: [{uses: 'peaceiris/actions-gh-pages@v4'}]\n"


@pytest.mark.parametrize(
    ("stem", "jobs", "waited"),
    [
        ("ci", f"  build_docs:\n{STEPS}{DEPLOY_PAGES}", ()),
        ("build-docs", f"  changes:\n{STEPS}  build:\n{STEPS}", ()),
        ("docs", f"  build:\n{STEPS}  doctest:\n{STEPS}", (Check(workflow="docs.yml"),)),
    ],
)
def test_documentation_alone_is_never_waited_for(
    tmp_path: Path, stem: str, jobs: str, waited: tuple[Check, ...]
) -> None:
    """A workflow that does nothing but build or deploy documentation does not hold a release."""
    why = WAITED if waited else "not waited for: it only builds or deploys documentation"
    assert required(tmp_path, f"{BOTH}jobs:\n{jobs}", stem) == (waited, why)


def test_a_workflow_that_only_publishes_is_never_waited_for(tmp_path: Path) -> None:
    """A publish workflow that even runs on pull requests holds nothing."""
    text = f"{BOTH}jobs:\n  release:\n    steps: [{{run: uv publish}}]\n"
    assert required(tmp_path, text) == ((), "not waited for: it only acts on the outside (release publishes)")


def test_a_workflow_without_a_job_for_every_push_says_so(tmp_path: Path) -> None:
    """Where nothing but jobs for tags is left beside those that publish, nothing is waited for and it is said."""
    tagged = "  check:\n    if: github.ref_type == 'tag'\n"
    text = f"{BOTH}jobs:\n{tagged}  release:\n    needs: check\n    steps: [{{run: uv publish}}]\n"
    assert required(tmp_path, text) == (
        (),
        "not waited for as a whole: release publishes; no other job runs for every push",
    )


PYPI_ACTION = "pypa/gh-action-pypi-publish@release/v1"


@pytest.mark.parametrize(
    ("job", "publisher"),
    [
        (
            f"{{environment: pypi, permissions: {{id-token: write}}, steps: [{{uses: {PYPI_ACTION}}}]}}",
            ("pypi", "trusted-publishing", "pypi"),
        ),
        (
            "{environment: {name: test, url: x}, permissions: write-all, steps: [{uses: "
            + PYPI_ACTION
            + ", with: {repository-url: 'https://test.pypi.org/legacy/'}}]}",
            ("test", "trusted-publishing", "testpypi"),
        ),
        (
            "{permissions: {id-token: write}, steps: [{uses: "
            + PYPI_ACTION
            + ", with: {password: '${{ secrets.MADE_UP }}'}}]}",
            ("", "token", "pypi"),
        ),
        ("{env: {UV_PUBLISH_TOKEN: x}, steps: [{run: uv publish}]}", ("", "token", "pypi")),
        (
            "{environment: '${{ inputs.where }}', steps: [{run: uv publish}]}",
            ("${{ inputs.where }}", "unknown", "pypi"),
        ),
    ],
)
def test_publishers_are_what_an_index_must_know(tmp_path: Path, job: str, publisher: tuple[str, str, str]) -> None:
    """A publishing job gives workflow file, environment, authorisation and index as they are registered."""
    found = read(tmp_path, release=f"on: {{push: {{tags: ['v*']}}}}\njobs:\n  up: {job}\n").publishers
    assert [(p.file, p.job, (p.environment, p.auth, p.index)) for p in found] == [("release.yml", "up", publisher)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            BOTH + "  push:\n    tags: ['v*']\n" + JOB,
            Problem(where=".github/workflows/ci.yml:5", why="the key `push` is there already, in line 2"),
        ),
        (
            "on: push\njobs:\n\ttest: 1\n",
            Problem(where=".github/workflows/ci.yml:3", why="found character '\\t' that cannot start any token"),
        ),
        ("on: [push\n", Problem(where=".github/workflows/ci.yml:2", why="expected ',' or ']', but got '<stream end>'")),
        ("", Problem(where=".github/workflows/ci.yml", why="it is no workflow: `on` or `jobs` is missing")),
        ("- on\n", Problem(where=".github/workflows/ci.yml", why="it is no workflow: `on` or `jobs` is missing")),
    ],
)
def test_invalid_workflows_are_problems(tmp_path: Path, text: str, problem: Problem) -> None:
    """A workflow that GitHub refuses is a problem with file and line, and the others are still read."""
    found = read(tmp_path, ci=text, good=BOTH + JOB)
    assert [w.file for w in found.workflows] == ["good.yml"]
    assert [p.where for p in found.problems] == [problem.where]
    assert found.problems[0].why.startswith(problem.why)


@pytest.mark.parametrize(("data", "line"), [(b"\xff\xfe", 1), (b"on: push\njobs: {\xe9: 1}\n", 2)])
def test_workflows_in_other_encodings_are_problems(tmp_path: Path, data: bytes, line: int) -> None:
    """A workflow that is not UTF-8 is a problem, not a traceback."""
    write(tmp_path, {".github/workflows/ci.yml": data})
    assert [p.where for p in ci.read(tmp_path, None).problems] == [f".github/workflows/ci.yml:{line}"]


@pytest.mark.parametrize(
    "text",
    [
        "on: 3\njobs: {a: 1}\n",
        "on: {push: 1}\njobs: {a: {name: [1], needs: {b: c}, steps: [1, null], strategy: []}}\n",
        "on: {push: {branches: [1, null]}, pull_request: }\njobs: {a: {strategy: {matrix: {x: {}}}}, 3: null}\n",
        "on: push\njobs: {a: {strategy: {matrix: {include: 3, exclude: [4]}}, uses: 5, environment: [x]}}\n",
    ],
)
def test_odd_shapes_do_not_crash(tmp_path: Path, text: str) -> None:
    """Values of wrong types in a workflow are passed over; reading never raises."""
    found = read(tmp_path, ci=text)
    assert ([workflow.file for workflow in found.workflows], found.problems) == (["ci.yml"], ())


@pytest.mark.parametrize(
    ("jobs", "why"),
    [
        ("&a {b: *a}", "it is nested deeper than 50 levels"),
        ("{a: {strategy: {matrix: &m {x: [*m]}}}}", "it is nested deeper than 50 levels"),
        (
            "{a: &a [x, x, x, x, x, x, x, x], b: &b [*a, *a, *a, *a, *a, *a, *a], c: &c [*b, *b, *b, *b, *b, *b, *b],"
            " d: &d [*c, *c, *c, *c, *c, *c, *c], e: &e [*d, *d, *d, *d, *d, *d, *d], f: [*e, *e, *e, *e, *e, *e, *e]}",
            "its aliases make it larger than 100,000 values",
        ),
    ],
)
def test_aliases_cannot_exhaust_the_reader(tmp_path: Path, jobs: str, why: str) -> None:
    """A workflow whose aliases contain themselves or multiply without end is a problem, found in bounded time."""
    found = read(tmp_path, ci=f"on: push\njobs: {jobs}\n")
    assert found == CI(problems=(Problem(where=".github/workflows/ci.yml:2", why=why),))


def test_no_workflows_is_no_ci(tmp_path: Path) -> None:
    """A repository without workflows has nothing to wait for and says so; the configuration may name it."""
    bare = project(tmp_path / "bare", {"setup.py": ""})
    named = project(tmp_path / "named", {"setup.py": "", "tagship.toml": 'ci = ["external/build"]\n'})
    assert bare.required_ci == Found(value=(), source="detected: no workflow is CI")
    assert named.required_ci == Found(value=(Check(names=("external/build",)),), source="tagship.toml:1 ci")
