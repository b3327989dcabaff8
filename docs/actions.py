"""The page about rehearsals of a repository's own workflow, from the table of stand-ins."""

from tagship.rehearsal.act.standins import STANDINS, Standin

INTRODUCTION = """\
# Rehearsing the workflow itself

`tagship rehearse --workflow` runs the repository's own `.github/workflows/publish.yml`, byte for byte, in the embedded
world; `--workflow FILE` any other workflow of the repository, written by whomever. It needs
[act](https://github.com/nektos/act): `pip install 'tagship[act]'` brings it, and no Docker.

What starts the workflow is decided first, as GitHub would: triggers, filters of branches, tags and paths, inputs of a
dispatch, `[skip ci]`. Where a release starts it, or alone makes it publish, the release of the tag is published. Then
act runs the jobs, and where act is laxer than GitHub the rehearsal is not:

- Each job asks for what it may hold when it begins. Its token has the `permissions` of the job and no more; only with
  `id-token: write` does it get an identity; secrets of an environment reach the jobs of that environment alone.
- Environments decide before a job begins: policies, reviewers and timers, as `--environment` and `--reviewers` assume.
- `git clone` and `git push` go to the embedded GitHub over HTTPS, with the job's own token; `gh`, twine, uv, pip
  talk to the embedded services at their real addresses. Nothing else can be reached.
- Waiting takes no time: neither `sleep` in a step nor tagship's own waiting.
- What act judges in another way than GitHub (`continue-on-error` of a job, outputs of a job that was skipped) leaves
  the verdict undecided where it mattered.

All jobs run on your machine, with the Python nearest to that of GitHub's runners that is installed. A job that needs
Windows, macOS, a container or `services:` leaves the verdict undecided, and so does an action without a stand-in; both
are named. A workflow that is called from another repository leaves it undecided as well, and so does what would go past
the rules of a job's environment: a `PATH` or a default variable that a step's `env` sets, a shell other than `bash`,
`sh` and `python`, and an environment whose name is an expression other than an input. `$/` before a called workflow or
action, as `inline-ci` writes it, is given to act as `./`, which is the same commit here.

## What stands in for actions

An action is other people's code from the network. In its place a step of tagship does what the action's source does,
with the same inputs, outputs and refusals. Inputs that are named neither here nor there are said to be not rehearsed.

Where versions differ, the one that the workflow names counts; for a commit it is read from the comment behind it. So
`actions/checkout` gives an annotated tag as a plain one before v6.0.2, and `actions/download-artifact` puts a single
match into a folder of its own before v5. A version that GitHub retired (artifacts up to v3, caches up to v2), or a tag
that an action never had, is refused as there.

A local action that the commit does not have, another repository, or the artifacts of another run leave the verdict
undecided.

| action | inputs that are honoured | inputs without effect | outputs | not rehearsed |
| --- | --- | --- | --- | --- |
"""
_AFTER = """
Artifacts go through an artifact service of the rehearsal. Where npm has put GitHub's own client into tagship's cache
(`npm install --prefix CACHE/node @actions/artifact`), that client hands them over, else one of ours with the same
requests.
"""


def page() -> str:
    """docs/rehearsing-the-workflow.md"""
    return INTRODUCTION + "".join(map(_row, STANDINS)) + _AFTER


def _row(row: Standin) -> str:
    does = "" if row.step else "does nothing" + (f"; {row.not_rehearsed}" if row.not_rehearsed else "")
    cells = (f"`{row.action}`", _names(row.inputs), _names(sorted(row.ignored)), _names(row.outputs))
    return f"| {' | '.join(cells)} | {does or row.not_rehearsed} |\n"


def _names(names: object) -> str:
    return ", ".join(f"`{name}`" for name in names) if isinstance(names, dict | list | tuple) else ""
