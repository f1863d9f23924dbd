"""On which legal basis one Party may ask another for something on a given day, why not on others, what to do instead.

What is known of the Parties is data that keepers confirm, and treaties have room for more than a register: this warns,
asks for a reason, and blocks nothing. Days are those of UTC. The law that is applied is in `schemas.provisions`, each
entry with its articles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from schemas.instruments import INSTRUMENTS
from schemas.provisions import (
    DECLARABLE,
    PROVISIONS,
    RESTS_ON,
    SPONTANEOUS,
    SUSPENDED_BY,
    UNLISTED,
    Declarable,
    Provision,
)
from schemas.requests import REQUEST_KINDS

Usable = Literal["yes", "no", "not_known"]
_CONFIDENCE = ("unconfirmed", "low", "medium", "high", "confirmed")


@dataclass(frozen=True, slots=True)
class Membership:
    """How far a Party has come with an instrument, from the day ``since`` (None: always) until before ``until``.

    ``territory``: the one of its territories that alone it is about; None where it is about the whole Party.
    """

    instrument: str
    status: str
    since: date | None = None
    until: date | None = None
    confidence: str = "unconfirmed"
    territory: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration or reservation under an article, from the day ``since`` (None: always) until before ``until``.

    ``territory`` as for `Membership`; ``towards``: the Party that alone it is meant for, None where it is for all.
    """

    id: int
    instrument: str
    article: str
    since: date | None = None
    until: date | None = None
    territory: str | None = None
    towards: str | None = None

    def counts(self, on: date) -> bool:
        """Say whether it has effect on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Bonds:
    """A Party, by its code, with its memberships and declarations of all times, and of which territory it is asked."""

    party: str
    memberships: tuple[Membership, ...] = ()
    declarations: tuple[Declaration, ...] = ()
    territory: str | None = None

    def of(self, territory: str | None) -> "Bonds":
        """Return what binds one of its territories; None: the Party without those that have standings of their own."""
        return replace(self, territory=territory)

    @property
    def name(self) -> str:
        """How it is called in a sentence."""
        return self.party if self.territory is None else f"{self.party} for {self.territory}"

    def under(self, instrument: str) -> list[Membership]:
        """Return the memberships that count: those of the territory where it has any, else those of the whole Party."""
        found = [each for each in self.memberships if each.instrument == instrument]
        own = [each for each in found if each.territory == self.territory]
        return own or [each for each in found if each.territory is None]

    def declared(self, instrument: str, article: str, *, on: date, towards: str | None = None) -> Declaration | None:
        """Return what was declared under an article and counts on a day here: for all, or ``towards`` one Party."""
        for each in self.declarations:
            meant = each.territory in (None, self.territory) and each.towards == towards
            if (each.instrument, each.article) == (instrument, article) and meant and each.counts(on):
                return each
        return None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an instrument cannot be used; ``party`` is whose standing is the reason, None where it is nobody's."""

    code: str
    instrument: str
    party: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What the declaration of ``party``, or the want of one (``declaration`` is None), means for the request."""

    effect: str
    article: str
    declaration: int | None
    detail: str
    party: str


@dataclass(frozen=True, slots=True)
class Basis:
    """One instrument for one kind of request between two Parties. ``not_known``: only the request can name the treaty.

    ``confidence`` is that of the weaker membership on which it rests, None where it rests on none.
    """

    instrument: str
    articles: tuple[str, ...]
    allows: str | None
    usable: Usable
    reasons: tuple[Reason, ...] = ()
    conditions: tuple[Condition, ...] = ()
    confidence: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be asked instead; ``kind`` is None where it is no kind of alert of this network."""

    kind: str | None
    instrument: str
    articles: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The answer: every instrument that the kind may cite, and what to offer where none is known to be usable."""

    bases: tuple[Basis, ...]
    instead: tuple[Offer, ...]

    @property
    def reason_required(self) -> bool:
        """Say that the request has to state on what else it rests."""
        return bool(self.instead)


def legal_basis(asking: Bonds, asked: Bonds, *, kind: str, on: date) -> LegalBasis:
    """Return on what a request of ``kind`` may rest on the day ``on``. Raises `KeyError` for an unknown kind."""
    bases = tuple(basis_of(asking, asked, kind=kind, instrument=each, on=on) for each in REQUEST_KINDS[kind].may_cite)
    usable = any(each.usable == "yes" for each in bases)
    return LegalBasis(bases, () if usable else offers(asking, asked, kind=kind, on=on))


def basis_of(asking: Bonds, asked: Bonds, *, kind: str, instrument: str, on: date) -> Basis:
    """Return whether one instrument carries a request of ``kind`` on the day ``on``."""
    if instrument in UNLISTED:
        detail = f"Whether {INSTRUMENTS[instrument].short} is in force between the two is for the request to say."
        return Basis(instrument, (), None, "not_known", (Reason("not_known", instrument, None, detail),))
    provision = PROVISIONS.get((kind, instrument))
    if provision is None:
        detail = f"{INSTRUMENTS[instrument].short} has no article on such requests."
        return Basis(instrument, (), None, "no", (Reason("no_provision", instrument, None, detail),))
    standings = [standing for bonds in (asking, asked) for standing in _standings(bonds, instrument, on=on)]
    reasons = tuple(standing.why() for standing in standings if standing.code != "bound")
    reasons = reasons or tuple(_suspended(asking, asked, instrument=instrument, on=on))
    known = [each.membership.confidence for each in standings if each.membership]
    return Basis(
        instrument,
        provision.articles,
        provision.allows,
        "no" if reasons else "yes",
        reasons,
        () if reasons else tuple(_conditions(asking, asked, provision=provision, on=on)),
        min(known, key=_CONFIDENCE.index) if known else None,
    )


_ORDER = ("bound", "not_in_force", "ended", "signed", "not_a_party")
"""Of several memberships of one instrument the first in this order counts."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a Party stands with an instrument on a day; the membership that says so, None without one."""

    bonds: Bonds
    instrument: str
    code: str
    membership: Membership | None

    def why(self) -> Reason:
        """Return why a request cannot rest on it."""
        since = self.membership.since if self.membership else None
        until = self.membership.until if self.membership else None
        name, party = INSTRUMENTS[self.instrument].short, self.bonds.name
        said = {
            "not_in_force": f"{name} is not in force for {party}"
            + (
                f" before {since}." if self.membership and self.membership.status == "party" else ", which ratified it."
            ),
            "ended": f"{name} has not bound {party} since {until}.",
            "signed": f"{party} has only signed {name}.",
            "not_a_party": f"{party} is not known as a Party to {name}.",
        }
        return Reason(self.code, self.instrument, self.bonds.party, said[self.code])


