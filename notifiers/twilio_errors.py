"""What Twilio's error codes mean for us: will trying again by the same gateway help, and is the address to blame?

Source of every row: ``https://www.twilio.com/docs/api/errors/<code>``. The rule behind the table: what is wrong with
the recipient or with these words is permanent (the next channel must be tried); what is wrong with our account, our
sender or the moment, or is not known here, is temporary (it is mended or passes).
"""

from typing import Literal

from notifiers.message import NotSent, Unsure

Verdict = Literal["permanent", "temporary", "unsure"]

_MEANINGS: dict[int, tuple[Verdict, str]] = {
    # The account and the service as a whole.
    14107: ("temporary", "send rate limit exceeded"),
    20003: ("temporary", "authentication refused"),
    20005: ("temporary", "account not active"),
    20006: ("temporary", "access denied"),
    20008: ("temporary", "test credentials used"),
    20404: ("temporary", "no such account or address of the gateway"),
    20429: ("temporary", "too many requests"),
    20500: ("unsure", "internal error of the gateway"),
    20503: ("temporary", "gateway unavailable"),
    20504: ("unsure", "gateway timed out inside"),
    # Refused when the message is handed over.
    21211: ("permanent", "not a telephone number"),
    21212: ("temporary", "our sender is not valid"),
    21217: ("permanent", "telephone number has a wrong form"),
    21401: ("permanent", "not a telephone number"),
    21408: ("temporary", "messages to this country are not enabled for our account"),
    21602: ("permanent", "message without words"),
    21603: ("temporary", "no sender given"),
    21604: ("permanent", "no recipient given"),
    21606: ("temporary", "our sender cannot send messages"),
    21608: ("temporary", "trial account: recipient not verified"),
    21609: ("temporary", "our callback address is not valid"),
    21610: ("permanent", "recipient has sent STOP"),
    21611: ("temporary", "queue of our sender is full"),
    21612: ("permanent", "no route from our sender to the recipient"),
    21614: ("permanent", "not a mobile number"),
    21617: ("permanent", "message too long"),
    21635: ("permanent", "recipient is a landline"),
    21659: ("temporary", "our sender is not one of the account"),
    21660: ("temporary", "our sender belongs to another account"),
    21701: ("temporary", "messaging service does not exist"),
    21703: ("temporary", "messaging service has no sender"),
    21704: ("temporary", "messaging service has no sender for this country"),
    # Reported after the message was taken.
    30001: ("temporary", "not passed on in time"),
    30002: ("temporary", "account suspended"),
    30003: ("temporary", "handset cannot be reached"),
    30004: ("permanent", "blocked by the recipient or the network"),
    30005: ("permanent", "number unknown to its network"),
    30006: ("permanent", "landline, or a network that cannot be reached"),
    30007: ("temporary", "filtered as unwanted"),
    30008: ("temporary", "network gave no reason"),
    30009: ("temporary", "a part of the message went missing"),
    30010: ("temporary", "price above our limit"),
    30017: ("temporary", "network congested"),
    30022: ("temporary", "rate limit of the network"),
    30023: ("temporary", "daily limit of the network"),
    30024: ("temporary", "our sender is not set up in the network"),
    30032: ("temporary", "our toll-free sender is not verified"),
    30034: ("temporary", "our sender is not registered for this country"),
    30410: ("temporary", "network timed out"),
    30450: ("temporary", "blocked as suspected fraud"),
    30453: ("temporary", "blocked as suspected fraud"),
}

_ADDRESS_IS_BAD = frozenset({21211, 21217, 21401, 21610, 21614, 21635, 30004, 30005, 30006})
"""Refusals that name the recipient as their reason: one wrong setting of ours must not write every officer off."""

_STATUSES: dict[int, tuple[Verdict, str]] = {
    401: ("temporary", "authentication refused"),
    403: ("temporary", "access denied"),
    404: ("temporary", "no such account or address of the gateway"),
    # 408, 429 and 503 say that the request was not taken up at all.
    408: ("temporary", "gateway did not wait for our request"),
    429: ("temporary", "too many requests"),
    503: ("temporary", "gateway unavailable"),
    # 500, 502 and 504 come from behind the door: the message may have been queued before something broke.
    500: ("unsure", "internal error of the gateway"),
    502: ("unsure", "gateway broken inside"),
    504: ("unsure", "gateway timed out inside"),
}


def of_answer(status: int, code: int | None) -> NotSent | Unsure:
    """Return what an HTTP answer other than success means; ``code`` is Twilio's own, where the body held one."""
    verdict, sentence = _MEANINGS.get(code or 0) or _by_status(status)
    known = f"{status}/{code}" if code and code != status else str(status)
    if verdict == "unsure":
        return Unsure(f"{sentence} ({known})")
    return NotSent(
        f"{sentence} ({known})",
        permanent=verdict == "permanent",
        code=str(code or status),
        address_is_bad=blames_address(code),
    )


def _by_status(status: int) -> tuple[Verdict, str]:
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return "unsure", "gateway broken"
    if status >= 400:
        return "temporary", "refused for a reason we do not know"
    return "temporary", "gateway answered something unexpected"


def is_permanent(code: int | None) -> bool:
    """Say whether a message that failed with ``code`` after it was taken can never arrive; unknown codes may pass."""
    return _MEANINGS.get(code or 0, ("temporary", ""))[0] == "permanent"


def blames_address(code: int | None) -> bool:
    """Say whether nothing will ever reach the address for which ``code`` was given."""
    return code in _ADDRESS_IS_BAD
