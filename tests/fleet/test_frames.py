"""Short whole texts are taken from a stream as a parser would take them; all else is left to one."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from fleet.frames import short_texts

texts = st.lists(st.text(max_size=200) | st.sampled_from(["x" * 125, "x" * 126, "x" * 65_535]), max_size=5)


def framed(data: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=mask)


others = st.sampled_from(
    [
        framed(b"unmasked", mask=False),
        framed(b"begun", fin=False),
        framed(b"ended", Opcode.CONT),
        framed(b"bytes", Opcode.BINARY),
        framed(b"", Opcode.PING),
        framed(b"\x03\xe8", Opcode.CLOSE),
        framed(b"\xed\xa0\x80"),  # half a surrogate pair is no UTF-8
        framed(b"x" * 65_536),
        b"\x81\xfe\x00\x05" + framed(b"short")[2:],  # five bytes, said in two
        b"\xc1" + framed(b"compressed")[1:],
        b"",
    ]
)


@given(texts=texts, other=others)
def test_texts_up_to_what_is_none(texts: list[str], other: bytes) -> None:
    sent = [text.encode() for text in texts]
    data = b"".join(map(framed, sent))
    assert short_texts(data + other + framed(b"later")) == (
        (sent, len(data)) if other else ([*sent, b"later"], len(data) + len(framed(b"later")))
    )


@given(texts=texts, cut=st.integers(1, 200))
def test_what_is_not_all_there_is_left(texts: list[str], cut: int) -> None:
    last = framed(b"x" * 200)
    data = b"".join(framed(text.encode()) for text in texts)
    assert short_texts((data + last)[:-cut]) == ([text.encode() for text in texts], len(data))
    for size in range(9):
        assert short_texts((data + last)[: len(data) + size])[1] == len(data)
