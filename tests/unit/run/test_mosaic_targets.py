"""What a finished mosaic can be used for, by its settings."""

import pytest

from imfmap.core.errors import InputError
from imfmap.run.config.complete import complete

PLACE = {"lat": 1, "lon": 2, "diameter_km": 3}
SUN = {"sun_azimuth_deg": 100, "incidence_deg": 60}
UNET = {"architecture": "unet", "encoder": "resnet18"}


def config(recipe, target, model=None, **sections):
    train = {**PLACE, "role": "train", "labels": "l.gpkg", "products": ["M1136683665L"]}
    return {
        "run": {"name": "x"},
        "recipe": recipe,
        "models": {"net": {**UNET, **(model or {})}},
        "targets": {"tr": train, "theirs": {**PLACE, "mosaic": "m.tif", **target}},
        **sections,
    }


LEARNT = {"role": "train", "labels": "l.gpkg"}


@pytest.mark.parametrize(
    "given",
    [
        config("paper", {"role": "map"}),
        config("paper", {"role": "map", **SUN}),
        config("paper", LEARNT),
        config("paper", {"role": "map"}, {"sun_input": True}),
        config("sun_aligned", {"role": "map", **SUN}),
        config("sun_aligned", {**LEARNT, **SUN}, {"recipe": "paper"}),
    ],
)
def test_a_mosaic_is_taken(given):
    assert complete(given, "c.yaml")["targets"]["theirs"]["mosaic"] == "m.tif"


KNOW = "model net needs the Sun's direction, which tiles of a mosaic do not have"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            config("sun_aligned", {"role": "map"}),
            "recipe sun_aligned needs the direction of the mosaic's one Sun; give sun_azimuth_deg and",
        ),
        (config("sun_aligned", {"sun_azimuth_deg": 100}), "needs the direction of the mosaic's one Sun"),
        (config("sun_aligned", {"incidence_deg": 60}), "needs the direction of the mosaic's one Sun"),
        (config("paper", LEARNT, {"recipe": "sun_aligned"}), KNOW),
        (config("paper", LEARNT, {"sun_input": True}), KNOW),
        (
            config("paper", {**LEARNT, "role": "test"}, {"sun_input": True}, evaluation={"models": ["net"]}),
            KNOW,
        ),
    ],
)
def test_a_mosaic_without_its_sun_is_refused(given, said):
    with pytest.raises(InputError, match=f"c.yaml: targets.theirs.mosaic: .*{said}"):
        complete(given, "c.yaml")


def test_images_bring_their_sun_with_them():
    given = config("paper", {"role": "map"})
    given["targets"]["tr"]["sun_azimuth_deg"] = 10
    with pytest.raises(
        InputError, match="targets.tr.sun_azimuth_deg: is only for targets with the key mosaic; leave it out"
    ):
        complete(given, "c.yaml")
