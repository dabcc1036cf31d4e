/* The layers of the map, made from the data: pyramids of pictures, and outlines in quarter pixels. */
"use strict";

const Layers = (() => {
  const { grid, layers, rasters, tile_px: tilePx, quantum_px: quantumPx } = window.IMF;
  const levels = rasters[0].tiles.length;
  const tileGrid = new ol.tilegrid.TileGrid({
    origin: [grid.left, grid.top],
    extent: Ground.extent,
    tileSize: tilePx,
    resolutions: Array.from({ length: levels }, (_, level) => grid.resolution_m * 2 ** (levels - 1 - level)),
  });

  const SHOWN = new Set(["mosaic", "fractures", "floor", "ponds", "candidate_ponds"]);
  const ORDER = ["floor", "ponds", "candidate_ponds", "footprints", "rejected", "fractures", "centrelines", "segments"];

  // Fractures and their lines, which carry the fracture's number.
  const FRACTURE_LAYERS = new Set(["fractures", "centrelines", "segments"]);

  // Dark lines below those whose style has none, so that they show on bright ground.
  const CASINGS = { centrelines: "rgba(5,7,10,0.75)", segments: "rgba(5,7,10,0.75)" };

  /** For each level, a function that says whether a tile was written. Tiles without data are not written. */
  function index(raster) {
    return raster.tiles.map((text, level) => {
      const bits = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const side = tilePx * 2 ** (levels - 1 - level);
      const [rows, columns] = [Math.ceil(grid.rows / side), Math.ceil(grid.columns / side)];
      return (row, column) => {
        const place = row * columns + column;
        return row >= 0 && row < rows && column >= 0 && column < columns && ((bits[place >> 3] >> (7 - (place & 7))) & 1);
      };
    });
  }

  /** A pyramid of tiles: smooth from afar, with the map's own pixels from near. */
  function tiled(entry) {
    const there = index(entry);
    const source = (interpolate) =>
      new ol.source.TileImage({
        projection: Ground.projection,
        tileGrid,
        interpolate,
        transition: 0,
        wrapX: false,
        tileUrlFunction: ([level, column, row]) =>
          there[level](row, column) ? `tiles/${entry.name}/${level}/${row}/${column}.webp` : undefined,
      });
    // Zoomed in further than this, pixels of the map show as they are, with sharp edges.
    const turn = 0.9 * grid.resolution_m;
    return new ol.layer.Group({
      layers: [
        new ol.layer.Tile({ source: source(true), minResolution: turn, preload: 2 }),
        new ol.layer.Tile({ source: source(false), maxResolution: turn }),
      ],
    });
  }

  /** One picture, for a raster of few pixels. */
  function single({ picture, extent }) {
    const source = new ol.source.ImageStatic({ url: picture, imageExtent: extent, projection: Ground.projection });
    return new ol.layer.Image({ source });
  }

  function raster(entry) {
    const layer = entry.picture ? single(entry) : tiled(entry);
    layer.setVisible(SHOWN.has(entry.name));
    layer.setOpacity({ probability: 0.8, density: 0.7 }[entry.name] ?? 1);
    const { name, label: title, colours, marks } = entry;
    layer.setProperties({ name, title, kind: entry.image ? "image" : "raster", colours, marks });
    return layer;
  }

  /** Geometries of a layer, one for each feature. */
  function shapes({ outlines, lines, corners }) {
    const unit = quantumPx * grid.resolution_m;
    const points = Steps.decoded(corners, 2);
    let next = 0;
    /** Append so many points to flat coordinates, closed if it is a ring. */
    function append(flat, count, ring) {
      const first = flat.length;
      for (const end = next + 2 * count; next < end; next += 2) {
        flat.push(grid.left + points[next] * unit, grid.top - points[next + 1] * unit);
      }
      if (ring) flat.push(flat[first], flat[first + 1]);
      return flat.length;
    }
    return (lines || outlines).map((parts) => {
      const flat = [];
      if (lines) return new ol.geom.MultiLineString(flat, "XY", parts.map((count) => append(flat, count, false)));
      return new ol.geom.MultiPolygon(flat, "XY", parts.map((rings) => rings.map((count) => append(flat, count, true))));
    });
  }

  /** Class of each feature in its layer's style. */
  function classOf(layer, at) {
    const { column, classes } = layer.style;
    if (!column || !layer.values[column]) return 0;
    const value = layer.values[column][at];
    const found = classes.findIndex((part) =>
      part.lower !== null ? value >= part.lower && value < part.upper : part.value === String(value),
    );
    return found >= 0 ? found : classes.length - 1;
  }

  function look(name, part) {
    const dash = { footprints: [7, 5], rejected: [3, 3], candidate_ponds: [6, 4] }[name];
    const width = { fractures: 1.3, floor: 1.6, ponds: 1.4, candidate_ponds: 1.6, segments: 2 }[name] || 1.2;
    const inside = new ol.style.Style({
      fill: new ol.style.Fill({ color: part.fill }),
      stroke: new ol.style.Stroke({ color: part.line, width, lineDash: dash }),
    });
    const casing = part.casing || CASINGS[name];
    const below = casing ? [new ol.style.Style({ stroke: new ol.style.Stroke({ color: casing, width: width + 2 }) })] : [];
    return [...below, inside, ...(name === "segments" ? [ends(part.line)] : [])];
  }

  /** Dots at the ends of segments, which show where one ends and the next begins. */
  function ends(color) {
    const rim = new ol.style.Stroke({ color: CASINGS.segments, width: 1 });
    return new ol.style.Style({
      image: new ol.style.Circle({ radius: 2.6, fill: new ol.style.Fill({ color }), stroke: rim }),
      geometry: (feature) => {
        const lines = feature.getGeometry().getCoordinates();
        return new ol.geom.MultiPoint(lines.flatMap((points) => [points[0], points[points.length - 1]]));
      },
    });
  }

  function named(text) {
    return new ol.style.Style({
      text: new ol.style.Text({
        text,
        font: "11px system-ui, sans-serif",
        overflow: true,
        fill: new ol.style.Fill({ color: "#cfe8fb" }),
        stroke: new ol.style.Stroke({ color: "rgba(10,12,16,0.85)", width: 3 }),
      }),
    });
  }

  /** Features of a layer, in the order of its values. */
  function features(name) {
    return shapes(layers[name]).map((shape, at) => {
      const feature = new ol.Feature(shape);
      feature.setId(`${name}-${at}`);
      feature.setProperties({ layer: name, at, class: classOf(layers[name], at) }, true);
      return feature;
    });
  }

  /** Fill a layer with its features. That waits until it is shown, or until one of them is wanted. */
  function load(layer) {
    if (layer.get("kind") !== "vector" || layer.get("loaded")) return;
    layer.set("loaded", true);
    layer.getSource().addFeatures(features(layer.get("name")));
  }

  // Numbers of the fractures that are not drawn, nor are their lines.
  let hidden = new Set();

  /** Draw all fractures and lines but those of some numbers. */
  function hide(numbers) {
    hidden = numbers;
    for (const layer of vectors) if (FRACTURE_LAYERS.has(layer.get("name"))) layer.getSource().changed();
  }

  function vector(name) {
    const layer = layers[name];
    const looks = layer.style.classes.map((part) => look(name, part));
    const labels = name === "footprints" ? layer.values.product.map(named) : null;
    const numbers = FRACTURE_LAYERS.has(name) ? layer.values.fracture : null;
    const shown = new ol.layer.Vector({
      source: new ol.source.Vector({ wrapX: false }),
      style: (feature) => {
        const at = feature.get("at");
        if (numbers && hidden.has(numbers[at])) return null;
        const style = looks[feature.get("class")];
        return labels ? [...style, labels[at]] : style;
      },
      visible: SHOWN.has(name),
      // Outlines that a person drew may reach far beyond the map.
      extent: name === "floor" || name === "ponds" ? Ground.extent : undefined,
      declutter: Boolean(labels),
    });
    shown.setProperties({ name, title: layer.title, kind: "vector" });
    shown.on("change:visible", () => load(shown));
    if (shown.getVisible()) load(shown);
    return shown;
  }

  const known = Object.keys(layers).filter((name) => !ORDER.includes(name));
  const vectors = [...known, ...ORDER.filter((name) => name in layers)].map(vector);
  return { all: [...rasters.map(raster), ...vectors], load, hide };
})();
