"""Environments that a reader's machine may have, and what the smallest plan gives in each of them."""

from tests.hostile import calls, variables

ENVIRONMENTS = [*variables.ENVIRONMENTS, *calls.ENVIRONMENTS]
