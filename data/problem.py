"""The one thing every expected failure is: a sentence in Chinese that says what is wrong and what to do."""


class Problem(Exception):
    """Shown to staff as it is, with a non-zero exit or a proper page; anything else is a mistake of the program."""
