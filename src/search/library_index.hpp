// LibraryIndex: what is known of the pictures of a photo library, in one file or on a server. It
// knows no model: to it, vectors and captions come from something with a name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "search/database.hpp"
#include "search/vector_rows.hpp"

namespace blip::search {

/// Floats of a vector, at most.
inline constexpr int kMaxDims = 16'384;
/// Bytes of a path, and of a text in an index, at most.
inline constexpr std::size_t kMaxPathBytes = 65'536;

/// All vectors are of later generations.
inline constexpr std::int64_t kAllGenerations = -1;

inline constexpr std::size_t kMaxThumbnailBytes = 200'000;

/// What an index calls the captions that a person has written. No model can have this name: one is
/// a path, or a name without spaces.
inline constexpr const char* kByHand = "by hand";

/// What a file's content says of it.
struct PictureFacts {
  std::string hash;  ///< SHA-256 of the file, 64 hexadecimal digits
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::uint64_t dhash = 0;             ///< how it looks, coarsely
  std::optional<std::string> taken{};  ///< "2024-06-01T12:30:00", of the camera's clock
  std::optional<std::string> camera{};
  std::optional<double> latitude{};  ///< degrees, north and east positive
  std::optional<double> longitude{};
  std::vector<std::uint8_t> grey{};  ///< how it looks, less coarsely; empty: not known
};

/// What tells, without reading it, that a file has not changed.
struct FileState {
  std::int64_t size = 0;
  std::int64_t mtime = 0;  ///< nanoseconds since 1970

  bool operator==(const FileState&) const = default;
};

struct KnownPicture {
  std::int64_t id = 0;
  std::string path{};  ///< any bytes
  FileState state{};
  std::string hash{};
  std::optional<std::string> taken{};
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::uint64_t dhash = 0;
  std::optional<std::string> camera{};
  std::optional<double> latitude{};
  std::optional<double> longitude{};
};

/// What a model finds out about a picture.
enum class Finding { vectors, captions, tags };

/// Where vectors, captions or tags come from. `dims` is 0 for what makes no vectors.
struct IndexedModel {
  std::int64_t id = 0;
  std::string name;
  int dims = 0;
};

/// A caption and who wrote it: a model, or kByHand.
struct WrittenCaption {
  std::string text;
  std::string writer;
};

/// A tag or a camera, and how many pictures have it.
struct CountedName {
  std::string name;
  std::int64_t pictures = 0;
};

/// How far the vectors of a model have come.
struct VectorState {
  std::int64_t generation = 0;  ///< grows with every change of a vector
  std::int64_t based = 0;       ///< what was removed up to this one is forgotten
  std::string stamp;            ///< of the file of vectors that belongs to it; may be empty
};

/// Not synchronised; any number of processes may each have one. Every function may throw Error: the
/// file is hostile.
class LibraryIndex {
 public:
  /// `place`: a file, or the address of a server, `postgresql://user@host/database`. Throws as
  /// Database and open_schema do.
  LibraryIndex(const std::filesystem::path& place, Access access);

  /// What is written until it is committed is there together or not at all. One at a time.
  [[nodiscard]] Transaction transaction() { return Transaction(database_); }

  /// All reading until it ends sees the same state of the file. None within a transaction.
  [[nodiscard]] Snapshot snapshot() { return Snapshot(database_); }

  /// Its file or server, as it was named; without a password.
  [[nodiscard]] const std::string& file() const noexcept { return database_.name(); }
  /// Whether it is on a server: then there are no files beside it, and any machine may write to it.
  [[nodiscard]] bool is_on_server() const noexcept { return database_.is_server(); }
  /// How many pictures are written in one transaction, at most: others wait no longer than for
  /// these. Of a server, each of a picture's dozen statements is a journey there and back.
  [[nodiscard]] std::size_t pictures_together() const noexcept { return is_on_server() ? 32 : 512; }
  /// For CatalogueIndex, whose tables are in the same file.
  [[nodiscard]] Database& database() noexcept { return database_; }
  /// Tells this index from all others: 32 hexadecimal digits.
  [[nodiscard]] std::string library_id();

  /// By id.
  [[nodiscard]] std::vector<IndexedModel> models(Finding finding);
  [[nodiscard]] std::optional<IndexedModel> find_model(Finding finding, const std::string& name);
  /// Finds or adds; dims 0 is one that writes captions. Outside of a transaction. Throws
  /// invalid_argument if it is there with other dims.
  IndexedModel put_model(const std::string& name, int dims);
  /// The same for what finds tags.
  IndexedModel put_tagger(const std::string& name);

  /// By id.
  [[nodiscard]] std::vector<KnownPicture> pictures();
  void for_pictures(const std::function<void(KnownPicture&& picture)>& visit);
  [[nodiscard]] std::optional<KnownPicture> picture(std::int64_t id);
  /// Ids, ascending, of the pictures that have a vector, or a caption, of this model.
  [[nodiscard]] std::vector<std::int64_t> pictures_with(const IndexedModel& model);

