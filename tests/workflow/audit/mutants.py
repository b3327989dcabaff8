"""The generated workflow made worse, one mistake at a time: what people really write, or what an attacker would."""

from dataclasses import dataclass

from tagship.workflow.files import stamped
from tagship.workflow.render import render
from tests.workflow.variants import VARIANTS

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"


@dataclass(frozen=True)
class Mutant:
    """One mistake: the rules that find it, and the change as text before and after, in one job or anywhere."""

    name: str
    codes: str
    """Separated by blanks; empty where it is another tool's to find."""
    old: str
    new: str
    job: str = ""
    variant: str = "simple"
    also: tuple[str, ...] = ()
    """What is taken away everywhere else, where one place alone changes nothing."""

    def apply(self, source: str) -> str:
        """The workflow with the mistake in it."""
        for words in self.also:
            assert words in source, f"{self.name}: {words!r} is not in the workflow any more"
            source = source.replace(words, "")
        start = source.index(f"\n  {self.job}:") if self.job else 0
        assert self.old in source[start:], f"{self.name}: {self.old!r} is not in the workflow any more"
        return source[:start] + source[start:].replace(self.old, self.new, 1)

    @property
    def text(self) -> str:
        """The mutated workflow."""
        return self.apply(
            stamped(render(VARIANTS[self.variant])) if "TS02" in self.codes else render(VARIANTS[self.variant])
        )


