"""What the doctor says about the settings on GitHub."""

from collections.abc import Callable

from werkzeug import Response

from tagship.rehearsal.github.state import Environment
from tests.rehearsing import git
from tests.setup.rows import OK, PROBLEM, UNKNOWN, Change, Row, rows
from tests.setup.worlds import SetUp, Stagehand

PYPI_FILE = ".github/environments/pypi.yml"
LOOSE = (
    "main lacks a review of each change, the required check Tests, a rule against force pushes, a rule against its "
    "deletion"
)
DOWN = "GitHub does not answer now: 503 SERVICE UNAVAILABLE"
ANONYMOUS = "GitHub refused: 401 Requires authentication (asked without a token)"


def right(made: SetUp) -> None:
    """Change nothing."""


def down(made: SetUp) -> None:
    """GitHub's API answers everything with 503."""
    made.embedded.doors.hosts["api.github.com"] = Response("down\n", status=503)


def policy(**values: object) -> Change:
    """Other settings of Actions."""

    def change(made: SetUp) -> None:
        for name, value in values.items():
            setattr(made.github.policy, name, value)

    return change


def pypi(change: Callable[[Environment], None]) -> Change:
    """Another environment for PyPI."""
    return lambda made: change(made.github.environments["pypi"])


def _asks(line: str, old: str) -> Change:
    return lambda made: made.edit(PYPI_FILE, old, line)


def _unknown_reviewer(made: SetUp) -> None:
    made.edit(PYPI_FILE, "reviewers: []", "reviewers: [nobody-there]")
    made.github.environments["pypi"].branches = "all"


def _waits(made: SetUp) -> None:
    made.edit(PYPI_FILE, "wait-timer: 0", "wait-timer: 10")
    made.github.environments["pypi"].wait_timer = 10


def _evaluated(made: SetUp) -> None:
    made.github.rulesets[0].enforcement = "evaluate"


def _free(made: SetUp) -> None:
    made.github.private = made.github.free = True


def _unlocked(made: SetUp) -> None:
    made.github.releases[0].immutable = False


def _reviewed(*people: str, bypass: bool = False) -> Change:
    def change(environment: Environment) -> None:
        environment.reviewers, environment.can_admins_bypass = people, bypass

    return pypi(change)


def _set(name: str, value: object) -> Change:
    return lambda made: setattr(made.github, name, value)


def _elsewhere(made: SetUp) -> None:
    git(made.root, "remote", "set-url", "origin", "https://gitlab.com/owner/sample.git")


def _renamed(made: SetUp) -> None:
    made.github.former.add("owner/sample")
    made.github.name = "samples"


