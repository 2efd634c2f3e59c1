// The history and one commit of it, as panels draw them. No state of its own.

import { buttons } from "./buttons.js";
import { change } from "./diff.js";
import { coded, el } from "./dom.js";
import { many, moment } from "./format.js";

const link = (text, data) => el("button", { class: "thread-link has", type: "button", ...data }, text);
const commitLink = (number, text = `commit ${number}`) => link(text, { "data-do": "panel", "data-panel": "commit", "data-number": number });
const stateLink = (number, text) => link(text, { "data-do": "panel", "data-panel": "state", "data-at": number });
const panelButton = (text, data) => el("button", { class: "small", type: "button", "data-do": "panel", ...data }, text);

export function drawHistory(view, fields, { place, outgoing }) {
  const oldest = view.lines.at(-1)?.commit;
  const narrowed = fields.before !== undefined || fields.key !== undefined;
  return [
    narrowed ? el("p", { class: "buttons" }, panelButton("Newest, all keys", { "data-panel": "history" })) : el("div", {}),
    el("ol", { class: "commits" }, view.lines.map((line) =>
      el("li", { "data-key": String(line.commit) },
        el("header", {}, el("b", {}, commitLink(line.commit, `Commit ${line.commit}`)), el("span", {}, why(line))),
        facts(line, stateLink(line.commit, "State then")),
        el("ul", { class: "changes" }, line.changes.length ? line.changes.map(change) : line.lines.map((one) => el("li", {}, coded(one)))),
        buttons(line.buttons, place, outgoing)))),
    view.lines.length ? el("div", {}) : el("p", { class: "muted none" }, "Nothing was changed yet."),
    view.more
      ? el("p", { class: "buttons" }, panelButton("Older commits", { "data-panel": "history", "data-before": oldest, "data-key-of": fields.key }))
      : el("div", {}),
  ];
}

export function drawCommit({ line, newest, beyond }, _fields, { place, outgoing }) {
  const { commit } = line;
  return [
    el("p", { class: "buttons" },
      commit > 1 ? panelButton(`← Commit ${commit - 1}`, { "data-panel": "commit", "data-number": commit - 1 }) : null,
      commit < newest ? panelButton(`Commit ${commit + 1} →`, { "data-panel": "commit", "data-number": commit + 1 }) : null,
      panelButton("All commits", { "data-panel": "history" })),
    el("p", { class: "lead" }, why(line)),
    facts(line),
    el("p", { class: "buttons" },
      panelButton("State after this commit", { "data-panel": "state", "data-at": commit }),
      panelButton("State before", { "data-panel": "state", "data-at": commit - 1 })),
    el("h3", {}, "What it changed"),
    line.changes.length
      ? el("ul", { class: "changes" }, line.changes.map(change))
      : el("ul", { class: "changes" }, line.lines.map((one) => el("li", {}, coded(one)))),
    beyond ? el("p", { class: "muted" }, `and ${many(beyond, "more key")}`) : el("div", {}),
    line.changes.length || line.lines.length ? el("div", {}) : el("p", { class: "muted none" }, "Nothing."),
    buttons(line.buttons, place, outgoing) ?? el("div", {}),
  ];
}

const why = (line) => (line.asked ? `in answer to “${line.asked}”` : line.about);

function facts(line, more = null) {
  return el("p", { class: "facts" },
    el("span", {}, `by ${line.author}`), el("span", {}, moment(line.at)),
    line.base ? el("span", {}, "based on ", commitLink(line.base)) : null,
    line.job === null ? null : link(`Job ${line.job}`, { "data-do": "details", "data-job": line.job }),
    more,
    line.undoes === null ? null : el("span", {}, "undoes ", commitLink(line.undoes)),
    line.undone_by === null ? null : el("span", { class: "warn" }, "undone by ", commitLink(line.undone_by)));
}
