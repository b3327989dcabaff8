"""What can be otherwise about a project on an index, and about the workflows that publish it: changes of a world."""

from collections.abc import Callable
from dataclasses import replace

from werkzeug import Response

from tagship.rehearsal.index import Flag, Project
from tests.attesting import COMMIT, OWNER_ID, REF, provenance
from tests.made_dists import good_sdist, good_wheel
from tests.rehearsing import git
from tests.setup.worlds import SLUG, SetUp, vouch

Change = Callable[[SetUp], None]
PUBLISH = ".github/workflows/publish.yml"


def down(host: str, status: int = 503) -> Change:
    """A host that answers everything with a status."""
    return lambda made: made.embedded.doors.hosts.__setitem__(host, Response("down\n", status=status))


def without_attestations(made: SetUp) -> None:
    made.embedded.pypi.state.flags.add(Flag.NO_ATTESTATIONS)


def answering(host: str, body: str) -> Change:
    """A host that answers everything with the same, and calls it a page for people."""
    return lambda made: made.embedded.doors.hosts.__setitem__(host, Response(body, content_type="text/html"))


def yanked(version: str, reason: str = "") -> Change:
    """A release that was yanked."""

    def change(made: SetUp) -> None:
        state = made.embedded.pypi.state
        project = state.projects["sample"]
        releases = (replace(r, yanked=reason) if str(r.version) == version else r for r in project.releases)
        state.put(replace(project, releases=tuple(releases)))

    return change


def vouched(whose: dict[str, str | None] | None, **claims: str) -> Change:
    return lambda made: vouch(made, whose, **claims)


def having(index: str, **fields: object) -> Change:
    def change(made: SetUp) -> None:
        state = (made.embedded.pypi if index == "pypi" else made.embedded.testpypi).state
        state.put(replace(state.projects["sample"], **fields))  # type: ignore[arg-type]

    return change


def taken(index: str, *lines: str, user: str = "stranger") -> Change:
    """The project of somebody, with one release whose metadata has these lines."""

    def change(made: SetUp) -> None:
        state = (made.embedded.pypi if index == "pypi" else made.embedded.testpypi).state
        state.add_project(Project(name="sample", roles={user: "Owner"}))
        state.add_file(good_wheel(made.root.parent, "sample", "0.1", *lines), uploaded=made.ago(900))

    return change


def named(name: str, *others: str) -> Change:
    """The project is called otherwise, and there are others."""

    def change(made: SetUp) -> None:
        made.edit("pyproject.toml", 'name = "sample"', f'name = "{name}"')
        for other in others:
            made.embedded.pypi.state.add_project(Project(name=other, roles={"stranger": "Owner"}))

    return change


def transferred(made: SetUp) -> None:
    taken("pypi", "Project-URL: Source, https://github.com/old/sample")(made)
    vouch(made, {"repository": "old/sample"}, owner_id="77")


def moved(made: SetUp) -> None:
    """The repository was old/sample once, and nothing in the clone tells: it has no tags, and another owner."""
    made.github.former.add("old/sample")
    transferred(made)
    git(made.root, "tag", "--delete", "v0.9.0")


def moved_by_token(made: SetUp) -> None:
    moved(made)
    taken("pypi", "Project-URL: Source, https://github.com/old/sample")(made)


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(made: SetUp) -> None:
        for one in changes:
            one(made)

    return change


def unseen(change: Change) -> Change:
    """A change, and GitHub is down."""
    return both(change, down("api.github.com"))


def empty(made: SetUp) -> None:
    made.embedded.pypi.state.add_project(Project(name="sample", roles={"owner": "Owner"}))


def renamed_file(made: SetUp) -> None:
    git(made.root, "mv", PUBLISH, ".github/workflows/release.yml")
    made.write("README.md", "# Sample, again\n")


def renamed_repository(made: SetUp) -> None:
    made.github.former.add(made.github.full_name)
    made.github.name = "samples"


def one_more(with_provenance: dict[str, str | None] | None) -> Change:
    """A later release, by somebody else or by hand."""

    def change(made: SetUp) -> None:
        state = made.embedded.pypi.state
        state.add_file(good_wheel(made.root.parent, "sample", "0.9.1"), uploaded=made.ago(3))
        state.add_file(good_sdist(made.root.parent, "sample", "0.9.1"), uploaded=made.ago(3))
        if with_provenance is not None:
            project = state.projects["sample"]
            whose = {"kind": "GitHub", "repository": SLUG, "workflow": "publish.yml", "environment": "pypi"}
            text = provenance(whose | with_provenance, {COMMIT: "0" * 40})
            releases = tuple(
                replace(r, files=tuple(replace(f, provenance=text) for f in r.files))
                if str(r.version) == "0.9.1"
                else r
                for r in project.releases
            )
            state.put(replace(project, releases=releases))

    return change


