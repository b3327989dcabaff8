"""Gives a step what its job may have on GitHub, and then becomes the program that act wanted to start.

act starts every step of every job with the same variables and the same secrets. Between act and each shell, therefore,
stands this program: it knows the job from GITHUB_JOB, puts the job's own token and secrets in the place of the
placeholders that act was given, wherever act put them, and sets the variables of the services that the job may ask.
A placeholder of something that the job may not have becomes nothing, as the expression would be on GitHub.

Standalone: `python -I -S grant.py TABLE PROGRAM [WORD…]`, without tagship's modules, because it runs for every step.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

DONE = "TAGSHIP_STEP"
"""Set in everything that has its grants: nested shells keep them."""
MARK = ".granted"
"""A file beside a job's temporary folder: its secrets are masked, and its runner is ready."""


def main(table: str, program: str, words: list[str]) -> None:
    """Prepare the environment and the script, and replace this process by the program."""
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
    os.execvpe(program, [program, *words], environ)  # noqa: S606  a name is looked up on the job's own PATH


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
