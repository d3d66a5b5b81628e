"""When a sample was sent is remembered for the newest messages, and never guessed for older ones."""

from simulator.sent_moments import SentMoments


def test_a_sample_left_with_the_first_message_that_reaches_its_time() -> None:
    """Each appliance has its own messages; what was never sent has no moment."""
    sent = SentMoments(kept=8)
    sent.note(1, 100, 1_000)
    sent.note(2, 150, 1_500)
    sent.note(1, 200, 2_000)
    assert [sent.wall_ms(1, ts_ms) for ts_ms in (50, 100, 101, 200, 201)] == [1_000, 1_000, 2_000, 2_000, None]
    assert sent.wall_ms(3, 100) is None


def test_what_may_have_left_with_a_forgotten_message_has_no_moment() -> None:
    """Of the oldest message that is known only its last sample is sure to have been in it."""
    sent = SentMoments(kept=3)
    for number in range(1, 6):
        sent.note(1, number * 100, number * 1_000)
    assert [sent.wall_ms(1, ts_ms) for ts_ms in (50, 250, 300, 350, 500)] == [None, None, 3_000, 4_000, 5_000]
