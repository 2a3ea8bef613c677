#include "app/library/photo_library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <system_error>

#include "app/library/index_plan.hpp"
#include "app/library/photo_lists.hpp"
#include "app/library/shown_pictures.hpp"
#include "blip/error.hpp"
#include "core/unicode.hpp"
#include "search/library_index.hpp"

namespace blip::app {
namespace {

using search::KnownPicture;
using search::LibraryIndex;

// Names that a filter offers.
constexpr std::size_t kMostOffered = 200;
// Floats of vectors of texts: those of some thousand searches.
constexpr std::size_t kRememberedFloats = 4'000'000;

KnownPicture require_picture(LibraryIndex& index, std::int64_t id) {
  auto picture = index.picture(id);
  if (!picture) throw Error(ErrorCode::not_found, "the library has no photo of this id");
  return std::move(*picture);
}

std::string version_of(const KnownPicture& picture) {
  constexpr std::size_t kDigits = 16;
  return picture.hash.substr(0, kDigits);
}

// The state of the file as it is now; nothing if it is not there.
std::string file_version(const std::string& path) {
  const auto state = file_state(path);
  return state ? fmt::format("{:x}.{:x}", state->mtime, state->size) : "";
}

// What a stranger's index has may be long.
std::string shortened(std::string text) {
  if (text.size() > kMostCaptionBytes) text.resize(kMostCaptionBytes);
  return text;
}

std::optional<std::string> shortened(std::optional<std::string> text) {
  if (text) text = shortened(std::move(*text));
  return text;
}

ListedPhoto listed(LibraryIndex& index, const KnownPicture& picture) {
  return {.id = picture.id,
          .path = picture.path,
          .width = picture.width,
          .height = picture.height,
          .date = moment_of(picture),
          .version = version_of(picture),
          .caption = shortened(index.caption_of(picture.id))};
}

std::vector<CountedWord> words_of(std::vector<search::CountedName> names) {
  std::vector<CountedWord> words;
  words.reserve(names.size());
  for (search::CountedName& each : names) {
    words.push_back({shortened(std::move(each.name)), each.pictures});
  }
  return words;
}

std::optional<search::IndexedModel> model_named(LibraryIndex& index, const std::string& name) {
  if (name.empty()) return std::nullopt;
  auto model = index.find_model(search::Finding::vectors, name);
  if (!model) {
    throw Error(ErrorCode::not_found, index.file() + ": the index has no vectors of " + name);
  }
  return model;
}

// In one line, without spaces around it.
std::string tidy_caption(std::string text) {
  if (text.size() > kMostCaptionBytes) {
    throw Error(ErrorCode::invalid_argument, "a caption has at most 4096 bytes");
  }
  if (!is_valid_utf8(text)) throw Error(ErrorCode::invalid_argument, "the caption is not UTF-8");
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

}  // namespace

struct PhotoLibrary::Implementation {
  // What a thread needs while it looks something up.
  struct Reader {
    explicit Reader(const std::filesystem::path& file) : index(file, search::Access::read) {}

    LibraryIndex index;
    ThreadPool threads{1};  // a query takes milliseconds, and models need the other processors
  };

  explicit Implementation(PhotoLibraryOptions given)
      : options(std::move(given)),
        watcher(options.index, search::Access::read),
        library_id(watcher.library_id()),
        model(model_named(watcher, options.model)),
        lists(model),
        pictures(options.max_pixels) {}

