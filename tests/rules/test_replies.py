"""The grammar of replies: what an officer woken at 03:00 types is understood, and nothing else is."""

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contactpoints.rules.codes import is_reply_code, new_reference, new_reply_code
from contactpoints.rules.replies import Reply, read_reply

CODE, OTHER = new_reply_code(bytes(range(3, 19))), new_reply_code(bytes(range(100, 116)))
HALVES = CODE[:3], CODE[3:]
PIN = "482913"
REFERENCE = new_reference(bytes(range(5, 21)))
ALERT = f"24/7 network - EMERGENCY - ref {REFERENCE} - reply {CODE} + your PIN - by 03:32 your time (01:32 UTC)"
LINK = f"https://contactpoints.example/a/{OTHER}-20261013"
WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in CODE + PIN}
ARABIC = {ord(digit): 0x0660 + int(digit) for digit in "0123456789"}
CYRILLIC = str.maketrans("ABCEHKMPTXY", "АВСЕНКМРТХУ")  # noqa: RUF001


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{CODE} {PIN}", id="as asked"),
        pytest.param(f"{PIN} {CODE}", id="the other way round"),
        pytest.param(f"ACK {CODE} {PIN}", id="with ACK"),
        pytest.param(f"{CODE.lower()} {PIN}", id="in small letters"),
        pytest.param(f"{CODE}+{PIN}", id="with the plus of the alert's own words"),
        pytest.param(f"{CODE} + {PIN}", id="with the plus and spaces"),
        pytest.param(f"{CODE}{PIN}", id="without a space"),
        pytest.param(f"ack{CODE} pin{PIN}", id="words glued on"),
        pytest.param(f"{HALVES[0]}-{HALVES[1]} pin:{PIN} merci", id="a hyphen in the code"),
        pytest.param(f"code {HALVES[0]} {HALVES[1]}, {PIN}", id="a space in the code"),
        pytest.param(f"code {HALVES[0]} {HALVES[1]}, 48 29 13", id="a PIN in groups behind the code"),
        pytest.param(f"{' '.join(CODE)} {PIN}", id="spelled out"),
        pytest.param(f"My PIN is 482-913, code {CODE}", id="a PIN in groups behind its word"),
        pytest.param(f"Le code est {CODE}, mon NIP : {PIN}.", id="in French"),
        pytest.param(f"Código {CODE}; mi clave es {PIN}.", id="in Spanish"),
        pytest.param(f"\u201c{CODE}\u201d \u2013 \u00ab{PIN}\u00bb", id="smart quotes and dashes"),
        pytest.param(f"{HALVES[0]}\u2011{HALVES[1]}\u00a0{PIN}", id="a non-breaking hyphen and space"),
        pytest.param(f"\u200b{CODE[:2]}\u200b{CODE[2:]}\ufeff {PIN[:3]}\u200d{PIN[3:]}", id="invisible signs"),
        pytest.param(f"\u200f{CODE}\u200e {PIN}", id="marks of direction"),
        pytest.param(f"{CODE} {PIN}".translate(WIDE), id="full-width signs"),
        pytest.param(f"{CODE} {PIN.translate(ARABIC)}", id="Arabic-Indic digits"),
        pytest.param(f"{CODE.translate(CYRILLIC)} {PIN}", id="Cyrillic letters that look the same"),
        pytest.param(f"{CODE} {PIN}\U0001f44d", id="a thumb"),
        pytest.param(f"{CODE} {PIN} -- Radu, +40 21 555 01 23, 0040215550123", id="a signature with a number"),
        pytest.param(f"0040215550123 pin {PIN} code {CODE}", id="a telephone number in front"),
        pytest.param(f"{CODE}\n{PIN}\n> {ALERT}", id="the alert quoted below"),
        pytest.param(f"{PIN}\n> {ALERT}", id="the code only in the quotation"),
        pytest.param(f"{PIN} {ALERT}", id="the alert copied behind the PIN"),
        pytest.param(f"{ALERT} {LINK} {PIN}", id="the alert and its link copied in front of the PIN"),
        pytest.param(f"{CODE} {PIN}\n> {OTHER} 999999", id="an older reply quoted below"),
        pytest.param(f"{CODE} {PIN} ref {REFERENCE}", id="the reference beside it"),
        pytest.param(f"{CODE} {PIN} {CODE} {PIN}", id="twice"),
        pytest.param(f"wrong: {CODE} {PIN} sorry", id="words around"),
    ],
)
def test_a_code_and_a_pin_are_found(text: str) -> None:
    reply = read_reply(text)
    assert (reply.codes, reply.pin) == ((CODE,), PIN)
    assert (reply.stop, reply.wrong_person, reply.help) == (False, False, False)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        pytest.param("", Reply((), None, 0), id="nothing"),
        pytest.param("ok", Reply((), None, 0), id="a bare yes acknowledges nothing"),
        pytest.param("ACK", Reply((), None, 0), id="a bare ACK acknowledges nothing"),
        pytest.param("claim all", Reply((), None, 0), id="there is no all"),
        pytest.param(PIN, Reply((), PIN, 1), id="a PIN alone names no alert"),
        pytest.param(CODE, Reply((CODE,), None, 0), id="a code alone has no PIN"),
        pytest.param(ALERT, Reply((CODE,), None, 0), id="the alert sent back holds no PIN"),
        pytest.param(f"> {ALERT}", Reply((CODE,), None, 0), id="nor does the alert quoted"),
        pytest.param(f"> {CODE} {PIN}", Reply((CODE,), None, 0), id="a quotation lends no PIN"),
        pytest.param(LINK, Reply((), None, 0), id="a link holds neither code nor PIN"),
        pytest.param(f"cp.example/{CODE}", Reply((), None, 0), id="nor does a link without https"),
        pytest.param(REFERENCE, Reply((), None, 0), id="the reference is no code"),
        pytest.param(f"{CODE} 12345", Reply((CODE,), None, 0), id="five digits are no PIN"),
        pytest.param(f"{CODE} 1234567890123", Reply((CODE,), None, 0), id="thirteen digits are no PIN"),
        pytest.param(f"{CODE} {OTHER} {PIN}", Reply((CODE, OTHER), PIN, 1), id="two codes are both told"),
        pytest.param(f"{CODE}, either 482913 or 482914", Reply((CODE,), None, 2), id="of two PINs none is guessed"),
        *(
            pytest.param(f"{CODE} {said}", Reply((CODE,), PIN, 1, no=True), id=f"with a lonely {said}")
            for said in (f"{PIN} no", f"{PIN}. NO!", f"non {PIN}", f"{PIN} Nein", f"{PIN} não")
        ),
        pytest.param(f"{CODE} no", Reply((CODE,), None, 0, no=True), id="without a PIN too"),
        *(
            pytest.param(said, Reply((CODE,), PIN, 1), id=f"no number: {said}")
            for said in (f"No. {CODE} {PIN}", f"{CODE} PIN no {PIN}", f"{CODE} {PIN} no problem", f"{CODE} no es {PIN}")
        ),
        pytest.param("who is this?", Reply((), None, 0, wrong_person=True), id="who is this"),
        *(
            pytest.param(asked, Reply((), None, 0), id=asked)
            for asked in (
                *("Who is this about?", "who's this for", "Who are you looking for?", "Qui est-ce qui appelle ?"),
                *("C'est qui la victime ?", "¿Quién es el sospechoso?"),
            )
        ),
        *(
            pytest.param(asked, Reply((), None, 0, wrong_person=True), id=asked)
            for asked in ("Who is this? I know nothing about it", "Quién es usted, la policía?", "Qui est-ce ?")
        ),
        pytest.param("Who\u2019s this", Reply((), None, 0, wrong_person=True), id="who's this"),
        pytest.param("Sorry, WRONG number!", Reply((), None, 0, wrong_person=True), id="wrong number"),
        pytest.param("Mauvais nume\u0301ro", Reply((), None, 0, wrong_person=True), id="mauvais numéro"),
        pytest.param("C\u2019est qui ?", Reply((), None, 0, wrong_person=True), id="c'est qui"),
        pytest.param("N\u00famero equivocado", Reply((), None, 0, wrong_person=True), id="número equivocado"),
        pytest.param(f"{CODE} wrong person", Reply((CODE,), None, 0, wrong_person=True), id="a stranger with the code"),
        pytest.param("please help", Reply((), None, 0, help=True), id="help in a sentence"),
        pytest.param("AYUDA", Reply((), None, 0, help=True), id="ayuda"),
        pytest.param(f"help {CODE}", Reply((CODE,), None, 0), id="with a code it is no call for help"),
    ],
)
def test_what_a_reply_says(text: str, reply: Reply) -> None:
    assert read_reply(text) == reply


