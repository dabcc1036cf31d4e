"""USGS's store in miniature: its layout, kernel databases in their format, and names of files without content."""

from imfmap.nac.calibration_files import CalibrationFiles
from imfmap.nac.label import NacLabel

ROOT = "/usgs_data/"


def database(entry, *selections):
    """Return the text of a kernel database. A selection is a dict of keywords; a list repeats a keyword."""
    lines = [f"Object = {entry}", "  RunTime = 2024-01-01T00:00:00", "", "  Group = Dependencies"]
    lines += ["    LeapsecondKernel = $base/kernels/lsk/naif0012.tls", "  End_Group", ""]
    for selection in selections:
        lines.append("  Group = Selection")
        for key, values in selection.items():
            lines += [f"    {key} = {value}" for value in (values if isinstance(values, list) else [values])]
        lines += ["  End_Group", ""]
    return "\n".join([*lines, "End_Object", "End", ""]).encode()


def span(first, last):
    """Return the value of keyword Time of a selection."""
    return f'("{first} TDB",\n            "{last} TDB")'


def in_area(area, path):
    """Return the value of keyword File of a selection: a pair of data area and path."""
    return f'("{area}", "{path}")'


def routing(*databases):
    """Return the text of a configuration file that routes both NACs, and another camera elsewhere."""
    files = "".join(f'    File = ("lro", "{path}")\n' for path in databases)
    groups = ""
    for camera in ("WAC-VIS", "NACL", "NACR"):
        found = files if camera != "WAC-VIS" else '    File = ("lro", "kernels/ck/wac_kernels.????.db")\n'
        groups += f'  Group = Selection\n    Match = ("Instrument","InstrumentId","{camera}")\n{found}  End_Group\n\n'
    return f"Object = Instrument\n{groups}End_Object\nEnd\n".encode()


MONTH = span("2009 JUN 29 23:58:53.816184", "2009 AUG 01 00:01:06.183816")
NEXT_MONTH = span("2009 JUL 30 23:58:53.816184", "2009 SEP 01 00:01:06.183816")


def databases():
    """Return the databases of the store by path, for an image of July 2009."""
    files = {
        "base/kernels/lsk/kernels.0001.db": database(
            "LeapSecond", {"File": in_area("base", "kernels/lsk/naif????.tls")}
        ),
        "base/dems/kernels.0007.db": database("Dem", {"File": in_area("base", "dems/ldem.cub")}),
        "lro/kernels/pck/kernels.0002.db": database(
            "TargetAttitudeShape",
            {
                "Match": '("Instrument","TargetName","Moon")',
                "File": ["$base/kernels/pck/pck?????.tpc", "$lro/kernels/pck/moon_080317.tf"]
                + ["$lro/kernels/pck/moon_assoc_me.tf"],
            },
        ),
        "lro/kernels/tspk/kernels.0001.db": database(
            "TargetPosition",
            {
                "File": [
                    in_area("lro", "kernels/tspk/moon_pa_de421_1900-2050.bpc"),
                    in_area("lro", "kernels/tspk/de421.bsp"),
                ]
            },
        ),
        "lro/kernels/ck/kernels.0001.conf": routing(
            "kernels/ck/moc_kernels.????.db", "kernels/ck/lroc_kernels.????.db"
        ),
        "lro/kernels/ck/moc_kernels.0100.db": database(
            "SpacecraftPointing",
            {"Time": MONTH, "File": "$lro/kernels/ck/moc42r_2009181_2009213_v14.bc", "Type": "Reconstructed"},
            {"Time": NEXT_MONTH, "File": "$lro/kernels/ck/moc42r_2009212_2009244_v13.bc", "Type": "Reconstructed"},
        ),
        "lro/kernels/ck/lroc_kernels.0007.db": database(
            "SpacecraftPointing",
            {"Time": MONTH, "File": "$lro/kernels/ck/lrolc_2009181_2009213_v10.bc", "Type": "Reconstructed"},
        ),
        "lro/kernels/fk/kernels.0001.db": database(
            "Frame", {"File": in_area("lro", "kernels/fk/lro_frames_2014049_v01.tf")}
        ),
        "lro/kernels/ik/kernels.0001.db": database(
            "Instrument",
            {"File": in_area("lro", "kernels/ik/lro_instruments_v10.ti")},
            {"Match": '("Instrument","InstrumentId","NACL")', "File": in_area("lro", "kernels/ik/lro_lroc_v18.ti")},
            {"Match": '("Instrument","InstrumentId","NACR")', "File": in_area("lro", "kernels/ik/lro_lroc_v18.ti")},
        ),
        "lro/kernels/sclk/kernels.0001.db": database(
            "SpacecraftClock", {"File": in_area("lro", "kernels/sclk/lro_clkcor_???????_v00.tsc")}
        ),
        "lro/kernels/spk/kernels.0009.db": database(
            "SpacecraftPosition",
            {"Time": MONTH, "File": "$lro/kernels/spk/fdf29r_2009182_2009213_v01.bsp", "Type": "Reconstructed"},
            {"Time": MONTH, "File": "$lro/kernels/spk/LRO_NO_01_201308_GRGM660PRIMAT270.bsp", "Type": "Smithed"},
        ),
        "lro/kernels/iak/kernels.0001.db": database(
            "InstrumentAddendum", {"File": in_area("lro", "kernels/iak/lro_instrumentAddendum_v??.ti")}
        ),
    }
    # Older versions, which must not be chosen.
    files["lro/kernels/ck/moc_kernels.0099.db"] = b"broken"
    files["lro/kernels/ck/kernels.0001.db"] = b"broken"
    return files


