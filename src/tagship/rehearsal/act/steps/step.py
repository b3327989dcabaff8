"""What the step of a stand-in has: the action's inputs, the job's variables, and ways to say what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

from tagship import __version__
from tagship.errors import ToolFailed
from tagship.services.http import Http
from tagship.services.shell import Output, Shell
from tagship.shapes import read_json

_BOOLEANS = ("true", "True", "TRUE", "false", "False", "FALSE")
AGENT = f"tagship-stand-in/{__version__}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of one job."""

    inputs: Mapping[str, str]
    """By name, in lower case, defaults filled in."""
    variables: Mapping[str, str]
    say: Callable[[str], object]

    @classmethod
    def of(cls, variables: Mapping[str, str], say: Callable[[str], object]) -> Self:
        """The step that some variables describe."""
        given = read_json(variables["TAGSHIP_INPUTS"], dict[str, str | bool | float | None])
        inputs = {name.lower(): _text(value) for name, value in given.items()}
        return cls(inputs=inputs, variables=variables, say=say)

    @property
    def workspace(self) -> Path:
        """The folder in which the job works."""
        return Path(self.variables["GITHUB_WORKSPACE"])

    @property
    def temporary(self) -> Path:
        """The job's own folder for temporary files."""
        return Path(self.variables["RUNNER_TEMP"])

    @property
    def shell(self) -> Shell:
        """Runs programs as the job would."""
        return Shell(self.variables)

    @property
    def http(self) -> Http:
        """The job's way to the services."""
        return Http(proxy=self.variables["HTTPS_PROXY"], ca=Path(self.variables["SSL_CERT_FILE"]), agent=AGENT)

    def before(self, *release: int) -> bool:
        """Whether the workflow names an older version of the action than this one."""
        return tuple(map(int, self.variables["TAGSHIP_RELEASE"].split("."))) < release

    def true(self, *names: str) -> bool:
        """Whether an input is switched on."""
        return self.text(*names).lower() == "true"

    def boolean(self, name: str) -> bool:
        """An input that has to be a boolean (npm @actions/core, `getBooleanInput`)."""
        if self.text(name) not in _BOOLEANS:
            self.fail(
                f'Input does not meet YAML 1.2 "Core Schema" specification: {name}\n'
                f"Support boolean input list: `{' | '.join(_BOOLEANS)}`"
            )
        return self.true(name)

    def text(self, *names: str) -> str:
        """An input, by the first of its spellings that was given."""
        return next((self.inputs[name].strip() for name in names if self.inputs.get(name, "").strip()), "")

    def lines(self, name: str) -> list[str]:
        """The lines of an input, without the empty ones."""
        return [line.strip() for line in self.text(name).splitlines() if line.strip()]

    def output(self, name: str, value: str) -> None:
        """Set an output of the step, without a line feed in it."""
        self._append("GITHUB_OUTPUT", f"{name}={value}")

    def add_path(self, folder: Path) -> None:
        """Put a folder first on the PATH of the steps that follow."""
        self._append("GITHUB_PATH", str(folder))

    def set(self, name: str, value: str) -> None:
        """Set a variable of the steps that follow."""
        self._append("GITHUB_ENV", f"{name}={value}")

    def note(self, text: str) -> None:
        """Say in the rehearsal's result what was not rehearsed."""
        self._append("TAGSHIP_NOTES", f"\t{text}")

    def doubt(self, text: str) -> None:
        """Say as well that the job does less here than on GitHub, so that it cannot be judged."""
        self._append("TAGSHIP_NOTES", f"{self.variables['GITHUB_JOB']}\t{text}")

    def warn(self, text: str) -> None:
        """Say it in the log, as a warning of the run."""
        self.say(f"::warning::{text}")

    def tell(self, output: Output) -> None:
        """Show what a program printed."""
        for text in (output.stdout, output.stderr):
            if text.strip():
                self.say(text.rstrip())

    def fail(self, message: str) -> NoReturn:
        """End the step with an error."""
        raise ToolFailed(message, remedy="The log of the step says more.")

    def _append(self, variable: str, line: str) -> None:
        with Path(self.variables[variable]).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def _text(value: str | bool | float | None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
