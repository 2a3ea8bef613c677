#include "serve/pictures/media_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool is_file(const std::filesystem::path& path, const struct stat& wanted) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && status.st_dev == wanted.st_dev &&
         status.st_ino == wanted.st_ino;
}

[[noreturn]] void throw_no_picture() {
  throw Error(ErrorCode::invalid_argument, "no such image below the server's media root");
}

}  // namespace

MediaRoot::MediaRoot(const std::filesystem::path& root, std::vector<std::filesystem::path> locked)
    : locked_(std::move(locked)) {
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
  // Asked of what was found, so that nobody can put another in its place behind the check. O_PATH
  // does not open it: closing a file gives up the locks that this process holds on it.
  const Descriptor found(open((root_ / path).c_str(), O_PATH | O_CLOEXEC));
  struct stat status = {};
  if (found.get() < 0 || fstat(found.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw_no_picture();
  }
  std::error_code error;
  const std::string link = "/proc/self/fd/" + std::to_string(found.get());
  const std::string real = std::filesystem::read_symlink(link, error).string();
  if (error || !real.starts_with((root_ / "").string())) throw_no_picture();
  for (const auto& each : locked_) {
    if (is_file(each, status)) throw_no_picture();
  }
  const Descriptor file(open(link.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_no_picture();
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
