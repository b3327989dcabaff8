"""Release Python packages without fear: rehearse on a laptop, publish from a tag."""

__version__ = "0.1.0"