def forked(made: SetUp) -> None:
    git(made.root, "remote", "add", "upstream", "https://github.com/upstream/sample.git")
    taken("pypi", "Home-page: https://github.com/upstream/sample")(made)


def lost_tag(made: SetUp) -> None:
    git(made.root, "tag", "--delete", "v0.9.0")


def piled_up(made: SetUp) -> None:
    state = made.embedded.testpypi.state
    (release,) = state.projects["sample"].releases
    files = (replace(release.files[0], size=81 * 2**30 // 10), *release.files[1:])
    state.put(replace(state.projects["sample"], releases=(replace(release, files=files),)))


def only_called(made: SetUp) -> None:
    text = (made.root / PUBLISH).read_text()
    on = text[text.index("\non:\n") : text.index("\npermissions:")]
    made.write(PUBLISH, text.replace(on, "\non:\n  workflow_call:\n"))


def second(made: SetUp) -> None:
    """A nightly workflow publishes to the same index from an environment of its own."""
    job = "  up:\n    permissions: {id-token: write}\n    environment: nightly\n    steps:\n"
    step = "      - uses: pypa/gh-action-pypi-publish@release/v1\n"
    made.write(".github/workflows/nightly.yml", f"on: {{schedule: [{{cron: '0 3 * * *'}}]}}\njobs:\n{job}{step}")


def matrix(made: SetUp) -> None:
    """The job publishes from two environments."""
    text = (made.root / PUBLISH).read_text()
    before, job, after = text.partition("  publish-pypi:\n")
    matrix = "    strategy: {matrix: {environment: [pypi, other]}}\n"
    made.write(PUBLISH, before + job + matrix + after.replace("name: pypi\n", "name: ${{ matrix.environment }}\n", 1))


def called_by(made: SetUp) -> None:
    """Another workflow, which a tag starts, calls the one that publishes."""
    made.edit(PUBLISH, "\non:\n", "\non:\n  workflow_call:\n")
    caller = "on: {push: {tags: ['v*']}}\njobs: {go: {uses: ./.github/workflows/publish.yml}}\n"
    made.write(".github/workflows/tag.yml", caller)


def smuggled(made: SetUp) -> None:
    """The sdist of the newest release came from a branch, by a publisher of the same name and of another account."""
    state = made.embedded.pypi.state
    project = state.projects["sample"]
    whose = {"kind": "GitHub", "repository": SLUG, "workflow": "publish.yml", "environment": "other"}
    text = provenance(whose, {COMMIT: "f" * 40, REF: "refs/heads/evil", OWNER_ID: "42"})
    (release,) = project.releases
    files = (replace(one, provenance=text) if one.filename.endswith(".tar.gz") else one for one in release.files)
    state.put(replace(project, releases=(replace(release, files=tuple(files)),)))


def handed(made: SetUp) -> None:
    """The workflow hands its identity to one of another repository."""
    made.write(PUBLISH, None)
    job = "{permissions: {id-token: write}, uses: acme/shared/.github/workflows/pypi.yml@v1}"
    made.write(".github/workflows/tag.yml", f"on: {{push: {{tags: ['v*']}}}}\njobs:\n  go: {job}\n")


def called_bare(made: SetUp) -> None:
    """The same, and the upload makes no attestations."""
    called_by(made)
    text = (made.root / PUBLISH).read_text()
    before, job, after = text.partition("  publish-pypi:\n")
    assert "attestations: true" in after
    made.write(PUBLISH, before + job + after.replace("attestations: true", "attestations: false", 1))


def bare_job(made: SetUp) -> None:
    """The job that publishes has no environment, and none is registered."""
    made.edit(PUBLISH, "    environment:\n      name: pypi\n", "    x-environment:\n      name: pypi\n")
    vouch(made, {"environment": None})


def expression(made: SetUp) -> None:
    made.edit(PUBLISH, "name: pypi\n", "name: ${{ vars.ENVIRONMENT }}\n")
