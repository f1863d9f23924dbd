"""Reading forms, kept as they came."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request


async def raw_form(request: Request) -> str:
    """Return the body of a form as it came, byte for sign. How much comes is bounded before."""
    return b"".join([part async for part in request.stream()]).decode("latin-1")


def fields_of(form: str) -> Mapping[str, str]:
    """Return the fields of a form; the last one counts where a name comes twice. What is no form has none."""
    return dict(parse_qsl(form, keep_blank_values=True))
