// How each platform is doing: asks the bot's own numbers and reads those of the platforms. No state.

import { el } from "./dom.js";
import { many, when } from "./format.js";

const LINE = /^thaw_platform_(\w+)\{platform="(\w+)"\} (\S+)$/;

/** Each platform's numbers by their names. */
export async function loadPlatforms() {
  const answer = await fetch("/metrics", { cache: "no-store" });
  if (!answer.ok) throw new Error("The bot does not say how its platforms are doing.");
  const platforms = new Map();
  for (const line of (await answer.text()).split("\n")) {
    const found = LINE.exec(line);
    if (!found) continue;
    const [, name, platform, value] = found;
    platforms.set(platform, { ...platforms.get(platform), [name]: Number(value) });
  }
  return platforms;
}

export function drawPlatforms(view) {
  if (!view.size) return [el("p", { class: "muted none" }, "No platform is set up; there is this page alone.")];
  return [...view].sort().map(([name, one]) =>
    el("article", { class: "entry", "data-key": name, "aria-label": name },
      el("header", {}, el("b", {}, name),
        el("span", { class: "chip" }, one.connected ? "connected" : "not connected")),
      one.connected ? null : el("p", { class: "error" }, "Nothing is heard from there; the log says why, and thaw doctor what to do."),
      el("p", { class: "facts" },
        el("span", {}, `last event: ${one.last_event_timestamp_seconds ? when(one.last_event_timestamp_seconds) : "none yet"}`),
        el("span", {}, `${many(one.queue ?? 0, "thing")} waiting`),
        el("span", {}, many(one.sends_total ?? 0, "request")),
        el("span", {}, `${one.retries_total ?? 0} made again`),
        el("span", {}, `held back for ${Math.round(one.throttled_seconds_total ?? 0)} s by its limits`))));
}
