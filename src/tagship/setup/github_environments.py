"""The deployment environments: they exist, let in what a release needs and nothing else, and ask whom they should.

Source: docs.github.com, "Deployments and environments", "REST API endpoints for deployment environments". Whether
administrators may bypass the rules is shown by the API and cannot be set by it.
"""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from tagship.model import Page, Severity
from tagship.services.addresses import GITHUB
from tagship.services.github_rules import matches
from tagship.services.github_shapes import Environment as There
from tagship.services.github_shapes import Policy, Settings
from tagship.services.reading import Hidden, Unseen
from tagship.setup.check import Seen, ok, problem
from tagship.setup.setting import APPLY, Action, Compared, Request, Said, Setting
from tagship.setup.wanted import Wanted
from tagship.words import many
from tagship.workflow.environments import SOURCE, Environment

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
MOST = 4
"""Rules of one environment that are named."""
Entry = tuple[str, str]
"""Type and pattern."""


def _exists(wanted: Wanted, settings: Settings) -> Said:
    return tuple(_one_exists(wanted, settings, environment) for environment in wanted.environments)


def _one_exists(wanted: Wanted, settings: Settings, environment: Environment) -> Seen | Compared:
    found = settings.environment(environment.name)
    how, url = settings.environments.how, _page(wanted)
    if found is not None:
        return ok("it is there", how, url=url, about=environment.name)
    words = "there is no such environment; GitHub makes one at the first run, which every branch may use"
    seen = problem(words, how, url=url, about=environment.name)
    path = _path(environment.name)
    try:
        body = _body(environment, settings, None)
    except Unseen as missing:  # that is a reviewer's doing, and no reason not to say that it is missing
        return replace(seen, remedy=f"{missing.hidden.why}: {missing.hidden.remedy}")
    requests = Request.of("PUT", path, body), Request.of("DELETE", path)
    make = _change(environment, ("missing", _words(environment)), EXISTS, requests)
    admit = (_admit(environment, entry, EXISTS) for entry in _entries(environment))
    return Compared(seen=seen, actions=(make, *admit))


def _refs(wanted: Wanted, settings: Settings) -> Said:
    return tuple(_one_refs(wanted, settings, environment, there) for environment, there in _found(wanted, settings))


def _found(wanted: Wanted, settings: Settings) -> Iterator[tuple[Environment, There]]:
    """The environments that exist, as they should be and as they are."""
    for environment in wanted.environments:
        there = settings.environment(environment.name)
        if there is not None:
            yield environment, there


def _one_refs(wanted: Wanted, settings: Settings, environment: Environment, there: There) -> Seen | Compared:
    name, url = environment.name, _page(wanted)
    how = f"{settings.environments.how}/{quote(name, safe='')}/deployment-branch-policies"
    policy = there.deployment_branch_policy
    if policy is None or policy.protected_branches:
        was = "every branch and every tag may deploy" if policy is None else (
            "only protected branches may deploy: no tag can, so that a release is refused"
            if environment.tags
            else "every protected branch may deploy"
        )  # fmt: skip
        body = _lean({**_restored(there), "deployment_branch_policy": CUSTOM})
        requests = Request.of("PUT", _path(name), body), Request.of("PUT", _path(name), _restored(there))
        change = _change(environment, (was, "only the refs that are named may deploy"), REFS, requests)
        admit = (_admit(environment, entry, REFS) for entry in _entries(environment))
        return Compared(seen=problem(was, how, url=url, about=name), actions=(change, *admit))
    patterns = settings.patterns(name)
    loose = [pattern for pattern in patterns if _is_loose(pattern, environment, wanted)]
    kept = tuple(pattern for pattern in patterns if pattern not in loose)
    missing = [entry for entry in _entries(environment) if not _admitted(entry, kept, wanted)]
    if not missing and not loose:
        said = ", ".join(f"{pattern.type} {pattern.name}" for pattern in patterns)
        return ok(f"{said} may deploy, and nothing else", how, url=url, about=name)
    words = [f"the {pattern.type} {pattern.name} may deploy" for pattern in loose]
    unserved = [(kind, name) for kind, name in missing if not _admitted((kind, name), patterns, wanted)]
    words += [f"no rule lets in the {kind} {name}" for kind, name in unserved]
    actions = (
        *(_admit(environment, entry, REFS) for entry in missing),
        *(_expel(environment, pattern) for pattern in loose),
    )
    more = [f"{len(words) - MOST} more"] if len(words) > MOST else []
    return Compared(seen=problem("; ".join([*words[:MOST], *more]), how, url=url, about=name), actions=actions)


def _entries(environment: Environment) -> tuple[Entry, ...]:
    return (*(("branch", name) for name in environment.branches), *(("tag", name) for name in environment.tags))


