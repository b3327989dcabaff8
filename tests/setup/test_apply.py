"""`tagship doctor --apply`: an empty repository becomes one that releases safely, wherever it is interrupted."""

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import asdict

import pytest
from werkzeug import Response

from tagship.errors import Refused, TagshipError, UnknownOutcome, Unreachable, UsageError
from tagship.model import Status
from tagship.operate.proposal import takes_no_pushes
from tagship.rehearsal.github.state import Policy, Rule, Ruleset
from tagship.services.pulls import Pulls
from tagship.setup.apply import Done, Doors, Failed, apply, check_rights, plan
from tagship.setup.github import SETTINGS
from tests.setup.applying import doors, empty, seen, state, writes
from tests.setup.worlds import ACTIONS_ID, ADMIN, SetUp, Stagehand

READER = {**ADMIN, "administration": "read"}
FILE = ".github/environments/pypi.yml"
BY_PEOPLE = {"TD35"}
"""Advice that no API can follow by itself."""


@pytest.mark.requirement("C3")
def test_an_empty_repository_becomes_one_that_is_all_right(worlds: Stagehand) -> None:
    """After one run the doctor finds nothing of GitHub amiss but what only a person decides, and nothing is to do."""
    with worlds.open("apply") as made:
        to = doors(empty(made))
        done = [*apply(to, seen(to))]
        ours = {setting.id for setting in SETTINGS}
        left = {
            check.code
            for check in made.doctor().checks
            if check.fact.id.partition(":")[0] in ours and check.fact.status is not Status.OK
        }
        before = writes(made)
        assert left == BY_PEOPLE
        assert len(done) == len(before) > 10
        assert plan(to.wanted, seen(to)).actions == ()
        assert [*apply(to, seen(to))] == []
        assert writes(made) == before


@pytest.mark.requirement("C3")
def test_what_was_applied_lets_a_release_through(worlds: Stagehand) -> None:
    """A maintainer's tag is pushed, deployed and published under our own rules; who may only write makes none."""
    with worlds.open("apply-release") as made:
        to = doors(empty(made))
        assert [*apply(to, seen(to))]
        made.github.roles["writer"] = "write"
        refused = made.release(login="writer")
        assert (refused.where, "creations being restricted" in refused.words) == ("push", True)
        assert made.release().where == ""


def test_what_was_applied_makes_a_release_go_by_pull_request(worlds: Stagehand) -> None:
    """The guided release sees that the default branch takes no pushes any more, and that was not so before."""
    with worlds.open("apply-pulls") as made:
        to = doors(empty(made))
        before = takes_no_pushes(Pulls(to.github).rules("main"))
        assert [*apply(to, seen(to))]
        assert (before, takes_no_pushes(Pulls(doors(made).github).rules("main"))) == (False, True)


def test_undo_restores_what_was(worlds: Stagehand) -> None:
    """The printed commands, run in a shell from the last to the first, lead back to the settings from before."""
    if shutil.which("gh") is None:
        pytest.skip("there is no gh")
    with worlds.open("apply-undo") as made:
        repo = empty(made).github
        repo.add_environment("pypi", policies=[("branch", "main")]).wait_timer = 5
        repo.rulesets.append(
            Ruleset(id=7, name="Release tags stay", target="tag", created=0, include=("refs/tags/v*",),
                    enforcement="disabled", rules=(Rule(type="update"),))
        )  # fmt: skip
        to, before = doors(made), state(made)
        done = [*apply(to, seen(to))]
        assert state(made) != before
        token = made.github.issue_token("classic", {"repo": "write"}, login="owner").value
        for one in reversed(done):
            for line in one.undo:
                output = made.embedded.shell.run(
                    ("sh", "-c", line), cwd=made.root, extra={"GH_TOKEN": token, "NO_COLOR": "1"}, timeout=60
                )
                assert output.ok, f"{line}\n{output.tail()}"
        assert state(made) == before


