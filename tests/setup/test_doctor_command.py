"""`tagship doctor` as a user calls it: what it shows, in which form, with which exit code, and when something hangs."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from tagship.model import Status
from tagship.services.addresses import page_of
from tagship.services.shell import Output
from tagship.services.world import LOOK
from tagship.setup.check import Group
from tagship.setup.doctor import CHECKS, Examination
from tests import goldens
from tests.cli.calling import IMPORTED, call
from tests.rehearsing import git, repository
from tests.setup.worlds import ADMIN, SetUp, Stagehand

WORKFLOW = ".github/workflows/publish.yml"


def command(made: SetUp, *words: str, token: str = "", name: str = "doctor", **extra: str) -> Output:
    """The command, with further variables."""
    return made.command(*words, token=token, name=name, extra=extra)


def scrubbed(text: str) -> str:
    """Without how many checks there are."""
    return re.sub(r"\b\d+ (ok|checks)\b", r"N \1", text)


def result_of(answer: Output) -> Examination:
    """The record that was printed."""
    return msgspec.json.decode(answer.stdout, type=Examination)


def states(result: Examination, group: Group) -> set[Status]:
    """How the checks of a group ended."""
    return {check.fact.status for check in result.checks if check.group is group}


def broken(made: SetUp) -> None:
    """A workflow that somebody edited, CI that is cancelled, no owners."""
    made.edit(WORKFLOW, '"v*.*.*"', '"release-*"')
    made.edit(".github/workflows/ci.yml", "jobs:\n", "concurrency: {group: ci, cancel-in-progress: true}\njobs:\n")
    made.write(".github/CODEOWNERS", None)


@pytest.mark.requirement("C2")
def test_where_everything_is_right_one_line_says_so(worlds: Stagehand) -> None:
    """A good set-up is a success, a line for each group and a verdict."""
    with worlds.open("shown-good") as made:
        answer = command(made, token=made.token())
    assert (answer.returncode, answer.stderr) == (0, "")
    assert re.sub(r"\nAdvice:\n(  .*\n)+", "", scrubbed(answer.stdout)).splitlines() == [
        "",
        "sample, owner/sample",
        "Checkout (N ok)",
        "Workflow (N ok)",
        "CI (N ok)",
        "GitHub (N ok)",
        "PyPI and TestPyPI (N ok)",
        "Security (N ok)",
        "",
        "Ready: all N checks are ok",
    ]


@pytest.mark.requirement("C2")
def test_what_is_wrong_is_shown_with_reason_and_remedy(worlds: Stagehand) -> None:
    """The whole text: what was seen, what was wanted and why, what to do; advice and what was not seen apart."""
    with worlds.open("shown-broken") as made:
        broken(made)
        made.github.private = True
        answer = command(made, "--only", "local", "--only", "workflow", "--only", "ci", "--only", "security.owners")
        again = command(made, "--only", "ci.active", "--only", "ci.succeeded")
    assert (answer.returncode, answer.stderr, again.returncode) == (1, "", 2)
    goldens.same("doctor-broken.txt", scrubbed(answer.stdout))


@pytest.mark.requirement("C2")
def test_without_a_token_what_is_hidden_is_said_and_no_success(worlds: Stagehand) -> None:
    """Without a token the administration is not seen: exit code 2, or 0 where that is allowed."""
    with worlds.open("shown-anonymous") as made:
        answer = command(made)
        allowed = command(made, "--allow-unknown", "--json")
    result = result_of(allowed)
    hidden = [check for check in result.checks if check.fact.status is Status.UNKNOWN]
    assert (answer.returncode, allowed.returncode) == (2, 0)
    assert {check.group for check in hidden} == {Group.GITHUB, Group.SECURITY}
    anonymous = [check for check in hidden if "(asked without a token)" in check.fact.detail]
    assert {check.fact.detail for check in hidden if check not in anonymous} == {
        "whether GitHub looks for leaked credentials is shown to administrators only",
        "who may make v*.*.* in spite of the ruleset Release tags is shown to administrators only",
    }
    assert "Not sure: no problem was seen" in answer.stdout
    assert "gh auth login, or a token with the permission Administration: read in GH_TOKEN." in answer.stdout


def test_the_json_is_the_record_and_verify_setup_is_the_same_command(worlds: Stagehand) -> None:
    """`--json` prints the record, `verify-setup` does what `doctor` does, and help lists the command once."""
    with worlds.open("shown-json") as made:
        broken(made)
        token = made.token()
        answers = [command(made, "--json", token=token, name=name) for name in ("doctor", "verify-setup")]
        wrong = made.problems()
    first, second = map(result_of, answers)
    assert [answer.returncode for answer in answers] == [1, 1]
    assert msgspec.structs.replace(first, at=0.0) == msgspec.structs.replace(second, at=0.0)
    assert (first.project, first.repository) == ("sample", "owner/sample")
    assert all(check.url == page_of(check.code) for check in first.checks)
    assert wrong.keys() == {
        *("workflow.unchanged", "workflow.tag", "ci.cancelled:ci.yml"),
    }
    listed = call("--help", cwd=made.root.parent.parent).out
    assert (len(re.findall(r"^\W*doctor\s{2,}", listed, re.MULTILINE)), "verify-setup" in listed) == (1, False)


class _Outside(HTMLParser):
    """Everything that a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        self.found += [tag for name, _ in attrs if name in ("src", "srcset") or (tag, name) == ("link", "href")]
        self.found += [f"on{name}" for name, _ in attrs if name.startswith("on")]


