"""Languages by their names, in the reader's language: of what officers and contact points speak."""

from collections.abc import Iterable, Mapping

from contactpoints.rules.phrasing import Catalogue, say
from schemas.words import msgid

_NAMES: Mapping[str, str] = {
    "ar": msgid("Arabic"),
    "bg": msgid("Bulgarian"),
    "bs": msgid("Bosnian"),
    "ca": msgid("Catalan"),
    "cs": msgid("Czech"),
    "da": msgid("Danish"),
    "de": msgid("German"),
    "el": msgid("Greek"),
    "en": msgid("English"),
    "es": msgid("Spanish"),
    "et": msgid("Estonian"),
    "fa": msgid("Persian"),
    "fi": msgid("Finnish"),
    "fr": msgid("French"),
    "ga": msgid("Irish"),
    "he": msgid("Hebrew"),
    "hi": msgid("Hindi"),
    "hr": msgid("Croatian"),
    "hu": msgid("Hungarian"),
    "hy": msgid("Armenian"),
    "id": msgid("Indonesian"),
    "is": msgid("Icelandic"),
    "it": msgid("Italian"),
    "ja": msgid("Japanese"),
    "ka": msgid("Georgian"),
    "ko": msgid("Korean"),
    "lt": msgid("Lithuanian"),
    "lv": msgid("Latvian"),
    "mk": msgid("Macedonian"),
    "mt": msgid("Maltese"),
    "nl": msgid("Dutch"),
    "no": msgid("Norwegian"),
    "pl": msgid("Polish"),
    "pt": msgid("Portuguese"),
    "ro": msgid("Romanian"),
    "ru": msgid("Russian"),
    "si": msgid("Sinhala"),
    "sk": msgid("Slovak"),
    "sl": msgid("Slovenian"),
    "sq": msgid("Albanian"),
    "sr": msgid("Serbian"),
    "sv": msgid("Swedish"),
    "ta": msgid("Tamil"),
    "th": msgid("Thai"),
    "tr": msgid("Turkish"),
    "uk": msgid("Ukrainian"),
    "ur": msgid("Urdu"),
    "vi": msgid("Vietnamese"),
    "zh": msgid("Chinese"),
}


def tongue_of(words: Catalogue, tag: str) -> str:
    """Return the name of a language by its tag (``pt-BR``: Portuguese (BR)); an unknown tag as it is."""
    language, _, rest = tag.partition("-")
    if language.lower() not in _NAMES:
        return tag
    named = say(words, _NAMES[language.lower()])
    return f"{named} ({rest})" if rest else named


def tongues_of(words: Catalogue, tags: Iterable[str]) -> str:
    """Return the names of languages, in their order."""
    return ", ".join(tongue_of(words, each) for each in tags)
