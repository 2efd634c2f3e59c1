// What this browser keeps: name, drafts, what was read. Falls back to the tab's life without storage.

const fallback = new Map();
const PREFIX = "thaw.";

export function keep(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
    fallback.delete(key);
  } catch {
    // Full or forbidden: the tab's memory is better than nothing.
    fallback.set(key, value);
  }
}

export function kept(key, otherwise = null) {
  if (fallback.has(key)) return fallback.get(key);
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function forget(key) {
  fallback.delete(key);
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing can be stored, so nothing is.
  }
}

/** The keys that begin with `start`. */
export function keys(start) {
  let stored = [];
  try {
    stored = Object.keys(localStorage);
  } catch {
    // As above.
  }
  const own = stored.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
  return [...new Set([...own, ...fallback.keys()])].filter((key) => key.startsWith(start));
}
