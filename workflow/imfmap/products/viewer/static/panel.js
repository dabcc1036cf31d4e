/* The panel beside the map: title, count of fractures, legend, layers. */
"use strict";

const Panel = (() => {
  const { title, footer, grid, layers: data } = window.IMF;
  const { fractures } = data;
  const find = (id) => document.getElementById(id);

  function words() {
    document.title = `${title} – impact melt fractures`;
    find("title").textContent = title;
    find("footer").textContent = footer;
    const centre = ol.extent.getCenter(Ground.extent);
    find("place").textContent = `${Ground.words(centre, 300)} · ${Number(grid.resolution_m.toPrecision(4))}\u2009m per pixel`;
  }

  const kilometres = (metres) => `${(metres / 1000).toFixed(metres < 1e5 ? 1 : 0)}\u2009km`;

  /** Apply the filters to the map, and tell what they leave. */
  function filter() {
    Fractures.filter();
    const number = fractures.outlines.length;
    const shown = Fractures.shown();
    const of = Filters.active() ? ` of ${number}` : "";
    find("count").querySelector("b").textContent = shown.length;
    find("count").querySelector("span").textContent =
      `${of} fracture${number === 1 ? "" : "s"} · ${kilometres(Fractures.metres(shown))}`;
    find("reset").hidden = !Filters.active();
    legend(shown);
  }

  function legend(shown) {
    const { column, classes } = fractures.style;
    const known = fractures.columns.find(({ name }) => name === column);
    find("legend-title").textContent = known ? known.label : fractures.title;
    const numbers = new Array(classes.length).fill(0);
    for (const feature of shown) numbers[feature.get("class")] += 1;
    find("legend").innerHTML = "";
    classes.forEach((part, at) => {
      const line = document.createElement("li");
      line.innerHTML = `<i style="--fill:${part.fill};--line:${part.swatch}"></i><span></span><em>${numbers[at]}</em>`;
      line.querySelector("span").textContent = part.label;
      line.classList.toggle("none", numbers[at] === 0);
      find("legend").append(line);
    });
  }

  function layerLine(layer, changed) {
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
      changed();
    });
    follow();
    return line;
  }

  function fold(folded) {
    document.body.classList.toggle("folded", folded);
    find("fold").setAttribute("aria-expanded", String(!folded));
  }

  /** Fill the panel. `changed` is called when filters or layers have changed. */
  function build(changed) {
    words();
    // A small screen shows the map first.
    fold(window.innerWidth <= 900);
    find("fold").addEventListener("click", () => fold(!document.body.classList.contains("folded")));
    const filtered = () => {
      filter();
      changed();
    };
    Filters.build(find("filters"), filtered);
    find("reset").addEventListener("click", () => {
      Filters.restore({});
      filtered();
    });
    for (const button of find("save").querySelectorAll("button")) {
      button.addEventListener("click", () => TakeAway[button.dataset.kind](Fractures.shown()));
    }
    find("layers").append(...[...Layers.all].reverse().map((layer) => layerLine(layer, changed)));
  }

  return { build, filter };
})();
