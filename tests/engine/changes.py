"""Changes to the shipped blueprints: what somebody would write next. Applied one after the other, each on top of the one before."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

BLUEPRINTS = Path(__file__).parent.parent.parent / "blueprints"


class Change(NamedTuple):
    """What it does, and the texts that it replaces."""

    what: str
    exchanged: tuple[tuple[str, str], ...]

    def on(self, text: str) -> str:
        """The blueprint after it. A text that is not there is an error of the table."""
        for old, new in self.exchanged:
            assert text.count(old) == 1, f"{self.what}: {old!r} is there {text.count(old)} times"
            text = text.replace(old, new)
        return text


def _change(what: str, *exchanged: tuple[str, str]) -> Change:
    return Change(what, exchanged)


END = "components:\n  # Encrypts everything"
IMAGES = """\
  second: {kind: encryption_key}
  images: {kind: container_registry, repositories: [app], key: key, shared_with: ["210987654321"]}
"""
MINIMAL = (
    _change("a value", ("scan_limit_gib: 100}", "scan_limit_gib: 250}")),
    _change("a tag on everything", ("owner: ml-team ", "owner: other-team ")),
    _change("another version of the model", ('default: "1", description', 'default: "2", description')),
    _change("another type of instance", ("ml.m5.large", "ml.m5.xlarge")),
    _change("a component more", (END, END.replace("\n", "\n  more: {kind: bucket, key: key}\n", 1))),
    _change("another grant", ("access: {lake: read}", "access: {lake: write, more: read}")),
    _change("another address, which replaces", ("ml-oncall@example.com", "ml-night@example.com")),
    _change("a zone more", ("zones: [raw, features]", "zones: [raw, features, gold]")),
    _change("a zone less", ("zones: [raw, features, gold]", "zones: [features, gold]")),
    _change("a component renamed", ("  more: {kind", "  other: {kind"), ("more: read}", "other: read}")),
    _change("a component and its grants removed", ("  other: {kind: bucket, key: key}\n", ""), (", other: read}", "}")),
    _change("a group more and one less", ("groups: [churn]", "groups: [churn, fraud]")),
    _change("another group is served", ("group: churn", "group: fraud"), ("groups: [churn, fraud]", "groups: [fraud]")),
    _change("images and another key", (END, END.replace("\n", f"\n{IMAGES}", 1))),
    _change("another key for images, whose names stay", ("[app], key: key, shared", "[app], key: second, shared")),
)
SERVING = (
    _change(
        "scaling, another model, other nodes",
        ("scaling: {min: 2, max: 6, target: 24}", "scaling: {min: 2, max: 9, target: 30}"),
        ("default: qwen3-8b, ", "default: qwen3-14b, "),
        ("[g6e.xlarge, g6e.2xlarge]", "[g6e.2xlarge, g6e.4xlarge]"),
    ),
    _change("a zone less", ("    key: key\n    zones: 3", "    key: key\n    zones: 2")),
    _change(
        "another network and a tag",
        ("cidr: 10.40.0.0/16", "cidr: 10.50.0.0/16"),
        ("owner: ml-platform", "owner: others"),
    ),
)


def minimal() -> str:
    """The smallest blueprint that is shipped."""
    return (BLUEPRINTS / "minimal.yaml").read_text("utf-8")


def serving() -> str:
    """The one with a cluster."""
    return (BLUEPRINTS / "llm-serving.yaml").read_text("utf-8")
