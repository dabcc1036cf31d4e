/* The map, the panel beside it, and the link that leads back to the same view. */
"use strict";

(() => {
  const { title, footer, grid, profiles, layers: data } = window.IMF;
  const find = (id) => document.getElementById(id);
  const byName = Object.fromEntries(Layers.all.map((layer) => [layer.get("name"), layer]));
  const fractures = data.fractures;
  const PANEL_PX = 340;
  // Layers of lines of the fractures, which carry the fracture's number.
  const LINES = ["centrelines", "segments"];

  // --- map ---

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
    const large = window.innerWidth > 900;
    const room = large && !document.body.classList.contains("folded");
    const card = find("card").hidden ? 0 : find("card")[large ? "offsetWidth" : "offsetHeight"];
    const above = large ? 40 : find("panel").offsetTop + find("panel").offsetHeight + 16;
    return [above, large ? 110 + card : 70, 60 + (large ? 0 : card), room ? PANEL_PX + 30 : 40];
  }

  const fit = (extent, options = {}) => view.fit(extent, { padding: padding(), ...options });

  // --- words ---

  // A small screen shows the map first.
  if (window.innerWidth <= 900) {
    document.body.classList.add("folded");
    find("fold").setAttribute("aria-expanded", "false");
  }

  document.title = `${title} – impact melt fractures`;
  find("title").textContent = title;
  find("footer").textContent = footer;
  const centre = ol.extent.getCenter(Ground.extent);
  find("place").textContent = `${Ground.words(centre, 300)} · ${Number(grid.resolution_m.toPrecision(4))}\u2009m per pixel`;

  const kilometres = (metres) => `${(metres / 1000).toFixed(metres < 1e5 ? 1 : 0)}\u2009km`;
  const lengths = fractures.values.total_length_m || fractures.values.length_m || [];

  /** Fractures that the filters leave, by number. */
  const shownFractures = () =>
    byName.fractures.getSource().getFeatures().filter((feature) => !feature.get("hidden")).sort((a, b) => numberOf(a) - numberOf(b));
  const numberOf = (feature) => fractures.values.fracture?.[feature.get("at")] ?? feature.get("at") + 1;

  function count() {
    const number = fractures.outlines.length;
    const shown = shownFractures();
    const metres = (indices) => indices.reduce((sum, at) => sum + (lengths[at] || 0), 0);
    const of = Filters.active() ? ` of ${number}` : "";
    find("count").querySelector("b").textContent = shown.length;
    find("count").querySelector("span").textContent =
      `${of} fracture${number === 1 ? "" : "s"} · ${kilometres(metres(shown.map((feature) => feature.get("at"))))}`;
    find("reset").hidden = !Filters.active();
    legend();
  }

  /** Hide the fractures that do not pass, and their lines. */
  function filter() {
    const left = new Set();
    for (const feature of byName.fractures.getSource().getFeatures()) {
      const passes = Filters.passes(feature.get("at"));
      feature.set("hidden", !passes, true);
      if (passes) left.add(numberOf(feature));
    }
    for (const name of LINES) {
      for (const feature of byName[name]?.getSource().getFeatures() ?? []) {
        feature.set("hidden", !left.has(data[name].values.fracture[feature.get("at")]), true);
      }
    }
    for (const name of ["fractures", ...LINES]) byName[name]?.getSource().changed();
    count();
  }

  // --- panel ---

  function legend() {
    const { column, classes } = fractures.style;
    const known = fractures.columns.find(({ name }) => name === column);
    find("legend-title").textContent = known ? known.label : fractures.title;
    const numbers = new Array(classes.length).fill(0);
    for (const feature of shownFractures()) numbers[feature.get("class")] += 1;
    find("legend").innerHTML = "";
    classes.forEach((part, at) => {
      const line = document.createElement("li");
      line.innerHTML = `<i style="--fill:${part.fill};--line:${part.swatch}"></i><span></span><em>${numbers[at]}</em>`;
      line.querySelector("span").textContent = part.label;
      line.classList.toggle("none", numbers[at] === 0);
      find("legend").append(line);
    });
  }

  function layerLine(layer) {
    const line = document.createElement("li");
    line.dataset.layer = layer.get("name");
    const part = data[layer.get("name")]?.style.classes[0];
    const [colours, marks] = [layer.get("colours"), layer.get("marks")];
    line.innerHTML = `
      <label><input type="checkbox"><i class="${layer.get("kind")} ${layer.get("name")}"
        style="--fill:${part?.fill || "none"};--line:${part?.swatch || "#8b97a8"}"></i><span></span></label>
      <input type="range" min="0" max="100" aria-label="Opacity of ${layer.get("title")}" title="Opacity">`;
    line.querySelector("span").textContent = layer.get("title");
    if (colours) {
      const ramp = `linear-gradient(90deg, ${colours.join(", ")})`;
      line.querySelector("i").style.background = ramp;
      line.insertAdjacentHTML("beforeend", `<div class="bar"><b></b>${marks.map((mark) => `<span>${mark}</span>`).join("")}</div>`);
      line.querySelector(".bar b").style.background = ramp;
    }
    const [box, slider] = line.querySelectorAll("input");
    const follow = () => {
      box.checked = layer.getVisible();
      slider.value = Math.round(100 * layer.getOpacity());
      slider.style.setProperty("--value", `${slider.value}%`);
      line.classList.toggle("off", !box.checked);
    };
    box.addEventListener("change", () => layer.setVisible(box.checked));
    slider.addEventListener("input", () => layer.setOpacity(slider.value / 100));
    layer.on(["change:visible", "change:opacity"], () => {
      follow();
      remember();
    });
    follow();
    return line;
  }

  // --- card ---

  let chosen = null;

  function cell(column, value) {
    if (value === null || value === undefined || value === "") return "–";
    const text = typeof value === "number" && column.decimals !== null ? value.toFixed(column.decimals) : String(value);
    return column.unit === "°" ? `${text}°` : column.unit ? `${text}\u2009${column.unit}` : text;
  }

  // Numbers of each image, which stand in a table of their own.
  const OF_IMAGES = new Set(["products", "incidences_deg", "sun_azimuths_north_deg", "shadow_shares"]);

  function table(layer, at) {
    const lines = document.createElement("dl");
    for (const column of layer.columns.filter(({ name }) => !OF_IMAGES.has(name))) {
      const [term, value] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = column.label;
      value.textContent = cell(column, layer.values[column.name][at]);
      value.dataset.column = column.name;
      lines.append(term, value);
    }
    return lines;
  }

  /** A table of the images that a fracture rests on, and of those that cover it; null if there are none. */
  function images(layer, at) {
    const text = (name) => layer.values[name]?.[at] || "";
    const list = (name) => text(name).split(",").filter(Boolean);
    const dark = JSON.parse(text("shadow_shares") || "{}");
    const rests = list("products");
    const products = [...rests, ...Object.keys(dark).filter((product) => !rests.includes(product))];
    if (!products.length) return null;
    const [incidences, suns] = [list("incidences_deg"), list("sun_azimuths_north_deg")];
    const body = document.createElement("tbody");
    products.forEach((product, place) => {
      const share = dark[product] === undefined ? "–" : `${Math.round(100 * dark[product])}\u2009%`;
      const angle = (values) => (values[place] ? `${Math.round(values[place])}°` : "–");
      const line = body.insertRow();
      for (const value of [product, angle(incidences), angle(suns), share]) line.insertCell().textContent = value;
      line.classList.toggle("other", place >= rests.length);
    });
    const box = document.createElement("div");
    box.className = "images";
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Images that cover it; those that do not show it by themselves are faint");
    box.innerHTML = `<table><thead><tr><th scope="col">Image</th><th scope="col" title="Incidence">Inc.</th>
      <th scope="col" title="Sunlight comes from this direction, clockwise from north">Sun</th>
      <th scope="col" title="Share of the fracture in shadow">Dark</th></tr></thead></table>`;
    box.querySelector("table").append(body);
    return box;
  }

  /** Picture of the width along a fracture; null if its width profile is not known. */
  function profile(number) {
    const [distances, widths] = profiles[number] || [[], []];
    if (widths.length < 2) return null;
    const [length, widest] = [distances[distances.length - 1], Math.max(...widths)];
    const [across, up] = [(distance) => (280 * distance) / length, (width) => 46 - (42 * width) / widest];
    const line = widths.map((width, at) => `${across(distances[at]).toFixed(1)},${up(width).toFixed(1)}`).join(" ");
    const box = document.createElement("figure");
    box.innerHTML = `<figcaption><span>Width along it</span><span></span></figcaption>
      <svg viewBox="0 0 280 48" preserveAspectRatio="none" role="img"><polygon points="${across(distances[0])},46 ${line} 280,46"/>
      <polyline points="${line}"/></svg><div><span>0</span><span></span></div>`;
    box.querySelector("figcaption span + span").textContent = `up to ${widest.toFixed(1)}\u2009m`;
    box.querySelector("div span + span").textContent = `${length.toFixed(0)}\u2009m`;
    box.querySelector("svg").setAttribute("aria-label", `Width along ${length.toFixed(0)} m, up to ${widest.toFixed(1)} m`);
    return box;
  }

  const heading = {
    fractures: (at) => `Fracture ${fractures.values.fracture?.[at] ?? at + 1}`,
    segments: (at) => `Segment ${data.segments.values.segment[at]} of fracture ${data.segments.values.fracture[at]}`,
    rejected: (at) => `Rejected ${data.rejected.values.fracture?.[at] ?? at + 1}`,
    footprints: (at) => data.footprints.values.product[at],
  };

  function choose(feature) {
    chosen = feature;
    mark.getSource().clear();
    const card = find("card");
    card.hidden = !feature;
    if (feature) {
      mark.getSource().addFeature(new ol.Feature(feature.getGeometry()));
      const [name, at] = [feature.get("layer"), feature.get("at")];
      const part = data[name].style.classes[feature.get("class")];
      card.innerHTML = `<header><i style="--fill:${part.fill};--line:${part.swatch}"></i><h2></h2>
        <button type="button" class="step" data-by="-1" aria-label="Fracture before (p)" title="Fracture before (p)">‹</button>
        <button type="button" class="step" data-by="1" aria-label="Next fracture (n)" title="Next fracture (n)">›</button>
        <button type="button" class="close" aria-label="Close">×</button></header>
        <div class="actions"><button type="button" class="zoom">Zoom to it</button>
        <button type="button" class="link">Copy link</button></div>`;
      card.querySelector("h2").textContent = (heading[name] || (() => data[name].title))(at);
      const lit = images(data[name], at);
      const along = name === "fractures" ? profile(numberOf(feature)) : null;
      card.querySelector(".actions").before(...[along, table(data[name], at), lit].filter(Boolean));
      for (const button of card.querySelectorAll(".step")) {
        button.hidden = name !== "fractures";
        button.addEventListener("click", () => {
          step(Number(button.dataset.by));
          card.querySelector(`.step[data-by="${button.dataset.by}"]`)?.focus();
        });
      }
      card.querySelector(".close").addEventListener("click", () => {
        find("map").focus();
        choose(null);
      });
      card.querySelector(".zoom").addEventListener("click", () => closer(feature));
      card.querySelector(".link").addEventListener("click", (event) => copyLink(event.target));
    }
    remember();
  }

  /** Those of the fractures that the filters leave whose outlines reach into the map's window. */
  function inSight() {
    const window = view.calculateExtent(map.getSize());
    return shownFractures().filter((feature) => feature.getGeometry().intersectsExtent(window));
  }

  /** Choose the next fracture by number, or the one before, of those that the filters leave. */
  function step(by) {
    const shown = shownFractures();
    if (!shown.length) return;
    const place = shown.indexOf(chosen);
    go(shown[place < 0 ? (by > 0 ? 0 : shown.length - 1) : (place + by + shown.length) % shown.length]);
  }

  /** Choose a fracture, and move the map only if it is not in sight. */
  function go(feature) {
    byName.fractures.setVisible(true);
    choose(feature);
    const [left, bottom, right, top] = feature.getGeometry().getExtent();
    const [[x1, y1], [x2, y2]] = [[left, top], [right, bottom]].map((corner) => map.getPixelFromCoordinate(corner));
    const [[width, height], [above, after, below, before]] = [map.getSize(), padding()];
    if (x1 < before || x2 > width - after || y1 < above || y2 > height - below) closer(feature);
  }

  function search() {
    const [input, output] = [find("search").querySelector("input"), find("search").querySelector("output")];
    const wanted = Number(input.value.trim() || NaN);
    const feature = byName.fractures.getSource().getFeatures().find((one) => numberOf(one) === wanted);
    output.textContent = !feature ? "There is none." : feature.get("hidden") ? "The filters hide it." : "";
    if (feature && !feature.get("hidden")) go(feature);
  }

  function closer(feature) {
    const extent = feature.getGeometry().getExtent();
    const spare = window.innerWidth > 900 ? 60 : 10;
    fit(extent, { minResolution: grid.resolution_m / 4, duration: 350, padding: padding().map((side) => side + spare) });
  }

  async function copyLink(button) {
    write();
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "Copied";
    } catch {
      window.prompt("Link to this view", location.href);
    }
  }

  function at(pixel) {
    const layered = (name) => (layer) => layer === byName[name];
    for (const name of ["segments", "fractures", "rejected", "footprints"]) {
      if (!byName[name]?.getVisible()) continue;
      const options = { layerFilter: layered(name), hitTolerance: name === "footprints" ? 0 : 5 };
      const hits = map.getFeaturesAtPixel(pixel, options).filter((feature) => feature.get("layer") === name);
      if (hits.length) {
        // If images overlap, the next click shows the next one.
        return hits[(hits.indexOf(chosen) + 1) % hits.length];
      }
    }
    return null;
  }

  const measuring = Measuring.build(map, find("measure"), (words) => {
    find("measured").textContent = words;
    find("measured").hidden = !words;
  });
  const comparing = Compare.build(map);
  map.on("singleclick", (event) => {
    if (!measuring.active()) choose(at(event.pixel));
  });
  map.on("pointermove", (event) => {
    if (event.dragging) return;
    find("cursor").textContent = Ground.words(event.coordinate, view.getResolution());
    const options = { layerFilter: (layer) => layer === byName.fractures || layer === byName.rejected, hitTolerance: 5 };
    map.getTargetElement().style.cursor = map.hasFeatureAtPixel(event.pixel, options) ? "pointer" : "";
  });

  // --- scale, compass ---

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
    const suns = data.footprints?.values.sun_azimuth_deg || [];
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

  // --- permalink ---

  let written = null;
  let timer = null;

  function write() {
    clearTimeout(timer);
    const [lon, lat] = Ground.lonlat(view.getCenter());
    const parts = new URLSearchParams();
    parts.set("at", `${lat.toFixed(6)},${lon.toFixed(6)},${Number(view.getResolution().toPrecision(5))}`);
    const on = Layers.all.filter((layer) => layer.getVisible());
    parts.set("on", on.map((layer) => `${layer.get("name")}${layer.getOpacity() < 1 ? `*${layer.getOpacity()}` : ""}`).join(","));
    for (const [key, range] of Object.entries(Filters.state())) parts.set(key, range);
    if (chosen) parts.set("pick", chosen.getId());
    const hash = `#${parts.toString().replaceAll("%2C", ",").replaceAll("%7E", "~")}`;
    if (hash !== location.hash) {
      written = hash;
      location.replace(hash);
    }
  }

  function remember() {
    clearTimeout(timer);
    timer = setTimeout(write, 250);
  }

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
    filter();
    const [lat, lon, resolution] = (parts.at || "").split(",").map(Number);
    if (Number.isFinite(lat) && Number.isFinite(lon) && resolution > 0) {
      view.setCenter(Ground.map(lon, lat));
      view.setResolution(resolution);
    } else fit(Ground.extent);
    const layer = byName[(parts.pick || "").split("-")[0]];
    choose(layer?.get("kind") === "vector" ? layer.getSource().getFeatureById(parts.pick) : null);
  }

  window.addEventListener("hashchange", () => {
    if (location.hash !== written) read();
  });

  // --- all together ---

  const steps = (factor) => view.animate({ resolution: view.getConstrainedResolution(view.getResolution() * factor), duration: 180 });
  find("closer").addEventListener("click", () => steps(0.5));
  find("farther").addEventListener("click", () => steps(2));
  find("fit").addEventListener("click", () => fit(Ground.extent, { duration: 350 }));
  find("pixels").addEventListener("click", () => view.animate({ resolution: grid.resolution_m, duration: 350 }));
  find("reset").addEventListener("click", () => {
    Filters.restore({});
    filter();
    remember();
  });
  find("fold").addEventListener("click", () => {
    const folded = document.body.classList.toggle("folded");
    find("fold").setAttribute("aria-expanded", String(!folded));
  });
  find("search").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  for (const button of find("save").querySelectorAll("button")) {
    button.addEventListener("click", () => TakeAway[button.dataset.kind](shownFractures()));
  }
  // Once Enter has chosen a fracture, Tab goes through them on the map; at the last one, and after Escape, it leaves it.
  find("map").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !measuring.active()) {
      const [first] = inSight();
      if (first) choose(first);
    }
    if (event.key !== "Tab" || chosen?.get("layer") !== "fractures") return;
    const shown = shownFractures();
    const next = shown[shown.indexOf(chosen) + (event.shiftKey ? -1 : 1)];
    if (next) {
      event.preventDefault();
      go(next);
    }
  });
  find("card").addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || chosen?.get("layer") !== "fractures" || event.target.closest(".images")) return;
    event.preventDefault();
    step(by);
    find("card").querySelector(`.step[data-by="${by}"]`).focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (measuring.active()) measuring.stop();
      else if (comparing.active()) comparing.stop();
      else {
        // The focus would be lost with the card.
        if (find("card").contains(document.activeElement)) find("map").focus();
        choose(null);
      }
    }
    const writes = event.target.matches("input:not([type=range]):not([type=checkbox]), select");
    if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") step(1);
    if (event.key === "p") step(-1);
  });
  map.on("moveend", () => {
    compass();
    remember();
  });
  view.on(["change:resolution", "change:center"], scale);

  Filters.build(find("filters"), () => {
    filter();
    remember();
  });
  find("layers").append(...[...Layers.all].reverse().map(layerLine));
  read();
  scale();
  compass();
  window.VIEWER = { map, view, byName, ready: () => !map.getLoadingOrNotReady() };
})();
