"""The verbs of the ``liandong`` command, a module for each group of them."""
