#include "app/records/partial_file.hpp"

#include <unistd.h>

#include <string>
#include <system_error>

#include "app/records/output_file.hpp"

namespace blip::app {
namespace {

std::string ending() {
  return ".partial-" + std::to_string(::getpid());
}

ReplacementFile replacement_of(const std::filesystem::path& target) {
  return {target, target.parent_path() / ("." + target.filename().string() + ending())};
}

template <typename Action>
auto as_output_error(const Action& action) {
  try {
    return action();
  } catch (const WriteError& error) {
    throw OutputError(error.path().string(), error.error_number());
  }
}

}  // namespace

PartialFile::PartialFile(const std::filesystem::path& target)
    : replacement_(as_output_error([&] { return replacement_of(target); })) {}

void PartialFile::write(std::string_view bytes) {
  as_output_error([&] { replacement_.file().write(bytes); });
}

void PartialFile::close() {
  as_output_error([&] { replacement_.file().close(); });
}

void PartialFile::put_in_place() {
  as_output_error([&] { replacement_.put_in_place(); });
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
