"""How act is called: its command line, its environment, its log."""

import contextlib
import os
import select
import shlex
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from tagship.rehearsal.act import standins
from tagship.rehearsal.act.grants import Office
from tagship.rehearsal.act.lines import Log
from tagship.rehearsal.act.machine import STORE
from tagship.rehearsal.act.shims import Machine
from tagship.rehearsal.act.steps.official import MODULE, PLACE
from tagship.rehearsal.act.survey import Survey
from tagship.rehearsal.world import Embedded
from tagship.services.shell import Output

LIMIT = 3600.0
"""Seconds that the whole workflow may take."""
LOOK = 0.05
"""Seconds between two looks at what act wrote."""
DYING = 2.0
"""Seconds that a killed process may take to end."""
ROUNDS = 10
"""Looks for processes that a run left behind."""


def words(office: Office, folder: Path) -> tuple[str, ...]:
    """act's command line, without the file of the workflow.

    Args:
        folder: for what act needs, and writes.
    """
    event, seen, state = office.run.event, office.survey, office.embedded.github
    variables = {
        "GITHUB_REPOSITORY": event.repository,
        "GITHUB_REPOSITORY_ID": str(state.id),
        "GITHUB_REPOSITORY_OWNER_ID": str(state.id_of(state.owner)),
        "GITHUB_SHA": event.sha,
        "GITHUB_REF": event.ref,
        "GITHUB_REF_NAME": event.tag or event.branch or "",
        "GITHUB_REF_TYPE": "tag" if event.tag is not None else "branch",
        "GITHUB_REF_PROTECTED": "false",
        "GITHUB_RUN_ID": str(office.run.record.id),
        "GITHUB_RUN_ATTEMPT": str(office.run.record.latest.number),
        "GITHUB_WORKFLOW_REF": f"{event.repository}/{seen.document.file}@{event.ref}",
        "GITHUB_WORKFLOW_SHA": event.sha,
        "GITHUB_TRIGGERING_ACTOR": state.owner,
        "RUNNER_NAME": "rehearsal",
        "RUNNER_ENVIRONMENT": "github-hosted",
    }
    local = _standins(seen, folder)
    return (
        *(office.run.name, "--eventpath", str(folder / "event.json"), "--json", "--rm", "--action-offline-mode"),
        *("--no-skip-checkout", "--no-cache-server", "--action-cache-path", str(folder / "cache")),
        *("--actor", state.owner, "--defaultbranch", event.default_branch),
        *(word for label in sorted(seen.labels) for word in ("--platform", f"{label}=-self-hosted")),
        *(word for uses, place in local.items() for word in ("--local-repository", f"{uses}={place}")),
        *(word for name, value in variables.items() for word in ("--env", f"{name}={value}")),
        *(word for name, value in office.placeholders.items() for word in ("--secret", f"{name}={value}")),
    )


def _standins(seen: Survey, folder: Path) -> dict[str, Path]:
    """The folders that act takes for the repositories of actions."""
    places: dict[str, Path] = {}
    for number, (uses, row) in enumerate(seen.actions.items()):
        name, _, ref = uses.partition("@")
        repository = f"{'/'.join(name.split('/')[:2])}@{ref}"
        place = places.setdefault(repository, folder / "actions" / str(number))
        standins.write(place, row, folder / "notes")
    return places


def start(embedded: Embedded, words: tuple[str, ...], machine: Machine, folder: Path) -> Output:
    """Run act to its end, its log in the file `log` of the folder."""
    shell = embedded.shell.behind(embedded.place.wall)
    outer = shell.environment
    variables = {
        "PATH": f"{machine.shims}:{outer['PATH']}",
        "TAGSHIP_SHIMS": str(machine.shims),
        STORE: str(folder / "installed"),
        "UV_PYTHON_DOWNLOADS": "never",
        "PIP_NO_COMPILE": "1",  # what is used is compiled anyway
        "PYTHONDONTWRITEBYTECODE": "",
        "GIT_TERMINAL_PROMPT": "0",
        "ACT_DISABLE_VERSION_CHECK": "1",
    }
    client = embedded.place.cache / PLACE
    if client.is_file() and (machine.shims / "node").exists():
        variables[MODULE] = str(client)
    into = f"exec {shlex.join(words)} >{shlex.quote(str(folder / 'log'))}"
    try:
        return shell.run(("/bin/sh", "-c", into), cwd=folder.parent / "runner", extra=variables, timeout=LIMIT)
    finally:
        _end(f"{STORE}={variables[STORE]}".encode())


def _end(mark: bytes) -> None:
    """Kill what a run left behind, as a runner does at the end of a job, and see it gone.

    Act gives every step a group of its own; what belongs to the run is known by its environment. A process may have
    started another while we looked, so we look again until there is none.
    """
    for _ in range(ROUNDS):
        killed = [handle for process in Path("/proc").glob("[0-9]*") if (handle := _kill(process, mark)) is not None]
        if not killed:
            return
        for handle in killed:
            ended = select.poll()
            ended.register(handle, select.POLLIN)
            ended.poll(DYING * 1000)
            os.close(handle)


def _kill(process: Path, mark: bytes) -> int | None:
    """Kill a process that has the mark in its environment; the handle on which its end can be waited for."""
    try:
        handle = os.pidfd_open(int(process.name))  # before the look: a number may be given again
    except OSError:
        return None
    try:
        if mark in (process / "environ").read_bytes().split(b"\0"):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            return handle
    except OSError:
        pass  # it has ended, or is not ours
    os.close(handle)
    return None


@contextlib.contextmanager
def following(file: Path, log: Log) -> Iterator[None]:
    """Read a file while it grows, to its end."""
    file.touch()
    over = threading.Event()

    def follow() -> None:
        with file.open(encoding="utf-8", errors="replace") as lines:
            rest, last = "", False
            while not last:
                last = over.is_set()  # one more look after the end
                rest += lines.read()
                *whole, rest = rest.split("\n")
                for line in whole:
                    log.take(line)
                over.wait(LOOK)
            log.take(rest)

    reader = threading.Thread(target=follow, name="act", daemon=True)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()
