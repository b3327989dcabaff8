"""What a repository says about itself: read as it is, and, for versions and changelogs, edited."""