@pytest.mark.parametrize("text", ["STOP", "stop", " Stop. ", "STOP ALL", "END", "Arr\u00eat", "BAJA!", "opt-out"])
def test_a_stop_word_alone_stops(text: str) -> None:
    assert read_reply(text).stop


@pytest.mark.parametrize("text", ["please stop calling", "stop it", f"stop {CODE}", "the end", "> STOP", "stopped"])
def test_a_stop_word_among_others_does_not(text: str) -> None:
    assert not read_reply(text).stop


NOISE_WORDS = st.sampled_from(
    ["ack", "OK!", "merci", "03:32", "24/7", REFERENCE, "ça va", "(01:32 UTC)", "...", "\U0001f44d", "#1", "12", "--"]
)
NOISE = st.lists(NOISE_WORDS, max_size=4).map(" ".join)
ENTROPY = st.binary(min_size=16, max_size=16)
PINS = st.text("0123456789", min_size=6, max_size=12)
BETWEEN = st.sampled_from([" ", "  ", ", ", "; ", "\n", " / ", ": ", "+", ".", "\u00a0", "\t", " | ", "_", "\u3000"])


@st.composite
def dressed(draw: st.DrawFn, code: str) -> str:
    """A code as people write it: in any case, in full width, with a hyphen or an invisible sign inside."""
    cut = draw(st.integers(1, 6))
    inside = draw(st.sampled_from(["", "-", "\u2011", "\u200b", "\u00ad", " - "]))
    text = f"{code[:cut]}{inside}{code[cut:]}"
    change = draw(st.sampled_from([str.lower, str.upper, str.title, lambda each: unicodedata.normalize("NFD", each)]))
    return str(change(text))


