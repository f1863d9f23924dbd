"""A provider of OpenID Connect on a real socket: pyop checks what it is asked and knows what to say; signed by `now`.

Where a real one cannot misbehave, `Provider.forges` puts another ID token in the place of the signed one.
"""

import base64
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiohttp import web
from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey as OurRSAKey
from jwkest.jwk import RSAKey
from pyop.authz_state import AuthorizationState
from pyop.exceptions import OAuthError
from pyop.provider import Provider as Pyop
from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
from pyop.userinfo import Userinfo

CLIENT, SECRET = "contactpoints", "a secret: of the client"
Claims = dict[str, Any]
Forge = Callable[["Provider", Claims], str]


@cache
def private_key(number: int) -> bytes:
    """Return one of the keys of this run, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass
class Provider:
    """The provider of one organisation. ``user`` sits at the keyboard; ``users``: what the provider says of each.

    ``now``: its clock, in seconds since 1970. ``seen``: the requests for authorisation that came; ``asked``: how often
    each address was called.
    """

    returns_to: tuple[str, ...]
    users: dict[str, Claims]
    user: str = "ada"
    url: str = ""
    key: int = 1
    forges: Forge | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    answers: web.Response | None = None
    authenticated_at: int | None = None
    now: Callable[[], float] = time.time
    seen: list[dict[str, str]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    _pyop: Any = None
    _runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application(middlewares=[self._watched])
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.turns_key(self.key)

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def turns_key(self, number: int) -> None:
        """Sign with another key from now on, and publish that one alone."""
        self.key = number
        # pyop is never anything but https; what we open in its name is on this machine alone.
        https = f"https{self.url.removeprefix('http')}"
        configured = {
            "issuer": https,
            "authorization_endpoint": f"{https}/authorize",
            "token_endpoint": f"{https}/token",
            "jwks_uri": f"{https}/jwks",
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "email", "profile"],
            "subject_types_supported": ["public"],
        }
        state = AuthorizationState(HashBasedSubjectIdentifierFactory("salt"))
        client = {
            "client_secret": SECRET,
            "redirect_uris": [*self.returns_to],
            "response_types": ["code"],
        }
        signing = RSAKey(key=RSA.import_key(private_key(number)), kid=f"key {number}", use="sig", alg="RS256")
        self._pyop = Pyop(signing, configured, state, {CLIENT: client}, Userinfo(self.users))
        for name, value in [*self._pyop.configuration_information.items()]:
            if isinstance(value, str):
                self._pyop.configuration_information[name] = value.replace(https, self.url)

    def signs(self, claims: Claims, *, number: int | None = None, **header: str) -> str:
        """Return claims signed by one of the keys, under whatever header."""
        named = {"alg": "RS256", "kid": f"key {self.key}", **header}
        return jwt.encode(named, claims, OurRSAKey.import_key(private_key(number or self.key)))

    def signs_by_secret(self, claims: Claims) -> str:
        """Return claims signed by HS256, the secret being the public key that everybody knows."""
        public = RSA.import_key(private_key(self.key)).public_key().export_key()
        signed = f"{_part({'alg': 'HS256', 'kid': f'key {self.key}'})}.{_part(claims)}"
        return f"{signed}.{_base64(hmac.digest(public, signed.encode(), 'sha256'))}"

    @staticmethod
    def signs_by_nothing(claims: Claims) -> str:
        return f"{_part({'alg': 'none'})}.{_part(claims)}."

    @web.middleware
    async def _watched(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path] += 1
        if self.answers is not None:
            return self.answers
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _configuration(self, _: web.Request) -> web.Response:
        return web.json_response({**self._pyop.provider_configuration.to_dict(), **self.metadata})

    async def _jwks(self, _: web.Request) -> web.Response:
        return web.json_response(self._pyop.jwks)

    async def _authorize(self, request: web.Request) -> web.Response:
        self.seen.append(dict(request.query))
        asked = self._pyop.parse_authentication_request(request.query_string)
        back = self._pyop.authorize(asked, self.user).request(asked["redirect_uri"])
        return web.Response(status=303, headers={"Location": back})

    async def _token(self, request: web.Request) -> web.Response:
        try:
            answer = self._pyop.handle_token_request(
                (await request.read()).decode(), dict(request.headers), extra_id_token_claims=self._claims
            ).to_dict()
        except OAuthError as refused:
            return web.json_response({"error": refused.oauth_error}, status=400)
        claims = json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))
        at = int(self.now())
        claims |= {"iat": at, "exp": at + claims["exp"] - claims["iat"]}
        answer["id_token"] = (self.forges or Provider.signs)(self, claims)
        return web.json_response(answer)

    def _claims(self, user: str, _client: str) -> Claims:
        anew = self.seen[-1].get("prompt") == "login"
        at = int(self.now()) if anew and self.authenticated_at is None else self.authenticated_at
        claims = {name: value for name, value in self.users[user].items() if name != "sub"}
        return claims | ({} if at is None else {"auth_time": at})


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _part(told: Mapping[str, Any]) -> str:
    return _base64(json.dumps(told).encode())
