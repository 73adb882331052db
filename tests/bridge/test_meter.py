import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reel2rig.bridge.worker.meter import ProgressMeter
from reel2rig.core.errors import Cancelled

STAGES = (("people", 3.0), ("network", 1.0))
calls = st.lists(
    st.tuples(st.sampled_from(["people", "network", "unknown"]), st.integers(-5, 50), st.integers(-1, 40)),
    max_size=40,
)


def meter(sent, **options):
    return ProgressMeter(sent.append, "j", "cpu", stages=STAGES, **options)


@given(calls)
def test_nothing_ever_goes_backwards(reports):
    sent = []
    with meter(sent, heartbeat=1000.0, clock=iter(range(10**6)).__next__) as report:
        for stage, done, total in reports:
            report(stage, done, total)
    fractions = [message.fraction for message in sent]
    assert fractions == sorted(fractions)
    assert all(0.0 <= fraction <= 1.0 for fraction in fractions)
    for stage in ("people", "network", "unknown"):
        done = [message.done for message in sent if message.stage == stage]
        assert done == sorted(done)


def test_stages_share_the_whole_by_their_weights():
    sent = []
    with meter(sent) as report:
        report("people", 50, 100)
        report("network", 0, 10)
        report("network", 10, 10)
    assert [message.fraction for message in sent] == pytest.approx([0.0, 0.375, 0.75, 1.0])


def test_a_silent_job_still_sends_its_last_message_again_with_the_time_passed():
    sent = []
    with meter(sent, heartbeat=0.05) as report:
        report("people", 5, 10)
        time.sleep(0.4)
    beats = [message for message in sent if message.stage == "people"]
    assert len(beats) >= 3
    assert {(beat.done, beat.fraction) for beat in beats} == {(5, 0.375)}
    assert beats[-1].elapsed > beats[0].elapsed


def test_nothing_is_sent_after_the_job_has_ended():
    sent = []
    with meter(sent, heartbeat=0.02):
        pass
    count, threads = len(sent), threading.active_count()
    time.sleep(0.1)
    assert len(sent) == count
    assert threading.active_count() <= threads


def test_the_time_left_follows_from_the_time_passed():
    sent, now = [], [0.0]
    with meter(sent, clock=lambda: now[0], heartbeat=1000.0) as report:
        assert sent[0].eta < 0  # unknown
        now[0] = 30.0
        report("people", 100, 100)  # three quarters
    assert sent[-1].eta == pytest.approx(10.0)


def test_a_cancelled_job_hears_of_it_at_its_next_report():
    wish = []
    with meter([], cancelled=lambda: bool(wish)) as report:
        report("people", 1, 10)
        wish.append(1)
        with pytest.raises(Cancelled):
            report("people", 2, 10)
