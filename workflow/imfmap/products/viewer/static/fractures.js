/* The fractures on the map: their numbers, and which of them the filters leave. */
"use strict";

const Fractures = (() => {
  const { layers: data } = window.IMF;
  const { values } = data.fractures;
  const byName = Object.fromEntries(Layers.all.map((layer) => [layer.get("name"), layer]));
  // Layers of lines of the fractures, which carry the fracture's number.
  const LINES = ["centrelines", "segments"];
  const lengths = values.total_length_m || values.length_m || [];

  const all = () => byName.fractures.getSource().getFeatures();
  const numberAt = (at) => values.fracture?.[at] ?? at + 1;
  const numberOf = (feature) => numberAt(feature.get("at"));

  /** Fractures that the filters leave, by number. */
  const shown = () => all().filter((feature) => !feature.get("hidden")).sort((a, b) => numberOf(a) - numberOf(b));

  /** Length of fractures together, metres. */
  const metres = (features) => features.reduce((sum, feature) => sum + (lengths[feature.get("at")] || 0), 0);

  /** The fracture of a number, or undefined. */
  const find = (number) => all().find((feature) => numberOf(feature) === number);

  /** Hide the fractures that do not pass the filters, and their lines. */
  function filter() {
    const left = new Set();
    for (const feature of all()) {
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
  }

  return { byName, numberAt, numberOf, shown, metres, find, filter };
})();