def test_what_is_stricter_or_foreign_stays(worlds: Stagehand) -> None:
    """A longer timer, more reviewers, other environments and rulesets are as they were."""
    with worlds.open("apply-foreign") as made:
        repo = empty(made).github
        pypi = repo.add_environment("pypi", policies=[("tag", "v0.9.*")])
        pypi.wait_timer, pypi.reviewers, pypi.prevent_self_review = 60, ("owner",), True
        repo.add_environment("docs")
        foreign = Ruleset(id=9, name="docs", target="branch", created=0, include=("refs/heads/docs",))
        repo.rulesets.append(foreign)
        docs = asdict(repo.environments["docs"])
        to = doors(made)
        assert [*apply(to, seen(to))]
        assert asdict(repo.environments["docs"]) == docs
        assert foreign in repo.rulesets
        assert (pypi.wait_timer, pypi.reviewers, pypi.prevent_self_review) == (60, ("owner",), True)
        assert [(policy.type, policy.name) for policy in pypi.policies] == [("tag", "v0.9.*")]


@pytest.mark.parametrize(
    ("token", "error", "words"),
    [
        (lambda made: "", UsageError, "with a token of an administrator"),
        (lambda made: made.token(READER), Refused, "the token may not administer owner/sample"),
        (
            lambda made: made.github.issue_token("github_token", {"actions": "write"}).value,
            Refused,
            "the token may not administer owner/sample",
        ),
    ],
)
def test_missing_rights_are_said_before_anything_is_changed(
    token: Callable[[SetUp], str], error: type[TagshipError], words: str, worlds: Stagehand
) -> None:
    """Without a token, or with one that may only read, nothing is sent that changes anything."""
    with worlds.open(f"apply-rights-{error.__name__}-{id(token)}") as made:
        to = doors(empty(made), token(made))
        with pytest.raises(error, match=words):
            check_rights(to, seen(to))
        assert writes(made) == []


def test_a_lost_network_leaves_what_was_done_and_says_the_rest(worlds: Stagehand) -> None:
    """Where GitHub is gone half way, what was made is known with its undo, and the error says what was not."""
    with worlds.open("apply-network") as made:
        to = doors(empty(made))
        settings = seen(to)
        steps = apply(to, settings)
        first = next(steps)
        made.embedded.doors.__exit__(None, None, None)
        with pytest.raises(TagshipError) as caught:
            next(steps)
        assert first.undo == ("gh api --method DELETE repos/owner/sample/environments/testpypi",)
        assert caught.value.exit_code in (11, 12)
        assert list(made.github.environments) == ["testpypi"]
        assert made.github.environments["testpypi"].policies == []


def test_reviewers_and_timer_come_from_the_file(worlds: Stagehand) -> None:
    """What the file of the environment asks for is set beside what is there, a team by its name too; twice is once."""
    with worlds.open("apply-reviewers") as made:
        repo = made.github
        repo.organisation, repo.teams, repo.roles = True, ("release",), {"mary": "write"}
        repo.environments["pypi"].reviewers = ("owner",)
        made.edit(FILE, "reviewers: []", "reviewers: [mary, owner/release]")
        made.edit(FILE, "wait-timer: 0", "wait-timer: 15")
        made.edit(FILE, "prevent-self-review: false", "prevent-self-review: true")
        to = doors(made)
        done = [*apply(to, seen(to))]
        pypi = repo.environments["pypi"]
        assert [one.action.after for one in done] == [
            "for tag v*.*.*; mary or owner/release approves; waits 15 minutes; no self review"
        ]
        assert (pypi.reviewers, pypi.wait_timer, pypi.prevent_self_review) == (("owner", "mary", "@release"), 15, True)
        assert [(policy.type, policy.name) for policy in pypi.policies] == [("tag", "v*")]
        assert [*apply(to, seen(to))] == []


def test_a_reviewer_whom_nobody_knows_stops_nothing_else(worlds: Stagehand) -> None:
    """The environment that asks for somebody unknown is left for people; everything else is set."""
    with worlds.open("apply-nobody") as made:
        empty(made).edit(FILE, "reviewers: []", "reviewers: [nobody-there]")
        to = doors(made)
        assert [*apply(to, seen(to))]
        assert list(made.github.environments) == ["testpypi"]
        (left,) = (one for one in plan(to.wanted, seen(to)).persons if one.code == "TD32")
        assert left.remedy == f"GitHub knows no reviewer nobody-there: Correct {FILE}."


