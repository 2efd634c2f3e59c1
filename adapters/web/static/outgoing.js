// What was sent and is not yet kept by the bot. Each item is stored under a key of its own until the
// answer, and sent again under the same id after a reconnect: nothing is lost, nothing doubled.

import { forget, keep, kept, keys } from "./memory.js";

const randomId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export class Outgoing {
  #send;
  #changed;
  #items = new Map();
  #last = 0;
  limit = Infinity;

  /** `send(frame)` is true if it went off; `changed(item)` hears of every change. */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
    const stored = keys("out.").map((key) => kept(key)).filter((item) => item?.frame?.id);
    stored.sort((one, other) => one.order - other.order);
    for (const item of stored) this.#items.set(item.frame.id, item);
  }

  /** Send a message or press; returns the item. Throws RangeError for what no frame can hold. */
  add(frame) {
    const whole = { ...frame, id: randomId() };
    const size = new TextEncoder().encode(JSON.stringify(whole)).length;
    if (size > this.limit) {
      const limit = Math.floor(this.limit / 1000);
      throw new RangeError(`This is ${Math.ceil(size / 1000)} kB; at most ${limit} kB can be sent at once. Shorten it or split it.`);
    }
    this.#last = Math.max(this.#last + 1, Date.now());
    const item = { frame: whole, order: this.#last, at: Date.now() / 1000, error: null };
    this.#items.set(whole.id, item);
    this.#put(item);
    this.#send(whole);
    return item;
  }

  /** Send everything again that has no answer yet: the connection is new. */
  flush() {
    for (const item of this.#items.values()) if (item.error === null) this.#send(item.frame);
  }

  retry(id) {
    const item = this.#items.get(id);
    if (!item) return;
    item.error = null;
    this.#put(item);
    this.#send(item.frame);
  }

  /** The bot has it. */
  kept(id) {
    const item = this.drop(id);
    if (item) this.#changed(item, "kept");
  }

  /** The bot would not have it; it stays until it is sent again or dropped. */
  refused(id, text) {
    const item = this.#items.get(id);
    if (!item) return;
    item.error = text;
    this.#put(item);
    this.#changed(item, "refused");
  }

  /** Forget an item; returns it. */
  drop(id) {
    const item = this.#items.get(id);
    this.#items.delete(id);
    forget(`out.${id}`);
    return item;
  }

  get(id) {
    return this.#items.get(id);
  }

  /** Messages of one conversation, oldest first. */
  messages(channel, thread) {
    return [...this.#items.values()].filter(
      ({ frame }) => frame.type === "message" && frame.channel === channel && frame.thread === thread,
    );
  }

  /** Whether a press of that button is on its way. */
  pressing(channel, action) {
    return [...this.#items.values()].some(
      ({ frame, error }) => frame.type === "press" && frame.channel === channel && frame.action === action && error === null,
    );
  }

  #put(item) {
    keep(`out.${item.frame.id}`, item);
    this.#changed(item, "waiting");
  }
}
