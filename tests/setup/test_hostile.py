"""The doctor in hostile places: nothing that others wrote acts on the reader, nothing leaks, nothing crashes."""

import itertools
import json
import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterable

import pytest
from werkzeug import Request, Response

from tagship.model import Status
from tagship.rehearsal.github.state import Policy
from tagship.setup.doctor import CHECKS, examine
from tagship.setup.observe import observe
from tests.rehearsing import git
from tests.setup.worlds import SetUp, Stagehand

NASTY = "\x1b[31m\x1b]0;owned\x07<script>alert(1)</script>|`x`[a](javascript:alert(1))\n::error::owned\r\n"
SECRET = "ghp_madeupmadeupmadeupmadeupmadeup0000"
REMOTES = (
    f"https://somebody:{SECRET}@github.com/owner/sample.git",
    f"https://{SECRET}@github.com/owner/sample",
    f"https://x-access-token:{SECRET}@github.com/owner/sample.git",
)


def _nasty(made: SetUp) -> None:
    """Everything that others name is named so that it would do harm."""
    pypi = made.github.environments["pypi"]
    pypi.policies.append(Policy(id=made.github.new_id(), type="branch", name=NASTY))
    pypi.reviewers = (NASTY,)
    made.github.add_environment(NASTY)
    made.github.rulesets[0].name = NASTY
    made.github.rulesets[0].enforcement = "evaluate"
    made.write(
        f".github/workflows/{NASTY.replace('/', '-').strip()}.yml", f"name: {json.dumps(NASTY)}\non: [release]\n"
    )
    made.write("README.md", "x\n", message=f"{NASTY} [skip ci]")


@pytest.mark.parametrize("form", ["text", "--html", "annotations"])
def test_what_others_wrote_does_not_act_on_the_reader(worlds: Stagehand, form: str) -> None:
    """No escape sequence, no markup and no workflow command of theirs gets through to a terminal, a page or a log."""
    with worlds.open("nasty") as made:
        _nasty(made)
        page = made.root.parent / "page.html"
        words = ("--html", str(page)) if form == "--html" else ()
        extra = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)} if form == "annotations" else {}
        output = made.command(*words, token=made.token(), extra=extra)
        said = output.stdout + output.stderr
        assert output.returncode == 1, said
        assert "Traceback" not in said
        assert not {character for character in said if ord(character) < 32} - {"\n"}
        ours = [line for line in said.splitlines() if line.startswith("::")]
        assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in ours), ours
        assert (form == "annotations") is bool(ours)
        if page.is_file():
            written = page.read_text()
            assert "<script>alert" not in written
            assert "\x1b" not in written


@pytest.mark.parametrize("address", REMOTES)
def test_a_token_in_the_address_of_a_remote_is_shown_nowhere(worlds: Stagehand, address: str) -> None:
    """Neither the text nor JSON nor the page has it, and the repository is known all the same."""
    with worlds.open("remotes") as made:
        git(made.root, "remote", "set-url", "origin", address)
        git(made.root, "remote", "add", "second", address.replace("/owner/", "/other/"))
        page = made.root.parent / "page.html"
        for words in ((), ("--json",), ("--html", str(page))):
            output = made.command(*words, token=made.token())
            assert "owner/sample" in output.stdout + output.stderr + (page.read_text() if page.is_file() else "")
            assert SECRET not in output.stdout + output.stderr
        assert SECRET not in page.read_text()


class Elsewhere:
    """A host that keeps what it was sent."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        """Take anything."""
        self.seen.append(str(Request(environ).headers))
        return Response("{}", content_type="application/json")(environ, start_response)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_redirect_to_another_host_does_not_get_the_token(worlds: Stagehand, scheme: str) -> None:
    """Whoever GitHub's answers lead to is sent no token; what cannot be read is unknown."""
    with worlds.open("redirects") as made:
        elsewhere, token = Elsewhere(), made.token()
        made.embedded.doors.hosts["elsewhere.example"] = elsewhere
        target = f"{scheme}://elsewhere.example/caught"
        made.embedded.doors.hosts["api.github.com"] = Response(status=302, headers={"Location": target})
        seen = made.doctor(token)
        assert token not in "".join(elsewhere.seen)
        github = [check.fact.status for check in seen.checks if check.fact.id.startswith("github.")]
        assert Status.OK not in github
        assert token not in str(seen)


