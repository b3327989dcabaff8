"""Releases, attestations and packages that are built by one action, as many workflows have them."""

from pathlib import Path

import pytest

from tests.rehearsal.act.acting import Act
from tests.rehearsal.act.test_act_grants import HEAD, by_name, job, said
from tests.rehearsal.act.test_act_standins import run, step
from tests.rehearsal.act.workflows import FILE
from tests.rehearsing import repository

pytestmark = pytest.mark.requirement("E2")
PACKAGES = "{name: Packages, path: dist}"


def with_inputs(uses: str, inputs: str) -> str:
    """A step that uses an action, its inputs written as one mapping."""
    return f"      - uses: {uses}\n        with: {inputs}\n"


def test_a_package_is_built_and_inspected_attested_and_released(act: Act, tmp_path: Path) -> None:
    """One action builds, checks and keeps; the draft of one job is made public by the next, changed by the third."""
    built = with_inputs("hynek/build-and-inspect-python-package@v2", "{attest-build-provenance-github: 'true'}")
    named = built.replace("- uses", "- id: built\n        uses")
    told = "echo ${{ steps.built.outputs.package_name }} ${{ steps.built.outputs.artifact-name }} $(ls dist)"
    first = "{files: 'dist/*.whl, README.md', draft: true, body: One}"
    again = "{files: dist/*, body: Two, append_body: true, tag_name: v1.0.0, prerelease: true}"
    public = "{files: dist/*, body: Three}"
    other = "{files: dist/*, fail_on_unmatched_files: true}"
    checkout = step("actions/checkout@v6")
    download = with_inputs("actions/download-artifact@v8", PACKAGES)
    write = "{contents: write}"
    jobs = {
        "build": (
            "{id-token: write, attestations: write, contents: read}",
            checkout + named + download + run(told),
            "",
        ),
        "unattested": ("{id-token: write, contents: read}", checkout + built, ""),
        "draft": (write, checkout + download + with_inputs("softprops/action-gh-release@v3", first), "build"),
        "again": (write, checkout + download + with_inputs("softprops/action-gh-release@v2", again), "public"),
        "public": (write, download + with_inputs("softprops/action-gh-release@v3", public), "draft"),
        "none": (write, with_inputs("softprops/action-gh-release@v3", other), ""),
        "publish": (
            "{id-token: write}",
            download + step("pypa/gh-action-pypi-publish@release/v1"),
            "public\n    environment: pypi",
        ),
    }
    text = HEAD + "".join(
        job(name, permissions, steps, f"    needs: {needs}\n" if needs else "")
        for name, (permissions, steps, needs) in jobs.items()
    )
    with act.open(repository(tmp_path / "sample", {FILE: text})) as world:
        result = world.run()
        embedded = world.opened.embedded
        names = [file.filename for file in embedded.pypi.state.files("sample")]
        kept = sorted(artifact.name for artifact in embedded.github.artifacts)
        releases = [
            (one.tag, one.draft, one.prerelease, one.body, sorted(asset.name for asset in one.assets))
            for one in embedded.github.releases
        ]
    dist = ["sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"]
    assert {name: one.result for name, one in by_name(result).items()} == {
        "build": "success",
        "unattested": "failure",
        "draft": "success",
        "again": "success",
        "public": "success",
        "none": "failure",
        "publish": "success",
    }
    assert said(result)["build"][-1].split() == ["sample", "Packages", *dist]
    assert releases == [("v1.0.0", False, True, "One\nTwo", ["README.md", *dist])]
    assert names == dist
    assert kept == ["Package Metadata", "Packages", "PyPI README"]
    why = {name: one.finding.why.splitlines()[-1] for name, one in by_name(result).items() if one.finding is not None}
    assert why == {
        "unattested": "Failed to persist attestation: Resource not accessible by integration",
        "none": "⚠️  Pattern 'dist/*' does not match any files.",
    }


@pytest.mark.requirement("A9")
def test_a_workflow_that_publishes_at_the_release_of_a_tag_is_rehearsed_with_it(act: Act, tmp_path: Path) -> None:
    """Tags and releases start it, and only releases publish: the release of the tag is what is rehearsed."""
    head = HEAD.replace('on: {push: {tags: ["v*"]}}', 'on: {push: {tags: ["v*"]}, release: {types: [published]}}')
    asks = "    environment: pypi\n    if: github.event_name == 'release' && github.event.action == 'published'\n"
    steps = (
        step("actions/checkout@v6")
        + step("astral-sh/setup-uv@v7")
        + run("uv build --quiet")
        + step("pypa/gh-action-pypi-publish@release/v1")
    )
    text = head + job("publish", "{id-token: write, contents: read}", steps, asks)
    result = act(repository(tmp_path / "sample", {FILE: text}))
    assert (result.verdict, result.headline, result.scenario) == (
        "ready",
        "sample: 2 files would be published on PyPI",
        "push of the tag v1.0.0 and publishing of its release, release.yml in act",
    )
