"""Age of the answer of a search."""

import json

from imfmap.acquisition.search_report import is_old
from tests.helpers.searches import WEST
from tests.helpers.servers import ode_product


def test_how_old_an_answer_is(ode_server, ask, tmp_path):
    ode_server.products = [ode_product("M100000001LE", WEST)]
    report = ask()[1]
    path = tmp_path / "products.json"
    assert is_old(path, 0) and not is_old(path, 1) and not is_old(path, None)
    path.write_text(json.dumps({**report, "asked": "2020-01-01T00:00:00+00:00"}))
    assert is_old(path, 300)
    for broken in ("{}", "[]", "no json", '{"asked": 7}'):
        path.write_text(broken)
        assert not is_old(path, 0)
    assert not is_old(tmp_path / "nowhere.json", 0)
