"""Passkeys as they cross the wall: what a browser is asked to sign, and what it answers, in the forms of WebAuthn."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from schemas.accounts import Look
from schemas.faults import wrong
from schemas.fields import Email, Moment, Shape, ShortLine


def _answered(told: dict[str, Any]) -> dict[str, Any]:
    response = told.get("response")
    texts = (told.get("id"), told.get("rawId"), response.get("clientDataJSON") if isinstance(response, dict) else None)
    if told.get("type") != "public-key" or not all(isinstance(each, str) for each in texts):
        raise wrong("malformed", "must be what a browser answers, as PublicKeyCredential.toJSON() writes it")
    return told


Credential = Annotated[
    dict[str, Any],
    AfterValidator(_answered),
    Field(description="What the browser answered, as `PublicKeyCredential.toJSON()` writes it."),
]


class ShownPasskey(Shape):
    """A passkey that was shown."""

    credential: Credential


class PasskeySignIn(ShownPasskey):
    """Signing in by a passkey. `device` is by what the session is known again; `cookie`: it is a browser's."""

    device: ShortLine | None = None
    cookie: bool = False


class PasskeyName(Shape):
    """By what somebody knows a passkey again."""

    name: ShortLine


class NewPasskey(PasskeyName):
    """A passkey that was made a moment ago."""

    credential: Credential


class PasskeyAcceptance(Look):
    """What makes an invitation an account that is opened by a passkey, which is called `passkey`.

    `name` and `email` are asked for where the invitation has none.
    """

    credential: Credential
    passkey: ShortLine
    name: ShortLine | None = None
    email: Email | None = None


class PasskeyOptionsOut(TypedDict):
    """What a browser is asked: `public_key` is for `navigator.credentials`, and its challenge is good once.

    It is what `PublicKeyCredential.parseRequestOptionsFromJSON`, or where a passkey is to be made
    `parseCreationOptionsFromJSON`, takes.
    """

    public_key: dict[str, Any]
    expires_at: Moment


class PasskeyOut(TypedDict):
    """A passkey. `used_at` is when it was last shown; null where it was only made."""

    id: int
    name: str
    created_at: Moment
    used_at: Moment | None


class PasskeysOut(TypedDict):
    """The passkeys of an account, the oldest first."""

    items: list[PasskeyOut]


_Examples = Mapping[str, Mapping[str, Any]]
_TOKEN = "Yk3vJ8hC2mQ4xT6wR9zB1nD5sF7gL0pA"
_ID = "hP2m8oXKQfq1n0sJ3rTzYw"
_GET = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiTnpVIiwib3JpZ2luIjoiaHR0cHM6Ly9hLmV4YW1wbGUifQ"
_CREATE = "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiTnpVIiwib3JpZ2luIjoiaHR0cHM6Ly9hLmV4YW1wbGUifQ"
_SHOWN: Mapping[str, Any] = {
    "id": _ID,
    "rawId": _ID,
    "type": "public-key",
    "response": {
        "clientDataJSON": _GET,
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4",
        "signature": "MEUCIQ",
    },
}
_MADE: Mapping[str, Any] = {
    "id": _ID,
    "rawId": _ID,
    "type": "public-key",
    "response": {"clientDataJSON": _CREATE, "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YQ"},
}
SHOWN: _Examples = {"as the browser answered": {"credential": _SHOWN}}
PASSKEY_SIGN_INS: _Examples = {"in a browser": {"credential": _SHOWN, "device": "Desk 4", "cookie": True}}
NEW_PASSKEYS: _Examples = {"a key on a ring": {"name": "Key on my ring", "credential": _MADE}}
PASSKEY_NAMES: _Examples = {"another name": {"name": "Key in the safe"}}
PASSKEY_ACCEPTANCES: _Examples = {
    "a telephone": {"token": _TOKEN, "passkey": "My telephone", "credential": _MADE},
}
