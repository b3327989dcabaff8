"""`python -m tagship`."""

from tagship.cli import main

main()
