"""What pages answer to a form: what is wrong with it, what it would do, and what it did."""

from tests.browser.busy import Busy
from tests.world import PIN

_ROTATION = {"starts_on": "2026-11-02", "handover": "09:00", "layer": "2", "act": "look"}
UNSENT = {
    "ends what other pages of this walk show, and leads to a page that is looked at": (
        *("/account/passkeys/{number}/removal", "/account/sessions/{number}/end", "/account/sessions/end"),
        *("/proposals/{number}/withdrawal", "/trigger/drafts/{number}/removal", "/rosters/{number}/feeds/end"),
        *("/directory/approvals/{number}/withdrawal", "/administration/keys/{number}/revocation"),
        "/administration/accounts/{number}/end",
    ),
    "sends a message once, and leads back to a page that is looked at": (
        *("/directory/{entry}/proof", "/administration/accounts/{number}/invitation"),
    ),
    "says on the list of approvals that a code was just sent, as an approval says that another person is needed": (
        "/directory/approvals/{number}/proof",
    ),
    "answers as a telephone would, and leads back to the list of messages": ("/rehearsal/{message}",),
    "signs somebody in, and leads to the board": ("/demo",),
    "shows the secret as making a key does": ("/administration/keys/{number}/rotation",),
}
"""Why a form is sent by nobody here -> where those are sent to."""
Answer = tuple[str, dict[str, str]]


def answers_of(busy: Busy) -> dict[str, list[Answer]]:
    """Return the forms that each of the invented people sends, and with what in them; "" is whoever has not signed in.

    Each is answered by a page, most of them because nothing was filled in.
    """
    at, alerts, first = busy.there, busy.alerts, busy.world.network["FR"].officers[0]
    roster, point = f"/rosters/{at['post']}", f"/directory/contact-points-{at['point']}"
    climbing, answered = (f"/alerts/{alerts[each]}" for each in ("climbing", "answered"))
    link, officer = at["answers"][alerts["climbing"]], f"/directory/officers-{first.id}"
    account, change = f"/administration/accounts/{at['account']}", f"/directory/approvals/{at['change']}"

    def empty(*paths: str) -> list[Answer]:
        return [(path, {}) for path in paths]

    return {
        "": [
            *empty("/signin", "/signin/code", "/signin/passkey", at["invitation"], f"{at['invitation']}/passkey"),
            *empty(*at["mailed"], "/handover/SomeHandover234567890"),
            *empty(link, f"{link}/decline", f"{link}/request"),
            (f"{link}/request", {"pin": PIN}),
            # Twice it is wrong, and the third time locked.
            *[(link, {"pin": "111222"})] * 3,
        ],
        "requester": [
            *empty("/trigger/drafts", at["draft"], f"{at['draft']}/send", f"/proposals/{at['proposal']}/request"),
            *empty(f"/proposals/{at['proposal']}/release", f"/proposals/{at['proposal']}/refusal"),
            *empty(*(f"{climbing}/{act}" for act in ("withdrawal", "closure", "resending", "call-back", "note"))),
            *empty(f"{answered}/request", f"{answered}/retention"),
        ],
        "officer": [
            *empty(*(f"{climbing}/{act}" for act in ("acknowledgement", "decline", "handover", "request"))),
            *empty(f"{answered}/closure", f"{roster}/offer", "/account/place", "/account/languages"),
            *empty("/account/pin"),
        ],
        "administrator": [
            *empty(f"{roster}/rotation", f"{roster}/change", f"{roster}/calendars", f"{roster}/feeds"),
            *empty(f"{point}/change", f"/directory/new/channels-{first.id}", f"{point}/retirement"),
            *empty(f"/directory/channels-{at['sms']}/confirmation", f"{officer}/leaving", "/directory/import"),
            *empty("/administration/accounts", "/administration/keys", f"{officer}/change"),
            *empty("/account/password", "/account/passkeys", "/account/recovery-codes", "/account/again"),
            *empty("/account/passkeys/1", "/account/again/passkey", f"{change}/approval", f"{change}/refusal"),
            ("/administration/two-persons", {"required": "yes"}),
            (f"{roster}/removal", {"kind": "absences", "id": str(at["absence"]), "version": "1", "act": "look"}),
            (f"{roster}/calendars/subscription", {"calendar": str(at["calendar"]), "address": "x"}),
            (f"{officer}/leaving", {"version": "1"}),
            (f"{roster}/swap", {"swap": str(at["swap"]), "step": "take"}),
            (f"{roster}/calendars/import", {"calendar": str(at["calendar"])}),
            (f"/administration/keys/{at['key']}/change", {"version": "99"}),
            ("/administration/keys", {"party": "FR", "authority": "Day unit"}),
            (f"{roster}/rotation", _ROTATION | {"members/0": str(first.id)}),
        ],
        "secretariat": [
            *empty(f"{account}/change", "/directory/new/parties"),
            ("/administration/health/test", {"gateway": "rehearsal_sms"}),
            (f"{account}/change", {"version": "1"}),
        ],
        "auditor": [("/directory/copy", {"party": "ZZ"})],
    }