  // A reader that is this call's alone. Those that wait for their next call are kept.
  class Lease {
   public:
    explicit Lease(Implementation& library) : library_(library), reader_(library.take_reader()) {}
    ~Lease() {
      if (!reader_) return;
      const std::lock_guard lock(library_.readers_mutex);
      library_.readers.push_back(std::move(reader_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Reader* operator->() const { return reader_.get(); }

   private:
    Implementation& library_;
    std::unique_ptr<Reader> reader_;
  };

  std::unique_ptr<Reader> take_reader() {
    {
      const std::lock_guard lock(readers_mutex);
      if (!readers.empty()) {
        std::unique_ptr<Reader> reader = std::move(readers.back());
        readers.pop_back();
        return reader;
      }
    }
    auto reader = std::make_unique<Reader>(options.index);
    const std::lock_guard lock(readers_mutex);
    readers.reserve(++num_readers);  // giving it back must not need memory
    return reader;
  }

  std::int64_t data_version() {
    const std::lock_guard lock(watcher_mutex);
    return watcher.data_version();
  }

  const PhotoLibraryOptions options;
  std::mutex watcher_mutex;
  LibraryIndex watcher;
  const std::string library_id;
  const std::optional<search::IndexedModel> model;
  PhotoLists lists;
  ShownPictures pictures;
  RecentlyUsed<std::vector<float>> text_vectors{kRememberedFloats};

  std::mutex readers_mutex;
  std::vector<std::unique_ptr<Reader>> readers;  // that nobody has at this moment
  std::size_t num_readers = 0;

  // It counts all tags and cameras, so it is made once for a state of the index, and in two
  // seconds.
  std::mutex summary_mutex;
  std::optional<LibrarySummary> summary;
  std::int64_t summary_version = 0;
  std::chrono::steady_clock::time_point summary_made;
};

PhotoLibrary::PhotoLibrary(PhotoLibraryOptions options)
    : implementation_(std::make_unique<Implementation>(std::move(options))) {}

PhotoLibrary::~PhotoLibrary() = default;

bool PhotoLibrary::has_vectors() const {
  return implementation_->model.has_value();
}

LibrarySummary PhotoLibrary::summary() {
  const std::lock_guard lock(implementation_->summary_mutex);
  const std::int64_t version = implementation_->data_version();
  const auto now = std::chrono::steady_clock::now();
  if (implementation_->summary && (implementation_->summary_version == version ||
                                   now - implementation_->summary_made < std::chrono::seconds(2))) {
    return *implementation_->summary;
  }
  const std::uint64_t epoch = implementation_->lists.epoch();
  const Implementation::Lease reader(*implementation_);
  const search::Snapshot snapshot = reader->index.snapshot();
  const auto all = implementation_->lists.find(reader->index, reader->threads, {}, version, epoch);
  LibrarySummary summary{.photos = all->ids.size(),
                         .has_captions = reader->index.has_captions(),
                         .tags = words_of(reader->index.common_tags(kMostOffered)),
                         .cameras = words_of(reader->index.common_cameras(kMostOffered))};
  const auto moment = [&](std::int64_t id) {
    const auto picture = reader->index.picture(id);
    return picture ? moment_of(*picture) : std::string();
  };
  if (!all->ids.empty()) {
    summary.newest = moment(all->ids.front());
    summary.oldest = moment(all->ids.back());
  }
  implementation_->summary = summary;
  implementation_->summary_version = version;
  implementation_->summary_made = now;
  return summary;
}

PhotoPage PhotoLibrary::photos(const PhotoQuery& query, std::size_t offset, std::size_t limit) {
  const std::uint64_t epoch = implementation_->lists.epoch();
  const std::int64_t version = implementation_->data_version();
  const Implementation::Lease reader(*implementation_);
  const search::Snapshot snapshot = reader->index.snapshot();
  const auto list =
      implementation_->lists.find(reader->index, reader->threads, query, version, epoch);
  PhotoPage page{.total = list->ids.size(), .version = list->version, .photos = {}};
  const std::size_t end = offset + std::min(limit, page.total - std::min(offset, page.total));
  for (std::size_t i = offset; i < end; ++i) {
    // One that has gone since the list was made keeps its place for these two seconds.
    ListedPhoto photo{.id = list->ids[i], .path = {}};
    if (const auto picture = reader->index.picture(list->ids[i])) {
      photo = listed(reader->index, *picture);
    }
    if (!list->scores.empty()) photo.score = list->scores[i];
    if (!list->cosines.empty()) photo.cosine = list->cosines[i];
    page.photos.push_back(std::move(photo));
  }
  return page;
}

PhotoDetails PhotoLibrary::photo(std::int64_t id) {
  const Implementation::Lease reader(*implementation_);
  const search::Snapshot snapshot = reader->index.snapshot();
  const KnownPicture picture = require_picture(reader->index, id);
  PhotoDetails facts{.photo = listed(reader->index, picture),
                     .bytes = picture.state.size,
                     .camera = shortened(picture.camera),
                     .tags = reader->index.tags_of(id)};
  if (picture.latitude && picture.longitude) {
    facts.place = std::pair(*picture.latitude, *picture.longitude);
  }
  for (search::WrittenCaption& caption : reader->index.captions_of(id)) {
    facts.has_caption_by_hand = facts.has_caption_by_hand || caption.writer == search::kByHand;
    facts.captions.emplace_back(shortened(std::move(caption.text)),
                                shortened(std::move(caption.writer)));
  }
  return facts;
}

PhotoVersion PhotoLibrary::version(std::int64_t id) {
  const Implementation::Lease reader(*implementation_);
  const KnownPicture picture = require_picture(reader->index, id);
  return {version_of(picture), file_version(picture.path)};
}

PhotoFile PhotoLibrary::thumbnail(std::int64_t id) {
  KnownPicture picture;
  {
    const Implementation::Lease reader(*implementation_);
    picture = require_picture(reader->index, id);
    if (auto kept = reader->index.thumbnail(id)) {
      return {.version = {version_of(picture), file_version(picture.path)},
              .bytes = std::make_shared<const std::vector<std::byte>>(std::move(*kept))};
    }
  }
  const std::string file = file_version(picture.path);
  return {.version = {version_of(picture), file},
          .bytes = implementation_->pictures.thumbnail(picture.path, picture.hash + file)};
}

PhotoFile PhotoLibrary::picture(std::int64_t id) {
  KnownPicture picture;
  {
    const Implementation::Lease reader(*implementation_);
    picture = require_picture(reader->index, id);
  }
  PhotoVersion version = {version_of(picture), file_version(picture.path)};
  return {.version = std::move(version), .bytes = implementation_->pictures.picture(picture.path)};
}

void PhotoLibrary::write_caption(std::int64_t id, const std::string& caption) {
  const std::string text = tidy_caption(caption);
  std::error_code ignored;
  if (!implementation_->watcher.is_on_server() &&
      !std::filesystem::exists(implementation_->options.index, ignored)) {
    throw Error(ErrorCode::unreadable, "the index of the library is gone");
  }
  if (implementation_->watcher.is_on_server()) {
    // It must be there: opening for writing would make a new one.
    const std::lock_guard lock(implementation_->watcher_mutex);
    static_cast<void>(implementation_->watcher.library_id());
  }
  LibraryIndex index(implementation_->options.index, search::Access::write);
  if (index.library_id() != implementation_->library_id) {
    throw Error(ErrorCode::unreadable, "another index is in its place now; start the server again");
  }
  const search::IndexedModel by_hand = index.put_model(search::kByHand, 0);
  search::Transaction transaction = index.transaction();
  (void)require_picture(index, id);
  if (text.empty()) {
    index.remove_caption(id, by_hand);
  } else {
    index.put_caption(id, by_hand, text);
  }
  transaction.commit();
  implementation_->lists.clear();
  const std::lock_guard lock(implementation_->summary_mutex);
  implementation_->summary.reset();
}

std::optional<std::vector<float>> PhotoLibrary::remembered_vector(const std::string& text) {
  return implementation_->text_vectors.find(text);
}

void PhotoLibrary::remember_vector(const std::string& text, std::vector<float> vector) {
  const std::size_t size = vector.size() + text.size();
  implementation_->text_vectors.put(text, std::move(vector), size);
}

std::vector<std::string> searchable_models(const std::filesystem::path& index) {
  LibraryIndex opened(index, search::Access::read);
  std::vector<search::IndexedModel> models = opened.models(search::Finding::vectors);
  std::vector<std::string> names;
  names.reserve(models.size());
  for (search::IndexedModel& model : models) names.push_back(std::move(model.name));
  if (names.empty()) {
    throw Error(ErrorCode::not_found,
                opened.file() + ": this index is empty; see: blip index --help");
  }
  return names;
}

}  // namespace blip::app
