"""The repository itself, what GitHub Actions may do in it, and its releases: settings of one switch each."""

from collections.abc import Mapping

import msgspec

from tagship.checks.check import few
from tagship.model import Page, Severity
from tagship.project.patterns import matches
from tagship.services.addresses import GITHUB, GITHUB_MANUAL, PYPI
from tagship.services.github_shapes import Selected, Settings
from tagship.setup.check import Group, Needs, ok, problem, unknown
from tagship.setup.setting import APPLY, Action, Compared, Request, Said, Setting
from tagship.setup.wanted import Wanted

PERMISSIONS = "/actions/permissions"
SOURCE = (
    f"{GITHUB_MANUAL}/repositories/managing-your-repositorys-settings-and-features/enabling-features-for-your-repository/"
    "managing-github-actions-settings-for-a-repository"
)
GITHUBS_OWN = ("actions", "github")


def _repository(wanted: Wanted, settings: Settings) -> Said:
    found, how = settings.repository.get(), settings.repository.how
    if found is None:
        return ()
    name, url = found.full_name, f"{GITHUB}/{found.full_name}"
    remedy = f"git remote set-url origin {GITHUB}/{name}.git; tagship sync; and register {name} on PyPI in its place."
    if name.lower() != wanted.repository.lower():
        words = f"{wanted.repository} was renamed or moved; it is {name} now, and its workflow runs nowhere else"
        return problem(words, how, remedy=remedy, url=url)
    if name != wanted.repository:
        words = f"GitHub spells it {name}; PyPI compares upper and lower case, so that no publisher fits both"
        return problem(words, how, remedy=remedy, url=url)
    if found.archived:
        words = "it is archived: nothing can be pushed, and no workflow runs"
        return problem(words, how, remedy="Unarchive it, on its settings page.", url=url)
    return ok(name, how, url=url)


def _default_branch(wanted: Wanted, settings: Settings) -> Said:
    found, how = settings.repository.get(), settings.repository.how
    if found is None:
        return ()
    url = f"{GITHUB}/{found.full_name}/settings"
    if found.default_branch == wanted.default_branch:
        return ok(found.default_branch, how, url=url)
    words = f"it is {found.default_branch} on GitHub, and {wanted.default_branch} in this clone"
    return problem(words, how, remedy="git remote set-head origin --auto; tagship sync", url=url)


def _runs(wanted: Wanted, settings: Settings) -> Said:
    policy, how = settings.actions.get(), settings.actions.how
    if policy is None:
        return ()
    url = _page(wanted)
    if not policy.enabled:
        remedy = f"Choose what may run: {url}"
        return problem("GitHub Actions is switched off here", how, remedy=remedy, url=url)
    if policy.sha_pinning_required and wanted.unpinned:
        words = f"only pinned actions may run, so that these end their run: {few(wanted.unpinned)}"
        return problem(words, how, remedy=f"Pin them to commits, or take the rule back: {url}", url=url)
    if policy.allowed_actions == "all":
        return ok("every action may run", how, url=url)
    selected = settings.selected.get() or Selected()
    owners = [wanted.repository.lower().partition("/")[0], *(GITHUBS_OWN if selected.github_owned_allowed else ())]
    patterns = (*(f"{owner}/*" for owner in owners), *selected.patterns_allowed)
    refused = [action for action in wanted.actions if not any(_covers(pattern, action) for pattern in patterns)]
    if not refused:
        return ok("the actions of the workflow may run", settings.selected.how, url=url)
    remedy = f"On {url}, under `Allow or block specified actions`, add: " + ", ".join(f"{name}@*" for name in refused)
    if selected.verified_allowed:
        words = f"{', '.join(refused)} may run if GitHub has verified the creator, which no API says"
        return unknown(words, how, remedy=remedy, url=url)
    words = f"the workflow could not start: not allowed to run are {', '.join(refused)}"
    return problem(words, how, remedy=remedy, url=url)


def _covers(pattern: str, action: str) -> bool:
    """Whether a pattern of the setting allows an action at any commit: `owner/*`, `owner/name@*`, `owner/name`."""
    name, _, ref = pattern.partition("@")
    return ref in ("", "*") and (matches(action, (name,)) or name in ("*", f"{action}/*"))


def _pinned(wanted: Wanted, settings: Settings) -> Said:
    policy, how = settings.actions.get(), settings.actions.how
    if policy is None or not policy.enabled:
        return ()
    url = _page(wanted)
    if policy.sha_pinning_required:
        return ok("an action runs by its commit or not at all", how, url=url)
    words = "an action may be named by a tag, which can be moved to other code"
    if wanted.unpinned:
        named = ", ".join(wanted.unpinned[:4]) + (" …" if wanted.unpinned[4:] else "")
        remedy = f"Pin these first, or they could not run any more: {named}. Then: tagship doctor --apply"
        return problem(words, how, remedy=remedy, url=url)
    rest = {"enabled": policy.enabled, "allowed_actions": policy.allowed_actions}
    action = Action.of(
        "actions",
        "pinned actions",
        ("not required", "required"),
        PINNED,
        (Request.of("PUT", PERMISSIONS, {**rest, "sha_pinning_required": True}),
         Request.of("PUT", PERMISSIONS, {**rest, "sha_pinning_required": False})),
    )  # fmt: skip
    return Compared(seen=problem(words, how, url=url), actions=(action,))


