// The state, now or at a moment of the past, as its panel draws it. No state of its own.

import { el } from "./dom.js";
import { inputTime, moment } from "./format.js";

const none = (text) => el("p", { class: "muted none" }, text);
const small = (text, data) => el("button", { class: "small", type: "button", ...data }, text);

export function drawState(view, fields) {
  const past = view.commit !== view.newest;
  const left = view.left_out || view.more;
  return [
    el("form", { class: "filter", "data-do": "filter-state" },
      el("label", {}, "Key or path begins with ", el("input", { name: "prefix", value: fields.prefix ?? "", autocomplete: "off" })),
      el("button", { class: "small", type: "submit" }, "Show")),
    view.newest ? asOf(view) : el("div", {}),
    past ? banner(view) : el("p", { class: "muted" }, view.newest ? `Commit ${view.commit}, as it is now` : "Nothing was changed yet."),
    left ? el("p", { class: "muted" }, `${view.left_out ? `${view.left_out} more${view.more ? " at least" : ""}` : "There are more"}: give the beginning of the key to see them.`) : el("div", {}),
    el("h3", {}, "Entries"),
    el("div", { class: "entries" }, view.entries.map((entry) => stateEntry(entry, fields))),
    view.entries.length ? el("div", {}) : none("No entries."),
    el("h3", {}, "Files"),
    el("ul", { class: "files rows" }, view.files.map((file) => stateFile(file, fields, past ? view.commit : undefined))),
    view.files.length ? el("div", {}) : none("No files."),
  ];
}

/** Two ways to a moment: the commits one after another, or a date and time. */
function asOf({ commit, newest, oldest, at }) {
  const made = at === null ? "before the first commit" : moment(at);
  return el("form", { class: "as-of", "data-do": "state-on", "aria-label": "As of" },
    el("label", {}, "As of commit",
      el("input", { type: "range", name: "commit", min: oldest, max: newest, value: commit, "data-change": "state-at", "aria-valuetext": `commit ${commit} of ${newest}, ${made}` })),
    el("output", { name: "shown" }, `${commit} of ${newest}`),
    el("label", {}, "or a date and time", el("input", { type: "datetime-local", name: "when", value: at === null ? "" : inputTime(at) })),
    el("div", { class: "buttons" },
      el("button", { class: "small", type: "submit" }, "Go to then"),
      small("Now", { "data-do": "state-now" })));
}

function banner({ commit, at, words }) {
  return el("p", { class: "past", role: "status" },
    el("b", {}, "This is the past. "),
    at === null ? "Before the first commit there was nothing. " : `Commit ${commit}, made ${moment(at)}. `,
    words ? el("span", { class: "muted" }, `The bot took it as: ${words}. `) : null,
    commit ? el("button", { class: "thread-link has", type: "button", "data-do": "panel", "data-panel": "commit", "data-number": commit }, "What this commit changed") : null);
}

function stateEntry(entry, { channel }) {
  return el("article", { class: "entry", "data-key": entry.key, "aria-label": entry.key },
    el("header", {}, el("code", {}, entry.key), el("span", { class: "chip" }, entry.kind),
      entry.pinned ? el("span", { class: "chip", title: entry.pinned_by ? `pinned by ${entry.pinned_by}` : null }, entry.pinned_by ? `pinned by ${entry.pinned_by}` : "pinned") : null,
      entry.conflicted ? small("In conflict", { class: "small danger", "data-do": "panel", "data-panel": "conflicts" }) : null,
      small("History", { "data-do": "panel", "data-panel": "history", "data-key-of": entry.key, "data-channel": channel })),
    el("pre", { class: "text", tabindex: "0" }, entry.value),
    written(entry));
}

function stateFile(file, { channel }, at) {
  return el("li", { "data-key": file.key },
    el("button", { class: "small file", "data-do": "file", "data-path": file.key, "data-at": at, "data-channel": channel }, file.key),
    el("small", { class: "muted" }, file.value), written(file));
}

function written(entry) {
  const link = (text, data) => el("button", { class: "thread-link has", type: "button", ...data }, text);
  return el("p", { class: "facts" }, el("span", {}, `by ${entry.author}`), el("span", {}, moment(entry.at)),
    entry.commit ? link(`commit ${entry.commit}`, { "data-do": "panel", "data-panel": "commit", "data-number": entry.commit, title: entry.about }) : null,
    entry.base ? el("span", {}, `based on commit ${entry.base}`) : null);
}
