"""What somebody who keeps the directory or a roster is warned of, in the reader's language."""

from collections.abc import Mapping

from contactpoints.rules.phrasing import Catalogue, say
from schemas.words import msgid

ALL_PAST = "all_past"
_SENTENCES: Mapping[str, str] = {
    "absent_already": msgid("This officer is away at that time already."),
    "address_pending": msgid("The new address is used once a second person has approved it and it was proven."),
    "address_shared": msgid("Other officers have this address too: whoever picks up there answers for all of them."),
    "address_twice": msgid("The same officer has this address twice: every alert would go there twice."),
    ALL_PAST: msgid("All of this is over: it changes nobody's duty. Look at the dates again, and at the year."),
    "another_answers": msgid("Another contact point answers for the same Party and territory: alerts go to that one."),
    "article_not_known": msgid("This article is kept and shown; the legal basis draws nothing from it."),
    "beside_another": msgid("Another rotation on the same layer puts somebody on duty at the same time."),
    "leaves_uncovered": msgid("Nobody would be on duty at some times."),
    "more": msgid("There is more of this than is shown here."),
    "no_fallback": msgid("The secretariat, the last fallback, has nobody who can be called."),
    "no_gateway": msgid("The service has no way to send this kind of message: it is kept, but not used."),
    "no_public_holidays": msgid("No public holidays of this Party are known: only its own days count."),
    "no_shifts": msgid("This file has no shift in the time ahead."),
    "none_left": msgid("The officer has no other telephone, or no other mailbox, that can be used."),
    "not_told": msgid("Somebody whom this concerns has no mailbox or telephone and hears nothing: please tell them."),
    "number_not_valid": msgid("No numbering plan gives out this number: look at it again."),
    "strains": msgid("Some officers would be on duty for very long, or with too little rest."),
    "successor_unapproved": msgid("What the officer has left was entered by one person alone: have it approved."),
    "successor_unproven": msgid("What the officer has left was not proven: have it proven."),
}

WARNINGS = tuple(_SENTENCES)
"""The codes of all that has a sentence here."""


def doubt_of(words: Catalogue, warning: Mapping[str, str]) -> str:
    """Return what is warned of; one that has no sentence here is told by its own detail, in English."""
    code = warning["code"]
    return say(words, _SENTENCES[code]) if code in _SENTENCES else warning["detail"]
