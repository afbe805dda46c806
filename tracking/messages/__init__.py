"""The ledger of messages between dispatchers and a vehicle.

A message is a row first; hints only make it sooner. Its status is a rank that only rises, and
messages of one vehicle are numbered under a lock of its row: sent in that order, by one sender
a connection.
"""

from tracking.messages.delivery import (
    expire,
    open_for,
    sent,
    to_device,
    vehicles_waiting,
    waiting_for,
)
from tracking.messages.desk import Thread, open_replies, search, threads, unread
from tracking.messages.hearing import heard, store_receipt, store_said
from tracking.messages.wire import Change, announce, serialize
from tracking.messages.writing import (
    MAX_REPLIES,
    MAX_REPLY,
    MAX_TEXT,
    Refused,
    cancel,
    command,
    name_of,
    queue,
    resend,
)

__all__ = [
    "MAX_REPLIES",
    "MAX_REPLY",
    "MAX_TEXT",
    "Change",
    "Refused",
    "Thread",
    "announce",
    "cancel",
    "command",
    "expire",
    "heard",
    "name_of",
    "open_for",
    "open_replies",
    "queue",
    "resend",
    "search",
    "sent",
    "serialize",
    "store_receipt",
    "store_said",
    "threads",
    "to_device",
    "unread",
    "vehicles_waiting",
    "waiting_for",
]
