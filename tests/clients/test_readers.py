"""Clients that read the index, at PyPI's default address, after the pipeline has published."""

import json
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import python_with, tool
from tests.made_dists import good_wheel
from tests.rehearsing import Opened

PYTHON = sys.executable


@pytest.fixture
def released(opened: Opened) -> Opened:
    """The world after the release."""
    assert opened.run().error is None
    return opened


@pytest.mark.parametrize(
    "words",
    [
        ("-m", "pip", "install", "--no-cache-dir", "--target"),
        ("-m", "uv", "pip", "install", "--no-cache", "--target"),
    ],
    ids=["pip", "uv"],
)
def test_what_was_published_can_be_installed(released: Opened, tmp_path: Path, words: tuple[str, ...]) -> None:
    """pip and uv install the release by its name alone."""
    target = tmp_path / "target"
    argv = (PYTHON, *words, str(target), "sample==1.0.0")
    output = released.embedded.shell.run(argv, cwd=tmp_path, timeout=120)
    assert output.ok, output.tail()
    assert (target / "sample/__init__.py").is_file()


def test_pip_says_what_it_saw(released: Opened, tmp_path: Path) -> None:
    """pip's report of a dry run names our file with its digest, and `pip index versions` our version."""
    run = released.embedded.shell.run
    output = run(
        (PYTHON, "-m", "pip", "install", "--dry-run", "--no-cache-dir", "--quiet", "--report", "-", "sample"),
        cwd=tmp_path,
        timeout=120,
    )
    assert output.ok, output.tail()
    (item,) = json.loads(output.stdout)["install"]
    wheel = next(file for file in released.embedded.pypi.state.files("sample") if file.filename.endswith(".whl"))
    assert item["download_info"]["archive_info"]["hashes"] == {"sha256": wheel.sha256}
    listed = run((PYTHON, "-m", "pip", "index", "versions", "sample"), cwd=tmp_path, timeout=120)
    assert "Available versions: 1.0.0\n" in listed.stdout


def test_pypi_simple_reads_the_pages(released: Opened, tmp_path: Path) -> None:
    """The pypi-simple library finds both files in HTML and JSON, there with size and time, and misses what is not."""
    code = (
        "import json, pypi_simple\n"
        "with pypi_simple.PyPISimple() as client:\n"
        "    page = client.get_project_page('sample', accept=pypi_simple.ACCEPT_JSON_ONLY)\n"
        "    html = client.get_project_page('sample', accept=pypi_simple.ACCEPT_HTML_ONLY)\n"
        "    metadata = [client.get_package_metadata(p) for p in page.packages if p.has_metadata]\n"
        "    try:\n"
        "        client.get_project_page('made-up-name')\n"
        "    except pypi_simple.NoSuchProjectError as error:\n"
        "        print(error.url)\n"
        "rows = [(p.filename, p.version, p.package_type, p.has_metadata, 'sha256' in p.digests, p.size > 0,"
        " p.upload_time is not None, p.is_yanked) for p in page.packages]\n"
        "print(page.project, page.repository_version, json.dumps(sorted(rows)))\n"
        "print(['Name: sample' in text for text in metadata])\n"
        "print([p.filename for p in html.packages] == [p.filename for p in page.packages])\n"
    )
    output = released.embedded.shell.run((python_with("pypi_simple"), "-c", code), cwd=tmp_path, timeout=60)
    assert output.ok, output.tail()
    assert output.stdout.splitlines() == [
        "https://pypi.org/simple/made-up-name/",
        'sample 1.4 [["sample-1.0.0-py3-none-any.whl", "1.0.0", "wheel", true, true, true, true, false], '
        '["sample-1.0.0.tar.gz", "1.0.0", "sdist", false, true, true, true, false]]',
        "[True]",
        "True",
    ]


def test_pip_audit_asks_for_vulnerabilities(released: Opened, tmp_path: Path) -> None:
    """pip-audit finds our release in the JSON API, where it has no known vulnerability, and skips unknown names."""
    (tmp_path / "requirements.txt").write_text("sample==1.0.0\nmade-up-name==1.0\n")
    argv = (
        *(tool("pip-audit"), "-s", "pypi", "-f", "json", "--no-deps", "--disable-pip"),
        *("--cache-dir", str(tmp_path / "audit"), "-r", "requirements.txt"),
    )
    output = released.embedded.shell.run(argv, cwd=tmp_path, timeout=120)
    assert output.ok, output.tail()
    found = {row["name"]: row for row in json.loads(output.stdout)["dependencies"]}
    assert found["sample"] == {"name": "sample", "version": "1.0.0", "vulns": []}
    assert "Dependency not found on PyPI" in found["made-up-name"]["skip_reason"]
    asked = {e.url for e in released.embedded.exchanges if e.client.startswith("pip_audit") or "/json" in e.url}
    assert "https://pypi.org/pypi/sample/1.0.0/json" in asked


def test_pip_with_a_cache_sees_a_release_late(released: Opened, tmp_path: Path) -> None:
    """pip keeps a page for as long as the index says, ten minutes: a new release is seen by `--refresh-package`."""
    pip = (python_with("pip"), "-m", "pip", "--cache-dir", str(tmp_path / "pip"), "download", "--no-deps", "-d", "got")
    run = released.embedded.shell.run
    assert run((*pip, "sample"), cwd=tmp_path, timeout=120).ok
    released.embedded.pypi.state.add_file(good_wheel(tmp_path, "sample", "1.1"))
    late = run((*pip, "sample==1.1"), cwd=tmp_path, timeout=120)
    assert "No matching distribution found for sample==1.1" in late.stdout + late.stderr
    assert run((*pip, "--refresh-package", "sample", "sample==1.1"), cwd=tmp_path, timeout=120).ok
    assert sorted(path.name for path in (tmp_path / "got").iterdir()) == [
        "sample-1.0.0-py3-none-any.whl",
        "sample-1.1-py3-none-any.whl",
    ]
