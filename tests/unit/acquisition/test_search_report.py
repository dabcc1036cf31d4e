"""Age of the answer of a search."""

import json

from imfmap.acquisition.search_report import asked_at
from tests.helpers.searches import WEST
from tests.helpers.servers import ode_product


def test_an_answer_stays_until_it_is_too_old_or_is_asked_for_anew(ode_server, ask, tmp_path):
    ode_server.products = [ode_product("M100000001LE", WEST)]
    report = ask()[1]
    path, start = tmp_path / "products.json", "2026-03-05T00:00:00+00:00"
    path.write_text(json.dumps({**report, "asked": "2026-03-01T00:00:00+00:00"}))
    for refresh, max_age_days, stays in [
        (False, None, True),
        (False, 4, True),
        (False, 3.9, False),
        (True, None, False),
    ]:
        asked = asked_at(path, start, refresh, max_age_days)
        assert asked == ("2026-03-01T00:00:00+00:00" if stays else start), (refresh, max_age_days)


def test_a_run_asks_once_however_young_its_answer_has_to_be(ode_server, ask, tmp_path):
    ode_server.products = [ode_product("M100000001LE", WEST)]
    start = "2026-03-05T00:00:00+00:00"
    assert asked_at(tmp_path / "products.json", start, False, None) == start, "there is no answer yet"
    assert ask(asked=start)[1]["asked"] == start
    assert asked_at(tmp_path / "products.json", start, True, 0) == start
    assert asked_at(tmp_path / "products.json", start, False, 0) == start
    # The next run keeps this answer, unless it has to be younger.
    later = "2026-03-05T00:00:07+00:00"
    assert asked_at(tmp_path / "products.json", later, False, None) == start
    assert asked_at(tmp_path / "products.json", later, False, 0) == later


def test_a_report_that_cannot_be_read_is_asked_for_anew(tmp_path):
    path, start = tmp_path / "products.json", "2026-03-05T00:00:00+00:00"
    for broken in ("{}", "[]", "no json", '{"asked": 7}', '{"asked": "yesterday"}'):
        path.write_text(broken)
        assert asked_at(path, start, False, None) == start
