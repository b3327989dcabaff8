"""The pages about the stages of a release and about the checks of the doctor, from their tables."""

from collections.abc import Iterator

from tagship.model import Severity
from tagship.setup.check import Check, Group
from tagship.setup.doctor import CHECKS
from tagship.stages import STAGES

STAGES_INTRODUCTION = """\
# Stages

A release is this table, and everything else is made from it: the [commands](commands.md), the jobs and permissions of
[the generated workflow](workflow.md), the rehearsal. Each stage looks at the outside, decides, acts, and adds one
entry to the [manifest](json.md#manifest). A stage begins when those it comes after are done; where nothing is said,
two may run side by side.

| stage | does | comes after | job of the workflow | the job's token may |
| --- | --- | --- | --- | --- |
"""
STAGES_END = """
`publish` and `github-release` make something public. They begin only if the manifest shows that what they need is
done, for these very files, whoever calls them and in whatever order.

On GitHub, `publish` is done by the PyPA's own action, after a comparison of names and digests: no code of tagship's
runs in the job that may upload.
"""
DOCTOR_INTRODUCTION = """\
# What the doctor checks

`tagship doctor` judges these, in this order. Each has a page, which `tagship doctor --explain ID` prints; `--only ID`
or `--only GROUP` judges some alone. Advice is no condition: it never changes the exit code. What a check needs in
order to see anything stands in the last column; what it could not see, it says, and it is not counted as good.
"""
HEADS = {
    Group.LOCAL: "The checkout",
    Group.WORKFLOW: "The workflow",
    Group.CI: "CI",
    Group.GITHUB: "GitHub",
    Group.INDEX: "PyPI and TestPyPI",
    Group.SECURITY: "Security",
}


def stages() -> str:
    """docs/stages.md"""
    return STAGES_INTRODUCTION + "".join(_stages()) + STAGES_END


def _stages() -> Iterator[str]:
    for stage in STAGES:
        after = ", ".join(f"[{name}](#{name})" for name in stage.after)
        permissions = ", ".join(f"`{permission}`" for permission in stage.permissions)
        yield f'| <a id="{stage.name}"></a>[{stage.name}](commands.md#{stage.name}) | {stage.does} | {after}'
        yield f" | {stage.job} | {permissions} |\n"


def doctor() -> str:
    """docs/doctor.md"""
    heads = "| check | page | holds where it is ok | needs |\n| --- | --- | --- | --- |\n"
    parts = [DOCTOR_INTRODUCTION]
    for group in Group:
        parts.append(f"\n## {HEADS[group]}\n\n{heads}")
        parts += [_row(check) for check in CHECKS if check.group is group]
    return "".join(parts)


def _row(check: Check) -> str:
    page = check.page
    advice = " *(advice)*" if page.severity is Severity.NOTE else ""
    link = f"[{page.code}](codes.md#{page.code.lower()})"
    return f"| `{check.id}` | {link} | {page.title}{advice} | {check.needed} |\n"
