"""Every kind of publishing workflow that can be rendered: all combinations of the options."""

from itertools import product

import msgspec

from tagship.workflow.variant import RUNNERS, Variant


def _all() -> dict[str, Variant]:
    found = {}
    for auth, override, member, old, inline, wheels in product((False, True), repeat=6):
        options = (
            *(("token", auth), ("override", override), ("member", member)),
            *(("python", old), ("inline", inline), ("wheels", wheels)),
        )
        names = [name for name, on in options if on]
        found["-".join(names) or "simple"] = Variant(
            project="sample",
            repository="owner/sample",
            file="publish-sample.yml" if member else "publish.yml",
            package="packages/sample" if member else ".",
            tags="sample-v*.*.*" if member else "v*.*.*",
            testpypi="testpypi-sample" if member else "testpypi",
            pypi="pypi-sample" if member else "pypi",
            auth="token" if auth else "trusted-publishing",
            allow_override=override,
            python=("3.9", "3.12") if old else (),
            ci="ci.yml" if inline else "",
            wheels=RUNNERS if wheels else (),
        )
    found["itself"] = msgspec.structs.replace(
        found["simple"], project="tagship", repository="tagship/tagship", itself=True
    )
    return found


VARIANTS: dict[str, Variant] = _all()
"""By name; `simple` is what most projects get."""
