"""The figures of speed: each is one command, ``python -m bench FIGURE``."""
