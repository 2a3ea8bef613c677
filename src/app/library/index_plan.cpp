#include "app/library/index_plan.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "blip/error.hpp"
#include "hub/checksum.hpp"
#include "image/file_bytes.hpp"

namespace blip::app {
namespace {

using search::FileState;
using search::KnownPicture;
using search::LibraryIndex;

// Comparisons between two lines of progress.
constexpr std::size_t kProgressStep = 1000;

// Whether it is sure that there is no such file. A folder that cannot be entered is no proof.
bool is_gone(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool is_in(const IndexedFolder& folder, std::string_view path) {
  std::string_view below = folder.path;
  if (!path.starts_with(below)) return false;
  path.remove_prefix(below.size());
  if (!below.ends_with('/')) {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
  }
  return folder.deep || path.find('/') == std::string_view::npos;
}

class Planner {
 public:
  Planner(LibraryIndex& index, const PlanOptions& options)
      : index_(index), options_(options), known_(index.pictures()) {
    for (const KnownPicture& picture : known_) {
      by_path_.emplace(picture.path, &picture);
      by_size_.emplace(picture.state.size, &picture);
    }
    embedded_ = pictures_with(search::Finding::vectors, options.model);
    if (options.captions) {
      captioned_ = pictures_with(search::Finding::captions, *options.captions);
    }
  }

  IndexPlan plan(const std::vector<ImageInput>& found,
                 const std::function<void(std::size_t done)>& on_progress) && {
    std::size_t done = 0;
    for (const ImageInput& input : found) {
      compare(input);
      if (++done % kProgressStep == 0) on_progress(done);
    }
    // What was moved is found before anything is taken out, so that its rows are still there.
    for (const PlannedPicture& picture : unknown_) {
      adopt(picture);
      on_progress(++done);
      commit_if(true);  // reading the next file may take long, and others wait
    }
    remove_gone();
    commit_if(true);
    return std::move(plan_);
  }

 private:
  std::unordered_set<std::int64_t> pictures_with(search::Finding finding, const std::string& name) {
    const auto model = index_.find_model(finding, name);
    if (!model) return {};
    const std::vector<std::int64_t> ids = index_.pictures_with(*model);
    return {ids.begin(), ids.end()};
  }

  void compare(const ImageInput& input) {
    if (!input.error.empty()) {
      plan_.failed.push_back(input);
      return;
    }
    const std::string path = indexed_path(input.path);
    const std::optional<FileState> state = file_state(path);
    if (!state) {
      plan_.failed.push_back(input);
      plan_.failed.back().error = "no such file";
      return;
    }
    if (!seen_.insert(path).second) return;  // named twice
    ++plan_.pictures;
    const auto known = by_path_.find(path);
    if (known != by_path_.end() && known->second->state == *state) {
      add_work(known->second->id, {.path = path, .state = *state});
    } else {
      unknown_.push_back({.path = path, .state = *state});
    }
  }

  void add_work(std::int64_t id, const PlannedPicture& picture) {
    if (!embedded_.contains(id)) plan_.embed.push_back(picture);
    if (options_.captions && !captioned_.contains(id)) plan_.caption.push_back(picture);
  }

  void count_unknown(const PlannedPicture& picture) {
    ++(by_path_.contains(picture.path) ? plan_.changed : plan_.added);
    plan_.embed.push_back(picture);
    if (options_.captions) plan_.caption.push_back(picture);
  }

  // A file of another size than any that is known cannot have the same content: it is not read.
  const KnownPicture* original_of(const PlannedPicture& picture) {
    const auto [begin, end] = by_size_.equal_range(picture.state.size);
    if (begin == end) return nullptr;
    std::string hash;
    try {
      hash = content_hash(image::read_file(picture.path));
    } catch (const Error&) {
      return nullptr;  // whoever reads it next names it
    }
    const KnownPicture* original = nullptr;
    for (auto each = begin; each != end; ++each) {
      const KnownPicture* candidate = each->second;
      if (candidate->hash != hash || moved_.contains(candidate->id)) continue;
      if (candidate->path == picture.path) return candidate;
      // One that is gone rather than one that is there: then it is a move.
      if (original == nullptr || is_gone(candidate->path)) original = candidate;
    }
    return original;
  }

  void adopt(const PlannedPicture& picture) {
    const KnownPicture* original = original_of(picture);
    if (original == nullptr) return count_unknown(picture);
    if (!transaction_) transaction_.emplace(index_.transaction());
    ++changes_;
    if (original->path == picture.path || is_gone(original->path)) {
      index_.move_picture(original->id, picture.path, picture.state);
      moved_.insert(original->id);
      plan_.moved += original->path == picture.path ? 0 : 1;
      add_work(original->id, picture);
      return;
    }
    if (!index_.copy_picture(original->id, picture.path, picture.state)) {
      return count_unknown(picture);
    }
    ++plan_.copied;
    add_work(original->id, picture);
  }

  void remove_gone() {
    std::vector<IndexedFolder> folders;
    for (const IndexedFolder& folder : options_.folders) {
      if (std::any_of(seen_.begin(), seen_.end(),
                      [&](const std::string& path) { return is_in(folder, path); })) {
        folders.push_back(folder);
      }
    }
    for (const KnownPicture& picture : known_) {
      if (seen_.contains(picture.path) || moved_.contains(picture.id)) continue;
      const bool is_ours =
          std::any_of(folders.begin(), folders.end(),
                      [&](const IndexedFolder& folder) { return is_in(folder, picture.path); });
      if (!is_ours || !is_gone(picture.path)) continue;
      if (!transaction_) transaction_.emplace(index_.transaction());
      const auto present = index_.picture(picture.id);
      if (!present || present->path != picture.path) continue;  // another process has moved it
      index_.remove_picture(picture.id);
      ++plan_.gone;
      ++changes_;
      commit_if(changes_ >= index_.pictures_together());
    }
  }

  void commit_if(bool now) {
    if (!now || !transaction_) return;
    transaction_->commit();
    transaction_.reset();
    changes_ = 0;
  }

  LibraryIndex& index_;
  const PlanOptions& options_;
  std::vector<KnownPicture> known_;
  std::unordered_map<std::string_view, const KnownPicture*> by_path_;  // into known_
  std::unordered_multimap<std::int64_t, const KnownPicture*> by_size_;
  std::unordered_set<std::int64_t> embedded_;
  std::unordered_set<std::int64_t> captioned_;
  std::unordered_set<std::int64_t> moved_;
  std::unordered_set<std::string> seen_;
  std::vector<PlannedPicture> unknown_;
  IndexPlan plan_;
  std::optional<search::Transaction> transaction_;
  std::size_t changes_ = 0;  // since the last commit
};

}  // namespace

std::string indexed_path(const std::filesystem::path& path) {
  std::string text = std::filesystem::absolute(path).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

std::optional<FileState> file_state(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  constexpr std::int64_t kBillion = 1'000'000'000;
  return FileState{
      .size = status.st_size,
      .mtime = std::int64_t{status.st_mtim.tv_sec} * kBillion + status.st_mtim.tv_nsec};
}

std::string content_hash(std::span<const std::byte> bytes) {
  return hub::sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

IndexPlan plan_index(LibraryIndex& index, const std::vector<ImageInput>& found,
                     const PlanOptions& options,
                     const std::function<void(std::size_t done)>& on_progress) {
  return Planner(index, options).plan(found, on_progress);
}

}  // namespace blip::app
