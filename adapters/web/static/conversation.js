// The open conversation: which items, in what order, and where it is scrolled to.

import { byId, children } from "./dom.js";
import { emptyLine } from "./empty.js";
import { day } from "./format.js";
import { dayLine, personLine, postLine, streamLine } from "./line.js";

const NEAR = 80; // pixels from the end that still count as reading along
const TOGETHER_S = 300;

export class Conversation {
  #log = byId("log");
  #newest = byId("newest");
  #shown = "";
  #drawn = new Map(); // by line id: what its element was drawn from
  #older;

  /** `older()` is called when the reader comes near the top. */
  constructor(older) {
    this.#older = older;
    this.#log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#following && this.toEnd()).observe(this.#log);
  }

  #following = true;

  /** Draw the thread of a channel. */
  draw(channel, thread, outgoing) {
    const here = `${channel.name}#${thread}`;
    const fresh = here !== this.#shown;
    this.#shown = here;
    this.#log.setAttribute("aria-busy", fresh ? "true" : "false");
    const height = this.#log.scrollHeight;
    const top = this.#log.scrollTop;
    const first = this.#log.querySelector(".line")?.dataset.key;
    children(this.#log, this.#items(channel, thread, outgoing));
    this.#log.setAttribute("aria-busy", "false");
    if (fresh || this.#following) this.toEnd();
    else if (first && this.#log.querySelector(".line")?.dataset.key !== first) {
      // Older lines came in above: stay at what is being read.
      this.#log.scrollTop = top + this.#log.scrollHeight - height;
    } else this.#newest.hidden = !(this.#log.scrollHeight > height) && this.#newest.hidden;
  }

  /** Go to the newest line and follow from there. */
  toEnd() {
    this.#following = true;
    this.#newest.hidden = true;
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  #items(channel, thread, outgoing) {
    const { lines, streams } = channel.conversation(thread);
    const threaded = thread === "";
    const replies = new Map(channel.threads.map((line) => [line.thread, line.messages]));
    const root = channel.root(thread);
    const list = new Lines(this.#log, this.#drawn);
    for (const line of root ? [root, ...lines] : lines) {
      const common = { threaded, replies: replies.get(line.id) ?? null };
      if (line.post) {
        const pressing = line.post.buttons.map((one) => outgoing.pressing(channel.name, one.action)).join();
        list.put(line, line.post.kind === "answer" ? "" : null, [line, common.replies, threaded, pressing], (follows) => postLine(line, { ...common, outgoing, follows }));
      } else {
        const seen = channel.seen.has(line.id);
        const working = seen && !channel.answered.has(line.id);
        const made = (follows) => personLine(line, { ...common, seen, working, follows });
        list.put(line, line.author, [line, common.replies, threaded, seen, working], made);
      }
    }
    for (const stream of streams) {
      list.put({ id: stream.post_id, at: stream.at }, "", [stream], (follows) => streamLine(stream, follows));
    }
    for (const item of outgoing.messages(channel.name, thread)) {
      if (channel.lines.has(item.frame.id)) continue;
      const line = { id: item.frame.id, author: item.frame.name, text: item.frame.text, files: item.frame.files, at: item.at };
      list.put(line, line.author, [item, item.error], (follows) => personLine(line, { sending: item, threaded, follows }));
    }
    this.#drawn = list.drawn;
    return list.items.length || !channel.read.has(thread) ? list.items : [emptyLine(thread)];
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    this.#following = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.#following) this.#newest.hidden = true;
    if (scrollTop < 200 && scrollHeight > clientHeight) this.#older();
  }
}

/** The items to show, top to bottom; one that is drawn from the same as before is not made again. */
class Lines {
  items = [];
  drawn = new Map();
  #live;
  #before;
  #last = null;

  constructor(log, before) {
    this.#live = new Map([...log.children].map((child) => [child.dataset.key, child]));
    this.#before = before;
  }

  put({ id, at }, author, from, make) {
    const opens = this.#last === null || day(this.#last.at) !== day(at);
    if (opens) this.items.push(dayLine(at));
    const follows = !opens && this.#last.author === author && at - this.#last.at < TOGETHER_S;
    this.#last = { at, author };
    const now = [...from, follows];
    const known = this.#before.get(id);
    const same = known?.length === now.length && known.every((one, place) => one === now[place]);
    this.items.push((same && this.#live.get(`line ${id}`)) || make(follows));
    this.drawn.set(id, now);
  }
}
