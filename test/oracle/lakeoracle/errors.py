"""The two ways a thing cannot be read."""


class CannotRead(Exception):
    """HQ, the lake or the configuration cannot be read: nothing can be said, exit 2."""


class Unreadable(Exception):
    """One record has no readable document: the lake must not hold a row made of it."""
