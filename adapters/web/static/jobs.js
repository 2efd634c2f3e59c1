// The region "Jobs": a card per job, its clock ticking only while somebody can see it run.

import { buttons } from "./buttons.js";
import { byId, children, coded, el } from "./dom.js";
import { duration, many, used } from "./format.js";

const ENDED_SHOWN = 30;
let timer = 0;

/** Draw the channel's cards: what runs first, then the newest of what is over. */
export function drawJobs(channel, outgoing) {
  const cards = [...channel.cards.values()];
  const open = cards.filter((card) => card.ended_at === null).sort((one, other) => one.job - other.job);
  const over = cards.filter((card) => card.ended_at !== null).sort((one, other) => other.job - one.job);
  const shown = [...open, ...over.slice(0, ENDED_SHOWN)];
  const none = el("p", { class: "muted none" }, "Nothing runs in the background. Ask for something heavy, and it shows here.");
  children(byId("cards"), shown.length ? shown.map((card) => draw(card, outgoing)) : [none]);
  byId("jobs-count").textContent = open.length ? `${open.length} open` : "";
  byId("tab-count").textContent = open.length ? ` ${open.length}` : "";
  tick(open.some((card) => card.started_at !== null));
}

function draw(card, outgoing) {
  const place = { channel: card.channel, thread: card.thread };
  const running = card.ended_at === null && card.started_at !== null;
  return el("article", { class: `card ${card.state}`, "data-key": `job ${card.job}`, "aria-label": `${card.title}, ${card.state}` },
    el("header", {},
      el("h3", { title: card.title }, coded(card.title)),
      el("span", { class: `state ${card.state}` }, card.state)),
    el("p", { class: "step", title: card.step }, card.step),
    el("p", { class: "facts" },
      el("span", {}, `Job ${card.job}`),
      card.started_at === null ? null : el("span", { class: "elapsed", "data-since": running ? card.started_at : null }, elapsed(card)),
      el("span", {}, many(card.steps, "step")),
      el("span", {}, used(card.tokens, card.cost)),
      el("span", {}, `@${card.requester.name}`)),
    buttons(withDetails(card), place, outgoing));
}

function withDetails(card) {
  const has = card.buttons.some((one) => one.action.startsWith("details."));
  return has ? card.buttons : [...card.buttons, { action: `details.${card.job}`, label: "Details", style: "plain", asks: null }];
}

const elapsed = (card) => duration((card.ended_at ?? Date.now() / 1000) - card.started_at);

function tick(needed) {
  clearTimeout(timer);
  if (!needed || document.visibilityState !== "visible") return;
  timer = setTimeout(() => {
    for (const clock of document.querySelectorAll(".elapsed[data-since]")) {
      clock.textContent = duration(Date.now() / 1000 - Number(clock.dataset.since));
    }
    tick(true);
  }, 1000 - (Date.now() % 1000));
}

document.addEventListener("visibilitychange", () => tick(document.querySelector(".elapsed[data-since]") !== null));
