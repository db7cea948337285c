// Curves to explore: a figure's panels as plots with values under the pointer. Drawn by uPlot when a reader asks for
// them; figures/NAME.js puts a figure's curves into `curves`.
const curves = {};
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const told = (value) => (value == null ? "–" : Number(value.toPrecision(4)).toString());

function interval(curve, at) {
  return curve.low?.[at] == null ? "" : ` [${told(curve.low[at])}, ${told(curve.high[at])}]`;
}

function series(curve) {
  const dashed = curve.kind === "paper";
  const places = new Map(curve.x.map((x, k) => [x, k]));
  return {
    label: curve.label || curve.kind,
    stroke: curve.colour === "#000000" ? css("--ink") : curve.colour,
    width: curve.kind === "seed" ? 1 : 2,
    dash: dashed ? [6, 4] : undefined,
    spanGaps: true,
    value: (made, value, _, index) => told(value) + interval(curve, places.get(made.data[0][index])),
  };
}

// The bounds of a mean's interval: two curves that are not drawn, with the space between them filled.
function bound() {
  return { class: "bound", stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
}

function axis(label) {
  const grid = { stroke: css("--rule"), width: 1 };
  return { label: label.replace(/\n/g, " "), stroke: css("--ink"), grid, ticks: grid };
}

function plot(place, panel, options) {
  const shown = panel.curves.filter((curve) => options.seeds || curve.kind !== "seed");
  const banded = shown.filter((curve) => curve.low);
  // One table of values: x ascending, null where a curve has no point.
  const data = uPlot.join([
    ...shown.map((curve) => [curve.x, curve.y]),
    ...banded.flatMap((curve) => [[curve.x, curve.high], [curve.x, curve.low]]),
  ]);
  const bounds = (k) => [1 + shown.length + 2 * k, 2 + shown.length + 2 * k];
  const positive = options.log && shown.every((curve) => curve.y.every((y) => y == null || y > 0));
  const made = new uPlot(
    {
      width: Math.max(280, Math.min(place.clientWidth, 620)),
      height: 340,
      title: panel.title.replace(/\n/g, " "),
      scales: { x: { time: false, distr: panel.log_x ? 3 : 1 }, y: { distr: positive ? 3 : 1 } },
      axes: [axis(panel.x), { ...axis(panel.y), size: 64 }],
      series: [{ label: panel.x.split("\n")[0] }, ...shown.map(series), ...banded.flatMap(() => [bound(), bound()])],
      bands: banded.map((curve, k) => ({ series: bounds(k), fill: series(curve).stroke + "2e" })),
      cursor: { focus: { prox: 30, dist: (_, k, __, at, pointer) => (k > shown.length ? Infinity : at - pointer) } },
      hooks: {
        // A curve that is hidden takes its interval with it.
        setSeries: [
          (made, hidden, { show }) => {
            const k = banded.indexOf(shown[hidden - 1]);
            if (k >= 0 && show != null) for (const one of bounds(k)) made.setSeries(one, { show });
          },
        ],
      },
    },
    data,
    place,
  );
  // The arrow keys move the cursor from one measurement to the next.
  made.over.tabIndex = 0;
  made.over.setAttribute("role", "img");
  made.over.setAttribute("aria-label", `${panel.title || panel.y}: arrow keys move the cursor`);
  made.over.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const index = Math.min(Math.max((made.cursor.idx ?? -by) + by, 0), data[0].length - 1);
    made.setCursor({ left: made.valToPos(data[0][index], "x"), top: 10 });
  });
}

function draw(place, name) {
  const panels = curves[name];
  const options = { log: panels.some((panel) => panel.log_y), seeds: false };
  const plots = document.createElement("div");
  plots.className = "plots";
  const redraw = () => {
    // All places first: a plot is as wide as its place.
    plots.replaceChildren(...panels.map(() => document.createElement("div")));
    for (const [k, panel] of panels.entries()) {
      plot(plots.children[k], panel, { ...options, log: options.log && panel.log_y });
    }
  };
  const controls = place.appendChild(document.createElement("p"));
  const offered = { log: panels.some((p) => p.log_y), seeds: panels.some((p) => p.curves.some((c) => c.kind === "seed")) };
  for (const [key, text] of [["log", "logarithmic losses"], ["seeds", "each seed"]]) {
    if (!offered[key]) continue;
    const label = controls.appendChild(document.createElement("label"));
    const box = label.appendChild(document.createElement("input"));
    box.type = "checkbox";
    box.checked = options[key];
    box.addEventListener("change", () => {
      options[key] = box.checked;
      redraw();
    });
    label.append(` ${text} `);
  }
  controls.append("A click on a name hides its curve; drag to zoom, double-click to see all again.");
  place.append(plots);
  redraw();
}

for (const button of document.querySelectorAll("button.explore")) {
  const name = button.dataset.figure;
  const place = document.getElementById(button.getAttribute("aria-controls"));
  const show = () => {
    if (!place.childElementCount) draw(place, name);
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", !place.hidden);
    if (place.hidden) return;
    if (curves[name]) return show();
    const script = document.createElement("script");
    script.src = `../figures/${name}.js`;
    script.onload = show;
    script.onerror = () => place.replaceChildren("The curves lie in the folder figures, which is not beside this page.");
    document.head.append(script);
  });
}