def _token(wanted: Wanted, settings: Settings) -> Said:
    found, how = settings.default_token.get(), settings.default_token.how
    if found is None:
        return ()
    wrong = ["write"] if found.default_workflow_permissions == "write" else []
    wrong += ["approve pull requests"] if found.can_approve_pull_request_reviews else []
    url = _page(wanted)
    if not wrong:
        return ok("it may read", how, url=url)
    path = f"{PERMISSIONS}/workflow"
    was: dict[str, object] = {
        "default_workflow_permissions": found.default_workflow_permissions,
        "can_approve_pull_request_reviews": found.can_approve_pull_request_reviews,
    }
    be: dict[str, object] = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
    action = Action.of(
        "default_token",
        "token of a job whose workflow asks for nothing",
        (f"may {' and '.join(wrong)}", "may read"),
        TOKEN,
        (Request.of("PUT", path, be), Request.of("PUT", path, was)),
    )
    note = "A workflow that writes and has no `permissions:` will be refused: give it what it needs."
    action = msgspec.structs.replace(action, note=note)
    return Compared(seen=problem(f"it may {' and '.join(wrong)}", how, url=url), actions=(action,))


def _forks(wanted: Wanted, settings: Settings) -> Said:
    repository = settings.repository.value
    if repository is not None and repository.private:
        return ()  # the setting is for public repositories
    found, how = settings.forks.get(), settings.forks.how
    if found is None:
        return ()
    url = _page(wanted)
    if found.approval_policy in ("first_time_contributors", "all_external_contributors"):
        return ok(found.approval_policy.replace("_", " "), how, url=url)
    path = f"{PERMISSIONS}/fork-pr-contributor-approval"
    action = Action.of(
        "forks",
        "pull requests from forks",
        ("wait for approval for who is new to GitHub", "wait for approval for everybody from outside"),
        FORKS,
        (Request.of("PUT", path, {"approval_policy": "all_external_contributors"}),
         Request.of("PUT", path, {"approval_policy": found.approval_policy})),
    )  # fmt: skip
    words = "code of everybody whose account is older than a few days runs at once"
    return Compared(seen=problem(words, how, url=url), actions=(action,))


def _immutable(wanted: Wanted, settings: Settings) -> Said:
    found, how = settings.immutable.get(), settings.immutable.how
    if found is None:
        return ()
    url = f"{GITHUB}/{wanted.repository}/settings"
    if found.enabled:
        return ok("releases are locked once they are published", how, url=url)
    path = "/immutable-releases"
    action = Action.of(
        "immutable",
        "published releases",
        ("files and tag can be changed", "locked; notes stay editable"),
        IMMUTABLE,
        (Request.of("PUT", path), Request.of("DELETE", path)),
    )
    return Compared(seen=problem("a published release can be changed", how, url=url), actions=(action,))


def _latest(wanted: Wanted, settings: Settings) -> Said:
    found, how = settings.latest.get(), settings.latest.how
    if found is None:
        return ()
    broken = [asset.name for asset in found.assets if asset.state != "uploaded" or not asset.digest]
    if broken:
        words = f"{found.tag_name} has broken files: {', '.join(broken)}"
        return problem(words, how, url=found.html_url)
    if not found.immutable:
        return problem(f"{found.tag_name} can still be changed", how, url=found.html_url)
    return ok(f"{found.tag_name} is locked", how, url=found.html_url)


def _plan(wanted: Wanted, settings: Settings) -> Said:
    repository = settings.repository.get()
    if repository is None or not repository.private:
        return ()
    hidden, how = settings.rulesets.hidden, settings.rulesets.how
    url = f"{GITHUB}/{wanted.repository}/settings"
    if hidden is None:
        return ok("it has rulesets for a private repository", how, url=url)
    if "Upgrade to" in hidden.why:
        return problem(hidden.why, how, url=url)
    return unknown(hidden.why, how, remedy=hidden.remedy)


def _secrets_found(wanted: Wanted, settings: Settings) -> Said:
    found, how = settings.repository.get(), settings.repository.how
    if found is None:
        return ()
    url = f"{GITHUB}/{wanted.repository}/settings/security_analysis"
    security = found.security_and_analysis
    if security is None:
        words = "whether GitHub looks for leaked credentials is shown to administrators only"
        return unknown(words, how, remedy="Give a token with the permission Administration: read.")
    switches = {
        "secret_scanning": security.secret_scanning,
        "secret_scanning_push_protection": security.secret_scanning_push_protection,
    }
    off = [name for name, switch in switches.items() if switch is None or switch.status == "disabled"]
    if not off:
        return ok("a credential is found, and refused when it is pushed", how, url=url)
    words = f"switched off: {', '.join(name.replace('_', ' ') for name in off)}"
    if found.private:
        return problem(f"{words}; a private repository has to pay for it", how, url=url)
    action = Action.of(
        "repository",
        "secret scanning",
        (words, "credentials are found, and refused when they are pushed"),
        SCANNED,
        (_scanning(dict.fromkeys(off, "enabled")), _scanning(dict.fromkeys(off, "disabled"))),
    )
    return Compared(seen=problem(words, how, url=url), actions=(action,))