def test_the_page_needs_nothing_else_and_shows_foreign_words_as_words(worlds: Stagehand, tmp_path: Path) -> None:
    """`--html` writes one page that loads nothing, with every problem, and with names that are no markup."""
    page = tmp_path / "doctor.html"
    with worlds.open("shown-page") as made:
        broken(made)
        made.edit("pyproject.toml", '"sample"\nv', '"<b onclick=x>sample</b>"\nv')
        answer = command(made, "--html", str(page), "--only", "local", "--only", "ci", "--only", "security")
    text = page.read_text()
    outside = _Outside()
    outside.feed(text)
    assert (answer.returncode, outside.found) == (1, [])
    assert "Content-Security-Policy" in text
    assert "&lt;b onclick=x&gt;sample&lt;/b&gt;" in text
    assert "<b onclick" not in text
    for words in ("Not ready", "a newer push cancels the run of an older one", "there is no CODEOWNERS", "TD23"):
        assert words in text


@pytest.mark.parametrize(
    ("only", "groups"),
    [("ci", {"ci"}), ("TD15", {"workflow.tag"}), ("td15", {"workflow.tag"}), ("workflow.tag", {"workflow.tag"})],
)
def test_some_checks_alone(worlds: Stagehand, only: str, groups: set[str]) -> None:
    """`--only` takes a group, an id or a code, and judges nothing else."""
    with worlds.open("shown-only") as made:
        result = result_of(command(made, "--only", only, "--json"))
    assert {id for check in result.checks for id in groups if check.fact.id.startswith(id)} == groups
    assert all(check.fact.id.startswith(tuple(groups)) for check in result.checks)


def test_checks_of_the_checkout_ask_nobody(worlds: Stagehand) -> None:
    """With `--offline`, or where only the checkout is judged, no service is asked; what needs one is unknown."""
    with worlds.open("shown-offline") as made:
        before = len(made.embedded.exchanges)
        inside = command(made, "--only", "local", "--only", "workflow")
        offline = command(made, "--offline", "--json")
        allowed = command(made, "--offline", "--allow-unknown")
        assert len(made.embedded.exchanges) == before
    result = result_of(offline)
    assert (inside.returncode, offline.returncode, allowed.returncode) == (0, 2, 0)
    assert states(result, Group.WORKFLOW) == {Status.OK}
    assert Status.UNKNOWN in states(result, Group.CI)
    seen = [check for check in result.checks if check.group in (Group.GITHUB, Group.INDEX)]
    assert [check.fact.id for check in seen if check.fact.status is Status.OK] == [
        "index.claims:pypi",  # predicted from the workflow
        "index.claims:testpypi",
    ]


def test_a_service_that_is_gone_hides_nothing_else(worlds: Stagehand) -> None:
    """Where PyPI cannot be reached, what GitHub and TestPyPI say is shown all the same, and soon."""
    with worlds.open("shown-half") as made:
        made.embedded.doors.hosts = {
            host: app for host, app in made.embedded.doors.hosts.items() if host not in made.embedded.pypi.hosts
        }
        before = len(made.embedded.exchanges)
        result = result_of(command(made, "--json", token=made.token()))
        tried = [exchange.url for exchange in made.embedded.exchanges[before:] if exchange.service == "refused"]
    gone = [check for check in result.checks if check.fact.status is Status.UNKNOWN]
    assert {check.group for check in gone} == {Group.INDEX}
    assert all("pypi.org could not be reached" in check.fact.detail for check in gone)
    assert states(result, Group.GITHUB) <= {Status.OK, Status.PROBLEM}
    assert any(check.fact.status is Status.OK for check in result.checks if check.group is Group.INDEX)
    assert (set(tried), len(tried) <= 4) == ({"https://pypi.org"}, True)  # not again for each question


