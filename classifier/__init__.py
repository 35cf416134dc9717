"""Understands a post: is it a request, of what kind, about what, for which unit, how urgent. A suggestion; a person decides."""
