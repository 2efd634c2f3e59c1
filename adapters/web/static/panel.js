// The drawer that shows one thing of the channel: opens, asks again when it moved, closes. Content: panels.js.

import { Disconnected } from "./connection.js";
import { buttons } from "./buttons.js";
import { byId, children, coded, el, rendered } from "./dom.js";
import { PANELS } from "./panels.js";

const AGAIN_MS = 400;

export class Panel {
  #dialog = byId("panel");
  #body = byId("panel-body");
  #look;
  #tools;
  #open = null; // {name, fields}
  #expected = null; // id of a press made here that has no answer yet
  #told = null; // the post that answered the last one
  #view = null; // what was shown last
  #asked = 0;
  #timer = 0;

  constructor(look, tools) {
    this.#look = look;
    this.#tools = tools;
  }

  get name() {
    return this.#open?.name ?? null;
  }

  get fields() {
    return this.#open?.fields ?? {};
  }

  /** Open a panel, or change what the open one asks for. */
  show(name, fields) {
    const fresh = this.#open?.name !== name;
    this.#expected = this.#told = null;
    this.#open = { name, fields };
    byId("panel-title").textContent = PANELS[name].title(fields);
    if (fresh) {
      this.#view = null;
      children(this.#body, [el("p", { class: "muted" }, "Loading…")]);
      this.#body.scrollTop = 0;
    }
    if (!this.#dialog.open) this.#dialog.show();
    if (fresh) byId("panel-title").focus();
    this.refresh();
  }

  close() {
    if (!this.#open) return;
    this.#open = null;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#dialog.close();
    // The dialog gives the focus back to what opened it, unless that is gone.
    const focused = document.activeElement;
    if (focused === document.body || this.#dialog.contains(focused)) byId("message").focus();
  }

  /** A button of the panel was pressed: its answer is shown here too, for the chat may be hidden. */
  expect(id) {
    this.#expected = id;
  }

  /** A post has come; it may be the expected answer. */
  hear(post) {
    if (!this.#open || this.#expected === null || post.id !== `reply:press:${this.#expected}`) return;
    this.#expected = null;
    this.#told = post;
    this.#draw();
    this.#body.scrollTop = 0;
  }

  /** Something that panels show has moved: `what` is "state", "card", "settings" or "all". */
  moved(what, channel, job = null) {
    if (!this.#open || this.#open.fields.channel !== channel) return;
    const { moves } = PANELS[this.#open.name];
    if (what !== "all" && !moves.includes(what)) return;
    if (what === "card" && this.#open.fields.number !== undefined && this.#open.fields.number !== job) return;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.refresh();
    }, AGAIN_MS);
  }

  async refresh() {
    const open = this.#open;
    if (!open) return;
    const asked = (this.#asked += 1);
    try {
      const panel = PANELS[open.name];
      const view = await panel.load(this.#look, open.fields);
      if (asked !== this.#asked || this.#open !== open) return;
      this.#view = view;
      this.#draw();
    } catch (error) {
      if (asked !== this.#asked || error instanceof Disconnected) return; // asked again once connected
      // What was shown stays, with the fields in which something else can be asked for.
      this.#draw(el("p", { class: "error", role: "alert", "data-key": "error" }, error.message));
    }
  }

  #draw(error = null) {
    const { name, fields } = this.#open;
    const drawn = this.#view ? PANELS[name].draw(this.#view, fields, this.#tools()) : [];
    const told = this.#told && answer(this.#told, this.#tools());
    children(this.#body, [error, told, ...drawn].filter(Boolean));
  }
}

/** What a press did, with its own Undo. */
function answer(post, { outgoing }) {
  const place = { channel: post.channel, thread: post.thread };
  return el("aside", { class: "told", role: "status", "data-key": `told ${post.id}` },
    rendered(post.html),
    post.receipt.length ? el("ul", { class: "changes" }, post.receipt.map((one) => el("li", {}, coded(one)))) : null,
    buttons(post.buttons, place, outgoing));
}
