// LibraryIndex: captions, tags, looks and thumbnails of pictures.
#include "search/library_index.hpp"

namespace blip::search {
namespace {

// Of a picture that ?1 is: the caption by hand, ?2, first.
constexpr std::string_view kCaptionsOfPicture =
    "SELECT w.text, m.name FROM captions c JOIN words w ON w.rowid = c.id JOIN models m ON m.id = "
    "c.model WHERE c.picture = ?1 ORDER BY m.name = ?2 DESC, c.id LIMIT 200";

}  // namespace

void LibraryIndex::put_caption(std::int64_t picture, const IndexedModel& model,
                               std::string_view caption) {
  if (!has_picture(picture)) return;  // another process has removed it
  remove_caption(picture, model);
  const std::int64_t id =
      Statement(database_, "INSERT INTO captions(picture, model) VALUES(?, ?) RETURNING id")
          .bind(1, picture)
          .bind(2, model.id)
          .inserted();
  Statement(database_, "INSERT INTO words(rowid, text) VALUES(?, ?)")
      .bind(1, id)
      .bind_text(2, caption)
      .run();
}

void LibraryIndex::remove_caption(std::int64_t picture, const IndexedModel& model) {
  for (const char* sql :
       {"DELETE FROM words WHERE rowid IN (SELECT id FROM captions WHERE picture = ? AND model = "
        "?)",
        "DELETE FROM captions WHERE picture = ? AND model = ?"}) {
    Statement(database_, sql).bind(1, picture).bind(2, model.id).run();
  }
}

std::optional<std::string> LibraryIndex::caption_of(std::int64_t picture) {
  Statement row(database_, kCaptionsOfPicture);
  row.bind(1, picture).bind_text(2, kByHand);
  if (!row.step()) return std::nullopt;
  return row.text(0);
}

std::vector<WrittenCaption> LibraryIndex::captions_of(std::int64_t picture) {
  Statement rows(database_, kCaptionsOfPicture);
  rows.bind(1, picture).bind_text(2, kByHand);
  std::vector<WrittenCaption> captions;
  while (rows.step()) captions.push_back({.text = rows.text(0), .writer = rows.text(1)});
  return captions;
}

bool LibraryIndex::has_captions() {
  return database_.number("SELECT EXISTS(SELECT 1 FROM captions)") != 0;
}

std::vector<std::int64_t> LibraryIndex::find_words(std::string_view text, std::size_t limit) {
  std::vector<std::int64_t> pictures;
  const std::string query = database_.dialect().word_query(text);
  if (query.empty()) return pictures;
  const auto by_hand = find_model(Finding::captions, kByHand);
  Statement rows(database_, database_.dialect().find_words);
  rows.bind_text(1, query)
      .bind(2, static_cast<std::int64_t>(limit))
      .bind(3, by_hand ? by_hand->id : 0);
  std::unordered_set<std::int64_t> seen;
  while (rows.step()) {
    const std::int64_t picture = rows.integer(0);
    if (seen.insert(picture).second) pictures.push_back(picture);
  }
  return pictures;
}

void LibraryIndex::put_tags(std::int64_t picture, const IndexedModel& tagger,
                            std::span<const std::string> tags) {
  if (!has_picture(picture)) return;
  Statement(database_, "DELETE FROM tags WHERE picture = ? AND model = ?")
      .bind(1, picture)
      .bind(2, tagger.id)
      .run();
  Statement put(database_,
                "INSERT INTO tags(picture, model, tag) VALUES(?, ?, ?) ON CONFLICT DO NOTHING");
  for (const std::string& tag : tags) {
    put.bind(1, picture).bind(2, tagger.id).bind_text(3, tag).run();
  }
}

std::vector<std::string> LibraryIndex::tags_of(std::int64_t picture) {
  Statement rows(database_, database_.dialect().tags_of);
  rows.bind(1, picture);
  std::vector<std::string> tags;
  while (rows.step()) tags.push_back(rows.text(0));
  return tags;
}

std::unordered_set<std::int64_t> LibraryIndex::pictures_tagged(std::string_view tag) {
  Statement rows(database_, database_.dialect().pictures_tagged);
  rows.bind_text(1, tag);
  std::unordered_set<std::int64_t> pictures;
  while (rows.step()) pictures.insert(rows.integer(0));
  return pictures;
}

std::unordered_set<std::int64_t> LibraryIndex::pictures_with_tags(const IndexedModel& tagger) {
  Statement rows(database_, "SELECT DISTINCT picture FROM tags WHERE model = ?");
  rows.bind(1, tagger.id);
  std::unordered_set<std::int64_t> pictures;
  while (rows.step()) pictures.insert(rows.integer(0));
  return pictures;
}

void LibraryIndex::for_looks(
    const std::function<void(std::int64_t, std::span<const std::uint8_t>)>& visit) {
  Statement rows(database_, "SELECT picture, grey FROM looks");
  while (rows.step()) {
    const auto grey = rows.blob(1);
    if (grey.size() > kMaxPathBytes) database_.damaged("the look of a picture");
    visit(rows.integer(0), {reinterpret_cast<const std::uint8_t*>(grey.data()), grey.size()});
  }
}

void LibraryIndex::put_thumbnail(std::int64_t picture, std::span<const std::byte> jpeg) {
  if (jpeg.size() > kMaxThumbnailBytes || !has_picture(picture)) return;
  Statement(database_,
            "INSERT INTO thumbnails(picture, jpeg) VALUES(?, ?) ON CONFLICT(picture) DO UPDATE SET "
            "jpeg = excluded.jpeg")
      .bind(1, picture)
      .bind_blob(2, jpeg)
      .run();
}

std::optional<std::vector<std::byte>> LibraryIndex::thumbnail(std::int64_t picture) {
  Statement row(database_, "SELECT jpeg FROM thumbnails WHERE picture = ?");
  row.bind(1, picture);
  if (!row.step()) return std::nullopt;
  const auto bytes = row.blob(0);
  if (bytes.size() > kMaxThumbnailBytes) database_.damaged("a thumbnail that is too large");
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

std::vector<std::int64_t> LibraryIndex::pictures_without_thumbnail() {
  Statement rows(
      database_,
      "SELECT id FROM pictures WHERE id NOT IN (SELECT picture FROM thumbnails) ORDER BY "
      "id");
  std::vector<std::int64_t> pictures;
  while (rows.step()) pictures.push_back(rows.integer(0));
  return pictures;
}

std::vector<CountedName> LibraryIndex::counted_names(std::string_view sql, std::size_t limit) {
  Statement rows(database_, sql);
  rows.bind(1, static_cast<std::int64_t>(limit));
  std::vector<CountedName> names;
  while (rows.step()) names.push_back({.name = rows.text(0), .pictures = rows.integer(1)});
  return names;
}

std::vector<CountedName> LibraryIndex::common_tags(std::size_t limit) {
  return counted_names(database_.dialect().common_tags, limit);
}

std::vector<CountedName> LibraryIndex::common_cameras(std::size_t limit) {
  return counted_names(
      "SELECT camera, count(*) AS pictures FROM pictures WHERE camera IS NOT NULL GROUP BY camera "
      "ORDER BY pictures DESC, camera LIMIT ?",
      limit);
}

}  // namespace blip::search
