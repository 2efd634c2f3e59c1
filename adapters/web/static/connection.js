// The socket: opens, opens again, asks and hears. Knows no meaning of a frame but an answer's.

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5000;

/** Thrown to whoever waits for an answer when the connection ends first. */
export class Disconnected extends Error {}

export class Connection {
  #hear;
  #changed;
  #socket = null;
  #asked = new Map();
  #ref = 0;
  #tries = 0;
  #timer = 0;
  state = "connecting";

  /** `hear(frame)` gets every frame that is no answer, `changed(state)` each change of `state`. */
  constructor(hear, changed) {
    this.#hear = hear;
    this.#changed = changed;
    addEventListener("online", () => this.#now());
    document.addEventListener("visibilitychange", () => this.#now());
  }

  open() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(`ws://${location.host}/socket`);
    this.#socket = socket;
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => this.#lost(socket);
  }

  /** Send a frame if there is a connection; true if it went off. */
  send(frame) {
    if (this.state !== "open") return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ask the server; resolves to the view, rejects with Disconnected or the server's reason. */
  look(what, fields = {}) {
    const ref = (this.#ref += 1);
    return new Promise((resolve, reject) => {
      if (!this.send({ type: "look", what, ref, ...fields })) {
        reject(new Disconnected("Not connected."));
        return;
      }
      this.#asked.set(ref, { resolve, reject });
    });
  }

  #receive(frame) {
    if (frame.type === "welcome") {
      this.#tries = 0;
      this.#become("open");
    }
    if (frame.type !== "view" && frame.type !== "unanswered") {
      this.#hear(frame);
      return;
    }
    const waiting = this.#asked.get(frame.ref);
    this.#asked.delete(frame.ref);
    if (frame.type === "view") waiting?.resolve(frame.view);
    else waiting?.reject(new Error(frame.text));
  }

  #lost(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#become("reconnecting");
    for (const waiting of this.#asked.values()) waiting.reject(new Disconnected("The connection was lost."));
    this.#asked.clear();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries);
    this.#tries += 1;
    this.#timer = setTimeout(() => this.open(), wait * (0.7 + Math.random() * 0.6));
  }

  #now() {
    if (this.#socket === null && document.visibilityState === "visible") this.open();
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.#changed(state);
  }
}
