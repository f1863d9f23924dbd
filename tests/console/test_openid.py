"""Signing in by a provider of OpenID Connect that really signs; and what one that lies, or a thief, gets for it."""

from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import int_to_base64

from contactpoints.openid.id_token import NotGood, read_id_token
from contactpoints.store.audit import MOST_REFUSED
from schemas.openid import Provider as OpenIdProvider
from tests.api.conftest import KeyOf, key_of
from tests.api.people import STANDING, invited, sends
from tests.console.browsers import Browser
from tests.console.organised import CONFIGURED, GROUPS, PATH, browser, is_refused, provider, refusals, rows, world
from tests.fakes.openid import CLIENT, SECRET, Claims, Forge, Provider, private_key
from tests.world import World

__all__ = ["browser", "key_of", "provider", "world"]


async def test_an_account_that_was_invited_for_it_is_opened_by_the_provider_and_bound_to_one_person(
    world: World, provider: Provider, browser: Browser, key_of: KeyOf
) -> None:
    key = {"Authorization": f"Bearer {await key_of('administrator', 'FR')}"}
    asked = STANDING | {"email": "ada@fr.example.org"}
    for wrong in ({"openid": "elsewhere"}, {"openid": "network"}, {"openid": "ministry", "role": "requester"}):
        refused = await sends(world, "POST", "/v1/accounts", asked | wrong, key)
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/openid"]
    made = await sends(world, "POST", "/v1/accounts", asked | {"openid": "ministry"}, key)
    assert (made.status_code, made.json()["openid"]) == (201, "ministry"), made.text
    await world.settles()
    link: str = next(each["link"] for each in (await world.get("/rehearsal/messages")).json()["items"] if each["link"])

    sent = await browser.asks("GET", f"{PATH}?next=/docs%23top")
    assert "code_challenge_method=S256" in sent.headers["Location"]
    (asking,) = browser.cookies.values()
    assert asking not in sent.headers["Location"]
    page = await browser.asks("GET", f"/invitation/{link.rsplit('/', 1)[1]}")
    assert f'href="{PATH}"' in page.text, "who is invited for it finds it there"
    browser.cookies.clear()
    answer = await browser.signs_in(f"{PATH}?next=/docs%23top")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/docs#top"), answer.text
    assert browser.cookies.keys() == {"__Host-session"}
    session = (await browser.asks("GET", "/v1/sessions")).json()["items"][0]
    assert (session["factors"], session["device"]) == (["openid_mfa"], "Desk 4")
    assert session["fresh_until"] <= session["created_at"], "when the provider last asked is not known"
    look = await sends(world, "POST", "/v1/invitations/look", {"token": link.rsplit("/", 1)[1]})
    assert look.status_code == 404, "the account is somebody's already"
    done = await rows(world, "select entry, actor, after from audit where operation like 'page /signin/openid%'")
    assert {row["entry"] for row in done} == {"accounts", "invitations", "openid_identities", "sessions"}
    assert {row["actor"] for row in done} == {f"account:{made.json()['id']}"}
    assert provider.url in str([row["after"] for row in done])

    provider.users["ada"]["email"] = "ada.married@fr.example.org"
    assert (await Browser(world).signs_in(PATH)).headers["Location"] == "/board", (
        "known by the subject, not the address"
    )
    provider.users["eve"] = provider.users["ada"] | {"sub": "s-eve", "email": "ada@fr.example.org"}
    provider.user = "eve"
    assert is_refused(await Browser(world).signs_in(PATH)), "an address that was given to somebody else"
    standing = asked | {"openid": None}
    del standing["email"]
    provider.user = "ada"
    assert (await sends(world, "PUT", f"/v1/accounts/{made.json()['id']}", standing, key)).status_code == 200
    assert (await browser.asks("GET", "/v1/sessions")).status_code == 401
    assert is_refused(await browser.signs_in(PATH)), "an account that no provider opens any more"


