"""Gives a step what its job may have on GitHub, and then starts the program that act wanted to start.

act starts every step of every job with the same variables and the same secrets. Between act and each shell, therefore,
stands this program: it knows the job from GITHUB_JOB, puts the job's own token and secrets in the place of the
placeholders that act was given, wherever act put them, and sets the variables of the services that the job may ask.
A placeholder of something that the job may not have becomes nothing, as the expression would be on GitHub.

act gives every step a terminal as well, and GitHub gives none: what the program prints goes through a pipe.

Standalone: `python -I -S grant.py TABLE PROGRAM [WORD…]`, without tagship's modules, because it runs for every step.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys

DONE = "TAGSHIP_STEP"
"""Set in everything that has its grants: nested shells keep them."""
MARK = ".granted"
"""A file beside a job's temporary folder: its secrets are masked, and its runner is ready."""


def main(table: str, program: str, words: list[str]) -> None:
    """Prepare the environment and the script, run the program, and end as it ends."""
    with open(table, encoding="utf-8") as file:
        known = json.load(file)
    job = os.environ.get("GITHUB_JOB", "")
    grant = known["jobs"].get(job, {"values": {}, "variables": {}})
    values = {placeholder: grant["values"].get(placeholder, "") for placeholder in known["placeholders"]}
    home = os.path.dirname(os.environ.get("RUNNER_TEMP", ""))  # of this run of this job
    environ = {name: replaced(text, values) for name, text in os.environ.items() if name != "ACT"}
    environ |= grant["variables"] | {DONE: job}
    for word in words:
        if home and word.startswith(home + os.sep) and os.path.isfile(word):
            rewrite(word, values)
    if home:
        environ["PATH"] = equip(home, environ["PATH"], known, list(filter(None, values.values())))
    sys.exit(run([program, *words], environ))


def run(argv: list[str], environ: dict[str, str]) -> int:
    """Run a program whose output is no terminal; its exit code. A name is looked up on the job's own PATH.

    What it leaves running keeps the pipe open and is not waited for.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for stream in (1, 2):
            os.dup2(writing, stream)
        os.execvpe(argv[0], argv, environ)  # noqa: S606
    os.close(writing)
    status, ended = 0, False
    while True:
        ready = select.select([reading], [], [], 0 if ended else 0.02)[0]
        if ready and (data := os.read(reading, 65536)):
            os.write(1, data)
        elif ready or ended:
            break
        else:
            done, status = os.waitpid(child, os.WNOHANG)
            ended = done == child
    if not ended:
        status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status) % 256


def replaced(text: str, values: dict[str, str]) -> str:
    """A text with each placeholder replaced by its value."""
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def rewrite(path: str, values: dict[str, str]) -> None:
    """Replace placeholders in a script that act wrote."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        before = file.read()
    after = replaced(before, values)
    if after != before:
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(after)


def equip(home: str, path: str, known: dict[str, str], secrets: list[str]) -> str:
    """The PATH of the job's own machine; on its first step its Python is made, and its secrets are masked."""
    runner = os.path.join(home, "runner")
    mark = os.path.join(home, MARK)
    if not os.path.exists(mark):
        subprocess.run(["cp", "-R", known["runner"], runner], check=True)
        with open(mark, "w"):
            pass
        for value in secrets:
            sys.stdout.write(f"::add-mask::{value}\n")
        sys.stdout.flush()
    shims, entries = known["shims"], path.split(os.pathsep)
    last = max(number for number, entry in enumerate(entries) if entry == shims)
    added = [entry for entry in entries[:last] if entry != shims]
    return os.pathsep.join([*added, os.path.join(runner, "bin"), *entries[last:]])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
