#include "dataset/byte_source.hpp"

#include <algorithm>
#include <memory>

#include "blip/error.hpp"
#include "core/lfs_pointer.hpp"
#include "core/open_file.hpp"

namespace blip::dataset {
namespace {

constexpr std::uint64_t kPointerBytes = 64;  // of a Git LFS pointer, enough to tell that it is one

}  // namespace

ByteSource open_source(const std::filesystem::path& path) {
  const auto file = std::make_shared<const OpenFile>(path);
  ByteSource source = {
      path.string(), file->size(),
      [file](std::uint64_t offset, std::span<std::byte> target) { file->read_at(offset, target); }};
  refuse_lfs_pointer(
      read_text(source, 0, static_cast<std::size_t>(std::min(source.size, kPointerBytes))),
      source.name);
  return source;
}

std::string read_text(const ByteSource& source, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  source.read(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

void throw_at(const ByteSource& source, std::uint64_t offset, const std::string& problem) {
  throw Error(ErrorCode::malformed,
              source.name + ": at byte " + std::to_string(offset) + ": " + problem);
}

}  // namespace blip::dataset
