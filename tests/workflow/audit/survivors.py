"""Why a mechanical mistake that nobody finds does no harm: reasons with the places that they hold for.

A place is `path: what was done`. The first reason that fits counts; a survivor without one is a hole in the rules.
"""

import re

JOB = r"jobs\.[\w-]+"
REASONS: tuple[tuple[str, str], ...] = (
    ("it is only words for people", r"name: drop|.*(?<!with)\.(name|description|url): drop|.*environment\.url: .*"),
    ("it starts less, or what `tagship plan` refuses", r"on\.push.*"),
    ("`tagship plan` takes a missing input for the careful one", r"on\.workflow_dispatch\..*"),
    (
        "that is the default",
        r".*(cancel-in-progress|persist-credentials|attestations|publish-pypi\.steps\.2\.with): drop",
    ),
    ("the check of the digests fails", r".*\.sha256sums: .*|jobs\.publish-(testpypi|pypi)\.steps\.[01].*"),
    ("the job fails: nothing, or not enough, was checked out", rf"{JOB}\.steps\.0(\.with(\.[\w-]+)?)?: drop"),
    ("another job that the upload needs has the same guard", r"jobs\.(wait-for-ci|pre-publish-validation)\.if: .*"),
    ("the job that is needed instead needs the other one", rf"{JOB}\.needs: exchange .*"),
    (
        "the upload does not start: an output that it asks for is empty",
        r".*\.outputs\.(channel|manifest-id|version): .*",
    ),
    ("the job fails: tagship is not installed", rf"{JOB}\.steps\.1(\.run)?: .*"),
    (
        "the next stage fails: a manifest or a token is missing",
        r"jobs\.(wait-for-ci|pre-publish-validation)\.steps\.[23]\b.*",
    ),
    ("the next job fails: there is no such artifact", rf"{JOB}\.steps\.\d+\.with(\..*)?: .*"),
    ("verify fails: nothing was uploaded", r"jobs\.publish-\w+\.steps\.2: drop"),
    ("no release is made on GitHub, and the summary says so", r"jobs\.(verify|create-github-release)\..*"),
    ("only the record of the run is missing", rf"jobs\.workflow-summary.*|{JOB}\.steps\.\d+(\.(if|id|with.*))?: .*"),
)


def reason(place: str) -> str:
    """Why a survivor is harmless; empty where nobody knows."""
    return next((words for words, where in REASONS if re.fullmatch(where, place)), "")
