"""The workflow that looks after the releases, unchanged, in act: what it finds, and what becomes of the issue."""

import re
from pathlib import Path

import pytest

from tagship.cli.app import run
from tagship.rehearsal.github import Rule, Ruleset
from tagship.rehearsal.request import Request
from tests.made_dists import good_sdist, good_wheel
from tests.rehearsal.act.acting import Act
from tests.rehearsing import git

TAGS = tuple(Rule(type=kind) for kind in ("creation", "update", "deletion"))


@pytest.mark.slow
@pytest.mark.requirement("D6", "A13")
def test_an_issue_is_opened_kept_up_to_date_and_closed(act_generated: Act, adopted: Path, tmp_path: Path) -> None:
    """Both jobs succeed with what the file grants them, and one issue follows what is wrong until all is well."""
    assert run(["init", "--watchdog", str(adopted)]) == 0
    git(adopted, "add", "--all")
    git(adopted, "commit", "--quiet", "--message", "Watch over releases")
    with act_generated.open(adopted, Request(workflow="release-watch.yml", kind="dispatch")) as world:
        embedded, github = world.opened.embedded, world.opened.embedded.github
        for path in (good_wheel(tmp_path, "sample", "0.9.0"), good_sdist(tmp_path, "sample", "0.9.0")):
            embedded.pypi.state.add_file(path)

        def look() -> tuple[bool, list[str], list[str]]:
            """Let it run once: whether its issue is open, what that is about, and everything that was said there."""
            result = world.run()
            assert [(job.name, job.result, job.permissions) for job in result.jobs] == [
                ("newest-release", "success", ("contents: read",)),
                (
                    "set-up",
                    "success",
                    ("contents: read", "actions: read", "checks: read", "statuses: read", "issues: write"),
                ),
            ]
            assert result.not_rehearsed[0] == "the secret TAGSHIP_READER_TOKEN: there is none, as in most repositories"
            (issue,) = github.issues
            ids = re.findall(r"<!-- release-watch of sample:(.*) -->", issue.body or "")
            return issue.closed is None, ids[0].split(), [comment.body for comment in issue.comments]

        rules = Ruleset(
            id=7, name="Tags", target="tag", created=0, include=("refs/tags/v*",), rules=TAGS, bypass=("owner",)
        )
        github.rulesets.append(rules)
        there = dict(github.environments)
        del github.environments["pypi"]
        assert look() == (True, ["github.environment:pypi"], [])
        github.environments["pypi"] = there["pypi"]
        del github.environments["testpypi"]
        news = "New: `github.environment:testpypi`. Mended: `github.environment:pypi`."
        assert look() == (True, ["github.environment:testpypi"], [news])
        github.environments["testpypi"] = there["testpypi"]
        assert look() == (False, [], [news, "All is well again."])
