// One item of the conversation as an element: a person's message, a post, a stream, a day. Pure.

import { buttons } from "./buttons.js";
import { coded, el, linked, rendered } from "./dom.js";
import { bytes, clock, day } from "./format.js";

const FOLD = 4000; // characters of a person's text shown at first

/** The line between days. */
export function dayLine(at) {
  return el("div", { class: "day", "data-key": `day ${day(at)}` }, el("span", {}, day(at)));
}

/** What a person said; `sending` is the outgoing item while the bot does not have it. */
export function personLine(line, { sending = null, working = false, seen = false, replies = null, threaded = true, follows = false } = {}) {
  const foot = [];
  if (sending?.error) {
    foot.push(
      el("p", { class: "error", role: "alert" }, sending.error),
      el("div", { class: "buttons" },
        el("button", { class: "small primary", "data-do": "retry", "data-id": line.id }, "Retry"),
        el("button", { class: "small", "data-do": "take-back", "data-id": line.id }, "Edit"),
        el("button", { class: "small", "data-do": "drop", "data-id": line.id }, "Discard")),
    );
  } else if (sending) {
    foot.push(el("p", { class: "status" }, "Sending…"));
  } else if (working) {
    foot.push(el("p", { class: "status working" }, "Seen, working", el("i", { "aria-hidden": "true" })));
  } else if (seen) {
    foot.push(el("p", { class: "status" }, "Seen"));
  }
  const reply = threaded && !sending ? threadLink(line.id, replies) : null;
  return frame(line, line.author, { kind: "person", follows, reply }, [
    line.text ? el("div", { class: "said" }, ...folded(line.text)) : null,
    sent(line),
    ...foot,
  ]);
}

/** What the bot said, whole. */
export function postLine(line, { outgoing, replies = null, threaded = true, follows = false }) {
  const post = line.post;
  const place = { channel: post.channel, thread: post.thread };
  const reply = threaded ? threadLink(line.id, replies) : null;
  const dress = { kind: post.kind, follows: follows && post.kind === "answer", offline: post.offline, reply };
  return frame({ ...line, at: post.at }, "bot", dress, [
    label(post),
    rendered(post.html),
    post.length > 100_000 && line.seq ? whole(post.channel, line.seq) : null,
    files(post),
    listed("Has changed since this job began", post.drift),
    listed(post.kind === "result" ? "Merged into the channel" : "What this did", post.receipt),
    buttons(post.buttons, place, outgoing),
  ]);
}

/** What the bot has said so far. */
export function streamLine(stream, follows = false) {
  const made = frame({ id: stream.post_id, at: stream.at }, "bot", { kind: "answer", follows }, [rendered(stream.html)]);
  made.setAttribute("aria-busy", "true");
  return made;
}

function frame(line, author, { kind, follows, offline = false, reply = null }, content) {
  const bot = kind !== "person";
  const name = bot ? (document.body.dataset.bot ?? "Thaw") : author;
  return el(
    "article",
    { class: `line ${kind}${follows ? " follows" : ""}`, "data-key": `line ${line.id}`, "data-id": line.id, "aria-label": `${name}, ${clock(line.at)}` },
    el("div", { class: `face ${bot ? "bot" : ""}`, "aria-hidden": "true" }, bot ? "" : [...name][0].toUpperCase()),
    el("div", { class: "what" },
      el("header", {},
        el("b", {}, name),
        offline ? el("span", { class: "chip" }, "offline model") : null,
        el("time", { datetime: new Date(line.at * 1000).toISOString() }, clock(line.at))),
      content),
    reply,
  );
}

function label(post) {
  const who = post.mention ? ` for @${post.mention.name}` : "";
  if (post.kind === "result") {
    const job = post.job === null ? "Result" : `Result of job ${post.job}`;
    return el("p", { class: "label" }, job + who);
  }
  if (post.kind === "conflict") return el("p", { class: "label warn" }, `Conflict${who}`);
  if (post.kind === "notice") return el("p", { class: "label" }, `Notice${who}`);
  return post.mention ? el("p", { class: "label" }, `For @${post.mention.name}`) : null;
}

/** What came with a person's message: to open once it is in the workspace. */
function sent(line) {
  if (!line.files?.length) return null;
  return el("ul", { class: "files", "aria-label": "Files" }, line.files.map((file) => {
    if (file.problem) return el("li", { class: "muted" }, `${file.name} was not taken`);
    if (!file.path) return el("li", { class: "muted" }, file.name);
    const props = { class: "small file", "data-do": "file", "data-path": file.path, "data-channel": line.channel };
    return el("li", {}, el("button", { ...props, title: file.path }, `${file.name} · ${bytes(file.size)}`));
  }));
}

function files(post) {
  if (!post.files.length) return null;
  return el("ul", { class: "files", "aria-label": "Files" }, post.files.map((path) =>
    el("li", {}, el("button", { class: "small file", "data-do": "file", "data-path": path, "data-channel": post.channel }, path))));
}

function listed(label, lines) {
  if (!lines.length) return null;
  return el("div", { class: "receipt" },
    el("p", { class: "label" }, label),
    el("ul", {}, lines.map((one) => el("li", {}, coded(one)))));
}

function whole(channel, seq) {
  const href = `/text?${new URLSearchParams({ channel, seq })}`;
  return el("p", {}, el("a", { href, download: "" }, "Download the whole text"));
}

function threadLink(id, replies) {
  const text = replies ? (replies === 1 ? "1 reply" : `${replies} replies`) : "Reply in thread";
  return el("button", { class: `thread-link${replies ? " has" : ""}`, "data-do": "thread", "data-thread": id }, text);
}

function folded(text) {
  if (text.length <= FOLD) return linked(text);
  return [
    ...linked(text.slice(0, FOLD)),
    el("details", { class: "rest" }, el("summary", {}, `… ${text.length - FOLD} more characters`), text.slice(FOLD)),
  ];
}

