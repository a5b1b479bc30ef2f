"""Texts below attributes: found whatever stands around the class, and only where there is source."""

from __future__ import annotations

from mlinfra.components._documented import Documented, attribute_docs


class Base(Documented):
    """A base."""

    first: int
    """From the
    base."""
    silent: int = 1


class Derived(Base):
    """Derived."""

    second: str = ""
    """Its own."""

    class Inner:
        """Inside."""

        third: int
        """Of the inner one."""


def test_texts_of_bases_and_inner_classes_are_found() -> None:
    assert attribute_docs(Derived) == {"first": "From the\nbase.", "second": "Its own."} | attribute_docs(Documented)
    assert attribute_docs(Derived.Inner) == {"third": "Of the inner one."}


def test_texts_of_a_class_in_a_function_are_found() -> None:
    class Local:
        name: str
        """Here."""

    assert attribute_docs(Local) == {"name": "Here."}


def test_a_class_without_source_has_none() -> None:
    assert attribute_docs(type("Made", (), {"__annotations__": {"x": int}})) == {}


def test_the_json_schema_holds_them() -> None:
    found = Derived.model_json_schema()["properties"]
    assert {name: field.get("description") for name, field in found.items()} == {
        "first": "From the\nbase.",
        "silent": None,
        "second": "Its own.",
    }
