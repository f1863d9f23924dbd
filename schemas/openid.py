"""Providers of OpenID Connect, as the operator configures them: whose people sign in by which, and as what."""

from typing import Annotated

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from schemas.access import WITHOUT_PARTY, Role
from schemas.faults import form, wrong
from schemas.fields import Line, PartyCode, Shape, ShortLine

_NAME = form(r"^[a-z0-9]+(-[a-z0-9]+)*$", "must be small letters, digits and hyphens")
_ISSUER = form(
    r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$", "must be an https address without a question mark"
)
_HOST = form(r"^[a-z0-9.-]+(:[0-9]{1,5})?$", "must be a host, as in keys.example.org or keys.example.org:8443")
_SCOPE = form(r"^[\x21\x23-\x5B\x5D-\x7E]+$", "must be a scope, without spaces")

ProviderName = Annotated[str, StringConstraints(pattern=_NAME, max_length=40)]
_Issuer = Annotated[str, StringConstraints(pattern=_ISSUER, max_length=500)]
_Host = Annotated[str, StringConstraints(pattern=_HOST, max_length=260)]
_Scope = Annotated[str, StringConstraints(pattern=_SCOPE, max_length=100)]
_Secret = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class Provider(Shape):
    """The sign-in of one organisation, which is a Party's or the secretariat's.

    `roles`: what a value of `claim` in the ID token lets somebody be. `two_factors`: the provider always demands two;
    else they count where `amr` says `mfa` or `acr` is one of these. `new_accounts`: whoever has a role there gets an
    account at the first sign-in, at `authority`. `hosts`: further hosts at which the provider is asked.
    """

    name: ProviderName
    title: ShortLine
    issuer: _Issuer
    client_id: Line
    client_secret: _Secret = Field(repr=False)
    party: PartyCode | None = None
    secretariat: bool = Field(default=False, validate_default=True)
    claim: ShortLine = "groups"
    roles: dict[ShortLine, Role] = Field(min_length=1)
    authority: ShortLine | None = None
    two_factors: bool = False
    acr: tuple[ShortLine, ...] = ()
    scopes: tuple[_Scope, ...] = ("email", "profile")
    hosts: tuple[_Host, ...] = ()
    new_accounts: bool = False

    @field_validator("secretariat")
    @classmethod
    def _one_house(cls, secretariat: bool, info: ValidationInfo) -> bool:
        if "party" in info.data and secretariat == (info.data["party"] is not None):
            raise wrong("missing", "must be true where there is no party, and left out where there is one")
        return secretariat

    @field_validator("roles")
    @classmethod
    def _of_the_house(cls, roles: dict[str, Role], info: ValidationInfo) -> dict[str, Role]:
        secretariat = info.data.get("secretariat")
        if secretariat is not None and any((role in WITHOUT_PARTY) != secretariat for role in roles.values()):
            raise wrong("not_allowed", "must be roles of the Party; secretariat and auditor only of the secretariat")
        return roles

    @field_validator("new_accounts")
    @classmethod
    def _not_of_the_secretariat(cls, new_accounts: bool, info: ValidationInfo) -> bool:
        if new_accounts and info.data.get("secretariat"):
            raise wrong("not_allowed", "must be left out: accounts of the secretariat are made by people")
        return new_accounts


class Providers(Shape):
    """All of them."""

    providers: tuple[Provider, ...] = Field(max_length=300)

    @field_validator("providers")
    @classmethod
    def _each_once(cls, providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
        if len({each.name for each in providers}) < len(providers):
            raise wrong("twice", "must each have a name of its own")
        return providers
