"""What a URN says: ``urn:pulumi:<stack>::<project>::<types of its parents>$<type>::<name>``. A name may hold ``::``, a type never does."""

from __future__ import annotations


def types_of(urn: str) -> str:
    """The types of the parents and its own, outermost first, with ``$`` between them."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type, ``aws:s3/bucket:Bucket``."""
    return types_of(urn).rpartition("$")[2]


def name_of(urn: str) -> str:
    """The logical name, ``lake-raw``."""
    return urn.split("::", 3)[3]
