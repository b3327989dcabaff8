"""What stays outside of the walls: a process that cleans up, and the one read-only way out, for other projects."""
