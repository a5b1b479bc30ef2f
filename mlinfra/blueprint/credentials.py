"""Credentials that were pasted into a blueprint: found by their shape, refused wherever they stand, never repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

SHAPES: Mapping[str, re.Pattern[str]] = {
    "an AWS access key": re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[\s\S]*"),
    "a GitHub token": re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    "a GitLab token": re.compile(r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{16,}"),
    "a Slack token": re.compile(
        r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/\S+"
    ),
    "a Hugging Face token": re.compile(r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{20,}"),
    "an API key": re.compile(r"(?<![A-Za-z0-9])sk-(?=[A-Za-z0-9_-]*[0-9])(?=[A-Za-z0-9_-]*[A-Z])[A-Za-z0-9_-]{20,}"),
    "a Google API key": re.compile(r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}"),
    "a package token": re.compile(
        r"(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,})"
    ),
    "a signed token (JWT)": re.compile(r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    "a password in a URL": re.compile(r"(?<=://)[^\s/:@${}]+:[^\s/@${}]+(?=@)"),
}
"""What a credential looks like, in the words of a message.

Tokens of each maker by the prefix that the maker documents.
"""

SECRET_KEY = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
HIDDEN = "[hidden]"


def credential_in(text: str) -> str | None:
    """What kind of credential ``text`` holds, in words; None if none is seen."""
    for words, shape in SHAPES.items():
        if shape.search(text):
            return words
    return "an AWS secret key" if any(_random(found.group()) for found in SECRET_KEY.finditer(text)) else None


def masked(text: str) -> str:
    """``text`` without the credentials in it."""
    for shape in SHAPES.values():
        text = shape.sub(HIDDEN, text)
    return SECRET_KEY.sub(lambda found: HIDDEN if _random(found.group()) else found.group(), text)


def _random(text: str) -> bool:
    """Whether 40 characters look drawn by lot: all three sorts, few repeats,
    and neither a path of words nor a hexadecimal digest.
    """
    sorts = (any(c.isupper() for c in text), any(c.islower() for c in text), any(c.isdigit() for c in text))
    changes = sum(_sort(a) != _sort(b) for a, b in pairwise(text))
    return all(sorts) and len(set(text)) >= 18 and changes >= 14


def _sort(character: str) -> int:
    return 0 if character.isdigit() else 1 if character.isupper() else 2 if character.islower() else 3
