"""What somebody is warned of is told in the reader's language, whatever it is."""

from contactpoints.rules.wording_warnings import _SENTENCES, doubt_of
from contactpoints.words import LANGUAGES, catalogues


def test_every_warning_has_a_sentence_in_every_language_and_what_has_none_is_told_as_it_is() -> None:
    for language in LANGUAGES:
        said = {doubt_of(catalogues()[language], {"code": code, "detail": "zzz"}) for code in _SENTENCES}
        assert len(said) == len(_SENTENCES), language
    assert doubt_of(catalogues()["fr"], {"code": "not_known", "detail": "zzz"}) == "zzz"