def _standings(bonds: Bonds, instrument: str, *, on: date) -> Iterator[_Standing]:
    """Yield where a Party stands with an instrument and with the one that it rests on."""
    for name in (instrument, RESTS_ON.get(instrument)):
        if name is not None:
            found = [(_standing(each, on), each) for each in bonds.under(name)]
            code, membership = min(found, key=lambda each: _ORDER.index(each[0]), default=("not_a_party", None))
            yield _Standing(bonds, name, code, membership)


def _standing(membership: Membership, on: date) -> str:
    """Return what a membership means on a day.

    Signature and ratification alone bind nobody: an instrument binds from its entry into force for the Party (ETS 185
    Art. 36.3 and 36.4, CETS 224 Art. 16.3 and 16.4), and until a denunciation takes effect (ETS 185 Art. 47).
    """
    ahead = membership.since is not None and on < membership.since
    over = membership.until is not None and membership.until <= on
    if membership.status == "party":
        return "not_in_force" if ahead else "ended" if over else "bound"
    if ahead or over:
        return "not_a_party"
    return "not_in_force" if membership.status == "ratified" else "signed"


def _suspended(asking: Bonds, asked: Bonds, *, instrument: str, on: date) -> Iterator[Reason]:
    """Yield who has suspended transfers to the other: answers carry personal data, and so do requests."""
    article = SUSPENDED_BY.get(instrument)
    for one, other in ((asked, asking), (asking, asked)) if article else ():
        if article and one.declared(instrument, article, on=on, towards=other.party):
            name = INSTRUMENTS[instrument].short
            detail = f"{one.name} has suspended transfers of personal data to {other.party} ({name} Art. {article})."
            yield Reason("transfers_suspended", instrument, one.party, detail)


