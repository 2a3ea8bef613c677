// ModelCache: one model's part of the cache that huggingface_hub keeps.
//
//   models--org--name/refs/main                 the commit that "main" was last seen at
//   models--org--name/blobs/ETAG                what a file holds
//   models--org--name/snapshots/COMMIT/FILE     a relative link to the blob
//   models--org--name/.no_exist/COMMIT/FILE     empty: that commit has no such file
//   .locks/models--org--name/ETAG.lock          held while the blob is made
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace blip::hub {

/// Names of files are plain, etags are normalized and revisions checked before they come here.
/// Whatever writes throws unreadable, naming the path.
class ModelCache {
 public:
  ModelCache(std::filesystem::path cache, std::string_view repository, bool symlinks = true);

  /// The commit that a revision is known to stand for; one that refs/ garbles is not known.
  [[nodiscard]] std::optional<std::string> commit_of(const std::string& revision) const;
  /// Does nothing if that is known already, or if the revision is the commit.
  void remember(const std::string& revision, const std::string& commit) const;

  [[nodiscard]] std::filesystem::path snapshot(const std::string& commit) const;
  [[nodiscard]] bool has(const std::string& commit, const std::string& file) const;
  [[nodiscard]] bool is_known_absent(const std::string& commit, const std::string& file) const;
  /// Ignores failures: the answer is only asked for again then.
  void mark_absent(const std::string& commit, const std::string& file) const;

  [[nodiscard]] std::filesystem::path blob(const std::string& etag) const;
  [[nodiscard]] std::filesystem::path lock_file(const std::string& etag) const;
  /// Makes the directories that the blob of a file needs, and tags the cache for backup programs.
  void prepare(const std::string& commit) const;
  /// Shows the blob as `file` of the snapshot. Without symbolic links a new blob moves there and an
  /// old one, which others may show too, is copied.
  void show(const std::string& etag, bool new_blob, const std::string& commit,
            const std::string& file) const;
  /// Shows a file of another model's snapshot in the same cache, as a relative link; without
  /// symbolic links as a copy.
  void show_other(const std::filesystem::path& other, const std::string& commit,
                  const std::string& file) const;

 private:
  /// False where links are not to be made, or cannot be.
  [[nodiscard]] bool try_to_link(const std::filesystem::path& target,
                                 const std::filesystem::path& link) const;

  std::filesystem::path cache_;
  std::filesystem::path directory_;
  std::filesystem::path locks_;
  bool symlinks_;
};

/// "models--org--name".
std::string directory_name(std::string_view repository);
/// "org/name"; nothing for the directory of a data set, or of anything else.
std::optional<std::string> repository_of(std::string_view directory_name);

/// 8 random hexadecimal digits, for names of temporary files.
std::string random_digits();

/// Whether a path that may be a link leads to a file.
bool is_file(const std::filesystem::path& path) noexcept;

}  // namespace blip::hub
