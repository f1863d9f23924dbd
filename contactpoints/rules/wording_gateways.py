"""The words of a message by which somebody tries a gateway. It belongs to no alert, and says so first."""

from datetime import datetime

from contactpoints.rules.phrasing import Catalogue, Words, mail, say, sms, spoken, times
from schemas.words import msgid

_SUBJECT = msgid("24/7 network - test message")
_TEST = msgid("24/7 network, no alert. Test of gateway {gateway}, asked for at {local} UTC. Nothing to do.")
_NOT_YOU = msgid("You asked for it on the page of the administration. If you did not, tell the secretariat.")


def gateway_test_words(words: Catalogue, kind: str, *, gateway: str, at: datetime) -> Words:
    """Return a message that tries a gateway, to whoever asked for it at an instant (aware, UTC)."""
    told = say(words, _TEST, gateway=gateway, local=times(at, "UTC", at)["local"])
    if kind == "sms":
        return sms([told], exercise=False)
    if kind == "voice":
        return spoken(told, exercise=False)
    return mail(say(words, _SUBJECT), [told, say(words, _NOT_YOU)], exercise=False)