  // Of writing, in a transaction.

  /// Adds a picture, or brings up to date the one with this path; if its content is another one,
  /// its vectors and captions go, but for the caption by hand. → its id
  std::int64_t put_picture(std::string_view path, FileState state, const PictureFacts& facts);
  /// A picture that has another name, or another time, and the same content.
  void move_picture(std::int64_t id, std::string_view path, FileState state);
  /// Another file with the content of one that is known, vectors and captions included. → its id;
  /// none if the known one is gone
  std::optional<std::int64_t> copy_picture(std::int64_t id, std::string_view path, FileState state);
  void remove_picture(std::int64_t id);
  /// vector: [model.dims], finite
  void put_vector(std::int64_t picture, const IndexedModel& model, std::span<const float> vector);
  /// Does nothing if the picture is gone.
  void put_caption(std::int64_t picture, const IndexedModel& model, std::string_view caption);
  void remove_caption(std::int64_t picture, const IndexedModel& model);
  /// Does nothing if the picture is gone. What it had by this tagger goes.
  void put_tags(std::int64_t picture, const IndexedModel& tagger,
                std::span<const std::string> tags);
  /// jpeg: at most kMaxThumbnailBytes. Does nothing if the picture is gone.
  void put_thumbnail(std::int64_t picture, std::span<const std::byte> jpeg);

  // Of searching.

  /// Ids of the pictures that have this tag, in capitals or not, by any tagger.
  [[nodiscard]] std::unordered_set<std::int64_t> pictures_tagged(std::string_view tag);
  /// Each once, in alphabetical order.
  [[nodiscard]] std::vector<std::string> tags_of(std::int64_t picture);
  /// Ids of the pictures that have a tag by this tagger.
  [[nodiscard]] std::unordered_set<std::int64_t> pictures_with_tags(const IndexedModel& tagger);
  /// PictureFacts::grey of all pictures of which it is known, in no order: no more than 65,536
  /// bytes.
  void for_looks(
      const std::function<void(std::int64_t picture, std::span<const std::uint8_t> grey)>& visit);
  /// Ids, ascending.
  [[nodiscard]] std::vector<std::int64_t> pictures_without_thumbnail();
  /// A JPEG file, as somebody put it there.
  [[nodiscard]] std::optional<std::vector<std::byte>> thumbnail(std::int64_t picture);

  [[nodiscard]] VectorRows vectors(const IndexedModel& model, std::int64_t after = kAllGenerations);
  /// The vectors of generations after `after`, in no order: [model.dims] each.
  void for_vectors(
      const IndexedModel& model, std::int64_t after,
      const std::function<void(std::int64_t picture, std::span<const float> vector)>& visit);
  [[nodiscard]] std::size_t count_vectors(const IndexedModel& model, std::int64_t after);
  [[nodiscard]] VectorState vector_state(const IndexedModel& model);
  /// The pictures that lost their vectors in generations after `after`, which is at least `based`.
  [[nodiscard]] std::vector<std::int64_t> removed_vectors(const IndexedModel& model,
                                                          std::int64_t after);
  /// 32 hexadecimal digits that nobody has had before.
  [[nodiscard]] std::string new_stamp();
  /// In a transaction: a file with this stamp has all up to this generation, so what was removed
  /// until then can be forgotten.
  void put_vector_file(const IndexedModel& model, std::int64_t generation, std::string_view stamp);
  /// The pictures whose captions have words of `text`, the best first by BM25; each once. Of a
  /// picture with a caption by hand, that one alone counts.
  [[nodiscard]] std::vector<std::int64_t> find_words(std::string_view text, std::size_t limit);
  /// The caption by hand, or else the first one.
  [[nodiscard]] std::optional<std::string> caption_of(std::int64_t picture);
  /// All, the one by hand first.
  [[nodiscard]] std::vector<WrittenCaption> captions_of(std::int64_t picture);
  [[nodiscard]] bool has_captions();

  // Of looking around.

  /// The names that the most pictures have, those first.
  [[nodiscard]] std::vector<CountedName> common_tags(std::size_t limit);
  [[nodiscard]] std::vector<CountedName> common_cameras(std::size_t limit);
  /// Is another one than before once somebody else has committed something. To be compared with
  /// what this same object said before, and outside of a snapshot.
  [[nodiscard]] std::int64_t data_version();

  /// Throws malformed unless its tables fit together and, in a file, SQLite finds every page and
  /// index consistent. It reads all of it.
  void check_integrity();

 private:
  [[nodiscard]] std::optional<std::int64_t> find_path(std::string_view path);
  enum class Handwork { kept, removed };
  void remove_findings(std::int64_t picture, Handwork handwork);
  [[nodiscard]] KnownPicture picture_of(const Statement& row) const;
  [[nodiscard]] bool has_picture(std::int64_t picture);
  IndexedModel put(Finding finding, const std::string& name, int dims);
  std::vector<CountedName> counted_names(std::string_view sql, std::size_t limit);

  Database database_;
};

}  // namespace blip::search
