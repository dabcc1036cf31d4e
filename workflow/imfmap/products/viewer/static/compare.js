/* Two images side by side or in turn: a line that is drawn over the map, or a change every 0.7 s. */
"use strict";

const Compare = (() => {
  const { layers } = window.IMF;
  const TURN_MS = 700;
  const find = (id) => document.getElementById(id);

  /** Name of an image, with where its sunlight comes from. */
  function label(layer) {
    const facts = layers.footprints?.values;
    const at = facts ? facts.product.indexOf(layer.get("title")) : -1;
    const sun = at >= 0 ? facts.sun_azimuth_deg?.[at] : null;
    if (sun === null || sun === undefined) return layer.get("title");
    return `${layer.get("title")} · Sun ${sun.toFixed(0)}°, inc. ${facts.incidence_deg[at].toFixed(0)}°`;
  }

  function build(map) {
    const images = Layers.all.filter((layer) => layer.get("name") === "mosaic" || layer.get("kind") === "image");
    find("compare").hidden = images.length < 2;
    if (images.length < 2) return { active: () => false, stop: () => {} };
    const selects = [find("left"), find("right")];
    const divider = find("divider");
    let [mode, share, timer, before] = [null, 0.5, null, null];

    for (const select of selects) {
      select.append(...images.map((layer, at) => new Option(label(layer), String(at))));
      select.addEventListener("change", show);
    }
    // With single images, these are compared; else there would be nothing to compare.
    selects[0].value = String(Math.min(1, images.length - 2));
    selects[1].value = String(images.length > 2 ? 2 : 1);

    const chosen = () => selects.map((select) => images[Number(select.value)]);

    function clip(group) {
      for (const leaf of group.getLayers().getArray()) {
        leaf.on("prerender", (event) => {
          event.context.save();
          const place = chosen().indexOf(group);
          if (!mode || place < 0 || chosen()[0] === chosen()[1]) return;
          const [width, height] = map.getSize();
          const ends = place === 0 ? [0, share * width] : [share * width, width];
          const corners = [[ends[0], 0], [ends[1], 0], [ends[1], height], [ends[0], height]];
          event.context.beginPath();
          corners.forEach((corner, at) => {
            event.context[at ? "lineTo" : "moveTo"](...ol.render.getRenderPixel(event, corner));
          });
          event.context.closePath();
          event.context.clip();
        });
        leaf.on("postrender", (event) => event.context.restore());
      }
    }

    function move(to) {
      share = Math.min(1, Math.max(0, to));
      divider.style.left = `${100 * share}%`;
      divider.setAttribute("aria-valuenow", String(Math.round(100 * share)));
      map.render();
    }

    function show() {
      if (!mode) return;
      for (const layer of images) layer.setVisible(chosen().includes(layer));
      map.render();
    }

    function turn(to) {
      clearInterval(timer);
      if (!mode) before = images.map((layer) => layer.getVisible());
      mode = to === mode ? null : to;
      for (const name of ["swipe", "flicker"]) find(name).setAttribute("aria-pressed", String(mode === name));
      divider.hidden = mode !== "swipe";
      if (mode === "swipe") move(0.5);
      if (mode === "flicker") {
        move(1);
        timer = setInterval(() => move(1 - share), TURN_MS);
      }
      if (mode) show();
      else {
        images.forEach((layer, at) => layer.setVisible(before[at]));
        map.render();
      }
    }

    images.forEach(clip);
    for (const name of ["swipe", "flicker"]) find(name).addEventListener("click", () => turn(name));
    divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
    divider.addEventListener("pointermove", (event) => {
      if (divider.hasPointerCapture(event.pointerId)) move(event.clientX / window.innerWidth);
    });
    divider.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (by) move(share + by);
    });
    return { active: () => Boolean(mode), stop: () => mode && turn(mode) };
  }

  return { build };
})();
