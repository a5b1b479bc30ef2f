"""The kinds: one folder per capability, one file per kind; the file's name is the kind.

Import a kind from its file (``from mlinfra.components.data.bucket import Bucket``) or find it by name in ``_registry``.
"""
