/* The window onto the map: what it shows, and the room that panel and card leave. */
"use strict";

const MapWindow = (() => {
  const { grid } = window.IMF;
  const PANEL_PX = 340;
  const find = (id) => document.getElementById(id);
  const large = () => window.innerWidth > 900;

  const whole = Math.max(grid.rows, grid.columns) * grid.resolution_m;
  const view = new ol.View({
    projection: Ground.projection,
    center: ol.extent.getCenter(Ground.extent),
    resolution: grid.resolution_m,
    minResolution: grid.resolution_m / 24,
    maxResolution: whole / 200,
    extent: ol.extent.buffer(Ground.extent, 0.25 * whole),
    constrainOnlyCenter: true,
    enableRotation: false,
  });
  const mark = new ol.layer.Vector({
    source: new ol.source.Vector(),
    style: [
      new ol.style.Style({ stroke: new ol.style.Stroke({ color: "rgba(5,7,10,0.9)", width: 5 }) }),
      new ol.style.Style({ stroke: new ol.style.Stroke({ color: "#ffffff", width: 2.2 }) }),
    ],
  });
  const map = new ol.Map({ target: "map", view, layers: [...Layers.all, mark], controls: [] });

  /** Room that panel and card take at the sides of the map: above, right, below, left. */
  function padding() {
    const room = large() && !document.body.classList.contains("folded");
    const card = find("card").hidden ? 0 : find("card")[large() ? "offsetWidth" : "offsetHeight"];
    const above = large() ? 40 : find("panel").offsetTop + find("panel").offsetHeight + 16;
    return [above, large() ? 110 + card : 70, 60 + (large() ? 0 : card), room ? PANEL_PX + 30 : 40];
  }

  const fit = (extent, options = {}) => view.fit(extent, { padding: padding(), ...options });

  /** Zoom to a feature. */
  function closer(feature) {
    const spare = large() ? 60 : 10;
    const options = { minResolution: grid.resolution_m / 4, duration: 350, padding: padding().map((side) => side + spare) };
    fit(feature.getGeometry().getExtent(), options);
  }

  /** Zoom to a feature only if a part of it is hidden. */
  function bringIntoSight(feature) {
    const [left, bottom, right, top] = feature.getGeometry().getExtent();
    const [[x1, y1], [x2, y2]] = [[left, top], [right, bottom]].map((corner) => map.getPixelFromCoordinate(corner));
    const [[width, height], [above, after, below, before]] = [map.getSize(), padding()];
    if (x1 < before || x2 > width - after || y1 < above || y2 > height - below) closer(feature);
  }

  /** Draw a line around a feature, or none. */
  function outline(feature) {
    mark.getSource().clear();
    if (feature) mark.getSource().addFeature(new ol.Feature(feature.getGeometry()));
  }

  const zoom = (factor) => view.animate({ resolution: view.getConstrainedResolution(view.getResolution() * factor), duration: 180 });
  find("closer").addEventListener("click", () => zoom(0.5));
  find("farther").addEventListener("click", () => zoom(2));
  find("fit").addEventListener("click", () => fit(Ground.extent, { duration: 350 }));
  find("pixels").addEventListener("click", () => view.animate({ resolution: grid.resolution_m, duration: 350 }));

  return { map, view, fit, closer, bringIntoSight, outline };
})();
