// What PostgreSQL alone understands: text search, casts, its own functions.
#include "search/dialect.hpp"
#include "search/word_query.hpp"

namespace blip::search {
namespace {

// PostgreSQL's own ranks know nothing of how rare a word is. These are the sums that FTS5 makes, in
// the same order, so that an index in a file ranks alike: BM25 with k1 = 1.2, b = 0.75. A word that
// is in half of the captions or more counts next to nothing. `hits` has each word of the query in
// each caption; a word that the query has twice counts twice.
constexpr std::string_view kFindWords = R"(
WITH wanted AS (
  SELECT lexeme, cardinality(positions) AS times, positions[1] AS place
  FROM unnest(to_tsvector('blip.words', ?1))),
hits AS MATERIALIZED (
  SELECT w.rowid, w.length, u.lexeme, cardinality(u.positions)::float8 AS found
  FROM words w CROSS JOIN LATERAL unnest(w.lexemes) u
  WHERE w.lexemes @@ to_tsquery('blip.words', ?1) AND u.lexeme IN (SELECT lexeme FROM wanted)),
every AS (
  SELECT count(*)::float8 AS number, sum(length)::float8 / nullif(count(*), 0) AS length
  FROM words),
rarity AS (
  SELECT lexeme, CASE WHEN 2 * count(*) < e.number
    THEN ln((e.number - count(*) + 0.5) / (count(*) + 0.5)) ELSE 1e-6 END AS worth
  FROM hits, every e GROUP BY lexeme, e.number),
ranked AS (
  SELECT h.rowid, sum(q.times * r.worth * ((h.found * 2.2) /
    (h.found + 1.2 * (1 - 0.75 + 0.75 * h.length / e.length))) ORDER BY q.place) AS score
  FROM hits h JOIN rarity r USING (lexeme) JOIN wanted q USING (lexeme) CROSS JOIN every e
  GROUP BY h.rowid)
SELECT c.picture FROM ranked w JOIN captions c ON c.id = w.rowid
WHERE ?3 = 0 OR c.model = ?3 OR NOT EXISTS(
  SELECT 1 FROM captions h WHERE h.picture = c.picture AND h.model = ?3)
ORDER BY w.score DESC, w.rowid LIMIT ?2)";

std::string alternatives(std::string_view text) {
  // Quoted: to_tsquery takes some characters beyond ASCII for spaces.
  return joined_words(text, "'", " | ");
}

}  // namespace

const Dialect kPostgresqlDialect = {
    .word_query = alternatives,
    .find_words = kFindWords,
    .pictures_tagged = "SELECT picture FROM tags WHERE lower(tag) = lower(? COLLATE \"C\")",
    .tags_of =
        "SELECT min(tag) FROM tags WHERE picture = ? GROUP BY lower(tag) ORDER BY "
        "lower(tag) LIMIT 1000",
    .common_tags =
        "SELECT min(tag), count(*) AS pictures FROM tags GROUP BY lower(tag) ORDER BY "
        "pictures DESC, lower(tag) LIMIT ?",
    .all_vectors = "SELECT picture, vector FROM embeddings WHERE model = ?",
    .later_vectors = "SELECT picture, vector FROM embeddings WHERE model = ? AND generation > ?",
    // Of this library: one that is made anew begins at 0 again.
    .data_version = "SELECT changes # hashtextextended(id, 0) FROM library",
    .random_digits = "SELECT replace(gen_random_uuid()::text, '-', '')",
    .most_dims = 16'000};

}  // namespace blip::search
