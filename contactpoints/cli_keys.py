"""The command line about API keys: `contactpoints key create | list | limit | sign | rotate | revoke`."""

import argparse
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from contactpoints.actions import keys
from contactpoints.actions.access import find_actor, make_key
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.key_limits import limits_of, read_limits, told_limits
from contactpoints.rules.refusals import Invalid
from contactpoints.rules.signing import said_signing
from contactpoints.runtime import Runtime
from contactpoints.settings import Settings
from schemas.access import KeyLimits, KeyRotation, KeyTerms, NewKey, NewPin
from schemas.calling_back import CallBackTerms
from schemas.faults import Fault
from schemas.reading import validate
from schemas.signing import Signing, SigningKey

Opened: TypeAlias = Callable[[Settings], AbstractAsyncContextManager[Runtime]]
_Told = TypeVar("_Told", NewKey, NewPin)
_MAY = {True: "must be", False: "may be"}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", opened: Opened) -> None:
    """Add the command, which works with what ``opened`` opens."""
    does = _Acts(opened)
    acts = commands.add_parser("key", help="make, list, limit, rotate and revoke API keys").add_subparsers(
        dest="act_", required=True
    )
    make = acts.add_parser("create", help="make an API key; its secret is shown once")
    make.add_argument("--role", required=True, choices=[role.value for role in Role])
    make.add_argument("--party", help="ISO 3166-1 alpha-2; none for secretariat and auditor")
    make.add_argument("--authority", required=True, help="whose key it is")
    make.add_argument("--contact-point", type=int, dest="contact_point_id", metavar="NUMBER")
    make.add_argument("--notify", action="append", default=[], help="where news of alerts go; up to 3")
    make.add_argument("--language", default="en", help="of the news: en, fr or es")
    make.add_argument("--expires", dest="expires_at", metavar="DATE", help="2027-01-31, or an instant with its offset")
    make.add_argument("--holder", type=int, dest="holder_id", metavar="ACCOUNT", help="the person who holds it")
    _add_limits(make)
    acts.add_parser("list", help="list the keys, without their secrets").set_defaults(act=does.list)
    limit = acts.add_parser("limit", help="limit a key to what is said here, and to nothing else; at once")
    _add_limits(limit)
    sign = acts.add_parser("sign", help="say by which public keys requests are signed (docs/signing.md); at once")
    sign.add_argument(
        "--public-key", action="append", dest="keys", default=[], metavar="FILE", type=_pem, help="Ed25519"
    )
    sign.add_argument("--required", action="store_true", help="refuse every request that is not signed")
    sign.add_argument("--others-end", metavar="DATE", help="until when other public keys count; at once unless said")
    rotate = acts.add_parser("rotate", help="make a key that takes the place of another; its secret is shown once")
    rotate.add_argument("--ends", metavar="DATE", help="when the old one ends: in 7 days unless said, at most in 90")
    rotate.add_argument("--holder", type=int, metavar="ACCOUNT", help="the person who holds the new one")
    revoke = acts.add_parser("revoke", help="make a key useless at once")
    others = ((limit, does.limit), (sign, does.sign), (rotate, does.rotate), (revoke, does.revoke))
    for each, act in ((make, does.make), *others):
        each.set_defaults(act=act)
        if each is not make:
            each.add_argument("number", type=int)


