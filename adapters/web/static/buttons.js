// The bot's buttons, as posts, cards and panels show them. What a press does is in app.js.

import { el } from "./dom.js";

/** A button of the bot; `place` is the {channel, thread} its press belongs to. */
export function button(one, place, pressing = false) {
  const look = one.style === "primary" ? "small primary" : one.style === "danger" ? "small danger" : "small";
  return el(
    "button",
    {
      type: "button",
      class: look,
      "data-key": one.action,
      "data-do": one.action.startsWith("details.") ? "details" : "press",
      "data-job": one.action.startsWith("details.") ? one.action.slice(8) : null,
      "data-action": one.action,
      "data-asks": one.asks,
      "data-label": one.label,
      "data-channel": place.channel,
      "data-thread": place.thread,
      "aria-disabled": pressing ? "true" : null,
    },
    one.label,
  );
}

/** A row of them, or nothing. */
export function buttons(all, place, outgoing) {
  if (!all.length) return null;
  return el("div", { class: "buttons" }, all.map((one) => button(one, place, outgoing.pressing(place.channel, one.action))));
}
