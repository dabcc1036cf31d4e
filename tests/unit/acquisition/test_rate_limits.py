"""Pauses of servers that limit requests, with a clock that sleeping moves on."""

import json
import time
from email.utils import formatdate
from types import SimpleNamespace

import pytest

from imfmap.acquisition.rate_limits import Patience
from imfmap.core.errors import SetupError

URL = "https://archive.example/data/M1.IMG"
START_S = 1_790_000_000.0


@pytest.fixture
def clock(monkeypatch):
    """A clock, and the pauses that were slept."""
    state = SimpleNamespace(now_s=START_S, pauses=[])

    def sleep(pause_s):
        state.now_s += pause_s
        state.pauses.append(round(pause_s, 3))

    monkeypatch.setattr(time, "time", lambda: state.now_s)
    monkeypatch.setattr(time, "sleep", sleep)
    return state


def answer(status=429, **headers):
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    return SimpleNamespace(status_code=status, reason="Too Many Requests", headers=headers)


def pauses_of(clock, *answers, backoff_s=1):
    patience = Patience(URL, {"backoff_s": backoff_s})
    for item in answers:
        assert patience.asked_to_wait(item)
        patience.wait_for_turn()
    return clock.pauses


def test_pauses_grow_by_half_a_minute_up_to_a_quarter_of_an_hour(clock):
    assert pauses_of(clock, *[answer()] * 33) == [*range(30, 901, 30), 900, 900, 900]


def test_backoff_scales_them(clock):
    assert pauses_of(clock, *[answer()] * 3, backoff_s=0.1) == [3, 6, 9]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry_After": "120"}, [120]),
        ({"Retry_After": "0"}, []),
        ({"Retry_After": formatdate(START_S + 90, usegmt=True)}, [90]),
        ({"Retry_After": formatdate(START_S - 90, usegmt=True)}, []),
        # A server whose clock is an hour late.
        (
            {"Retry_After": formatdate(START_S - 3540, usegmt=True), "Date": formatdate(START_S - 3600, usegmt=True)},
            [60],
        ),
        ({"Retry_After": "soon"}, [30]),
        ({"Retry_After": "-5"}, [30]),
        ({"Retry_After": ""}, [30]),
        ({"Retry_After": "Mon, 99 Foo 2026"}, [30]),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_taken_at_its_word(clock, monkeypatch, headers, pause, status):
    if "Date" not in headers:
        headers = {**headers, "Date": formatdate(START_S, usegmt=True)}
    assert pauses_of(clock, answer(status, **headers)) == pause


def test_a_retry_after_that_is_too_short_is_believed_once(clock):
    assert pauses_of(clock, *[answer(Retry_After="1")] * 4) == [1, 30, 60, 90]


def test_an_error_without_a_pause_is_no_limit(clock):
    patience = Patience(URL, {"backoff_s": 1})
    assert not any(patience.asked_to_wait(answer(status)) for status in (200, 302, 404, 500, 503))


def test_patience_ends_after_six_hours(clock):
    with pytest.raises(
        SetupError, match=r"M1.IMG: limits requests \(429 Too Many Requests after 39 tries\); run again"
    ):
        pauses_of(clock, *[answer()] * 99)
    assert 5 * 3600 < sum(clock.pauses) <= 6 * 3600


def test_a_pause_of_days_is_not_waited_for(clock):
    with pytest.raises(SetupError, match="after 1 try, and asks for a pause of 90000 s"):
        pauses_of(clock, answer(Retry_After="90000"))
    assert not clock.pauses


def test_other_jobs_wait_with_it(clock, caplog):
    """Each says so in one line."""
    Patience(URL, {"backoff_s": 1}).asked_to_wait(answer())
    Patience("https://archive.example/data/M2.IMG", {"backoff_s": 1}).wait_for_turn()
    assert clock.pauses == [30]
    (line,) = [record.getMessage() for record in caplog.records]
    end = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(START_S + 30))
    assert line.startswith(f"archive.example limits requests (429 Too Many Requests): waiting until {end}")
    Patience(URL, {"backoff_s": 1}).wait_for_turn()
    Patience("https://other.example/data/M2.IMG", {"backoff_s": 1}).wait_for_turn()
    assert clock.pauses == [30]


@pytest.mark.parametrize("content", ["", "no json", "[]", json.dumps({"until": 1e30, "reason": "x"})])
def test_a_broken_note_of_a_pause_holds_nobody_up(clock, pauses, content):
    Patience(URL, {"backoff_s": 1}).asked_to_wait(answer())
    (note,) = pauses.rglob("*.json")
    note.write_text(content)
    Patience(URL, {"backoff_s": 1}).wait_for_turn()
    assert not clock.pauses


def test_without_a_place_for_the_note_the_pause_holds(clock, monkeypatch, caplog):
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    assert pauses_of(clock, answer()) == [30]
    assert "limits requests (429 Too Many Requests)" in caplog.text
