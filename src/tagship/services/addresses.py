"""The public addresses of the services, as data. No other module spells one of them out."""

from tagship.model import Record, Target


class IndexAddresses(Record, frozen=True, kw_only=True):
    """One package index and everything that belongs to it."""

    name: str
    """As people call it."""
    target: Target
    web: str
    """Pages for people, the simple API, the JSON API and the OIDC endpoints; no final slash."""
    upload: str
    """The legacy upload endpoint, with its final slash."""
    files: str
    """Where files are downloaded from; no final slash."""
    audience: str
    """The `aud` claim that an identity token for this index must carry."""
    docs: str
    """The user documentation; no final slash."""

    @property
    def simple(self) -> str:
        """Root of the simple API, with its final slash."""
        return f"{self.web}/simple/"

    @property
    def new_publisher(self) -> str:
        """The form for the trusted publisher of a project that is not there yet; it cannot be filled in beforehand."""
        return f"{self.web}/manage/account/publishing/"

    def publishers(self, project: str) -> str:
        """The form for a project's trusted publishers; parameters of the address fill it in.

        warehouse/manage/views/oidc_publishers.py, manage_project_oidc_publishers_prefill.
        """
        return f"{self.web}/manage/project/{project}/settings/publishing/"

    def tokens(self, project: str) -> str:
        """The page of a project on which API tokens are made."""
        return f"{self.web}/manage/project/{project}/settings/"

    def project_page(self, project: str, version: str = "") -> str:
        """The page of a project or of one of its releases."""
        return f"{self.web}/project/{project}/" + (f"{version}/" if version else "")


PYPI = IndexAddresses(
    name="PyPI",
    target=Target.PYPI,
    web="https://pypi.org",
    upload="https://upload.pypi.org/legacy/",
    files="https://files.pythonhosted.org",
    audience="pypi",
    docs="https://docs.pypi.org",
)
TESTPYPI = IndexAddresses(
    name="TestPyPI",
    target=Target.TESTPYPI,
    web="https://test.pypi.org",
    upload="https://test.pypi.org/legacy/",
    files="https://test-files.pythonhosted.org",
    audience="testpypi",
    docs="https://docs.pypi.org",
)
INDEXES = {index.target: index for index in (PYPI, TESTPYPI)}
OLD_PYPI = "https://pypi.python.org"
"""The host that old clients still ask; it answers like PyPI."""

GITHUB = "https://github.com"
GITHUB_API = "https://api.github.com"
GITHUB_UPLOADS = "https://uploads.github.com"
GITHUB_DOCS = "https://docs.github.com/rest"
"""Named in GitHub's refusals."""
GITHUB_MANUAL = "https://docs.github.com/en"
"""The pages for people."""
ACTIONS_RESULTS = "https://results-receiver.actions.githubusercontent.com"
"""The artifact service; `ACTIONS_RESULTS_URL` of every job."""
ACTIONS_ISSUER = "https://token.actions.githubusercontent.com"

CORE_METADATA = "https://packaging.python.org/specifications/core-metadata"
"""Named in PyPI's refusals."""

ELSEWHERE = ("gitlab.com", "codeberg.org", "bitbucket.org", "git.sr.ht")
"""Well-known hosts that are no GitHub; a company's own server, or a name in somebody's ssh settings, may be one."""

OUR_REPOSITORY = f"{GITHUB}/tagship/tagship"
OUR_ISSUES = f"{OUR_REPOSITORY}/issues"
"""Where bugs in tagship are reported."""


def page_of(code: str = "") -> str:
    """The page of a code, or of all of them, in our documentation."""
    return f"{OUR_REPOSITORY}/blob/main/docs/codes.md" + (f"#{code.lower()}" if code else "")
