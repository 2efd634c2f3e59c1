// The message box: drafts survive, Enter sends, too much is said before it is sent.

import { Attachments } from "./attach.js";
import { byId } from "./dom.js";
import { forget, keep, kept } from "./memory.js";

export class Composer {
  #box = byId("message");
  #error = byId("composer-error");
  #status = byId("composer-status");
  #key = "";
  #later = false;
  files;

  /** `send(text, files)` may throw RangeError; the text then stays in the box. */
  constructor(send) {
    this.files = new Attachments(() => this.#moved(send));
    this.#box.addEventListener("input", () => this.#changed());
    this.#box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit(send);
    });
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
  }

  /** Write for this conversation from now on. */
  show(channel, thread, hint) {
    const key = `draft.${channel}#${thread}`;
    this.#box.placeholder = hint;
    if (key === this.#key) return;
    this.#key = key;
    this.#box.value = kept(key, "");
    this.#wait(false);
    this.files.show(key);
    this.#say("");
    this.#fit();
  }

  /** Put a text back into the box, above what is there, and its files. */
  put(text, files = []) {
    this.#box.value = this.#box.value ? `${text}\n${this.#box.value}` : text;
    this.files.put(files);
    this.#changed();
    this.#box.focus();
  }

  focus() {
    this.#box.focus();
  }

  #submit(send) {
    const text = this.#box.value;
    const { ready, waiting, failed } = this.files;
    this.#wait(false);
    if (!text.trim() && !ready.length) {
      this.#box.focus();
      return;
    }
    if (failed) {
      this.#say("Remove the file that was not taken, or try it again.");
      return;
    }
    if (waiting) {
      this.#wait(true);
      return;
    }
    try {
      send(text, ready);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#say(error.message);
      return;
    }
    this.#box.value = "";
    this.files.clear();
    forget(this.#key);
    this.#say("");
    this.#fit();
    this.#box.focus();
  }

  /** Files came, went or are through. */
  #moved(send) {
    if (this.#later && !this.files.waiting) this.#submit(send);
    else this.#say("");
  }

  #wait(later) {
    this.#later = later;
    this.#status.textContent = later ? "This goes off as soon as its files are through." : "";
  }

  #changed() {
    if (this.#box.value) keep(this.#key, this.#box.value);
    else forget(this.#key);
    this.#say("");
    this.#fit();
  }

  #say(text) {
    this.#error.textContent = text;
    this.#box.setAttribute("aria-invalid", text ? "true" : "false");
  }

  #fit() {
    this.#box.style.height = "auto";
    this.#box.style.height = `${Math.min(this.#box.scrollHeight + 2, innerHeight * 0.4)}px`;
  }
}
