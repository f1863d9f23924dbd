"""What each instrument allows for each kind of request, and what a Party may have declared about it.

In our own words and not the text of the treaties, which prevails (`schemas.instruments` says where it is kept). Every
entry names the articles that it rests on. A new kind, instrument or article that matters is one entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from schemas.requests import REQUEST_KINDS
from schemas.words import msgid

UNLISTED = frozenset({"bilateral", "other"})
"""Instruments of which the service knows no text: whether they bind is for the request to say."""


@dataclass(frozen=True, slots=True)
class Provision:
    """The articles of an instrument on which a kind of request rests, and in one sentence what they allow."""

    kind: str
    instrument: str
    articles: tuple[str, ...]
    allows: str


@dataclass(frozen=True, slots=True)
class Declarable:
    """What follows where the requested Party made the declaration or reservation of an article.

    ``excludes``: requests that are not executed. ``conditions``: what is asked besides, or may be a ground for refusal.
    ``opens``: a further way to send the request. ``detail`` is said of the ``{party}``, and so is ``otherwise``, which
    holds where nothing was declared, and ``mutual``, which holds where the requesting Party did.
    """

    instrument: str
    article: str
    kind: str
    effect: Literal["excludes", "conditions", "opens"]
    detail: str
    otherwise: str | None = None
    mutual: str | None = None

    def sentences(self) -> tuple[str, ...]:
        """Return all that it may mean, each as it is said of a ``{party}``."""
        return tuple(each for each in (self.detail, self.otherwise, self.mutual) if each)


def register(*provisions: Provision) -> Mapping[tuple[str, str], Provision]:
    """Return the provisions by kind and instrument.

    Raises `ValueError` for two of the same, and for one of an instrument that the kind may not cite.
    """
    entries: dict[tuple[str, str], Provision] = {}
    for each in provisions:
        if (each.kind, each.instrument) in entries:
            raise ValueError(f"two provisions carry {each.kind} under {each.instrument}")
        if each.instrument not in REQUEST_KINDS[each.kind].may_cite:
            raise ValueError(f"{each.kind} may not cite {each.instrument}")
        entries[each.kind, each.instrument] = each
    return MappingProxyType(entries)


PROVISIONS = register(
    Provision(
        "emergency_disclosure",
        "cets224",
        ("9",),
        "In an emergency one point of contact asks the other, without a request for mutual assistance, for specified "
        "stored data (subscriber, traffic or content) that a service provider in the other's territory holds.",
    ),
    Provision(
        "emergency_disclosure",
        "uncc",
        ("41",),
        "The 24/7 point of contact helps to provide electronic data to avert an emergency.",
    ),
    Provision(
        "emergency_mla",
        "cets224",
        ("10",),
        "In an emergency any mutual assistance on a rapidly expedited basis.",
    ),
    Provision(
        "emergency_mla",
        "ets185",
        ("25.3", "27.9", "31"),
        "In urgent circumstances mutual assistance by expedited means, to obtain stored data too. Where no other "
        "treaty on mutual assistance is in force, judicial authorities may send it to each other or through INTERPOL, "
        "with a copy at the same time from central authority to central authority.",
    ),
    Provision(
        "emergency_mla",
        "uncc",
        ("40",),
        "Mutual legal assistance; in urgent circumstances it may be asked for orally, to be confirmed in writing.",
    ),
    Provision(
        "preservation",
        "ets185",
        ("29", "35.1.b"),
        "Stored data are preserved for at least 60 days, for a request for mutual assistance that will follow.",
    ),
    Provision(
        "preservation",
        "uncc",
        ("42", "41"),
        "Stored electronic data are preserved for at least 60 days, for a request that will follow.",
    ),
    Provision(
        "assistance",
        "ets185",
        ("35.1",),
        "The 24/7 point of contact gives technical advice and legal information, and helps to collect evidence and to "
        "locate suspects.",
    ),
    Provision(
        "assistance",
        "uncc",
        ("41",),
        "The 24/7 point of contact gives technical advice and legal information, and helps to collect evidence and to "
        "locate suspects.",
    ),
)
"""By kind and instrument.

CETS 224 Art. 9.1 a (disclosure between points of contact), Art. 10.1 (emergency mutual assistance), Art. 3.2 c (what an
emergency is). ETS 185 Art. 25.3 (expedited means), 27.1 and 27.9 a to c (urgency where no other treaty applies), 31.1
and 31.3 (stored data), 29.1 and 29.7 (preservation), 35.1 a to c (the point of contact). UN Convention Art. 40
(mutual legal assistance), 41 (24/7 network), 42 (preservation). CETS 224 has no article on the assistance of points of
contact in general: that is ETS 185 Art. 35.
"""

SPONTANEOUS = Provision(
    "spontaneous_information",
    "ets185",
    ("26",),
    "Without a request: tell the other Party what you know, so that it can act under its own law; ask for "
    "confidentiality before you tell.",
)
"""ETS 185 Art. 26.1 and 26.2. No kind of this network's alerts, so it is said and not sent."""

RESTS_ON: Mapping[str, str] = MappingProxyType({"cets224": "ets185"})
"""An instrument that only Parties to another can be bound by: CETS 224 Art. 2.1 a and 16.1."""

DECLARABLE = (
    Declarable(
        "cets224",
        "9.1.b",
        "emergency_disclosure",
        "excludes",
        msgid("{party} does not execute requests that seek subscriber information alone."),
    ),
    Declarable(
        "cets224",
        "9.5",
        "emergency_disclosure",
        "conditions",
        msgid(
            "{party} requires, after the execution, the request and what supports it once more, in the form and by the "
            "channel that it named."
        ),
    ),
    Declarable(
        "cets224",
        "10.9",
        "emergency_mla",
        "opens",
        msgid(
            "{party} takes such requests also in the ways that it declared (judicial authorities, INTERPOL, 24/7 point "
            "of contact), with a copy at the same time from central authority to central authority."
        ),
        otherwise=msgid(
            "{party} is not known to take such requests in other ways: the request itself goes from central authority "
            "to central authority, or as the treaty between the two says; its point of contact can help to reach them."
        ),
    ),
    Declarable(
        "ets185",
        "27.9.e",
        "emergency_mla",
        "conditions",
        msgid("{party} wants urgent requests, too, to be addressed to its central authority."),
    ),
    Declarable(
        "ets185",
        "29.4",
        "preservation",
        "conditions",
        msgid(
            "{party} may refuse, for offences outside Articles 2 to 11, where it believes that dual criminality cannot "
            "be fulfilled at the time of disclosure."
        ),
        mutual=msgid(
            "{party} made this reservation itself: for offences outside Articles 2 to 11 the requested Party may "
            "refuse it in the same way."
        ),
    ),
)
"""Declarations of CETS 224 Art. 9.1 b, 9.5 and 10.9 (with 10.7, 10.8: who writes to whom without it; ETS 185 Art.
35.2 b: the point of contact and the central authority), and of ETS 185 Art. 27.9 e; the reservation of its Art. 29.4.
A reservation works both ways (Vienna Convention on the Law of Treaties, Art. 21.1 b); a declaration does not.
"""

SUSPENDED_BY: Mapping[str, str] = MappingProxyType({"cets224": "14.15"})
"""The article by which a Party may suspend, towards one other, transfers of personal data under an instrument: CETS 224
Art. 14.15, after a systematic or material breach and after consultation. Nothing else that binds the two ends by it.
"""
