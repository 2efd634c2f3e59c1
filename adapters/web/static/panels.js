// What each panel asks and how it draws the answer. No state of its own.

import { buttons } from "./buttons.js";
import { diff } from "./diff.js";
import { coded, el, rendered } from "./dom.js";
import { drawFile, loadFile } from "./file.js";
import { count, dollars, duration, many, used, when } from "./format.js";
import { drawCommit, drawHistory } from "./history.js";
import { drawPlatforms, loadPlatforms } from "./platforms.js";
import { drawState } from "./state.js";

const none = (text) => el("p", { class: "muted none" }, text);
const asks = (what) => (look, fields) => look(what, fields);

export const PANELS = {
  details: { title: ({ number }) => `Job ${number}`, moves: ["card"], load: asks("job"), draw: drawDetails },
  state: { title: ({ at, when: then }) => (at === undefined && then === undefined ? "State" : "State as it was"), moves: ["state"], load: asks("state"), draw: drawState },
  history: { title: ({ key }) => (key ? `History of ${key}` : "History"), moves: ["state"], load: asks("history"), draw: drawHistory },
  commit: { title: ({ number }) => `Commit ${number}`, moves: ["state"], load: asks("commit"), draw: drawCommit },
  conflicts: { title: () => "Conflicts", moves: ["state"], load: asks("conflicts"), draw: drawConflicts },
  approvals: { title: () => "Approvals", moves: ["card", "posts"], load: asks("approvals"), draw: drawApprovals },
  spend: { title: () => "Spend", moves: ["card", "posts"], load: asks("spend"), draw: drawSpend },
  platforms: { title: () => "Platforms", moves: [], load: loadPlatforms, draw: drawPlatforms },
  settings: { title: () => "Settings", moves: ["posts"], load: asks("settings"), draw: drawSettings },
  file: { title: ({ path, at }) => (at === undefined ? path : `${path} at commit ${at}`), moves: ["state"], load: loadFile, draw: drawFile },
};

function drawDetails(view, fields, { place, outgoing }) {
  const { card } = view;
  return [
    el("p", { class: "lead" }, coded(card.title)),
    el("p", { class: "facts" },
      el("span", { class: `state ${card.state}` }, card.state), el("span", {}, many(card.steps, "step")),
      el("span", {}, used(card.tokens, card.cost)), el("span", {}, `@${card.requester.name}`),
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

function drawConflicts(view, fields, { place, outgoing }) {
  if (!view.lines.length) return [none("No open conflicts. When two changes of one key cannot be combined, you choose here.")];
  const more = view.more ? [none(`And ${count(view.more)} more, shown when these are decided.`)] : [];
  return [...view.lines.map((line) =>
    el("article", { class: "entry conflict", "data-key": `conflict ${line.number}`, "aria-label": `Conflict over ${line.key}` },
      el("header", {}, el("b", {}, `Conflict ${line.number}`), el("code", {}, line.key)),
      el("div", { class: "candidates" }, line.candidates.map((one) =>
        el("section", { class: "box" },
          el("p", { class: "label" }, one.number === 0 ? "Stands now" : one.label),
          el("pre", { class: "text", tabindex: "0" }, one.value),
          one.diff.length ? el("p", { class: "label" }, "Taking it would change") : null,
          diff(one.diff),
          el("p", { class: "facts" }, el("span", {}, `by ${one.author}`), one.about ? el("span", {}, one.about) : null, el("span", {}, `based on commit ${one.base}`))))),
      buttons(line.buttons, place, outgoing))), ...more];
}

function drawApprovals(view, fields, { place, outgoing }) {
  if (!view.waiting.length && !view.standing.length) return [none("No job waits for a word, and nothing was allowed for good.")];
  const shown = (kind, name, facts) => (one) =>
    el("article", { class: "entry", "data-key": `${kind} ${one.job}.${one.number}`, "aria-label": name(one) },
      el("header", {}, el("b", {}, name(one)), el("code", {}, one.tool)),
      one.about ? el("p", { class: "muted" }, one.about) : null,
      el("pre", { class: "text", tabindex: "0" }, one.text),
      el("p", { class: "facts" }, el("span", {}, facts(one))),
      buttons(one.buttons, place, outgoing));
  const waiting = view.waiting.map(shown("waits", (one) => `Job ${one.job} asks`, (one) => `asked for by ${one.by}`));
  const standing = view.standing.map(shown("holds", (one) => `Approval ${one.number}`, (one) => `allowed by ${one.by} for job ${one.job}, ${when(one.at)}`));
  return [
    ...(waiting.length ? [el("h3", {}, "Waiting for a word"), ...waiting] : []),
    ...(standing.length ? [el("h3", {}, "Allowed for good"), ...standing] : []),
  ];
}

function drawSpend(view) {
  if (!view.lines.length) return [none("Nothing was used yet.")];
  return [el("div", { class: "wide", tabindex: "0" }, el("table", { class: "table" },
    el("thead", {}, el("tr", {}, ["Budget", "Used", "Reserved", "Limit", "Renews"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, view.lines.map((line) => el("tr", {},
      el("th", { scope: "row" }, line.level), el("td", {}, used(line.used, line.cost)), el("td", {}, used(line.reserved, line.cost_reserved)),
      el("td", {}, limits(line)), el("td", {}, line.renews)))))),
    el("p", { class: "muted" }, "Tokens, and dollars where prices are known. Reserved is the most that running calls may still cost.")];
}

function limits({ limit, cost_limit: cost }) {
  const set = [limit === null ? null : `${count(limit)} tokens`, cost === null ? null : dollars(cost)];
  return set.filter(Boolean).join(" and ") || "none";
}

function drawSettings(view) {
  return [el("div", {}, view.lines.map((line) =>
    el("article", { class: "entry", "data-key": line.name, "aria-label": line.name },
      el("header", {}, el("code", {}, line.name), el("span", { class: "chip" }, line.own ? "set here" : "default"),
        el("button", { class: "small", "data-do": "change-setting", "data-name": line.name, "data-value": line.value }, "Change")),
      el("pre", { class: "text" }, line.value || "(empty)"),
      el("p", { class: "muted" }, line.about))))];
}
