"""The words of a provider without what only its makers need."""

from __future__ import annotations

import re

WITHOUT: tuple[tuple[str, str], ...] = (
    (r"^error: ", ""),
    (r"\b\d+ errors? occurred:\s*\*?\s*", ""),
    (r"\bsdk-v\d/\S+?: ", ""),
    (r"\bsdk\.helper_schema: ", ""),
    (r"\brpc error: code = \w+ desc = ", ""),
    (r"\bhttps response error ", ""),
    (r"\b(?:RequestID|HostID|request id|Request ID|RequestId|host id): ?[\w+/=.-]*(?:, ?| (?=\S))?", ""),
    (r"\b(?:StatusCode|status code): ?\d+,? ?", ""),
    (r"\bEncoded authorization failure message: ?\S+", ""),
    (r": provider=\S+@[\w.+-]+$", ""),
)
"""What is left out of an error of the AWS provider, of its SDK and of gRPC; the log of the operation has it whole."""


def plain_words(text: str) -> str:
    """A message on one line, without request ids, status codes and where in the provider's code it was written."""
    plain = " ".join(text.split())
    for pattern, instead in WITHOUT:
        plain = re.sub(pattern, instead, plain)
    return re.sub(r"(?::\s*)+$", "", " ".join(plain.split())).strip(" ,;*")
