#include "hub/model_cache.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <random>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "hub/model_id.hpp"

namespace blip::hub {
namespace {

using Path = std::filesystem::path;

constexpr std::string_view kPrefix = "models--";

// What huggingface_hub writes, so that it is the same file whoever was first.
constexpr std::string_view kCacheTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This file is a cache directory tag created by huggingface_hub.\n"
    "# For information about cache directory tags, see:\n"
    "#\thttps://bford.info/cachedir/\n";

[[noreturn]] void fail(const Path& path, const std::error_code& error) {
  throw Error(ErrorCode::unreadable, path.string() + ": cannot be written: " + error.message());
}

void make_directory(const Path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail(path, error);
}

// Readers see the old content or the new. The new is on the disk before it has the name.
void write_whole(const Path& path, std::string_view text) {
  const Path temporary = path.string() + "." + random_digits() + ".tmp";
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(temporary, {errno, std::generic_category()});
  const bool good =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(descriptor) == 0;
  const std::error_code error(errno, std::generic_category());
  ::close(descriptor);
  if (!good || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::error_code cause = good ? std::error_code(errno, std::generic_category()) : error;
    ::unlink(temporary.c_str());
    fail(path, cause);
  }
}

// Made under another name first, so that it appears at one stroke, and whole.
void put_in_place(const Path& path, const std::function<void(const Path& temporary)>& make) {
  const Path temporary = path.string() + "." + random_digits() + ".tmp";
  try {
    make(temporary);
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    if (error) fail(path, error);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
}

// One attempt to make an empty file or one with this content; its absence does no harm.
void try_to_write(const Path& path, std::string_view text) noexcept {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return;
  const bool good =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(descriptor);
  if (!good) ::unlink(path.c_str());
}

}  // namespace

std::string random_digits() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string digits;
  for (unsigned bits = random(), i = 0; i < 8; ++i, bits >>= 4U) digits += kDigits[bits & 15U];
  return digits;
}

bool is_file(const std::filesystem::path& path) noexcept {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

std::string directory_name(std::string_view repository) {
  std::string name(kPrefix);
  for (const char c : repository) {
    if (c == '/') {
      name += "--";
    } else {
      name += c;
    }
  }
  return name;
}

std::optional<std::string> repository_of(std::string_view directory_name) {
  if (!directory_name.starts_with(kPrefix)) return std::nullopt;
  std::string repository(directory_name.substr(kPrefix.size()));
  if (const std::size_t dashes = repository.find("--"); dashes != std::string::npos) {
    repository.replace(dashes, 2, "/");
  }
  if (!parse_model_id(repository)) return std::nullopt;
  return repository;
}

ModelCache::ModelCache(std::filesystem::path cache, std::string_view repository, bool symlinks)
    : cache_(std::move(cache)),
      directory_(cache_ / directory_name(repository)),
      locks_(cache_ / ".locks" / directory_name(repository)),
      symlinks_(symlinks) {}

std::optional<std::string> ModelCache::commit_of(const std::string& revision) const {
  if (is_commit(revision)) return revision;
  const Path reference = directory_ / "refs" / revision;
  constexpr std::size_t kMaxBytes = 1024;
  if (!is_file(reference)) return std::nullopt;
  try {
    std::string commit = read_text_file(reference, kMaxBytes);
    if (is_commit(commit)) return commit;
  } catch (const Error&) {  // as good as absent: the hub will tell
  }
  return std::nullopt;
}

void ModelCache::remember(const std::string& revision, const std::string& commit) const {
  if (revision == commit || commit_of(revision) == commit) return;
  const Path reference = directory_ / "refs" / revision;
  make_directory(reference.parent_path());
  write_whole(reference, commit);
}

Path ModelCache::snapshot(const std::string& commit) const {
  return directory_ / "snapshots" / commit;
}

bool ModelCache::has(const std::string& commit, const std::string& file) const {
  return is_file(snapshot(commit) / file);
}

bool ModelCache::is_known_absent(const std::string& commit, const std::string& file) const {
  return is_file(directory_ / ".no_exist" / commit / file);
}

void ModelCache::mark_absent(const std::string& commit, const std::string& file) const {
  const Path mark = directory_ / ".no_exist" / commit / file;
  std::error_code ignored;
  std::filesystem::create_directories(mark.parent_path(), ignored);
  try_to_write(mark, "");
}

Path ModelCache::blob(const std::string& etag) const {
  return directory_ / "blobs" / etag;
}

Path ModelCache::lock_file(const std::string& etag) const {
  return locks_ / (etag + ".lock");
}

void ModelCache::prepare(const std::string& commit) const {
  make_directory(directory_ / "blobs");
  make_directory(snapshot(commit));
  make_directory(locks_);
  try_to_write(cache_ / "CACHEDIR.TAG", kCacheTag);
}

void ModelCache::show(const std::string& etag, bool new_blob, const std::string& commit,
                      const std::string& file) const {
  const Path shown = snapshot(commit) / file;
  put_in_place(shown, [&](const Path& temporary) {
    if (try_to_link(Path("../../blobs") / etag, temporary)) return;
    std::error_code error;
    if (new_blob) {
      std::filesystem::rename(blob(etag), temporary, error);
    } else {
      std::filesystem::copy_file(blob(etag), temporary, error);
    }
    if (error) fail(temporary, error);
  });
}

void ModelCache::show_other(const Path& other, const std::string& commit,
                            const std::string& file) const {
  const Path shown = snapshot(commit) / file;
  make_directory(shown.parent_path());
  put_in_place(shown, [&](const Path& temporary) {
    if (try_to_link(other.lexically_relative(shown.parent_path()), temporary)) return;
    std::error_code error;
    std::filesystem::copy_file(other, temporary, error);
    if (error) fail(temporary, error);
  });
}

bool ModelCache::try_to_link(const Path& target, const Path& link) const {
  if (!symlinks_) return false;
  std::error_code error;
  std::filesystem::create_symlink(target, link, error);
  if (!error) return true;
  if (error != std::errc::operation_not_permitted && error != std::errc::not_supported &&
      error != std::errc::function_not_supported && error != std::errc::permission_denied) {
    fail(link, error);
  }
  return false;
}

}  // namespace blip::hub
