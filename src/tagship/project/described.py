"""What is known about a project as rows for people: what `tagship config` shows."""

from tagship.project.discover import Project
from tagship.project.version_literals import Derived, Written
from tagship.project.version_sources import Unknown, VersionSource


def describe(project: Project) -> tuple[tuple[str, str, str], ...]:
    """Every effective value as label, value and source, in words."""
    repo, backend, tests = project.repository, project.backend, project.tests.value
    setting, config = project.settings.source, project.config
    required = [check.label for check in project.required_ci.value]
    named = ((kind, name) for kind, name in (("group", tests.group), ("extra", tests.extra)) if name)
    needs = (*(" ".join(pair) for pair in named), *tests.files, *tests.requires)

    def row(label: str, value: object, source: str) -> tuple[str, str, str]:
        items = value if isinstance(value, list | tuple | dict) else () if value is None else (value,)
        return label, ", ".join(map(str, items)), source

    return (
        row("name", project.name.value, project.name.source),
        row("package", project.package, "default" if project.package == "." else "given"),
        row("version", *_version(project.version)),
        row("build backend", backend.name.value, backend.name.source),
        row("requires-python", project.requires_python.value, project.requires_python.source),
        row("extras", project.extras.value, project.extras.source),
        row("dependency groups", project.groups.value, project.groups.source),
        row("scripts", project.scripts.value, project.scripts.source),
        row(
            "tests",
            " ".join(("none",) if tests.runner == "none" else (tests.runner, *tests.args, *tests.paths)),
            project.tests.source,
        ),
        row("tests need", needs, project.tests.source),
        row("changelog", project.changelog.value, project.changelog.source),
        row("readme", project.readme.value, project.readme.source),
        row("licence files", project.licences.value, project.licences.source),
        row("repository", repo.slug.value, repo.slug.source),
        row("server", repo.host.value, repo.host.source),
        row("default branch", repo.default_branch.value, repo.default_branch.source),
        row("release branches", project.release_branches.value, project.release_branches.source),
        row("tag", f"{project.tags.value.prefix}{{version}}", project.tags.source),
        row("required ci", required, project.required_ci.source),
        *(row(f"workflow {w.file}", w.name, w.why) for w in project.ci.workflows),
        *(row(f"workflow {p.where}", "invalid", p.why) for p in project.ci.problems),
        *(row("publisher", (p.file, p.job, p.environment or "no environment"), p.auth) for p in project.ci.publishers),
        *(row(f"further package {p.path}", p.name, p.source) for p in project.packages),
        row("auth", config.auth, setting("auth") or "default"),
        row(
            "environments",
            (config.environments.testpypi, config.environments.pypi),
            setting("environments") or "default",
        ),
        row("import-names", config.import_names, setting("import-names") or "default: those in the wheel"),
        row("inline-ci", config.inline_ci or None, setting("inline-ci") or "default: the CI that ran before"),
        row("wheels", config.wheels, setting("wheels") or "default: where cibuildwheel is used"),
        row("skip-superseded", "yes" if config.skip_superseded else "no", setting("skip-superseded") or "default"),
        row("docs", config.docs.command if config.docs else None, setting("docs") or "default: they are not built"),
        row("allow-override", "yes" if config.allow_override else "no", setting("allow-override") or "default"),
    )


def _version(source: VersionSource) -> tuple[str | None, str]:
    match source:
        case Written():
            return source.raw, f"{source.file}:{source.line} {source.kind}"
        case Derived():
            return f"from the tags, by {source.tool}", source.where
        case Unknown():
            return None, f"unknown: {source.why}"
