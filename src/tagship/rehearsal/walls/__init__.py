"""What keeps a rehearsal in: namespaces, Landlock, the environment of its children, and a folder that goes."""
