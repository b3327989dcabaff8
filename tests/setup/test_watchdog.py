"""The weekly look: the workflow's own steps in the embedded world, and what becomes of the issue."""

import json
import re
import sys
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tagship.cli.app import run as command_line
from tagship.model import Fact, Status
from tagship.operate.watchdog import Change, Open, Say, Trouble, Watched, body, decide
from tagship.project.yaml_nodes import Items, Mapping, text
from tagship.rehearsal.github.threads import Issue as Kept
from tagship.services.issues import Issue
from tagship.services.shell import Output
from tagship.workflow.document import read
from tests.cli.calling import IMPORTED
from tests.made_dists import wheel, wheel_files
from tests.setup.worlds import ADMIN, SetUp, Stagehand

FILE = ".github/workflows/release-watch.yml"
CI = ".github/workflows/ci.yml"


@dataclass
class Watch:
    """A world whose repository has the workflow, and runs of it."""

    made: SetUp
    folder: Path
    answers: list[Output] = field(default_factory=list)

    def __call__(self, *, reader: str = "", **permissions: str | None) -> int:
        """Run the workflow's steps in order, each job with a token of its own permissions; the last exit code.

        The steps that check out and install are stood in for by the checkout and the tagship that are tested.

        Args:
            reader: the secret TAGSHIP_READER_TOKEN.
            permissions: changes to those of the jobs; None takes one away.
        """
        document = read((self.made.root / FILE).read_bytes(), FILE)
        needs: dict[str, object] = {}
        self.answers = []
        for name, job in document.jobs.items():
            granted = {key.text: text(value) for key, value in _entries(job.node.get("permissions"))}
            granted = {key: level for key, level in (granted | permissions).items() if level is not None}
            token = self.made.github.issue_token("github_token", granted).value
            known = {"github.token": token, "secrets.TAGSHIP_READER_TOKEN": reader, "toJSON(needs)": json.dumps(needs)}
            output, steps = self.folder / "output", job.node.get("steps")
            output.write_text("")
            assert isinstance(steps, Items)
            for step in steps.items:
                assert isinstance(step, Mapping)
                line = text(step.get("run"))
                if not line.startswith("python3 -P -m tagship"):
                    assert "uses" in {key.text for key, _ in step.entries} or "pip install" in line
                    continue
                env = {key.text: known[text(value)[4:-3]] for key, value in _entries(step.get("env"))}
                self.answers.append(self._step(line, env, output))
            outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
            needs[name] = {"result": "success", "outputs": outputs}
        return self.answers[-1].returncode

    def _step(self, line: str, env: dict[str, str], output: Path) -> Output:
        extra = {
            "PYTHONPATH": IMPORTED,
            "NO_COLOR": "1",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "owner/sample",
            "GITHUB_RUN_ID": "7",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            **env,
        }
        command = ("bash", "-e", "-c", line.replace("python3", sys.executable, 1))
        return self.made.embedded.shell.run(command, cwd=self.made.root, extra=extra, timeout=180)

    def command(self, *words: str, **extra: str) -> Output:
        """`tagship watchdog` by hand."""
        program = (sys.executable, "-P", "-m", "tagship", "watchdog", str(self.made.root), *words)
        variables = {"PYTHONPATH": IMPORTED, "NO_COLOR": "1", **extra}
        return self.made.embedded.shell.run(program, cwd=self.made.root, extra=variables, timeout=180)

    @property
    def issues(self) -> list[Kept]:
        """All issues on GitHub."""
        return self.made.github.issues

    def state(self) -> list[tuple[str, list[str], int]]:
        """Of each issue: its state, the problems it is about, and how many comments it has."""
        return [
            (
                "open" if issue.closed is None else f"closed as {issue.reason}",
                (re.findall(r"<!-- release-watch of sample:(.*) -->", issue.body or "") or [""])[0].split(),
                len(issue.comments),
            )
            for issue in self.issues
        ]


def _entries(node: object) -> tuple[tuple[object, object], ...]:
    return node.entries if isinstance(node, Mapping) else ()


