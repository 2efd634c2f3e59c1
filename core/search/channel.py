"""Search in one channel's messages, in a transaction of the channel's file. Knows no sources."""

from core.search.hits import MessageHit, SearchResult
from core.search.query import Query
from core.search.ranked import Table, ranked
from core.search.telling import best_line
from core.state.database import Transaction

# Marking the matches means reading all of the text again, which must not be megabytes.
_MARKED = 100_000
# Larger than any rowid.
_NEWEST = 2**63 - 1

_MESSAGES = Table(
    count="""
        SELECT count(*) FROM (
            SELECT rowid FROM messages_words WHERE messages_words MATCH :words AND rowid <= :upto
            LIMIT :most)
    """,
    best="""
        SELECT seq, count(*) OVER () FROM (
            SELECT rowid AS seq, rank AS place FROM messages_words
            WHERE messages_words MATCH :words AND rowid <= :upto ORDER BY rowid DESC LIMIT :most)
        ORDER BY place, seq DESC LIMIT :limit
    """,
    shown=f"""
        SELECT messages.seq, messages.thread, messages.author, messages.at,
            CASE WHEN length(messages.text) <= {_MARKED:d}
                THEN highlight(messages_words, 0, char(2), char(3))
                ELSE substr(messages.text, 1, 1000) END
        FROM messages_words JOIN messages ON messages.seq = messages_words.rowid
        WHERE messages_words MATCH :words AND messages_words.rowid BETWEEN :first AND :last
            AND +messages_words.rowid IN (SELECT value FROM json_each(:rows))
    """,  # noqa: S608  (a number of our own)
)


def search_messages(
    tx: Transaction, query: Query, upto_seq: int | None, limit: int
) -> SearchResult:
    """The best `limit` messages up to and including `upto_seq` (None: all)."""
    found = ranked(tx, _MESSAGES, query, limit, upto=_NEWEST if upto_seq is None else upto_seq)
    hits = tuple(_hit(row) for row in found.rows)
    return SearchResult(hits=hits, notes=found.notes("messages"), partial=found.partial)


def _hit(row: tuple[object, ...]) -> MessageHit:
    seq, thread, author, at, marked = row
    line = best_line(str(marked))
    return MessageHit(
        seq=int(str(seq)),
        thread=str(thread),
        author=str(author),
        at=float(str(at)),
        line=line.number + 1,
        snippet=line.snippet,
    )
