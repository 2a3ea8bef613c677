#include "serve/engine/model_digest.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <system_error>

#include "blip/error.hpp"
#include "hub/checksum.hpp"

namespace blip::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPiece = std::uint64_t{64} << 10;
constexpr std::uint64_t kPieces = 64;

void add_pieces(const fs::path& file, std::uint64_t size, std::string& content) {
  std::ifstream stream(file, std::ios::binary);
  const std::uint64_t step = std::max(kPiece, size / kPieces);
  for (std::uint64_t at = 0; at < size; at += step) {
    const std::uint64_t count = std::min(kPiece, size - at);
    const std::size_t before = content.size();
    content.resize(before + count);
    stream.seekg(static_cast<std::streamoff>(at));
    stream.read(content.data() + before, static_cast<std::streamsize>(count));
    if (!stream) throw Error(ErrorCode::unreadable, file.string() + ": cannot be read");
  }
}

}  // namespace

void describe_weights(std::span<const fs::path> files, ModelStatus& status) {
  std::string content;
  for (const fs::path& file : files) {
    std::error_code error;
    const std::uint64_t size = fs::file_size(file, error);
    if (error) throw Error(ErrorCode::unreadable, file.string() + ": " + error.message());
    status.size += size;
    const auto modified = std::chrono::file_clock::to_sys(fs::last_write_time(file, error));
    status.modified =
        std::max(status.modified,
                 std::chrono::time_point_cast<std::chrono::system_clock::duration>(modified));
    content += std::to_string(size) + ':';
    add_pieces(file, size, content);
  }
  status.digest = hub::sha256(content);
}

}  // namespace blip::serve
