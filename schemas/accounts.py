"""Accounts of persons, invitations and sessions as they cross the wall. Secrets go in, and each new one out once."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import StringConstraints
from typing_extensions import TypedDict

from schemas.access import Belonging, Role
from schemas.faults import form
from schemas.fields import Email, Id, Language, Moment, Shape, ShortLine, ZoneName
from schemas.openid import ProviderName

_TOKEN = form(r"^[A-Za-z0-9_-]{16,100}$", "must be as it was handed out")
_SECRET = form(r"^[^\x00-\x1F\x7F-\x9F]*$", "must be one line of text")
_CODE = form(
    r"^([0-9]{6}|[0-9A-Za-z]{4}(-[0-9A-Za-z]{4}){3})$",
    "must be the 6 digits of the authenticator, or a recovery code, as in 2345-6789-ABCD-EFGH",
)
_DIGITS = form(r"^[0-9]{6}$", "must be the 6 digits that the authenticator shows")

Token = Annotated[str, StringConstraints(pattern=_TOKEN)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=_SECRET)]
OneTimeCode = Annotated[str, StringConstraints(pattern=_DIGITS)]
Code = Annotated[str, StringConstraints(pattern=_CODE)]
FactorName = Literal["password", "totp", "recovery_code", "passkey", "openid", "openid_mfa"]


class Standing(Belonging):
    """Who somebody is here, and which officer, if any. `openid`: which provider's sign-in opens the account too."""

    name: ShortLine
    officer_id: Id | None = None
    language: Language = "en"
    openid: ProviderName | None = None


class NewAccount(Standing):
    """An account to be made; its link goes to `email`, by which the person then signs in."""

    email: Email


class Look(Shape):
    """The token of an invitation: what stands behind the last slash of its link."""

    token: Token


class Acceptance(Look):
    """What makes an invitation an account. `name` and `email` are asked for where the invitation has none."""

    password: Password
    code: OneTimeCode
    name: ShortLine | None = None
    email: Email | None = None


class SignIn(Shape):
    """The first step of signing in. `device` is by what the session is known again in the list; else the program."""

    email: Email
    password: Password
    device: ShortLine | None = None


class SecondStep(Shape):
    """The second step: the `sign_in` that the first one answered, and a code. `cookie`: the session is a browser's."""

    sign_in: Token
    code: Code
    cookie: bool = False


class StepUp(Shape):
    """A fresh code, for what needs one."""

    code: Code


class NewPassword(Shape):
    """Another password, by whoever knows the one before."""

    old_password: Password
    password: Password


class AccountOut(TypedDict):
    """An account. `invited_until`: the link still works until then. Whoever is `disabled_at` comes in no more."""

    id: int
    name: str | None
    email: str | None
    role: Role
    party: str | None
    contact_point_id: int | None
    officer_id: int | None
    authority: str
    language: Language
    openid: str | None
    created_at: Moment
    created_by: int | None
    invited_until: Moment | None
    accepted_at: Moment | None
    disabled_at: Moment | None


class AccountPage(TypedDict):
    """Accounts, by their numbers."""

    items: list[AccountOut]
    next_cursor: str | None


class InvitedOut(TypedDict):
    """Who is invited, and the secret that an authenticator takes, as `otpauth:` address and by itself.

    ``openid``: the provider of an organisation that opens the account as well, if one does.
    """

    name: str | None
    email: str | None
    role: Role
    party: str | None
    authority: str
    openid: str | None
    expires_at: Moment
    totp_uri: str
    totp_secret: str


class AcceptedOut(TypedDict):
    """The account and its recovery codes, each good once in the place of the authenticator, shown only here."""

    account_id: int
    recovery_codes: list[str]


class RecoveryCodesOut(TypedDict):
    """New recovery codes, shown only here; the ones before are good no more."""

    recovery_codes: list[str]


class SignInOut(TypedDict):
    """What was proven, which of several factors is still wanted, and until when."""

    sign_in: str
    proven: list[FactorName]
    wanted: list[FactorName]
    expires_at: Moment


class SessionOut(TypedDict):
    """A session: with what somebody came in, from where, by what device, and until when it lasts if nobody uses it.

    `fresh_until`: until then the second factor counts as fresh.
    """

    id: int
    account_id: int
    device: str
    address: str | None
    factors: list[FactorName]
    created_at: Moment
    seen_at: Moment
    expires_at: Moment
    fresh_until: Moment
    current: bool


class BegunOut(SessionOut):
    """A session with its new `token`, shown only here; null where it went into the cookie."""

    token: str | None


class SessionsOut(TypedDict):
    """The sessions that have not ended, the newest first."""

    items: list[SessionOut]


_Examples = Mapping[str, Mapping[str, Any]]
_STANDING: Mapping[str, Any] = {
    "name": "Ada Example",
    "role": "administrator",
    "party": "FR",
    "authority": "Invented desk",
    "language": "fr",
}
INVITED: _Examples = {"an administrator": {**_STANDING, "email": "ada@fr.example.org"}}
STANDINGS: _Examples = {"an administrator": _STANDING}
LOOKS: _Examples = {"a link": {"token": "Yk3vJ8hC2mQ4xT6wR9zB1nD5sF7gL0pA"}}
ACCEPTANCES: _Examples = {
    "a long sentence": {
        "token": "Yk3vJ8hC2mQ4xT6wR9zB1nD5sF7gL0pA",
        "password": "three lamps above a quiet harbour",
        "code": "492039",
    }
}
SIGN_INS: _Examples = {
    "by password": {"email": "ada@fr.example.org", "password": "three lamps above a quiet harbour", "device": "Desk 4"}
}
SECOND_STEPS: _Examples = {
    "by authenticator": {"sign_in": "Yk3vJ8hC2mQ4xT6wR9zB1nD5sF7gL0pA", "code": "492039"},
    "by recovery code": {"sign_in": "Yk3vJ8hC2mQ4xT6wR9zB1nD5sF7gL0pA", "code": "2345-6789-ABCD-EFGH", "cookie": True},
}
STEP_UPS: _Examples = {"by authenticator": {"code": "492039"}}
NEW_PASSWORDS: _Examples = {
    "another": {
        "old_password": "three lamps above a quiet harbour",
        "password": "no boat leaves before the fog lifts",
    }
}


class OwnPlace(Shape):
    """In which language somebody is spoken to, and by the clocks of which IANA zone times are told."""

    language: Language
    zone: ZoneName
