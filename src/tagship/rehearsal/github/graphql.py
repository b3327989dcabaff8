"""GraphQL."""

from tagship.rehearsal.github.http import Route

ROUTES: tuple[Route, ...] = ()
