"""Time and memory from a probability to a map's numbers: `python benchmarks/mapping.py`, or `make bench-mapping`.

A probability raster of straight and crossing fractures is written block by block, then turned into polygons, measured,
filtered and written (rule vectorise), counted (rule statistics), and held against the wall (rule distances). Each case
is a process of its own, so that its peak memory is its own, too. Prints Markdown.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from native_engine import measure

HERE = Path(__file__).resolve().parent
SEED = 1
RESOLUTION_M = 1.5
# Blocks are written out of so many patterns, each turned and mirrored at random.
BLOCK_PX, PATTERNS = 2048, 8
CASES = ("prepare", "vectorise", "statistics", "distances")
GIB = 1024.0


def prepare(options):
    """Write the probability, and a floor that leaves a tenth of it out at the top."""
    import geopandas
    import numpy as np
    import shapely
    from rasterio.features import rasterize
    from rasterio.windows import Window

    from imfmap.bodies import body
    from imfmap.grids import MapGrid
    from imfmap.probability import create_probability, encode
    from imfmap.vectors import write_vector

    side_m = options["size"] * RESOLUTION_M
    crs = body("moon").projected("equirectangular", -10.4, -165.1)
    grid = MapGrid.centred(crs, -165.1, -10.4, side_m, side_m, RESOLUTION_M)
    rng = np.random.default_rng(SEED)
    blocks = list(grid.blocks(BLOCK_PX))
    each = max(1, round(options["fractures"] / len(blocks)))
    patterns = []
    for _ in range(PATTERNS):
        starts, turns = rng.uniform(100, BLOCK_PX - 100, (each, 2)), rng.uniform(0, 2 * np.pi, each)
        # Lengths and widths as in the paper's label table: 40 to 400 px, 3 to 20 px.
        lengths, widths = 40 * 10 ** rng.uniform(0, 1, each), rng.uniform(3, 20, each)
        ends = starts + lengths[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
        lines = shapely.linestrings(np.stack([starts, ends], axis=1))
        drawn = rasterize(list(shapely.buffer(lines, widths / 2)), (BLOCK_PX, BLOCK_PX))
        noise = rng.uniform(0, 0.35, drawn.shape)
        patterns.append(encode(np.where(drawn, 0.6 + noise, noise)))
    with create_probability(options["probability"], grid) as dataset:
        for row, column, block in blocks:
            codes = np.rot90(patterns[rng.integers(PATTERNS)], rng.integers(4))
            codes = codes[:, :: rng.choice((-1, 1))][: block.shape[0], : block.shape[1]]
            dataset.write(codes, 1, window=Window(column, row, *block.shape[::-1]))
    left, bottom, right, top = grid.bounds
    x = np.linspace(left, right, 400)
    wall = np.column_stack([x, top - side_m * (0.1 + 0.01 * np.sin(np.arange(400) / 9))])
    floor = shapely.Polygon([*wall, (right, bottom), (left, bottom)])
    write_vector(options["boundary"], {"floor": geopandas.GeoDataFrame(geometry=[floor], crs=crs)})


def vectorise(options):
    """Polygons, measures, filters, candidate ponds, files."""
    from imfmap.exports import write_fractures
    from imfmap.filters import filter_fractures, read_boundary
    from imfmap.grids import MapGrid
    from imfmap.morphometry import measure as measure_fractures
    from imfmap.pond_candidates import PondRule, candidate_ponds, outside_fractures
    from imfmap.rasters import open_raster
    from imfmap.vectorise import vectorise as polygons_of

    polygons = polygons_of(options["probability"], 0.5)
    fractures, lines = measure_fractures(polygons, options["probability"])
    floor = read_boundary(options["boundary"], fractures.crs)["floor"]
    kept, rejected = filter_fractures(fractures, floor=floor)
    with open_raster(options["probability"]) as dataset:
        grid = MapGrid.of(dataset)
    ponds = candidate_ponds(outside_fractures(kept, rejected, floor), grid, PondRule(), floor)
    write_fractures(Path(options["fractures_file"]).parent, kept, rejected, lines, ponds)
    return {"kept": len(kept), "rejected": len(rejected), "ponds": len(ponds)}


def statistics(options):
    """Mapped ground, density map and rose."""
    from imfmap.density import CELLS, density_map, write_density
    from imfmap.ground_plane import GroundPlane, mapped_ground
    from imfmap.orientations import directions, rose
    from imfmap.vectors import read_vector

    lines = read_vector(options["fractures_file"], "centrelines")
    mapped = mapped_ground(options["probability"], 250.0 / CELLS)
    plane = GroundPlane(mapped.grid)
    write_density(options["density"], density_map(lines, mapped, plane, 250.0), mapped, 250.0)
    return {"km": sum(rose(*directions(lines, mapped.grid))["length_km"]), "km2": mapped.total_km2}


def distances(options):
    """Distances to the wall, against 999 random sets."""
    from imfmap.boundary_distance import boundary_distances
    from imfmap.filters import read_boundary
    from imfmap.ground_plane import GroundPlane, mapped_ground
    from imfmap.vectors import read_vector

    lines = read_vector(options["fractures_file"], "centrelines")
    floor = read_boundary(options["boundary"], lines.crs)["floor"]
    mapped = mapped_ground(options["probability"])
    found = boundary_distances(lines, floor, mapped, GroundPlane(mapped.grid), 999, SEED)
    return {"p_value": found.p_value}


def report(measures, options):
    """Markdown of the measures."""
    told = {name: found.told for name, found in measures.items()}
    text = [
        f"{options['size']} x {options['size']} pixels, {told['vectorise']['kept']} fractures kept and "
        f"{told['vectorise']['rejected']} rejected; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.",
        "",
        "| rule | wall s | CPU s | peak GiB |",
        "|---|---|---|---|",
    ]
    for name, found in measures.items():
        text.append(f"| {name} | {found.wall_s:.0f} | {found.cpu_s:.0f} | {found.peak_mib / GIB:.2f} |")
    return "\n".join(text)


def main():
    """Command line; with a case's name and options in JSON, that case alone."""
    if len(sys.argv) == 3 and sys.argv[1] in CASES:
        sys.path.insert(0, str(HERE.parent / "workflow"))
        started = time.perf_counter()
        told = globals()[sys.argv[1]](json.loads(sys.argv[2])) or {}
        json.dump({**told, "work_s": time.perf_counter() - started}, sys.stdout)
        return
    parser = argparse.ArgumentParser(description="Time and memory from a probability to a map's numbers.")
    parser.add_argument("--size", type=int, default=32768, help="pixels of the raster's side")
    parser.add_argument("--fractures", type=int, default=2000, help="about so many are drawn")
    kept = HERE.parent / "results" / "bench_mapping"
    parser.add_argument("--folder", type=Path, default=kept, help="where files are kept")
    given = parser.parse_args()
    folder = given.folder.resolve() / f"{given.size}_{given.fractures}"
    names = {"probability": "probability.tif", "boundary": "boundary.gpkg", "fractures_file": "fractures.gpkg"}
    options = {key: str(folder / name) for key, name in {**names, "density": "density.tif"}.items()}
    options |= {"size": given.size, "fractures": given.fractures}

    def case(name):
        return measure([sys.executable, str(Path(__file__).resolve()), name, json.dumps(options)])

    if not Path(options["boundary"]).exists():
        case("prepare")
    print(report({name: case(name) for name in CASES[1:]}, options))


if __name__ == "__main__":
    main()
