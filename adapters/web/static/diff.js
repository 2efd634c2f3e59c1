// The difference that a change made, line by line. Pure.

import { coded, el } from "./dom.js";

const LOOKS = { "+": ["ins", "now: "], "-": ["del", "before: "], "@": ["span", ""], "…": ["span", ""] };

/** Lines that begin with "-", "+", " ", "@@" or "…", or nothing where there are none. */
export function diff(lines) {
  if (!lines.length) return null;
  return el("pre", { class: "diff", tabindex: "0", "aria-label": "Difference" }, lines.map((line) => {
    const [tag, said] = LOOKS[line[0]] ?? ["span", ""];
    const place = line[0] === "@" || line[0] === "…";
    // A sign alone is not read aloud.
    return el(tag, { class: place ? "place" : null }, el("span", { class: "hidden" }, said), `${line}\n`);
  }));
}

/** What became of one key: a line, and the difference if there is more to see. */
export function change({ text, diff: lines }) {
  return el("li", {}, coded(text), diff(lines));
}
