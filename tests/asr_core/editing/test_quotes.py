"""Quotes: in order, none twice, ticked and taken away one by one."""

from asr_core.editing.quotes import Quote, added, checked, ticked, without

FIRST = Quote("One.", 0.0, 1.0, "Ann")
SECOND = Quote("Two.", 1.0, 2.0)


def test_they_stand_in_the_order_of_the_recording_and_none_twice():
    quotes = added(added((), SECOND), FIRST)
    assert quotes == (FIRST, SECOND)
    assert added(quotes, FIRST) == quotes


def test_a_quote_that_was_checked_is_not_added_once_more_unchecked():
    quotes = ticked((FIRST, SECOND), FIRST, True)
    assert added(quotes, FIRST) == quotes
    assert [quote.text for quote in checked(quotes)] == ["One."]


def test_a_tick_can_be_taken_back_and_a_quote_away():
    quotes = ticked((FIRST, SECOND), SECOND, True)
    assert checked(ticked(quotes, SECOND, False)) == ()
    assert without(quotes, SECOND) == (FIRST,)
