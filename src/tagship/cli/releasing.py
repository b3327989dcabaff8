"""What the ways of `tagship release` share, and the way through a pull request."""

import datetime
import os
import shlex
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagship import __version__
from tagship.cli.release import say, show
from tagship.cli.token import with_token
from tagship.cli.version import Here
from tagship.errors import TagshipError, UsageError
from tagship.model import Target
from tagship.operate import merged as landing
from tagship.operate import proposal
from tagship.operate.follow import Pushed, follow, published
from tagship.operate.prepare import prepare
from tagship.operate.pushing import ACTIONS_BOT, starts_nothing, token_of_git
from tagship.operate.release import Hands, Push, Wanted, look, words
from tagship.operate.release import perform as perform_release
from tagship.operate.situation import RELEASE, Situation, observe
from tagship.project import notes
from tagship.project.version_literals import Written
from tagship.rehearsal.fit import publishing
from tagship.services.github import GitHub
from tagship.services.http import Patience
from tagship.services.pulls import BODY, Pull, Pulls, Rule
from tagship.services.reporter import Silence
from tagship.services.shell import Shell
from tagship.services.world import PATIENCE, Workspace, World, production

if TYPE_CHECKING:
    from packaging.version import Version

    from tagship.project.next_version import Next

Option = str | bool | None
FOOTER = "\n\n---\nOnce this is merged, `{command}` tags what {base} got by it, and with the tag {version} is released."
BRISK = Patience(connect=5.0, answer=10.0, again=())
"""For what is asked on the way, and may stay unknown."""


