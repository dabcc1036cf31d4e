/* Sliders over the fractures' numbers, each with the distribution behind it. */
"use strict";

const Filters = (() => {
  const { values, columns } = window.IMF.layers.fractures;
  const STEPS = 1000;
  const BINS = 36;
  const WANTED = [
    { key: "w", name: "mean_width_m", label: "Width", log: true },
    { key: "l", name: "length_m", label: "Length", log: true },
    { key: "c", name: "confidence", label: "Confidence", log: false },
  ];

  function make(wanted) {
    const numbers = (values[wanted.name] || []).filter((value) => value !== null);
    if (!numbers.length) return null;
    const [least, most] = numbers.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    const low = wanted.log ? Math.max(least, 1e-3) : least;
    const high = most > low ? most : low + 1e-3;
    const forward = wanted.log ? Math.log : (value) => value;
    const backward = wanted.log ? Math.exp : (value) => value;
    const place = (value) =>
      (forward(Math.max(value, low)) - forward(low)) / (forward(high) - forward(low));
    const value = (share) => backward(forward(low) + share * (forward(high) - forward(low)));
    const bins = new Array(BINS).fill(0);
    for (const number of numbers) bins[Math.min(BINS - 1, Math.floor(place(number) * BINS))] += 1;
    const { unit } = columns.find((column) => column.name === wanted.name);
    // A limit of null means that there is no limit at that end.
    return { ...wanted, unit, bins, place, value, range: [null, null] };
  }

  const filters = WANTED.map(make).filter(Boolean);

  function passes(at) {
    return filters.every(({ name, range: [low, high] }) => {
      const number = values[name][at];
      return (low === null || number >= low) && (high === null || number <= high);
    });
  }

  const withUnit = (filter, value) =>
    `${Number(value.toPrecision(3))}${filter.unit ? `\u2009${filter.unit}` : ""}`;

  function draw(filter) {
    const [low, high] = filter.inputs.map((input) => Number(input.value) / STEPS);
    filter.bars.forEach((bar, at) => {
      const middle = (at + 0.5) / BINS;
      bar.classList.toggle("out", middle < low || middle > high);
    });
    filter.track.style.setProperty("--low", `${100 * low}%`);
    filter.track.style.setProperty("--high", `${100 * high}%`);
    const ends = [filter.range[0] ?? filter.value(0), filter.range[1] ?? filter.value(1)];
    filter.words.textContent = `${withUnit(filter, ends[0])} – ${withUnit(filter, ends[1])}`;
  }

  /** Move the sliders to the current ranges. */
  function follow() {
    for (const filter of filters) {
      filter.range.forEach((limit, end) => {
        filter.inputs[end].value = limit === null ? end * STEPS : Math.round(filter.place(limit) * STEPS);
      });
      draw(filter);
    }
  }

  function slid(filter, end) {
    const other = filter.inputs[1 - end];
    const input = filter.inputs[end];
    if (end === 0 ? Number(input.value) > Number(other.value) : Number(input.value) < Number(other.value)) {
      input.value = other.value;
    }
    const position = Number(input.value);
    const open = position === end * STEPS;
    filter.range[end] = open ? null : Number(filter.value(position / STEPS).toPrecision(3));
    draw(filter);
  }

  function element(filter, changed) {
    const box = document.createElement("div");
    box.className = "filter";
    box.dataset.filter = filter.name;
    const tallest = Math.max(...filter.bins);
    const bars = filter.bins
      .map((count, at) => {
        const height = count ? Math.max(1.5, 26 * Math.sqrt(count / tallest)) : 0;
        return `<rect x="${at * 10 + 1}" width="8" y="${26 - height}" height="${height}"/>`;
      })
      .join("");
    box.innerHTML = `
      <div class="head"><span>${filter.label}</span><output></output></div>
      <svg viewBox="0 0 ${BINS * 10} 26" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>
      <div class="track">
        <input type="range" min="0" max="${STEPS}" value="0" class="low" aria-label="Least ${filter.label.toLowerCase()}">
        <input type="range" min="0" max="${STEPS}" value="${STEPS}" class="high" aria-label="Largest ${filter.label.toLowerCase()}">
      </div>`;
    filter.words = box.querySelector("output");
    filter.track = box.querySelector(".track");
    filter.bars = [...box.querySelectorAll("rect")];
    filter.inputs = [...box.querySelectorAll("input")];
    filter.inputs.forEach((input, end) =>
      input.addEventListener("input", () => {
        slid(filter, end);
        changed();
      }),
    );
    return box;
  }

  function build(parent, changed) {
    parent.append(...filters.map((filter) => element(filter, changed)));
    follow();
  }

  const active = () => filters.some(({ range }) => range.some((limit) => limit !== null));

  /** State for the permalink: {w: "3~", l: "10~50"}. */
  function state() {
    const entries = filters
      .filter(({ range }) => range.some((limit) => limit !== null))
      .map(({ key, range }) => [key, range.map((limit) => limit ?? "").join("~")]);
    return Object.fromEntries(entries);
  }

  function restore(given) {
    for (const filter of filters) {
      const limits = (given[filter.key] || "~").split("~");
      filter.range = [0, 1].map((end) => {
        const limit = Number.parseFloat(limits[end]);
        return Number.isFinite(limit) ? limit : null;
      });
    }
    follow();
  }

  return { build, passes, active, state, restore };
})();
