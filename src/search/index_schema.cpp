#include "search/index_schema.hpp"

#include <sqlite3.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "blip/error.hpp"
#include "search/catalogue_schema.hpp"
#include "search/postgresql_schema.hpp"

namespace blip::search {
namespace {

// Paths are bytes: not all of them are UTF-8. The words of captions are in a table of their own,
// whose rows have the ids of `captions`.
constexpr const char* kTables = R"(
CREATE TABLE models(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
  dims INTEGER NOT NULL, UNIQUE(kind, name)) STRICT;
CREATE TABLE pictures(id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,
  mtime INTEGER NOT NULL, hash TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  dhash INTEGER NOT NULL,  taken TEXT, camera TEXT, latitude REAL, longitude REAL) STRICT;
CREATE TABLE embeddings(id INTEGER PRIMARY KEY, picture INTEGER NOT NULL, model INTEGER NOT NULL,
  vector BLOB NOT NULL, UNIQUE(picture, model)) STRICT;
CREATE TABLE captions(id INTEGER PRIMARY KEY, picture INTEGER NOT NULL, model INTEGER NOT NULL,
  UNIQUE(picture, model)) STRICT;
CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'porter unicode61');
)";

// What version 2 has more. Every change of a model's vectors has a number, its generation, so that
// a file of vectors knows what it lacks: rows of a later one, and removed ones. The stamp is that
// of the file which was put in place with this state: numbers are used again by an index that was
// restored, stamps are not. A new index is made
// by the same two steps as an old one is brought up to date, so both have the same tables.
constexpr const char* kTables2 = R"(
CREATE TABLE library(id TEXT NOT NULL) STRICT;
INSERT INTO library VALUES(lower(hex(randomblob(16))));
ALTER TABLE models ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE models ADD COLUMN based INTEGER NOT NULL DEFAULT 0;
ALTER TABLE models ADD COLUMN stamp TEXT NOT NULL DEFAULT '';
ALTER TABLE embeddings ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
CREATE INDEX embeddings_by_generation ON embeddings(model, generation);
CREATE TABLE removed_vectors(id INTEGER PRIMARY KEY, model INTEGER NOT NULL,
  picture INTEGER NOT NULL, generation INTEGER NOT NULL) STRICT;
CREATE INDEX removed_by_generation ON removed_vectors(model, generation);
CREATE TABLE tags(id INTEGER PRIMARY KEY, picture INTEGER NOT NULL, model INTEGER NOT NULL,
  tag TEXT NOT NULL COLLATE NOCASE, UNIQUE(picture, model, tag)) STRICT;
CREATE INDEX tags_by_tag ON tags(tag);
CREATE TABLE looks(picture INTEGER PRIMARY KEY, grey BLOB NOT NULL) STRICT;
CREATE TABLE thumbnails(picture INTEGER PRIMARY KEY, jpeg BLOB NOT NULL) STRICT;
)";

// type and name → the statement that made it
using Schema = std::map<std::pair<std::string, std::string>, std::string>;

Schema schema_of(Database& database) {
  // A few dozen rows are right; a file with more is none.
  Statement rows(database, "SELECT type, name, sql FROM sqlite_schema LIMIT 100");
  Schema schema;
  while (rows.step()) {
    const std::string name = rows.text(1);
    // FTS5 makes these itself, and its version decides how.
    const bool is_internal = name.starts_with("words_") || name.starts_with("item_words_");
    schema[{rows.text(0), name}] = is_internal ? "" : rows.optional_text(2).value_or("");
  }
  return schema;
}

bool is_empty(Database& database) {
  return database.number("PRAGMA application_id") == 0 &&
         database.number("SELECT count(*) FROM sqlite_schema") == 0;
}

// SQLite does not always wait for whoever does the same at this moment.
void use_write_ahead_log(Database& database) {
  constexpr int kTries = 600;
  constexpr std::chrono::milliseconds kPause{20};
  for (int i = 0;; ++i) {
    const int code = sqlite3_exec(database.sqlite()->handle(), "PRAGMA journal_mode = WAL", nullptr,
                                  nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if ((code & 0xFF) != SQLITE_BUSY || i == kTries) database.sqlite()->fail(code);
    std::this_thread::sleep_for(kPause);
  }
}

void make_tables(Database& database) {
  // Several vectors to a page; has no effect once there is a page.
  database.execute("PRAGMA page_size = 16384");
  use_write_ahead_log(database);
  Transaction transaction(database);
  if (is_empty(database)) {  // nobody was faster
    database.execute(kTables);
    database.execute(kTables2);
    database.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
    database.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  }
  transaction.commit();
}

void bring_up_to_date(Database& database) {
  Transaction transaction(database);
  if (database.number("PRAGMA user_version") == 1) {  // nobody was faster
    Database model;
    model.execute(kTables);
    if (schema_of(database) != schema_of(model)) database.damaged("its tables are not blip's");
    database.execute(kTables2);
    database.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  }
  transaction.commit();
}

}  // namespace

void open_schema(Database& database, Access access) {
  if (database.is_server()) return open_postgresql_schema(database, access);
  if (access == Access::write && is_empty(database)) make_tables(database);
  if (database.number("PRAGMA application_id") != kApplicationId)
    database.sqlite()->fail(SQLITE_NOTADB);
  if (database.number("PRAGMA user_version") == 1) {
    if (access == Access::read) {
      throw Error(ErrorCode::unsupported,
                  std::string(sqlite3_db_filename(database.sqlite()->handle(), "main")) +
                      ": this index was made by an earlier version of blip; run blip index once");
    }
    bring_up_to_date(database);
  }
  if (database.number("PRAGMA user_version") != kSchemaVersion) {
    throw Error(ErrorCode::unsupported,
                std::string(sqlite3_db_filename(database.sqlite()->handle(), "main")) +
                    ": this index was made by another version of blip; make a new one");
  }
  Database model;
  model.execute(kTables);
  model.execute(kTables2);
  if (has_catalogue_tables(database)) model.execute(kCatalogueTables);
  if (schema_of(database) != schema_of(model)) database.damaged("its tables are not blip's");
  if (access == Access::write) {
    // What a killed process has committed stays. Only a power failure may take the last batches.
    database.execute("PRAGMA synchronous = NORMAL");
  }
}

}  // namespace blip::search
