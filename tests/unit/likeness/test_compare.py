"""Verdicts on statistics."""

import numpy as np

from imfmap.likeness.compare import compare, compare_jointly


def test_verdicts_follow_from_the_figures():
    rng = np.random.default_rng(5)
    simulated = [{"same": v, "wide": v, "off": v} for v in rng.normal(0, 1, 60)]
    real = [{"same": v, "wide": 3.2 * v, "off": v + 6.0} for v in rng.uniform(-1, 1, 20)]
    verdicts = {item.name: item.verdict for item in compare(real, simulated)}
    assert verdicts == {"same": "covered", "wide": "partly covered", "off": "not covered"}
    off = next(item for item in compare(real, simulated) if item.name == "off")
    assert off.real_is_larger > 0.99 and off.share_inside == 0.0

    def patches(shift, seed):
        rng = np.random.default_rng(seed)
        return [{name: rng.normal(shift) for name in "abcd"} for _ in range(20)]

    alike, apart = compare_jointly(patches(0.0, 1), patches(0.0, 2)), compare_jointly(patches(3.0, 1), patches(0.0, 2))
    assert alike.told_apart < 0.75 and alike.near_share > 0.7
    assert apart.told_apart > 0.99 and apart.near_share < 0.5
