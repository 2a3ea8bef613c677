// IndexPlan: what there is to do so that an index says what is in some folders.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/images/image_stream.hpp"
#include "search/library_index.hpp"

namespace blip::app {

/// A folder that is indexed, with all below it if `deep`.
struct IndexedFolder {
  std::string path;  ///< as indexed_path makes it
  bool deep = false;
};

/// The absolute path by which an index knows a file: without "." and "..", links as they are.
std::string indexed_path(const std::filesystem::path& path);

/// Size and time of a file; none if it cannot be asked.
std::optional<search::FileState> file_state(const std::string& path);

/// A file that a model has to look at.
struct PlannedPicture {
  std::string path;
  search::FileState state;
};

struct IndexPlan {
  std::vector<PlannedPicture> embed;    ///< has no vector
  std::vector<PlannedPicture> caption;  ///< has no caption; may be among `embed`
  std::vector<ImageInput> failed;       ///< names that stand for no picture, with the reasons
  std::size_t pictures = 0;             ///< found, the failed ones not among them
  std::size_t added = 0;                ///< new to the index
  std::size_t changed = 0;
  std::size_t moved = 0;   ///< known by content, under a name that is gone
  std::size_t copied = 0;  ///< known by content, under a name that is there
  std::size_t gone = 0;    ///< taken out of the index
};

struct PlanOptions {
  std::string model;                    ///< of vectors, as the index calls it
  std::optional<std::string> captions;  ///< of captions; none: nothing is captioned
  std::vector<IndexedFolder> folders;
};

/// Compares `found` with the index: files with the size and time that the index has are not opened.
/// Those that were moved or copied, which their content tells, get the rows of the original at
/// once; pictures of `folders` that are no longer there lose theirs. A folder in which nothing was
/// found loses nothing: it may be a disk that is not there now. `on_progress` hears how many were
/// compared. Throws Error.
IndexPlan plan_index(search::LibraryIndex& index, const std::vector<ImageInput>& found,
                     const PlanOptions& options,
                     const std::function<void(std::size_t done)>& on_progress);

/// SHA-256 of a file's bytes, 64 hexadecimal digits.
std::string content_hash(std::span<const std::byte> bytes);

}  // namespace blip::app
