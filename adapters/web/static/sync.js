// Fills the store from the bot's own record: on opening, after a lost connection, after each burst of news.

const TOO_MUCH = 1000; // lines missed: beyond it the newest are read anew
const SETTLE_MS = 300;

export class Sync {
  #store;
  #look;
  #changed;
  #failed;
  #behind = new Set();
  #running = new Map();
  #timer = 0;

  /** `changed(channel)` after something came; `failed(error)` when the bot could not answer. */
  constructor(store, look, changed, failed) {
    this.#store = store;
    this.#look = look;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Read a conversation for showing it, and the channel's jobs and threads. */
  open(name, thread) {
    return this.#one(`open ${name} ${thread}`, async () => {
      const channel = this.#store.channel(name);
      const [, jobs] = await Promise.all([this.#read(channel, thread), this.#look("jobs", { channel: name })]);
      for (const card of jobs.cards) channel.addCard(card, true);
      await this.#lists(channel);
      this.#changed(name);
    });
  }

  /** Read the lines before the oldest known ones of a thread. */
  older(name, thread) {
    return this.#one(`older ${name} ${thread}`, async () => {
      const channel = this.#store.channel(name);
      const read = channel.read.get(thread);
      if (!read || read.complete) return;
      const asked = channel.pushes;
      const view = await this.#look("messages", { channel: name, thread, before: read.oldest });
      this.#take(channel, thread, view, asked);
      this.#changed(name);
    });
  }

  /** Something happened in the channel: read it soon, once for many. */
  behind(name) {
    this.#behind.add(name);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const names = [...this.#behind];
      this.#behind.clear();
      for (const one of names) this.#one(`catch up ${one}`, () => this.#catchUp(this.#store.channel(one)));
    }, SETTLE_MS);
  }

  async #read(channel, thread) {
    if (channel.seq !== null && channel.read.has(thread)) {
      await this.#missed(channel);
      if (channel.read.has(thread)) return;
    }
    const asked = channel.pushes;
    const view = await this.#look("messages", { channel: channel.name, thread, newest: true });
    this.#take(channel, thread, view, asked);
    if (channel.seq === null) channel.seq = view.newest;
  }

  #take(channel, thread, view, asked) {
    for (const line of view.lines) channel.addLine(line, asked);
    if (view.root) channel.roots.set(thread, view.root);
    const oldest = view.lines[0]?.seq ?? 0;
    channel.read.set(thread, { oldest, complete: view.lines.length === 0 });
  }

  async #missed(channel) {
    for (;;) {
      const asked = channel.pushes;
      const view = await this.#look("messages", { channel: channel.name, after: channel.seq });
      if (view.newest - channel.seq > TOO_MUCH) {
        channel.reset();
        return;
      }
      for (const line of view.lines) channel.addLine(line, asked);
      channel.seq = view.lines.at(-1)?.seq ?? view.newest;
      if (channel.seq >= view.newest || view.lines.length === 0) return;
    }
  }

  async #catchUp(channel) {
    if (channel.seq !== null) await this.#missed(channel);
    await this.#lists(channel);
    this.#changed(channel.name);
  }

  async #lists(channel) {
    const [channels, threads] = await Promise.all([
      this.#look("channels"),
      this.#look("threads", { channel: channel.name }),
    ]);
    this.#store.listed = channels.lines;
    channel.threads = threads.lines;
  }

  // The same question is not asked twice at a time: whoever asks meanwhile waits for a second round.
  async #one(key, work) {
    const before = this.#running.get(key);
    if (before) {
      before.again = true;
      return before.done;
    }
    const run = { again: false, done: null };
    this.#running.set(key, run);
    run.done = (async () => {
      try {
        do {
          run.again = false;
          await work();
        } while (run.again);
      } catch (error) {
        this.#failed(error);
      } finally {
        this.#running.delete(key);
      }
    })();
    return run.done;
  }
}
