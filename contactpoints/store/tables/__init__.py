"""The tables, as they are now. The migrations lead here, and a test demands that both ways end in the same place.

Three habits hold everywhere. Every instant is ``timestamptz``. Nothing that evidence refers to is deleted: entries
are retired, messages cancelled, acknowledgements added. What holds case data or a PIN is ``bytea`` sealed by
`store.sealing`.
"""

from contactpoints.store.tables import (
    access,
    accounts,
    alerts,
    audit,
    directory,
    drafts,
    guards,
    keeping,
    messages,
    openid,
    passkeys,
    proposals,
    rosters,
)
from contactpoints.store.tables.audit import AUDITED
from contactpoints.store.tables.columns import metadata
from contactpoints.store.tables.guards import NEVER_CHANGED, NEVER_DELETED, NO_VERSION, VERSIONED

__all__ = [
    "AUDITED",
    "NEVER_CHANGED",
    "NEVER_DELETED",
    "NO_VERSION",
    "VERSIONED",
    "access",
    "accounts",
    "alerts",
    "audit",
    "directory",
    "drafts",
    "guards",
    "keeping",
    "messages",
    "metadata",
    "openid",
    "passkeys",
    "proposals",
    "rosters",
]
