"""The sign-ins of organisations are read loudly at the start, and no fault shows a secret."""

import json
from typing import Any

import pytest

from contactpoints.settings import PREFIX, BadSetting, Settings
from tests.test_settings import REAL, REHEARSAL, read

MINISTRY: dict[str, Any] = {
    "name": "ministry",
    "title": "Ministry of the Interior",
    "issuer": "https://id.example.org/realms/x",
    "client_id": "contactpoints",
    "client_secret": "s3cret",
    "party": "FR",
    "roles": {"desk": "contact_point"},
}
HEADQUARTERS = MINISTRY | {"name": "hq", "party": None, "secretariat": True, "roles": {"all": "secretariat"}}


def _of(*providers: object, whole: dict[str, str] = REAL) -> Settings:
    return read({**whole, "OIDC": json.dumps({"providers": providers})})


def test_providers_are_known_by_their_names_and_their_secrets_are_not_shown() -> None:
    settings = _of(MINISTRY, HEADQUARTERS)
    assert list(settings.openid) == ["ministry", "hq"]
    assert settings.openid["ministry"].scopes == ("email", "profile")
    assert "s3cret" not in repr(settings)
    assert _of(MINISTRY | {"issuer": "http://127.0.0.1:8080"}, whole=REHEARSAL).openid["ministry"].claim == "groups"
    assert read(REAL).openid == {}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        pytest.param({"issuer": "http://id.example.org"}, "issuer", id="secrets in the clear"),
        pytest.param({"issuer": "http://127.0.0.1:8080"}, "issuer", id="this machine, but no rehearsal"),
        pytest.param({"issuer": "https://u:p@id.example.org"}, "issuer", id="a login in an address"),
        pytest.param({"issuer": "https://id.example.org/?x=s3cret"}, "issuer", id="a question mark"),
        pytest.param({"issuer": "file:///etc/passwd"}, "issuer", id="no address of a host"),
        pytest.param({"name": "A ministry"}, "name", id="a name that is no part of an address"),
        pytest.param({"party": None}, "secretariat", id="nobody's"),
        pytest.param({"secretariat": True}, "secretariat", id="a Party's and the secretariat's"),
        pytest.param({"roles": {"desk": "secretariat"}}, "roles", id="a Party that makes a secretariat"),
        pytest.param({"roles": {"desk": "auditor"}}, "roles", id="a Party that makes auditors"),
        pytest.param({"roles": {"desk": "king"}}, "roles/desk", id="no such role"),
        pytest.param({"roles": {}}, "roles", id="nobody could come in"),
        pytest.param({"client_secret": ""}, "client_secret", id="no secret"),
        pytest.param({"hosts": ["https://keys.example.org"]}, "hosts/0", id="an address for a host"),
        pytest.param({"colour": "blue"}, "colour", id="nothing that is known"),
        pytest.param(HEADQUARTERS | {"roles": {"x": "administrator"}}, "roles", id="a role of a Party without one"),
        pytest.param(
            HEADQUARTERS | {"new_accounts": True}, "new_accounts", id="accounts of the secretariat by themselves"
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place_and_not_quoted(changed: dict[str, Any], place: str) -> None:
    with pytest.raises(BadSetting) as refused:
        _of(MINISTRY | changed)
    assert str(refused.value).startswith(f"{PREFIX}OIDC ")
    assert f"/providers/0/{place}" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_what_is_no_list_of_providers_is_refused_too() -> None:
    for text in ("{", "[]", "{}", '{"providers": 7}', json.dumps({"providers": [MINISTRY, MINISTRY]})):
        with pytest.raises(BadSetting, match=rf"^{PREFIX}OIDC "):
            read(REAL | {"OIDC": text})
