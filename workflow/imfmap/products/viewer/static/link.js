/* The page's address, which holds view, layers, filters and selection, so that it leads back to them. */
"use strict";

const Link = (() => {
  const { view, fit } = MapWindow;
  let [written, timer] = [null, null];

  function write() {
    clearTimeout(timer);
    const [lon, lat] = Ground.lonlat(view.getCenter());
    const parts = new URLSearchParams();
    parts.set("at", `${lat.toFixed(6)},${lon.toFixed(6)},${Number(view.getResolution().toPrecision(5))}`);
    const on = Layers.all.filter((layer) => layer.getVisible());
    parts.set("on", on.map((layer) => `${layer.get("name")}${layer.getOpacity() < 1 ? `*${layer.getOpacity()}` : ""}`).join(","));
    for (const [key, range] of Object.entries(Filters.state())) parts.set(key, range);
    if (Selection.chosen()) parts.set("pick", Selection.chosen().getId());
    const hash = `#${parts.toString().replaceAll("%2C", ",").replaceAll("%7E", "~")}`;
    if (hash !== location.hash) {
      written = hash;
      location.replace(hash);
    }
  }

  /** Write the address soon: changes that follow each other are written once. */
  function remember() {
    clearTimeout(timer);
    timer = setTimeout(write, 250);
  }

  /** Bring back what the address says. */
  function read() {
    const parts = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    if (parts.on !== undefined) {
      const on = Object.fromEntries(parts.on.split(",").map((part) => part.split("*")));
      for (const layer of Layers.all) {
        const name = layer.get("name");
        layer.setVisible(name in on);
        if (on[name]) layer.setOpacity(Math.min(1, Math.max(0, Number(on[name]) || 0)));
      }
    }
    Filters.restore(parts);
    Panel.filter();
    const [lat, lon, resolution] = (parts.at || "").split(",").map(Number);
    if (Number.isFinite(lat) && Number.isFinite(lon) && resolution > 0) {
      view.setCenter(Ground.map(lon, lat));
      view.setResolution(resolution);
    } else fit(Ground.extent);
    const layer = Fractures.byName[(parts.pick || "").split("-")[0]];
    if (layer) Layers.load(layer);
    Selection.choose(layer?.get("kind") === "vector" ? layer.getSource().getFeatureById(parts.pick) : null);
  }

  /** Copy the address, and say so on the button. */
  async function copy(button) {
    write();
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "Copied";
    } catch {
      window.prompt("Link to this view", location.href);
    }
  }

  /** Follow addresses that are pasted into the open page. */
  function build() {
    window.addEventListener("hashchange", () => {
      if (location.hash !== written) read();
    });
    read();
  }

  return { build, remember, copy };
})();
