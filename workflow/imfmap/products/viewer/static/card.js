/* The card of what was clicked: its numbers, the width along a fracture, and the images that cover it. */
"use strict";

const Card = (() => {
  const { profiles, layers: data } = window.IMF;
  // Numbers of each image, which stand in a table of their own.
  const OF_IMAGES = new Set(["products", "incidences_deg", "sun_azimuths_north_deg", "shadow_shares"]);
  const TITLES = {
    fractures: (at) => `Fracture ${data.fractures.values.fracture[at]}`,
    segments: (at) => `Segment ${data.segments.values.segment[at]} of fracture ${data.segments.values.fracture[at]}`,
    rejected: (at) => `Rejected ${data.rejected.values.fracture[at]}`,
    footprints: (at) => data.footprints.values.product[at],
  };

  function cell(column, value) {
    if (value === null || value === undefined || value === "") return "–";
    const text = typeof value === "number" && column.decimals !== null ? value.toFixed(column.decimals) : String(value);
    return column.unit === "°" ? `${text}°` : column.unit ? `${text}\u2009${column.unit}` : text;
  }

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

  /** Distances along a fracture, and its widths there, in metres, by its number. They are read when the first card wants them. */
  const profileOf = (() => {
    let known = null;
    return (number) => {
      if (!profiles) return [[], []];
      if (!known) {
        const values = Array.from(Steps.decoded(profiles.decimetres, 2), (decimetres) => decimetres / 10);
        let next = 0;
        known = new Map(profiles.fractures.map((fracture, at) => [fracture, values.slice(next, (next += 2 * profiles.counts[at]))]));
      }
      const pairs = known.get(number) ?? [];
      return [0, 1].map((column) => pairs.filter((value, place) => place % 2 === column));
    };
  })();

  /** Picture of the width along a fracture; null if its width profile is not known. */
  function profile(number) {
    const [distances, widths] = profileOf(number);
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

  /** Fill the card with a feature. `actions` are called by its buttons: step(by), close(), zoom(), copyLink(button). */
  function fill(card, feature, actions) {
    const [name, at] = [feature.get("layer"), feature.get("at")];
    const part = data[name].style.classes[feature.get("class")];
    card.innerHTML = `<header><i style="--fill:${part.fill};--line:${part.swatch}"></i><h2></h2>
      <button type="button" class="step" data-by="-1" aria-label="Fracture before (p)" title="Fracture before (p)">‹</button>
      <button type="button" class="step" data-by="1" aria-label="Next fracture (n)" title="Next fracture (n)">›</button>
      <button type="button" class="close" aria-label="Close">×</button></header>
      <div class="actions"><button type="button" class="zoom">Zoom to it</button>
      <button type="button" class="link">Copy link</button></div>`;
    card.querySelector("h2").textContent = (TITLES[name] || (() => data[name].title))(at);
    const along = name === "fractures" ? profile(Fractures.numberOf(feature)) : null;
    card.append(...[along, table(data[name], at), images(data[name], at)].filter(Boolean));
    for (const button of card.querySelectorAll(".step")) {
      button.hidden = name !== "fractures";
      button.addEventListener("click", () => actions.step(Number(button.dataset.by)));
    }
    card.querySelector(".close").addEventListener("click", actions.close);
    card.querySelector(".zoom").addEventListener("click", actions.zoom);
    card.querySelector(".link").addEventListener("click", (event) => actions.copyLink(event.target));
  }

  return { fill };
})();
