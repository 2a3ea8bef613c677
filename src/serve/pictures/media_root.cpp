#include "serve/pictures/media_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

class OpenPicture {
 public:
  // Without waiting for the writer of a pipe.
  explicit OpenPicture(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~OpenPicture() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenPicture(const OpenPicture&) = delete;
  OpenPicture& operator=(const OpenPicture&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void throw_no_picture() {
  throw Error(ErrorCode::invalid_argument, "no such image below the server's media root");
}

}  // namespace

MediaRoot::MediaRoot(const std::filesystem::path& root) {
  if (root.empty()) return;
  std::error_code error;
  root_ = std::filesystem::canonical(root, error);
  if (error || !std::filesystem::is_directory(root_, error)) {
    throw Error(ErrorCode::not_found, root.string() + ": not a directory for --media-root");
  }
}

std::string MediaRoot::read(const std::string& name, std::size_t max_bytes) const {
  if (root_.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "this server reads no images by their paths (see --media-root)");
  }
  std::string_view path = name;
  constexpr std::string_view kFile = "file://";
  if (path.starts_with(kFile)) path.remove_prefix(kFile.size());
  if (path.empty() || path.find('\0') != std::string_view::npos) throw_no_picture();
  // Asked of the open file, so that nobody can put another in its place behind the check.
  const OpenPicture file(root_ / path);
  struct stat status = {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw_no_picture();
  }
  std::error_code error;
  const std::string real =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file.get()), error).string();
  if (error || !real.starts_with((root_ / "").string())) throw_no_picture();
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max_bytes) {
    throw Error(ErrorCode::limit_exceeded,
                "the image is larger than " + std::to_string(max_bytes) + " bytes");
  }
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace blip::serve
