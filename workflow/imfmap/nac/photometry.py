"""Photometric normalisation with the LROC team's empirical model, with the same results as ISIS's lronacpho."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from ..core.errors import InputError
from ..maps.pvl import read_pvl
from .calibration_files import PHOTOMETRY_STEM, highest_version
from .photometry_numba import NODE_LINES, NODE_SAMPLES, brightness, scale_cells, scale_pixels

if TYPE_CHECKING:
    from ..camera.line_scan import LineScanCamera

NAC_WAVELENGTH_NM = 600.0
MAX_INCIDENCE_DEG = 85.0
MAX_EMISSION_DEG = 85.0
_LEAST_COSINES = math.cos(math.radians(MAX_INCIDENCE_DEG)), math.cos(math.radians(MAX_EMISSION_DEG))
_SMOOTH_PHASE_COSINE = math.cos(math.radians(3.0))
_FORMS = {0: "a", 2014: "a", 2019: "b"}


def normalise(image: np.ndarray, camera: "LineScanCamera", parameter_file: str | Path) -> np.ndarray:
    """Scale an image to the reference illumination of a parameter file.

    Parameters
    ----------
    image : ndarray
        (lines, samples) float32 I/F: the whole image of `camera`; NaN where there is no data.
    camera : LineScanCamera
    parameter_file : path
        PVL file in the form that lronacpho reads.

    Returns
    -------
    ndarray
        (lines, samples) float32; NaN also where incidence or emission exceed 85 degrees.

    Raises
    ------
    InputError
        If the parameter file is invalid, or image and camera differ in size.
    """
    model = PhotometricModel.read(parameter_file)
    if image.shape != (camera.lines, camera.samples):
        raise InputError(
            camera.product_id,
            f"the image has {image.shape[0]} x {image.shape[1]} pixels, its camera {camera.lines} x {camera.samples}",
            "give the camera of this image",
        )
    return Photometry(camera, model).apply(image, 0)


@dataclass(frozen=True)
class PhotometricModel:
    """The LROC empirical model.

    Form a: exp(a0 + a1 g + a2 cos e + a3 cos i). Form b: cos i / (cos e + cos i) exp(b0 + b1 g^2 + b2 g + b3 sqrt g +
    b4 cos e + b5 cos i + b6 cos^2 i).

    Attributes
    ----------
    form : str
        ``a`` or ``b``.
    terms : tuple of float
        a0..a3 or b0..b6.
    phase_unit : float
        One degree of phase in the model's unit (1 or pi / 180).
    reference_deg : tuple of float
        Incidence, emission and phase that images are scaled to.
    """

    form: str
    terms: tuple
    phase_unit: float
    reference_deg: tuple

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the model for the NAC's broad band from a parameter file.

        Raises
        ------
        InputError
            If the file is missing, is no PVL, or has no LROC_Empirical model for 600 nm.
        """
        remedy = f"use a {PHOTOMETRY_STEM}.????.pvl of ISISDATA ($lro/calibration)"
        content = read_pvl(path, remedy)
        try:
            reference = _keywords(content["NormalizationModel"]["Algorithm"])
            incidence = float(reference.get("incref", 30.0))
            model = content["PhotometricModel"]
            # Keywords beside the Algorithm groups apply to each of these groups.
            shared = _keywords(model)
            profiles = [{**shared, **_keywords(group)} for group in model.getall("Algorithm")]
            profile = next(filter(_is_for_nac, profiles), None)
            if profile is None or str(profiles[0].get("name")).upper() != "LROC_EMPIRICAL":
                raise InputError(path, f"holds no LROC_Empirical model for {NAC_WAVELENGTH_NM:.0f} nm", remedy)
            version = int(profile.get("algorithmversion", 0))
            if version not in _FORMS:
                raise InputError(path, f"is of unknown AlgorithmVersion {version}", "known: 2014 and 2019")
            form = _FORMS[version]
            return cls(
                form,
                tuple(float(profile.get(f"{form}{index}", 0.0)) for index in range(4 if form == "a" else 7)),
                1.0 if str(profile.get("units", "Radians")).lower() == "degrees" else math.radians(1.0),
                (incidence, float(reference.get("emaref", 0.0)), float(reference.get("pharef", incidence))),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(path, f"is no photometric parameter file ({error})", remedy) from None

    @classmethod
    def newest(cls, calibration_dir: str | Path) -> Self:
        """Read the model of the highest version in a calibration directory, which is lronacpho's default."""
        return cls.read(highest_version(calibration_dir, PHOTOMETRY_STEM, ".pvl"))

    @property
    def standard(self) -> float:
        """float: brightness under the reference illumination."""
        incidence, emission, phase = self.reference_deg
        cosines = math.cos(math.radians(incidence)), math.cos(math.radians(emission))
        return brightness(*cosines, phase * self.phase_unit, np.array(self.terms))


@dataclass(frozen=True)
class Photometry:
    """Photometric normalisation of one image, ready to apply to any block of whole lines.

    Angles are computed at nodes 32 lines and 64 samples apart; between nodes their cosines are interpolated. The model
    is computed at points four times as dense and interpolated between them (the error is below 1e-6). Nodes lie at
    fixed lines of the image, so a pixel's result does not depend on its block.

    Attributes
    ----------
    camera : LineScanCamera
    model : PhotometricModel
    """

    camera: object
    model: PhotometricModel

    def apply(self, block: np.ndarray, first_line: int) -> np.ndarray:
        """Normalise whole lines.

        Parameters
        ----------
        block : ndarray
            (lines, samples) float32.
        first_line : int
            Zero-based line of the image at which the block begins.

        Returns
        -------
        ndarray
            (lines, samples) float32, NaN beyond 85 degrees of incidence or emission and off the body.
        """
        block = np.ascontiguousarray(block, np.float32)
        lines, samples = block.shape
        first_node, end_node = first_line // NODE_LINES, -(-(first_line + lines) // NODE_LINES)
        nodes = self._cosines(
            np.arange(first_node, end_node + 1) * NODE_LINES, np.arange(0, samples + NODE_SAMPLES, NODE_SAMPLES)
        )
        model = np.array(self.model.terms), self.model.phase_unit, self.model.standard, *_LEAST_COSINES
        out = scale_cells(block, first_line - first_node * NODE_LINES, nodes, *model)
        for strip in range(end_node - first_node):
            if not (nodes[strip : strip + 2, :, 2] <= _SMOOTH_PHASE_COSINE).all():
                # Off the body, and near opposition, where the phase angle is not smooth: take every pixel's angles.
                start = max(0, (first_node + strip) * NODE_LINES - first_line)
                stop = min(lines, (first_node + strip + 1) * NODE_LINES - first_line)
                cosines = self._cosines(first_line + np.arange(start, stop), np.arange(samples))
                out[start:stop] = scale_pixels(block[start:stop], cosines, *model)
        return out

    def _cosines(self, lines, samples):
        """Return cosines (lines, samples, 3) of incidence, emission and phase at zero-based lines and samples."""
        angles = self.camera.angles(lines[:, np.newaxis] + 1.0, samples + 1.0)
        return np.cos(np.radians(np.stack(angles, axis=-1)))


def _keywords(group):
    return {key.lower(): value for key, value in group.items()}


def _is_for_nac(profile):
    tolerance = abs(float(profile.get("bandbincentertolerance", 1e-6)))
    return abs(float(profile.get("bandbincenter", math.inf)) - NAC_WAVELENGTH_NM) <= tolerance
