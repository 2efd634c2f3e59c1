// What the page knows of each channel: lines, cards, streams. Draws nothing, asks nothing.

export class Channel {
  lines = new Map(); // by id: {seq, id, thread, author, text, at, post, order}
  cards = new Map(); // by job number
  streams = new Map(); // by post id
  seen = new Set(); // ids of messages that are worked on or were
  answered = new Set(); // ids of messages that have an answer
  threads = []; // as listed
  roots = new Map(); // by thread: the line it hangs on, read with it
  read = new Map(); // by thread: {oldest, complete} of what was read of it
  seq = null; // everything up to here is known, null before the first reading
  pushes = 0; // posts that came by themselves
  #arrivals = 0;

  constructor(name) {
    this.name = name;
  }

  /** Take a line; false if nothing changed. The bot's own order (`seq`) wins over the order of arrival.
   *  `asked` is `pushes` when it was asked for: a post that came since is newer than what was read. */
  addLine(line, asked = Infinity) {
    const known = this.lines.get(line.id);
    if (known && known.seq > 0 && line.seq === 0 && !line.post) return false;
    const seq = line.seq || known?.seq || 0;
    const newest = known?.pushed > asked ? known : line;
    this.lines.set(line.id, { ...newest, seq, order: known?.order ?? (this.#arrivals += 1) });
    if (line.post) {
      this.streams.delete(line.id);
      if (line.post.reply_to) this.answered.add(line.post.reply_to);
    }
    return true;
  }

  /** Take a post that was just delivered; its place in the order comes with reading. */
  addPost(post) {
    const pushed = (this.pushes += 1);
    this.addLine({ seq: 0, id: post.id, thread: post.thread, author_id: "", author: "", text: "", at: post.at, post, pushed });
  }

  /** Take a card if it is news: versions only grow, and a hint never beats a durable card. */
  addCard(card, durable) {
    const known = this.cards.get(card.job);
    if (known && card.version < known.version) return false;
    if (known && card.version === known.version && !durable && card.state !== known.state) return false;
    this.cards.set(card.job, card);
    return true;
  }

  /** Take the text of an answer as far as it has come; false once the answer is there. */
  addStream(stream) {
    if (this.lines.has(stream.post_id)) return false;
    const known = this.streams.get(stream.post_id);
    const order = known?.order ?? (this.#arrivals += 1);
    this.streams.set(stream.post_id, { ...stream, order, at: known?.at ?? Date.now() / 1000 });
    if (stream.reply_to) this.answered.add(stream.reply_to);
    return true;
  }

  /** The line that a thread hangs on, if it is known. */
  root(thread) {
    return thread ? (this.lines.get(thread) ?? this.roots.get(thread)) : undefined;
  }

  /** Forget what was read: too much was missed to fetch it all. */
  reset() {
    this.lines.clear();
    this.read.clear();
    this.seq = null;
  }

  /** The lines and streams of a thread in the order to show. */
  conversation(thread) {
    const lines = [...this.lines.values()].filter((line) => line.thread === thread);
    const streams = [...this.streams.values()].filter((stream) => stream.thread === thread);
    lines.sort((one, other) => (one.seq || Infinity) - (other.seq || Infinity) || one.order - other.order);
    return { lines, streams };
  }

  /** How many jobs are not over. */
  get running() {
    return [...this.cards.values()].filter((card) => card.ended_at === null).length;
  }
}

export class Store {
  #channels = new Map();
  listed = []; // channels as the server lists them

  /** The channel of that name, known or not. */
  channel(name) {
    if (!this.#channels.has(name)) this.#channels.set(name, new Channel(name));
    return this.#channels.get(name);
  }

  /** Names to list: the server's, the standing one and the open one. */
  names(open) {
    return [...new Set([...this.listed.map((line) => line.channel), "general", open])];
  }
}
