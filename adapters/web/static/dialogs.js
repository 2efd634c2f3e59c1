// The small forms: one question, one text, and short notes that pass. Knows no meaning of an answer.

import { byId, el } from "./dom.js";

let settle = null;

/** Ask for a text; resolves to it, or to null when the person thinks better of it. */
export function ask({ title, label, submit, value = "", rows = 3, check = () => "" }) {
  const dialog = byId("form");
  const box = byId("form-text");
  byId("form-title").textContent = title;
  byId("form-label").textContent = label;
  byId("form-submit").textContent = submit;
  byId("form-error").textContent = "";
  box.rows = rows;
  box.value = value;
  dialog.showModal();
  box.focus();
  box.select();
  return new Promise((resolve) => {
    settle = (answer) => {
      const wrong = answer === null ? "" : answer ? check(answer) : "Write something first.";
      byId("form-error").textContent = wrong;
      if (wrong) {
        box.focus();
        return;
      }
      settle = null;
      dialog.close();
      resolve(answer);
    };
  });
}

/** Make the form's own events work; once. */
export function startForms() {
  const dialog = byId("form");
  const box = byId("form-text");
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    settle?.(box.value.trim());
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    settle?.(box.value.trim());
  });
  dialog.addEventListener("close", () => settle?.(null));
}

export const cancelForm = () => settle?.(null);

/** Say something in passing; `retry` is the id of what can be sent again. It stays until dismissed if so. */
export function toast(text, retry = null) {
  const again = retry ? el("button", { class: "small primary", "data-do": "retry", "data-id": retry }, "Retry") : null;
  const note = el("div", { class: "toast", "data-id": retry }, el("span", {}, text), again,
    el("button", { class: "small", "data-do": retry ? "drop" : "dismiss", "data-id": retry }, "Dismiss"));
  byId("toasts").append(note);
  if (!retry) setTimeout(() => note.remove(), 8000);
}
