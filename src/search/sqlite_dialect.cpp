// What SQLite alone understands: FTS5, hints about indexes, pragmas.
#include "search/dialect.hpp"
#include "search/word_query.hpp"

namespace blip::search {

const Dialect kSqliteDialect = {
    .word_query = word_query,
    .find_words =
        "SELECT c.picture FROM words w JOIN captions c ON c.id = w.rowid WHERE words MATCH ?1 AND "
        "(?3 = 0 OR c.model = ?3 OR NOT EXISTS(SELECT 1 FROM captions h WHERE h.picture = "
        "c.picture AND h.model = ?3)) ORDER BY bm25(words), w.rowid LIMIT ?2",
    .pictures_tagged = "SELECT picture FROM tags WHERE tag = ?",
    .tags_of = "SELECT DISTINCT tag FROM tags WHERE picture = ? ORDER BY tag LIMIT 1000",
    .common_tags =
        "SELECT tag, count(*) AS pictures FROM tags GROUP BY tag ORDER BY pictures DESC, "
        "tag LIMIT ?",
    // All of them in the order of the file: by an index, every vector would be looked for.
    .all_vectors = "SELECT picture, vector FROM embeddings NOT INDEXED WHERE model = ?",
    .later_vectors =
        "SELECT picture, vector FROM embeddings INDEXED BY embeddings_by_generation "
        "WHERE model = ? AND generation > ?",
    .data_version = "PRAGMA data_version",
    .random_digits = "SELECT lower(hex(randomblob(16)))",
    .most_dims = 16'384};

}  // namespace blip::search