UPLOAD = "      - name: Upload them\n"
STEPS = "    steps: # no checkout and no tool of ours beside the right to upload\n"
MUTANTS: tuple[Mutant, ...] = (
    # the order of the jobs
    Mutant(
        "no environment",
        "TS03",
        "    environment:\n      name: pypi\n      url: https://pypi.org/project/sample/"
        "${{ needs.pre-publish-validation.outputs.version }}/\n",
        "",
        "publish-pypi",
    ),
    Mutant(
        "upload does not need the CI",
        "TS04",
        "needs: [wait-for-ci, pre-publish-validation]",
        "needs: [pre-publish-validation]",
        "publish-pypi",
    ),
    Mutant(
        "upload does not need the validation",
        "TS04 TS24",
        "needs: [wait-for-ci, pre-publish-validation]",
        "needs: [wait-for-ci]",
        "publish-pypi",
    ),
    Mutant(
        "the gate may fail",
        "TS04",
        "    timeout-minutes: 120\n",
        "    timeout-minutes: 120\n    continue-on-error: true\n",
        "wait-for-ci",
    ),
    Mutant("the gate's failure is ignored", "TS04", "tagship gate\n", "tagship gate || true\n", "wait-for-ci"),
    Mutant("upload on always()", "TS05", "    if: ${{ needs.", "    if: ${{ always() && needs.", "publish-pypi"),
    Mutant(
        "upload on !cancelled()", "TS05", "    if: ${{ needs.", "    if: ${{ !cancelled() && needs.", "publish-pypi"
    ),
    Mutant("upload step on failure", "TS05", UPLOAD, f"{UPLOAD}        if: failure()\n", "publish-pypi"),
    Mutant("cancel-in-progress", "TS06", "cancel-in-progress: false", "cancel-in-progress: true"),
    Mutant(
        "cancelled by a later upload",
        "TS06",
        "    timeout-minutes: 15\n",
        "    timeout-minutes: 15\n    concurrency: {group: '${{ github.ref }}', cancel-in-progress: true}\n",
        "publish-pypi",
    ),
    Mutant(
        "rebuilt where it is uploaded",
        "TS07 TS10",
        UPLOAD,
        f"      - run: python -m build --outdir dist\n{UPLOAD}",
        "publish-pypi",
    ),
    Mutant(
        "rebuilt for the GitHub release",
        "TS10",
        "      - name: Create the release",
        "      - run: python3 -P -m tagship build\n      - name: Create the release",
        "create-github-release",
    ),
    Mutant(
        "group without the ref",
        "TS16",
        "publish-${{ github.ref_type == 'tag' && github.ref || github.sha }}",
        "publish",
    ),
    Mutant(
        "group of what does not exist",
        "TS16",
        "github.ref_type == 'tag' && github.ref || github.sha",
        "github.event.push.ref",
    ),
    Mutant(
        "group by the kind of ref", "TS16", "github.ref_type == 'tag' && github.ref || github.sha", "github.ref_type"
    ),
    Mutant(
        "no concurrency",
        "TS16",
        "concurrency:\n  group: publish-${{ github.ref_type == 'tag' && github.ref ||"
        " github.sha }}\n  cancel-in-progress: false\n",
        "",
    ),
    Mutant(
        "release before the upload",
        "TS18 TS24",
        "needs: [wait-for-ci, pre-publish-validation, publish-pypi, verify]",
        "needs: [wait-for-ci, pre-publish-validation]",
        "create-github-release",
    ),
    Mutant(
        "release of what was not verified",
        "TS18 TS24",
        "needs: [wait-for-ci, pre-publish-validation, publish-pypi, verify]",
        "needs: [wait-for-ci, pre-publish-validation, publish-pypi]",
        "create-github-release",
    ),
    Mutant(
        "release whatever happened",
        "TS18",
        "    if: ${{ !cancelled() && needs.publish-pypi.result == 'success' && needs.verify.result == 'success' }}",
        "    if: ${{ always() }}",
        "create-github-release",
    ),
    Mutant(
        "start by hand on any branch",
        "TS19",
        "    if: ${{ needs.pre-publish-validation.outputs.channel == 'pypi' }}\n",
        "",
        "publish-pypi",
    ),
    Mutant(
        "no fork guard",
        "TS20",
        "    if: ${{ github.repository == 'owner/sample' && !inputs.dry_run }}\n",
        "",
        "wait-for-ci",
        also=("    if: ${{ github.repository == 'owner/sample' }}\n",),
    ),
    Mutant("pull_request_target", "TS20", "  workflow_dispatch:\n", "  pull_request_target:\n  workflow_dispatch:\n"),
    Mutant(
        "workflow_run", "TS20", "  workflow_dispatch:\n", "  workflow_run:\n    workflows: [CI]\n  workflow_dispatch:\n"
    ),
    # what a job may do and does
    Mutant("checkout beside the identity", "TS07", STEPS, f"{STEPS}      - uses: {CHECKOUT}\n", "publish-pypi"),
    Mutant(
        "installer beside the identity",
        "TS07 TS15",
        UPLOAD,
        f"      - run: pip install twine\n{UPLOAD}",
        "publish-pypi",
    ),
    Mutant(
        "our own tool beside the identity",
        "TS07 TS08",
        UPLOAD,
        f"      - run: python3 -P -m tagship check\n{UPLOAD}",
        "publish-pypi",
    ),
    Mutant(
        "identity in the job that builds",
        "TS07",
        "      contents: read # check out the commit\n",
        "      contents: read # check out the commit\n      id-token: write # why not\n",
        "pre-publish-validation",
    ),
    Mutant(
        "identity for the whole workflow",
        "TS08",
        "permissions: {} # each job says what it may do",
        "permissions: {id-token: write}",
    ),
    Mutant("write-all", "TS08", "permissions: {} # each job says what it may do", "permissions: write-all"),
    Mutant(
        "contents: write beside the identity",
        "TS08",
        "      id-token: write #",
        "      contents: write # tags\n      id-token: write #",
        "publish-pypi",
    ),
    Mutant(
        "packages: write beside the identity",
        "TS08",
        "      id-token: write #",
        "      packages: write # images\n      id-token: write #",
        "publish-testpypi",
    ),
    Mutant(
        "no permissions in a job",
        "TS08",
        "    permissions:\n      contents: read # check out the commit\n",
        "",
        "pre-publish-validation",
        also=("permissions: {} # each job says what it may do\n",),
    ),
    Mutant(
        "digests not checked",
        "TS09",
        "          printf '%s\\n' \"$SHA256SUMS\" | sha256sum --check --strict\n",
        "",
        "publish-pypi",
    ),
    Mutant(
        "files not counted",
        "TS09",
        '          test "$(find . -mindepth 1 | wc -l)" -eq "$(printf \'%s\\n\' "$SHA256SUMS" | wc -l)"\n',
        "",
        "publish-pypi",
    ),
    Mutant(
        "digests checked now and then",
        "TS09",
        "        working-directory: dist\n",
        "        if: ${{ runner.debug }}\n        working-directory: dist\n",
        "publish-pypi",
    ),
    Mutant("a wrong digest is ignored", "TS09", "--check --strict", "--check --strict || true", "publish-pypi"),
    Mutant(
        "artifact by name",
        "TS11",
        "          artifact-ids: ${{ needs.pre-publish-validation.outputs.artifact-id }}\n",
        "          name: dist\n",
        "publish-pypi",
    ),
    Mutant(
        "the id of the wrong thing",
        "TS11",
        "artifact-id: ${{ steps.dist.outputs.artifact-id }}",
        "artifact-id: ${{ steps.dist.outputs.artifact-url }}",
        "pre-publish-validation",
    ),
    Mutant("no time limit", "TS14", "    timeout-minutes: 15\n", "", "publish-pypi"),
    Mutant("a week as time limit", "TS14", "timeout-minutes: 15", "timeout-minutes: 10080", "publish-pypi"),
    Mutant("no attestations on PyPI", "TS17", "attestations: true", "attestations: false", "publish-pypi"),
    Mutant("attestations on TestPyPI", "TS17", "attestations: false", "attestations: true", "publish-testpypi"),
    Mutant("self-hosted runner", "TS22", "runs-on: ubuntu-24.04", "runs-on: [self-hosted, linux]", "publish-pypi"),
    Mutant(
        "secret without an environment",
        "TS03 TS23",
        "    environment:\n      name: pypi\n      url: https://pypi.org/"
        "project/sample/${{ needs.pre-publish-validation.outputs.version }}/\n",
        "",
        "publish-pypi",
        "token",
    ),
    Mutant("secret for every job", "TS23", "\njobs:\n", "\nenv:\n  TOKEN: ${{ secrets.PYPI_API_TOKEN }}\njobs:\n"),
    Mutant(
        "a token where the identity would do",
        "",
        "          attestations: true # PEP 740\n",
        "          attestations: true\n          password: ${{ secrets.PYPI_API_TOKEN }}\n",
        "publish-pypi",
    ),
    # what a step runs
    Mutant(
        "two indexes in the verification",
        "TS12",
        "tagship verify --allow-slow-index",
        "tagship verify\n      - run: pip install --extra-index-url https://pypi.org/simple sample",
        "verify",
    ),
    Mutant(
        "two indexes by a variable",
        "TS12",
        "    timeout-minutes: 30\n",
        "    timeout-minutes: 30\n    env: {PIP_EXTRA_INDEX_URL: 'https://pypi.org/simple'}\n",
        "verify",
    ),
    Mutant(
        "skip-existing on PyPI",
        "TS13",
        "          attestations: true",
        "          skip-existing: true\n          attestations: true",
        "publish-pypi",
    ),
    Mutant(
        "a script from the network",
        "TS15",
        "      - name: Build the files",
        "      - run: curl -LsSf https://astral.sh/uv/install.sh | sh\n      - name: Build the files",
        "pre-publish-validation",
    ),
    Mutant(
        "tagship without digests",
        "TS15",
        "--require-hashes --only-binary :all: -r .github/tagship/requirements.txt",
        "tagship",
        "pre-publish-validation",
    ),
    Mutant(
        "uvx without a version",
        "TS15",
        "      - name: Build the files",
        "      - run: uvx check-manifest\n      - name: Build the files",
        "pre-publish-validation",
    ),
    Mutant(
        "action by a tag", "TS21", "@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2", "@release/v1", "publish-pypi"
    ),
    Mutant("another version in the comment", "TS21", "ba33 # v1.14.2", "ba33 # v1.14.1", "publish-pypi"),
    Mutant(
        "another commit than the comment says",
        "TS21",
        "dc37677b2e1c63e2034f94d8a5b11f265b73ba33",
        "ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e",
        "publish-pypi",
    ),
    Mutant("misspelt output", "TS19 TS24", "outputs.channel == 'pypi'", "outputs.chanel == 'pypi'", "publish-pypi"),
    Mutant(
        "misspelt step", "TS24", "steps.plan.outputs.version", "steps.plans.outputs.version", "pre-publish-validation"
    ),
    Mutant("misspelt input", "TS24", "!inputs.dry_run", "!inputs.dryrun", "wait-for-ci"),
    Mutant(
        "output taken away",
        "TS24",
        "      channel: ${{ steps.plan.outputs.channel }} # none, testpypi or pypi\n",
        "",
        "pre-publish-validation",
    ),
    Mutant("edited by hand", "TS02", "default: testpypi", "default: pypi"),
    # what GitHub would refuse
    Mutant(
        "push written twice", "TS01", "  workflow_dispatch:\n", "  push:\n    branches: [dev]\n  workflow_dispatch:\n"
    ),
    Mutant(
        "a job that does not exist",
        "TS01 TS04",
        "needs: [wait-for-ci, pre",
        "needs: [wait-for-checks, pre",
        "publish-pypi",
    ),
    Mutant("jobs in a circle", "TS01", "    name: Wait for CI\n", "    name: Wait for CI\n    needs: verify\n"),
    Mutant("a tab", "TS01", "    name: Wait for CI\n", "\tname: Wait for CI\n"),
    Mutant(
        "an expression that is not closed",
        "TS01",
        "${{ steps.plan.outputs.version }}",
        "${{ steps.plan.outputs.version }",
        "pre-publish-validation",
    ),
    Mutant(
        "a permission that does not exist", "TS01 TS08", "      statuses: read #", "      status: read #", "wait-for-ci"
    ),
    Mutant(
        "an expression that is none", "TS19", "outputs.channel == 'pypi'", "outputs.channel = 'pypi'", "publish-pypi"
    ),
    Mutant("a function that does not exist", "", "!cancelled() && (needs", "!canceled() && (needs", "verify"),
    # what others look for
    Mutant(
        "branch name in the shell",
        "",
        "run: python3 -P -m tagship plan\n      - name: Build",
        "run: python3 -P -m tagship plan --branch ${{ github.head_ref }}\n      - name: Build",
        "pre-publish-validation",
    ),
    Mutant(
        "input in the shell",
        "",
        "run: python3 -P -m tagship plan\n      - name: Build",
        "run: python3 -P -m tagship plan --tag ${{ inputs.target_env }}\n      - name: Build",
        "pre-publish-validation",
    ),
    Mutant("checkout keeps the token", "", "          persist-credentials: false\n", "", "pre-publish-validation"),
    Mutant(
        "a cache in the build",
        "",
        "      - name: Build the files",
        f"      - uses: {PYTHON}\n        with:\n"
        "          python-version: '3.12'\n          cache: pip\n      - name: Build the files",
        "pre-publish-validation",
    ),
    Mutant(
        "all secrets in a variable",
        "",
        "          GH_TOKEN: ${{ github.token }}\n",
        "          GH_TOKEN: ${{ github.token }}\n          ALL: ${{ toJSON(secrets) }}\n",
        "wait-for-ci",
    ),
    Mutant(
        "a condition that is always true",
        "",
        "    if: ${{ needs.pre-publish-validation.outputs.channel == 'pypi' }}\n",
        "    if: |\n      ${{ needs.pre-publish-validation.outputs.channel == 'pypi' }}\n",
        "publish-pypi",
    ),
    Mutant("no permissions at the top", "", "permissions: {} # each job says what it may do\n", ""),
    Mutant("unquoted variable", "", '--target "$RUNNER_TEMP/tagship"', "--target $RUNNER_TEMP/tagship"),
    Mutant(
        "an archived action",
        "TS21",
        "      - name: Create the release, and publish it last\n",
        "      - uses: actions/create-release@v1\n        with: {tag_name: '${{ github.ref }}'}\n"
        "      - name: Create the release, and publish it last\n",
        "create-github-release",
    ),
)
