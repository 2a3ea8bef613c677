#include "dataset/byte_source.hpp"

#include <memory>

#include "blip/error.hpp"
#include "core/open_file.hpp"

namespace blip::dataset {

ByteSource open_source(const std::filesystem::path& path) {
  const auto file = std::make_shared<const OpenFile>(path);
  return {path.string(), file->size(), [file](std::uint64_t offset, std::span<std::byte> target) {
            file->read_at(offset, target);
          }};
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