def test_the_command_changes_what_it_was_asked_for(worlds: Stagehand) -> None:
    """--only limits the plan, nothing is changed where nobody can be asked, and --json has the plan and its undo."""
    with worlds.open("apply-command") as made:
        empty(made)
        only = ("--apply", "--only", "TD41", "--json")
        asked = made.command(*only, token=made.token(ADMIN))
        assert (asked.returncode, json.loads(asked.stdout)["left"][0]["what"]) == (2, "published releases")
        assert "1 change of owner/sample would be made, and nobody is there to be asked" in asked.stderr
        assert writes(made) == []
        done = made.command(*only, "--yes", token=made.token(ADMIN))
        result = json.loads(done.stdout)
        assert (done.returncode, made.github.immutable_releases, len(writes(made))) == (0, True, 1)
        assert [one["undo"] for one in result["done"]] == [
            ["gh api --method DELETE repos/owner/sample/immutable-releases"]
        ]
        nothing = made.command("--apply", "--only", "ci", token=made.token(ADMIN))
        assert (nothing.returncode, "ci is no setting of GitHub" in nothing.stderr) == (2, True)


def test_what_is_too_wide_is_replaced_by_what_fits(worlds: Stagehand) -> None:
    """A pattern that lets everything in goes only after release tags have one of their own: they are never shut out."""
    with worlds.open("apply-wide") as made:
        pypi = made.github.add_environment("pypi", policies=[("branch", "*"), ("tag", "*")])
        to = doors(made)
        done = [one.action.after for one in apply(to, seen(to))]
        assert done == ["the tag v*.*.* may deploy", "the branch * may not", "the tag * may not"]
        assert [(policy.type, policy.name) for policy in pypi.policies] == [("tag", "v*.*.*")]
        assert made.release().where == ""


def test_what_a_plan_does_not_have_is_not_tried(worlds: Stagehand) -> None:
    """A private repository that does not pay gets what is free; environments and rules are left to people, and why.

    GitHub does not show its rules either, and what was not seen is no success.
    """
    with worlds.open("apply-unpaid") as made:
        empty(made)
        made.github.private = made.github.free = True
        output = made.command("--apply", "--yes", token=made.token(ADMIN))
        assert (output.returncode, made.github.environments, made.github.rulesets) == (2, {}, [])
        assert "3 changes of 3 made" in output.stdout
        assert "pypi: there is no such environment" in output.stdout
        assert "Make the repository public, or take a plan that has them" in output.stdout
        assert "Upgrade to GitHub Pro or make this repository public" in output.stdout


def refuse(made: SetUp, *requests: str) -> None:
    """Let GitHub say no to requests, by method and the end of the path."""
    hosts = made.embedded.doors.hosts
    whole, refusal = hosts["api.github.com"], Response('{"message": "Not for you"}', status=403)

    def refusing(environ, start_response):
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        refused = any(asked.startswith(one.split()[0]) and asked.endswith(one.split()[1]) for one in requests)
        return (refusal if refused else whole)(environ, start_response)

    hosts["api.github.com"] = refusing


