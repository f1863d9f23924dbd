"""Reading forms: bounded, and kept as they came."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from contactpoints.rules.refusals import TooLarge

MOST_BYTES = 16_384


async def raw_form(request: Request) -> str:
    """Return the body of a form as it came, byte for sign. Raises `TooLarge` without reading the rest."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > MOST_BYTES:
            raise TooLarge(f"A form has at most {MOST_BYTES} bytes.")
    return raw.decode("latin-1")


def fields_of(form: str) -> Mapping[str, str]:
    """Return the fields of a form; the last one counts where a name comes twice. What is no form has none."""
    return dict(parse_qsl(form, keep_blank_values=True))
