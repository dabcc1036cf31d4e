/* The parts of the page put together: clicks on the map and keys go to measuring, comparing and the selection. */
"use strict";

(() => {
  const { map, view } = MapWindow;
  const { byName } = Fractures;
  const find = (id) => document.getElementById(id);

  const measuring = Measuring.build(map, find("measure"), (words) => {
    find("measured").textContent = words;
    find("measured").hidden = !words;
  });
  const comparing = Compare.build(map);

  map.on("singleclick", (event) => {
    if (!measuring.active()) Selection.choose(Selection.at(event.pixel));
  });
  map.on("pointermove", (event) => {
    if (event.dragging) return;
    find("cursor").textContent = Ground.words(event.coordinate, view.getResolution());
    const options = { layerFilter: (layer) => layer === byName.fractures || layer === byName.rejected, hitTolerance: 5 };
    map.getTargetElement().style.cursor = map.hasFeatureAtPixel(event.pixel, options) ? "pointer" : "";
  });
  map.on("moveend", Link.remember);
  find("map").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !measuring.active()) Selection.chooseInSight();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (measuring.active()) measuring.stop();
      else if (comparing.active()) comparing.stop();
      else Selection.choose(null);
    }
    const writes = event.target.matches("input:not([type=range]):not([type=checkbox]), select");
    if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") Selection.step(1);
    if (event.key === "p") Selection.step(-1);
  });

  Panel.build(Link.remember);
  Selection.build(Link.remember, Link.copy);
  Link.build();
  ScaleAndNorth.build();
  window.VIEWER = { map, view, byName, ready: () => !map.getLoadingOrNotReady() };
})();
