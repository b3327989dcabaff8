"""The publishing workflow: read, rendered, compared, judged."""
