#!/bin/sh
# Releases a version tag of a repository on GitHub from any machine: Jenkins, Woodpecker, your own.
#
#   release.sh v1.2.3
#
# GITHUB_REPOSITORY is owner/name. GITHUB_TOKEN_FILE and PYPI_TOKEN_FILE name files that hold a token each: the tokens
# are read for the stages that need them, so that no build and no test runs with them in its surroundings.
set -eu
github() { GH_TOKEN=$(cat "$GITHUB_TOKEN_FILE") tagship "$@"; }

tagship plan --tag "$1"
github gate # waits for the required CI of the tagged commit
tagship build
tagship test
tagship check
PYPI_API_TOKEN=$(cat "$PYPI_TOKEN_FILE") tagship publish
tagship verify --allow-slow-index
github github-release --tag "$1" # the plan is made again, and compared
tagship summary
