// Wires the page: what the bot says goes to the store, what people do goes to the bot.

import { ACTIONS } from "./actions.js";
import { Composer } from "./composer.js";
import { Connection, Disconnected } from "./connection.js";
import { Conversation } from "./conversation.js";
import { cancelForm, startForms, toast } from "./dialogs.js";
import { byId } from "./dom.js";
import { drawJobs } from "./jobs.js";
import { kept } from "./memory.js";
import { Outgoing } from "./outgoing.js";
import { Panel } from "./panel.js";
import { drawPlaces, markRead, place, threadTitle } from "./places.js";
import { Store } from "./store.js";
import { Sync } from "./sync.js";

const store = new Store();
let here = place(location.hash);
let frame = 0;

const connection = new Connection(hear, connected);
const look = (what, fields) => connection.look(what, fields);
const outgoing = new Outgoing((item) => connection.send(item), sent);
const sync = new Sync(store, look, came, (error) => error instanceof Disconnected || toast(error.message));
const panel = new Panel(look, () => ({ place: here, outgoing }));
const conversation = new Conversation(() => sync.older(here.channel, here.thread));
const composer = new Composer(say);

/** What actions may use. */
const page = { store, outgoing, panel, composer, conversation, say, look, draw, view, get here() { return here; }, get name() { return kept("name", "you"); } };

function say(text, files = []) {
  outgoing.add({ type: "message", channel: here.channel, thread: here.thread, name: page.name, text, files });
  conversation.toEnd();
}

function sent(item, what) {
  if (what === "refused" && item.frame.type === "press") toast(item.error, item.frame.id);
  draw();
}

const HEARD = {
  welcome({ name, max_frame, files }) {
    composer.files.limits = files;
    document.body.dataset.bot = name;
    byId("bot").textContent = name;
    outgoing.limit = max_frame;
    outgoing.flush();
    enter();
    panel.moved("all", here.channel);
  },
  kept: ({ id }) => outgoing.kept(id),
  refused: ({ id, text }) => outgoing.refused(id, text),
  said({ line }) {
    store.channel(line.channel).addLine(line);
    sync.behind(line.channel);
  },
  post({ post }) {
    store.channel(post.channel).addPost(post);
    sync.behind(post.channel);
    panel.moved("posts", post.channel);
    panel.hear(post);
    if (post.kind === "conflict" || post.kind === "result") panel.moved("state", post.channel);
  },
  card({ card, durable }) {
    if (store.channel(card.channel).addCard(card, durable)) panel.moved("card", card.channel, card.job);
  },
  seen: ({ channel, message_id }) => store.channel(channel).seen.add(message_id),
  stream: (stream) => store.channel(stream.channel).addStream(stream),
  state: ({ channel }) => panel.moved("state", channel),
  trouble: ({ text }) => toast(text),
};

function hear(message) {
  HEARD[message.type]?.(message);
  draw();
}

function connected(state) {
  const status = byId("connection");
  status.dataset.state = state;
  status.textContent = state === "open" ? "Connected" : "Reconnecting…";
}

function came(channel) {
  if (channel === here.channel && !store.channel(channel).read.has(here.thread)) sync.open(channel, here.thread);
  draw();
}

/** Draw at the next frame, once for all that came until then. */
function draw() {
  if (document.visibilityState === "hidden") {
    // Frames do not come while nobody looks; the title still tells.
    setTimeout(paint);
    return;
  }
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    paint();
  });
}

function paint() {
  const channel = store.channel(here.channel);
  const title = here.thread ? threadTitle(channel, here.thread) : `# ${here.channel}`;
  byId("title").textContent = title;
  byId("back").hidden = here.thread === "";
  byId("person").textContent = `@${page.name}`;
  document.title = `${title} · ${document.body.dataset.bot ?? "Thaw"}`;
  if (document.visibilityState === "visible") markRead(here.channel, here.thread);
  conversation.draw(channel, here.thread, outgoing);
  drawPlaces(store, here);
  drawJobs(channel, outgoing);
}

/** Show the open conversation and have it kept up to date. */
function enter() {
  connection.send({ type: "watch", channel: here.channel, thread: here.thread });
  composer.show(here.channel, here.thread, here.thread ? "Write in this thread" : `Write to # ${here.channel}`);
  sync.open(here.channel, here.thread);
  draw();
}

/** Which region a phone shows. */
function view(name) {
  document.body.dataset.view = name;
  for (const tab of document.querySelectorAll(".tabs button")) {
    if (tab.dataset.view === name) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", () => {
  const before = here.channel;
  here = place(location.hash);
  if (before !== here.channel) panel.close();
  view("talk");
  enter();
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]");
  if (!target || target.tagName === "FORM" || target.getAttribute("aria-disabled") === "true") return;
  ACTIONS[target.dataset.do]?.(page, target);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-do]");
  if (!form) return;
  event.preventDefault();
  ACTIONS[form.dataset.do]?.(page, form);
});

document.addEventListener("change", (event) => {
  const target = event.target.closest("[data-change]");
  if (target) ACTIONS[target.dataset.change]?.(page, target);
});

document.addEventListener("input", (event) => {
  const { type, value, max, form } = event.target;
  if (type === "range") form.elements.shown.value = `${value} of ${max}`;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || byId("form").open) return;
  if (panel.name) panel.close();
});

byId("form").addEventListener("cancel", (event) => {
  event.preventDefault();
  cancelForm();
});

document.addEventListener("visibilitychange", draw);
startForms();
enter();
connection.open();
if (matchMedia("(min-width: 720px)").matches) composer.focus();
