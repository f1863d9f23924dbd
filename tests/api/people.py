"""Persons with accounts, for tests: invited by mail, with an authenticator of their own, signed in by two steps."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from pyotp import TOTP

from contactpoints.actions.accounts import make_at_command_line
from contactpoints.rules.passwords import normal
from schemas.accounts import NewAccount
from tests.world import World, light_hash

PASSWORD = "three lamps above a quiet harbour"
STANDING = {"name": "Ada Example", "role": "administrator", "party": "FR", "authority": "Invented desk"}


@dataclass
class Person:
    """Somebody who has accepted an invitation; ``token`` is that of the newest session."""

    world: World
    email: str
    secret: str
    account: int
    recovery_codes: list[str]
    password: str = PASSWORD
    token: str = ""
    heard: dict[str, Any] = field(default_factory=dict)

    def code(self) -> str:
        """Return what the authenticator shows next: each is good once, so half a minute passes."""
        self.world.clock.at += timedelta(seconds=30)
        return TOTP(self.secret).at(self.world.clock.at)

    async def first_step(self, password: str | None = None) -> httpx.Response:
        said = {"email": self.email.upper(), "password": password or self.password, "device": "Desk 4"}
        return await sends(self.world, "POST", "/v1/sessions", said)

    async def signs_in(self, *, code: str | None = None, cookie: bool = False) -> httpx.Response:
        """Take both steps; keep the token of the new session."""
        first = await self.first_step()
        assert first.status_code == 200, first.text
        said = {"sign_in": first.json()["sign_in"], "code": code or self.code(), "cookie": cookie}
        second = await sends(self.world, "POST", "/v1/sessions/second-step", said)
        if second.status_code == 201:
            self.heard = second.json()
            self.token = self.heard["token"] or ""
        return second

    async def asks(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await sends(self.world, method, path, body, {"Authorization": f"Bearer {self.token}"})

    async def steps_up(self) -> None:
        answer = await self.asks("POST", "/v1/sessions/step-up", {"code": self.code()})
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["token"]


async def sends(
    world: World, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    content = None if body is None else json.dumps(body).encode()
    more = {} if body is None else {"Content-Type": "application/json"}
    return await world.client.request(method, path, content=content, headers=more | (headers or {}))


async def invited(world: World, email: str, **fields: Any) -> str:
    """Make an account at the command line; return the token of its link."""
    said = NewAccount.model_validate(STANDING | {"email": email} | fields)
    made = await make_at_command_line(world.runtime.db, said, now=world.clock.at, tools=world.runtime.tools)
    return made.token


async def accepts(world: World, token: str, **fields: Any) -> Person:
    """Accept an invitation, as a page would."""
    look = await sends(world, "POST", "/v1/invitations/look", {"token": token})
    assert look.status_code == 200, look.text
    told = look.json()
    code = TOTP(told["totp_secret"]).at(world.clock.at)
    said = {"token": token, "password": PASSWORD, "code": code} | fields
    answer = await sends(world, "POST", "/v1/invitations/acceptance", said)
    assert answer.status_code == 200, answer.text
    email = told["email"] or fields["email"]
    return Person(
        world,
        email,
        told["totp_secret"],
        answer.json()["account_id"],
        answer.json()["recovery_codes"],
        said["password"],
    )


async def person(world: World, email: str = "ada@fr.example.org", **fields: Any) -> Person:
    """Return somebody who is signed in, and whose password is judged within no time."""
    made = await accepts(world, await invited(world, email, **fields))
    async with world.runtime.db.session() as session:
        await session.execute(
            "update accounts set password_hash = $2 where id = $1",
            *(made.account, light_hash(normal(made.password), tools=world.runtime.tools)),
        )
    assert (await made.signs_in()).status_code == 201
    return made


async def audited(world: World) -> set[tuple[str, str, str]]:
    """Return of what was done to accounts: the operation, the table, and the kind of who did it."""
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select * from audit where outcome = 'done'")
    return {(row["operation"], row["entry"] or "", row["actor"].partition(":")[0]) for row in rows}