TABLE = [
    Row("workflow.environment-files:pypi", "as written", right, OK, "it is understood"),
    Row("workflow.environment-files", "misspelt", _asks("reviewer: [owner]", "reviewers: []"), PROBLEM,
        "the environment was not understood: unknown key: reviewer (did you mean reviewers?)"),
    Row("workflow.environment-files", "no workflow can be written", _elsewhere, UNKNOWN,
        "which repository on GitHub it is for is not known (the repository is on gitlab.com)"),
    Row("github.repository", "as it is called", right, OK, "owner/sample"),
    Row("github.repository", "renamed", _renamed, PROBLEM,
        "owner/sample was renamed or moved; it is owner/samples now, and its workflow runs nowhere else"),
    Row("github.repository", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.default-branch", "as in the clone", right, OK, "main"),
    Row("github.default-branch", "another", _set("default_branch", "trunk"), PROBLEM,
        "it is trunk on GitHub, and main in this clone"),
    Row("github.default-branch", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.plan", "private, with rulesets", _set("private", True), OK,
        "it has rulesets for a private repository"),
    Row("github.plan", "private, without", _free, PROBLEM,
        "GitHub refused: 403 Upgrade to GitHub Pro or make this repository public to enable this feature."),
    Row("github.plan", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.environment:pypi", "there", right, OK, "it is there"),
    Row("github.environment:pypi", "missing", lambda made: made.github.environments.clear(), PROBLEM,
        "there is no such environment; GitHub makes one at the first run, which every branch may use"),
    Row("github.environment", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.environment-refs:pypi", "tags alone", right, OK, "tag v* may deploy, and nothing else"),
    Row("github.environment-refs:pypi", "all", pypi(lambda one: setattr(one, "branches", "all")), PROBLEM,
        "every branch and every tag may deploy"),
    Row("github.environment-refs:pypi", "all, and an unknown reviewer", _unknown_reviewer, PROBLEM,
        "every branch and every tag may deploy"),
    Row("github.environment-refs", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.environment-rules:pypi", "waits as asked", _waits, OK, "nobody has to approve, it waits 10 minutes"),
    Row("github.environment-rules:pypi", "does not wait", _asks("wait-timer: 10", "wait-timer: 0"), PROBLEM,
        "the wait timer is no minutes, not 10"),
    Row("github.environment-rules:pypi", "unknown reviewer", _unknown_reviewer, PROBLEM,
        "nobody-there is no reviewer"),
    Row("github.environment-rules", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.reviewers:pypi", "one", _reviewed("owner"), OK, "owner approves"),
    Row("github.reviewers:pypi", "none", right, PROBLEM, "nobody has to approve a release"),
    Row("github.reviewers", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.administrators:pypi", "they wait", _reviewed("owner"), OK, "administrators wait like everybody"),
    Row("github.administrators:pypi", "they need not", _reviewed("owner", bypass=True), PROBLEM,
        "administrators may go on without approval"),
    Row("github.administrators", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.approval:pypi", "one, of oneself too", _reviewed("owner"), OK, "owner approves"),
    Row("github.approval:pypi", "one, not of oneself",
        pypi(lambda one: [setattr(one, "reviewers", ("owner",)), setattr(one, "prevent_self_review", True)]),
        PROBLEM, "owner alone may approve, and not what they started themselves"),
    Row("github.approval", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.tag-rules", "protected", right, OK, "rules protect v*.*.*"),
    Row("github.tag-rules", "not in force", _evaluated, PROBLEM,
        "everybody who may push can make, move, delete v*.*.*; not in force: Release tags"),
    Row("github.tag-rules", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.tag-rules", "no token", right, UNKNOWN,
        "who may make v*.*.* in spite of the ruleset Release tags is shown to administrators only", token=""),
    Row("github.tag-makers", "bypass", right, OK, "who the bypass lists name can"),
    Row("github.tag-makers", "nobody", lambda made: setattr(made.github.rulesets[0], "bypass", ()), PROBLEM,
        "the ruleset Release tags lets nobody make v*.*.*, so that nobody can release"),
    Row("github.tag-makers", "no token", right, UNKNOWN,
        "who may make v*.*.* in spite of the ruleset Release tags is shown to administrators only", token=""),
    Row("github.branch-rules", "protected", right, OK, "main changes by reviewed pull requests"),
    Row("github.branch-rules", "none", lambda made: made.github.rulesets.clear(), PROBLEM, LOOSE),
    Row("github.branch-rules", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.required-checks", "made", right, OK, "Tests: made by jobs of this repository"),
    Row("github.required-checks", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.immutable-releases", "on", right, OK, "releases are locked once they are published"),
    Row("github.immutable-releases", "off", _set("immutable_releases", False), PROBLEM,
        "a published release can be changed"),
    Row("github.immutable-releases", "no token", right, UNKNOWN, ANONYMOUS, token=""),
    Row("github.newest-release", "locked", right, OK, "v0.9.0 is locked"),
    Row("github.newest-release", "open", _unlocked, PROBLEM, "v0.9.0 can still be changed"),
    Row("github.newest-release", "GitHub is down", down, UNKNOWN, DOWN),
    Row("github.actions", "all", right, OK, "every action may run"),
    Row("github.actions", "off", policy(enabled=False), PROBLEM, "GitHub Actions is switched off here"),
    Row("github.actions", "no token", right, UNKNOWN, ANONYMOUS, token=""),
    Row("github.actions", "of verified creators", policy(allowed="selected", github_owned=True, verified=True), UNKNOWN,
        "pypa/gh-action-pypi-publish may run if GitHub has verified the creator, which no API says"),
    Row("github.actions", "of verified creators, and by name",
        policy(allowed="selected", github_owned=True, verified=True, patterns=("pypa/*",)), OK,
        "the actions of the workflow may run"),
    Row("github.pinned-actions", "pinned", right, OK, "an action runs by its commit or not at all"),
    Row("github.pinned-actions", "by tags", policy(sha_pinning_required=False), PROBLEM,
        "an action may be named by a tag, which can be moved to other code"),
    Row("github.pinned-actions", "no token", right, UNKNOWN, ANONYMOUS, token=""),
    Row("github.default-token", "reads", right, OK, "it may read"),
    Row("github.default-token", "writes", policy(default_permissions="write", can_approve_reviews=True), PROBLEM,
        "it may write and approve pull requests"),
    Row("github.default-token", "no token", right, UNKNOWN, ANONYMOUS, token=""),
    Row("github.fork-approval", "all", right, OK, "all external contributors"),
    Row("github.fork-approval", "almost nobody", policy(fork_approval="first_time_contributors_new_to_github"),
        PROBLEM, "code of everybody whose account is older than a few days runs at once"),
    Row("github.fork-approval", "no token", right, UNKNOWN, ANONYMOUS, token=""),
    Row("security.secret-scanning", "on", right, OK, "a credential is found, and refused when it is pushed"),
    Row("security.secret-scanning", "off", _set("secret_scanning", False), PROBLEM, "switched off: secret scanning"),
    Row("security.secret-scanning", "no token", right, UNKNOWN,
        "whether GitHub looks for leaked credentials is shown to administrators only", token=""),
]  # fmt: skip


@rows(TABLE)
def test_a_setting_is_said_as_it_is(worlds: Stagehand, row: Row) -> None:
    """In this world the check says just this, and what to do where it is not ok."""
    assert row.seen(worlds) == row.wanted
