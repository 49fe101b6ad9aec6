"""Counts tokens as OpenAI's newer models do (o200k), without the network.

`bpe-openai` carries the encoding inside of its wheel: `pip install bpe-openai`. Only the bench needs it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import bpe_openai


@cache
def _encoding() -> bpe_openai.Encoding:
    return bpe_openai.get_encoding("o200k_base")


def compact(value: object) -> str:
    """A value as JSON without blanks, as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tokens(value: Any) -> int:
    """Tokens of a text, or of a value as compact JSON."""
    text = value if isinstance(value, str) else compact(value)
    # A text that looks like a control token is a text here.
    return len(_encoding().encode_ordinary(text))


def size(value: Any) -> int:
    """Bytes of a text, or of a value as compact JSON, in UTF-8."""
    return len((value if isinstance(value, str) else compact(value)).encode())
