"""A lesson approved through the feedback router: the two skills meet in the event log alone."""

from __future__ import annotations

import pytest

from clawcortex.skills.events import DecisionAnswered, DecisionWanted
from feedback_router import operations as router
from feedback_router import shapes as routed
from feedback_router.hooks import ask_wanted
from tests.memory_compounding.house import House


@pytest.mark.parametrize(("choice", "status"), [("approve", "active"), ("reject", "refused")])
def test_the_router_asks_about_a_lesson_and_the_answer_decides(
    house: House, choice: str, status: str
) -> None:
    house.set(lesson_approval="ask", owners=("telegram:111",))
    for reason in ("way too formal", "too stiff, loosen up", "sounds like a lawyer"):
        house.decide("reject", reason)
    for event in house.store.read_events("feedback-router.wanted", kinds=[DecisionWanted.event]):
        ask_wanted.run(house.context(), event)
        ask_wanted.run(house.context(), event)
    [waiting] = router.pending(house.context(), routed.PendingInput()).asks
    assert waiting.title.startswith("Lesson: Write informally")
    assert "Corrected 3 times" in waiting.description
    router.answer(house.context(), routed.AnswerInput(id=waiting.id, choice=choice))
    house.follow()
    [lesson] = house.lessons()
    assert lesson.status == status
    assert bool(house.prompt().text) is (status == "active")
    told = house.store.read_events("test", kinds=[DecisionAnswered.event])
    assert DecisionAnswered.of(told[-1]).key == lesson.ask
    assert len(house.feedback()) == 3
