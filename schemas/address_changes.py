"""Changes of addresses as they cross the wall: proposed, approved by a second person, proven, then in use."""

from typing import Literal

from typing_extensions import TypedDict

from schemas.alerts import WarningOut
from schemas.directory import ChannelOut
from schemas.fields import Address, Id, Moment, Shape, ShortLine

AddressChangeState = Literal["pending", "active", "refused", "withdrawn", "expired"]


class AddressChange(Shape):
    """Another address for a channel, of the same kind; or its own once more, where it is new and not approved yet.

    `reported_dead`: the old one reaches nobody any more; it goes into quarantine at once, and gets no notice.
    """

    channel_id: Id
    address: Address
    reported_dead: bool = False
    reason: ShortLine | None = None


class AddressChangeRefusal(Shape):
    """Why a change is refused."""

    reason: ShortLine


class AddressChangeOut(TypedDict):
    """A change as it stands: who proposed and approved it (API keys), when the new address was proven.

    `proposer` and `approver` are the authorities of those keys.
    `old_address`: null where the channel itself came new to an officer who has or had others. `noticed`: the old
    address, or the officer's others, have heard of it. `reported_dead`: or in quarantine since. `stand_in_id`: the
    channel by which the new address is called until then, where the old one is dead and the officer has no other of its
    sort. It expires after 14 days.
    """

    id: int
    channel_id: int
    state: AddressChangeState
    old_address: str | None
    address: str
    stand_in_id: int | None
    reported_dead: bool
    reason: str | None
    proposed_by: int
    proposer: str
    proposed_at: Moment
    expires_at: Moment
    approved_by: int | None
    approver: str | None
    approved_at: Moment | None
    proven_at: Moment | None
    noticed: bool
    settled_by: int | None
    settled_at: Moment | None
    settled_why: str | None
    warnings: list[WarningOut]


class ChannelChangeOut(ChannelOut):
    """A channel of which another address was asked for (202): all else is in force, the address waits.

    It has its old address until a second person has approved the new one and a code has come back from it; see
    `/v1/address-changes`.
    """

    address_change: AddressChangeOut


class AddressChangePage(TypedDict):
    """Changes, the newest first."""

    items: list[AddressChangeOut]
    next_cursor: str | None


PROPOSALS = {
    "another number": {"channel_id": 31, "address": "+33639980198", "reason": "new telephone"},
    "the old one is dead": {"channel_id": 31, "address": "+33639980197", "reported_dead": True},
}
REFUSALS = {"not known to the officer": {"reason": "The officer knows of no change."}}
