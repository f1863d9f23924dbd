"""Numbers and addresses of officers. All are of official fictional ranges or `example` domains."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactpoints.rules.numbers import Number, read_address, read_number, spaced


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("+442079460958", Number("+442079460958", True, True), id="a London number of the drama range"),
        pytest.param("+44 20 7946 0958", Number("+442079460958", True, True), id="spaces are forgiven"),
        pytest.param("+12025550123", Number("+12025550123", True, True), id="a fictional number in Washington"),
        pytest.param("+33199000123", Number("+33199000123", True, True), id="a fictional number in Paris"),
        pytest.param("+12020000123", Number("+12020000123", True, False), id="a number that nobody has"),
        pytest.param("+442", Number("+442", False, False), id="too short for any plan"),
        pytest.param("+4420794609581234", Number("+4420794609581234", False, False), id="too long for any plan"),
        pytest.param("+15550123", Number("+15550123", False, False), id="it works only within a town"),
        pytest.param("02079460958", Number("02079460958", False, False), id="without a country code"),
        pytest.param("+442079460958 ext 12", Number("+442079460958 ext 12", False, False), id="an extension"),
        pytest.param("+442079460958;12", Number("+442079460958;12", False, False), id="an extension behind a mark"),
        pytest.param("+1800FLOWERS", Number("+1800FLOWERS", False, False), id="letters"),
        pytest.param("", Number("", False, False), id="nothing"),
        pytest.param("+" * 41, Number("+" * 41, False, False), id="no number at all"),
    ],
)
def test_read_number(text: str, number: Number) -> None:
    assert read_number(text) == number


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_text_is_judged_and_only_possible_numbers_are_valid(text: str) -> None:
    number = read_number(text)
    assert number.possible or not number.valid
    assert not number.possible or (number.text[0] == "+" and number.text[1:].isdecimal() and number.text.isascii())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("duty@example.org", "duty@example.org"),
        ("Duty.Officer+24-7@Police.EXAMPLE.org", "Duty.Officer+24-7@police.example.org"),
        ("d'arc@example.org", "d'arc@example.org"),
        ("duty@bücher.example", "duty@xn--bcher-kva.example"),
        ("duty@xn--bcher-kva.example", "duty@xn--bcher-kva.example"),
    ],
)
def test_an_address_keeps_its_local_part_and_gets_a_plain_domain(text: str, address: str) -> None:
    assert read_address(text) == address
    assert read_address(address) == address


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("duty", id="no at sign"),
        pytest.param("duty@example@example.org", id="two at signs"),
        pytest.param("@example.org", id="nobody"),
        pytest.param("duty@", id="nowhere"),
        pytest.param("duty@localhost", id="a domain without a dot"),
        pytest.param("duty@example..org", id="an empty label"),
        pytest.param("duty@.example.org", id="a dot in front"),
        pytest.param("duty@example.org.", id="a dot at the end"),
        pytest.param("duty@-example.org", id="a hyphen in front"),
        pytest.param("duty@exam_ple.org", id="an underscore in the domain"),
        pytest.param("duty@192.0.2.1", id="an address of a machine"),
        pytest.param("duty@[192.0.2.1]", id="an address literal"),
        pytest.param("duty@" + "a" * 64 + ".org", id="a label of 64 signs"),
        pytest.param("a" * 65 + "@example.org", id="a local part of 65 signs"),
        pytest.param("duty@" + "a." * 125 + "org", id="an address of 258 signs"),
        pytest.param("duty\r\nBcc: x@example.org", id="a header in the local part"),
        pytest.param("duty@example.org\n", id="a line end"),
        pytest.param("duty@example.org\r\nBcc: x", id="a header behind the domain"),
        pytest.param("du ty@example.org", id="a space"),
        pytest.param('"duty"@example.org', id="quotes"),
        pytest.param("du..ty@example.org", id="two dots"),
        pytest.param("Duty <duty@example.org>", id="a name with it"),
        pytest.param("dütý@example.org", id="a local part that is not ASCII"),
        pytest.param("duty@stra\u00dfe.example", id="a domain that two standards read in two ways"),
        pytest.param("duty@exa\ud800mple.org", id="half a sign"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refused:
        read_address(text)
    assert not text or text not in str(refused.value)


@given(st.text(max_size=80) | st.from_regex(r"[a-z.]{1,9}@[a-zé.\-]{1,20}", fullmatch=True))
@settings(deadline=None, max_examples=300)
def test_any_text_is_an_address_that_reads_as_itself_or_refused(text: str) -> None:
    try:
        address = read_address(text)
    except ValueError:
        return
    assert address.isascii()
    assert address.isprintable()
    assert len(address) <= 254
    assert read_address(address) == address


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("+447700900161", "+44 7700 900161"),
        ("+33639980198", "+33 6 39 98 01 98"),
        ("+12025550143", "+1 202-555-0143"),
        ("+999123", "+999123"),
        ("anke@meldpunt.example", "anke@meldpunt.example"),
    ],
)
def test_a_number_is_seen_in_the_groups_of_its_country(address: str, seen: str) -> None:
    assert spaced(address) == seen
