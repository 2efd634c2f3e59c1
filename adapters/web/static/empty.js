// What a conversation in which nothing was said shows: what can be asked for. Pure.

import { el } from "./dom.js";

const EXAMPLES = [
  'In the background: run "sleep 20 && date"; write a file notes.md with the word hello; add 3 to visits',
  "Write launch texts for Thaw on Twitter, LinkedIn, Slack and Hacker News",
  "/help",
];

/** Words for an empty thread, and in the main line also examples, which a click puts into the box. */
export function emptyLine(thread) {
  const said = (text) => el("p", {}, text);
  if (thread) return el("div", { class: "empty", "data-key": "empty" }, said("Nothing was said in this thread yet."));
  return el("div", { class: "empty", "data-key": "empty" },
    said("Nothing was said here yet. Ask for several heavy things in one message: each becomes a job in the background, and you can go on talking. For example:"),
    el("ul", { "aria-label": "Examples" }, EXAMPLES.map((text) =>
      el("li", {}, el("button", { type: "button", "data-do": "example" }, text)))));
}