def test_what_github_refuses_keeps_nothing_else_from_being_set(worlds: Stagehand) -> None:
    """A refused change takes along those that need it, and no others; each is told with its reason, and its code."""
    with worlds.open("apply-half") as made:
        refuse(empty(made), "PUT /environments/testpypi", "PUT /immutable-releases")
        output = made.command("--apply", "--yes", token=made.token(ADMIN))
        assert output.stdout.endswith(
            "\n9 changes of 13 made\n"
            "  not done  environment testpypi: for branch main and tag v*.*.*\n"
            "            GitHub refused: 403 Not for you\n"
            "  not done  environment testpypi: the branch main may deploy\n"
            "            an earlier change of the same setting was not made: GitHub refused: 403 Not for you\n"
            "  not done  environment testpypi: the tag v*.*.* may deploy\n"
            "            an earlier change of the same setting was not made: GitHub refused: 403 Not for you\n"
            "  not done  published releases: locked; notes stay editable\n"
            "            GitHub refused: 403 Not for you\n"
        )
        assert output.stdout.count("\n  undo  gh api --method DELETE repos/owner/sample/rulesets/") == 3
        assert (output.returncode, "GitHub refused: 403 Not for you" in output.stderr) == (10, True)
        pypi = made.github.environments["pypi"]
        assert [(policy.type, policy.name) for policy in pypi.policies] == [("tag", "v*.*.*")]
        again = made.command("--apply", "--yes", "--json", "--only", "TD41", token=made.token(ADMIN))
        (left,) = json.loads(again.stdout)["left"]
        assert (left["what"], left["reason"]) == ("published releases", "GitHub refused: 403 Not for you")
        assert left["remedy"].startswith("Give the job or the token the missing permission.")


def test_an_answer_that_never_ends_is_an_unknown_outcome(worlds: Stagehand) -> None:
    """A change whose answer drips is not waited for without end, does not count as made, and is made the next time."""
    over, asked_for = threading.Event(), threading.Event()

    def dripping(environ, start_response):
        asked_for.set()
        start_response("200 OK", [("Content-Type", "application/json")])
        while not over.wait(0.05):
            yield b" "

    with worlds.open("apply-drips") as made:
        empty(made)
        hosts = made.embedded.doors.hosts
        whole = hosts["api.github.com"]
        world, asked = made.world(made.token(ADMIN)), doors(made).wanted
        table = tuple(setting for setting in SETTINGS if setting.page.code == "TD41")
        to = Doors(github=world.github, wanted=asked, table=table)
        settings = seen(to)
        hosts["api.github.com"] = dripping
        for seconds in (1, 30):  # a machine may be so busy that nothing is sent at first
            with world.http.within(seconds), pytest.raises((UnknownOutcome, Unreachable), match=" any longer") as lost:
                next(apply(to, settings))
            if asked_for.is_set():
                break
        assert lost.type is UnknownOutcome
        over.set()
        hosts["api.github.com"] = whole
        assert [type(one) for one in apply(to, seen(to))] == [Done]
        assert made.github.immutable_releases


def test_a_loose_pattern_stays_where_its_better_one_is_refused(worlds: Stagehand) -> None:
    """Release tags are not shut out: nothing is taken away before what replaces it is there."""
    with worlds.open("apply-refused") as made:
        pypi = made.github.add_environment("pypi", policies=[("branch", "*"), ("tag", "*")])
        refuse(made, "POST /environments/pypi/deployment-branch-policies")
        to = doors(made)
        tried = [*apply(to, seen(to))]
        assert [(type(one), one.action.after) for one in tried] == [
            (Failed, "the tag v*.*.* may deploy"),
            (Failed, "the branch * may not"),
            (Failed, "the tag * may not"),
        ]
        assert [(policy.type, policy.name) for policy in pypi.policies] == [("branch", "*"), ("tag", "*")]


def test_what_is_hidden_half_way_does_not_count_as_made(worlds: Stagehand) -> None:
    """Where GitHub stops to show a setting after a change was refused, the next one of it is not done either."""
    with worlds.open("apply-hidden") as made:
        to = doors(empty(made))
        settings = seen(to)
        refuse(made, "POST /rulesets", "GET /rulesets")
        tried = {one.action.what: one for one in apply(to, settings)}
        failed = {what: one.error.message for what, one in tried.items() if isinstance(one, Failed)}
        assert failed == {
            "ruleset Release tags are made by maintainers": "GitHub refused: 403 Not for you",
            **dict.fromkeys(
                ("ruleset Release tags stay", "ruleset The default branch is reviewed"),
                "whether it is so already cannot be seen any more: GitHub refused: 403 Not for you",
            ),
        }
        assert len(tried) > 6


