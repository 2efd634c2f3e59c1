// What each panel asks and how it draws the answer. No state of its own.

import { buttons } from "./buttons.js";
import { coded, el, rendered } from "./dom.js";
import { count, duration, many, when } from "./format.js";
import { drawFile, loadFile } from "./file.js";

const none = (text) => el("p", { class: "muted none" }, text);
const asks = (what) => (look, fields) => look(what, fields);

export const PANELS = {
  details: { title: ({ number }) => `Job ${number}`, moves: ["card"], load: asks("job"), draw: drawDetails },
  state: { title: ({ at }) => (at === undefined ? "State" : `State at commit ${at}`), moves: ["state"], load: asks("state"), draw: drawState },
  history: { title: ({ key }) => (key ? `History of ${key}` : "History"), moves: ["state"], load: asks("history"), draw: drawHistory },
  conflicts: { title: () => "Conflicts", moves: ["state"], load: asks("conflicts"), draw: drawConflicts },
  spend: { title: () => "Spend", moves: ["card", "posts"], load: asks("spend"), draw: drawSpend },
  settings: { title: () => "Settings", moves: ["posts"], load: asks("settings"), draw: drawSettings },
  file: { title: ({ path }) => path, moves: ["state"], load: loadFile, draw: drawFile },
};

function drawDetails(view, fields, { place, outgoing }) {
  const { card } = view;
  return [
    el("p", { class: "lead" }, coded(card.title)),
    el("p", { class: "facts" },
      el("span", { class: `state ${card.state}` }, card.state), el("span", {}, many(card.steps, "step")),
      el("span", {}, `${count(card.tokens)} tokens`), el("span", {}, `@${card.requester.name}`),
      el("span", {}, `snapshot: commit ${view.base_commit}`)),
    buttons(card.buttons.filter((one) => !one.action.startsWith("details.")), { ...place, thread: card.thread }, outgoing) ?? el("div", {}),
    el("details", {}, el("summary", {}, "What it was told"), el("pre", { class: "text" }, view.brief)),
    view.outcome ? el("p", { class: "outcome" }, view.outcome) : el("p", { class: "step" }, card.step),
    view.html ? el("section", { class: "box" }, rendered(view.html)) : el("div", {}),
    el("h3", {}, "Transcript"),
    view.left_out ? el("p", { class: "muted" }, `${many(view.left_out, "earlier step")} not shown`) : el("div", {}),
    el("ol", { class: "steps" }, view.steps.map((step) =>
      el("li", { "data-key": String(step.number) },
        el("details", {},
          el("summary", {},
            el("span", { class: `chip ${step.kind}` }, step.kind), el("span", { class: "name" }, step.title),
            el("small", {}, took(step))),
          el("pre", { class: "text", tabindex: "0" }, step.detail || "(nothing)"))))),
    view.steps.length ? el("div", {}) : none("No steps yet."),
  ];
}

function took({ kind, seconds }) {
  if (seconds === null) return kind === "model" || kind === "tool" ? "running" : "";
  return seconds < 10 ? `${seconds.toFixed(1)}s` : duration(seconds);
}

function drawState(view, fields) {
  return [
    el("form", { class: "filter", "data-do": "filter-state" },
      el("label", {}, "Key or path begins with ", el("input", { name: "prefix", value: fields.prefix ?? "", autocomplete: "off" })),
      el("label", {}, "At commit ", el("input", { name: "at", inputmode: "numeric", size: "6", value: fields.at ?? "", placeholder: "now" })),
      el("button", { class: "small", type: "submit" }, "Show")),
    el("p", { class: "muted" }, `Commit ${view.commit}${fields.at === undefined ? ", as it is now" : ""}`),
    view.left_out ? el("p", { class: "muted" }, `${view.left_out} more: give the beginning of the key to see them.`) : el("div", {}),
    el("h3", {}, "Entries"),
    el("div", { class: "entries" }, view.entries.map((entry) => stateEntry(entry, fields))),
    view.entries.length ? el("div", {}) : none("No entries."),
    el("h3", {}, "Files"),
    el("ul", { class: "files rows" }, view.files.map((file) => stateFile(file, fields))),
    view.files.length ? el("div", {}) : none("No files."),
  ];
}

