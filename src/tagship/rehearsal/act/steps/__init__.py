"""What stand-ins for actions do. Each module has a `run(step)`; each runs in a process of its own, inside the job."""

import os
import sys
from importlib import import_module

from tagship.errors import TagshipError
from tagship.rehearsal.act.steps.step import Step


def main(name: str) -> None:
    """Be the step of a stand-in: the entry of a process that act started."""
    step = Step.of(os.environ, say=lambda text: sys.stdout.write(f"{text}\n"))
    try:
        import_module(f"tagship.rehearsal.act.steps.{name}").run(step)
    except TagshipError as error:
        sys.stdout.write(f"{error.message}\n")
        sys.stdout.write("::error::" + error.message.replace("%", "%25").replace("\n", "%0A") + "\n")
        sys.exit(1)
