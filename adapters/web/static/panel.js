// The drawer that shows one thing of the channel: opens, asks again when it moved, closes. Content: panels.js.

import { Disconnected } from "./connection.js";
import { byId, children, el } from "./dom.js";
import { PANELS } from "./panels.js";

const AGAIN_MS = 400;

export class Panel {
  #dialog = byId("panel");
  #body = byId("panel-body");
  #look;
  #tools;
  #open = null; // {name, fields}
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
    this.#open = { name, fields };
    byId("panel-title").textContent = PANELS[name].title(fields);
    if (fresh) {
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
      if (asked === this.#asked && this.#open === open) children(this.#body, panel.draw(view, open.fields, this.#tools()));
    } catch (error) {
      if (asked !== this.#asked || error instanceof Disconnected) return; // asked again once connected
      children(this.#body, [el("p", { class: "error", role: "alert" }, error.message)]);
    }
  }
}