async def test_the_code_is_good_only_with_the_verifier_that_the_browser_was_sent_with(
    world: World, provider: Provider, browser: Browser
) -> None:
    await invited(world, "ada@fr.example.org", openid="ministry")
    stolen = parse_qs(urlsplit(await Browser(world).goes_to_provider(PATH)).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": stolen, "redirect_uri": provider.returns_to[0]}
    async with httpx.AsyncClient(verify=False) as outside:
        for verifier in ({}, {"code_verifier": "w" * 43}):
            login = (CLIENT, quote(SECRET))
            answer = await outside.post(f"{provider.url}/token", data=form | verifier, auth=login)
            assert answer.status_code == 400, "the provider really checks it"
    mine = parse_qs(urlsplit(await browser.goes_to_provider(PATH)).query)["state"][0]
    assert is_refused(await browser.asks("GET", f"{PATH}/return?state={mine}&code={stolen}")), "a code of another's"
    assert await refusals(world) == [f"{provider.url}: the code was not taken."]


FORGERIES: dict[str, Forge] = {
    "alg=none": lambda far, claims: far.signs_by_nothing(claims),
    "HS256 with the public key": lambda far, claims: far.signs_by_secret(claims),
    "another's key under the known name": lambda far, claims: far.signs(claims, number=2),
    "a key that is nowhere": lambda far, claims: far.signs(claims, number=2, kid="key 2"),
    "foreign issuer": lambda far, claims: far.signs(claims | {"iss": "https://evil.example"}),
    "an issuer that is only alike": lambda far, claims: far.signs(claims | {"iss": f"{far.url}/"}),
    "no issuer": lambda far, claims: far.signs({k: v for k, v in claims.items() if k != "iss"}),
    "wrong audience": lambda far, claims: far.signs(claims | {"aud": "another client"}),
    "others may have it as well": lambda far, claims: far.signs(claims | {"aud": [CLIENT, "x"], "azp": CLIENT}),
    "given to another client": lambda far, claims: far.signs(claims | {"azp": "another client"}),
    "wrong nonce": lambda far, claims: far.signs(claims | {"nonce": "of another sign-in"}),
    "no nonce": lambda far, claims: far.signs({k: v for k, v in claims.items() if k != "nonce"}),
    "expired": lambda far, claims: far.signs(claims | {"exp": claims["iat"] - 120}),
    "never expires": lambda far, claims: far.signs({k: v for k, v in claims.items() if k != "exp"}),
    "from the future": lambda far, claims: far.signs(
        claims | {"iat": claims["iat"] + 3600, "exp": claims["exp"] + 7200}
    ),
    "somebody without a name": lambda far, claims: far.signs(claims | {"sub": ""}),
    "another access token's": lambda far, claims: far.signs(claims | {"at_hash": "AAAA"}),
    "no token at all": lambda far, claims: "not.a.token",
}


def test_no_keys_that_a_provider_publishes_stop_everybody_else() -> None:
    claims = {"iss": "https://sso.example.org", "sub": "s-ada"}
    mine = ECKey.generate_key("P-521")
    token = jwt.encode({"alg": "ES512"}, claims, mine, algorithms=["ES512"])
    others = [ECKey.generate_key("P-521").as_dict(private=False) for _ in range(4)]
    halves = {"n": int_to_base64((1 << 8192) - 12_345), "d": int_to_base64((1 << 8188) + 1235)}
    by_rsa = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(private_key(2)))
    said = OpenIdProvider.model_validate(CONFIGURED | {"issuer": claims["iss"], "roles": GROUPS})
    told: dict[str, Any] = {"provider": said, "nonce": "once", "access_token": None, "now": datetime.now(UTC)}
    for name, signed, keys in (
        ("many", token, others * 250),
        ("a secret to be made whole", by_rsa, [{"kty": "RSA", "e": "AQAB"} | halves]),
    ):
        begun = process_time()
        with pytest.raises(NotGood):
            read_id_token(signed, keys, **told)
        assert process_time() - begun < 0.15, name


async def test_no_forged_id_token_lets_anybody_in_and_none_is_repeated_anywhere(
    world: World, provider: Provider, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    await invited(world, "ada@fr.example.org", openid="ministry")
    said: list[str] = []
    for name, forge in FORGERIES.items():
        # So many refusals of one address in a minute are rows of their own.
        world.clock.at += timedelta(minutes=len(said) == MOST_REFUSED)

        def forged(far: Provider, claims: Claims, forge: Forge = forge) -> str:
            said.append(forge(far, claims))
            return said[-1]

        provider.forges = forged
        answer = await browser.signs_in(PATH)
        assert (name, answer.status_code) == (name, 403)
        assert is_refused(answer)
        assert not browser.cookies
    told = await refusals(world)
    assert len(told) == len(said) == len(FORGERIES)
    assert all(each.startswith(f"{provider.url}: ") for each in told)
    kept = str(told) + caplog.text
    assert not [token for token in said if token in kept or (token.split(".")[1] in kept and len(token) > 20)]
    assert await rows(world, "select * from sessions union all select * from sessions") == []
    assert provider.asked["/jwks"] == 2, "once, and once more for a key that was not known"

    provider.forges = None
    provider.turns_key(2)
    assert (await browser.signs_in(PATH)).status_code == 303, "a provider that has turned its key"
    assert provider.asked["/jwks"] == 3


async def test_an_answer_is_for_the_browser_that_asked_once_and_soon(
    world: World, provider: Provider, browser: Browser
) -> None:
    await invited(world, "ada@fr.example.org", openid="ministry")
    victim = Browser(world)
    assert is_refused(await victim.asks("GET", await browser.goes_to_provider(PATH))), "login CSRF"
    await victim.asks("GET", PATH)
    back = await browser.goes_to_provider(PATH)
    assert is_refused(await victim.asks("GET", back)), "a browser with a question of its own"
    assert is_refused(await browser.asks("GET", back.replace("state=", "state=x&state=")))
    assert is_refused(await browser.asks("GET", back.replace("ministry", "open")))
    back = await browser.goes_to_provider(PATH)
    keeps = dict(browser.cookies)
    assert (await browser.asks("GET", back)).status_code == 303
    browser.cookies = keeps
    assert is_refused(await browser.asks("GET", back)), "replayed, with the cookie of then"
    tabs = [await browser.goes_to_provider(PATH) for _ in range(2)]
    assert [(await browser.asks("GET", each)).status_code for each in tabs] == [303, 303], "in either of two tabs"
    late = await browser.goes_to_provider(PATH)
    world.clock.at += timedelta(minutes=10)
    assert is_refused(await browser.asks("GET", late))
    told = await refusals(world)
    assert len(told) == 6
    assert all("nothing was asked in this browser" in each for each in told), "before anything else is looked at"

    denied = (await browser.goes_to_provider(PATH)).replace("code=", "error=access_denied&was=")
    assert is_refused(await browser.asks("GET", denied))
    assert is_refused(await browser.asks("GET", await browser.goes_to_provider(PATH) + "&iss=https://evil.example"))
    assert "another issuer" in (await refusals(world))[-1]
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    world.clock.at += timedelta(minutes=50)
    assert is_refused(await browser.asks("GET", await browser.goes_to_provider(PATH)))
    assert "another issuer" in (await refusals(world))[-1], "it says that it always tells"
    assert (await browser.asks("GET", "/signin/openid/elsewhere")).status_code == 404
    async with world.runtime.db.session() as session:
        kept = str(await session.fetch("select state_hash, browser_hash, next from openid_questions"))
    assert not [value for name, value in browser.cookies.items() if "openid" in name and value in kept]
