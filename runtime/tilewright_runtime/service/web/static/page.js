// The little that the pages cannot do without a script: filter, move the query time, draw live.
"use strict";

function filterPlans(input) {
  const items = [...document.querySelectorAll(input.dataset.filter)];
  const texts = items.map((item) => item.textContent.toLowerCase());
  const none = document.querySelector("[data-none]");
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    items.forEach((item, index) => { item.hidden = !texts[index].includes(wanted); });
    none.hidden = items.some((item) => !item.hidden);
  });
}

function moveTime(form) {
  const range = form.querySelector('input[type="range"]');
  const text = form.querySelector("[data-time]");
  const covers = document.getElementById("covers");
  const moments = [...document.querySelectorAll("[data-moment]")];
  let asked = 0;
  range.hidden = false;
  if (moments.length) {
    // A file brings covers along, since there is nobody to ask.
    Object.assign(range, { min: 0, max: moments.length - 1, step: 1 });
    range.value = String(Math.floor(moments.length / 2));
    text.readOnly = true;
    range.addEventListener("input", () => {
      const moment = moments[Number(range.value)];
      text.value = moment.dataset.moment;
      range.setAttribute("aria-valuetext", text.value);
      covers.replaceChildren(moment.content.cloneNode(true));
    });
    return;
  }
  range.addEventListener("input", async () => {
    const time = new Date(Number(range.value)).toISOString().replace(".000Z", "Z");
    const mine = ++asked;
    text.value = time;
    range.setAttribute("aria-valuetext", time);
    const response = await fetch(`${form.dataset.slider}?at=${encodeURIComponent(time)}`);
    // An answer that was overtaken is not shown.
    if (response.ok && mine === asked) covers.innerHTML = await response.text();
  });
}

const NAME = (name) => `tilewright_${name}`;
// The plan whose figures are drawn: without one those of all plans together.
let chosen = "";
const ofChosen = (byPlan) => Object.entries(byPlan ?? {})
  .filter(([plan]) => !chosen || plan === chosen).map(([, value]) => value);
const total = (numbers, name) => ofChosen(numbers[NAME(name)]);
const sum = (values) => values.reduce((one, other) => one + other, 0);
const buckets = (numbers, name) => total(numbers, name).reduce(
  (all, one) => all.map((value, index) => value + one[index]),
  total(numbers, name)[0]?.map(() => 0) ?? [],
);

// The value below which a part of what was added lies, as far as the buckets tell.
function quantile(added, bounds, part) {
  const counts = added.slice(0, -1);
  const wanted = part * sum(counts);
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (count && seen >= wanted) return bounds[Math.min(index, bounds.length - 1)];
  }
  return null;
}

const milliseconds = (value) => value === null ? "–" : `${(value * 1000).toPrecision(3)} ms`;
const plain = (value) => value === null ? "–" : Number(value.toPrecision(4)).toLocaleString("en");
const seconds = (value) => value === null ? "–" : `${plain(value)} s`;
const percent = (value) => value === null ? "–" : `${(value * 100).toFixed(1)} %`;
const mean = (added) => {
  const count = sum(added.slice(0, -1));
  return count ? added.at(-1) / count : null;
};

const CHARTS = [
  ["Fetches a second", plain, (step) => [step.rate("tiles_per_request")]],
  ["Latency, p50 and p99", milliseconds, (step) => [step.quantile(0.5), step.quantile(0.99)]],
  ["Tiles per request", plain, (step) => [mean(step.added("tiles_per_request"))]],
  ["Cache hit rate", percent, (step) => [step.hits()]],
  ["Late events a second, taken and refused", plain, (step) => [step.late(0), step.late(1)]],
  ["Staleness of the watermark", seconds, (step) => [mean(step.added("tile_staleness_seconds"))]],
];

