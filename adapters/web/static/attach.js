// Files for the next message: chosen, dropped or pasted, and sent to the bot at once. The message
// then names them by the handles that the bot gave.

import { byId, children, el } from "./dom.js";
import { bytes } from "./format.js";

const LOST = "It could not be sent: the bot cannot be reached.";
const FOLDER = "Folders cannot be sent: pack it into one file.";

export class Attachments {
  #list = byId("attachments");
  #lists = new Map(); // by conversation
  #key = "";
  #count = 0;
  #changed;
  limits = { most: Infinity, largest: Infinity, all: Infinity };

  /** `changed()` hears of every file that comes, goes or is through. */
  constructor(changed) {
    this.#changed = changed;
    const input = byId("files");
    input.addEventListener("change", () => {
      this.add([...input.files]);
      input.value = "";
    });
    byId("message").addEventListener("paste", (event) => this.#pasted(event));
    dropInto(byId("talk"), (files, folders) => {
      this.add(files);
      for (const name of folders) this.#put({ name, size: 0, error: FOLDER });
    });
  }

  /** Show the files of this conversation from now on. */
  show(key) {
    this.#key = key;
    this.#draw();
  }

  /** Send files to the bot. */
  add(files) {
    for (const file of files) {
      const item = this.#put({ name: file.name || "file", size: file.size, error: this.#tooMuch(file) });
      if (!item.error) this.#upload(item, file);
    }
  }

  remove(id) {
    const gone = this.#items.find((item) => item.id === id);
    gone?.request?.abort();
    this.#lists.set(this.#key, this.#items.filter((item) => item !== gone));
    this.#draw();
    this.#changed();
  }

  retry(id) {
    const item = this.#items.find((one) => one.id === id);
    if (item?.file) this.#upload(item, item.file);
  }

  /** Whether a file is still on its way. */
  get waiting() {
    return this.#items.some((item) => !item.handle && !item.error);
  }

  /** Whether a file will not come. */
  get failed() {
    return this.#items.some((item) => item.error);
  }

  /** The files that are through, as a message names them. */
  get ready() {
    return this.#items.map(({ name, handle, size }) => ({ name, handle, size }));
  }

  /** The message has gone. */
  clear() {
    this.#lists.delete(this.#key);
    this.#draw();
  }

  /** Files of a message that is taken back. */
  put(files) {
    for (const file of files) this.#put({ ...file, error: null });
  }

  get #items() {
    return this.#lists.get(this.#key) ?? [];
  }

  #put(file) {
    const item = { ...file, id: `file-${(this.#count += 1)}`, sent: 0 };
    this.#lists.set(this.#key, [...this.#items, item]);
    this.#draw();
    this.#changed();
    return item;
  }

  #tooMuch(file) {
    const { most, largest, all } = this.limits;
    const taken = this.#items.filter((item) => !item.error);
    if (taken.length >= most) return `${most} files with one message are the most.`;
    if (file.size > largest) return `It has ${bytes(file.size)}; ${bytes(largest)} are the most for one file.`;
    const sum = taken.reduce((size, item) => size + item.size, file.size);
    return sum > all ? `${bytes(all)} are the most for all files of one message.` : null;
  }

  #upload(item, file) {
    const request = new XMLHttpRequest();
    Object.assign(item, { request, file, error: null, sent: 0 });
    request.open("POST", `/upload?${new URLSearchParams({ name: item.name })}`);
    request.upload.addEventListener("progress", ({ loaded }) => {
      item.sent = loaded;
      this.#draw();
    });
    request.addEventListener("load", () => this.#through(item, request));
    request.addEventListener("error", () => this.#fail(item, LOST));
    request.send(file);
    this.#draw();
    this.#changed();
  }

  #through(item, { status, responseText }) {
    if (status === 200) {
      item.handle = JSON.parse(responseText).handle;
      item.file = null;
      this.#draw();
      this.#changed();
    } else {
      item.file = null;
      this.#fail(item, `Not taken: ${responseText.trim() || `the bot answered ${status}`}`);
    }
  }

  #fail(item, error) {
    item.error = error;
    this.#draw();
    this.#changed();
  }

  #pasted(event) {
    const { files, types } = event.clipboardData;
    // What has a text as well (a table, say) is pasted as that.
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    this.add([...files]);
  }

  #draw() {
    this.#list.hidden = !this.#items.length;
    children(this.#list, this.#items.map(chip));
  }
}

function chip(item) {
  const going = !item.handle && !item.error;
  const named = { "data-id": item.id, type: "button", class: "small" };
  return el("li", { class: `chip-file${item.error ? " failed" : ""}`, "data-key": item.id },
    el("span", { class: "name", title: item.name }, item.name),
    el("span", { class: "muted" }, bytes(item.size)),
    going ? el("progress", { max: Math.max(item.size, 1), value: item.sent, "aria-label": `Sending ${item.name}` }) : null,
    item.error ? el("span", { class: "error", role: "alert" }, item.error) : null,
    item.error && item.file ? el("button", { ...named, "data-do": "retry-file", "aria-label": `Send ${item.name} again` }, "Retry") : null,
    el("button", { ...named, "data-do": "remove-file", "aria-label": `Remove ${item.name}` }, "Remove"));
}

/** Let files be dropped into `target`; anywhere else a drop does nothing, also not leave the page. */
function dropInto(target, drop) {
  const brings = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    const inside = target.contains(event.target);
    event.dataTransfer.dropEffect = inside ? "copy" : "none";
    target.classList.toggle("dropping", inside);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) target.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    target.classList.remove("dropping");
    if (!brings(event)) return;
    event.preventDefault();
    if (!target.contains(event.target)) return;
    const folders = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
    const names = folders.map((entry) => entry.name);
    drop([...event.dataTransfer.files].filter((file) => !names.includes(file.name)), names);
  });
}
