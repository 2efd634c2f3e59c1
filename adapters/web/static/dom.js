// Making and patching elements. Knows nothing of the chat.

const policy = globalThis.trustedTypes?.createPolicy("thaw", { createHTML: (html) => html });

/** An element: `props` are attributes (null, undefined and false are left out), `children` nodes or texts. */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Markdown as the server rendered and cleaned it; the only place where HTML enters the page. */
export function rendered(html) {
  const made = el("div", { class: "md" });
  made.innerHTML = policy ? policy.createHTML(html) : html;
  for (const block of made.querySelectorAll("pre")) {
    const frame = el("div", { class: "code" });
    block.replaceWith(frame);
    block.setAttribute("tabindex", "0");
    frame.append(el("button", { class: "small copy", "data-do": "copy" }, "Copy"), block);
  }
  for (const table of made.querySelectorAll("table")) {
    const frame = el("div", { class: "wide", tabindex: "0" });
    table.replaceWith(frame);
    frame.append(table);
  }
  return made;
}

/** One line in which `code` stands between backticks. */
export function coded(text) {
  return text.split(/`([^`]+)`/).map((part, at) => (at % 2 ? el("code", {}, part) : part));
}

/** A person's text: plain, with its addresses as links. */
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]])/).map((part, at) =>
    at % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part) : part,
  );
}

/** Make `old` look like `fresh` and keep what need not change: focus, selection and scrolling stay. */
export function morph(old, fresh) {
  if (old.nodeName !== fresh.nodeName || old.dataset?.key !== fresh.dataset?.key) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return old;
  }
  attributes(old, fresh);
  if (old.nodeName === "TEXTAREA") return old;
  children(old, [...fresh.childNodes]);
  return old;
}

function attributes(old, fresh) {
  const own = old.nodeName === "DETAILS" ? "open" : "";
  for (const { name } of [...old.attributes]) {
    if (name !== own && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name === own || old.getAttribute(name) === value) continue;
    old.setAttribute(name, value);
    // What somebody has put into a field no longer follows its attribute.
    if (name === "value" && old.nodeName === "INPUT") old.value = value;
  }
}

/** Make the children of `parent` look like `wanted`; those with a data-key move with it. */
export function children(parent, wanted) {
  const keyed = new Map();
  for (const child of parent.childNodes) if (child.dataset?.key) keyed.set(child.dataset.key, child);
  let next = parent.firstChild;
  for (const fresh of wanted) {
    const key = fresh.dataset?.key;
    const known = key ? keyed.get(key) : next?.dataset?.key ? null : next;
    if (!known) {
      parent.insertBefore(fresh, next);
    } else if (known === next) {
      next = next.nextSibling;
      if (known !== fresh) morph(known, fresh);
    } else {
      parent.insertBefore(known, next);
      if (known !== fresh) morph(known, fresh);
    }
  }
  while (next) {
    const gone = next;
    next = next.nextSibling;
    gone.remove();
  }
}

/** The element with that id, which stands in index.html. */
export const byId = (id) => document.getElementById(id);