@pytest.mark.parametrize(
    "text",
    [
        "{a} {b} 12 34 56 {a} {b}",
        "{a}-{b} 12 34 56\nYou wrote: Reply {a}-{b} PIN",
        "Reply {a}-{b} PIN\n{a}{b} 123456",
        "{a}{b}\nagain {a}{b} 12-34-56",
    ],
)
def test_a_code_that_stands_there_twice_has_its_pin_behind_either(text: str) -> None:
    code = new_reply_code(b"twice".ljust(16))
    reply = read_reply(text.format(a=code[:3], b=code[3:]))
    assert (reply.codes, reply.pin) == ((code,), "123456")


@given(st.data(), ENTROPY, PINS, NOISE, NOISE, BETWEEN)
@settings(deadline=None, max_examples=250)
def test_any_noise_around_code_and_pin_leaves_exactly_these(
    data: st.DataObject, entropy: bytes, pin: str, before: str, after: str, between: str
) -> None:
    code = new_reply_code(entropy)
    pair = [data.draw(dressed(code)), pin]
    if data.draw(st.booleans()):
        pair.reverse()
    reply = read_reply(f"{before} {between.join(pair)} {after}".strip())
    assert (reply.codes, reply.pin) == ((code,), pin)


@given(st.text(max_size=300) | st.text("23456789ABCDEFGHJKMNPQRSTUVWXYZ -\n>", max_size=300))
@settings(deadline=None, max_examples=500)
def test_any_text_is_read_and_whatever_is_found_is_lawful(text: str) -> None:
    reply = read_reply(text)
    assert len(set(reply.codes)) == len(reply.codes) <= 10
    assert all(is_reply_code(code) for code in reply.codes)
    assert reply.pin is None or (6 <= len(reply.pin) <= 12 and reply.pin.isdecimal() and reply.pin.isascii())
    assert reply.pins >= (reply.pin is not None)
    assert not (reply.codes and (reply.stop or reply.help))


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ .,'", max_size=200))
@settings(deadline=None, max_examples=200)
def test_words_alone_are_never_a_code(text: str) -> None:
    assert not read_reply(text).codes


@given(ENTROPY, ENTROPY)
@settings(deadline=None, max_examples=200)
def test_the_alert_sent_back_is_never_more_than_its_code(one: bytes, two: bytes) -> None:
    code, reference = new_reply_code(one), new_reference(two)
    assume(code != CODE)
    reply = read_reply(ALERT.replace(CODE, code).replace(REFERENCE, reference))
    assert reply == Reply((code,), None, 0)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("A 2 " * 25_000, id="single signs"),
        pytest.param("-" * 100_000, id="hyphens"),
        pytest.param("9" * 100_000, id="one long number"),
        pytest.param("A2" * 50_000, id="one long word"),
        pytest.param("e" + "\u0301\u0323" * 50_000, id="accents without end"),
        pytest.param("\ufdfa" * 100_000, id="a sign that unfolds into eighteen"),
        pytest.param(">\n" * 50_000, id="quotations"),
        pytest.param("a." * 50_000 + "/", id="half a link"),
        pytest.param("PIN " * 25_000, id="the word PIN"),
        pytest.param("PIN 1 " * 16_000, id="PINs that begin"),
        pytest.param(f"{CODE} " * 12_000, id="the code without end"),
        pytest.param("\ud800" * 100_000, id="half signs"),
        pytest.param("\0" * 100_000, id="null signs"),
    ],
)
def test_a_hostile_text_is_read_without_harm(text: str) -> None:
    reply = read_reply(text)
    assert reply.codes in ((), (CODE,))
