/* The fractures on the map: their numbers, and which of them the filters leave. */
"use strict";

const Fractures = (() => {
  const { values } = window.IMF.layers.fractures;
  const byName = Object.fromEntries(Layers.all.map((layer) => [layer.get("name"), layer]));
  const lengths = values.total_length_m || values.length_m || [];

  const numberOf = (feature) => values.fracture[feature.get("at")];
  const all = byName.fractures.getSource().getFeatures().sort((a, b) => numberOf(a) - numberOf(b));
  let shown = all;

  /** Length of fractures together, metres. */
  const metres = (features) => features.reduce((sum, feature) => sum + (lengths[feature.get("at")] || 0), 0);

  /** The fracture of a number, or undefined. */
  const find = (number) => all.find((feature) => numberOf(feature) === number);

  /** Hide the fractures that do not pass the filters, and their lines. */
  function filter() {
    const passes = all.map((feature) => Filters.passes(feature.get("at")));
    shown = all.filter((feature, place) => passes[place]);
    Layers.hide(new Set(all.filter((feature, place) => !passes[place]).map(numberOf)));
  }

  return {
    byName,
    numberOf,
    metres,
    find,
    filter,
    /** Fractures that the filters leave, by number. */
    shown: () => shown,
    isShown: (feature) => shown.includes(feature),
  };
})();
