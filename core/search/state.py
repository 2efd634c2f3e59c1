"""Search in a channel's state and workspace files as they were at a commit. Indexes nothing."""

from core.search.hits import SearchResult, Skipped, StateHit, WorkspaceHit, combined
from core.search.query import Query
from core.search.ranked import Ranked, Table, ranked
from core.search.telling import best_lines, excerpt
from core.state.database import Transaction
from core.state.entries import author_name
from core.state.facts import Space, head
from core.state.files import find_file

# A row is seen at a commit if its version is the newest up to there, or its line or element lives.
_SEEN = """
    e.space = :space AND now.kind IS NOT NULL AND CASE
        WHEN t.operation IS NULL AND t.commit_no = 0 THEN 1
        WHEN t.operation IS NULL THEN t.commit_no = now.commit_no
        WHEN now.kind = 'log' THEN EXISTS (
            SELECT 1 FROM commits AS c JOIN lines AS l ON l.entry = t.entry
                AND l.order_base = c.order_base AND l.order_rank = c.order_rank
                AND l.operation = t.operation
            WHERE c.number = t.commit_no AND l.added <= :at
                AND (l.removed IS NULL OR l.removed > :at))
        WHEN now.kind = 'set' THEN EXISTS (
            SELECT 1 FROM operations AS o JOIN stamps AS s ON s.entry = t.entry
                AND s.element = o.argument AND s.operation = o.id
            WHERE o.id = t.operation AND s.added <= :at
                AND (s.removed IS NULL OR s.removed > :at))
        ELSE 0 END
"""
_NOW = """
    versions AS now ON now.entry = t.entry AND now.commit_no =
        (SELECT max(commit_no) FROM versions WHERE entry = t.entry AND commit_no <= :at)
"""

_STATE = Table(
    count="SELECT count(*) FROM (SELECT 1 FROM state_words WHERE state_words MATCH :words"
    " LIMIT :most)",
    oldest="SELECT rowid FROM state_words WHERE state_words MATCH :words"
    " ORDER BY rowid DESC LIMIT 1 OFFSET :scanned",
    best=f"""
        SELECT id, count(*) OVER () FROM (
            SELECT t.id AS id, state_words.rank AS place FROM state_words
            CROSS JOIN state_texts AS t ON t.id = state_words.rowid
            CROSS JOIN entries AS e ON e.id = t.entry CROSS JOIN {_NOW}
            WHERE state_words MATCH :words AND state_words.rowid > :from AND {_SEEN}
            ORDER BY state_words.rowid DESC LIMIT :most)
        ORDER BY place, id DESC LIMIT :limit
    """,  # noqa: S608  (constants)
    shown=f"""
        SELECT t.id, e.key, c.number, c.author_kind, c.author, c.job, c.at, t.line,
            CASE WHEN now.kind = 'counter' THEN now.body
                WHEN e.space = 'file' THEN highlight(state_words, 0, char(2), char(3))
                ELSE highlight(state_words, 1, char(2), char(3)) END
        FROM state_words CROSS JOIN state_texts AS t ON t.id = state_words.rowid
        CROSS JOIN entries AS e ON e.id = t.entry CROSS JOIN {_NOW}
        CROSS JOIN commits AS c ON c.number = iif(t.operation IS NULL, now.changed, t.commit_no)
        WHERE state_words MATCH :words AND state_words.rowid BETWEEN :first AND :last
            AND +state_words.rowid IN (SELECT value FROM json_each(:rows))
    """,  # noqa: S608  (constants)
)

_CONTENTS = Table(
    count="SELECT count(*) FROM (SELECT 1 FROM content_words WHERE content_words MATCH :words"
    " LIMIT :most)",
    oldest="SELECT rowid FROM content_words WHERE content_words MATCH :words"
    " ORDER BY rowid DESC LIMIT 1 OFFSET :scanned",
    best="""
        SELECT id, count(*) OVER () FROM (
            SELECT t.id AS id, content_words.rank AS place FROM content_words
            CROSS JOIN content_chunks AS t ON t.id = content_words.rowid
            WHERE content_words MATCH :words AND content_words.rowid > :from AND EXISTS (
                SELECT 1 FROM content_places AS p WHERE p.content = t.content AND p.commit_no = (
                    SELECT max(commit_no) FROM versions
                    WHERE entry = p.entry AND commit_no <= :at))
            ORDER BY content_words.rowid DESC LIMIT :most)
        ORDER BY place, id LIMIT :limit
    """,
    shown="""
        SELECT t.id, t.content, f.sha256, t.line, highlight(content_words, 0, char(2), char(3))
        FROM content_words CROSS JOIN content_chunks AS t ON t.id = content_words.rowid
        CROSS JOIN contents AS f ON f.id = t.content
        WHERE content_words MATCH :words AND content_words.rowid BETWEEN :first AND :last
            AND +content_words.rowid IN (SELECT value FROM json_each(:rows))
    """,
)
_PLACES = """
    SELECT e.key, c.number, c.author_kind, c.author, c.job, c.at, count(*) OVER () - 1
    FROM content_places AS p CROSS JOIN versions AS now
        ON now.entry = p.entry AND now.commit_no = p.commit_no
    CROSS JOIN entries AS e ON e.id = p.entry CROSS JOIN commits AS c ON c.number = now.changed
    WHERE p.content = ? AND p.commit_no =
        (SELECT max(commit_no) FROM versions WHERE entry = p.entry AND commit_no <= ?)
    ORDER BY e.key LIMIT 1
"""
_SKIPPED = """
    SELECT e.key, f.skipped, count(*) OVER () FROM contents AS f
    CROSS JOIN content_places AS p ON p.content = f.id CROSS JOIN entries AS e ON e.id = p.entry
    WHERE f.skipped IS NOT NULL AND p.commit_no =
        (SELECT max(commit_no) FROM versions WHERE entry = p.entry AND commit_no <= ?)
    ORDER BY p.commit_no DESC, e.key LIMIT ?
"""