def _admitted(entry: Entry, patterns: tuple[Policy, ...], wanted: Wanted) -> bool:
    """Whether a ref of that kind may deploy already, by this pattern or by another one."""
    kind, name = entry
    sample = wanted.tag if entry == ("tag", wanted.tags) else name
    return any(p.type == kind and (p.name == name or ("*" not in sample and matches(p.name, sample))) for p in patterns)


def _is_loose(policy: Policy, environment: Environment, wanted: Wanted) -> bool:
    """Whether a pattern lets in what the environment is not for; one that is narrower than ours is fine."""
    ours = environment.branches if policy.type == "branch" else environment.tags
    if any(policy.name == name or matches(name, policy.name) for name in ours):
        return False
    if policy.type == "branch":
        return True
    return not (policy.name.startswith(wanted.prefix) if wanted.prefix else policy.name[:1] in "[0123456789")


def _admit(environment: Environment, entry: Entry, page: Page) -> Action:
    kind, name = entry
    path = f"{_path(environment.name)}/deployment-branch-policies"
    words = f"no rule for the {kind} {name}", f"the {kind} {name} may deploy"
    requests = Request.of("POST", path, {"name": name, "type": kind}), Request.of("DELETE", f"{path}/{{id}}")
    return _change(environment, words, page, requests)


def _expel(environment: Environment, policy: Policy) -> Action:
    path = f"{_path(environment.name)}/deployment-branch-policies"
    which = f"the {policy.type} {policy.name}"
    back = Request.of("POST", path, {"name": policy.name, "type": policy.type})
    requests = Request.of("DELETE", f"{path}/{policy.id}"), back
    return _change(environment, (f"{which} may deploy", f"{which} may not"), REFS, requests)


def _change(environment: Environment, words: tuple[str, str], page: Page, requests: tuple[Request, Request]) -> Action:
    return Action.of("environments", f"environment {environment.name}", words, page, requests)


def _rules(wanted: Wanted, settings: Settings) -> Said:
    """Reviewers, timer and self review, where a file asks for them."""
    return tuple(
        _one_rules(wanted, settings, environment, there)
        for environment, there in _found(wanted, settings)
        if environment.reviewers or environment.wait_timer or environment.prevent_self_review
    )


def _one_rules(wanted: Wanted, settings: Settings, environment: Environment, there: There) -> Seen | Compared:
    lacking = [*_lacking(environment, there)]
    name, url = environment.name, _page(wanted)
    if not lacking:
        return ok(_asked(there), environment.path, url=url, about=name)
    seen = problem("; ".join(lacking), environment.path, url=url, about=name)
    try:
        body = _body(environment, settings, there)
    except Unseen as missing:
        return replace(seen, remedy=f"{missing.hidden.why}: {missing.hidden.remedy}")
    requests = Request.of("PUT", _path(name), body), Request.of("PUT", _path(name), _restored(there))
    change = _change(environment, (_asked(there), _words(environment)), RULES, requests)
    return Compared(seen=seen, actions=(change,))


def _lacking(environment: Environment, there: There) -> Iterator[str]:
    names = {reviewer.reviewer.name.lower() for reviewer in there.reviewers}
    for name in environment.reviewers:
        if name.rpartition("/")[2].lower() not in names:
            yield f"{name} is no reviewer"
    if there.wait_timer < environment.wait_timer:
        yield f"the wait timer is {many(there.wait_timer, 'minute')}, not {environment.wait_timer}"
    if environment.prevent_self_review and not there.prevents_self_review:
        yield "who started the run may approve it"


def _body(environment: Environment, settings: Settings, there: There | None) -> dict[str, object]:
    """A request replaces everything, so that what is there stays in it, and nothing becomes looser.

    Raises:
        Unseen: the number of a reviewer is not known.
    """
    reviewers = [(r.type, r.reviewer.id) for r in there.reviewers] if there else []
    for name in environment.reviewers:
        reading = settings.people.get(name)
        found = reading.get() if reading is not None else None
        if found is None:
            raise Unseen(Hidden(why=f"GitHub knows no reviewer {name}", remedy=f"Correct {environment.path}."), name)
        reviewers.append(("Team" if "/" in name else "User", found.id))
    body: dict[str, object] = {
        "wait_timer": max(environment.wait_timer, there.wait_timer if there else 0),
        "reviewers": [{"type": kind, "id": number} for kind, number in dict.fromkeys(reviewers)],
        "deployment_branch_policy": _restored(there)["deployment_branch_policy"] if there else CUSTOM,
    }
    prevents = environment.prevent_self_review or (there is not None and there.prevents_self_review)
    return _lean({**body, "prevent_self_review": prevents and bool(reviewers)})


def _lean(body: dict[str, object]) -> dict[str, object]:
    """Without what is not asked for: a plan that lacks a rule refuses its mere name (pulumi/pulumi-github#251)."""
    return {name: value for name, value in body.items() if value}


