"""Second factors: one-time codes of an authenticator (RFC 6238), each good once, and recovery codes in its place."""

import base64
import hmac
from datetime import datetime, timedelta

from pyotp import TOTP

from contactpoints.actions.tools import Tools
from contactpoints.rules.codes import new_token
from contactpoints.rules.refusals import Unavailable
from contactpoints.rules.sessions import Factor
from contactpoints.store import accounts
from contactpoints.store.database import Row, Session
from contactpoints.store.sealing import Unsealable, peppered, totp_place

_ISSUER = "contactpoints"
_STEP = timedelta(seconds=30)
_RECOVERY_CODES = 10
_DIGITS = 6


def new_secret(tools: Tools) -> str:
    """Return a new secret of 160 bits, as RFC 4226 asks for, in the letters that people can type."""
    return base64.b32encode(tools.entropy(20)).decode()


def seal(secret: str, *, account: int, tools: Tools) -> bytes:
    """Return a secret as it is kept."""
    return tools.keyring.seal(secret.encode(), place=totp_place(account))


def unseal(sealed: bytes, *, account: int, tools: Tools) -> str:
    """Return a secret that was sealed. Raises `Unavailable` where this process lacks the key."""
    try:
        return tools.keyring.open(sealed, place=totp_place(account)).decode()
    except Unsealable:
        raise Unavailable("One-time codes cannot be judged here just now; the operator has been told why.") from None


def uri(secret: str, *, name: str) -> str:
    """Return what an authenticator reads, as a picture or a link."""
    return str(TOTP(secret, issuer=_ISSUER, name=name).provisioning_uri())


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """Return the step whose one-time code this is, of the present one and its neighbours; None for any other code."""
    totp, present = TOTP(secret), int(now.timestamp()) // int(_STEP.total_seconds())
    right = [step for step in (present - 1, present, present + 1) if hmac.compare_digest(totp.generate_otp(step), code)]
    return max(right, default=None)


def new_recovery_codes(tools: Tools) -> list[str]:
    """Return new recovery codes: 16 signs in fours, 79 bits each."""
    drawn = (new_token(tools.entropy(16)) for _ in range(_RECOVERY_CODES))
    return ["-".join(each[place : place + 4] for place in range(0, len(each), 4)) for each in drawn]


def recovery_hash(code: str, *, tools: Tools) -> bytes:
    """Return a recovery code as it is kept."""
    return peppered(tools.pepper, f"recovery code {code.upper()}")


async def spend(session: Session, account: Row, *, code: str, now: datetime, tools: Tools) -> Factor | None:
    """Use a code up, one-time or recovery; return what it proves, or None for one that is wrong or was used before."""
    if len(code) == _DIGITS:
        if account["totp_sealed"] is None:
            return None
        step = step_of(unseal(account["totp_sealed"], account=account["id"], tools=tools), code, now=now)
        right = step is not None and await accounts.spend_step(session, account["id"], step=step)
        return "totp" if right else None
    code_hash = recovery_hash(code, tools=tools)
    right = await accounts.spend_recovery_code(session, account["id"], code_hash=code_hash, now=now)
    return "recovery_code" if right else None
