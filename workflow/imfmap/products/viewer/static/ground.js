/* Places on the body: map metres, longitude and latitude, true distances, directions. */
"use strict";

const Ground = (() => {
  const { grid, body } = window.IMF;
  const transform = proj4(grid.lonlat, grid.proj4);
  const RADIANS = Math.PI / 180;

  const extent = [
    grid.left,
    grid.top - grid.rows * grid.resolution_m,
    grid.left + grid.columns * grid.resolution_m,
    grid.top,
  ];
  const projection = new ol.proj.Projection({ code: "IMF:MAP", units: "m", extent });

  /** Longitude (-180..180) and latitude of map metres. */
  function lonlat(point) {
    const [lon, lat] = transform.inverse([point[0], point[1]]);
    return [((((lon + 180) % 360) + 360) % 360) - 180, lat];
  }

  const map = (lon, lat) => transform.forward([lon, lat]);

  /** Great-circle metres between two points of the map. */
  function distance(from, to) {
    const [[lon1, lat1], [lon2, lat2]] = [lonlat(from), lonlat(to)];
    const half = (angle) => Math.sin((angle * RADIANS) / 2) ** 2;
    const inner = half(lat2 - lat1) + Math.cos(lat1 * RADIANS) * Math.cos(lat2 * RADIANS) * half(lon2 - lon1);
    return 2 * body.radius_m * Math.asin(Math.min(1, Math.sqrt(inner)));
  }

  /** Direction of north at a point of the map, degrees clockwise from up. */
  function north(point) {
    const [lon, lat] = lonlat(point);
    const step = lat > 89.99 ? -1e-4 : 1e-4;
    const there = map(lon, lat + step);
    const angle = Math.atan2(there[0] - point[0], there[1] - point[1]) / RADIANS;
    return step > 0 ? angle : angle + 180;
  }

  function side(value, names, decimals) {
    return `${Math.abs(value).toFixed(decimals)}°\u2009${value < 0 ? names[1] : names[0]}`;
  }

  /** A place in words, with as many decimals as a screen pixel of this size in metres can show. */
  function words(point, metres) {
    const [lon, lat] = lonlat(point);
    if (!Number.isFinite(lon) || !Number.isFinite(lat)) return "";
    const degree = body.radius_m * RADIANS;
    const decimals = Math.max(2, Math.min(7, Math.ceil(Math.log10(degree / metres))));
    return `${side(lat, "NS", decimals)}  ${side(lon, "EW", decimals)}`;
  }

  /** Largest of 1, 2, 5 times a power of ten that is not above a value. */
  function nice(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return power * [5, 2, 1].find((factor) => factor * power <= value * (1 + 1e-9));
  }

  return { extent, projection, lonlat, map, distance, north, words, nice };
})();
