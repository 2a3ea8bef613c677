#include "search/catalogue_index.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "blip/error.hpp"
#include "search/catalogue_schema.hpp"
#include "search/word_query.hpp"

namespace blip::search {
namespace {

constexpr std::string_view kItemColumns =
    "SELECT id, key, picture, title, price, row_hash, text_hash, picture_hash FROM items";

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

KnownItem item_of(const Statement& row, const Database& database) {
  KnownItem item{.id = row.integer(0),
                 .key = row.text(1),
                 .picture = {},
                 .title = row.text(3),
                 .price = row.optional_real(4),
                 .row_hash = row.text(5),
                 .text_hash = row.text(6),
                 .picture_hash = row.text(7)};
  if (!row.is_null(2)) {
    const auto path = row.blob(2);
    item.picture.assign(reinterpret_cast<const char*>(path.data()), path.size());
  }
  const bool fits = !item.key.empty() && item.key.size() <= kMaxItemTextBytes &&
                    item.title.size() <= kMaxItemTextBytes &&
                    item.picture.size() <= kMaxPathBytes &&
                    item.picture.find('\0') == std::string::npos;
  if (!fits) database.damaged("an item of the catalogue");
  return item;
}

}  // namespace

bool has_catalogue_tables(Database& database) {
  if (database.is_server()) return false;
  return database.number("SELECT count(*) FROM sqlite_schema WHERE name = 'items'") != 0;
}

bool CatalogueIndex::is_in(LibraryIndex& index) {
  return has_catalogue_tables(index.database());
}

CatalogueIndex::CatalogueIndex(LibraryIndex& index, Access access) : database_(index.database()) {
  if (database_.is_server()) {
    throw Error(ErrorCode::unsupported,
                index.file() + ": a catalogue is kept in a file; name one with --index");
  }
  if (has_catalogue_tables(database_)) return;
  if (access == Access::read) {
    throw Error(ErrorCode::invalid_argument,
                index.file() + ": is no index of a catalogue; see: blip index --catalogue");
  }
  Transaction transaction(database_);
  if (!has_catalogue_tables(database_)) {
    if (database_.number("SELECT EXISTS(SELECT 1 FROM pictures)") != 0) {
      throw Error(ErrorCode::invalid_argument,
                  index.file() + ": is an index of photos; name another file with --index");
    }
    database_.execute(kCatalogueTables);
  }
  transaction.commit();
}

std::vector<KnownItem> CatalogueIndex::items() {
  Statement rows(database_, std::string(kItemColumns) + " ORDER BY id");
  std::vector<KnownItem> items;
  while (rows.step()) items.push_back(item_of(rows, database_));
  return items;
}

std::optional<KnownItem> CatalogueIndex::find(std::string_view key) {
  Statement row(database_, std::string(kItemColumns) + " WHERE key = ?");
  row.bind_text(1, key);
  if (!row.step()) return std::nullopt;
  return item_of(row, database_);
}

std::int64_t CatalogueIndex::put_item(const KnownItem& item, const ItemTexts& texts) {
  const auto known = find(item.key);
  if (known && known->text_hash != item.text_hash) remove_vectors(known->id);
  Statement put(database_,
                known
                    ? "UPDATE items SET key = ?, picture = ?, title = ?, price = ?, row_hash = ?, "
                      "text_hash = ? WHERE id = ?"
                    : "INSERT INTO items(key, picture, title, price, row_hash, text_hash, "
                      "picture_hash) VALUES(?, ?, ?, ?, ?, ?, '') RETURNING id");
  put.bind_text(1, item.key).bind_text(3, item.title);
  if (item.picture.empty()) {
    put.bind_null(2);
  } else {
    put.bind_blob(2, as_bytes(item.picture));
  }
  if (item.price) {
    put.bind(4, *item.price);
  } else {
    put.bind_null(4);
  }
  put.bind_text(5, item.row_hash).bind_text(6, item.text_hash);
  if (known) put.bind(7, known->id);
  if (known) put.run();
  const std::int64_t id = known ? known->id : put.inserted();
  Statement(database_, "DELETE FROM item_words WHERE rowid = ?").bind(1, id).run();
  Statement(database_,
            "INSERT INTO item_words(rowid, title, description, reviews) VALUES(?, ?, ?, ?)")
      .bind(1, id)
      .bind_text(2, texts.title)
      .bind_text(3, texts.description)
      .bind_text(4, texts.reviews)
      .run();
  return id;
}

void CatalogueIndex::remove_vectors(std::int64_t item) {
  Statement(database_, "DELETE FROM item_vectors WHERE item = ?").bind(1, item).run();
}

void CatalogueIndex::remove_other_findings(std::string_view name, const IndexedModel& model) {
  Statement(database_, "DELETE FROM item_attributes WHERE name = ? AND model NOT IN (?, ?)")
      .bind_text(1, name)
      .bind(2, kFromFile)
      .bind(3, model.id)
      .run();
}

void CatalogueIndex::remove_item(std::int64_t item) {
  remove_vectors(item);
  for (const char* sql :
       {"DELETE FROM item_attributes WHERE item = ?", "DELETE FROM item_words WHERE rowid = ?",
        "DELETE FROM items WHERE id = ?"}) {
    Statement(database_, sql).bind(1, item).run();
  }
}

void CatalogueIndex::put_attributes(std::int64_t item, std::int64_t model,
                                    std::span<const ItemAttribute> attributes) {
  Statement(database_, "DELETE FROM item_attributes WHERE item = ? AND model = ?")
      .bind(1, item)
      .bind(2, model)
      .run();
  Statement put(database_,
                "INSERT OR IGNORE INTO item_attributes(item, model, name, value) SELECT id, ?, ?, "
                "? FROM items WHERE id = ?");
  for (const auto& [name, value] : attributes) {
    put.bind(1, model).bind_text(2, name).bind_text(3, value).bind(4, item).run();
  }
}

void CatalogueIndex::put_picture_hash(std::int64_t item, std::string_view hash) {
  Statement(database_, "DELETE FROM item_attributes WHERE item = ? AND model <> ?")
      .bind(1, item)
      .bind(2, kFromFile)
      .run();
  Statement(database_, "UPDATE items SET picture_hash = ? WHERE id = ?")
      .bind_text(1, hash)
      .bind(2, item)
      .run();
}

void CatalogueIndex::put_vector(std::int64_t item, std::string_view text_hash,
                                const IndexedModel& model, std::span<const float> vector) {
  if (vector.size() != static_cast<std::size_t>(model.dims)) {
    throw Error(ErrorCode::invalid_argument, model.name + ": a vector of another length");
  }
  Statement(database_,
            "INSERT INTO item_vectors(item, model, vector) SELECT id, ?, ? FROM items "
            "WHERE id = ? AND text_hash = ? "
            "ON CONFLICT(item, model) DO UPDATE SET vector = excluded.vector")
      .bind(1, model.id)
      .bind_blob(2, std::as_bytes(vector))
      .bind(3, item)
      .bind_text(4, text_hash)
      .run();
}

VectorRows CatalogueIndex::vectors(const IndexedModel& model) {
  VectorRows rows(model.dims);
  Statement statement(database_, "SELECT item, vector FROM item_vectors WHERE model = ?");
  statement.bind(1, model.id);
  std::vector<float> vector(static_cast<std::size_t>(model.dims));
  while (statement.step()) {
    const std::span<const std::byte> bytes = statement.blob(1);
    if (bytes.size() != vector.size() * sizeof(float)) database_.damaged("the length of a vector");
    std::memcpy(vector.data(), bytes.data(), bytes.size());
    if (!std::ranges::all_of(vector, [](float value) { return std::isfinite(value); })) {
      database_.damaged("a vector with a number that is not finite");
    }
    rows.add(statement.integer(0), vector);
  }
  return rows;
}

std::unordered_set<std::int64_t> CatalogueIndex::items_in(std::string_view table,
                                                          const IndexedModel& model) {
  Statement rows(database_, "SELECT DISTINCT item FROM " + std::string(table) + " WHERE model = ?");
  rows.bind(1, model.id);
  std::unordered_set<std::int64_t> items;
  while (rows.step()) items.insert(rows.integer(0));
  return items;
}

std::unordered_set<std::int64_t> CatalogueIndex::items_with_vector(const IndexedModel& model) {
  return items_in("item_vectors", model);
}

std::unordered_set<std::int64_t> CatalogueIndex::items_with_attributes(const IndexedModel& model) {
  return items_in("item_attributes", model);
}

std::vector<ItemAttribute> CatalogueIndex::attributes_of(std::int64_t item) {
  Statement rows(
      database_,
      "SELECT DISTINCT name, value FROM item_attributes WHERE item = ? ORDER BY name, value");
  rows.bind(1, item);
  std::vector<ItemAttribute> attributes;
  while (rows.step()) attributes.emplace_back(rows.text(0), rows.text(1));
  return attributes;
}

void CatalogueIndex::for_attribute(
    std::string_view name, const std::function<void(std::int64_t, const std::string&)>& visit) {
  Statement rows(database_, "SELECT item, value FROM item_attributes WHERE name = ?");
  rows.bind_text(1, name);
  while (rows.step()) visit(rows.integer(0), rows.text(1));
}

std::vector<std::int64_t> CatalogueIndex::find_words(std::string_view text, ItemWords words) {
  const std::string query = word_query(text);
  if (query.empty()) return {};
  if (words == ItemWords::titles) return find_in_titles(query);
  // What a word of the title, of the description and of the reviews counts. A title names the
  // thing; a review names others, too.
  Statement rows(database_,
                 "SELECT rowid FROM item_words WHERE item_words MATCH ? ORDER BY bm25(item_words, "
                 "4.0, 1.0, 0.5), rowid");
  rows.bind_text(1, query);
  std::vector<std::int64_t> items;
  while (rows.step()) items.push_back(rows.integer(0));
  return items;
}

// BM25 measures how long a text is by all columns: titles alone need a table of their own.
std::vector<std::int64_t> CatalogueIndex::find_in_titles(const std::string& query) {
  Database titles;
  titles.execute("CREATE VIRTUAL TABLE t USING fts5(title, tokenize = 'porter unicode61')");
  {
    Transaction transaction(titles);
    Statement put(titles, "INSERT INTO t(rowid, title) VALUES(?, ?)");
    Statement rows(database_, "SELECT id, title FROM items");
    while (rows.step()) put.bind(1, rows.integer(0)).bind_text(2, rows.text(1)).run();
    transaction.commit();
  }
  Statement rows(titles, "SELECT rowid FROM t WHERE t MATCH ? ORDER BY bm25(t), rowid");
  rows.bind_text(1, query);
  std::vector<std::int64_t> items;
  while (rows.step()) items.push_back(rows.integer(0));
  return items;
}

void CatalogueIndex::check_integrity() {
  bool fits = database_.number(
                  "SELECT (SELECT count(*) FROM items) = (SELECT count(*) FROM "
                  "item_words)") != 0;
  for (const std::string table : {"item_attributes", "item_vectors"}) {
    fits = fits && database_.number("SELECT EXISTS(SELECT 1 FROM " + table +
                                    " WHERE item NOT IN (SELECT id FROM items))") == 0;
  }
  if (!fits) database_.damaged("its tables do not fit together");
}

}  // namespace blip::search