HUGE = "x" * 5_000_000
BODIES = {
    "no JSON": "<html>",
    "another type": "[1, 2, 3]",
    "deep": "[" * 200_000,
    "deeper": '{"a":' * 200_000,
    "huge": json.dumps({"name": HUGE, "full_name": HUGE, "message": HUGE}),
    "nothing": "",
    "null": "null",
    "NUL": '{"full_name": "\\u0000"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_answer_that_is_none_is_unknown(worlds: Stagehand, body: str) -> None:
    """Whatever the services send, the doctor ends, says what it could not read, and says it briefly."""
    with worlds.open("answers") as made:
        for host in ("api.github.com", "pypi.org", "test.pypi.org"):
            made.embedded.doors.hosts[host] = Response(body, content_type="application/json")
        seen = made.doctor()
        far = [check for check in seen.checks if check.fact.id.startswith(("github.", "index."))]
        read = {check.fact.id.partition(":")[0] for check in far if check.fact.status is not Status.UNKNOWN}
        # an object that says nothing is, to an index, a project without files; one's own claims nobody is asked for
        assert read <= {"index.claims", "index.publisher", "index.room", "index.status"}
        assert max(len(check.fact.detail) for check in seen.checks) < 2_000


@pytest.mark.parametrize("following", ["the same", "always another"])
def test_pages_without_end_are_unknown(worlds: Stagehand, following: str) -> None:
    """A list whose next page is the one before it, or always one more, ends, and is no list that was seen."""
    numbers = itertools.count()

    def endless(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        page = "" if following == "the same" else next(numbers)
        link = f'<https://api.github.com/repos/{environ["PATH_INFO"].partition("/repos/")[2]}?page={page}>; rel="next"'
        body = '{"environments": [], "workflows": [], "secrets": [], "branch_policies": []}'
        return Response(body, content_type="application/json", headers={"Link": link})(environ, start_response)

    with worlds.open("endless") as made:
        github = made.embedded.doors.hosts["api.github.com"]

        def sometimes(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
            listed = str(environ["PATH_INFO"]).endswith(("/environments", "/workflows"))
            return (endless if listed else github)(environ, start_response)

        made.embedded.doors.hosts["api.github.com"] = sometimes
        listed = {"github.environment", "ci.active"}
        seen = made.doctor(checks=[check for check in CHECKS if check.id in listed])
        assert {check.fact.id: check.fact.status for check in seen.checks} == dict.fromkeys(listed, Status.UNKNOWN)
        assert all("has no end after " in check.fact.detail for check in seen.checks)


def test_who_drips_holds_nobody_and_hides_what_it_was_asked_alone(worlds: Stagehand) -> None:
    """A service that sends a byte now and then, and never ends, is unknown when the time is over, and nothing else."""
    over = threading.Event()

    def dripping(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        while not over.wait(0.05):
            yield b" "

    with worlds.open("drips") as made:
        began = time.monotonic()
        made.doctor()
        seconds = 3 + math.ceil(10 * (time.monotonic() - began))  # a machine that is busy may be asked as usual
        hosts = made.embedded.doors.hosts
        github, hosts["pypi.org"] = hosts["api.github.com"], dripping

        def sometimes(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
            drips = str(environ["PATH_INFO"]).endswith("/immutable-releases")
            return (dripping if drips else github)(environ, start_response)

        hosts["api.github.com"] = sometimes
        world, began = made.world(made.token()), time.monotonic()
        seen = examine(observe(world, made.project, seconds=seconds))
        spent = time.monotonic() - began
        over.set()
    unknown = {check.fact.id: check.fact.detail for check in seen.checks if check.fact.status is Status.UNKNOWN}
    late = f" is not waited for any longer: all requests together took {seconds} seconds"
    assert {id: why for id, why in unknown.items() if not id.startswith("index.")} == {
        "github.immutable-releases": f"api.github.com{late}"
    }
    of_pypi = {why for id, why in unknown.items() if id.startswith("index.")}
    assert of_pypi == {f"pypi.org{late}"}
    assert seconds <= spent < seconds + 30


def test_every_page_of_patterns_is_looked_at(worlds: Stagehand) -> None:
    """A pattern beyond the first hundred that lets every branch publish is found."""
    with worlds.open("pages") as made:
        pypi = made.github.environments["pypi"]
        pypi.policies += [Policy(id=made.github.new_id(), type="tag", name=f"v0.{number}.*") for number in range(120)]
        pypi.policies.append(Policy(id=made.github.new_id(), type="branch", name="*"))
        seen = made.doctor(checks=[check for check in CHECKS if check.id == "github.environment-refs"])
        (found,) = [check.fact for check in seen.checks if check.fact.id.endswith(":pypi")]
        assert (found.status, found.detail) == (Status.PROBLEM, "the branch * may deploy")


@pytest.mark.parametrize("parameters", ["null", "[]", '{"required_approving_review_count": null}'])
def test_a_rule_of_another_shape_is_unknown(worlds: Stagehand, parameters: str) -> None:
    """A rule whose parameters are none hides the check that asks for them, and nothing crashes."""
    with worlds.open("shapes") as made:
        github = made.embedded.doors.hosts["api.github.com"]
        rules = f'[{{"type": "pull_request", "ruleset_id": 1, "parameters": {parameters}}}]'

        def odd(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
            if "/rules/branches/" in str(environ["PATH_INFO"]):
                return Response(rules, content_type="application/json")(environ, start_response)
            return github(environ, start_response)

        made.embedded.doors.hosts["api.github.com"] = odd
        seen = made.doctor(checks=[check for check in CHECKS if check.id == "github.branch-rules"])
        (found,) = seen.checks
        assert found.fact.status is Status.UNKNOWN
        assert found.fact.detail.startswith("The parameters of a rule pull_request cannot be used: ")


def test_thousands_of_everything_are_looked_at(worlds: Stagehand) -> None:
    """A repository with very much of everything is judged, within seconds and in few words."""
    with worlds.open("many") as made:
        pypi = made.github.environments["pypi"]
        pypi.policies += [
            Policy(id=made.github.new_id(), type="branch", name=f"branch-{number}-" + "n" * 200) for number in range(50)
        ]
        for number in range(1_000):
            made.github.add_environment(f"preview-{number}")
        seen = made.doctor()
        (found,) = [check for check in seen.checks if check.fact.id == "github.environment-refs:pypi"]
        assert found.fact.status is Status.PROBLEM
        assert len(found.fact.detail) < 2_000


def _odd_files(made: SetUp) -> None:
    folder = made.root / ".github" / "workflows"
    (folder / "loop.yml").symlink_to("loop.yml")
    (folder / "passwd.yml").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.yml")
    (folder / "folder.yml").mkdir()
    (folder / "bytes.yml").write_bytes(b"\xff\xfe\x00name: x")
    (folder / "laughs.yml").write_text(
        "a: &a [x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9))
    )
    (folder / "deep.yml").write_text("a: " + "[" * 5_000)
    (folder / "; touch owned #.yml").write_text("on: push\njobs: {a: {runs-on: x, steps: [{run: git push --tags}]}}\n")
    (made.root / ".github" / "CODEOWNERS").unlink()
    (made.root / ".github" / "CODEOWNERS").mkdir()
    (made.root / "SECURITY.md").unlink()
    (made.root / "SECURITY.md").symlink_to("SECURITY.md")


def test_odd_files_are_no_trouble(worlds: Stagehand) -> None:
    """Loops, pipes, folders, other encodings, bombs and commands in names: judged or left out, and nothing is run."""
    with worlds.open("odd ; $(touch owned) 'files'") as made:
        _odd_files(made)
        seen = made.doctor()
        assert "workflow.tagged-by-token:; touch owned #.yml" in {check.fact.id for check in seen.checks}
        assert "root:" not in str(seen)
        assert not list(made.root.rglob("owned"))


TRICK = "x; touch owned #"


def _named_like_commands(made: SetUp) -> None:
    """Whatever a contributor may name, and a remedy may repeat."""
    upload = "on: push\njobs: {a: {runs-on: x, steps: [{run: twine upload dist/*, env: {TWINE_PASSWORD: x}}]}}\n"
    made.write(f".github/workflows/{TRICK}.yml", upload)
    made.github.disabled_workflows.add(f".github/workflows/{TRICK}.yml")
    settings = (made.root / "pyproject.toml").read_text()
    made.write("pyproject.toml", f'{settings}\n[tool.tagship]\nci = ["ci.yml", "{TRICK}.yml"]\n')
    made.write(f"{TRICK}/.pypirc", "[pypi]\npassword = made-up\n")
    made.write(f"{TRICK}/pyproject.toml", '[project]\nname = "further"\nversion = "1"\n')


def _and_elsewhere(made: SetUp) -> None:
    """What shows only where much else is wrong."""
    folder = made.root / ".github" / "workflows"
    (folder / "publish.yml").rename(folder / f"{TRICK}2.yml")
    git(made.root, "remote", "rename", "origin", TRICK.replace(" ", ""))
    git(made.root, "remote", "add", "other", "https://github.com/other/sample.git")


def _touching(made: SetUp) -> set[str]:
    """The checks whose remedies repeat such a name; in each it is one word to a shell."""
    told = {check.fact.id: check.finding.remedy for check in made.doctor().checks if check.finding is not None}
    found = {id.partition(":")[0]: remedy for id, remedy in told.items() if "owned" in remedy}
    bare = {id: re.sub(r"'[^']*owned[^']*'", "", remedy) for id, remedy in found.items()}
    assert not {id: remedy for id, remedy in bare.items() if "owned" in remedy}
    return set(found)


def test_a_remedy_that_is_pasted_runs_nothing_else(worlds: Stagehand) -> None:
    """Names of workflows, folders, files and remotes stand in the commands of remedies as one word each."""
    with worlds.open("pasted") as made:
        _named_like_commands(made)
        assert _touching(made) == {"ci.active", "local.packages", "security.no-passwords", "security.one-route"}
        _and_elsewhere(made)
        assert _touching(made) >= {"local.committed", "local.one-repository", "workflow.present"}
