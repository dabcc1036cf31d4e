"""A simulated Moon whose truth is known: ground, light, camera and the labels a person would draw."""

from ..truth import CLASSES
from .calibration_set import write_calibration_set
from .imaging import image_scene, observe
from .light import shade
from .scene import make_scene
from .settings import ImageSettings, LabelHabits, SceneSettings
from .terrain import Terrain, make_terrain
from .weak_labels import draw_labels

__all__ = [
    "CLASSES",
    "ImageSettings",
    "LabelHabits",
    "SceneSettings",
    "Terrain",
    "draw_labels",
    "image_scene",
    "make_scene",
    "make_terrain",
    "observe",
    "shade",
    "write_calibration_set",
]
