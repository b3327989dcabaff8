"""What a job may do in a rehearsal of the workflow is what it may do on GitHub, however lax act is."""

from pathlib import Path

import pytest

from tagship.rehearsal.result import Job, Rehearsal
from tests.rehearsal.act.acting import Act
from tests.rehearsal.act.workflows import FILE
from tests.rehearsing import repository

pytestmark = pytest.mark.requirement("A13")

HEAD = """\
name: Release
on: {push: {tags: ["v*"]}}
permissions: {}
jobs:
"""
ASK = """\
      - run: |
          code=$(curl -s -o answer.json -w '%{http_code}' -X POST -H "Authorization: Bearer $TOKEN" \\
            "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/releases" -d '{"tag_name": "v1.0.0"}')
          echo "answered $code"
        env: {TOKEN: "${{ github.token }}"}
"""
IDENTITY = """\
      - run: |
          echo "request token: ${ACTIONS_ID_TOKEN_REQUEST_TOKEN:+given}"
          if [ -n "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" ]; then
            curl -s -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
              "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=pypi" | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null \\
              | grep -o '"environment":"[a-z]*"'
          fi
"""


def job(name: str, permissions: str, steps: str, more: str = "") -> str:
    """A job of a workflow."""
    return f"  {name}:\n    runs-on: ubuntu-latest\n    permissions: {permissions}\n{more}    steps:\n{steps}"


def said(result: Rehearsal) -> dict[str, list[str]]:
    """What the steps of each job printed."""
    return {job.name: [line for step in job.steps for line in step.said] for job in result.jobs}


def by_name(result: Rehearsal) -> dict[str, Job]:
    """The jobs by name."""
    return {job.name: job for job in result.jobs}


def test_a_job_without_contents_write_cannot_create_a_release(act: Act, tmp_path: Path) -> None:
    """The same request with the job's own token: 201 with `contents: write`, 403 with read, and one release is made."""
    jobs = job("may", "{contents: write}", ASK) + job("must-not", "{contents: read}", ASK)
    path = repository(tmp_path / "sample", {FILE: HEAD + jobs})
    with act.open(path) as world:
        result = world.run()
        releases = [release.tag for release in world.opened.embedded.github.releases]
    assert said(result) == {"may": ["answered 201"], "must-not": ["answered 403"]}
    assert releases == ["v1.0.0"]
    assert {name: job.permissions for name, job in by_name(result).items()} == {
        "may": ("contents: write",),
        "must-not": ("contents: read",),
    }


def test_a_job_without_id_token_write_gets_no_identity(act: Act, tmp_path: Path) -> None:
    """Only the job with `id-token: write` can ask for an identity token, and its environment is in it."""
    jobs = job("may", "{id-token: write}", IDENTITY, "    environment: pypi\n") + job("must-not", "{}", IDENTITY)
    path = repository(tmp_path / "sample", {FILE: HEAD + jobs})
    result = act(path)
    assert said(result) == {
        "may": ["request token: given", '"environment":"pypi"'],
        "must-not": ["request token: "],
    }


CALLED = ".github/workflows/upload.yml"
CALLING = """\
  release:
    permissions: {id-token: write, contents: read}
    uses: ./.github/workflows/upload.yml
    with: {where: pypi}
"""
REUSABLE = """\
on: {workflow_call: {inputs: {where: {type: string}}}}
permissions: {}
jobs:
"""


def test_a_job_of_a_called_workflow_has_its_own_identity(act: Act, tmp_path: Path) -> None:
    """The claims name the file and the environment of the called job, and the file that the tag started."""
    steps = IDENTITY.replace("""'"environment":"[a-z]*"'""", """-e '"environment":"[a-z]*"' -e '[a-z_]*":"[^"]*yml@'""")
    inner = job("upload", "{id-token: write}", steps, "    environment: ${{ inputs.where }}\n")
    path = repository(tmp_path / "sample", {FILE: HEAD + CALLING, CALLED: REUSABLE + inner})
    (lines,) = said(act(path)).values()
    assert sorted(lines) == [
        '"environment":"pypi"',
        'job_workflow_ref":"owner/sample/.github/workflows/upload.yml@',
        "request token: given",
        'workflow_ref":"owner/sample/.github/workflows/release.yml@',
    ]


