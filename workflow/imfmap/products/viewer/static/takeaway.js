/* Files of the fractures that the filters leave: CSV of their numbers, GeoJSON with their outlines. */
"use strict";

const TakeAway = (() => {
  const { body, title, layers } = window.IMF;
  const { columns, values } = layers.fractures;

  function quoted(value) {
    if (value === null || value === undefined) return "";
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  /** One line for each fracture, under the names of fractures.csv. */
  function csv(features) {
    const names = columns.map(({ name }) => name);
    const lines = features.map((feature) => names.map((name) => quoted(values[name][feature.get("at")])).join(","));
    return `${[names.join(","), ...lines].join("\n")}\n`;
  }

  /** Outlines in longitude and latitude on the body, whose CRS is named as in fractures.geojson. */
  function geojson(features) {
    const place = (point) => Ground.lonlat(point).map((degrees) => Number(degrees.toFixed(7)));
    return JSON.stringify({
      type: "FeatureCollection",
      crs: { type: "name", properties: { name: body.crs } },
      features: features.map((feature) => ({
        type: "Feature",
        properties: Object.fromEntries(columns.map(({ name }) => [name, values[name][feature.get("at")]])),
        geometry: {
          type: "MultiPolygon",
          coordinates: feature.getGeometry().getCoordinates().map((rings) => rings.map((ring) => ring.map(place))),
        },
      })),
    });
  }

  /** Offer a file for download. */
  function offer(text, kind, suffix) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: kind }));
    link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, "_")}_fractures.${suffix}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  return {
    csv: (features) => offer(csv(features), "text/csv", "csv"),
    geojson: (features) => offer(geojson(features), "application/geo+json", "geojson"),
  };
})();
