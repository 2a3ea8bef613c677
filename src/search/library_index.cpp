#include "search/library_index.hpp"

#include <algorithm>

#include "blip/error.hpp"
#include "search/index_schema.hpp"

namespace blip::search {
namespace {

constexpr std::string_view kPictureColumns =
    "SELECT id, path, size, mtime, hash, taken, width, height, dhash, camera, latitude, longitude "
    "FROM pictures";

// Of the models that have a vector of a picture.
constexpr std::string_view kNextGeneration =
    "UPDATE models SET generation = generation + 1 WHERE id IN (SELECT model FROM embeddings WHERE "
    "picture = ?)";

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string_view name_of(Finding finding) {
  switch (finding) {
    case Finding::vectors:
      return "vectors";
    case Finding::captions:
      return "captions";
    case Finding::tags:
      break;
  }
  return "tags";
}

std::string path_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void bind_optional(Statement& statement, int parameter, const std::optional<std::string>& value) {
  if (value) {
    statement.bind_text(parameter, *value);
  } else {
    statement.bind_null(parameter);
  }
}

void bind_optional(Statement& statement, int parameter, const std::optional<double>& value) {
  if (value) {
    statement.bind(parameter, *value);
  } else {
    statement.bind_null(parameter);
  }
}

}  // namespace

LibraryIndex::LibraryIndex(const std::filesystem::path& place, Access access)
    : database_(place, access) {
  open_schema(database_, access);
}

std::vector<IndexedModel> LibraryIndex::models(Finding finding) {
  Statement rows(database_, "SELECT id, name, dims FROM models WHERE kind = ? ORDER BY id");
  rows.bind_text(1, name_of(finding));
  std::vector<IndexedModel> models;
  while (rows.step()) {
    const std::int64_t dims = rows.integer(2);
    const bool fits = finding != Finding::vectors ? dims == 0 : dims > 0 && dims <= kMaxDims;
    if (!fits) database_.damaged("a model's number of dimensions");
    models.push_back({.id = rows.integer(0), .name = rows.text(1), .dims = static_cast<int>(dims)});
  }
  return models;
}

std::optional<IndexedModel> LibraryIndex::find_model(Finding finding, const std::string& name) {
  const std::string kept = database_.kept_text(name);
  for (const IndexedModel& known : models(finding)) {
    if (known.name == kept) return known;
  }
  return std::nullopt;
}

IndexedModel LibraryIndex::put_model(const std::string& name, int dims) {
  const int most = database_.dialect().most_dims;
  if (dims < 0 || dims > most) {
    throw Error(
        ErrorCode::limit_exceeded,
        name + ": vectors of more than " + (most == kMaxDims ? "16,384" : "16,000") + " numbers");
  }
  return put(dims > 0 ? Finding::vectors : Finding::captions, name, dims);
}

IndexedModel LibraryIndex::put_tagger(const std::string& name) {
  return put(Finding::tags, name, 0);
}

IndexedModel LibraryIndex::put(Finding finding, const std::string& name, int dims) {
  Transaction transaction(database_);
  Statement(database_,
            "INSERT INTO models(kind, name, dims) VALUES(?, ?, ?) ON CONFLICT DO NOTHING")
      .bind_text(1, name_of(finding))
      .bind_text(2, name)
      .bind(3, std::int64_t{dims})
      .run();
  transaction.commit();
  const auto known = find_model(finding, name);
  if (!known) database_.damaged("a model is missing");
  if (known->dims != dims) {
    throw Error(ErrorCode::invalid_argument,
                name + ": the index has vectors of another length by a model of this name");
  }
  return *known;
}

std::string LibraryIndex::library_id() {
  Statement row(database_, "SELECT id FROM library");
  constexpr std::size_t kDigits = 32;
  std::string id = row.step() ? row.text(0) : "";
  if (id.size() != kDigits) database_.damaged("its own number");
  return id;
}

KnownPicture LibraryIndex::picture_of(const Statement& row) const {
  KnownPicture picture{.id = row.integer(0),
                       .path = path_of(row.blob(1)),
                       .state = {.size = row.integer(2), .mtime = row.integer(3)},
                       .hash = row.text(4),
                       .taken = row.optional_text(5),
                       .width = row.integer(6),
                       .height = row.integer(7),
                       .dhash = static_cast<std::uint64_t>(row.integer(8)),
                       .camera = row.optional_text(9),
                       .latitude = row.optional_real(10),
                       .longitude = row.optional_real(11)};
  if (picture.path.empty() || picture.path.size() > kMaxPathBytes ||
      picture.path.find('\0') != std::string::npos) {
    database_.damaged("a path that is none");
  }
  return picture;
}

void LibraryIndex::for_pictures(const std::function<void(KnownPicture&& picture)>& visit) {
  Statement rows(database_, std::string(kPictureColumns) + " ORDER BY id");
  while (rows.step()) visit(picture_of(rows));
}

std::vector<KnownPicture> LibraryIndex::pictures() {
  std::vector<KnownPicture> pictures;
  for_pictures([&](KnownPicture&& picture) { pictures.push_back(std::move(picture)); });
  return pictures;
}

std::optional<KnownPicture> LibraryIndex::picture(std::int64_t id) {
  Statement row(database_, std::string(kPictureColumns) + " WHERE id = ?");
  row.bind(1, id);
  if (!row.step()) return std::nullopt;
  return picture_of(row);
}

std::vector<std::int64_t> LibraryIndex::pictures_with(const IndexedModel& model) {
  Statement rows(database_, model.dims > 0
                                ? "SELECT picture FROM embeddings WHERE model = ? ORDER BY picture"
                                : "SELECT picture FROM captions WHERE model = ? ORDER BY picture");
  rows.bind(1, model.id);
  std::vector<std::int64_t> pictures;
  while (rows.step()) pictures.push_back(rows.integer(0));
  return pictures;
}

std::int64_t LibraryIndex::put_picture(std::string_view path, FileState state,
                                       const PictureFacts& facts) {
  if (path.size() > kMaxPathBytes) {
    throw Error(ErrorCode::limit_exceeded, "a path of more than 65,536 bytes");
  }
  std::optional<std::int64_t> known;
  {
    Statement row(database_, "SELECT id, hash FROM pictures WHERE path = ?");
    row.bind_blob(1, bytes_of(path));
    if (row.step()) {
      known = row.integer(0);
      const bool is_other = row.text(1) != facts.hash;
      row.reset();
      if (is_other) remove_findings(*known, Handwork::kept);
    }
  }
  Statement put(database_,
                known ? "UPDATE pictures SET path = ?, size = ?, mtime = ?, hash = ?, width = ?, "
                        "height = ?, dhash = ?, taken = ?, camera = ?, latitude = ?, longitude = ? "
                        "WHERE id = ?"
                      : "INSERT INTO pictures(path, size, mtime, hash, width, height, dhash, "
                        "taken, camera, latitude, longitude) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                        "?) RETURNING id");
  put.bind_blob(1, bytes_of(path))
      .bind(2, state.size)
      .bind(3, state.mtime)
      .bind_text(4, facts.hash)
      .bind(5, facts.width)
      .bind(6, facts.height)
      .bind(7, static_cast<std::int64_t>(facts.dhash));
  bind_optional(put, 8, facts.taken);
  bind_optional(put, 9, facts.camera);
  bind_optional(put, 10, facts.latitude);
  bind_optional(put, 11, facts.longitude);
  if (known) put.bind(12, *known);
  if (known) put.run();
  const std::int64_t id = known ? *known : put.inserted();
  if (!facts.grey.empty()) {
    Statement(database_,
              "INSERT INTO looks(picture, grey) VALUES(?, ?) ON CONFLICT(picture) DO UPDATE SET "
              "grey = excluded.grey")
        .bind(1, id)
        .bind_blob(2, std::as_bytes(std::span(facts.grey)))
        .run();
  }
  return id;
}

void LibraryIndex::move_picture(std::int64_t id, std::string_view path, FileState state) {
  // Whatever another process has put there meanwhile makes room.
  if (const auto other = find_path(path); other && *other != id) remove_picture(*other);
  Statement(database_, "UPDATE pictures SET path = ?, size = ?, mtime = ? WHERE id = ?")
      .bind_blob(1, bytes_of(path))
      .bind(2, state.size)
      .bind(3, state.mtime)
      .bind(4, id)
      .run();
}

std::optional<std::int64_t> LibraryIndex::find_path(std::string_view path) {
  Statement row(database_, "SELECT id FROM pictures WHERE path = ?");
  row.bind_blob(1, bytes_of(path));
  if (!row.step()) return std::nullopt;
  return row.integer(0);
}

std::optional<std::int64_t> LibraryIndex::copy_picture(std::int64_t id, std::string_view path,
                                                       FileState state) {
  if (const auto other = find_path(path)) remove_picture(*other);
  Statement(database_,
            "INSERT INTO pictures(path, size, mtime, hash, width, height, dhash, taken, camera, "
            "latitude, longitude) SELECT ?, ?, ?, hash, width, height, dhash, taken, camera, "
            "latitude, longitude "
            "FROM pictures WHERE id = ?")
      .bind_blob(1, bytes_of(path))
      .bind(2, state.size)
      .bind(3, state.mtime)
      .bind(4, id)
      .run();
  const auto made = find_path(path);
  if (!made) return std::nullopt;
  const std::int64_t copy = *made;
  Statement(database_,
            "INSERT INTO embeddings(picture, model, vector, generation) SELECT ?, e.model, "
            "e.vector, m.generation + 1 FROM embeddings e JOIN models m ON m.id = e.model WHERE "
            "e.picture = ?")
      .bind(1, copy)
      .bind(2, id)
      .run();
  Statement(database_, kNextGeneration).bind(1, id).run();
  std::vector<std::pair<std::int64_t, std::string>> captions;
  {
    Statement rows(database_,
                   "SELECT c.model, w.text FROM captions c JOIN words w ON w.rowid = c.id WHERE "
                   "c.picture = ? ORDER BY c.id");
    rows.bind(1, id);
    while (rows.step()) captions.emplace_back(rows.integer(0), rows.text(1));
  }
  for (const auto& [model, text] : captions) put_caption(copy, {.id = model, .name = {}}, text);
  for (const char* sql :
       {"INSERT INTO tags(picture, model, tag) SELECT ?, model, tag FROM tags WHERE picture = ?",
        "INSERT INTO looks(picture, grey) SELECT ?, grey FROM looks WHERE picture = ?",
        "INSERT INTO thumbnails(picture, jpeg) SELECT ?, jpeg FROM thumbnails WHERE picture = ?"}) {
    Statement(database_, sql).bind(1, copy).bind(2, id).run();
  }
  return copy;
}

void LibraryIndex::remove_findings(std::int64_t picture, Handwork handwork) {
  std::int64_t kept = 0;  // the ids of models begin at 1
  if (handwork == Handwork::kept) {
    if (const auto by_hand = find_model(Finding::captions, kByHand)) kept = by_hand->id;
  }
  for (const std::string_view sql :
       {"DELETE FROM words WHERE rowid IN (SELECT id FROM captions WHERE picture = ? AND model <> "
        "?)",
        "DELETE FROM captions WHERE picture = ? AND model <> ?"}) {
    Statement(database_, sql).bind(1, picture).bind(2, kept).run();
  }
  for (const std::string_view sql :
       {std::string_view("DELETE FROM tags WHERE picture = ?"),
        std::string_view("DELETE FROM looks WHERE picture = ?"),
        std::string_view("DELETE FROM thumbnails WHERE picture = ?"), kNextGeneration,
        std::string_view("INSERT INTO removed_vectors(model, picture, generation) SELECT e.model, "
                         "e.picture, m.generation FROM embeddings e JOIN models m ON m.id = "
                         "e.model WHERE e.picture = ?"),
        std::string_view("DELETE FROM embeddings WHERE picture = ?")}) {
    Statement(database_, sql).bind(1, picture).run();
  }
}

void LibraryIndex::remove_picture(std::int64_t id) {
  remove_findings(id, Handwork::removed);
  Statement(database_, "DELETE FROM pictures WHERE id = ?").bind(1, id).run();
}

bool LibraryIndex::has_picture(std::int64_t picture) {
  Statement row(database_, "SELECT 1 FROM pictures WHERE id = ?");
  return row.bind(1, picture).step();
}

std::int64_t LibraryIndex::data_version() {
  return database_.number(database_.dialect().data_version);
}

void LibraryIndex::check_integrity() {
  if (!database_.is_server()) {  // which sees to its pages itself
    Statement check(database_, "PRAGMA integrity_check(1)");
    if (!check.step() || check.text(0) != "ok") database_.damaged("its pages do not fit together");
  }
  bool fits = database_.number(
                  "SELECT (SELECT count(*) FROM captions) = (SELECT count(*) FROM words)") != 0;
  for (const std::string table : {"embeddings", "captions", "tags", "looks", "thumbnails"}) {
    fits = fits && database_.number("SELECT EXISTS(SELECT 1 FROM " + table +
                                    " WHERE picture NOT IN (SELECT id FROM pictures))") == 0;
  }
  if (!fits) {
    database_.damaged("its tables do not fit together");
  }
}

}  // namespace blip::search
