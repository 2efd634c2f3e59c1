// One workspace file in a panel: text as text, pictures as pictures, the rest to download.

import { el } from "./dom.js";
import { bytes as shown } from "./format.js";

const SHOWN = 400_000; // bytes of text shown

/** The address of the file's bytes. */
export function fileAddress({ channel, path, at }) {
  const fields = { channel, path, ...(at === undefined ? {} : { at }) };
  return `/file?${new URLSearchParams(fields)}`;
}

export async function loadFile(_look, fields) {
  const answer = await fetch(fileAddress(fields));
  if (!answer.ok) throw new Error((await answer.text()).trim() || `The bot answered ${answer.status}.`);
  return { bytes: await answer.arrayBuffer(), type: answer.headers.get("Content-Type") ?? "" };
}

export function drawFile({ bytes, type }, fields) {
  const link = el("p", { class: "facts" },
    el("a", { href: fileAddress(fields), download: "" }, `Download (${shown(bytes.byteLength)})`),
    el("button", { class: "small", type: "button", "data-do": "panel", "data-panel": "history", "data-key-of": fields.path }, "History"));
  if (/^image\/(png|jpeg|gif|webp)$/.test(type)) {
    const src = URL.createObjectURL(new Blob([bytes], { type }));
    const image = el("img", { src, alt: fields.path });
    image.addEventListener("load", () => URL.revokeObjectURL(src), { once: true });
    return [link, image];
  }
  const text = asText(new Uint8Array(bytes, 0, Math.min(bytes.byteLength, SHOWN)), bytes.byteLength > SHOWN);
  if (text === null) return [link, el("p", { class: "muted" }, "This file is not text.")];
  const cut = bytes.byteLength > SHOWN ? el("p", { class: "muted" }, "Only the beginning is shown.") : el("div", {});
  return [link, cut, el("pre", { class: "text file-text", tabindex: "0" }, text || "(empty)")];
}

function asText(bytes, cut) {
  if (bytes.includes(0)) return null;
  try {
    // A cut may end inside a letter: `stream` keeps that from being an error.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: cut });
  } catch {
    return null;
  }
}
