/* Scale bar, and compass with the Suns of the images. */
"use strict";

const ScaleAndNorth = (() => {
  const { layers } = window.IMF;
  const { map, view } = MapWindow;
  const find = (id) => document.getElementById(id);

  function scale() {
    const [middle, resolution] = [view.getCenter(), view.getResolution()];
    const half = 50 * resolution;
    const metres = Ground.distance([middle[0] - half, middle[1]], [middle[0] + half, middle[1]]) / 100;
    if (!Number.isFinite(metres) || metres <= 0) return;
    const length = Ground.nice(130 * metres);
    find("scale").querySelector("i").style.width = `${length / metres}px`;
    find("scale").querySelector("span").textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
    find("scale").dataset.metresPerPixel = metres;
    find("zoom").textContent = `${Number(metres.toPrecision(2))}\u2009m/px`;
  }

  function compass() {
    const north = Ground.north(view.getCenter());
    const suns = layers.footprints?.values.sun_azimuth_deg || [];
    const rays = suns
      .filter((azimuth) => azimuth !== null)
      .map((azimuth) => `<g transform="rotate(${azimuth})"><path d="M0-17V-6M-2.6-9L0-4L2.6-9" class="ray"/>
        <path d="M0-29.5v15M-7.5-22h15M-5.3-27.3l10.6 10.6M5.3-27.3l-10.6 10.6" class="beams"/><circle cy="-22" r="4"/></g>`);
    find("compass").setAttribute("aria-label", `North ${north.toFixed(0)} degrees clockwise from up`);
    find("compass").title = suns.length ? "North; sunlight comes from the Suns on the rim" : "North";
    find("compass").innerHTML = `<svg viewBox="-36 -36 72 72"><circle r="22" class="ring"/>${rays.join("")}
      <g transform="rotate(${north})"><path d="M0-34l6 12-6-4-6 4z" class="north"/>
      <text y="-9" transform="rotate(${-north} 0 -12)">N</text></g></svg>`;
  }

  /** Draw both, and again whenever the view changes. */
  function build() {
    view.on(["change:resolution", "change:center"], scale);
    map.on("moveend", compass);
    scale();
    compass();
  }

  return { build };
})();
