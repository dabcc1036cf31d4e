/* Lengths and areas on the sphere, drawn by clicks. */
"use strict";

const Measuring = (() => {
  const { body } = window.IMF;
  const RADIANS = Math.PI / 180;

  /** Metres along map points. */
  const length = (points) => points.slice(1).reduce((sum, point, at) => sum + Ground.distance(points[at], point), 0);

  /** Unit vector from the middle of the body to a map point. */
  function vector(point) {
    const [lon, lat] = Ground.lonlat(point).map((degrees) => degrees * RADIANS);
    return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
  }

  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

  /** Square metres inside map points: the excess of the angles of all triangles with the first point. */
  function area(points) {
    const [first, ...others] = points.map(vector);
    const excess = (a, b) => 2 * Math.atan2(dot(first, cross(a, b)), 1 + dot(first, a) + dot(a, b) + dot(b, first));
    return Math.abs(others.slice(1).reduce((sum, b, at) => sum + excess(others[at], b), 0)) * body.radius_m ** 2;
  }

  const number = (value) => String(Number(value.toPrecision(4)));

  function words(points) {
    const [metres, square] = [length(points), points.length > 2 ? area(points) : null];
    const far = metres >= 1000 ? `${number(metres / 1000)}\u2009km` : `${number(metres)}\u2009m`;
    if (square === null) return far;
    return `${far} · encloses ${square >= 1e6 ? `${number(square / 1e6)}\u2009km²` : `${number(square)}\u2009m²`}`;
  }

  /** Let a button begin and end measuring on a map. `told` gets the words; they are empty at the end. */
  function build(map, button, told) {
    const look = [
      new ol.style.Style({ stroke: new ol.style.Stroke({ color: "rgba(5,7,10,0.9)", width: 4.5 }) }),
      new ol.style.Style({
        stroke: new ol.style.Stroke({ color: "#7ee0ff", width: 2 }),
        image: new ol.style.Circle({ radius: 4, fill: new ol.style.Fill({ color: "#7ee0ff" }) }),
      }),
    ];
    const drawn = new ol.layer.Vector({ source: new ol.source.Vector(), style: look });
    const draw = new ol.interaction.Draw({ source: drawn.getSource(), type: "LineString", style: look });
    const say = (feature) => told(words(feature.getGeometry().getCoordinates()));
    map.addLayer(drawn);
    map.addInteraction(draw);
    draw.setActive(false);
    draw.on("drawstart", ({ feature }) => {
      drawn.getSource().clear();
      feature.on("change", () => say(feature));
    });

    function turn(on) {
      draw.abortDrawing();
      draw.setActive(on);
      drawn.getSource().clear();
      button.setAttribute("aria-pressed", String(on));
      told(on ? "Click along what you measure. A double click ends it." : "");
    }

    button.addEventListener("click", () => turn(!draw.getActive()));
    return { active: () => draw.getActive(), stop: () => turn(false) };
  }

  return { build, length, area };
})();