def search_state(tx: Transaction, query: Query, at: int | None, limit: int) -> SearchResult:
    """The best `limit` lines of entries as they were at a commit (None: head)."""
    found = _ranked(tx, query, at, limit, "entry")
    texts = [(str(row[1]), int(str(row[7])), str(row[8])) for row in found.rows]
    hits: dict[StateHit, None] = {}
    for one in best_lines(texts, 2 * limit):
        _, key, commit, kind, name, job, when = found.rows[one.place][:7]
        hit = StateHit(
            key=str(key),
            commit=int(str(commit)),
            author=_author(kind, name, job),
            at=float(str(when)),
            line=one.line,
            snippet=one.snippet,
        )
        hits[hit] = None
    shown = tuple(hits)[:limit]
    return SearchResult(hits=shown, notes=found.notes("state"), partial=found.partial)


def search_workspace(tx: Transaction, query: Query, at: int | None, limit: int) -> SearchResult:
    """The best `limit` lines of workspace files at a commit (None: head), and names of files."""
    contents = _lines(tx, query, at, limit)
    names = _names(tx, query, at, limit)
    return combined([contents, names], limit)


def unsearched(tx: Transaction, at: int | None, most: int) -> Skipped:
    """The files at a commit (None: head) whose contents are not indexed; the newest named."""
    rows = tx.execute(_SKIPPED, (head(tx) if at is None else at, most)).fetchall()
    count = rows[0][2] if rows else 0
    return Skipped(count=count, newest=tuple((path, reason) for path, reason, _ in rows))


def _lines(tx: Transaction, query: Query, at: int | None, limit: int) -> SearchResult:
    commit = head(tx) if at is None else at
    found = ranked(tx, _CONTENTS, query, limit, at=commit)
    texts = [(str(row[2]), int(str(row[3])), str(row[4])) for row in found.rows]
    lines = best_lines(texts, limit)
    contents = {found.rows[one.place][1] for one in lines}
    places = {one: tx.execute(_PLACES, (one, commit)).fetchone() for one in contents}
    hits = []
    for one in lines:
        _, content, sha256 = found.rows[one.place][:3]
        if places[content] is None:
            continue
        path, number, kind, name, job, when, also = places[content]
        hits.append(
            WorkspaceHit(
                path=path,
                sha256=str(sha256),
                commit=number,
                author=author_name(kind, name, job),
                at=when,
                line=one.line,
                snippet=one.snippet,
                also=also,
            )
        )
    return SearchResult(hits=tuple(hits), notes=found.notes("files"), partial=found.partial)


def _names(tx: Transaction, query: Query, at: int | None, limit: int) -> SearchResult:
    found = _ranked(tx, query, at, limit, "file")
    hits = []
    for _, path, commit, kind, name, job, when, _, marked in found.rows:
        file = find_file(tx, str(path), at)
        hits.append(
            WorkspaceHit(
                path=str(path),
                sha256=file.sha256 if file else "",
                commit=int(str(commit)),
                author=_author(kind, name, job),
                at=float(str(when)),
                line=0,
                snippet=excerpt(str(marked)),
            )
        )
    return SearchResult(hits=tuple(hits), notes=found.notes("files"), partial=found.partial)


def _ranked(tx: Transaction, query: Query, at: int | None, limit: int, space: Space) -> Ranked:
    return ranked(tx, _STATE, query, limit, at=head(tx) if at is None else at, space=space)


def _author(kind: object, name: object, job: object) -> str:
    return author_name(str(kind), str(name), job if isinstance(job, int) else None)
