"""What actions are handed besides the database: keys, words, randomness and the ways out that exist."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contactpoints.store.sealing import Keyring


@dataclass(frozen=True, slots=True)
class Tools:
    """Handed to every action by `runtime`; tests hand their own.

    ``gateways`` maps a channel kind to the names of the gateways for it, first choice first. ``words`` maps a language
    to its catalogue. ``time_scale`` divides the durations of policies, and is 1 outside rehearsals.
    """

    keyring: Keyring = field(repr=False)
    pepper: bytes = field(repr=False)
    entropy: Callable[[int], bytes] = field(repr=False)
    gateways: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Mapping[str, str]] = field(repr=False)
    public_url: str = ""
    time_scale: float = 1.0