KERNELS = [
    "base/kernels/lsk/naif0011.tls",
    "base/kernels/lsk/naif0012.tls",
    "base/kernels/pck/pck00009.tpc",
    "lro/kernels/pck/moon_080317.tf",
    "lro/kernels/pck/moon_assoc_me.tf",
    "lro/kernels/tspk/moon_pa_de421_1900-2050.bpc",
    "lro/kernels/tspk/de421.bsp",
    "lro/kernels/ck/moc42r_2009181_2009213_v14.bc",
    "lro/kernels/ck/moc42r_2009212_2009244_v13.bc",
    "lro/kernels/ck/lrolc_2009181_2009213_v10.bc",
    "lro/kernels/fk/lro_frames_2014049_v01.tf",
    "lro/kernels/ik/lro_instruments_v10.ti",
    "lro/kernels/ik/lro_lroc_v18.ti",
    "lro/kernels/sclk/lro_clkcor_2019239_v00.tsc",
    "lro/kernels/sclk/lro_clkcor_2020287_v00.tsc",
    "lro/kernels/spk/fdf29r_2009182_2009213_v01.bsp",
    "lro/kernels/spk/LRO_NO_01_201308_GRGM660PRIMAT270.bsp",
    "lro/kernels/iak/lro_instrumentAddendum_v04.ti",
    "lro/kernels/iak/lro_instrumentAddendum_v05.ti",
]


def calibration(label, dark_times, versions=("0001", "0002")):
    """Return the paths of a camera's calibration files, with darks of given times and versions."""
    files = CalibrationFiles.of("", label)
    stems = {
        files.masked_stem: "pvl",
        files.offsets_stem: "cub",
        files.coefficients_stem: "txt",
        files.flat_stem: "cub",
    }
    names = [f"{stem}.{version}.{suffix}" for stem, suffix in stems.items() for version in versions]
    names += ["NAC_RadiometricResponsivity.0001.pvl"]
    for time in dark_times:
        names.append(f"nac_darks/{files.dark_stem(time, label.exposure_code == 0)}.0001.cub")
    return [f"lro/calibration/{name}" for name in names]


def july_2009(camera="left", **changes):
    """Return the label of an image of July 30, 2009."""
    facts = {
        "product_id": f"M103595705{camera[0].upper()}E",
        "camera": camera,
        "lines": 400,
        "samples": 5064,
        "summing": 1,
        "exposure_ms": 1.0288,
        "exposure_code": 81,
        "start_time": "2009-07-30T12:20:38.185000",
        "stop_time": "2009-07-30T12:21:32.155000",
        "start_clock": "1/270649238:11024",
        "preroll_clock": "1/270649237:07208",
        "version": 1.8,
        "xterm": (0,),
        "mterm": (0,),
        "bterm": (0,),
    }
    return NacLabel(**{**facts, **changes})
