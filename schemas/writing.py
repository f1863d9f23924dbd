"""Writing JSON fast. What is read is read by `schemas.reading`, strictly; what is written is ours."""

from typing import Any

from pydantic_core import to_json


def write_json(value: Any) -> str:
    """Return a value of plain Python as JSON in one line; instants in ISO 8601."""
    return to_json(value).decode()