class Step {
  constructor(before, now, elapsed) { Object.assign(this, { before, now, elapsed }); }
  added(name) {
    const old = buckets(this.before, name);
    return buckets(this.now, name).map((value, index) => value - (old[index] ?? 0));
  }
  rate(name) { return sum(this.added(name).slice(0, -1)) / this.elapsed; }
  quantile(part) {
    return quantile(this.added("tile_fetch_latency_seconds"), this.now.bounds, part);
  }
  counted(name) {
    return (sum(total(this.now, name)) - sum(total(this.before, name))) / this.elapsed;
  }
  // The store counts late events, whoever writes it. One that is away counts nothing.
  late(kind) {
    const [before, now] = [this.before, this.now].map((one) => ofChosen(one.late));
    if (!before.length || !now.length) return null;
    const count = (all) => sum(all.map((both) => both[kind]));
    return Math.max(0, count(now) - count(before)) / this.elapsed;
  }
  hits() {
    const hits = this.counted("cache_hits_total");
    const all = hits + this.counted("cache_misses_total");
    return all ? hits / all : null;
  }
}

const SVG = "http://www.w3.org/2000/svg";
const MOST_POINTS = 90;

function chart(title, show) {
  const figure = document.createElement("figure");
  const heading = document.createElement("h2");
  const now = document.createElement("p");
  const drawn = document.createElementNS(SVG, "svg");
  heading.textContent = title;
  now.className = "now";
  drawn.setAttribute("class", "chart");
  drawn.setAttribute("viewBox", "0 0 90 40");
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("role", "img");
  figure.append(heading, now, drawn);
  const series = [[], []];
  return {
    figure,
    clear() { series.forEach((points) => points.splice(0)); },
    add(values) {
      values.forEach((value, index) => {
        series[index].push(value);
        series[index].splice(0, series[index].length - MOST_POINTS);
      });
      const texts = values.map(show);
      now.replaceChildren(...texts.map((text, index) => figureOf(text, texts.length > 1, index)));
      drawn.setAttribute("aria-label", `${title}: ${texts.join(", ")}`);
      const most = Math.max(...series.flat().filter((value) => value !== null), 1e-9);
      drawn.replaceChildren(...series.map((points, index) => path(points, most, index)));
    },
  };
}

// A figure, with the colour of its line where there are several.
function figureOf(text, isOneOfSeveral, index) {
  const made = document.createElement("span");
  if (isOneOfSeveral) {
    const key = document.createElement("i");
    key.className = index ? "key second" : "key first";
    made.append(key);
  }
  made.append(text);
  return made;
}

function path(points, most, index) {
  const made = document.createElementNS(SVG, "path");
  let command = "M";
  let line = "";
  points.forEach((value, place) => {
    if (value === null) { command = "M"; return; }
    line += `${command}${90 - points.length + place} ${(38 - 36 * value / most).toFixed(2)}`;
    command = "L";
  });
  made.setAttribute("d", line);
  made.setAttribute("class", index ? "second" : "first");
  return made;
}

function drawLive(place) {
  const state = document.querySelector("[data-state]");
  const charts = CHARTS.map(([title, show]) => chart(title, show));
  place.append(...charts.map((one) => one.figure));
  const select = document.querySelector("[data-chosen]");
  const choose = () => { chosen = select.value; charts.forEach((one) => one.clear()); };
  select.addEventListener("change", choose);
  choose();
  let before = null;
  async function look() {
    try {
      const response = await fetch(place.dataset.live);
      if (!response.ok) throw new Error(`the service answers ${response.status}`);
      const { numbers, bounds, late } = await response.json();
      const now = { ...numbers, bounds, late, time: performance.now() / 1000 };
      if (before) {
        const step = new Step(before, now, now.time - before.time);
        CHARTS.forEach(([, , values], index) => charts[index].add(values(step)));
      }
      before = now;
      state.textContent = "The figures of this service, every two seconds.";
    } catch (error) {
      state.textContent = `No new figures: ${error.message}.`;
    }
    setTimeout(look, 2000);
  }
  look();
}

document.querySelectorAll("[data-filter]").forEach(filterPlans);
document.querySelectorAll("[data-slider]").forEach(moveTime);
document.querySelectorAll("[data-live]").forEach(drawLive);