def _conditions(asking: Bonds, asked: Bonds, *, provision: Provision, on: date) -> Iterator[Condition]:
    for each in DECLARABLE:
        if (each.instrument, each.kind) != (provision.instrument, provision.kind):
            continue
        found = asked.declared(each.instrument, each.article, on=on)
        if found is not None:
            yield Condition(each.effect, each.article, found.id, each.detail.format(party=asked.name), asked.party)
        elif each.otherwise:
            yield Condition("conditions", each.article, None, each.otherwise.format(party=asked.name), asked.party)
        own = asking.declared(each.instrument, each.article, on=on) if each.mutual and not found else None
        if own is not None:
            yield Condition("conditions", each.article, own.id, _mutual(each, asking), asking.party)


def _mutual(each: Declarable, asking: Bonds) -> str:
    return (each.mutual or "").format(party=asking.name)


_INSTEAD: Mapping[str, tuple[str, ...]] = {
    "emergency_disclosure": ("emergency_disclosure", "preservation", "emergency_mla", "assistance"),
    "emergency_mla": ("emergency_mla", "preservation", "assistance"),
    "preservation": ("preservation", "emergency_mla", "assistance"),
    "assistance": ("assistance", "preservation", "emergency_mla"),
}
"""What comes nearest to each kind: first the kind itself on another basis, then what keeps the data (domain.md 6.1)."""


def offers(asking: Bonds, asked: Bonds, *, kind: str, on: date) -> tuple[Offer, ...]:
    """Return what can be asked instead, the nearest first, on bases that are known to be usable on the day ``on``.

    The last is always that the request names another basis itself: nobody is left without a way.
    """
    found = []
    for other in _INSTEAD[kind]:
        for instrument in REQUEST_KINDS[other].may_cite:
            basis = basis_of(asking, asked, kind=other, instrument=instrument, on=on)
            if basis.usable == "yes":
                found.append(Offer(other, instrument, basis.articles, basis.allows or ""))
    if all(_bound(each, SPONTANEOUS.instrument, on=on) for each in (asking, asked)):
        found.append(Offer(None, SPONTANEOUS.instrument, SPONTANEOUS.articles, SPONTANEOUS.allows))
    return (*found, Offer(kind, "other", (), _NAME_ANOTHER))


_NAME_ANOTHER = (
    "Name another treaty between the two, reciprocity, or the law of the requested Party, and state the reason in the "
    "request; the requested Party decides."
)


def _bound(bonds: Bonds, instrument: str, *, on: date) -> bool:
    return all(standing.code == "bound" for standing in _standings(bonds, instrument, on=on))


def write(answer: LegalBasis) -> dict[str, Any]:
    """Return the answer as `schemas.legal_basis.LegalBasisOut` has it, but for what was asked."""
    return {
        "bases": [_written(each) for each in answer.bases],
        "instead": [
            {"kind": each.kind, "instrument": each.instrument, "articles": list(each.articles), "detail": each.detail}
            for each in answer.instead
        ],
        "reason_required": answer.reason_required,
    }


def _written(basis: Basis) -> dict[str, Any]:
    return {
        "instrument": basis.instrument,
        "citation": INSTRUMENTS[basis.instrument].citation,
        "articles": list(basis.articles),
        "allows": basis.allows,
        "usable": basis.usable,
        "reasons": [
            {"code": each.code, "instrument": each.instrument, "party": each.party, "detail": each.detail}
            for each in basis.reasons
        ],
        "conditions": [
            {
                "effect": each.effect,
                "article": each.article,
                "party": each.party,
                "declaration": each.declaration,
                "detail": each.detail,
            }
            for each in basis.conditions
        ],
        "confidence": basis.confidence,
    }
