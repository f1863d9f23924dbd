"""Whether two names may be the same person's: compared as somebody would read them."""

import unicodedata

# Cyrillic, Greek and rare Latin letters that are taken for a plain one, in small letters: case does not count. Where a
# capital looks like one letter and the small one like another, a name is read in both ways.
_CYRILLIC = ("авекморсухіјѕһԁԛԝӏ", "abekmopcyxijshdqwl")
_GREEK = ("αβεικοχ", "abeikox")
_LATIN = ("ıøłđħɑɡ", "ioldhag")
_AS_CAPITALS = ("нтγζηνρτυμ", "htyzhnptym")
_AS_SMALL = ("птгγηνρτυμ", "ntryhvptuu")
_READINGS = tuple(
    str.maketrans("".join(each[0] for each in parts), "".join(each[1] for each in parts))
    for parts in ((_CYRILLIC, _GREEK, _LATIN, _AS_CAPITALS), (_CYRILLIC, _GREEK, _LATIN, _AS_SMALL))
)
_ACCENTS = range(0x300, 0x370)


def different(first: object, second: object) -> bool:
    """Tell whether two names are different, whatever their case, spacing, accents and look-alike letters.

    The accents of Latin, Greek and Cyrillic letters do not count, nor signs that nobody sees. A name alone proves
    nobody: two persons of the same name count as one, and whoever invents another name has one.
    """
    one, other = _plain(str(first)), _plain(str(second))
    return all(one.translate(reading) != other.translate(reading) for reading in _READINGS)


def _plain(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name)
    seen = "".join(each for each in apart if ord(each) not in _ACCENTS and unicodedata.category(each) != "Cf")
    return " ".join(seen.casefold().split())
