"""Reference costs: what a job of each rule takes in time and on the disk, before any was run on this machine.

A cost is a start (Python, its libraries, small files) and a growth with the megapixels of the map or of the image on
it. Starts are medians of the jobs of the demo and of the tests' run, on one core of an Intel Xeon server. Growth comes
from the tables of the docs, measured on AMD EPYC servers: docs/native_engine.md (``make bench-native``),
docs/morphometry.md (``make bench-mapping``), docs/training.md (``make bench-learning``), docs/isis_engine.md. Where no
large map was measured, it is that of the demo (2 megapixels).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MACHINE = "one core of an AMD EPYC or Intel Xeon server"

# A NAC image of 5064 x 52224 pixels from 50 km: what it covers, and its bytes (docs/isis_engine.md).
STRIP_KM = (2.5, 26.0)
EDR_BYTES = 264_000_000
# Kernels and calibration files of one image. All that LRO has is the most (docs/acquisition.md, docs/isis_engine.md).
KERNEL_BYTES = 2_000_000_000
MOST_KERNEL_BYTES = 75_000_000_000
WEIGHTS_BYTES = 160_000_000

# Work of a network at a pixel, in that of the smallest U-Net (docs/morphometry.md measures the first and the last). The
# middle one is the shipped detector: 1.9 times the processor time for the same windows, on one core of an Intel Xeon.
SMALL_NETWORK, SHIPPED_NETWORK, LARGE_NETWORK = 1.0, 1.9, 36.0
_SMALL_ENCODERS = {
    "tu-tf_mobilenetv3_small_minimal_100": SMALL_NETWORK,
    "tu-tf_efficientnet_lite0": SHIPPED_NETWORK,
}
# A pixel of one epoch of training, in pixels of inference (docs/training.md: 31.3 against 5.11 tiles a second).
TRAINING_IN_INFERENCE = 6.0


@dataclass(frozen=True)
class ReferenceCost:
    """Cost of one job of a rule.

    Attributes
    ----------
    start_s : float
        CPU seconds of the smallest job.
    growth_s : float
        CPU seconds a megapixel. Zero: the work does not depend on the size of the map.
    kept_bytes : float
        Bytes of products that stay.
    kept_growth_bytes : float
        Bytes of products that stay, a megapixel.
    temporary_bytes : float
        Bytes of files that a later job removes, while the job runs.
    """

    start_s: float
    growth_s: float = 0.0
    kept_bytes: float = 0.0
    kept_growth_bytes: float = 0.0
    temporary_bytes: float = 0.0

    def cpu_s(self, megapixels: float | None) -> float | None:
        """Return the CPU seconds of a job; None if they depend on a size that is not known."""
        if not self.growth_s:
            return self.start_s
        return None if megapixels is None else self.start_s + self.growth_s * megapixels


_Cost = ReferenceCost
WAC_BYTES = 5.96e9
_CUBE_BYTES = 1.06e9
REFERENCE = {
    "all": _Cost(0.0),
    "search": _Cost(1.2),
    "locate": _Cost(1.0),
    "download": _Cost(2.0, kept_bytes=EDR_BYTES),
    "fetch_isisdata": _Cost(5.0, kept_bytes=KERNEL_BYTES),
    "link_calibration": _Cost(0.5),
    "isd_from_kernels": _Cost(2.0, kept_bytes=1e6),
    "isisdata": _Cost(0.0),
    "simulate_calibration": _Cost(1.9, kept_bytes=8e6),
    "simulate_scene": _Cost(3.0, 2.2, kept_growth_bytes=29e6),
    "simulate_image": _Cost(2.9, kept_bytes=10e6),
    "simulate_projected": _Cost(2.0, 1.6, kept_growth_bytes=4e6),
    "simulate_counts": _Cost(0.9),
    "benchmark_set": _Cost(0.8),
    "isis_ingest": _Cost(6.0, temporary_bytes=_CUBE_BYTES),
    "isis_spice": _Cost(1.6, temporary_bytes=_CUBE_BYTES),
    "isis_calibrate": _Cost(16.0, temporary_bytes=2 * _CUBE_BYTES),
    "isis_echo": _Cost(4.5, temporary_bytes=2 * _CUBE_BYTES),
    "isis_photometry": _Cost(600.0, temporary_bytes=2 * _CUBE_BYTES),
    "calibrate_edr": _Cost(10.0, kept_bytes=_CUBE_BYTES),
    "project_edr": _Cost(2.0, 0.39, kept_growth_bytes=4e6),
    "project_cube": _Cost(1.6, 0.39, kept_growth_bytes=4e6),
    "isis_template": _Cost(1.2),
    "isis_range": _Cost(1.6),
    "isis_project": _Cost(2.0, 6.2, kept_growth_bytes=4e6, temporary_bytes=_CUBE_BYTES),
    "isis_export": _Cost(1.8, 0.1, kept_growth_bytes=4e6),
    "project_mosaic": _Cost(0.8),
    "project_raster": _Cost(0.7, 0.2, kept_growth_bytes=4e6),
    "coregister": _Cost(0.9, 0.2, kept_growth_bytes=4e6),
    "survey": _Cost(0.3),
    "mosaic": _Cost(0.9, 0.064, kept_growth_bytes=1e6),
    "isis_mosaic": _Cost(1.7, 0.1, kept_growth_bytes=4e6),
    "isis_picture": _Cost(0.9, 0.1, kept_growth_bytes=1e6),
    "import_mosaic": _Cost(0.7, 0.064, kept_growth_bytes=1e6),
    "average_image": _Cost(1.0),
    "label": _Cost(0.9, 0.1, kept_growth_bytes=0.1e6),
    "check_labels": _Cost(0.9),
    "draft_labels": _Cost(1.1),
    "tile": _Cost(0.7, 0.3, kept_growth_bytes=1.5e6),
    "split": _Cost(1.1),
    "train": _Cost(5.0, 0.53 * TRAINING_IN_INFERENCE, kept_bytes=5e6),
    "fetch_weights": _Cost(1.0, kept_bytes=WEIGHTS_BYTES),
    "use_checkpoint": _Cost(5.1, kept_bytes=5e6),
    "fetch_checkpoint": _Cost(2.0, kept_bytes=WEIGHTS_BYTES),
    "export_onnx": _Cost(12.0, kept_bytes=5e6),
    "evaluate": _Cost(5.8, 0.53),
    "evaluation": _Cost(1.8),
    "infer_uncalibrated": _Cost(6.3, 3.8, kept_growth_bytes=0.25e6),
    "calibrate_model": _Cost(10.9),
    "calibration": _Cost(0.0),
    "infer_image": _Cost(6.2, 3.8, kept_growth_bytes=0.25e6),
    "fuse": _Cost(0.9, 0.25, kept_growth_bytes=0.5e6),
    "infer_mosaic": _Cost(5.7, 0.53, kept_growth_bytes=0.5e6),
    "compare_images": _Cost(8.8, 3.8),
    "compare_fused": _Cost(0.9),
    "compare_one_image": _Cost(0.5),
    "compare_mosaic": _Cost(8.1, 0.53),
    "score_images": _Cost(1.2),
    "score_map": _Cost(1.2),
    "score_labels": _Cost(1.4),
    "compare": _Cost(3.0),
    "comparison": _Cost(0.0),
    "compare_coarse": _Cost(3.0),
    "coarse_sheet": _Cost(5.0, kept_bytes=5e6),
    "coarse": _Cost(0.0),
    "fetch_detections": _Cost(1.0, kept_bytes=1e6),
    "reproduce": _Cost(6.0, kept_bytes=5e6),
    "reproduction": _Cost(0.0),
    "vectorise": _Cost(2.6, 0.133, kept_growth_bytes=0.6e6),
    "map": _Cost(6.2, kept_bytes=11e6),
    "distances": _Cost(15.0),
    "statistics": _Cost(11.0, kept_bytes=1e6),
    "check_measures": _Cost(3.0),
    "fetch_base_map": _Cost(60.0, kept_bytes=WAC_BYTES),
    "sheets": _Cost(5.8, kept_bytes=6e6),
    "tables": _Cost(0.8),
    "footprints": _Cost(1.0),
    "qgis": _Cost(0.8),
    "viewer": _Cost(1.1, 0.25, kept_growth_bytes=1.3e6),
    "stac": _Cost(0.9),
    "catalog": _Cost(0.7),
    "merge_fractures": _Cost(1.0),
    "provenance": _Cost(0.3),
}


def strip_megapixels(extent_km: tuple[float, float], resolution_m: float) -> float:
    """Return the megapixels that a typical image covers of a map.

    Parameters
    ----------
    extent_km : tuple of float
        Width and height of the map.
    resolution_m : float
        Pixel size of the map.
    """
    width_km, height_km = (min(strip, side) for strip, side in zip(STRIP_KM, extent_km, strict=True))
    return width_km * height_km / resolution_m**2


def network_work(model: Mapping[str, Any]) -> float:
    """Return the work of a network at a pixel, in that of the smallest U-Net.

    Parameters
    ----------
    model : mapping
        A model of the configuration. What is not known to be small is taken for the paper's DeepLabV3 with ResNet50.
    """
    return SHIPPED_NETWORK if "shipped" in model else _SMALL_ENCODERS.get(model.get("encoder"), LARGE_NETWORK)
