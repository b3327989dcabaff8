"""`tagship rehearse`."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import click
import msgspec

from tagship.cli.clicking import Command
from tagship.cli.places import cache_folder, job_page, writable
from tagship.cli.render import of_verdict, reporter, screen
from tagship.errors import UsageError
from tagship.model import Inputs, to_json
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.request import Assumptions, Request
from tagship.rehearsal.result import Rehearsal
from tagship.shapes import read_json, shaped
from tagship.stages import STAGES


def _state(key: str, words: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """An option for an assumption that is one of several words; they stand in its help, where they wrap well."""
    words_of = get_args(get_type_hints(Assumptions)[key])
    name = f"--{key.replace('_', '-')}"
    return click.option(name, type=click.Choice(words_of), metavar="STATE", help=f"{words}: {', '.join(words_of)}.")


Option = str | bool | int | Path | tuple[str, ...] | None


@click.command(cls=Command, epilog="Example: tagship rehearse --tag v1.2.3 --ci 'Test Suite=failure'")
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--tag", metavar="TAG", help="Push this tag. Default: the one that comes next.")
@click.option("--push", is_flag=True, help="Push the commit to the default branch instead: TestPyPI.")
@click.option("--dispatch", metavar="REF", help="Start the workflow by hand on a branch or tag instead.")
@click.option("--target", type=click.Choice(["testpypi", "pypi"]), default="testpypi", help="With --dispatch.")
@click.option("--dry-run", is_flag=True, help="With --dispatch: its dry_run input.")
@click.option("--override", default="", metavar="REASON", help="With --dispatch: its override_reason input.")
@click.option(
    "--workflow",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Run the repository's own workflow, in act, in place of the stages.",
)
@click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
@click.option("--offline", is_flag=True, help="Take other projects' files from the cache alone.")
@click.option("--ci", multiple=True, metavar="NAME=END", help="How a required CI ended: failure, missing, pending, …")
@_state("publisher", "The trusted publisher on the index")
@_state("environment", "Which refs the deployment environments let in")
@_state("reviewers", "Whether PyPI's environment needs a review, and its end")
@_state("project", "The project on the index")
@_state("published", "What the index has of this version")
@_state("api_token", "The API token that uploads")
@click.option("--read-only", is_flag=True, default=None, help="The index refuses all uploads.")
@click.option("--merged", is_flag=True, default=None, help="Take the commit for merged into the default branch.")
@click.option("--stale", type=int, help="How many times the index shows its old page.")
@click.option("--fault", multiple=True, metavar="KIND[@N]", help="Break the Nth request, `503@publish:2`; or `all`.")
@click.option("--crash", multiple=True, metavar="STAGE[:N]", help="Kill the stage after its Nth request; or `all`.")
@click.option(
    "--world", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Assumptions as TOML, or a snapshot."
)
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Where the HTML report goes.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def rehearse(path: Path, report: Path | None, as_json: bool, **options: Option) -> int:
    """Release a repository offline, against an index and a GitHub that refuse what the real ones refuse.

    Nothing is published and nothing is left behind. What is committed is rehearsed, as it is, configured or not.
    """
    from tagship.rehearsal.report import html
    from tagship.rehearsal.run import Outside, backstage
    from tagship.stages.summary_text import summary

    named = options["workflow"]
    if isinstance(named, str) and Path(named).is_dir() and named:  # `--workflow .`, which names no file
        path, options["workflow"] = Path(named), ""
    request = _request(options)
    if request.fault or request.crash:
        from tagship.rehearsal.faults.trials import STAGE
        from tagship.rehearsal.faults.trials import rehearse as perform

        rows = (*(stage.name for stage in STAGES), STAGE)
    elif request.workflow is None:
        from tagship.rehearsal.run import rehearse as perform

        rows = tuple(stage.name for stage in STAGES)
    else:
        from tagship.rehearsal.act.rehearse import rehearse as perform

        rows = tuple(dict.fromkeys(stage.job for stage in STAGES))
    cache = cache_folder(os.environ)
    target = report.absolute() if report is not None else None
    reports = target.parent if target is not None else cache / "reports"
    remedy = "Name another place: --report FILE, and for everything else TAGSHIP_CACHE_DIR."
    writable(target or reports / "report.html", "the report", remedy, make=True)
    outside = Outside(path=path, environ=os.environ, cache=cache, clock=JumpingClock())
    with (
        job_page(os.environ) as page,  # opened before this process is shut in
        backstage(outside, offline=request.offline, enforce=True, writable=[reports]) as behind,
    ):
        shown = screen(sys.stderr, os.environ, rows)
        with shown:
            result = perform(request, outside, behind, reporter(shown, sys.stderr, os.environ))
            target = target or reports / f"{_file_name(result, path)}.html"
            target.write_text(html(result), encoding="utf-8")
            page.write("# A rehearsal: nothing below was published\n\n")
            page.write(summary(result.manifest, result.stages))
            shown.tell(of_verdict(result, str(target)))
    if as_json:
        sys.stdout.buffer.write(to_json(result))
    return result.exit_code


def _request(options: dict[str, Option]) -> Request:
    """The request out of the options; keys that a world file sets are overridden by options.

    Raises:
        UsageError: options that contradict each other, or a world file that is not understood.
    """
    scenarios = [name for name in ("tag", "push", "dispatch") if options[name]]
    if len(scenarios) > 1:
        raise UsageError(
            f"Nothing was rehearsed: --{' and --'.join(scenarios)} are different scenarios", remedy="Choose one."
        )
    if options["workflow"] is not None and (options["fault"] or options["crash"]):
        raise UsageError(
            "Nothing was rehearsed: faults strike the stages, not a workflow", remedy="Leave --workflow out."
        )
    kind = scenarios[0] if scenarios else "tag"
    world = options["world"]
    known = _world_file(world) if isinstance(world, Path) else {}
    keys = (
        "publisher",
        "environment",
        "reviewers",
        "project",
        "published",
        "api_token",
        "read_only",
        "stale",
        "merged",
    )
    for key in keys:
        if options[key] is not None:
            known[key.replace("_", "-")] = options[key]
    if options["ci"]:
        known["ci"] = dict(_pairs(options["ci"]))
    try:
        return shaped(
            {
                "kind": kind,
                "tag": options["tag"],
                "ref": options["dispatch"],
                "inputs": Inputs(
                    dry_run=bool(options["dry_run"]),
                    target_env="pypi" if options["target"] == "pypi" else "testpypi",
                    override_reason=str(options["override"]),
                ),
                "workflow": options["workflow"],
                "package": options["package"],
                "fault": options["fault"],
                "crash": options["crash"],
                "offline": options["offline"],
                "assumptions": known,
            },
            Request,
        )
    except msgspec.ValidationError as error:
        raise UsageError(
            f"Nothing was rehearsed: an assumption was not understood: {error}",
            remedy="tagship rehearse --help lists what can be assumed.",
        ) from error


def _world_file(path: Path) -> dict[str, object]:
    import tomllib

    from tagship import toml
    from tagship.setup.snapshot import Snapshot

    try:
        text = path.read_text(encoding="utf-8")
        return {"recorded": read_json(text, Snapshot)} if text[:1] == "{" else toml.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"Nothing was rehearsed: {path}: {error}", remedy="Correct the world file.") from error


def _pairs(values: Option) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for value in values if isinstance(values, tuple) else ():
        name, sign, end = value.rpartition("=")
        if not sign or not name:
            raise UsageError(f"Nothing was rehearsed: --ci {value!r} is no NAME=END", remedy="--ci 'Tests=failure'")
        pairs.append((name, end))
    return pairs


def _file_name(result: Rehearsal, path: Path) -> str:
    """A file name that says what the report is about: project and version, or the folder's name."""
    plan = result.manifest.plan
    words = f"{plan.project}-{plan.version}" if plan is not None else path.absolute().name
    return "".join(c if c.isalnum() or c in ".-_" else "-" for c in words)[:100] or "report"
