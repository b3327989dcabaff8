"""What a maintainer does with a release from the own machine: make one, and follow it."""
