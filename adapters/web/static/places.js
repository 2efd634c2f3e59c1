// Channels and threads in the margin: names, what runs, what is unread.

import { byId, children, el } from "./dom.js";
import { when } from "./format.js";
import { keep, kept } from "./memory.js";

/** The reader has seen the conversation up to now. */
export function markRead(channel, thread) {
  keep(`read.${channel}#${thread}`, Date.now() / 1000);
}

const unread = (channel, thread, at) => at > kept(`read.${channel}#${thread}`, at);

/** The thread's name: how its root message began, else how its first reply did. */
export function threadTitle(channel, thread) {
  const root = channel.root(thread);
  const listed = channel.threads.find((line) => line.thread === thread)?.title;
  const text = (root && (root.text || plainText(root.post?.html))) || listed || "New thread";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function plainText(html) {
  return html ? html.replace(/<[^>]*>/g, " ").replace(/&[a-z]+;/g, " ").replace(/\s+/g, " ").trim() : "";
}

/** Draw both lists; `here` is the open conversation. */
export function drawPlaces(store, here) {
  const listed = new Map(store.listed.map((line) => [line.channel, line]));
  children(byId("channels"), store.names(here.channel).map((name) => {
    const open = name === here.channel;
    const running = open ? store.channel(name).running : (listed.get(name)?.running ?? 0);
    return entry({
      key: name,
      text: `# ${name}`,
      current: open && here.thread === "",
      href: hash(name, ""),
      note: running ? `${running} running` : "",
      unread: !open && unread(name, "", listed.get(name)?.at ?? 0),
    });
  }));
  const channel = store.channel(here.channel);
  const threads = channel.threads.filter((line) => line.thread !== "");
  if (here.thread && !threads.some((line) => line.thread === here.thread)) {
    threads.unshift({ thread: here.thread, at: Date.now() / 1000 });
  }
  children(byId("threads"), threads.map((line) => entry({
    key: line.thread,
    text: threadTitle(channel, line.thread),
    current: line.thread === here.thread,
    href: hash(here.channel, line.thread),
    note: when(line.at),
    unread: line.thread !== here.thread && unread(here.channel, line.thread, line.at),
  })));
  if (!threads.length) children(byId("threads"), [el("li", { class: "muted none" }, "None yet")]);
}

/** The address of a conversation within the page. */
export function hash(channel, thread) {
  return `#/${encodeURIComponent(channel)}${thread ? `/${encodeURIComponent(thread)}` : ""}`;
}

/** The conversation an address names. */
export function place(text) {
  const [, channel = "", thread = ""] = text.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return "";
    }
  });
  return { channel: channel || "general", thread };
}

function entry({ key, text, current, href, note, unread }) {
  return el("li", { "data-key": key },
    el("a", { href, class: unread ? "unread" : null, "aria-current": current ? "page" : null },
      el("span", { class: "name" }, text),
      el("small", {}, unread ? "new" : note)));
}
