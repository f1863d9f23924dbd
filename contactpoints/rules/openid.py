"""What an organisation's own sign-in lets somebody do here: which roles it gives, and whether it is two factors."""

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contactpoints.rules.sessions import FRESH, Factor
from schemas.openid import Provider

SIGNING_IN = timedelta(minutes=10)
"""How long somebody may be away at the provider."""
LEEWAY = timedelta(seconds=60)
"""By how much the clock of a provider may differ from ours."""
_MANY_FACTORS = "mfa"  # RFC 8176


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a provider once. Nonce and verifier are made of what only the asking browser keeps."""

    state: str = field(repr=False)
    browser: str = field(repr=False)
    return_to: str

    @property
    def nonce(self) -> str:
        """What the ID token has to repeat."""
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        """What shows the provider that the code is handed in by who asked for it (RFC 7636)."""
        return self._made("verifier")

    def _made(self, purpose: str) -> str:
        made = hmac.digest(self.browser.encode(), f"{purpose} {self.state}".encode(), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider says somebody is, in an ID token that was checked. ``values``: those of the provider's claim.

    ``email`` is folded, and there only where the provider says that it has verified it. ``auth_time``: when the person
    was last asked who they are, None where the provider does not say.
    """

    issuer: str
    subject: str
    email: str | None
    name: str | None
    values: frozenset[str]
    amr: frozenset[str]
    acr: str | None
    auth_time: datetime | None


def opens(provider: Provider | None, role: str, *, party: str | None) -> bool:
    """Say whether a provider may open an account of this role and Party, or without one."""
    return provider is not None and provider.party == party and role in provider.roles.values()


def roles_given(provider: Provider, identity: Identity) -> frozenset[str]:
    """Return what the provider lets somebody be."""
    return frozenset(role for value, role in provider.roles.items() if value in identity.values)


def factor_of(provider: Provider, identity: Identity) -> Factor:
    """Return what such a sign-in proves: two factors only where the provider, or what is known of it, says so."""
    many = provider.two_factors or _MANY_FACTORS in identity.amr or identity.acr in provider.acr
    return "openid_mfa" if many else "openid"


def proven_at(identity: Identity, *, now: datetime) -> datetime:
    """Return since when two factors count as shown: whoever was asked nothing just now has none that is fresh."""
    return now - FRESH if identity.auth_time is None else min(identity.auth_time, now)


def was_asked_anew(identity: Identity, *, since: datetime) -> bool:
    """Say whether the provider has asked the person who they are after an instant, and did not just remember it."""
    return identity.auth_time is not None and identity.auth_time >= since - LEEWAY
