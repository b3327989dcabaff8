"""What a maintainer does with releases: make one and follow it, from the own machine; look after them, once a week."""