@pytest.fixture
def watch(worlds: Stagehand, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    """The workflow as `init --watchdog` writes it, committed and pushed."""
    with worlds.open(f"watch-{tmp_path.name}") as made:
        assert command_line(["init", str(made.root), "--watchdog"]) == 0
        capsys.readouterr()
        made.write("NEWS.md", "x\n", message="Watch over releases")
        yield Watch(made=made, folder=tmp_path)


def cancel(watch: Watch) -> None:
    """Break something: newer pushes cancel the CI that a release waits for."""
    watch.made.edit(CI, "jobs:\n", "concurrency: {group: ci, cancel-in-progress: true}\njobs:\n")


def mend(watch: Watch) -> None:
    """Undo that."""
    watch.made.edit(CI, "concurrency: {group: ci, cancel-in-progress: true}\n", "")


@pytest.mark.requirement("D6")
def test_from_a_problem_to_its_end(watch: Watch) -> None:
    """All well: no issue. A problem: one issue. The same again: silence. Mended: it is closed."""
    assert watch() == 0, [answer.stderr for answer in watch.answers]
    assert (watch.state(), watch.answers[-1].stdout.splitlines()[-1]) == ([], "Nothing to tell.")
    cancel(watch)
    assert watch() == 0
    assert watch.state() == [("open", ["ci.cancelled:ci.yml"], 0)]
    issue = watch.issues[0]
    assert (issue.title, issue.labels, issue.login) == (
        *("Releases of sample need attention", ["release-watch"], "github-actions[bot]"),
    )
    said = issue.body or ""
    assert "([run](https://github.com/owner/sample/actions/runs/7)): 1 problem." in said
    assert "- [TD23](https://github.com/tagship/tagship/blob/main/docs/codes.md#td23) **" in said
    assert "checks could not be made</summary>" in said
    assert watch() == 0
    assert watch.state() == [("open", ["ci.cancelled:ci.yml"], 0)]
    mend(watch)
    assert watch() == 0
    assert watch.state() == [("closed as completed", [], 1)]
    assert issue.comments[0].body == "All is well again."
    cancel(watch)
    assert watch() == 0
    assert [state for state, _, _ in watch.state()] == ["closed as completed", "open"]


@pytest.mark.requirement("D6")
def test_closed_by_a_person(watch: Watch) -> None:
    """Closed while the problem persists it comes back and says so; closed as not planned it stays, until one is new."""
    cancel(watch)
    watch()
    issue = watch.issues[0]
    issue.closed, issue.closed_by, issue.reason = watch.made.now, "owner", "completed"
    assert watch() == 0
    assert watch.state() == [("open", ["ci.cancelled:ci.yml"], 1)]
    assert issue.comments[0].body == "It is still there."
    issue.closed, issue.closed_by, issue.reason = watch.made.now, "owner", "not_planned"
    assert watch() == 0
    assert [state for state, _, _ in watch.state()] == ["closed as not_planned"]
    assert "is closed as not planned" in watch.answers[-1].stdout
    watch.made.write("PUBLISHING.md", None)
    assert watch() == 0
    assert watch.state() == [("open", ["workflow.documents:PUBLISHING.md", "ci.cancelled:ci.yml"], 2)]
    assert issue.comments[1].body == "New: `workflow.documents:PUBLISHING.md`."


@pytest.mark.requirement("D6")
def test_what_nobody_could_be_told_of_fails(watch: Watch) -> None:
    """Where the issue cannot be written the run fails in words, and shows what was found all the same."""
    cancel(watch)
    assert watch(issues="read") == 10
    assert "Resource not accessible by integration" in watch.answers[-1].stderr
    assert "TD23" in watch.answers[-1].stdout
    assert "[TD23](" in (watch.folder / "summary.md").read_text()
    assert watch.issues == []


@pytest.mark.requirement("D6")
def test_the_token_of_a_reader_sees_more(watch: Watch) -> None:
    """Without the secret what it would show is unknown, and no problem; with it a problem that was hidden is told."""
    watch.made.github.policy.sha_pinning_required = True
    watch.made.github.immutable_releases = False
    assert watch() == 0
    assert watch.state() == []
    assert watch(reader=watch.made.token(ADMIN)) == 0
    assert [ids for _, ids, _ in watch.state()] == [["github.immutable-releases"]]
    assert watch() == 0
    assert [ids for _, ids, _ in watch.state()] == [["github.immutable-releases"]]
    assert "`github.immutable-releases` was a problem, and could not be seen this time: " in (
        watch.issues[0].body or ""
    )


@pytest.mark.requirement("D6", "C4")
def test_a_readers_token_that_ended_is_told(watch: Watch) -> None:
    """Where GitHub does not take the secret any more that is the problem, and what it hides is not mended by it."""
    watch.made.github.immutable_releases = False
    watch(reader=watch.made.token(ADMIN))
    assert watch(reader="github_pat_made_up") == 0
    assert watch.state() == [("open", ["security.reader-token", "github.immutable-releases"], 1)]
    assert watch.issues[0].comments[0].body == "New: `security.reader-token`."


@pytest.mark.requirement("D6")
def test_by_hand(watch: Watch) -> None:
    """With --dry-run nobody is told, and JSON says what would be done; without a token nobody could be."""
    cancel(watch)
    issue = {"problems": ["ci.cancelled:ci.yml"], "did": ["open"], "issue": ""}
    token = watch.made.token(ADMIN)
    answer = watch.command("--dry-run", "--json", GH_TOKEN=token)
    assert answer.returncode == 0
    said = json.loads(answer.stdout)
    assert {key: said[key] for key in issue} == issue
    assert said["unseen"] == ["release.newest"]
    assert watch.issues == []
    answer = watch.command()
    assert (answer.returncode, "Nobody was told: there is no token in GH_TOKEN" in answer.stderr) == (2, True)


@pytest.mark.requirement("D6", "A8")
def test_a_release_that_works_no_more(watch: Watch) -> None:
    """The newest release is installed and used each week; one that cannot be imported is the first problem told."""
    files = wheel_files("sample", "0.9.1") | {"sample/__init__.py": "raise RuntimeError('gone')\n"}
    path = wheel(watch.folder, files, "sample-0.9.1-py3-none-any.whl")
    watch.made.embedded.pypi.state.add_file(path, uploaded=watch.made.ago(3))
    assert watch() == 0
    assert watch.answers[0].returncode == 14
    assert "release.newest" in watch.state()[0][1]
    assert (
        "- **What PyPI serves does not work: It cannot be imported once installed: import sample** `release.newest`\\"
        "\n  The run says more, and what to do. "
        "[Look at it](https://github.com/owner/sample/actions/runs/7).\n"
    ) in (watch.issues[0].body or "")


def test_words_from_elsewhere_do_nothing_in_an_issue() -> None:
    """Text from elsewhere mentions nobody, opens no tag and no comment, and keeps its code as it is."""
    trouble = Trouble(id="ci.paths:a --> b", title="@ada <!-- `x@v1 <b>` -->\n# x", remedy="<script>")
    text = body(watched(trouble), [trouble.id])
    assert text.splitlines()[0] == "<!-- release-watch of sample: ci.paths:a%20--%3E%20b -->"
    assert "- **@<!-- -->ada &lt;!-- `x@v1 <b>` --> # x** `ci.paths:a --> b`" in text
    assert "&lt;script>" in text
    nasty = Trouble(id="x:`@ada\n# <b>`", title="one", remedy="mend it")
    assert "`x:'@ada # <b>'`" in body(watched(nasty), [nasty.id])
    opened, said = decide(watched(nasty), Issue(number=1, html_url="", state="open", body=text))
    assert isinstance(opened, Change)
    assert said == Say(number=1, words="New: `x:'@ada # <b>'`. Mended: `ci.paths:a --> b`.")
    issue = Issue(number=1, html_url="", state="open", body=text)
    assert [type(action) for action in decide(watched(trouble), issue)] == [Change]


@pytest.mark.parametrize(
    "words",
    [
        "@ada",
        "`a` @ada",
        "```@ada`",
        "\\`@ada`",
        "` `` `@ada`",
        "`a\\`@ada`",
        "``a` @ada",
        "`` ` `` @ada",
        "`a @ada",
    ],
)
def test_nobody_is_mentioned_however_the_code_around_is_written(words: str) -> None:
    """What GitHub does not take for code has no `@` that is left as it is (CommonMark 0.31, 6.1, code spans)."""
    trouble = Trouble(id="x", title=words, remedy="mend it")
    assert "@<!-- -->ada" in body(watched(trouble), [trouble.id])


def test_a_backtick_alone_does_not_pair_with_one_of_ours() -> None:
    """The id that stands after it stays code, whatever it is called, and an address stays one."""
    trouble = Trouble(id="x:@ada", title="one ` two", remedy="mend `` it", url="https://x.example/a)b @ada<b>")
    text = body(watched(trouble), [trouble.id])
    assert (
        "- **one &#96; two** `x:@ada`\\\n  mend &#96;&#96; it [Look at it](https://x.example/a%29b%20%40ada%3Cb%3E).\n"
    ) in text


@pytest.mark.parametrize("words", ["`x@v1`", "``x@v1``", "`` `x@v1 ``", "\\\\`x@v1`", "a `x@v1` b `<y>`"])
def test_code_stays_as_it_is(words: str) -> None:
    """What GitHub takes for code is shown letter by letter, so that nothing may be put into it."""
    trouble = Trouble(id="x", title=words, remedy="mend it")
    assert f"**{words}**" in body(watched(trouble), [trouble.id])


@pytest.mark.requirement("D6")
@pytest.mark.parametrize(("login", "taken"), [("stranger", False), ("maintainer", True)])
def test_an_issue_of_somebody_without_a_say_is_not_taken_for_ours(watch: Watch, login: str, taken: bool) -> None:
    """An issue that only looks like ours, with our label from a template, is neither edited nor closed nor silences."""
    watch.made.github.roles["maintainer"] = "write"
    cancel(watch)
    watch()
    ours = watch.issues.pop()
    forged = replace(ours, login=login, closed=watch.made.now, closed_by=login, reason="not_planned")
    watch.issues.append(forged)
    before = copy(forged)
    assert watch() == 0
    states = [state for state, _, _ in watch.state()]
    assert (states, forged) == (["closed as not_planned", *([] if taken else ["open"])], before)


ONE, TWO = (Trouble(id=f"x.{name}", title=name, remedy="mend it") for name in ("one", "two"))
HIDDEN = Fact(id="x.one", title="one", status=Status.UNKNOWN, detail="403")


def watched(*troubles: Trouble, unseen: tuple[Fact, ...] = ()) -> Watched:
    """What was found."""
    return Watched(project="sample", file="release-watch.yml", at=0, run="", troubles=troubles, unseen=unseen)


@pytest.mark.parametrize(
    ("before", "state", "reason", "found", "did"),
    [
        (None, "", None, watched(), []),
        (None, "", None, watched(unseen=(HIDDEN,)), []),
        (None, "", None, watched(ONE), ["open"]),
        (["x.one"], "open", None, watched(ONE), ["open", "x.one"]),
        (["x.one"], "open", None, watched(ONE, TWO), ["open", "x.one x.two", "New: `x.two`."]),
        (["x.one", "x.two"], "open", None, watched(TWO), ["open", "x.two", "Mended: `x.one`."]),
        (["x.one"], "open", None, watched(TWO), ["open", "x.two", "New: `x.two`. Mended: `x.one`."]),
        (["x.one"], "open", None, watched(unseen=(HIDDEN,)), ["open", "x.one"]),
        (["x.one"], "open", None, watched(), ["All is well again.", "closed", ""]),
        (["x.one"], "closed", "completed", watched(), ["closed", ""]),
        (["x.one"], "closed", "completed", watched(ONE), ["open", "x.one", "It is still there."]),
        (["x.one"], "closed", "duplicate", watched(ONE, TWO), ["open", "x.one x.two", "New: `x.two`."]),
        (["x.one"], "closed", "not_planned", watched(ONE), []),
        (["x.one", "x.two"], "closed", "not_planned", watched(ONE), []),
        (["x.one"], "closed", "not_planned", watched(TWO), ["open", "x.two", "New: `x.two`. Mended: `x.one`."]),
        ([], "closed", "completed", watched(ONE), ["open"]),
        ([], "closed", "completed", watched(), []),
    ],
)
def test_decisions(before: list[str] | None, state: str, reason: str | None, found: Watched, did: list[str]) -> None:
    """What becomes of the issue, for each state of it and each thing that can have happened since."""
    issue = None
    if before is not None:
        old = body(watched(), before)
        issue = Issue(number=3, html_url="", state=state, state_reason=reason, body=old)  # type: ignore[arg-type]
    said: list[str] = []
    for action in decide(found, issue):
        match action:
            case Open(body=text):
                said += ["open"]
                assert "<!-- release-watch of sample: " in text
            case Change(body=text, state=new, number=3):
                said += [new, text.partition("sample: ")[2].partition(" -->")[0]]
            case Say(words=words, number=3):
                said += [words]
            case _:
                raise AssertionError(action)
    assert said == did
