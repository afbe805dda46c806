import random

import pytest

from tracking.simulation.drivers import ANSWERS, Temper, plan

MESSAGE = {"id": "01J", "text": "Call the depot", "replies": ["OK", "Delayed"]}


@pytest.mark.parametrize("seed", range(20))
def test_a_prompt_driver_reads_and_answers_with_one_of_the_replies(seed: int) -> None:
    delivered, read, reply = plan(MESSAGE, Temper.PROMPT, random.Random(seed))
    assert (delivered.after, delivered.kind) == (0, "delivered")
    assert read.kind == "read"
    assert 3 <= read.after <= 20
    assert reply.kind == "reply"
    assert 5 <= reply.after <= 30
    assert reply.text in MESSAGE["replies"]


def test_without_replies_to_choose_from_a_driver_finds_words() -> None:
    assert plan({"id": "01J", "replies": []}, Temper.PROMPT, random.Random(1))[-1].text in ANSWERS


def test_a_late_driver_takes_minutes() -> None:
    assert plan(MESSAGE, Temper.LATE, random.Random(1))[1].after >= 60


def test_a_silent_driver_never_reads() -> None:
    assert [act.kind for act in plan(MESSAGE, Temper.SILENT, random.Random(1))] == ["delivered"]