class Desk:
    """A project, what was asked for, and the doors; what is outside of the clone is reached for when it is needed.

    Args:
        package: the project's folder, relative to the one the command was called in.
        options: those of the command.
    """

    def __init__(self, package: str, options: Mapping[str, Option]) -> None:
        self.shell = Shell(dict(os.environ))  # git is the user's own here, with their hooks, keys and agents
        self.here = Here(package, self.shell)
        self.package = package
        self._options = options
        self.slug = self.here.project.repository.on_github
        self.workflow = publishing(self.here.project).workflow

    def chosen(self, option: str) -> Option:
        """The value of an option."""
        return self._options[option]

    @property
    def may_propose(self) -> bool:
        """Whether a pull request may be opened where nobody said so."""
        return self.chosen("pull_request") is None and self.slug is not None

    @cached_property
    def environ(self) -> dict[str, str]:
        """The variables, with the repository, and a token where one is found."""
        return with_token({**os.environ, "GITHUB_REPOSITORY": self.slug or ""}, self.shell)

    @cached_property
    def world(self) -> World:
        """The doors to the services."""
        return self._world(self.environ)

    def _world(self, environ: Mapping[str, str], patience: Patience = PATIENCE) -> World:
        nowhere = Path(os.devnull)
        root = self.here.git.root
        workspace = Workspace(root=root, package=".", dist=nowhere, local=nowhere, scratch=nowhere)
        return production(workspace, environ, Silence(), f"tagship/{__version__}", patience)

    @property
    def github(self) -> GitHub:
        """The repository on GitHub."""
        return self.world.github

    @cached_property
    def pulls(self) -> Pulls:
        """Its pull requests.

        Raises:
            UsageError: it is not on GitHub.
        """
        if self.slug is None:
            raise UsageError(
                "Nothing was released: the remote is not on GitHub, and only there pull requests are opened",
                remedy="Raise the version on a branch (tagship version bump), merge it, and run tagship release "
                "without a part.",
            )
        return Pulls(self.github)

    @property
    def beside(self) -> Path:
        """The project's folder, relative to the repository."""
        return self.here.root.resolve().relative_to(self.here.git.root.resolve())

    def rules(self, branch: str) -> tuple[Rule, ...] | None:
        """The rules of a branch; None where they cannot be seen."""
        try:
            return Pulls(self._world(self.environ, BRISK).github).rules(branch)
        except TagshipError:
            return None

    def wanted(self, following: "Next", contents: Mapping[str, bytes]) -> Wanted:
        """The release that is asked for."""
        return Wanted(
            version=str(following.version),
            tag=following.tag,
            contents=contents,
            branch=str(self.chosen("branch")) if self.chosen("branch") else None,
            sign=bool(self.chosen("sign")),
            rehearse=bool(self.chosen("rehearsal")),
        )

    def notes(self, version: "Version") -> notes.Notes:
        """What the release says about itself."""
        return notes.of(self.here.project, self.here.git, version, notes.Helpers(shell=self.here.shell))

    def hands(self) -> Hands:
        """What acting takes."""
        here = self.here
        package = self.beside.as_posix()
        return Hands(git=here.git, shell=self.shell, root=here.root, journal=here.journal, package=package, say=say)

    @property
    def later(self) -> str:
        """The command that goes on after the merge."""
        package = ["--package", self.package] if self.package != "." else []
        branch = ["--branch", str(self.chosen("branch"))] if self.chosen("branch") else []
        sign = ["--sign"] if self.chosen("sign") else []
        return shlex.join(["tagship", "release", "--merged", *package, *branch, *sign])

    def ask(self, question: str) -> None:
        """Ask once, where that was not answered beforehand.

        Raises:
            UsageError: nobody is there.
        """
        if self.chosen("yes"):
            return
        if not sys.stdin.isatty():
            raise UsageError("Nothing was released: nobody is there to be asked", remedy="Say it beforehand: --yes")
        click.confirm(question, abort=True, err=True)

    @property
    def is_bot(self) -> bool:
        """Whether GitHub is asked with a job's own token; False where that cannot be told."""
        try:
            return self.github.viewer() == ACTIONS_BOT
        except TagshipError:
            return False

    def refuse_bot(self, tag: str) -> None:
        """Refuse to push a tag from a job with the job's own token.

        Raises:
            PlanRefused: GitHub would start nothing.
        """
        if os.environ.get("GITHUB_ACTIONS") != "true" or self.slug is None:
            return
        token = token_of_git(self.here.git, self.environ)
        if token and self._world({**self.environ, "GH_TOKEN": token}).github.viewer() == ACTIONS_BOT:
            raise starts_nothing(tag, self.workflow)

    def follow(self, sha: str, tag: str, version: str) -> int:
        """Follow the run that a tag started, to the page of the version."""
        if not self.chosen("watch"):
            return 0
        if self.slug is None:
            say("Not followed: the remote is not on GitHub.")
            return 0
        if not (self.here.git.root / ".github" / "workflows" / self.workflow).is_file():
            say(f"Not followed: there is no .github/workflows/{self.workflow}; `tagship init` writes one.")
            return 0
        follow(self.github, Pushed(sha=sha, tag=tag, file=self.workflow), self.world.clock, say)
        say(f"Released: {published(self.world.index(Target.PYPI), self.here.project.name.value or '', version)}")
        return 0


def propose(desk: Desk, following: "Next", today: datetime.date) -> int:
    """Open the pull request of a release, or find it open, and say how it goes on."""
    here, pulls = desk.here, desk.pulls
    before = observe(here.git, here.project.release_branches.value, following.tag)
    look(before, desk.wanted(following, {}))
    seen = _seen(desk, before, following)
    day = datetime.date.fromisoformat(seen.branch.date) if seen.branch is not None else today
    prepared = prepare(here.project, here.git, here.now, following, day)
    wanted, body = desk.wanted(following, prepared.contents), _body(desk, following, before.branch or "")
    steps = proposal.decide(before, seen, wanted, body)
    waits = proposal.needs(seen.rules)
    show(desk, following, prepared, [*map(proposal.said, steps), f"its merge, which waits for: {waits}"])
    if desk.chosen("dry_run"):
        return 0
    desk.ask("Open it?" if any(isinstance(step, proposal.Open) for step in steps) else "Go on?")
    pull = proposal.perform(steps, desk.hands(), pulls)
    branch = f"{proposal.PREFIX}{following.tag}"
    say(f"\nIt waits for: {waits}")
    say(f"To take it back: gh pr close {pull.number} --delete-branch, or git push origin --delete {branch}")
    if os.environ.get("GITHUB_ACTIONS") == "true" and desk.is_bot:
        say("Opened with GITHUB_TOKEN, it starts no workflow: its CI begins once a person closes and opens it again.")
    if not desk.chosen("wait"):
        say(f"Once it is merged: {desk.later}")
        return 0
    return tag_merged(desk, landing.until_merged(pulls, pull, desk.world.clock, say))


