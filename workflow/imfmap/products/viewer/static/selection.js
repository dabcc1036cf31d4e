/* What is chosen on the map: by a click, by number, or step by step. The card tells about it. */
"use strict";

const Selection = (() => {
  const { map, view, closer, bringIntoSight, outline } = MapWindow;
  const { byName } = Fractures;
  const card = document.getElementById("card");
  let chosen = null;
  let [told, copyLink] = [() => {}, () => {}];

  const isFracture = () => chosen?.get("layer") === "fractures";

  /** Choose a feature, or nothing (null). */
  function choose(feature) {
    chosen = feature;
    outline(feature);
    // The focus would be lost with the card.
    if (!feature && card.contains(document.activeElement)) document.getElementById("map").focus();
    card.hidden = !feature;
    if (feature) Card.fill(card, feature, { step: stepInCard, close: () => choose(null), zoom: () => closer(feature), copyLink });
    told();
  }

  /** Choose a fracture, and move the map only if it is not in sight. */
  function go(feature) {
    byName.fractures.setVisible(true);
    choose(feature);
    bringIntoSight(feature);
  }

  /** Choose the next fracture by number, or the one before, of those that the filters leave. */
  function step(by) {
    const shown = Fractures.shown();
    if (!shown.length) return;
    const place = shown.indexOf(chosen);
    go(shown[place < 0 ? (by > 0 ? 0 : shown.length - 1) : (place + by + shown.length) % shown.length]);
  }

  /** A step that keeps the focus in the card, on the button of that step. */
  function stepInCard(by) {
    step(by);
    card.querySelector(`.step[data-by="${by}"]`)?.focus();
  }

  function search() {
    const [input, output] = document.querySelectorAll("#search input, #search output");
    const feature = Fractures.find(Number(input.value.trim() || NaN));
    output.textContent = !feature ? "There is none." : Fractures.isShown(feature) ? "" : "The filters hide it.";
    if (feature && Fractures.isShown(feature)) go(feature);
  }

  /** The feature at a pixel of the screen, or null. */
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

  /** Choose the first fracture in the map's window by number, if there is one. */
  function chooseInSight() {
    const sight = view.calculateExtent(map.getSize());
    const first = Fractures.shown().find((feature) => feature.getGeometry().intersectsExtent(sight));
    if (first) choose(first);
  }

  /** On the map, Tab goes through the fractures once one is chosen; at the last one, and after Escape, it leaves them. */
  function tab(event) {
    if (event.key !== "Tab" || !isFracture()) return;
    const shown = Fractures.shown();
    const next = shown[shown.indexOf(chosen) + (event.shiftKey ? -1 : 1)];
    if (next) {
      event.preventDefault();
      go(next);
    }
  }

  /** In the card, the arrows step through the fractures. */
  function arrows(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || !isFracture() || event.target.closest(".images")) return;
    event.preventDefault();
    stepInCard(by);
  }

  /** Follow the keys and the search. `changed` is called after each choice, `copy` by the card's button. */
  function build(changed, copy) {
    [told, copyLink] = [changed, copy];
    document.getElementById("map").addEventListener("keydown", tab);
    card.addEventListener("keydown", arrows);
    document.getElementById("search").addEventListener("submit", (event) => {
      event.preventDefault();
      search();
    });
  }

  return { chosen: () => chosen, choose, chooseInSight, step, at, build };
})();
