"""Small projects, one for each way in which a file says a version, each with look-alikes around it."""

import subprocess
from dataclasses import dataclass
from shutil import which

from tagship.project.version_sources import Derived

LOOKALIKES = """
[tool.lookalikes] # version = "1.2.3"
python_version = "3.9"
minversion = "1.2.3"
version = "1.2.3" # not the project's
pins = ["other==1.2.3", 'version = "1.2.3"']
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """The files of a project, and where its version is expected."""

    files: dict[str, str | bytes]
    written: tuple[tuple[str, str, int], ...] = ()
    """Kind, file and line: the source first, then the copies of it."""
    derived: Derived | None = None
    semver: bool = False
    tool: str = ""
    """A program outside of the package index that the build needs."""


def pyproject(backend: str, requires: str, project: str = 'dynamic = ["version"]', tail: str = "") -> str:
    """A pyproject.toml with `[project]` on line 5, its name on line 6 and the given lines from line 7."""
    listed = ", ".join(f'"{r}"' for r in requires.split())
    build = f'[build-system]\nrequires = [{listed}]\nbuild-backend = "{backend}"\n\n'
    return f'{build}[project]\nname = "my-app"\n{project}\n{tail}{LOOKALIKES}'


SETUPTOOLS = ("setuptools.build_meta", "setuptools")
HATCH = ("hatchling.build", "hatchling")
SCIKIT = ("scikit_build_core.build", "scikit-build-core")
NO_CMAKE = "[tool.scikit-build]\nwheel.cmake = false\n"
PROVIDER = '[tool.scikit-build.metadata.version]\nprovider = "scikit_build_core.metadata.'
STATIC = '# version = "1.2.3"\nversion = "1.2.3"  # version = "1.2.3"\nrequires-python = ">=3.9"'
INIT = '"""My app 1.2.3."""\nversion_info = "1.2.3 final"\n__version__ = "1.2.3"  # __version__ = "1.2.3"\n'
SETUP = "from setuptools import setup\n\n"


def _static() -> dict[str, Sample]:
    poetry = f'[tool.poetry]\nname = "my-app"\nversion = "1.2.3"\ndescription = ""\nauthors = []\n{LOOKALIKES}'
    backend = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    lock = (
        'version = 1\n\n[[package]]\nname = "my"\nversion = "1.2.3"\nsource = { registry = "x" }\n\n'
        '[[package]]\nname = "my-app"\nversion = "1.2.3"\nsource = { editable = "." }\n'
    )
    dynamic = (
        poetry + "[tool.poetry-dynamic-versioning]\nenable = true\n[tool.poetry-dynamic-versioning.from-file]\n"
        'source = "my_app/__init__.py"\npattern = "^__version__ = .(.*?)[\\"\']"\n[build-system]\n'
        'requires = ["poetry-core", "poetry-dynamic-versioning"]\nbuild-backend = "poetry_dynamic_versioning.backend"\n'
    )
    return {
        "project": Sample(
            files={
                "pyproject.toml": pyproject(*HATCH, STATIC),
                "my_app/__init__.py": INIT,
                "docs/conf.py": "release = '1.2.3'\nneeds_sphinx = '1.2'\n",
                "CITATION.cff": "cff-version: 1.2.3\nversion: 1.2.3\n",
                "uv.lock": lock,
            },
            written=(
                ("[project].version", "pyproject.toml", 8),
                ("CITATION.cff", "CITATION.cff", 2),
                ("release", "docs/conf.py", 1),
                ("__version__", "my_app/__init__.py", 3),
                ("uv.lock", "uv.lock", 10),
            ),
        ),
        "project, Windows line ends, no final newline": Sample(
            files={
                "pyproject.toml": pyproject(*HATCH, STATIC.replace('"1.2.3"  #', "'1.2.3'  #"))
                .rstrip()
                .replace("\n", "\r\n")
                .encode(),
                "src/my_app/__init__.py": INIT.replace("\n", "\r\n").encode(),
            },
            written=(
                ("[project].version", "pyproject.toml", 8),
                ("__version__", "src/my_app/__init__.py", 3),
            ),
        ),
        "uv_build": Sample(
            files={"pyproject.toml": pyproject("uv_build", "uv_build", STATIC), "src/my_app/__init__.py": ""},
            written=(("[project].version", "pyproject.toml", 8),),
        ),
        "poetry-dynamic-versioning from-file": Sample(
            files={
                "pyproject.toml": dynamic.replace('version = "1.2.3"\nd', 'version = "0"\nd'),
                "my_app/__init__.py": INIT,
            },
            written=(("poetry-dynamic-versioning pattern", "my_app/__init__.py", 3),),
        ),
        "poetry": Sample(
            files={"pyproject.toml": poetry + backend, "my_app/__init__.py": ""},
            written=(("[tool.poetry].version", "pyproject.toml", 3),),
        ),
    }


def _files() -> dict[str, Sample]:
    hatch = pyproject(*HATCH, tail='[tool.hatch.version]\npath = "my_app/__init__.py"\n')
    pattern = pyproject(
        *HATCH, tail='[tool.hatch.version]\npath = "VERSION.txt"\npattern = "^app (?P<version>\\\\S+)$"\n'
    )
    flit = ("flit_core.buildapi", "flit_core")
    pdm = ("pdm.backend", "pdm-backend")
    legacy = '[build-system]\nrequires = ["flit_core<4"]\nbuild-backend = "flit_core.buildapi"\n'
    return {
        "hatch path": Sample(
            files={"pyproject.toml": hatch, "my_app/__init__.py": INIT},
            written=(("hatch pattern", "my_app/__init__.py", 3),),
        ),
        "hatch pattern": Sample(
            files={
                "pyproject.toml": pattern + '[tool.hatch.build.targets.wheel]\npackages = ["my_app"]\n',
                "my_app/__init__.py": "",
                "VERSION.txt": b"# app 1.2.3 soon\r\napp 1.2.3\r\n",
            },
            written=(("hatch pattern", "VERSION.txt", 2),),
        ),
        "hatch.toml": Sample(
            files={
                "pyproject.toml": pyproject(*HATCH),
                "hatch.toml": '[version]\npath = "my_app/__about__.py"\n',
                "my_app/__init__.py": "",
                "my_app/__about__.py": "__version__ = '1.2.3'",
            },
            written=(("hatch pattern", "my_app/__about__.py", 1),),
        ),
        "hatch code": Sample(
            files={
                "pyproject.toml": pyproject(
                    *HATCH, tail='[tool.hatch.version]\nsource = "code"\npath = "my_app/info.py"\nexpression = "V"\n'
                ),
                "my_app/__init__.py": "",
                "my_app/info.py": "v = '1.2.3'\nV = v\n",
            },
            written=(("V", "my_app/info.py", 1),),
        ),
        "hatch nodejs": Sample(
            files={
                "pyproject.toml": pyproject(
                    "hatchling.build",
                    "hatchling hatch-nodejs-version",
                    tail='[tool.hatch.version]\nsource = "nodejs"\n',
                ),
                "my_app/__init__.py": "",
                "package.json": '{"name": "my-app", "engines": {"version": "1.2.3"},\n "version": "1.2.3"}\n',
            },
            written=(("package.json", "package.json", 2),),
            semver=True,
        ),
        "flit": Sample(
            files={
                "pyproject.toml": pyproject(*flit, 'dynamic = ["version", "description"]'),
                "my_app.py": INIT,
            },
            written=(("__version__", "my_app.py", 3),),
        ),
        "flit, imported": Sample(
            files={
                "pyproject.toml": pyproject(*flit, 'dynamic = ["version", "description"]'),
                "src/my_app/__init__.py": '"""My app."""\nfrom ._meta import VERSION as __version__\n',
                "src/my_app/_meta.py": "# -*- coding: latin-1 -*-\nwho = 'é'; VERSION = u'1.2.3'\n".encode("latin-1"),
            },
            written=(("__version__", "src/my_app/_meta.py", 2),),
        ),
        "flit, before [project]": Sample(
            files={
                "pyproject.toml": legacy
                + '[tool.flit.metadata]\nmodule = "my_app"\nauthor = "A"\nauthor-email = "a@example.org"\n',
                "my_app/__init__.py": '"""My app."""\n',
                "my_app/version.py": '__version__ = "1.2.3"\n',
            },
            written=(("__version__", "my_app/version.py", 1),),
        ),
        "pdm file": Sample(
            files={
                "pyproject.toml": pyproject(
                    *pdm, tail='[tool.pdm.version]\nsource = "file"\npath = "my_app/__init__.py"\n'
                ),
                "my_app/__init__.py": INIT,
            },
            written=(("pdm pattern", "my_app/__init__.py", 3),),
        ),
        "scikit-build-core": Sample(
            files={
                "pyproject.toml": pyproject(
                    *SCIKIT, tail=NO_CMAKE + PROVIDER + 'regex"\ninput = "my_app/__init__.py"\n'
                ),
                "my_app/__init__.py": INIT,
            },
            written=(("scikit-build pattern", "my_app/__init__.py", 3),),
        ),
        "scikit-build-core 1": Sample(
            files={
                "pyproject.toml": pyproject(
                    *SCIKIT,
                    tail=NO_CMAKE
                    + '[[tool.dynamic-metadata]]\nprovider = "scikit_build_core.metadata.template"\n'
                    + 'field = "description"\nresult = "1.2.3"\n\n'
                    + '[[tool.dynamic-metadata]]\nprovider = "scikit_build_core.metadata.regex"\nfield = "version"\n'
                    + 'input = "my_app/__init__.py"\nresult = "{value}"\n',
                ).replace('["version"]', '["version", "description"]'),
                "my_app/__init__.py": INIT,
            },
            written=(("scikit-build pattern", "my_app/__init__.py", 3),),
        ),
        "meson files": Sample(
            files={
                "pyproject.toml": pyproject("mesonpy", "meson-python"),
                "VERSION": "1.2.3\n",
                "meson.build": "project('my-app', version: files('VERSION'))\n"
                "py = import('python').find_installation(pure: true)\n"
                "py.install_sources('my_app/__init__.py', subdir: 'my_app')\n",
                "my_app/__init__.py": "",
            },
            written=(("meson.build", "VERSION", 1),),
        ),
        "meson": Sample(
            files={
                "pyproject.toml": pyproject("mesonpy", "meson-python"),
                "meson.build": "# project('x', version: '1.2.3')\nproject('my-app', # it's\n"
                "  license: 'version: \\'1.2.3',\n  meson_version: '>=1.2.3', version : '1.2.3')\n"
                "py = import('python').find_installation(pure: true)\n"
                "py.install_sources('my_app/__init__.py', subdir: 'my_app')\n",
                "my_app/__init__.py": "",
            },
            written=(("meson.build", "meson.build", 4),),
        ),
    }


def _cargo() -> dict[str, Sample]:
    project = pyproject("maturin", "maturin", tail='[tool.maturin]\nbindings = "bin"\n')
    inner = project.replace('bindings = "bin"', 'bindings = "bin"\nmanifest-path = "rust/Cargo.toml"')
    rust = 'edition = "2021"\n\n[dependencies] # version = "1.2.3"\n'
    return {
        "maturin": Sample(
            files={
                "pyproject.toml": project,
                "Cargo.toml": f'[package]\nname = "my-app"\nversion = "1.2.3"\n{rust}',
                "Cargo.lock": 'version = 3\n\n[[package]]\nname = "my-app"\nversion = "1.2.3"\n',
                "src/main.rs": "fn main() {}\n",
            },
            written=(("[package].version", "Cargo.toml", 3), ("Cargo.lock", "Cargo.lock", 5)),
            semver=True,
            tool="cargo",
        ),
        "maturin, workspace": Sample(
            files={
                "pyproject.toml": inner,
                "Cargo.toml": '[workspace]\nmembers = ["rust"]\nresolver = "2"\n'
                '[workspace.package]\nversion = "1.2.3"\n',
                "rust/Cargo.toml": f'[package]\nname = "my-app"\nversion.workspace = true\n{rust}',
                "rust/src/main.rs": "fn main() {}\n",
            },
            written=(("[workspace.package].version", "Cargo.toml", 5),),
            semver=True,
            tool="cargo",
        ),
    }


def _setuptools() -> dict[str, Sample]:
    dynamic = "[tool.setuptools.dynamic]\n"
    plain = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    cfg = "[metadata]\nname = my-app\n{}\nlong_description = version = 1.2.3\n\n[options]\n{}\n"
    cfg += "[flake8]\nversion = 1.2.3\n"
    finding = "packages = find:\npackage_dir =\n    =source\n[options.packages.find]\nwhere = source\n"
    return {
        "setuptools attr": Sample(
            files={
                "pyproject.toml": pyproject(*SETUPTOOLS, tail=f'{dynamic}version = {{attr = "my_app.__version__"}}\n'),
                "src/my_app/__init__.py": INIT,
            },
            written=(("setuptools attr", "src/my_app/__init__.py", 3),),
        ),
        "setuptools attr, imported": Sample(
            files={
                "pyproject.toml": pyproject(*SETUPTOOLS, tail=f'{dynamic}version = {{attr = "my_app.__version__"}}\n'),
                "my_app/__init__.py": "from my_app.info.numbers import this as __version__\n",
                "my_app/info/__init__.py": "",
                "my_app/info/numbers.py": b"\xef\xbb\xbfthat = '1.2.3'\nthis: str = that\n",
            },
            written=(("setuptools attr", "my_app/info/numbers.py", 1),),
        ),
        "setuptools file": Sample(
            files={
                "pyproject.toml": pyproject(*SETUPTOOLS, tail=f'{dynamic}version = {{file = "VERSION"}}\n'),
                "my_app/__init__.py": INIT,
                "VERSION": b"1.2.3\r\n",
            },
            written=(("setuptools file", "VERSION", 1), ("__version__", "my_app/__init__.py", 3)),
        ),
        "setuptools-git-versioning file": Sample(
            files={
                "pyproject.toml": pyproject(
                    "setuptools.build_meta",
                    "setuptools setuptools-git-versioning",
                    tail='[tool.setuptools-git-versioning]\nenabled = true\nversion_file = "VERSION"\n',
                ),
                "my_app/__init__.py": "",
                "VERSION": "1.2.3\n",
            },
            written=(("setuptools-git-versioning file", "VERSION", 1),),
        ),
        "setup.cfg": Sample(
            files={
                "pyproject.toml": plain,
                "setup.cfg": cfg.format("version = 1.2.3", "py_modules = my_app"),
                "my_app.py": "",
                "setup.py": SETUP + "setup()",
            },
            written=(("setup.cfg [metadata]", "setup.cfg", 3),),
        ),
        "setup.cfg attr": Sample(
            files={
                "pyproject.toml": plain,
                "setup.cfg": cfg.format("version = attr: my_app.VERSION", finding),
                "source/my_app/__init__.py": "VERSION = '1.2.3'\n",
            },
            written=(("setuptools attr", "source/my_app/__init__.py", 1),),
        ),
        "setup.cfg file": Sample(
            files={
                "pyproject.toml": plain,
                "setup.cfg": cfg.format("version = file: VERSION", "py_modules = my_app"),
                "my_app.py": "",
                "VERSION": "1.2.3",
            },
            written=(("setuptools file", "VERSION", 1),),
        ),
        "setup.py": Sample(
            files={
                "setup.py": SETUP + 'setup(name="my-app", install_requires=[], # version="1.2.3"\n'
                "      version='1.2.3', py_modules=['my_app'])\n",
                "my_app.py": INIT,
            },
            written=(("setup.py", "setup.py", 4), ("__version__", "my_app.py", 3)),
        ),
        "setup.py, name": Sample(
            files={
                "setup.py": "import setuptools\n\nVERSION = '''1.2.3'''\n"
                'setuptools.setup(name="my-app", version=VERSION, py_modules=["my_app"])\n',
                "my_app.py": "",
            },
            written=(("setup.py", "setup.py", 3),),
        ),
    }


def _by_code() -> dict[str, Sample]:
    """Build code that reads a literal elsewhere."""
    head, tail = "import os, re\n" + SETUP, 'setup(name="my-app", version=VERSION, packages=["my_app"])\n'
    searched = "VERSION = re.search(r'^__version__ = \"(.*?)\"', text, re.M).group(1)\n"
    where = 'os.path.join(os.path.dirname(os.path.abspath(__file__)), "my_app", "__init__.py")'
    own = pyproject("backend", "setuptools>=61").replace(
        'build-backend = "backend"\n', 'build-backend = "backend"\nbackend-path = ["packaging"]\n'
    )
    return {
        "setup.py searches a file": Sample(
            files={
                "setup.py": f'{head}with open("my_app/__init__.py") as f:\n    text = f.read()\n{searched}{tail}',
                "my_app/__init__.py": INIT,
            },
            written=(("opened by setup.py", "my_app/__init__.py", 3),),
        ),
        "setup.py executes a file": Sample(
            files={
                "setup.py": f'{head}f = {{}}\nexec(open({where}).read(), f)\nVERSION = f["version"]\n{tail}',
                "my_app/__init__.py": 'import sys\n\nversion = "1.2.3"\nversion_info = (1, 2, 3, 0)\n',
            },
            written=(("opened by setup.py", "my_app/__init__.py", 3),),
        ),
        "a backend in the repository": Sample(
            files={
                "pyproject.toml": own + '[tool.setuptools.dynamic]\nversion = {attr = "my_app.__version__"}\n',
                "packaging/backend.py": "from setuptools.build_meta import *\n",
                "src/my_app/__init__.py": INIT,
            },
            written=(("setuptools attr", "src/my_app/__init__.py", 3),),
        ),
    }


WRITTEN = _static() | _files() | _cargo() | _setuptools() | _by_code()


def why_not(tool: str) -> str:
    """Why a tool cannot be used here; empty where it can. One that only chooses among others may have none."""
    if which(tool) is None:
        return f"{tool} is not installed"
    tried = subprocess.run((tool, "--version"), capture_output=True, text=True)
    return f"{tool} cannot be used: {tried.stderr.strip()}" if tried.returncode else ""