def _seen(desk: Desk, before: Situation, following: "Next") -> proposal.Seen:
    """What GitHub and the remote know already."""
    here, pulls = desk.here, desk.pulls
    if desk.github.is_anonymous:
        return proposal.Seen(branch=None, pulls=(), untagged=None, rules=None, fork=False, anonymous=True)
    branch = f"{proposal.PREFIX}{following.tag}"
    declared = [tag.tag for tag in here.now.tags if tag.version == here.now.version]
    untagged = None
    if isinstance(here.project.version, Written) and not declared:
        own = f"{proposal.PREFIX}{here.project.tags.value.prefix}{here.now.version}"
        untagged = next((pull for pull in pulls.of(own) if pull.merged_at and pull.is_ours), None)
    return proposal.Seen(
        branch=proposal.branch_there(here.git, branch, desk.beside) if before.remote else None,
        pulls=pulls.of(branch),
        untagged=untagged,
        rules=desk.rules(before.branch) if before.branch else None,
        fork=pulls.is_fork(),
        anonymous=False,
    )


def _body(desk: Desk, following: "Next", base: str) -> str:
    """What the pull request says: the notes, and what follows its merge."""
    try:
        told = desk.notes(following.version).whole
    except TagshipError:
        told = f"{RELEASE}{following.version}."
    footer = FOOTER.format(command=desk.later, base=base, version=following.version)
    return told[: BODY - len(footer)] + footer


def tag_merged(desk: Desk, pull: Pull | None) -> int:
    """Tag what the branch got by a merged pull request, push the tag, and follow the run.

    Args:
        pull: the one that is meant; None for the newest of a release.
    """
    here, pulls = desk.here, desk.pulls
    before = observe(here.git, here.project.release_branches.value, "")
    branch = desk.chosen("branch")
    branches = [str(branch)] if branch else here.project.release_branches.value
    known = landing.search([[pull]] if pull else pulls.newest(), here.project, branches)
    found = landing.choose(known, here.git.lines("tag"), branches)
    if desk.chosen("wait") and found.pull.merged_at is None and not desk.chosen("dry_run"):
        merged = landing.until_merged(pulls, found.pull, desk.world.clock, say)
        found = landing.Found(pull=merged, release=found.release)
    landed = landing.observe(here.git, here.project, found, str(desk.beside))
    tag, version = found.release.tag, str(found.release.version)
    wanted = Wanted(version=version, tag=tag, sign=bool(desk.chosen("sign")), rehearse=bool(desk.chosen("rehearsal")))
    actions = landing.decide(found, landed, wanted)
    say(f"{here.project.name.value} {version}, merged as {landed.commit[:12]}  {found.pull.html_url}\n")
    for number, action in enumerate(actions, 1):
        say(f"  {number}. {words(action)}")
    if not actions:
        say(f"the remote has {tag} already")
    if desk.chosen("dry_run"):
        return 0
    if any(isinstance(action, Push) for action in actions):
        if pull is None:  # else it was asked before
            desk.ask("Tag it?")
        desk.refuse_bot(tag)
        perform_release(actions, before, desk.hands())
    if before.branch == found.pull.base.ref and not here.git.contains(landed.commit, "HEAD"):
        say(f"{before.branch} does not have it here yet: git pull --ff-only")
    return desk.follow(landed.commit, tag, version)
