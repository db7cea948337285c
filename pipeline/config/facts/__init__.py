"""A table of facts that a user brings: read, checked, told in numbers."""
