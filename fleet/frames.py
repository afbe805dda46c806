"""WebSocket frames (RFC 6455, section 5.2) that need no parser: short whole texts, as nearly all are."""

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # in C, where there is one

WHOLE_TEXT = 0x81  # the only frame of its message, no extension
MASKED = 0x80  # as all that a client sends
SHORT = 126  # a length of less stands in one byte; this one says that it follows in two


def short_texts(data: bytes) -> tuple[list[bytes], int]:
    """Return the texts that `data` begins with, unmasked, in UTF-8, and where the rest begins.

    At most 65 535 bytes each. Anything else, wrong or not all there, is the rest, for a parser to judge.
    """
    texts: list[bytes] = []
    start, end = 0, len(data)
    while end - start >= 6 and data[start] == WHOLE_TEXT:
        length = data[start + 1] - MASKED
        mask = start + 2
        if length == SHORT:
            length = data[mask] << 8 | data[mask + 1]
            mask += 2
            if length < SHORT:  # not the shortest way to say so
                break
        elif not 0 <= length < SHORT:
            break
        begin = mask + 4
        if begin + length > end:
            break
        text = apply_mask(data[begin : begin + length], data[mask:begin])
        if not (text.isascii() or is_utf8(text)):
            break
        texts.append(text)
        start = begin + length
    return texts, start


def is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