@pytest.mark.parametrize("attestations", [True, False])
def test_attestations_of_a_called_workflow_are_refused(act: Act, tmp_path: Path, attestations: bool) -> None:
    """PyPI trusts the called file, and refuses attestations, which name the one that was started."""
    steps = (
        "      - uses: actions/checkout@v4\n"
        '      - uses: actions/setup-python@v5\n        with: {python-version: "3.11"}\n'
        "      - run: pip install hatchling && python -m hatchling build\n"
        "      - uses: pypa/gh-action-pypi-publish@release/v1\n"
        f"        with: {{attestations: {str(attestations).lower()}}}\n"
    )
    inner = job("upload", "{id-token: write, contents: read}", steps, "    environment: pypi\n")
    path = repository(tmp_path / "sample", {FILE: HEAD + CALLING, CALLED: REUSABLE + inner})
    with act.open(path) as world:
        result = world.run()
        files = world.opened.embedded.pypi.state.files("sample")
    assert (result.exit_code == 0, len(files)) == ((False, 0) if attestations else (True, 2)), result
    why = " ".join(job.finding.why for job in result.jobs if job.finding is not None)
    assert ("Certificate's Build Config URI" in why) is attestations


def test_a_job_without_id_token_write_cannot_publish(act: Act, tmp_path: Path) -> None:
    """The publish action fails in the words of the action, and the index has nothing."""
    steps = "      - run: mkdir dist\n      - uses: pypa/gh-action-pypi-publish@release/v1\n"
    path = repository(tmp_path / "sample", {FILE: HEAD + job("publish", "{contents: read}", steps)})
    with act.open(path) as world:
        result = world.run()
        files = world.opened.embedded.pypi.state.files("sample")
    assert (result.verdict, result.exit_code, files) == ("refused", 16, ())
    finding = by_name(result)["publish"].finding
    assert finding is not None
    assert "missing or insufficient OIDC token permissions" in finding.why


def test_a_secret_of_an_environment_reaches_its_jobs_alone(act: Act, tmp_path: Path) -> None:
    """A secret that a job of an environment reads is empty in jobs outside of it, whatever they ask for."""
    show = '      - run: test -n "$KEY" && echo has || echo none\n        env: {KEY: "${{ secrets.SIGNING_KEY }}"}\n'
    all_of_them = "      - run: echo \"$ALL\" | grep SIGNING\n        env: {ALL: '${{ toJSON(secrets) }}'}\n"
    jobs = job("signs", "{}", show, "    environment: pypi\n") + job("builds", "{}", all_of_them)
    path = repository(tmp_path / "sample", {FILE: HEAD + jobs})
    result = act(path)
    assert said(result) == {"signs": ["has"], "builds": ['  "SIGNING_KEY": ""']}
    assert "the secret SIGNING_KEY: a made-up value was used" in result.not_rehearsed


def test_no_token_stands_in_the_log(act: Act, tmp_path: Path) -> None:
    """A job that prints its token prints `***`."""
    steps = '      - run: echo "it is $TOKEN"\n        env: {TOKEN: "${{ github.token }}"}\n'
    path = repository(tmp_path / "sample", {FILE: HEAD + job("tells", "{contents: read}", steps)})
    assert said(act(path)) == {"tells": ["it is ***"]}


@pytest.mark.requirement("A7")
def test_an_environment_that_does_not_let_the_tag_in_stops_the_job(act: Act, tmp_path: Path) -> None:
    """A policy for other tags: no step of the job runs, GitHub's words are shown, and what needs it is skipped."""
    jobs = job("publish", "{id-token: write}", "      - run: echo ran\n", "    environment: pypi\n")
    after = job("after", "{}", "      - run: echo ran\n", "    needs: publish\n")
    upload = "      - uses: pypa/gh-action-pypi-publish@release/v1\n"
    path = repository(tmp_path / "sample", {FILE: HEAD + jobs + upload + after})
    result = act(path, environment="other-tags")
    assert {name: job.result for name, job in by_name(result).items()} == {"publish": "failure", "after": "skipped"}
    assert (result.verdict, result.exit_code) == ("refused", 10)
    assert result.headline == (
        'Nothing was uploaded: Tag "v1.0.0" is not allowed to deploy to pypi due to environment protection rules.'
    )


def test_a_job_without_contents_write_cannot_push(act: Act, tmp_path: Path) -> None:
    """`git push` after a checkout: taken with `contents: write`, refused in GitHub's words without."""
    steps = (
        "      - uses: actions/checkout@v4\n"
        "      - run: git tag $GITHUB_JOB && (git push origin $GITHUB_JOB 2>&1 || true) | grep -E 'denied|new tag'\n"
    )
    jobs = job("may", "{contents: write}", steps) + job("must-not", "{contents: read}", steps)
    path = repository(tmp_path / "sample", {FILE: HEAD + jobs})
    with act.open(path) as world:
        result = world.run()
        tags = world.opened.embedded.github.git.lines("tag")
    pushed = {name: job.steps[-1].said for name, job in by_name(result).items()}
    assert pushed == {
        "may": (" * [new tag]         may -> may",),
        "must-not": ("remote: Permission to owner/sample.git denied to github-actions[bot].",),
    }
    assert tags == ("may", "v1.0.0")
