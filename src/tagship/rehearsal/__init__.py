"""The rehearsal: a release into an embedded world that refuses what the real one refuses."""