def _scanning(switches: Mapping[str, str]) -> Request:
    body = {"security_and_analysis": {name: {"status": status} for name, status in switches.items()}}
    return Request.of("PATCH", "", body)


def _page(wanted: Wanted) -> str:
    return f"{GITHUB}/{wanted.repository}/settings/actions"


REPOSITORY = Page(
    code="TD30",
    title="The repository on GitHub is the one that the workflow is for",
    why="The workflow starts in the repository of its name alone, and PyPI trusts that name letter by letter.",
    remedy="Set the remote to the repository's name, and write the workflow again: tagship sync",
    source=f"{PYPI.docs}/trusted-publishers/troubleshooting/",
)
DEFAULT = Page(
    code="TD31",
    title="The default branch is the one that the workflow publishes from",
    why="Pushes to another branch start nothing, and TestPyPI gets no version.",
    remedy="git remote set-head origin --auto; tagship sync",
)
IMMUTABLE = Page(
    code="TD41",
    title="Published releases are immutable",
    why="Who gets hold of a token can put other files under an old release, and move its tag.",
    remedy=APPLY,
    severity=Severity.WARNING,
    source=f"{GITHUB_MANUAL}/code-security/supply-chain-security/understanding-your-software-supply-chain/"
    "immutable-releases",
)
RUNS = Page(
    code="TD42",
    title="GitHub Actions may run the workflow",
    why="A run with an action that is not allowed ends before its first job, without a log.",
    remedy="Allow the actions that the workflow names, on the page of the setting.",
    source=SOURCE,
    incident=f"{GITHUB}/PyCQA/bandit/issues/782",
)
PINNED = Page(
    code="TD43",
    title="Actions run by their commits alone",
    why="The tag of an action can be moved to other code, and that code runs with the tokens of the job.",
    remedy=APPLY,
    severity=Severity.NOTE,
    source=SOURCE,
    incident=f"{GITHUB}/advisories/GHSA-mrrh-fwg8-r2c3",
)
TOKEN = Page(
    code="TD44",
    title="The token of a job may read, unless its workflow asks for more",
    why="A workflow without `permissions:` would give every action in it the right to push.",
    remedy=APPLY,
    severity=Severity.WARNING,
    source=SOURCE,
)
FORKS = Page(
    code="TD45",
    title="Code of strangers waits for approval before it runs",
    why="A pull request runs what it brings along: miners, and whatever looks for tokens and caches.",
    remedy=APPLY,
    severity=Severity.WARNING,
    source=SOURCE,
)
LATEST = Page(
    code="TD46",
    title="The newest release is whole and locked",
    why="Its files and its tag can still be changed by whoever may write.",
    remedy="Releases that are published while the setting is on are locked; earlier ones stay as they are.",
    severity=Severity.NOTE,
    source=IMMUTABLE.source,
)
PLAN = Page(
    code="TD48",
    title="GitHub's plan has the rules that a release of a private repository needs",
    why="Without environments and rulesets everybody who may push may publish.",
    remedy="Make the repository public, or take a plan that has them; until then keep tokens out of it, and publish by "
    "a manual start alone.",
    source=f"{GITHUB_MANUAL}/get-started/learning-about-github/githubs-plans",
)
SCANNED = Page(
    code="TD80",
    title="GitHub looks for credentials in what is pushed",
    why="A token that was pushed is used within minutes.",
    remedy=APPLY,
    severity=Severity.WARNING,
    source=f"{GITHUB_MANUAL}/code-security/secret-scanning/introduction/about-push-protection",
)
SETTINGS = (
    Setting(id="github.repository", page=REPOSITORY, look=_repository),
    Setting(id="github.default-branch", page=DEFAULT, look=_default_branch),
    Setting(id="github.plan", page=PLAN, look=_plan),
)
LATER = (
    Setting(id="github.immutable-releases", page=IMMUTABLE, look=_immutable, needs=Needs.ADMIN),
    Setting(id="github.actions", page=RUNS, look=_runs, needs=Needs.ADMIN),
    Setting(id="github.pinned-actions", page=PINNED, look=_pinned, needs=Needs.ADMIN),
    Setting(id="github.default-token", page=TOKEN, look=_token, needs=Needs.ADMIN),
    Setting(id="github.fork-approval", page=FORKS, look=_forks, needs=Needs.ADMIN),
    Setting(id="github.newest-release", page=LATEST, look=_latest),
    Setting(id="security.secret-scanning", page=SCANNED, look=_secrets_found, needs=Needs.ADMIN, group=Group.SECURITY),
)
