"""Workflows as people write them by hand."""

BUILD = """\
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
      - uses: actions/setup-python@v5
        with: {python-version: "3.11"}
      - run: pip install hatchling
      - name: Build
        run: python -m hatchling build
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist/}
"""
PUBLISH = """\
  publish:
    needs: build
    runs-on: ubuntu-latest
    environment: pypi
    permissions:
      id-token: write
    steps:
      - uses: actions/download-artifact@v4
        with: {name: dist, path: dist/}
      - uses: pypa/gh-action-pypi-publish@release/v1
"""
RELEASE = """\
  release:
    needs: publish
    runs-on: ubuntu-latest
    permissions:
      contents: write
    steps:
      - uses: actions/checkout@v4
      - uses: actions/download-artifact@v4
        with: {name: dist, path: dist/}
      - uses: softprops/action-gh-release@v2
        with: {files: "dist/*", generate_release_notes: true}
"""
HEAD = """\
name: Release
on:
  push:
    tags: ["v*"]
permissions:
  contents: read
jobs:
"""
FILE = ".github/workflows/release.yml"


def workflow(*jobs: str) -> dict[str, str | bytes | None]:
    """The file of a workflow with these jobs."""
    return {FILE: HEAD + "".join(jobs)}
