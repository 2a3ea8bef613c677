// The bytes of a picture that lies in a file of its own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "blip/error.hpp"
#include "core/open_file.hpp"
#include "dataset/shard.hpp"

namespace blip::dataset {

/// Throws not_found, unreadable or limit_exceeded (over kMaxPictureBytes), naming the file.
inline std::vector<std::byte> read_picture_file(const std::filesystem::path& path) {
  const OpenFile file(path);  // refuses pipes and devices, which would never end
  if (file.size() > kMaxPictureBytes) {
    throw Error(ErrorCode::limit_exceeded, path.string() + ": larger than 1 GiB");
  }
  std::vector<std::byte> bytes(file.size());
  file.read_at(0, bytes);
  return bytes;
}

}  // namespace blip::dataset
