// Numbers and times as people read them. Pure.

/** "14:05" in the reader's own time. */
export function clock(at) {
  return new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** "Today", "Yesterday" or the date. */
export function day(at, now = Date.now()) {
  const of = (time) => new Date(time).toDateString();
  if (of(at * 1000) === of(now)) return "Today";
  if (of(at * 1000) === of(now - 86_400_000)) return "Yesterday";
  return new Date(at * 1000).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

/** The time today, else the date, short. */
export function when(at) {
  return day(at) === "Today" ? clock(at) : new Date(at * 1000).toLocaleDateString([], { day: "numeric", month: "short" });
}

/** Date and time: "17 Nov 2026, 14:30". */
export function moment(at) {
  return new Date(at * 1000).toLocaleString([], { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** A time as a field for date and time takes it, in the reader's own zone: "2026-11-17T14:30". */
export function inputTime(at) {
  const time = new Date(at * 1000);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** "5s", "1m 05s", "2h 03m". */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor(whole / 60) % 60)}m`;
}

/** "950", "12.3k", "4.1M". */
export function count(number) {
  if (number < 1000) return String(number);
  if (number < 1_000_000) return `${(number / 1000).toFixed(number < 10_000 ? 1 : 0)}k`;
  return `${(number / 1_000_000).toFixed(1)}M`;
}

/** Nanodollars: cents, and of what is less than ten cents two digits. */
export function dollars(nanos) {
  let unit = 10_000_000;
  while (nanos > 0 && nanos < 10 * unit && unit > 1) unit /= 10;
  const rounded = Math.round(nanos / unit) * unit;
  const part = String(rounded % 1_000_000_000).padStart(9, "0").replace(/0+$/, "").padEnd(2, "0");
  return `$${Math.floor(rounded / 1_000_000_000).toLocaleString("en")}.${part}`;
}

/** "12k tokens · $0.04"; tokens alone where the cost is not known or nil. */
export const used = (tokens, cost) => `${count(tokens)} tokens${cost ? ` · ${dollars(cost)}` : ""}`;

/** "1 step", "3 steps". */
export const many = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** The name of a channel as the server takes it: letters and digits of any script, and "-". */
export function slug(name) {
  const parts = name.normalize("NFKC").toLowerCase().split(/[^\p{L}\p{N}\p{M}]+/u).filter(Boolean);
  return [...parts.join("-")].slice(0, 60).join("").replace(/-+$/, "");
}

/** A number of bytes as people write it, as the bot writes it too. */
export function bytes(count) {
  if (count < 1000) return `${count} byte${count === 1 ? "" : "s"}`;
  const [size, unit] = count < 1000 * 2 ** 10 ? [count / 2 ** 10, "kB"] : [count / 2 ** 20, "MB"];
  return `${size.toFixed(1).replace(".0", "")} ${unit}`;
}
