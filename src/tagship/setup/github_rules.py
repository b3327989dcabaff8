"""Rules about refs: who makes release tags, that none is moved, and how the default branch changes.

Rulesets and classic protection count alike, those of an organisation too, whoever made them. What is added are
rulesets of our own, so that nobody's are changed. Source: docs.github.com, "Available rules for rulesets", "REST API
endpoints for rules".
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tagship.checks.check import few
from tagship.model import Page, Severity
from tagship.services.addresses import GITHUB, GITHUB_MANUAL
from tagship.services.github_rules import (
    Bypass,
    Conditions,
    Protection,
    RefNames,
    Rule,
    Ruleset,
    matches,
)
from tagship.services.github_shapes import Settings
from tagship.services.reading import Unseen
from tagship.setup.check import Needs, Seen, ok, problem, unknown
from tagship.setup.setting import APPLY, Action, Compared, Request, Said, Setting
from tagship.setup.wanted import ACTIONS_APP, Wanted
from tagship.shapes import read_json

MADE, KEPT, BRANCH = "Release tags are made by maintainers", "Release tags stay", "The default branch is reviewed"
"""Names of our rulesets."""
MAINTAIN, WRITE, ADMIN = 2, 4, 5
"""Numbers of the roles (github.com/integrations/terraform-provider-github, docs of `github_repository_ruleset`;
github.com/github/rest-api-description/issues/7111)."""
RULES = f"{GITHUB_MANUAL}/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets"
SOURCE = f"{RULES}/available-rules-for-rulesets"
AND = ", "
_VERBS = {"creation": "make", "update": "move", "deletion": "delete"}


def _tags(wanted: Wanted, settings: Settings) -> Said:
    rulesets, how = settings.rulesets.get() or (), settings.rulesets.how
    binding = [r for r in rulesets if r.covers(f"refs/tags/{wanted.tag}", wanted.default_branch)]
    open_ones = [ruleset for ruleset in binding if ruleset.is_open_to(WRITE)]
    closed = [ruleset for ruleset in binding if ruleset not in open_ones]
    missing = _lacked(closed)
    if not missing:
        hidden = [ruleset for ruleset in closed if ruleset.bypass_actors is None]
        if _lacked(r for r in closed if r not in hidden):
            return _unsaid(wanted, hidden[0], how)
        return ok(f"rules protect {wanted.tags}", how, url=_page(wanted))
    asleep = [r.name for r in rulesets if r.target == "tag" and r.enforcement != "active"]
    words = f"everybody who may push can {AND.join([_VERBS[kind] for kind in missing])} {wanted.tags}"
    words += f"; not in force: {AND.join(asleep)}" if asleep else ""
    words += _open_words(open_ones)
    actions = [_tag_rules(wanted, rulesets, MADE, ["creation"])] if "creation" in missing else []
    stay = [kind for kind in ("update", "deletion") if kind in missing]
    actions += [_tag_rules(wanted, rulesets, KEPT, stay)] if stay else []
    return Compared(seen=problem(words, how, url=_page(wanted)), actions=tuple(actions))


def _lacked(rulesets: Iterable[Ruleset]) -> list[str]:
    """The rules about release tags that none of the rulesets has."""
    there = {rule.type for ruleset in rulesets for rule in ruleset.rules}
    return [kind for kind in _VERBS if kind not in there]


def _open_words(rulesets: Sequence[Ruleset]) -> str:
    return f"; the role Write need not obey {AND.join(one.name for one in rulesets)}" if rulesets else ""


def _unsaid(wanted: Wanted, ruleset: Ruleset, how: str) -> Seen:
    words = f"who may make {wanted.tags} in spite of the ruleset {ruleset.name} is shown to administrators only"
    remedy = "Give a token with the permission Administration: write, or ask who administers the ruleset."
    return unknown(words, how, remedy=remedy, url=f"{GITHUB}/{wanted.repository}/rules/{ruleset.id}")


def _tag_rules(wanted: Wanted, rulesets: Iterable[Ruleset], name: str, kinds: Sequence[str]) -> Action:
    """A ruleset for release tags. Making them stays possible for who maintains; moving them for nobody."""
    roles = (ADMIN, MAINTAIN) if name == MADE else ()
    allowed = "; administrators and maintainers may" if roles else ""
    return _written(
        rulesets,
        {
            "name": name,
            "target": "tag",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": [f"refs/tags/{wanted.tags}"], "exclude": []}},
            "rules": [{"type": kind} for kind in kinds],
            "bypass_actors": [
                {"actor_id": role, "actor_type": "RepositoryRole", "bypass_mode": "always"} for role in roles
            ],
        },
        (
            f"everybody who may push can {AND.join([_VERBS[kind] for kind in kinds])} {wanted.tags}",
            f"nobody can{allowed}",
        ),
        TAGS,
    )


def _written(rulesets: Iterable[Ruleset], body: dict[str, object], words: tuple[str, str], page: Page) -> Action:
    """A ruleset of ours, made, or completed where it is there: what others put into it stays."""
    there = next((r for r in rulesets if r.name == body["name"] and r.source_type == "Repository"), None)
    request, undo = Request.of("POST", "/rulesets", body), Request.of("DELETE", "/rulesets/{id}")
    if there is not None:
        path = f"/rulesets/{there.id}"
        request = Request.of("PUT", path, _completed(there, body))
        undo = Request.of("PUT", path, _restored(there))
    return Action.of("rulesets", f"ruleset {body['name']}", words, page, (request, undo))


def _completed(there: Ruleset, body: dict[str, object]) -> dict[str, object]:
    ours = read_json(msgspec.json.encode(body), _Body)
    found = {rule.type: rule for rule in _plain(there)}
    both = [_rule(rule.type, _stricter(rule, found.pop(rule.type, None))) for rule in ours.rules]
    names = there.conditions.ref_name if there.conditions else RefNames()
    bypass = tuple(actor for actor in there.bypass_actors or () if actor.role != WRITE)
    include = dict.fromkeys((*names.include, *ours.conditions.ref_name.include))
    return {
        **body,
        "conditions": {"ref_name": {"include": [*include], "exclude": []}},
        "rules": [*both, *found.values()],
        "bypass_actors": bypass if bypass or there.bypass_actors == () else ours.bypass_actors,
    }


def _stricter(ours: "_PlainRule", theirs: "_PlainRule | None") -> msgspec.Raw:
    """The parameters of a rule that may be there already: of each the stricter, so that nothing becomes looser."""
    there = read_json(theirs.parameters, dict[str, object]) if theirs else {}
    asked = read_json(ours.parameters, dict[str, object])
    if theirs is None or not asked:
        return theirs.parameters if theirs else ours.parameters
    merged = {**there, **asked}
    for name in there.keys() & asked.keys():
        match asked[name], there[name]:
            case bool() | int() as mine, bool() | int() as others:
                merged[name] = max(mine, others)
            case list(mine), list(others):  # required checks
                named = {check["context"] for check in mine}
                merged[name] = [*mine, *(check for check in others if check["context"] not in named)]
    return msgspec.Raw(msgspec.json.encode(merged))


def _restored(there: Ruleset) -> dict[str, object]:
    """The body that sets a ruleset to what it was."""
    known = {} if there.bypass_actors is None else {"bypass_actors": there.bypass_actors}
    return {
        "name": there.name,
        "target": there.target,
        "enforcement": there.enforcement,
        "conditions": there.conditions,
        "rules": _plain(there),
        **known,
    }


def _plain(there: Ruleset) -> "list[_PlainRule]":
    return [_rule(rule.type, rule.raw) for rule in there.rules]


def _rule(type: str, parameters: msgspec.Raw) -> "_PlainRule":
    """A rule; one that has no parameters may not have empty ones either."""
    has_some = read_json(parameters, object) not in ({}, None)
    return _PlainRule(type=type, parameters=parameters) if has_some else _PlainRule(type=type)


class _PlainRule(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str
    parameters: msgspec.Raw = msgspec.Raw(b"{}")


class _Body(msgspec.Struct, frozen=True):
    conditions: Conditions
    rules: tuple[_PlainRule, ...]
    bypass_actors: tuple[Bypass, ...]


def _makeable(wanted: Wanted, settings: Settings) -> Said:
    rulesets, how = settings.rulesets.get() or (), settings.rulesets.how
    ref = f"refs/tags/{wanted.tag}"
    binding = [
        ruleset
        for ruleset in rulesets
        if ruleset.covers(ref, wanted.default_branch) and any(rule.type == "creation" for rule in ruleset.rules)
    ]
    for ruleset in binding:
        if ruleset.current_user_can_bypass in ("always", "exempt") or ruleset.bypass_actors:
            continue
        if ruleset.bypass_actors is None:
            return _unsaid(wanted, ruleset, how)
        words = f"the ruleset {ruleset.name} lets nobody make {wanted.tags}, so that nobody can release"
        return problem(words, how, url=f"{GITHUB}/{wanted.repository}/rules/{ruleset.id}")
    who = "who the bypass lists name" if binding else "everybody who may push"
    return ok(f"{who} can", how)


def _branch(wanted: Wanted, settings: Settings) -> Said:
    rulesets, how = settings.rulesets.get() or (), settings.branch_rules.how
    found = settings.branch_rules.get() or ()
    used = {rule.ruleset_id for rule in found}
    open_ones = [one for one in rulesets if one.id in used and one.is_open_to(WRITE, merging=True)]
    rules = tuple(rule for rule in found if rule.ruleset_id not in {one.id for one in open_ones})
    lacking = [*_lacking(rules, None, wanted)]
    if lacking:
        try:
            classic = settings.protection.get()
        except Unseen as missing:
            words = f"rulesets lack: {AND.join(lacking)}; classic protection cannot be seen: {missing.hidden.why}"
            return unknown(words, how, remedy=missing.hidden.remedy, url=_page(wanted))
        lacking = [*_lacking(rules, classic, wanted)]
    branch = wanted.default_branch
    if not lacking:
        return ok(f"{branch} changes by reviewed pull requests", how, url=_page(wanted))
    lacks = f"{branch} lacks {AND.join(lacking)}"
    reviews = {
        "required_approving_review_count": max(1, *_approvals(rules, None)),
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": True,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    checks: dict[str, object] = {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [
            {"context": check.context, **({} if check.app is None else {"integration_id": check.app})}
            for check in wanted.checks
        ],
    }
    action = _written(
        rulesets,
        {
            "name": BRANCH,
            "target": "branch",
            "enforcement": "active",
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [
                {"type": "deletion"},
                {"type": "non_fast_forward"},
                {"type": "pull_request", "parameters": reviews},
                *([{"type": "required_status_checks", "parameters": checks}] if wanted.checks else []),
            ],
            # an administrator who works alone can merge, but not push past the pull request
            "bypass_actors": [{"actor_id": ADMIN, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}],
        },
        (
            lacks,
            f"{branch} changes by pull requests with one review and green checks; administrators may merge without",
        ),
        PROTECTED,
    )
    seen = problem(f"{lacks}{_open_words(open_ones)}", how, url=_page(wanted))
    return Compared(seen=seen, actions=(action,))


def _lacking(rules: tuple[Rule, ...], classic: Protection | None, wanted: Wanted) -> Iterator[str]:
    """What the default branch lacks, rulesets and classic protection together."""
    kinds = {rule.type for rule in rules}
    if max(_approvals(rules, classic)) < 1:
        yield "a review of each change"
    there = {*_found(rules, classic)}
    missing = [one.context for one in wanted.checks if not {(one.context, one.app), (one.context, None)} & there]
    if missing:
        yield f"the required check{'s' if missing[1:] else ''} {few(missing)}"
    if "non_fast_forward" not in kinds and (classic is None or classic.allow_force_pushes.enabled):
        yield "a rule against force pushes"
    if "deletion" not in kinds and (classic is None or classic.allow_deletions.enabled):
        yield "a rule against its deletion"
    if classic is not None and not classic.enforce_admins.enabled and "pull_request" not in kinds:
        yield "that its protection binds administrators"


def _approvals(rules: tuple[Rule, ...], classic: Protection | None) -> list[int]:
    """How many approvals each of them asks for."""
    reviews = classic.required_pull_request_reviews if classic else None
    asked = [rule.parameters.required_approving_review_count for rule in rules if rule.type == "pull_request"]
    return [0, *asked, *([reviews.required_approving_review_count] if reviews else [])]


def _found(rules: tuple[Rule, ...], classic: Protection | None) -> Iterator[tuple[str, int | None]]:
    """The checks that are required."""
    for rule in rules:
        yield from ((check.context, check.integration_id) for check in rule.parameters.required_status_checks)
    if classic is not None and classic.required_status_checks is not None:
        yield from ((check.context, check.app_id) for check in classic.required_status_checks.checks)


def _reported(wanted: Wanted, settings: Settings) -> Said:
    """Required checks that no job reports: every pull request would wait for them for ever."""
    rules, how = settings.branch_rules.get() or (), settings.branch_rules.how
    hidden, classic = settings.protection.hidden, settings.protection.value
    found = dict.fromkeys(context for context, app in _found(rules, classic) if app == ACTIONS_APP)
    lost = [context for context in found if not any(context == name or matches(name, context) for name in wanted.known)]
    if not lost and hidden is not None:  # classic protection may ask for others
        raise Unseen(hidden, settings.protection.how)
    if not found:
        return ()
    if not lost:
        return ok(f"{AND.join([*found])}: made by jobs of this repository", how)
    return problem(f"no job for pull requests makes {AND.join(lost)}", how, url=_page(wanted))


def _page(wanted: Wanted) -> str:
    return f"{GITHUB}/{wanted.repository}/settings/rules"


TAGS = Page(
    code="TD37",
    title="Release tags are made by maintainers, and never moved or deleted",
    why="A tag is what starts a release. One that was moved means other code than what is on PyPI.",
    remedy=APPLY,
    source=SOURCE,
    incident=f"{GITHUB}/advisories/GHSA-mrrh-fwg8-r2c3",
)
MAKEABLE = Page(
    code="TD38",
    title="Somebody can make a release tag",
    why="A rule against making tags without anybody on its bypass list stops every release at `git push`.",
    remedy="Add the role that releases to the bypass list of the ruleset.",
    source=f"{RULES}/creating-rulesets-for-a-repository",
)
PROTECTED = Page(
    code="TD39",
    title="The default branch changes by reviewed and tested pull requests alone",
    why="What is on the default branch goes to TestPyPI at once and to PyPI with the next tag, the workflow itself "
    "included.",
    remedy=APPLY,
    severity=Severity.WARNING,
    source=SOURCE,
)
REPORTED = Page(
    code="TD40",
    title="Every required check is one that a job makes",
    why="A check that nothing reports, since its job was renamed, keeps every pull request waiting for ever; people "
    "then switch the rule off.",
    remedy="Take it off the rule, or give a job that name.",
    source=f"{GITHUB_MANUAL}/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-"
    "quality-features/troubleshooting-required-status-checks",
)
SETTINGS = (
    Setting(id="github.tag-rules", page=TAGS, look=_tags),
    Setting(id="github.tag-makers", page=MAKEABLE, look=_makeable),
    Setting(id="github.branch-rules", page=PROTECTED, look=_branch, needs=Needs.TOKEN),
    Setting(id="github.required-checks", page=REPORTED, look=_reported, needs=Needs.ADMIN),
)
