"""What actions are handed besides the database: keys, words, randomness and the ways out that exist."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from contactpoints.actions.threads import Threads
from contactpoints.store.atlas import Atlas
from contactpoints.store.sealing import Keyring
from schemas.openid import Provider


class Heard(Protocol):
    """A message that somebody sent to us, as its gateway reads it."""

    @property
    def sender(self) -> str: ...
    @property
    def text(self) -> str: ...


class Reported(Protocol):
    """What a gateway says about a message that it took.

    ``permanent``: refused, and it will always be; ``address_is_bad``: nothing ever reaches that address.
    """

    @property
    def provider_code(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def permanent(self) -> bool: ...
    @property
    def address_is_bad(self) -> bool: ...
    @property
    def error_code(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """Handed to every action by `runtime`; tests hand their own.

    ``gateways`` maps a channel kind to the names of the gateways for it, first choice first. ``words`` maps a language
    to its catalogue. ``atlas`` is the directory in memory. ``read_inbound`` and ``read_report`` say how each gateway
    reads the raw bytes that it posted; they raise `ValueError` for bytes that say nothing. ``threads`` are those of the
    process, which `runtime` closes. ``openid``: the providers of OpenID Connect by their names.
    """

    keyring: Keyring = field(repr=False)
    pepper: bytes = field(repr=False)
    entropy: Callable[[int], bytes] = field(repr=False)
    gateways: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Mapping[str, str]] = field(repr=False)
    read_inbound: Mapping[str, Callable[[bytes], Heard]] = field(default_factory=dict)
    read_report: Mapping[str, Callable[[bytes, str | None], Reported]] = field(default_factory=dict)
    public_url: str = ""
    openid: Mapping[str, Provider] = field(default_factory=dict)
    atlas: Atlas = field(default_factory=Atlas, repr=False)
    threads: Threads = field(default_factory=Threads, repr=False)