def test_two_changes_of_one_environment_do_not_undo_each_other(worlds: Stagehand) -> None:
    """An environment that lets everything in and asks nobody ends restricted and asking, whichever was set last."""
    with worlds.open("apply-both") as made:
        repo = empty(made).github
        repo.add_environment("pypi")
        made.edit(FILE, "reviewers: []", "reviewers: [owner]")
        to = doors(made)
        assert [*apply(to, seen(to))]
        pypi = repo.environments["pypi"]
        assert pypi.reviewers == ("owner",)
        assert [(policy.type, policy.name) for policy in pypi.policies or ()] == [("tag", "v*.*.*")]
        assert plan(to.wanted, seen(to)).actions == ()


def test_a_ruleset_of_ours_that_people_made_stricter_stays_so(worlds: Stagehand) -> None:
    """What a person added to a rule that is completed is kept: approvals, the last push, threads, further checks."""
    with worlds.open("apply-stricter") as made:
        to = doors(empty(made))
        assert [*apply(to, seen(to))]
        (ruleset,) = (one for one in made.github.rulesets if one.name == "The default branch is reviewed")
        stricter = {
            "required_approving_review_count": 3,
            "dismiss_stale_reviews_on_push": True,
            "require_code_owner_review": True,
            "require_last_push_approval": True,
            "required_review_thread_resolution": True,
            "allowed_merge_methods": ["squash"],
        }
        checks = {
            "strict_required_status_checks_policy": True,
            "do_not_enforce_on_create": False,
            "required_status_checks": [{"context": "Licences", "integration_id": ACTIONS_ID}],
        }
        ruleset.rules = (
            Rule(type="pull_request", parameters=stricter),
            Rule(type="required_status_checks", parameters=checks),
        )
        assert [*apply(to, seen(to))]
        found = {rule.type: rule.parameters for rule in ruleset.rules}
        assert found["pull_request"] == stricter
        assert found["required_status_checks"] == {
            **checks,
            "required_status_checks": [
                {"context": "Tests", "integration_id": ACTIONS_ID},
                {"context": "Licences", "integration_id": ACTIONS_ID},
            ],
        }
        assert {"deletion", "non_fast_forward"} <= {*found}


def test_what_could_not_be_seen_is_no_success(worlds: Stagehand) -> None:
    """A setting that GitHub does not show was not set: that has an exit code of its own, unless it is allowed.

    What the same answer hides stands together, and the answer once.
    """
    with worlds.open("apply-unseen") as made:
        hosts = made.embedded.doors.hosts
        whole, refusal = hosts["api.github.com"], Response('{"message": "Not for you"}', status=403)

        def refusing(environ, start_response):
            hidden = environ["PATH_INFO"].endswith("/rulesets")
            return (refusal if hidden else whole)(environ, start_response)

        hosts["api.github.com"] = refusing
        words = ("--apply", "--yes", "--only", "TD37", "--only", "TD38")
        outputs = [made.command(*words, *more, token=made.token(ADMIN)) for more in ((), ("--allow-unknown",))]
        assert [output.returncode for output in outputs] == [2, 0]
        for output in outputs:
            *titles, why, remedy = output.stdout.partition("Could not be seen, and stays as it is:\n")[2].splitlines()
            assert [title.split()[0] for title in titles] == ["TD37", "TD38"]
            assert "Not for you" in why
            assert remedy.strip()


def test_of_two_patterns_the_one_that_was_planned_goes(worlds: Stagehand) -> None:
    """Where somebody else takes one of two loose patterns away meanwhile, the other goes, under its own name."""
    with worlds.open("apply-patterns") as made:
        pypi = made.github.environments["pypi"]
        pypi.policies += [Policy(id=made.github.new_id(), type="branch", name=name) for name in ("a", "b", "c")]
        to = doors(made)
        steps = apply(to, seen(to))
        first = next(steps)
        pypi.policies[:] = [policy for policy in pypi.policies if policy.name != "b"]
        rest = [*steps]
        assert [one.action.before for one in (first, *rest)] == [f"the branch {name} may deploy" for name in "abc"]
        assert [bool(one.undo) for one in (first, *rest)] == [True, False, True]
        assert [policy.name for policy in pypi.policies] == ["v*"]
