#include "core/lfs_pointer.hpp"

#include "blip/error.hpp"

namespace blip {

bool is_lfs_pointer(std::string_view bytes) noexcept {
  return bytes.starts_with("version https://git-lfs.github.com/spec/v");
}

void refuse_lfs_pointer(std::string_view bytes, const std::string& name) {
  if (!is_lfs_pointer(bytes)) return;
  throw Error(ErrorCode::malformed,
              name + ": is a Git LFS pointer, not the file itself; fetch it with: git lfs pull");
}

}  // namespace blip