def test_a_server_of_ones_own_is_neither_asked_about_nor_taken_for_github(worlds: Stagehand) -> None:
    """On GitHub Enterprise each setting is unknown in the same words; who has that name on github.com is left alone."""
    with worlds.open("shown-enterprise", auth="token") as made:
        git(made.root, "remote", "set-url", "origin", "https://github.company.example/owner/sample.git")
        made.github.environments.clear()
        before, token = len(made.embedded.exchanges), made.token(ADMIN)
        result = result_of(command(made, "--json", token=token))
        applied = command(made, "--apply", "--yes", token=token)
        asked = {exchange.url.split("/")[2] for exchange in made.embedded.exchanges[before:]}
    words = "the repository is on github.company.example, and tagship asks github.com alone about settings"
    remedy = "Look at the settings on github.company.example yourself; --allow-unknown accepts what stays unknown."
    unknown = [check for check in result.checks if check.fact.status is Status.UNKNOWN]
    assert {check.group for check in unknown} == {Group.CI, Group.GITHUB, Group.INDEX, Group.SECURITY}
    assert states(result, Group.GITHUB) == {Status.UNKNOWN}
    assert {(check.fact.detail, check.finding.remedy) for check in unknown if check.finding} == {(words, remedy)}
    assert asked == {"pypi.org", "test.pypi.org"}
    assert (applied.returncode, applied.stdout) == (3, "")
    assert f"Nothing was changed: {words}" in applied.stderr


@pytest.mark.requirement("C2")
@pytest.mark.parametrize(
    ("kind", "said", "remedy"),
    [
        ("revoked", "GitHub refused: 401 Bad credentials", "The token is wrong, expired or revoked: give another one."),
        ("used up", "GitHub does not answer now: 403 API rate limit exceeded", "Wait "),
        ("too little", "GitHub refused: 403 Resource not accessible by personal access token", "administration=read"),
    ],
)
def test_a_token_that_does_not_do(worlds: Stagehand, kind: str, said: str, remedy: str) -> None:
    """A token that is revoked, used up, or may too little makes unknown what it should have shown, and says why."""
    with worlds.open("shown-token") as made:
        token = {
            "revoked": "ghp_madeUpForThisTestAndKnownToNobody12",
            "used up": made.github.issue_token("fine-grained", ADMIN, limit=1).value,
            "too little": made.token({name: level for name, level in ADMIN.items() if name != "administration"}),
        }[kind]
        if kind == "used up":
            made.doctor(token)
        result = result_of(command(made, "--json", token=token))
    hidden = [c for c in result.checks if c.fact.status is Status.UNKNOWN and c.fact.detail.startswith(said)]
    assert hidden
    assert all(check.finding is not None and remedy in check.finding.remedy for check in hidden)
    assert states(result, Group.WORKFLOW) == {Status.OK}
    assert Status.OK in states(result, Group.INDEX)


def test_inside_actions_findings_are_annotations_and_the_job_has_a_page(worlds: Stagehand, tmp_path: Path) -> None:
    """Inside GitHub Actions each finding stands beside its line, and the page of the job has the table."""
    page = tmp_path / "summary.md"
    with worlds.open("shown-actions") as made:
        broken(made)
        inside = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(page)}
        answer = command(made, "--only", "workflow", "--only", "ci.cancelled", **inside)
    found = re.findall(
        r"^::(error|warning) title=(TD\d\d)%3A [^,\n]*,file=([^,:]*)(?:,line=(\d+))?", answer.stderr, re.M
    )
    assert found == [
        ("error", "TD15", WORKFLOW, "8"),
        ("warning", "TD23", ".github/workflows/ci.yml", "5"),
    ]
    text = page.read_text()
    assert text.startswith("# Not ready: 3 problems\n\n| | where | |")
    assert "| TD23 | CI | problem | ci.yml: a newer push cancels the run of an older one |" in text