def _pem(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii")
    except (OSError, ValueError):
        raise argparse.ArgumentTypeError(f"{file} cannot be read as a key in PEM") from None


def _add_limits(to: argparse.ArgumentParser) -> None:
    to.add_argument("--kind", action="append", dest="kinds", help="opens alerts of this kind; several by repeating it")
    to.add_argument("--from", action="append", dest="addresses", metavar="NETWORK", help="used from 192.0.2.0/24 alone")
    to.add_argument(
        "--hours", action="append", metavar="HOURS", help='"mon-fri 08:00-18:00 Europe/Paris"; days may be left out'
    )


def read_told(shape: type[_Told], asked: argparse.Namespace) -> _Told:
    """Return what was told on the command line in a shape; of a day its beginning in UTC is meant."""
    told = {name: getattr(asked, name) for name in shape.model_fields if hasattr(asked, name)}
    return validate(shape, told | {"expires_at": _begun(told["expires_at"])})


def _begun(text: str | None) -> str | None:
    return f"{text}T00:00:00Z" if text is not None and "T" not in text else text


def must_be_ahead(expires_at: datetime | None, now: datetime) -> None:
    """Raise `Invalid` for an end that is past."""
    if expires_at is not None and expires_at <= now:
        raise Invalid([Fault("/expires_at", "in_the_past", "It would have expired already.")])


def _limits(asked: argparse.Namespace) -> dict[str, Any]:
    hours = None if asked.hours is None else [_read_hours(each, number) for number, each in enumerate(asked.hours)]
    return {"kinds": asked.kinds, "addresses": asked.addresses, "hours": hours}


def _read_hours(text: str, number: int) -> dict[str, Any]:
    *days, span, zone = text.split() if len(text.split()) > 1 else ("", "", "")
    start, dash, end = span.partition("-")
    weekdays = {day for each in days for day in _weekdays(each)}
    if not dash or None in weekdays:
        raise Invalid([Fault(f"/limits/hours/{number}", "wrong_form", "Is it: mon-fri 08:00-18:00 Europe/Paris?")])
    return {"zone": zone, "weekdays": sorted(weekdays), "hours_from": start, "hours_until": end}


def _weekdays(text: str) -> Iterator[int | None]:
    """Yield the weekdays of ``mon`` or ``mon-fri``; None where it says something else."""
    first, _, last = text.lower().partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        yield None
        return
    since, until = _DAYS.index(first), _DAYS.index(last or first)
    yield from (day % len(_DAYS) for day in range(since, until + 1 + (len(_DAYS) if until < since else 0)))


def _state(key: keys.Shown, now: datetime) -> str:
    if key["revoked_at"]:
        return f"revoked {key['revoked_at'][:10]}"
    if key["expires_at"]:
        ended = datetime.fromisoformat(key["expires_at"]) <= now
        return f"{'expired' if ended else 'until'} {key['expires_at'][:10]}"
    return "valid"


def _more(key: keys.Shown) -> Iterator[str]:
    """Yield what else is to be told of a key, in a line each."""
    if limited := told_limits(read_limits(key["limits"])):
        yield f"limited to: {limited}"
    if key["signing"]["keys"]:
        names = ", ".join(each["fingerprint"] for each in key["signing"]["keys"])
        yield f"requests {_MAY[key['signing']['required']]} signed by: {names}"
    if key["call_back"]["persons"]:
        names = ", ".join(each["name"] for each in key["call_back"]["persons"])
        yield f"requests {_MAY[key['call_back']['required']]} confirmed by: {names}"
    if key["holder_id"]:
        yield f"held by account number {key['holder_id']}"
    if key["last_used_from"]:
        yield f"last used from {key['last_used_from']}"
    if key["rotated_from"]:
        yield f"took the place of number {key['rotated_from']}"
    if key["rotated_to"]:
        yield f"number {key['rotated_to']} takes its place"
    yield from (warning["detail"] for warning in key["warnings"])


class _Acts:
    """What can be done about keys, with what ``opened`` opens."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    async def make(self, settings: Settings, asked: argparse.Namespace) -> None:
        """Make a key, and print its secret."""
        asked.limits = _limits(asked)
        new = read_told(NewKey, asked)
        faults = keys.limit_faults(new.limits, role=Role(new.role))
        if faults:
            raise Invalid(faults)
        actor = Actor(
            *(0, Role(new.role), new.party, new.authority, new.contact_point_id, new.notify, new.language),
            limits=limits_of(new.limits),
            holder=new.holder_id,
        )
        async with self._opened(settings) as runtime:
            now = runtime.now()
            must_be_ahead(new.expires_at, now)
            secret = await make_key(runtime.db, actor, now=now, entropy=secrets.token_bytes, expires_at=new.expires_at)
            made = await find_actor(runtime.db, secret=secret, now=now)
        print(secret)
        if made is not None:
            # Beside what is printed, so that a script which keeps that keeps the secret alone.
            print(f"It is API key number {made.number}.", file=sys.stderr)

    async def list(self, settings: Settings, _: argparse.Namespace) -> None:
        """Print the keys, without their secrets."""
        async with self._opened(settings) as runtime:
            now = runtime.now()
            kept = await keys.listing(runtime.db, actor=None, now=now)
        widest = max([9, *(len(key["authority"]) for key in kept)])
        heads = f"{'last used':16}  {'authority':{widest}}  notify"
        print(f"number  role           Party  contact point  created     state               {heads}")
        for key in kept:
            used = (key["last_used_at"] or "never").replace("T", " ")[:16]
            print(
                f"{key['id']:<6}  {key['role']:13}  {key['party'] or '':5}  {key['contact_point_id'] or '':<13}  "
                f"{key['created_at'][:10]}  {_state(key, now):18}  {used:16}  {key['authority']:{widest}}  "
                f"{', '.join(key['notify'])}".rstrip()
            )
            for told in _more(key):
                print(f"        {told}")

    async def limit(self, settings: Settings, asked: argparse.Namespace) -> None:
        """Limit a key to what was said."""
        limits = validate(KeyLimits, _limits(asked))
        changed = await self._change(settings, asked.number, to=lambda key: {"limits": limits})
        told = (
            told_limits(read_limits(changed["limits"]))
            or "nothing: it opens alerts of every kind, from everywhere, always"
        )
        print(f"API key number {asked.number} is limited to: {told}.")

    async def sign(self, settings: Settings, asked: argparse.Namespace) -> None:
        """Say by which public keys requests of a key are signed."""
        new = [validate(SigningKey, {"public_key": each}) for each in asked.keys]
        end = None if asked.others_end is None else validate(KeyRotation, {"ends_at": _begun(asked.others_end)}).ends_at

        def signing(key: keys.Shown) -> dict[str, Any]:
            known = validate(Signing, said_signing(key["signing"])).keys if end else ()
            said = {each.public_key for each in new}
            others = [each.model_copy(update={"expires_at": end}) for each in known if each.public_key not in said]
            told = {"required": asked.required, "keys": [each.model_dump(mode="json") for each in (*new, *others)]}
            return {"signing": validate(Signing, told)}

        changed = (await self._change(settings, asked.number, to=signing))["signing"]
        names = ", ".join(each["fingerprint"] for each in changed["keys"]) or "nobody"
        print(f"Requests of number {asked.number} {_MAY[changed['required']]} signed by: {names}.")

    async def _change(
        self, settings: Settings, number: int, *, to: Callable[[keys.Shown], Mapping[str, Any]]
    ) -> keys.Shown:
        """Change some terms of a key, and keep the others."""
        async with self._opened(settings) as runtime:
            now = runtime.now()
            key = await keys.read(runtime.db, number, actor=None, now=now)
            kept = {name: key[name] for name in ("notify", "language", "expires_at")}
            terms = validate(KeyTerms, kept).model_copy(
                update={
                    "limits": validate(KeyLimits, key["limits"]),
                    "signing": validate(Signing, said_signing(key["signing"])),
                    "call_back": validate(CallBackTerms, key["call_back"]),
                    **to(key),
                }
            )
            said = keys.Said(terms, (), None, now)
            return await keys.change(runtime.db, number, version=key["version"], said=said)

    async def rotate(self, settings: Settings, asked: argparse.Namespace) -> None:
        """Make the successor of a key, and print its secret."""
        ends_at = None if asked.ends is None else validate(KeyRotation, {"ends_at": _begun(asked.ends)}).ends_at
        async with self._opened(settings) as runtime:
            made = await keys.rotate(
                *(runtime.db, asked.number),
                ends_at=ends_at,
                holder=asked.holder,
                actor=None,
                now=runtime.now(),
                tools=runtime.tools,
            )
            old = await keys.read(runtime.db, asked.number, actor=None, now=runtime.now())
        print(made["secret"])
        print(f"Number {made['id']} takes the place of number {old['id']}, which ends at {old['expires_at']}.")

    async def revoke(self, settings: Settings, asked: argparse.Namespace) -> None:
        """Revoke a key."""
        async with self._opened(settings) as runtime:
            await keys.revoke(runtime.db, asked.number, actor=None, now=runtime.now())
        print(f"API key number {asked.number} is revoked: it opens nothing any more.")
