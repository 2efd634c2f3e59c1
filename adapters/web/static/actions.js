// What clicks do: an element with `data-do` names one of these. Each gets the page and the element.

import { ask, cancelForm } from "./dialogs.js";
import { slug } from "./format.js";
import { keep } from "./memory.js";
import { hash } from "./places.js";

const go = (channel, thread) => {
  location.hash = hash(channel, thread);
};

function press(page, target, text) {
  const { channel, thread, action } = target.dataset;
  const { frame } = page.outgoing.add({ type: "press", channel, thread, name: page.name, action, text });
  if (target.closest("#panel")) page.panel.expect(frame.id);
}

/** The open state at another moment. */
function showThen(page, then) {
  const { at: _at, when: _when, ...fields } = page.panel.fields;
  page.panel.show("state", { ...fields, ...then });
}

export const ACTIONS = {
  async press(page, target) {
    const { dataset } = target;
    const text = dataset.asks ? await ask({ title: dataset.label, label: dataset.asks, submit: dataset.label }) : null;
    if (dataset.asks && text === null) return;
    press(page, target, text);
  },

  details(page, target) {
    page.panel.show("details", { channel: page.here.channel, number: Number(target.dataset.job) });
  },

  panel(page, target) {
    const { panel, at, keyOf, before, number } = target.dataset;
    const fields = { channel: page.here.channel };
    if (at !== undefined) fields.at = Number(at);
    if (keyOf !== undefined) fields.key = keyOf;
    if (before !== undefined) fields.before = Number(before);
    if (number !== undefined) fields.number = Number(number);
    page.panel.show(panel, fields);
  },

  "close-panel": (page) => page.panel.close(),

  file(page, target) {
    const { channel, path, at } = target.dataset;
    page.panel.show("file", { channel, path, ...(at === undefined ? {} : { at: Number(at) }) });
  },

  attach: () => document.getElementById("files").click(),

  "remove-file"(page, { dataset }) {
    page.composer.files.remove(dataset.id);
    page.composer.focus();
  },

  "retry-file": (page, { dataset }) => page.composer.files.retry(dataset.id),

  "filter-state"(page, form) {
    const prefix = form.elements.prefix.value.trim();
    const { prefix: _before, ...fields } = page.panel.fields;
    page.panel.show("state", prefix ? { ...fields, prefix } : fields);
  },

  "state-at"(page, { value, max }) {
    showThen(page, value === max ? {} : { at: Number(value) });
  },

  "state-on"(page, form) {
    const time = new Date(form.elements.when.value);
    if (!Number.isNaN(time.getTime())) showThen(page, { when: time.toISOString() });
  },

  "state-now": (page) => showThen(page, {}),

  example: (page, target) => page.composer.put(target.textContent),

  async "change-setting"(page, { dataset }) {
    const label = `${dataset.name} ("default" for the configuration's)`;
    const value = await ask({ title: "Change a setting", label, submit: "Change", value: dataset.value });
    if (value !== null) page.say(`/settings ${dataset.name} ${value}`);
  },

  async "new-channel"() {
    const check = (text) => (slug(text) ? "" : "Use at least one letter or digit.");
    const name = await ask({ title: "New channel", label: "Name", submit: "Create", rows: 1, check });
    if (name !== null) go(slug(name), "");
  },

  "new-thread"(page) {
    go(page.here.channel, crypto.randomUUID());
    page.composer.focus();
  },

  async name(page) {
    const name = await ask({ title: "Your name", label: "What others see", submit: "Keep", rows: 1, value: page.name });
    if (name === null) return;
    keep("name", name.replace(/\s+/g, " ").slice(0, 60));
    page.draw();
  },

  thread: (page, { dataset }) => go(page.here.channel, dataset.thread),
  "main-line": (page) => go(page.here.channel, ""),
  newest: (page) => page.conversation.toEnd(),
  "cancel-form": () => cancelForm(),
  dismiss: (_page, target) => target.closest(".toast").remove(),

  view: (page, { dataset }) => page.view(dataset.view),

  retry(page, target) {
    target.closest(".toast")?.remove();
    page.outgoing.retry(target.dataset.id);
  },

  drop(page, target) {
    target.closest(".toast")?.remove();
    page.outgoing.drop(target.dataset.id);
    page.draw();
  },

  "take-back"(page, { dataset }) {
    const item = page.outgoing.drop(dataset.id);
    if (item) page.composer.put(item.frame.text, item.frame.files);
    page.draw();
  },

  async copy(page, target) {
    const text = target.parentElement.querySelector("pre").textContent;
    await navigator.clipboard.writeText(text);
    target.textContent = "Copied";
    setTimeout(() => {
      target.textContent = "Copy";
    }, 1500);
  },
};