def _restored(there: There) -> dict[str, object]:
    """The body that sets an environment to what it was."""
    policy = there.deployment_branch_policy
    body: dict[str, object] = {
        "wait_timer": there.wait_timer,
        "reviewers": [{"type": reviewer.type, "id": reviewer.reviewer.id} for reviewer in there.reviewers],
        "deployment_branch_policy": None
        if policy is None
        else {
            "protected_branches": policy.protected_branches,
            "custom_branch_policies": policy.custom_branch_policies,
        },
    }
    return {**body, "prevent_self_review": there.prevents_self_review} if there.reviewers else body


def _reviewed(wanted: Wanted, settings: Settings) -> Said:
    name = wanted.environments[-1].name
    there = settings.environment(name)
    if there is None:
        return ()
    how, url = settings.environments.how, _page(wanted)
    if not there.reviewers:
        file = wanted.environments[-1].path
        remedy = f"Add yourself or a team to `reviewers:` in {file}, then: tagship doctor --apply"
        return problem("nobody has to approve a release", how, remedy=remedy, url=url, about=name)
    return ok(_asked(there), how, url=url, about=name)


def _unbypassed(wanted: Wanted, settings: Settings) -> Said:
    how, url = settings.environments.how, _page(wanted)
    return tuple(
        problem("administrators may go on without approval", how, url=url, about=ours.name)
        if there.can_admins_bypass
        else ok("administrators wait like everybody", how, url=url, about=ours.name)
        for ours, there in _found(wanted, settings)
        if not ours.admins_bypass and (there.reviewers or there.wait_timer)
    )


def _words(environment: Environment) -> str:
    """What an environment asks for."""
    refs = " and ".join(f"{kind} {name}" for kind, name in _entries(environment))
    people = f"; {' or '.join(environment.reviewers)} approves" if environment.reviewers else ""
    timer = f"; waits {many(environment.wait_timer, 'minute')}" if environment.wait_timer else ""
    return f"for {refs}{people}{timer}{'; no self review' if environment.prevent_self_review else ''}"


def _asked(there: There) -> str:
    people = " or ".join(reviewer.reviewer.name for reviewer in there.reviewers)
    words = [f"{people} approves" if people else "nobody has to approve"]
    words += [f"it waits {many(there.wait_timer, 'minute')}"] if there.wait_timer else []
    words += ["not who started the run"] if there.prevents_self_review else []
    return ", ".join(words)


def _path(name: str) -> str:
    return f"/environments/{quote(name, safe='')}"


def _page(wanted: Wanted) -> str:
    return f"{GITHUB}/{wanted.repository}/settings/environments"


EXISTS = Page(
    code="TD32",
    title="The environment of each publishing job exists",
    why="The trusted publisher is bound to it. GitHub makes a missing one at the first run, unprotected: then a "
    "changed workflow on any branch may publish.",
    remedy=APPLY,
    source=SOURCE,
    incident=f"{GITHUB}/KCNyu/clawock/issues/810",
)
REFS = Page(
    code="TD33",
    title="Only the refs that a release needs may deploy to the environment",
    why="PyPI does not look at the branch or tag of a run: what may deploy to the environment is what may publish. "
    "A rule too few, and the release is refused after its tag is public.",
    remedy=APPLY,
    source=SOURCE,
    incident=f"{GITHUB}/zarr-developers/pydantic-zarr/issues/159",
)
RULES = Page(
    code="TD34",
    title="The environment asks for what its file says",
    why="A reviewer, a wait timer or a second person that stands in the file and not in the settings protects nothing.",
    remedy=APPLY,
    source=SOURCE,
    incident=f"{GITHUB}/anthony-chaudhary/dos-kernel/issues/2",
)
REVIEWED = Page(
    code="TD35",
    title="Somebody approves each release to PyPI",
    why="One stolen account with the right to push is enough for a release that nobody asked for.",
    remedy="Add reviewers to the file of the environment, then: tagship doctor --apply",
    severity=Severity.NOTE,
    source=SOURCE,
)
UNBYPASSED = Page(
    code="TD36",
    title="Administrators wait for the approval like everybody",
    why="Whoever takes over an administrator's account would not have to ask.",
    remedy="On the page of the environment, take the tick off `Allow administrators to bypass configured protection "
    "rules`; the API cannot.",
    severity=Severity.NOTE,
    source=SOURCE,
)
SETTINGS = (
    Setting(id="github.environment", page=EXISTS, look=_exists),
    Setting(id="github.environment-refs", page=REFS, look=_refs),
    Setting(id="github.environment-rules", page=RULES, look=_rules),
    Setting(id="github.reviewers", page=REVIEWED, look=_reviewed),
    Setting(id="github.administrators", page=UNBYPASSED, look=_unbypassed),
)
