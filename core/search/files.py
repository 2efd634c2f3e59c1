"""Search in one source's index file, by words and, where they are indexed, by parts of words."""

from dataclasses import replace

from core.search.hits import FileHit, SearchResult
from core.search.index import has_parts
from core.search.query import Query
from core.search.ranked import Table, ranked
from core.search.telling import best_lines
from core.state.database import Transaction

_LARGEST_ROW = 2**63 - 1


def _table(name: str, place: str) -> Table:
    return Table(
        count=f"""
            SELECT count(*) FROM (
                SELECT rowid FROM {name} WHERE {name} MATCH :words AND rowid <= :upto LIMIT :most)
        """,  # noqa: S608  (constants)
        best=f"""
            SELECT id, count(*) OVER () FROM (
                SELECT rowid AS id, {place} AS place FROM {name}
                WHERE {name} MATCH :words AND rowid <= :upto ORDER BY rowid DESC LIMIT :most)
            ORDER BY place, id LIMIT :limit
        """,  # noqa: S608  (constants)
        shown=f"""
            SELECT chunks.id, files.path, files.at, chunks.line, lower(hex(chunks.digest)),
                highlight({name}, 1, char(2), char(3))
            FROM {name} JOIN chunks ON chunks.id = {name}.rowid
            JOIN files ON files.id = chunks.file
            WHERE {name} MATCH :words AND {name}.rowid BETWEEN :first AND :last
                AND +{name}.rowid IN (SELECT value FROM json_each(:rows))
        """,  # noqa: S608  (constants)
    )


_WORDS = _table("words", "rank")
# How rare a part is says little, and costs a look at all that match: the newest come first.
_PARTS = _table("parts", "-rowid")


def search_files(tx: Transaction, source: str, query: Query, limit: int) -> SearchResult:
    """The best `limit` lines; a chunk's best lines stand for it. Whole words come before parts."""
    words = _search(tx, _WORDS, source, query, limit)
    if not query.parts or not has_parts(tx):
        return words
    as_parts = replace(query, terms=query.parts)
    parts = _search(tx, _PARTS, source, as_parts, limit)
    short = (f"{source}: parts of words need three characters",)
    few = short if len(query.parts) < len(query.terms) else ()
    notes = tuple(dict.fromkeys((*words.notes, *parts.notes, *few)))
    if words.partial or not words.hits:
        better = words if parts.partial and words.hits else parts
        return replace(better, notes=notes)
    more = () if parts.partial else parts.hits
    hits = {(hit.path, hit.line): hit for hit in (*more, *words.hits) if isinstance(hit, FileHit)}
    first = dict.fromkeys((hit.path, hit.line) for hit in words.hits if isinstance(hit, FileHit))
    ordered = [hits[place] for place in {**first, **hits}]
    return SearchResult(hits=tuple(ordered[:limit]), notes=notes)


def _search(tx: Transaction, table: Table, source: str, query: Query, limit: int) -> SearchResult:
    found = ranked(tx, table, query, limit, upto=_LARGEST_ROW)
    texts = [(str(row[1]), int(str(row[3])), str(row[5])) for row in found.rows]
    hits = []
    for one in best_lines(texts, limit):
        _, path, at, _, digest, _ = found.rows[one.place]
        hits.append(
            FileHit(
                source=source,
                path=str(path),
                line=one.line,
                at=float(str(at)),
                snippet=one.snippet,
                digest=str(digest),
            )
        )
    return SearchResult(hits=tuple(hits), notes=found.notes(source), partial=found.partial)
