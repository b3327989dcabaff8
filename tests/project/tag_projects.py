"""Small projects, one for each tool that takes the version from tags or from the environment."""

from version_projects import HATCH, NO_CMAKE, PROVIDER, SETUP, Sample, pyproject

from tagship.project.version_sources import Derived

SCM = ("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MY_APP",)


def _samples() -> dict[str, Sample]:
    hatch = '[tool.hatch.version]\nsource = "{}"\n'
    poetry = (
        '[tool.poetry]\nname = "my-app"\nversion = "0.0.0"\ndescription = ""\nauthors = []\n'
        "[tool.poetry-dynamic-versioning]\nenable = true\n[build-system]\n"
        'requires = ["poetry-core", "poetry-dynamic-versioning"]\nbuild-backend = "poetry_dynamic_versioning.backend"\n'
    )
    versioneer = (
        '[tool.versioneer]\nVCS = "git"\nstyle = "pep440"\nversionfile_source = "my_app/_version.py"\n'
        'versionfile_build = "my_app/_version.py"\ntag_prefix = "v"\n'
    )
    rows: dict[str, tuple[str, Derived, dict[str, str | bytes]]] = {
        "setuptools-scm": (
            pyproject("setuptools.build_meta", "setuptools setuptools-scm", tail="[tool.setuptools_scm]\n"),
            Derived(tool="setuptools-scm", where="pyproject.toml [tool.setuptools_scm]", variables=SCM),
            {},
        ),
        "setuptools-scm, simple": (
            pyproject("setuptools.build_meta", "setuptools setuptools-scm[simple]>=9"),
            Derived(tool="setuptools-scm", where="pyproject.toml [build-system].requires", variables=SCM),
            {},
        ),
        "setuptools-scm, setup.py": (
            '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\n',
            Derived(tool="setuptools-scm", where="setup.py:3", variables=SCM),
            {"setup.py": SETUP + 'setup(name="my.app", use_scm_version=True)\n'},
        ),
        "setuptools-scm, scikit-build-core": (
            pyproject(
                "scikit_build_core.build",
                "scikit-build-core setuptools-scm",
                tail=f'{NO_CMAKE}{PROVIDER}setuptools_scm"\n[tool.setuptools_scm]\n',
            ),
            Derived(tool="setuptools-scm", where="pyproject.toml [tool.scikit-build.metadata.version]", variables=SCM),
            {},
        ),
        "setuptools-git-versioning": (
            pyproject(
                "setuptools.build_meta",
                "setuptools setuptools-git-versioning",
                tail="[tool.setuptools-git-versioning]\nenabled = true\n",
            ),
            Derived(tool="setuptools-git-versioning", where="pyproject.toml [tool.setuptools-git-versioning]"),
            {},
        ),
        "setuptools-git-versioning, setup.py": (
            '[build-system]\nrequires = ["setuptools", "setuptools-git-versioning"]\n',
            Derived(tool="setuptools-git-versioning", where="setup.py:3"),
            {"setup.py": SETUP + 'setup(name="my.app", setuptools_git_versioning={"enabled": True})\n'},
        ),
        "setuptools-git-versioning, scikit-build-core": (
            pyproject(
                "scikit_build_core.build",
                "scikit-build-core setuptools-git-versioning",
                tail=f"{NO_CMAKE}[tool.setuptools-git-versioning]\nenabled = true\n[[tool.dynamic-metadata]]\n"
                'provider = "setuptools_git_versioning.dynamic_metadata"\n',
            ),
            Derived(tool="setuptools-git-versioning", where="pyproject.toml [tool.setuptools-git-versioning]"),
            {},
        ),
        "versioningit": (
            pyproject("setuptools.build_meta", "setuptools versioningit", tail="[tool.versioningit]\n"),
            Derived(tool="versioningit", where="pyproject.toml [tool.versioningit]"),
            {},
        ),
        "versioningit, hatch": (
            pyproject("hatchling.build", "hatchling versioningit", tail=hatch.format("versioningit")),
            Derived(tool="versioningit", where="pyproject.toml [tool.hatch.version]"),
            {},
        ),
        "hatch-vcs": (
            pyproject("hatchling.build", "hatchling hatch-vcs", tail=hatch.format("vcs")),
            Derived(
                tool="hatch-vcs",
                where="pyproject.toml [tool.hatch.version]",
                variables=("SETUPTOOLS_SCM_PRETEND_VERSION",),
            ),
            {},
        ),
        "uv-dynamic-versioning": (
            pyproject("hatchling.build", "hatchling uv-dynamic-versioning", tail=hatch.format("uv-dynamic-versioning")),
            Derived(
                tool="uv-dynamic-versioning",
                where="pyproject.toml [tool.hatch.version]",
                variables=("UV_DYNAMIC_VERSIONING_BYPASS",),
            ),
            {},
        ),
        "hatch env": (
            pyproject(*HATCH, tail=hatch.format("env") + 'variable = "MY_APP_VERSION"\n'),
            Derived(tool="hatch env", where="pyproject.toml [tool.hatch.version]", variables=("MY_APP_VERSION",)),
            {},
        ),
        "pdm scm": (
            pyproject("pdm.backend", "pdm-backend", tail='[tool.pdm.version]\nsource = "scm"\n'),
            Derived(tool="pdm scm", where="pyproject.toml [tool.pdm.version]", variables=("PDM_BUILD_SCM_VERSION",)),
            {},
        ),
        "poetry-dynamic-versioning": (
            poetry,
            Derived(
                tool="poetry-dynamic-versioning",
                where="pyproject.toml [tool.poetry-dynamic-versioning]",
                variables=("POETRY_DYNAMIC_VERSIONING_BYPASS",),
            ),
            {},
        ),
        "pbr": (
            pyproject("pbr.build", "setuptools pbr"),
            Derived(tool="pbr", where="pyproject.toml [build-system]", variables=("PBR_VERSION",)),
            {},
        ),
        "pbr, setup.py": (
            '[build-system]\nrequires = ["setuptools", "pbr"]\nbuild-backend = "setuptools.build_meta"\n',
            Derived(tool="pbr", where="setup.py:3", variables=("PBR_VERSION",)),
            {
                "setup.cfg": "[metadata]\nname = my-app\nversion = 1.2.3\n[files]\npackages =\n    my_app\n",
                "setup.py": SETUP + "setup(setup_requires=['pbr'], pbr=True)\n",
            },
        ),
        "versioneer": (
            pyproject("setuptools.build_meta", "setuptools versioneer", tail=versioneer),
            Derived(tool="versioneer", where="pyproject.toml [tool.versioneer]", rewritten="my_app/_version.py"),
            {
                "my_app/_version.py": "def get_versions():\n    return {}\n",
                "setup.py": "import versioneer\n"
                + SETUP
                + "setup(version=versioneer.get_version(), cmdclass=versioneer.get_cmdclass())\n",
            },
        ),
    }
    return {
        name: Sample(files={"pyproject.toml": project, "my_app/__init__.py": "", **more}, derived=derived)
        for name, (project, derived, more) in rows.items()
    }


DERIVED = _samples()
PRETENDED = {name: s for name, s in DERIVED.items() if s.derived and (s.derived.variables or s.derived.rewritten)}
"""Those that can be told a version where there is no tag."""