@pytest.mark.parametrize("word", ["workflow.tag", "TD15", "td15"])
def test_a_check_is_explained_by_its_id_and_its_code(tmp_path: Path, word: str) -> None:
    """`--explain` and `tagship explain` print the page of a check, with what it needs to be seen."""
    said = call("doctor", "--explain", word, cwd=tmp_path)
    assert said.out == call("explain", word, cwd=tmp_path).out
    assert said.out.startswith("TD15: A version tag starts the workflow\n\nA tag that fits no filter")
    assert said.out.endswith("\nCheck: workflow.tag\n\nNeeds: the checkout alone\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--only", "workflw"), 2, "Nothing was looked at: there is no check or group workflw"),
        (("--explain", "TD999"), 2, "There is no code TD999"),
        (("several/one", "--token", "NOWHERE"), 2, "Nothing was looked at: there is no token in a variable"),
        (("several/one", "--token", "-"), 2, "Nothing was looked at: there is no token in standard input"),
        (("nowhere",), 3, "nowhere is not a folder"),
        ((".",), 3, "is not inside a git repository"),
        (("several",), 2, "Nothing was looked at: the packages lie below the root of the repository: one, two"),
        (("empty",), 3, "there is no Python project in"),
        (("begun",), 3, "Nothing was looked at: there is no commit yet"),
        (("several/one", "--html", "no/page.html"), 2, "Nothing was done: the file no/page.html cannot be written"),
        (("several/one", "--snapshot", "several/file/x"), 2, "Nothing was done: the file several/file/x cannot be"),
        (("several/one", "--apply", "--offline", "--yes"), 2, "--apply asks GitHub, writes no file, and does not go"),
        (("several/one", "--apply", "--snapshot", "world.json", "--yes"), 2, "and does not go with --snapshot"),
    ],
)
def test_a_wrong_call_says_what_was_not_done(tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """What cannot be looked at ends at once, with a remedy."""
    member = '[project]\nname = "NAME"\nversion = "1"\n'
    none = dict.fromkeys(("pyproject.toml", "sample/__init__.py", "tests/test_sample.py"))
    repository(tmp_path / "several", {**none, "one/pyproject.toml": member, "two/pyproject.toml": member})
    repository(tmp_path / "empty", none)
    (tmp_path / "several" / "file").write_text("")
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "pyproject.toml").write_text(member)
    git(tmp_path / "begun", "init", "--quiet")
    answer = call("doctor", *words, cwd=tmp_path)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
    assert "fix: " in answer.err


def asleep(pid: int) -> None:
    """Wait until a program does nothing but wait: Python drops a Ctrl-C that comes while it collects what it dropped.

    Asleep in ten looks one after another, and no time spent between them, however busy the machine is.
    """
    file, seen = Path(f"/proc/{pid}/stat"), list[tuple[str, ...]]()
    while file.exists() and not (len(seen) > 10 and len(set(seen[-10:])) == 1 and seen[-1][0] == "S"):
        words = file.read_text().rpartition(")")[2].split()
        seen.append((words[0], words[11], words[12]))  # state, and the time of its own and of the system
        time.sleep(0.05)


def test_a_service_that_hangs_does_not_hold_up_who_gives_up(tmp_path: Path) -> None:
    """Ctrl-C ends it at once, whatever is being waited for, and no thread is left for an interpreter that ends."""
    watched = (
        "import atexit, signal, sys, threading; from tagship.cli import main; sys.argv[1:] = ['doctor'];"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"  # ignored where tests run in the background
        "atexit.register(lambda: print([t.name for t in threading.enumerate()])); main()"
    )
    root = repository(tmp_path / "sample", {})
    subprocess.run(("git", "remote", "add", "origin", "https://github.com/owner/sample"), cwd=root, check=True)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        environ = os.environ | {
            "PYTHONPATH": IMPORTED,
            "HTTPS_PROXY": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "GH_TOKEN": "ghp_madeUpForThisTest",
        }
        process = subprocess.Popen(
            (sys.executable, "-c", watched),
            cwd=root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        waiting, _ = silent.accept()
        assert waiting.recv(7) == b"CONNECT"
        asleep(process.pid)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        left, said = process.communicate(timeout=LOOK)
        waiting.close()
    assert (process.returncode, left, said) == (130, b"['MainThread']\n", b"\ninterrupted\n")
    assert time.monotonic() - began < LOOK / 2


def test_the_table_of_checks_is_in_order() -> None:
    """Ids and codes are unique, an id begins with its group, and every title is a claim without a full stop."""
    ids, codes = [check.id for check in CHECKS], [check.page.code for check in CHECKS]
    assert len(CHECKS) > 30
    assert (len(set(ids)), len(set(codes))) == (len(ids), len(codes))
    assert [check.id for check in CHECKS if not check.id.startswith(f"{check.group}.")] == []
    assert [code for code in codes if not re.fullmatch(r"TD\d\d", code)] == []
    texts = [text for check in CHECKS for text in (check.page.title, check.page.why, check.page.remedy)]
    assert [text for text in texts if not text or not text[0].isascii()] == []
    assert [check.page.title for check in CHECKS if check.page.title.endswith(".")] == []