function stateEntry(entry, { channel }) {
  return el("article", { class: "entry", "data-key": entry.key, "aria-label": entry.key },
    el("header", {}, el("code", {}, entry.key), el("span", { class: "chip" }, entry.kind),
      entry.pinned ? el("span", { class: "chip" }, "pinned") : null,
      entry.conflicted ? el("button", { class: "small danger", "data-do": "panel", "data-panel": "conflicts" }, "In conflict") : null,
      el("button", { class: "small", "data-do": "panel", "data-panel": "history", "data-key-of": entry.key, "data-channel": channel }, "History")),
    el("pre", { class: "text", tabindex: "0" }, entry.value),
    written(entry));
}

function stateFile(file, { channel, at }) {
  return el("li", { "data-key": file.key },
    el("button", { class: "small file", "data-do": "file", "data-path": file.key, "data-at": at, "data-channel": channel }, file.key),
    el("small", { class: "muted" }, file.value), written(file));
}

function written(entry) {
  return el("p", { class: "facts" }, el("span", {}, `by ${entry.author}`), el("span", {}, when(entry.at)), el("span", {}, `commit ${entry.commit}`));
}

function drawHistory(view, fields, { place, outgoing }) {
  const oldest = view.lines.at(-1)?.commit;
  return [
    fields.before || fields.key ? el("p", {}, el("button", { class: "small", "data-do": "panel", "data-panel": "history" }, "Newest, all keys")) : el("div", {}),
    el("ol", { class: "commits" }, view.lines.map((line) =>
      el("li", { "data-key": String(line.commit) },
        el("header", {}, el("b", {}, `Commit ${line.commit}`), el("span", {}, line.about)),
        el("p", { class: "facts" }, el("span", {}, `by ${line.author}`), el("span", {}, when(line.at)),
          el("button", { class: "thread-link has", "data-do": "panel", "data-panel": "state", "data-at": line.commit }, "State then"),
          line.job === null ? null : el("button", { class: "thread-link has", "data-do": "details", "data-job": line.job }, `Job ${line.job}`)),
        el("ul", { class: "changes" }, line.lines.map((one) => el("li", {}, coded(one)))),
        buttons(line.buttons, place, outgoing)))),
    view.lines.length ? el("div", {}) : none("Nothing was changed yet."),
    view.lines.length >= 50 && oldest > 1
      ? el("p", {}, el("button", { class: "small", "data-do": "panel", "data-panel": "history", "data-before": oldest, "data-key-of": fields.key }, "Older commits"))
      : el("div", {}),
  ];
}

function drawConflicts(view, fields, { place, outgoing }) {
  if (!view.lines.length) return [none("No open conflicts. When two changes of one key cannot be combined, you choose here.")];
  return view.lines.map((line) =>
    el("article", { class: "entry conflict", "data-key": `conflict ${line.number}`, "aria-label": `Conflict over ${line.key}` },
      el("header", {}, el("b", {}, `Conflict ${line.number}`), el("code", {}, line.key)),
      el("div", { class: "candidates" }, line.candidates.map((one) =>
        el("section", { class: "box" },
          el("p", { class: "label" }, one.number === 0 ? `Stands now: ${one.label}` : one.label),
          el("pre", { class: "text", tabindex: "0" }, one.value),
          el("p", { class: "facts" }, el("span", {}, `by ${one.author}`), el("span", {}, `based on commit ${one.base}`))))),
      buttons(line.buttons, place, outgoing)));
}

function drawSpend(view) {
  if (!view.lines.length) return [none("Nothing was used yet.")];
  return [el("div", { class: "wide", tabindex: "0" }, el("table", { class: "table" },
    el("thead", {}, el("tr", {}, ["Budget", "Used", "Reserved", "Limit", "Renews"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, view.lines.map((line) => el("tr", {},
      el("th", { scope: "row" }, line.level), el("td", {}, count(line.used)), el("td", {}, count(line.reserved)),
      el("td", {}, line.limit === null ? "none" : count(line.limit)), el("td", {}, line.renews)))))),
    el("p", { class: "muted" }, "In tokens. Reserved is the most that running calls may still cost.")];
}

function drawSettings(view) {
  return [el("div", {}, view.lines.map((line) =>
    el("article", { class: "entry", "data-key": line.name, "aria-label": line.name },
      el("header", {}, el("code", {}, line.name), el("span", { class: "chip" }, line.own ? "set here" : "default"),
        el("button", { class: "small", "data-do": "change-setting", "data-name": line.name, "data-value": line.value }, "Change")),
      el("pre", { class: "text" }, line.value || "(empty)"),
      el("p", { class: "muted" }, line.about))))];
}
