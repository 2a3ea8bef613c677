#include "app/records/partial_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "core/open_file.hpp"

namespace blip::app {
namespace {

std::string ending() {
  return ".partial-" + std::to_string(::getpid());
}

}  // namespace

PartialFile::PartialFile(const std::filesystem::path& target)
    : target_(target),
      path_(target.parent_path() / ("." + target.filename().string() + ending())),
      file_(OutputFile::open(path_, /*append=*/false)) {}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : target_(std::move(other.target_)),
      path_(std::exchange(other.path_, {})),
      file_(std::move(other.file_)) {}

PartialFile::~PartialFile() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

void PartialFile::close() {
  file_.close();
  // Before it gets its name: after a crash the name must not lead to an empty file.
  const OpenFile written(path_);
  if (::fsync(written.descriptor()) != 0) throw OutputError(path_.string(), errno);
}

void PartialFile::put_in_place() {
  std::error_code error;
  std::filesystem::rename(path_, target_, error);
  if (error) throw OutputError(target_.string(), error.value());
  path_.clear();
}

void remove_partial_files(const std::filesystem::path& directory) noexcept {
  std::error_code error;
  std::filesystem::directory_iterator next(directory, error);
  while (!error && next != std::filesystem::directory_iterator()) {
    std::error_code ignored;
    if (next->path().native().ends_with(ending())) std::filesystem::remove(next->path(), ignored);
    next.increment(error);
  }
}

}  // namespace blip::app
