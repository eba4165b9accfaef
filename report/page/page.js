"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const metric = Object.fromEntries(report.metrics.map((m) => [m.name, m]));
  const palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7b4173", "#637939", "#843c39"];
  const engines = [...new Set(report.engine)];
  const points = report.index.map((id, i) => {
    const p = { i, id, engine: report.engine[i], front: report.front[i] };
    for (const m of report.metrics) p[m.name] = report.values[m.name][i];
    for (const a of report.axes) p["axis " + a] = report.axis[a][i];
    return p;
  });
  const text = (v) => typeof v !== "number" ? v : Number.isInteger(v) && Math.abs(v) < 1e15 ? v.toLocaleString("en-US") : Number(v.toPrecision(5)).toString();
  const named = (m) => m.unit ? `${m.name} (${m.unit})` : m.name;
  const node = (tag, value, className) => {
    const e = document.createElement(tag);
    if (value !== undefined) e.textContent = value;
    if (className) e.className = className;
    return e;
  };

  let view = null, brushed = null, chosen = null, left = [];

  function options(select, values, at, label = (v) => v) {
    for (const v of values) {
      const o = node("option", label(v));
      o.value = v;
      o.selected = v === at;
      select.append(o);
    }
  }

  function controls() {
    const names = report.metrics.map((m) => m.name);
    options($("x"), names, report.x, (v) => named(metric[v]));
    options($("y"), names, report.y, (v) => named(metric[v]));
    for (const e of engines) {
      const label = node("label"), box = node("input");
      box.type = "checkbox";
      box.checked = true;
      box.value = e;
      box.onchange = filter;
      label.append(box, " " + e);
      $("engines").append(label);
    }
    for (const a of report.axes) {
      const values = [...new Set(report.axis[a])].filter((v) => v !== "");
      if (values.length < 2 || values.length > 40) continue;
      values.sort((p, q) => isNaN(p - q) ? p.localeCompare(q) : p - q);
      const label = node("label", a + " "), select = node("select");
      select.dataset.axis = a;
      options(select, ["", ...values], "", (v) => v === "" ? "all" : v);
      select.onchange = filter;
      label.append(select);
      $("axes").append(label);
    }
    for (const id of ["x", "y", "log"]) $(id).onchange = draw;
    $("frontonly").onchange = filter;
  }

  function filter() {
    const on = new Set([...$("engines").querySelectorAll("input:checked")].map((b) => b.value));
    const axes = [...$("axes").querySelectorAll("select")].filter((s) => s.value !== "");
    left = points.filter((p) => on.has(p.engine) && (!$("frontonly").checked || p.front) && axes.every((s) => p["axis " + s.dataset.axis] === s.value));
    if (view) view.change("points", vega.changeset().remove(() => true).insert(left)).run();
    brushed = null;
    list();
  }

  function spec() {
    const x = $("x").value, y = $("y").value;
    const css = getComputedStyle(document.documentElement);
    const color = (name) => css.getPropertyValue(name).trim();
    const positive = (m) => points.every((p) => p[m] > 0);
    const axis = (m) => ({ field: m, type: "quantitative", title: named(metric[m]), axis: { format: "~s" }, scale: { type: $("log").checked && positive(m) ? "log" : "linear", zero: false, nice: false, padding: 12 } });
    const tooltip = [{ field: "id", title: "point" }, { field: "engine" }, ...report.axes.map((a) => ({ field: "axis " + a, title: a })), ...report.metrics.map((m) => ({ field: m.name, type: "quantitative", format: ".5~g" }))];
    return {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: "container", height: Math.min(460, Math.max(300, innerHeight * 0.55)), background: null,
      data: { name: "points", values: left },
      params: [{ name: "brush", select: { type: "interval", clear: "dblclick" } }],
      mark: { type: "point", filled: true },
      encoding: {
        x: axis(x), y: axis(y),
        color: { field: "engine", type: "nominal", scale: { domain: engines, range: palette }, legend: { orient: "bottom", columns: innerWidth < 700 ? 3 : 8, title: null } },
        size: { condition: { test: "datum.front", value: 70 }, value: 18 },
        opacity: { condition: { test: "datum.front", value: 1 }, value: 0.45 },
        stroke: { condition: { test: "datum.front", value: color("--fg") }, value: null },
        tooltip,
      },
      config: { axis: { labelColor: color("--fg"), titleColor: color("--fg"), gridColor: color("--line"), domainColor: color("--line"), tickColor: color("--line") }, legend: { labelColor: color("--fg") }, view: { stroke: color("--line") } },
    };
  }

  async function draw() {
    const made = await vegaEmbed("#cloud", spec(), { actions: false, renderer: "canvas" });
    view = made.view;
    brushed = null;
    view.addSignalListener("brush", (_, value) => {
      const x = $("x").value, y = $("y").value;
      const inside = (v, r) => r && v >= Math.min(...r) && v <= Math.max(...r);
      brushed = value && value[x] ? (x === y ? left.filter((p) => inside(p[x], value[x])) : left.filter((p) => inside(p[x], value[x]) && inside(p[y], value[y]))) : null;
      list();
    });
    view.addEventListener("click", (_, item) => { if (item && item.datum && item.datum.id !== undefined) show(item.datum.i); });
    document.body.dataset.ready = "true";
    list();
  }

  function list() {
    const some = brushed || left;
    const y = metric[$("y").value];
    const sorted = [...some].sort((p, q) => (q.front - p.front) || (y.maximise ? q[y.name] - p[y.name] : p[y.name] - q[y.name]));
    const most = 100;
    $("count").textContent = `(${text(some.length)}${brushed ? " inside the brush" : ""}${some.length > most ? `, the first ${most}` : ""})`;
    const head = node("tr"), body = $("list").tBodies[0];
    head.append(node("th", "point"), node("th", "engine"), ...report.axes.map((a) => node("th", a)), ...report.metrics.map((m) => node("th", named(m))));
    $("list").tHead.replaceChildren(head);
    body.replaceChildren(...sorted.slice(0, most).map((p) => {
      const tr = node("tr", undefined, p.i === chosen ? "chosen" : "");
      tr.dataset.i = p.i;
      tr.append(node("td", p.id, p.front ? "front" : ""), node("td", p.engine), ...report.axes.map((a) => node("td", p["axis " + a])), ...report.metrics.map((m) => node("td", text(p[m.name]))));
      tr.onclick = () => show(p.i);
      return tr;
    }));
  }

  function show(i) {
    chosen = i;
    const p = points[i];
    $("point").hidden = false;
    $("pointtitle").textContent = `Point ${p.id}: ${p.engine}${p.front ? ", on the front" : ""}`;
    const rows = [...report.axes.filter((a) => p["axis " + a] !== "").map((a) => [a, p["axis " + a]]), ...report.metrics.map((m) => [named(m), text(p[m.name])])];
    $("config").tBodies[0].replaceChildren(...rows.map(([k, v]) => { const tr = node("tr"); tr.append(node("td", k), node("td", v)); return tr; }));
    const details = report.details[p.id];
    $("layers").replaceChildren(...(details || []).flatMap((d, w) => {
      const work = report.workloads[w], table = node("table"), box = node("div", undefined, "scroll");
      const head = node("tr");
      head.append(...["layer", "M", "N", "K", "count", "cycles", "utilisation"].map((h) => node("th", h)));
      table.append(head, ...work.layers.map((l, j) => {
        const tr = node("tr");
        tr.append(node("td", l.name), ...[l.m, l.n, l.k, l.count, Math.round(d.cycles[j])].map((v) => node("td", text(v))), node("td", (100 * d.utilization[j]).toFixed(1) + " %"));
        return tr;
      }));
      box.append(table);
      return [node("h3", `${work.name}, cycles ${d.kind}`), box];
    }));
    $("repeat").textContent = report.repeat[p.id] ? report.repeat[p.id].join("\n") : `tpe sweep explain DIR ${p.id}`;
    list();
    $("point").scrollIntoView({ behavior: "smooth", block: "nearest" });
  }

  function arrayView(v) {
    if (!v) return;
    const kinds = { b: "busy", s: "stall", ".": "bubble", i: "idle" };
    $("array").hidden = false;
    $("arraytitle").textContent = `The array at work: ${v.engine}, ${v.job}`;
    $("cycle").max = v.states.length - 1;
    options($("register"), v.registers.map((r) => r.name), v.registers.reduce((a, b) => b.width > a.width ? b : a).name);
    const head = node("tr");
    head.append(node("th", v.row_name ? `${v.row_name} \\ ${v.col_name}` : v.col_name), ...[...Array(v.cols).keys()].map((c) => node("th", c)));
    const cells = [];
    const rows = [...Array(v.rows).keys()].map((r) => {
      const tr = node("tr");
      tr.append(node("th", r));
      for (let c = 0; c < v.cols; c++) { const td = node("td"); cells.push(td); tr.append(td); }
      return tr;
    });
    $("grid").tBodies[0].replaceChildren(head, ...rows);
    const signed = (x, width) => x >= 2 ** (width - 1) && width > 1 ? x - 2 ** width : x;
    const show = () => {
      const t = +$("cycle").value, reg = v.registers.find((r) => r.name === $("register").value);
      $("cycleat").textContent = `${t} of ${v.states.length - 1}`;
      cells.forEach((td, i) => { td.className = kinds[v.states[t][i]]; td.textContent = signed(reg.values[t][i], reg.width); });
    };
    let timer = null;
    $("cycle").oninput = show;
    $("register").onchange = show;
    $("play").onclick = () => {
      if (timer) { clearInterval(timer); timer = null; $("play").textContent = "play"; return; }
      $("play").textContent = "stop";
      timer = setInterval(() => { $("cycle").value = (+$("cycle").value + 1) % v.states.length; show(); }, 150);
    };
    show();
  }

  $("title").textContent = report.title;
  const front = report.front.filter((f) => f).length;
  $("summary").textContent = `${text(report.total)} points, ${text(front)} on the front` + (report.total > points.length ? `; shown are the front and a sample, ${text(points.length)} together` : "");
  $("notes").replaceChildren(...report.notes.map((n) => node("li", n)));
  $("command").textContent = report.command;
  left = points;
  controls();
  arrayView(report.array);
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
